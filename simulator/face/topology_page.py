"""The lab in a browser: the current topology, and behind every line and machine the last handshakes of both sides.

Every user of the machine reaches loopback, so the address contains a secret that `expressway-sim up` prints.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from pkikit.model.certificates.facts import format_time
from pkikit.model.trace import describe
from pkikit.rules.plain_causes import said_plainly
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.drawing import unstyled
from pkikit.view.topology.bundles import Bundle
from pkikit.view.topology.picture import draw_topology
from pkikit.view.topology.picture_text import machine_text
from pkikit.view.topology.topology import Topology
from simulator.face.page_files import SCRIPT, STYLE, templates
from simulator.lab.running_lab import RunningLab
from simulator.web.http_server import HttpServer

_NUMBER, _PORT = 2, 8080
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Management:
    """Serves the topology of one lab. `url` contains the secret."""

    def __init__(self, lab: RunningLab) -> None:
        self._lab, self._secret = lab, secrets.token_urlsafe(18)
        self._templates = templates()
        app = web.Application(client_max_size=1024, middlewares=[self._guard])
        below = "/{secret}/"
        app.router.add_get(below, self._whole)
        app.router.add_get(below + "now", self._now)
        app.router.add_get(below + "connections", self._connections)
        app.router.add_get(below + "machine", self._machine)
        app.router.add_get(below + "status.json", self._status)
        app.router.add_get(below + "style.css", self._file(STYLE, "text/css"))
        app.router.add_get(below + "live.js", self._file(SCRIPT, "text/javascript"))
        self._server = HttpServer(app, lab.plan.service(_NUMBER), _PORT, log=self._trouble)

    def _trouble(self, line: str) -> None:
        self._lab.events.add(self._lab.deployment.name, "Web Server Trouble", Detail=line)

    @property
    def url(self) -> str:
        """The address of the topology."""
        return f"http://{self._server.address}:{self._server.port}/{self._secret}/"

    async def start(self) -> None:
        """Start to listen."""
        await self._server.start()

    async def stop(self) -> None:
        """Close the port."""
        await self._server.stop()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        given = request.path.split("/")[1] if "/" in request.path else ""
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise web.HTTPNotFound
        response: web.StreamResponse = await handler(request)
        response.headers.update(_HEADERS)
        return response

    def _file(self, text: str, kind: str) -> Callable[[web.Request], Any]:
        async def send(_: web.Request) -> web.Response:
            return web.Response(text=text, content_type=kind)

        return send

    def _report(self) -> CheckReport:
        lab = self._lab
        found = tuple(lab.last[leg.id] for leg in lab.legs if leg.id in lab.last)
        return CheckReport.of(lab.deployment, lab.clock.now(), found)

    def _topology(self) -> Topology:
        report = self._report()
        checked = report if report.legs else None
        return Topology(deployment=self._lab.deployment, world=self._lab.world, report=checked)

    def _page_values(self) -> dict[str, Any]:
        topology = self._topology()
        picture = draw_topology(
            topology,
            link=lambda shown: _address(topology, shown),
            machine_link=lambda name: "machine?" + urlencode({"name": name}),
            tip=lambda name: machine_text(topology, name, dates=True),
            script_tips=True,
        )
        rows = [
            {
                "between": shown.named,
                "count": shown.count,
                "mark": shown.mark,
                "link": _address(topology, shown),
                "causes": list(dict.fromkeys(said_plainly(r.causes[0]) for r in shown.down if r.causes)),
            }
            for shown in sorted(topology.bundles, key=lambda b: not b.down)
        ]
        return {
            "svg": unstyled(picture.svg),
            "rows": rows,
            "refusals": [topology.refusal_text(refusal) for refusal in topology.refusals],
            "count": topology.count,
            "up": topology.report is None or not topology.report.down,
            "now": format_time(self._lab.clock.now()),
            "text": picture.text,
        }

    def _render(self, template: str, title: str, **values: Any) -> web.Response:
        made = self._templates.get_template(template)
        text = made.render(title=title, name=self._lab.deployment.name, live=template == "topology", **values)
        return web.Response(text=text, content_type="text/html")

    async def _whole(self, _: web.Request) -> web.Response:
        return self._render("topology", "Topology", **self._page_values())

    async def _now(self, _: web.Request) -> web.Response:
        return self._render("now", "", **self._page_values())

    async def _connections(self, request: web.Request) -> web.Response:
        topology, wanted = self._topology(), dict(request.query)
        for shown in topology.bundles:
            if _query(topology, shown) == wanted:
                found = [_leg(topology, report) for report in (*shown.down, *(r for r in shown.reports if r.up))]
                return self._render("connections", shown.named, legs=found, facts=[])
        return self._render("connections", "Connections", legs=[], facts=[])

    async def _machine(self, request: web.Request) -> web.Response:
        topology, name = self._topology(), request.query.get("name", "")
        if name not in topology.differences.facts:
            raise web.HTTPNotFound
        reports = [r for r in self._report().legs if name in (r.leg.client, r.leg.server)]
        found = [_leg(topology, report) for report in sorted(reports, key=lambda r: r.up)]
        facts = machine_text(topology, name, dates=True).splitlines()[1:]
        return self._render("connections", name, legs=found, facts=facts)

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self._report().to_json())


def _query(topology: Topology, shown: Bundle) -> dict[str, str]:
    left, right = topology.systems.index(shown.left), topology.systems.index(shown.right)
    return {"from": str(left), "to": str(right), **({"for": shown.purpose} if shown.purpose else {})}


def _address(topology: Topology, shown: Bundle) -> str:
    return "connections?" + urlencode(_query(topology, shown))


def _leg(topology: Topology, report: LegReport) -> dict[str, Any]:
    trace = report.trace
    return {
        "id": report.leg.id,
        "name": topology.connection(report.leg),
        "client": report.leg.client,
        "server": report.leg.server,
        "up": report.up,
        "refused_by": report.refused_by,
        "causes": report.causes,
        "steps": [(s.side.value, describe(s.detail)) for s in trace.steps] if trace else [],
    }
