"""The lab in a browser: the current topology, and behind every line the last handshake of both sides.

Every user of the machine reaches loopback, so the address contains a secret that `expressway-sim up` prints.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jinja2
from aiohttp import web

from pkikit.model.certificates.facts import format_time
from pkikit.model.trace import describe
from simulator.face.picture import Line, draw, lines_of
from simulator.lab.running_lab import RunningLab
from simulator.web.http_server import HttpServer
from simulator.world.report import CheckReport, LegReport

_NUMBER, _PORT = 2, 8080
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} – {{ name }}</title><link rel="stylesheet" href="style.css">
{% if live %}<script src="live.js" defer></script>{% endif %}</head>
<body><header><strong>{{ name }}</strong> Expressway Certificate Lab: a simulator, not a Cisco product.</header>
<main><h1>{{ title }}</h1>{% block content %}{% endblock %}</main></body></html>
"""
_TOPOLOGY = """{% extends "page" %}{% block content %}
<p>Lines are relations between parties; a line leads to its last handshakes. The page follows the lab every two seconds.</p>
<div id="live" aria-live="off">{% include "now" %}</div>{% endblock %}
"""
_NOW = """<p>{{ up }} of {{ total }} legs up at {{ now }}.</p>
<div class="picture" tabindex="0">{{ svg | safe }}</div>
<table><thead><tr><th scope="col">Between</th><th scope="col">Status</th><th scope="col">Cause</th></tr></thead><tbody>
{% for row in rows %}<tr><td><a href="{{ row.link }}">{{ row.left }} – {{ row.right }}</a></td>
<td class="{{ "down" if row.down else "up" }}">{{ "✘" if row.down else "✔" }} {{ row.legs - row.down }} of {{ row.legs }} up</td>
<td>{{ row.causes | join(", ") }}</td></tr>
{% endfor %}</tbody></table>
"""
_PAIR = """{% extends "page" %}{% block content %}<p><a href="./">Topology</a></p>
{% for leg in legs %}<section><h2>{{ leg.id }}</h2>
<p class="{{ "up" if leg.up else "down" }}">{{ "✔ Active" if leg.up else "✘ " ~ leg.outcome }}{% if leg.causes %}:
{{ leg.causes | join(", ") }}{% endif %}</p>
<div class="sides">{% for side in ("client", "server") %}<div><h3>{{ side }}: {{ leg[side] }}</h3><ol>
{% for which, step in leg.steps if which == side %}<li>{{ step }}</li>{% else %}<li>nothing seen</li>{% endfor %}
</ol></div>{% endfor %}</div></section>{% else %}<p>No leg between these two was dialled yet.</p>{% endfor %}{% endblock %}
"""
_STYLE = """:root { color-scheme: light dark; --bad: #a61b1b; --good: #14683a; --line: #c3ccd6; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff9d94; --good: #6fd39a; --line: #3a4755; } }
body { font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 0 auto; max-width: 85rem; padding: 0 1rem 3rem; }
header { padding: .6rem 0; border-bottom: 1px solid var(--line); } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; overflow-wrap: anywhere; }
.picture { overflow-x: auto; } .picture svg { max-width: none; } a:focus-visible { outline: 3px solid; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.up { color: var(--good); } .down { color: var(--bad); font-weight: 600; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; } @media (max-width: 45rem) { .sides { grid-template-columns: 1fr; } }
"""  # noqa: E501
_SCRIPT = """"use strict";
const live = document.getElementById("live");
setInterval(async () => {
  try {
    const answer = await fetch("now");
    if (answer.ok && !live.contains(document.activeElement)) live.innerHTML = await answer.text();
  } catch { live.firstElementChild.textContent = "The lab does not answer any more."; }
}, 2000);
"""


class Management:
    """Serves the topology of one lab. `url` contains the secret."""

    def __init__(self, lab: RunningLab) -> None:
        self._lab, self._secret = lab, secrets.token_urlsafe(18)
        sources = {"page": _PAGE, "topology": _TOPOLOGY, "now": _NOW, "pair": _PAIR}
        self._templates = jinja2.Environment(
            loader=jinja2.DictLoader(sources), autoescape=True, undefined=jinja2.StrictUndefined
        )
        app = web.Application(client_max_size=1024, middlewares=[self._guard])
        below = "/{secret}/"
        app.router.add_get(below, self._topology)
        app.router.add_get(below + "now", self._now)
        app.router.add_get(below + "pair", self._pair)
        app.router.add_get(below + "status.json", self._status)
        app.router.add_get(below + "style.css", self._file(_STYLE, "text/css"))
        app.router.add_get(below + "live.js", self._file(_SCRIPT, "text/javascript"))
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

    def _page_values(self) -> dict[str, Any]:
        report = self._report()
        picture = draw(self._lab.deployment, self._lab.world, report, link=_address)
        rows = [{**vars(line), "link": _address(line)} for line in lines_of(report)]
        return {
            "svg": picture.svg,
            "rows": rows,
            "up": len(report.legs) - len(report.down),
            "total": len(self._lab.legs),
            "now": format_time(report.at),
        }

    def _render(self, template: str, title: str, **values: Any) -> web.Response:
        made = self._templates.get_template(template)
        text = made.render(title=title, name=self._lab.deployment.name, live=template == "topology", **values)
        return web.Response(text=text, content_type="text/html")

    async def _topology(self, _: web.Request) -> web.Response:
        return self._render("topology", "Topology", **self._page_values())

    async def _now(self, _: web.Request) -> web.Response:
        return self._render("now", "", **self._page_values())

    async def _pair(self, request: web.Request) -> web.Response:
        pair = {request.query.get("left", ""), request.query.get("right", "")}
        legs = [_leg(r) for r in self._report().legs if {r.leg.client, r.leg.server} == pair]
        return self._render("pair", "Last handshakes", legs=legs)

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self._report().to_json())


def _address(line: Line) -> str:
    return "pair?" + urlencode({"left": line.left, "right": line.right})


def _leg(report: LegReport) -> dict[str, Any]:
    trace = report.trace
    return {
        "id": report.leg.id,
        "client": report.leg.client,
        "server": report.leg.server,
        "up": report.up,
        "outcome": report.outcome.value,
        "causes": report.causes,
        "steps": [(s.side.value, describe(s.detail)) for s in trace.steps] if trace else [],
    }
