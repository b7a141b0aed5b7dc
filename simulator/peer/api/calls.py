"""A call of the REST API: what it is, which document states it, and what has to be true before its handler runs."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from pkikit.model.parties import Role
from pkikit.model.tables.features import CSRF_HEADER, REST_API, Feature
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.bodies import Body
from simulator.peer.pages.rendering import PEER

JSON, HTML, MULTIPART = "application/json", "text/html", "multipart/form-data"
SUCCESS = "The operation was successful"

_DEPRECATED = "@1795651200"  # 26 November 2026, in the form of RFC 9745

SUMMARY_GUIDE = "Cisco Expressway REST API Summary Guide"
INTERFACES = "Cisco Expressway administrator guide X15.0, 'Expressway Interfaces'"
REFERENCE = "Cisco Expressway REST API Reference Guide X8.10, contents"  # we know its list of paths, not its pages
PY_EXPRESSWAY = "the public client py_expressway and its tests (X8.11.3)"
EXPRESSWAY_CLIENT = "a public Python client, whose docstrings quote answers"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One method on one path.

    Attributes:
        path: below the base, such as `/certs/root`.
        summary: what it does, as one sentence.
        handler: answers it; None if the lab does not simulate it.
        source: the document that states the call; empty for a call of ours.
        uncertain: what no document states about it, or what only a client suggests.
        is_inferred: True if no document has this method of the path.
        body: the model of its JSON body, or `file` for one uploaded file.
        gives: the content type of a good answer.
        role: the Expressway that has it; None for both.
        feature: the versions that have it.
        wants_header: True if it wants `X-CSRF-Header` from X14.2 on.
        moved_to: the address that a script should use instead; empty if this one stays.
    """

    method: str
    path: str
    summary: str
    handler: Handler | None = None
    source: str = ""
    uncertain: str = ""
    is_inferred: bool = False
    body: type[Body] | str = ""
    gives: str = JSON
    role: Role | None = None
    feature: Feature = REST_API
    wants_header: bool = False
    moved_to: str = ""

    @property
    def is_documented(self) -> bool:
        """True if a document or a public client has this call."""
        return bool(self.source)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request: one that is documented only if this peer, its version and its account have the API.

        Raises:
            HTTPException: the request is not allowed, or the lab does not simulate the call.
        """
        if self.is_documented:
            self._require(request)
        if self.handler is None:
            raise web.HTTPNotImplemented(text=f"the lab does not simulate this call: {self.summary}")
        response = await self.handler(request)
        if self.moved_to:
            response.headers["Deprecation"] = _DEPRECATED
            response.headers["Link"] = f'<{self.moved_to}>; rel="successor-version"'
        return response

    def _require(self, request: web.Request) -> None:
        peer = request.app[PEER]
        deployment, cluster = peer.lab.deployment, peer.lab.deployment.cluster_of(peer.fqdn)
        if cluster is not None and not cluster.api_access:
            raise web.HTTPForbidden(text="API access is off for the administrators of this Expressway")
        version = deployment.product_version
        if not version.has(self.feature):
            raise web.HTTPNotFound(text=f"{version} has no such call; it came with {self.feature.first}")
        if self.role not in {None, deployment.role_of(peer.fqdn)}:
            raise web.HTTPNotFound(text=f"{peer.fqdn} has no such call; it belongs to {self.role}")
        # Which status the product answers without the header is not documented.
        if self.wants_header and version.has(CSRF_HEADER) and "X-CSRF-Header" not in request.headers:
            raise web.HTTPForbidden(
                text=f"{version} wants a header X-CSRF-Header with this POST; its value does not matter"
            )


def message(text: str = SUCCESS, *, status: int = 200) -> web.Response:
    """Return the product's answer to a write."""
    return web.json_response({"Message": text}, status=status)
