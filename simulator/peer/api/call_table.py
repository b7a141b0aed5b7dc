"""Every call of the REST API with its addresses: the product's, the lab's own, and the lab's old ones for one release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import anyio.to_thread
from aiohttp import web

from pkikit.model.version import ProductVersion
from simulator.peer.api import certificate_calls, configuration_calls, lab_calls, unsimulated_calls
from simulator.peer.api.answers import LAB
from simulator.peer.api.calls import Call
from simulator.peer.api.raml import RAML_TYPE, describe_calls
from simulator.peer.api.status_xml import STATUS_XML
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.rendering import PEER

RAML = "/api/raml"
# Cisco's examples use both addresses for the same calls.
PROVISIONING = ("/api/provisioning", "/api/v1/provisioning")
STATUS = ("/api/status", "/api/v1/status")
OLD = "/api/v1/provisioning"  # where the lab's own calls were; they answer there for one more release


@dataclass(frozen=True, kw_only=True)
class Address:
    """A call at one of its addresses."""

    path: str
    call: Call


@cache
def addresses() -> tuple[Address, ...]:
    """Return every call at each of its addresses."""
    documented = [*certificate_calls.CALLS, *configuration_calls.CALLS, *unsimulated_calls.CALLS]
    found = [Address(path=base + call.path, call=call) for base in PROVISIONING for call in documented]
    found += [Address(path=base + call.path, call=call) for base in STATUS for call in unsimulated_calls.STATUS]
    taken = {(address.call.method, address.path) for address in found}
    return (*found, Address(path=STATUS_XML.path, call=STATUS_XML), *_ours(taken))


def _ours(taken: set[tuple[str, str]]) -> Iterator[Address]:
    for method, path, handler in lab_calls.routes():
        summary = lab_calls.summary_of(method, path, handler)
        body = getattr(handler, "body", "")
        call = Call(method=method, path=path, handler=handler, summary=summary, body=body)
        yield Address(path=LAB + path, call=call)
        if (method, OLD + path) not in taken:  # else the product's call wins
            moved = Call(method=method, path=path, handler=handler, summary=summary, body=body, moved_to=LAB + path)
            yield Address(path=OLD + path, call=moved)


def add_calls(app: web.Application) -> None:
    """Serve every call, the methods of each path (OPTIONS), and the description."""
    methods: dict[str, list[str]] = defaultdict(list)
    for address in addresses():
        app.router.add_route(address.call.method, address.path, address.call.answer)
        methods[address.path].append(address.call.method)
    for path, known in methods.items():
        app.router.add_route("OPTIONS", path, _answer_options(", ".join((*known, "OPTIONS"))))
    app.router.add_get(RAML, _raml, allow_head=False)


def _answer_options(allowed: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(headers={"Allow": allowed})

    return answer


async def _raml(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    # YAML takes a third of a second: not in the event loop, and once for each peer.
    text = await anyio.to_thread.run_sync(_description, peer.fqdn, peer.lab.deployment.product_version)
    return web.Response(text=text, content_type=RAML_TYPE, charset="utf-8")


@lru_cache(maxsize=32)
def _description(fqdn: str, version: ProductVersion) -> str:
    return describe_calls([(address.path, address.call) for address in addresses()], fqdn=fqdn, version=version)
