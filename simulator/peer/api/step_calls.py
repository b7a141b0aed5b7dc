"""The lab's own calls for plans: do a step on any machine, and see what is up and what went down."""

from __future__ import annotations

from aiohttp import web

from simulator.peer.api.step_order import StepOrder
from simulator.peer.pages.actions import Handler, describe
from simulator.peer.pages.bodies import body_of_script
from simulator.peer.pages.rendering import PEER


async def _do(request: web.Request) -> web.Response:
    order, lab = await body_of_script(request, StepOrder), request.app[PEER].lab
    step = order.step(lab.now_of(request.app[PEER].fqdn))
    seen = lab.held()["losses_count"]
    if order.undo:
        result = await lab.undo_step(step)
    else:
        result = await lab.do_step(step, waits=order.waits, new=order.parties())
    held = lab.held()
    held["losses"] = [loss for loss in held["losses"] if loss["n"] > seen]
    return web.json_response({**result.to_json(), "held": held})


async def _held(request: web.Request) -> web.Response:
    return web.json_response(request.app[PEER].lab.held())


def _with_summary(handler: Handler, summary: str) -> Handler:
    handler.summary = summary  # type: ignore[attr-defined]
    return handler


CALLS: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/steps", describe(_do, StepOrder, "Do a step of a plan in this lab, on any machine, or undo it.")),
    (
        "GET",
        "/held",
        _with_summary(
            _held, "Which connections are up in the whole lab, and which of those that were open went down, and when."
        ),
    ),
)
