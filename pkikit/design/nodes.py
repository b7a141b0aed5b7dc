"""What the certificates of Unified CM and IM&P around an Expressway have to say: one a node, or one for all (multi-server).

Sources: X12.5 guide, "Cisco Unified Communications Manager Certificates" and "IM and Presence Service Certificates";
CSCus47235 (tomcat) and CSCve56019 (cup-xmpp): multi-server requests that left the nodes' FQDNs out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pkikit.design.legs import legs_of
from pkikit.design.san import SanEntry, SanLayout
from pkikit.model.deployment import Deployment, ImPresence, UnifiedCm
from pkikit.model.leg import Leg, Protocol

NODE_RULE = "names.node-fqdn-missing"
# service: which of the node's legs its certificate is shown on.
UNIFIED_CM_SERVICES = ("tomcat", "CallManager")
IM_PRESENCE_SERVICES = ("tomcat", "cup-xmpp")


class NodeLayout:
    """The layout of one service's certificate; `nodes` are the machines that carry it."""

    def __init__(self, service: str, nodes: tuple[str, ...], layout: SanLayout) -> None:
        self.service, self.nodes, self.layout = service, nodes, layout

    def to_json(self) -> dict[str, Any]:
        """A peer of `pkikit san --json`, with the service and its nodes."""
        return {"service": self.service, "nodes": list(self.nodes), **self.layout.to_json()}


def design_nodes(deployment: Deployment, *, multi_server: bool = True) -> tuple[NodeLayout, ...]:
    """The certificates of every Unified CM and IM&P cluster: one multi-server certificate a service, or one a node."""
    legs = legs_of(deployment)
    return tuple(
        made
        for group in deployment.node_groups
        for service in _services(group)
        for made in _of_service(deployment, group, service, legs, multi_server)
    )


def _services(group: UnifiedCm | ImPresence) -> tuple[str, ...]:
    if isinstance(group, ImPresence):
        return IM_PRESENCE_SERVICES
    # Without mixed mode nothing but HTTPS is encrypted, so only tomcat's certificate is seen.
    return UNIFIED_CM_SERVICES if group.mixed_mode else UNIFIED_CM_SERVICES[:1]


def _of_service(
    deployment: Deployment,
    group: UnifiedCm | ImPresence,
    service: str,
    legs: tuple[Leg, ...],
    multi_server: bool,
) -> Iterator[NodeLayout]:
    if not multi_server or len(group.nodes) == 1:
        for node in group.nodes:
            layout = SanLayout(owner=node, common_name=node, entries=tuple(_entries((node,), service, legs)))
            yield NodeLayout(service, (node,), layout)
        return
    publisher = group.nodes[0]
    host, _, domain = publisher.partition(".")
    common_name = f"{host}-ms.{domain}"  # what Unified CM writes into a multi-server request
    entries = [*_entries(group.nodes, service, legs)]
    parent = SanEntry(value=domain, reason="parent domain, written by Unified CM itself", rule=NODE_RULE, needed_by=())
    layout = SanLayout(owner=publisher, common_name=common_name, entries=(*entries, parent))
    yield NodeLayout(service, group.nodes, layout)


def _entries(nodes: tuple[str, ...], service: str, legs: tuple[Leg, ...]) -> Iterator[SanEntry]:
    wanted = {"tomcat": Protocol.HTTPS, "CallManager": Protocol.SIP_TLS}.get(service)
    for node in nodes:
        shown_on = tuple(leg for leg in legs if leg.protocol is wanted and node in {leg.server, leg.client})
        yield SanEntry(
            value=node,
            reason=f"FQDN of the node, looked for where {service} answers",
            rule=NODE_RULE,
            needed_by=tuple(leg.id for leg in shown_on) or ("XMPP between IM&P and Expressway",),
            legs=shown_on,
        )
