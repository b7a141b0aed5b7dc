"""The Status pages: Overview, Alarms, Event Log."""

from __future__ import annotations

from aiohttp import web

from simulator.peer.pages import actions
from simulator.peer.pages.actions import Handler, for_people
from simulator.peer.pages.bodies import AlarmKey
from simulator.peer.pages.rendering import PEER, certificate_values, render
from simulator.peer.pages.views.zone_views import rows_of

SHOWN_EVENTS = 300


async def _overview(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    running = peer.running
    return render(
        request,
        "overview.html",
        running=certificate_values(running.leaf, peer) if running else None,
        zones=rows_of(peer),
        restart_needed=peer.restart_needed,
        services=[state for state in peer.lab.last_check().services if state.peer],
    )


async def _alarms(request: web.Request) -> web.Response:
    return render(request, "alarms.html")


async def _events(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    wanted = request.query.get("filter", "")[:100]
    events = peer.lab.events.of(peer.fqdn)
    found = [e for e in events if wanted.lower() in str(e).lower()] if wanted else events
    return render(request, "eventlog.html", events=found[: -SHOWN_EVENTS - 1 : -1], total=len(found), wanted=wanted)


GET: tuple[tuple[str, Handler], ...] = (("/overview", _overview), ("/alarms", _alarms), ("/eventlog", _events))
POST: tuple[tuple[str, Handler], ...] = (("/alarms", for_people(AlarmKey, actions.acknowledge, "/alarms")),)
