"""Legs between the Expressways and the machines inside: Unified Communications, LDAP, policy, syslog and TMS servers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from pkikit.design.legs.making import LegSource, https_leg, looks_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, NameCheck, Protocol
from pkikit.model.parties import LegKind, Role
from pkikit.model.revocation import Consumer
from pkikit.model.tables import ports
from pkikit.model.tables.features import TRAFFIC_SERVER_VERIFIES

_SERVERS = {
    "ldap": (LegKind.LDAP, Protocol.LDAPS, ports.LDAPS, Consumer.LDAP),
    "policy": (LegKind.POLICY, Protocol.HTTPS, ports.HTTPS, Consumer.POLICY),
    "syslog": (LegKind.SYSLOG, Protocol.SYSLOG, ports.SYSLOG_TLS, Consumer.HTTPS),
}


def _unified_cm_legs(deployment: Deployment) -> Iterator[Leg]:
    for group in deployment.unified_cm:
        profiles = tuple(
            NameCheck(any_of=(name,), why="phone security profile name, looked for by Unified CM")
            for name in group.security_profiles
        )
        for peer in deployment.peers_of(Role.EXPRESSWAY_C):
            for node in group.nodes:
                if group.mixed_mode:
                    node_name = looks_for(node, "Unified CM node name, TLS verify mode on") if group.tls_verify else ()
                    for client, server, of_server, of_client in (
                        (peer, node, node_name, profiles),
                        (node, peer, profiles, node_name),
                    ):
                        yield Leg(
                            kind=LegKind.UNIFIED_CM_SIP,
                            group=group.name,
                            client=client,
                            server=server,
                            protocol=Protocol.SIP_TLS,
                            port=ports.SIP_TLS,
                            reference_name=server,
                            mutual=True,
                            always_verified=True,
                            server_name_checks=of_server,
                            client_name_checks=of_client,
                        )
                verify = group.tls_verify or _traffic_server_verifies(deployment)
                yield https_leg(LegKind.UNIFIED_CM_HTTPS, group.name, peer, node, verify=verify)


def _traffic_server_verifies(deployment: Deployment) -> bool:
    """Return True if the traffic server verifies chain and name for MRA, whatever TLS verify is set to."""
    return deployment.mra and deployment.product_version.has(TRAFFIC_SERVER_VERIFIES)


def _im_presence_legs(deployment: Deployment) -> Iterator[Leg]:
    for group in deployment.im_presence:
        for peer in deployment.peers_of(Role.EXPRESSWAY_C):
            for node in group.nodes:
                yield https_leg(LegKind.IM_PRESENCE_HTTPS, group.name, peer, node, verify=True)


def _unity_connection_legs(deployment: Deployment) -> Iterator[Leg]:
    """Configuration > Unified Communications > Unity Connection servers; the port may be 443 as well."""
    for group in deployment.unity_connection:
        verify = group.tls_verify or _traffic_server_verifies(deployment)
        for peer in deployment.peers_of(Role.EXPRESSWAY_C):
            for node in group.nodes:
                yield https_leg(LegKind.UNITY_CONNECTION, group.name, peer, node, verify=verify)


def _meeting_server_legs(deployment: Deployment) -> Iterator[Leg]:
    """The web proxy: a browser outside dials the Join URL and reaches E; C dials a Web Bridge, which it finds by SRV."""
    verify = _traffic_server_verifies(deployment)
    for group in deployment.meeting_servers:
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            yield replace(
                https_leg(LegKind.WEB_PROXY, group.name, group.browser, peer, verify=True, port=ports.HTTPS),
                reference_name=group.join_host,
                server_name_checks=looks_for(group.join_host, "host of the Join URL, which the browser dials"),
            )
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_C), group.nodes):
            either = NameCheck(
                any_of=(node, group.join_host), why="the Web Bridge, or the Join URL that it answers for"
            )
            yield replace(
                https_leg(LegKind.WEB_BRIDGE, group.name, peer, node, verify=verify, port=ports.HTTPS),
                reference_name=group.join_host,
                discovered_by=group.srv_record,
                server_name_checks=(either,) if verify else (),
            )


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


UNIFIED_COMMUNICATIONS_LEGS: tuple[LegSource, ...] = (
    _unified_cm_legs,
    _im_presence_legs,
    _unity_connection_legs,
    _meeting_server_legs,
)
SERVER_LEGS: tuple[LegSource, ...] = (_server_legs,)
