"""Pages of a peer in plain HTML without scripts, one handler per page: overview, zones, alarms, log, restart."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pkikit.model.trace import Failed, NotConnected, describe
from simulator.peer.pages import acme_pages, actions
from simulator.peer.pages.actions import Handler, for_people
from simulator.peer.pages.bodies import Nothing
from simulator.peer.pages.gate import COOKIE, GATE
from simulator.peer.pages.rendering import PEER, certificate_values, load_templates, render, restarting
from simulator.peer.pages.views import server_certificate, trust_pages
from simulator.peer.peer import Peer
from simulator.web.web_input import text_fields
from simulator.world.report import LegReport

SHOWN_EVENTS = 300


def add_routes(app: web.Application) -> None:
    """Add the routes of every page and every form."""
    get: tuple[tuple[str, Handler], ...] = (
        ("/", _overview), ("/login", _login_form), ("/style.css", _style), ("/zones", _zones), ("/alarms", _alarms),
        ("/eventlog", _events), ("/restart", _restart_form), *server_certificate.GET, *trust_pages.GET,
        *acme_pages.GET,
    )  # fmt: skip
    post: tuple[tuple[str, Handler], ...] = (
        ("/login", _login), ("/logout", _logout), ("/restart", for_people(Nothing, actions.restart, restarting)),
        *server_certificate.POST, *trust_pages.POST,
        *acme_pages.POST,
    )  # fmt: skip
    app.router.add_routes([web.get(path, handler) for path, handler in get])
    app.router.add_routes([web.post(path, handler) for path, handler in post])


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=load_templates()[1], content_type="text/css")


# Logging in and out.


async def _login_form(request: web.Request) -> web.Response:
    return render(request, "login.html", failed=False)


async def _login(request: web.Request) -> web.Response:
    form = await text_fields(request)
    cookie = request.app[GATE].log_in(request, form.get("user", ""), form.get("password", ""))
    if cookie is None:
        return render(request, "login.html", failed=True, status=401)
    response = web.HTTPSeeOther("/")
    response.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="Strict", path="/")
    raise response


async def _logout(request: web.Request) -> web.Response:
    request.app[GATE].log_out(request)
    raise web.HTTPSeeOther("/login")


# Overview, zones, alarms, events, restart.


async def _overview(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    running = peer.running
    return render(
        request,
        "overview.html",
        running=certificate_values(running.leaf, peer) if running else None,
        zones=_zone_rows(peer),
        restart_needed=peer.restart_needed,
    )


def _zone_rows(peer: Peer) -> list[dict[str, Any]]:
    """Return the connections by zone. A zone is active when SIP was answered on all its connections."""
    zones: dict[str, list[LegReport]] = {}
    for report in peer.lab.status_of(peer.fqdn):
        zones.setdefault(f"{report.leg.group} ({report.leg.kind})", []).append(report)
    rows = []
    for name, reports in zones.items():
        up = sum(r.up for r in reports)
        status = "Active" if up == len(reports) else "Failed" if up == 0 else "Partially active"
        rows.append({"name": name, "status": status, "up": up, "legs": [_leg_row(peer, r) for r in reports]})
    return rows


def _leg_row(peer: Peer, report: LegReport) -> dict[str, Any]:
    trace = report.trace
    outgoing = report.leg.client == peer.fqdn
    return {
        "other": report.leg.server if outgoing else report.leg.client,
        "direction": "outgoing" if outgoing else "incoming",
        "protocol": report.leg.protocol.value,
        "active": report.up,
        "tls": (trace.protocol if trace else None) or "",
        "error": "" if report.up else _last_error(report),
        "steps": [(s.side.value, describe(s.detail)) for s in trace.steps] if trace else [],
    }


def _last_error(report: LegReport) -> str:
    trace = report.trace
    if trace is None:
        return "not dialled"
    if trace.verify_error is not None:
        return f"{trace.verify_error.name} ({trace.verify_error.code})"
    failed = [describe(s.detail) for s in trace.steps if isinstance(s.detail, NotConnected | Failed)]
    return failed[0] if failed else (trace.alert or "the connection failed")


async def _zones(request: web.Request) -> web.Response:
    return render(request, "zones.html", zones=_zone_rows(request.app[PEER]))


async def _alarms(request: web.Request) -> web.Response:
    return render(request, "alarms.html")


async def _events(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    wanted = request.query.get("filter", "")[:100]
    found = [e for e in peer.lab.events.of(peer.fqdn) if wanted.lower() in str(e).lower()]
    return render(request, "eventlog.html", events=found[: -SHOWN_EVENTS - 1 : -1], total=len(found), wanted=wanted)


async def _restart_form(request: web.Request) -> web.Response:
    return render(request, "restart.html", restart_needed=request.app[PEER].restart_needed, restarting=False)
