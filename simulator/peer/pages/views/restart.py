"""Maintenance > Restart options: restart, reboot, shutdown, each confirmed.

Sources: administrator guide, 'Restarting, Rebooting, and Shutting Down'; Cisco TAC 217230 for the order in a cluster.
"""

from __future__ import annotations

from aiohttp import web

from pkikit.design.restarts import ESTIMATES, ORDER_ADVICE, restart_order
from pkikit.errors import InputError
from pkikit.model.parties import Role
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.rendering import PEER, render
from simulator.web.web_input import text_fields

PAGE = "/restartoptions"
_ACTIONS = {
    "restart": ("Restart", "Restarting"),
    "reboot": ("Reboot", "Rebooting"),
    "shutdown": ("Shutdown", "Shutting down"),
}


async def _options(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    deployment = peer.lab.deployment
    asked = request.query.get("action", "")
    reports = peer.lab.status_of(peer.fqdn)
    return render(
        request,
        "restartoptions.html",
        restart_needed=peer.restart_needed,
        asked=asked if asked in _ACTIONS else "",
        actions={name: label for name, (label, _) in _ACTIONS.items()},
        minutes=ESTIMATES,
        connections=sum(r.up for r in reports),
        sessions=0 if deployment.mra and deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C else None,
        order=restart_order(deployment, peer.fqdn),
        advice=ORDER_ADVICE,
    )


async def _act(request: web.Request) -> web.Response:
    action = (await text_fields(request)).get("action", "restart")
    if action not in _ACTIONS:
        raise InputError("choose Restart, Reboot or Shutdown")
    if action == "shutdown":
        raise InputError(
            "The lab does not simulate a shutdown: nobody could switch this machine on again. Nothing was changed."
        )
    await request.app[PEER].restart_soon(reboot=action == "reboot")
    return render(request, "restarting.html", how=_ACTIONS[action][1], status=202)


GET: tuple[tuple[str, Handler], ...] = ((PAGE, _options),)
POST: tuple[tuple[str, Handler], ...] = ((PAGE, _act),)
