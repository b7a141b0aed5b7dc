"""The pages of a peer: plain HTML without scripts, one handler a page, everything from a certificate escaped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.describe import describe_certificate, describe_crl, describe_request
from pkikit.design.csr import SubjectFields
from pkikit.errors import InputError
from pkikit.model.deployment import Revocation, Role
from pkikit.model.facts import shown_time, title
from pkikit.model.findings import Finding
from pkikit.model.trace import Outcome, describe
from simulator.peer.login import SESSION
from simulator.peer.peer import Peer
from simulator.peer.state import AutomaticCrls, fingerprint_of
from simulator.peer.upload import told
from simulator.report import LegReport

if TYPE_CHECKING:
    from simulator.peer.site import PeerSite

PEER = web.AppKey("peer", Peer)
SITE: web.AppKey[Any] = web.AppKey("site")
PUBLIC = {"/login", "/style.css"}
SHOWN_EVENTS = 300
_FIELDS = ("country", "state", "locality", "organisation", "unit")
MENU = (
    ("/", "Overview"),
    ("/servercertificate", "Server certificate"),
    ("/trustedca", "Trusted CA certificate"),
    ("/crl", "CRL management"),
    ("/sip", "SIP TLS revocation"),
    ("/zones", "Zones"),
    ("/alarms", "Alarms"),
    ("/eventlog", "Event log"),
    ("/restart", "Restart"),
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@cache
def load_templates() -> tuple[jinja2.Environment, str]:
    """(the templates, the style sheet), read once; called by whoever starts the pages, outside the event loop."""
    folder = files("simulator.peer") / "templates"
    texts = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    loader = jinja2.DictLoader(texts)
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return made, texts["style.css"]


def add_routes(app: web.Application, site: PeerSite) -> None:
    """Every page and every form."""
    app[SITE] = site
    get: tuple[tuple[str, Handler], ...] = (
        ("/", _overview), ("/login", _login_form), ("/style.css", _style), ("/servercertificate", _server),
        ("/servercertificate/generate", _generate_form), ("/servercertificate/csr", _csr),
        ("/servercertificate/csr.pem", _csr_file), ("/servercertificate/current", _current),
        ("/servercertificate/loaded", _loaded), ("/servercertificate/pending", _pending), ("/trustedca", _trusted),
        ("/trustedca/{fingerprint}", _ca), ("/crl", _crl), ("/sip", _sip), ("/zones", _zones), ("/alarms", _alarms),
        ("/eventlog", _events), ("/restart", _restart_form),
    )  # fmt: skip
    post: tuple[tuple[str, Handler], ...] = (
        ("/login", _login), ("/logout", _logout), ("/servercertificate/generate", _generate),
        ("/servercertificate/discard", _discard), ("/servercertificate/upload", _upload),
        ("/servercertificate/pending/deploy", _deploy), ("/servercertificate/pending/discard", _discard_pending),
        ("/servercertificate/domain", _domain), ("/servercertificate/domain/remove", _remove_domain),
        ("/trustedca", _trust), ("/trustedca/reset", _reset), ("/trustedca/{fingerprint}/delete", _distrust),
        ("/crl/automatic", _automatic), ("/crl/manual", _manual), ("/crl/remove", _remove_crl), ("/sip", _set_sip),
        ("/restart", _restart),
    )  # fmt: skip
    app.router.add_routes([web.get(path, handler) for path, handler in get])
    app.router.add_routes([web.post(path, handler) for path, handler in post])


def _page(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    peer = request.app[PEER]
    session = request.get(SESSION)
    text = (
        load_templates()[0]
        .get_template(name)
        .render(
            peer=peer.fqdn,
            role="Expressway-C" if peer.site.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C else "Expressway-E",
            version=peer.site.deployment.version,
            now=shown_time(peer.site.now_of(peer.fqdn)),
            alarm_count=len(peer.alarms()) if session else 0,
            session=session,
            menu=MENU,
            path=request.path,
            **values,
        )
    )
    return web.Response(text=text, content_type="text/html", status=status)


def problem(request: web.Request, status: int, message: str, headers: dict[str, str]) -> web.Response:
    """What went wrong, in one sentence, with a way back."""
    response = _page(request, "problem.html", status=status, message=message)
    response.headers.update(headers)
    return response


async def _form(request: web.Request) -> dict[str, str]:
    """The text fields of a form."""
    return {k: v for k, v in (await request.post()).items() if isinstance(v, str)}


async def _file(request: web.Request, name: str) -> bytes:
    """An uploaded file, or the text field of the same name that it may be pasted into."""
    form = await request.post()
    given = form.get(name)
    if isinstance(given, web.FileField):
        data: bytes = given.file.read()
        if data:
            return data
    pasted = form.get(f"{name}_text", "")
    return pasted.encode() if isinstance(pasted, str) else b""


def _decoded(certificate: x509.Certificate, peer: Peer) -> dict[str, Any]:
    facts = describe_certificate(certificate, peer.site.now_of(peer.fqdn))
    return {"facts": facts, "pem": certificate.public_bytes(Encoding.PEM).decode("ascii"), "title": title(certificate)}


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=load_templates()[1], content_type="text/css")


# Logging in and out.


async def _login_form(request: web.Request) -> web.Response:
    return _page(request, "login.html", failed=False)


async def _login(request: web.Request) -> web.Response:
    from simulator.peer.site import COOKIE

    form = await _form(request)
    opened = await request.app[SITE].log_in(request, form.get("user", ""), form.get("password", ""))
    if opened is None:
        return _page(request, "login.html", failed=True, status=401)
    response = web.HTTPSeeOther("/")
    response.set_cookie(COOKIE, opened[0], secure=True, httponly=True, samesite="Strict", path="/")
    raise response


async def _logout(request: web.Request) -> web.Response:
    from simulator.peer.site import COOKIE

    request.app[SITE].doorkeeper.close_session(request.cookies.get(COOKIE, ""))
    raise web.HTTPSeeOther("/login")


# Overview, zones, alarms, events, restart.


async def _overview(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    running = peer.running
    return _page(
        request,
        "overview.html",
        alarms=peer.alarms(),
        running=_decoded(running.leaf, peer) if running else None,
        zones=_zone_rows(peer),
        restart_needed=peer.restart_needed,
    )


def _zone_rows(peer: Peer) -> list[dict[str, Any]]:
    """Connections by zone; a zone is active when SIP was answered on all of them."""
    zones: dict[str, list[LegReport]] = {}
    for report in peer.site.status_of(peer.fqdn):
        kind, name = report.leg.id.split(":")[:2]
        zones.setdefault(f"{name} ({kind})", []).append(report)
    rows = []
    for name, reports in zones.items():
        up = sum(r.outcome is Outcome.ACCEPTED for r in reports)
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
        "active": report.outcome is Outcome.ACCEPTED,
        "tls": (trace.protocol if trace else None) or "",
        "error": "" if report.outcome is Outcome.ACCEPTED else _last_error(report),
        "steps": [(s.side.value, describe(s.detail)) for s in trace.steps] if trace else [],
    }


def _last_error(report: LegReport) -> str:
    trace = report.trace
    if trace is None:
        return "not dialled"
    if trace.verify_error is not None:
        return f"{trace.verify_error.name} ({trace.verify_error.code})"
    failed = [describe(s.detail) for s in trace.steps if type(s.detail).__name__ in {"NotConnected", "Failed"}]
    return failed[0] if failed else (trace.alert or "the connection failed")


async def _zones(request: web.Request) -> web.Response:
    return _page(request, "zones.html", zones=_zone_rows(request.app[PEER]))


async def _alarms(request: web.Request) -> web.Response:
    return _page(request, "alarms.html", alarms=request.app[PEER].alarms())


async def _events(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    wanted = request.query.get("filter", "")[:100]
    found = [e for e in peer.site.events.of(peer.fqdn) if wanted.lower() in str(e).lower()]
    return _page(request, "eventlog.html", events=found[: -SHOWN_EVENTS - 1 : -1], total=len(found), wanted=wanted)


async def _restart_form(request: web.Request) -> web.Response:
    return _page(request, "restart.html", restart_needed=request.app[PEER].restart_needed, restarting=False)


async def _restart(request: web.Request) -> web.Response:
    await request.app[PEER].restart_soon()
    return _page(request, "restart.html", restart_needed=False, restarting=True, status=202)


# Server certificate.


async def _server(request: web.Request) -> web.Response:
    return _server_page(request)


def _server_page(request: web.Request, *, done: str = "", warnings: tuple[Finding, ...] = ()) -> web.Response:
    peer = request.app[PEER]
    state, running = peer.state, peer.running
    return _page(
        request,
        "servercertificate.html",
        done=done,
        warnings=told(warnings),
        running=_decoded(running.leaf, peer) if running else None,
        loaded=_decoded(state.certificate.leaf, peer) if peer.restart_needed and state.certificate else None,
        csr=describe_request(state.request.csr) if state.request else None,
        pending=_decoded(state.pending_certificate.leaf, peer) if state.pending_certificate else None,
        domains=[(d, _decoded(c.leaf, peer)) for d, c in state.domain_certificates],
        is_edge=peer.site.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_E,
    )


async def _generate_form(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    peer.state.require_no_request()
    return _page(request, "generate.html", layout=peer.layout, form=peer.form)


async def _generate(request: web.Request) -> web.Response:
    form = await _form(request)
    size = form.get("key_length", "2048")
    if not size.isdigit() or len(size) > 5:
        raise InputError("the key length is no number")
    names = tuple(n.strip() for n in form.get("additional_names", "").replace("\n", ",").split(",") if n.strip())
    await request.app[PEER].generate(
        added=names,
        fields=SubjectFields(**{name: form.get(name, "").strip() for name in _FIELDS}),
        digest=form.get("digest", ""),
        key_size=int(size),
    )
    raise web.HTTPSeeOther("/servercertificate/csr")


async def _csr(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.request
    if pending is None:
        raise web.HTTPNotFound(text="no signing request is in progress")
    pem = pending.csr.public_bytes(Encoding.PEM).decode("ascii")
    return _page(request, "certificate.html", heading="Signing request", facts=describe_request(pending.csr), pem=pem,
                 title="", download="/servercertificate/csr.pem")  # fmt: skip


async def _csr_file(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    if peer.state.request is None:
        raise web.HTTPNotFound(text="no signing request is in progress")
    return web.Response(
        body=peer.state.request.csr.public_bytes(Encoding.PEM),
        content_type="application/x-pem-file",
        headers={"Content-Disposition": f'attachment; filename="{peer.fqdn}.csr.pem"'},
    )


async def _discard(request: web.Request) -> web.Response:
    await request.app[PEER].discard()
    return _server_page(request, done="The signing request and its key were discarded.")


async def _upload(request: web.Request) -> web.Response:
    certificate, key = await _file(request, "certificate"), await _file(request, "private_key")
    warnings = await request.app[PEER].upload(certificate, key)
    return _server_page(
        request, done="The certificate was loaded. Restart the Expressway to use it.", warnings=warnings
    )


def _shown(request: web.Request, heading: str, certificate: x509.Certificate | None) -> web.Response:
    if certificate is None:
        raise web.HTTPNotFound(text="there is no such certificate")
    shown = _decoded(certificate, request.app[PEER])
    return _page(request, "certificate.html", heading=heading, download="", **shown)


async def _current(request: web.Request) -> web.Response:
    running = request.app[PEER].running
    return _shown(request, "Server certificate in use", running.leaf if running else None)


async def _loaded(request: web.Request) -> web.Response:
    loaded = request.app[PEER].state.certificate
    return _shown(request, "Server certificate loaded", loaded.leaf if loaded else None)


async def _pending(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.pending_certificate
    return _shown(request, "Pending ACME certificate", pending.leaf if pending else None)


async def _deploy(request: web.Request) -> web.Response:
    await request.app[PEER].deploy_soon()
    return _page(request, "restart.html", restart_needed=False, restarting=True, status=202)


async def _discard_pending(request: web.Request) -> web.Response:
    await request.app[PEER].discard_pending()
    return _server_page(request, done="The pending certificate was thrown away.")


async def _domain(request: web.Request) -> web.Response:
    form = await _form(request)
    certificate, key = await _file(request, "certificate"), await _file(request, "private_key")
    await request.app[PEER].load_domain_certificate(form.get("domain", ""), certificate, key)
    return _server_page(request, done="The domain certificate was loaded. Restart the Expressway to use it.")


async def _remove_domain(request: web.Request) -> web.Response:
    await request.app[PEER].remove_domain_certificate((await _form(request)).get("domain", ""))
    return _server_page(request, done="The domain certificate was removed.")


# Trusted CA list, CRLs, SIP settings.


async def _trusted(request: web.Request) -> web.Response:
    return _trusted_page(request)


def _trusted_page(request: web.Request, *, done: str = "", warnings: tuple[Finding, ...] = ()) -> web.Response:
    peer = request.app[PEER]
    listed = [{"fingerprint": fingerprint_of(c), **_decoded(c, peer)} for c in peer.state.trusted_ca_list]
    return _page(request, "trustedca.html", listed=listed, done=done, warnings=told(warnings))


async def _trust(request: web.Request) -> web.Response:
    append = (await _form(request)).get("action") != "replace"
    warnings = await request.app[PEER].trust(await _file(request, "certificates"), append=append)
    return _trusted_page(request, done="The list was " + ("appended to." if append else "replaced."), warnings=warnings)


async def _ca(request: web.Request) -> web.Response:
    return _shown(
        request, "Trusted CA certificate", request.app[PEER].ca_certificate(request.match_info["fingerprint"])
    )


async def _distrust(request: web.Request) -> web.Response:
    await request.app[PEER].distrust(request.match_info["fingerprint"])
    return _trusted_page(request, done="The CA certificate was deleted.")


async def _reset(request: web.Request) -> web.Response:
    await request.app[PEER].reset_trust()
    return _trusted_page(request, done="The list holds the temporary CA of the installation alone.")


async def _crl(request: web.Request) -> web.Response:
    return _crl_page(request)


def _crl_page(request: web.Request, *, done: str = "") -> web.Response:
    peer = request.app[PEER]
    at = peer.site.now_of(peer.fqdn)
    held = [(source.value, describe_crl(crl, at)) for source, crl in peer.state.held.crls]
    return _page(request, "crl.html", automatic=peer.state.automatic, held=held, done=done)


async def _automatic(request: web.Request) -> web.Response:
    form = await _form(request)
    hour = form.get("hour", "")
    if not hour.isdigit() or len(hour) > 2:
        raise InputError("the hour of the daily update is no number from 0 to 23")
    urls = tuple(line.strip() for line in form.get("urls", "").splitlines() if line.strip())
    await request.app[PEER].set_crl_sources(AutomaticCrls(urls=urls, hour=int(hour)))
    return _crl_page(request, done="The automatic updates are set.")


async def _manual(request: web.Request) -> web.Response:
    count = await request.app[PEER].upload_crl(await _file(request, "crl"))
    return _crl_page(request, done=f"The file with {count} CRLs is in use.")


async def _remove_crl(request: web.Request) -> web.Response:
    await request.app[PEER].remove_crl()
    return _crl_page(request, done="The manual CRL file was removed.")


async def _sip(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    return _page(request, "sip.html", settings=peer.site.revocation_settings(peer.fqdn), done="")


async def _set_sip(request: web.Request) -> web.Response:
    peer, form = request.app[PEER], await _form(request)
    peer.set_revocation({name: form[name] for name in Revocation.model_fields if name in form})
    settings = peer.site.revocation_settings(peer.fqdn)
    return _page(request, "sip.html", settings=settings, done="The settings hold for all peers of the cluster.")
