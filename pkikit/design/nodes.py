"""What the certificates of Unified CM and IM&P around an Expressway must contain: one per node, or one for all (multi-server).

Sources: X12.5 guide, "Cisco Unified Communications Manager Certificates" and "IM and Presence Service Certificates";
CSCus47235 (tomcat) and CSCve56019 (cup-xmpp): multi-server requests that lacked the nodes' FQDNs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pkikit.design.legs import legs_of
from pkikit.design.san import SanEntry, SanLayout
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import CALL_MANAGER, CUP_XMPP, NodeCertificate, PartyGroup
from pkikit.rules.name_rules import NODE

NODE_RULE = NODE.id
# Who looks at a certificate that no leg of the deployment leads to.
_ELSEWHERE = {CALL_MANAGER: "phones inside, for encrypted SIP", CUP_XMPP: "XMPP clients inside"}


class NodeLayout:
    """The layout of one service's certificate; `nodes` are the machines that carry it."""

    def __init__(self, service: str, nodes: tuple[str, ...], layout: SanLayout) -> None:
        self.service, self.nodes, self.layout = service, nodes, layout

    def to_json(self) -> dict[str, Any]:
        """Return a peer of `pkikit san --json`, with the service and its nodes."""
        return {"service": self.service, "nodes": list(self.nodes), **self.layout.to_json()}


def design_nodes(deployment: Deployment, *, multi_server: bool = True) -> tuple[NodeLayout, ...]:
    """Design the certificates of every Unified CM and IM&P cluster: one multi-server certificate per service, or one per node."""
    legs = legs_of(deployment)
    return tuple(
        made
        for group in deployment.groups
        for certificate in group.certificates
        for made in _of_service(group, certificate, legs, multi_server)
    )


def _of_service(
    group: PartyGroup, certificate: NodeCertificate, legs: tuple[Leg, ...], multi_server: bool
) -> Iterator[NodeLayout]:
    service = certificate.service
    if not multi_server or len(group.members) == 1:
        for node in group.members:
            layout = SanLayout(owner=node, common_name=node, entries=tuple(_entries((node,), certificate, legs)))
            yield NodeLayout(service, (node,), layout)
        return
    publisher = group.members[0]
    host, _, domain = publisher.partition(".")
    common_name = f"{host}-ms.{domain}"  # what Unified CM writes into a multi-server request
    entries = [*_entries(group.members, certificate, legs)]
    parent = SanEntry(value=domain, reason="parent domain, written by Unified CM itself", rule=NODE_RULE, needed_by=())
    layout = SanLayout(owner=publisher, common_name=common_name, entries=(*entries, parent))
    yield NodeLayout(service, group.members, layout)


def _entries(nodes: tuple[str, ...], certificate: NodeCertificate, legs: tuple[Leg, ...]) -> Iterator[SanEntry]:
    for node in nodes:
        shown_on = tuple(leg for leg in legs if leg.port in certificate.ports and node in {leg.server, leg.client})
        yield SanEntry(
            value=node,
            reason=f"FQDN of the node, looked for where {certificate.service} answers",
            rule=NODE_RULE,
            needed_by=tuple(leg.id for leg in shown_on) or (_ELSEWHERE.get(certificate.service, "machines inside"),),
            legs=shown_on,
        )
