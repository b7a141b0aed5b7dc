"""Legs between the Expressways and servers inside: LDAP, policy, syslog and TMS."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.design.legs.making import LegSource, https_leg, looks_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Consumer, Leg, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports

_SERVERS = {
    "ldap": (LegKind.LDAP, Protocol.LDAPS, ports.LDAPS, Consumer.LDAP),
    "policy": (LegKind.POLICY, Protocol.HTTPS, ports.HTTPS, Consumer.POLICY),
    "syslog": (LegKind.SYSLOG, Protocol.SYSLOG, ports.SYSLOG_TLS, Consumer.HTTPS),
}


def _server_legs(deployment: Deployment) -> Iterator[Leg]:
    for server in deployment.servers:
        for peer in deployment.cluster(server.cluster).peers:
            for node in server.nodes:
                if server.type == "tms":
                    verify = server.tls_verify
                    yield https_leg(LegKind.TMS, server.name, node, peer, verify=verify, port=ports.HTTPS)
                    continue
                kind, protocol, port, consumer = _SERVERS[server.type]
                yield Leg(
                    kind=kind,
                    group=server.name,
                    client=peer,
                    server=node,
                    protocol=protocol,
                    port=port,
                    reference_name=node,
                    mutual=False,
                    client_verifies=server.tls_verify,
                    server_name_checks=looks_for(node, "name of the server as configured") if server.tls_verify else (),
                    consumer=consumer,
                )


SERVER_LEGS: tuple[LegSource, ...] = (_server_legs,)
