"""Legs between Expressway-C and Unified CM, IM&P, Unity Connection and Meeting Server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from pkikit.design.legs.making import LegSource, https_leg, looks_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Consumer, Leg, NameCheck, Protocol
from pkikit.model.parties import CALL_MANAGER, CUP_XMPP, TOMCAT, LegKind, Role, trust_list_of
from pkikit.model.tables import ports
from pkikit.model.tables.features import (
    IM_PRESENCE_ASKS,
    TRAFFIC_SERVER_PRESENTS,
    TRAFFIC_SERVER_VERIFIES,
    VERIFY_ORIGIN_SWITCH,
)
from pkikit.model.unified_communications import ImPresence, UnifiedCm

# Ports of TFTP over TLS, with the service whose list Unified CM reads there.
_TFTP = ((ports.TFTP_HTTPS, TOMCAT), (ports.TFTP_SECURE, CALL_MANAGER))


def traffic_server_verifies(deployment: Deployment, peer: str) -> bool:
    """Return True if the traffic server of a C peer verifies chain and name for MRA, whatever TLS verify is set to."""
    cluster, version = deployment.cluster_of(peer), deployment.product_version
    off = cluster is not None and not cluster.verify_origin_server and version.has(VERIFY_ORIGIN_SWITCH)
    return deployment.mra and version.has(TRAFFIC_SERVER_VERIFIES) and not off


def _unified_cm_legs(deployment: Deployment) -> Iterator[Leg]:
    for group in deployment.unified_cm:
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_C), group.nodes):
            if group.mixed_mode:
                yield from _sip_legs(group, peer, node)
                yield from _phone_legs(group, peer, node)
            if group.sip_oauth and deployment.mra:
                yield from _oauth_legs(group, peer, node)
            verify = group.tls_verify or traffic_server_verifies(deployment, peer)
            yield https_leg(
                LegKind.UNIFIED_CM_HTTPS, group.name, peer, node, verify=verify, known_as=group.known_as(node)
            )
            if deployment.mra:
                yield from _tftp_legs(deployment, group, peer, node)


def _sip_legs(group: UnifiedCm, peer: str, node: str) -> Iterator[Leg]:
    profiles = tuple(
        NameCheck(any_of=(name,), why="phone security profile name, looked for by Unified CM")
        for name in group.shared_profiles
    )
    of_node = _of_node(group, node)
    for client, server, of_server, of_client in ((peer, node, of_node, profiles), (node, peer, profiles, of_node)):
        leg = _sip_leg(LegKind.UNIFIED_CM_SIP, group, client, server, CALL_MANAGER)
        yield replace(leg, server_name_checks=of_server, client_name_checks=of_client)


def _phone_legs(group: UnifiedCm, peer: str, node: str) -> Iterator[Leg]:
    """One registration for each phone: Unified CM looks for the phone's own profile in C's certificate."""
    for phone in group.phones:
        leg = _sip_leg(LegKind.PHONE, group, peer, node, CALL_MANAGER)
        yield replace(
            leg,
            group=phone.name,
            server_name_checks=_of_node(group, node),
            client_name_checks=looks_for(phone.profile, f"phone security profile of {phone.name}"),
            id="",
        )


def _oauth_legs(group: UnifiedCm, peer: str, node: str) -> Iterator[Leg]:
    """SIP OAuth, in both directions. Unified CM answers with tomcat's certificate and reads tomcat-trust (Cisco TAC 215572).

    Expressway-C tells Unified CM over AXL which names its certificate has, so Unified CM looks for no name of its own.
    """
    of_node = _of_node(group, node)
    to_node = _sip_leg(LegKind.UNIFIED_CM_OAUTH, group, peer, node, TOMCAT)
    yield replace(to_node, port=ports.SIP_OAUTH, server_name_checks=of_node)
    yield replace(_sip_leg(LegKind.UNIFIED_CM_OAUTH, group, node, peer, CALL_MANAGER), client_name_checks=of_node)


def _of_node(group: UnifiedCm, node: str) -> tuple[NameCheck, ...]:
    return looks_for(group.known_as(node), "Unified CM node name, TLS verify mode on") if group.tls_verify else ()


def _sip_leg(kind: LegKind, group: UnifiedCm, client: str, server: str, service: str) -> Leg:
    """Return a leg on which both sides verify; `service` is the one of Unified CM whose list counts."""
    of_client, of_server = (trust_list_of(service) if fqdn in group.nodes else "" for fqdn in (client, server))
    return Leg(
        kind=kind,
        group=group.name,
        client=client,
        server=server,
        protocol=Protocol.SIP_TLS,
        port=ports.SIP_TLS,
        reference_name=group.known_as(server),
        mutual=True,
        always_verified=True,
        client_list=of_client,
        server_list=of_server,
    )


def _tftp_legs(deployment: Deployment, group: UnifiedCm, peer: str, node: str) -> Iterator[Leg]:
    """The traffic server fetches configuration for clients outside; Unified CM asks for its certificate."""
    asked = deployment.product_version.has(TRAFFIC_SERVER_PRESENTS)
    for port, service in _TFTP:
        leg = https_leg(
            LegKind.UNIFIED_CM_TFTP, group.name, peer, node,
            verify=traffic_server_verifies(deployment, peer), port=port, known_as=group.known_as(node),
        )  # fmt: skip
        yield replace(
            leg,
            mutual=asked,
            always_verified=True,
            server_list=trust_list_of(service),
            id=f"{leg.relation}-{port}:{peer}>{node}",
        )


def _im_presence_legs(deployment: Deployment) -> Iterator[Leg]:
    """SOAP by the traffic server, XMPP, and file transfer where it is used."""
    for group in deployment.im_presence:
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_C), group.nodes):
            verify = group.tls_verify or traffic_server_verifies(deployment, peer)
            yield https_leg(LegKind.IM_PRESENCE_HTTPS, group.name, peer, node, verify=verify)
            if deployment.mra or deployment.federation:
                yield _xmpp_leg(deployment, group, peer, node)
            if deployment.mra and group.file_transfer:
                yield https_leg(
                    LegKind.IM_PRESENCE_FILES, group.name, peer, node, verify=verify, port=ports.FILE_TRANSFER
                )


def _xmpp_leg(deployment: Deployment, group: ImPresence, peer: str, node: str) -> Leg:
    """XMPP (XCP) does not go through the traffic server, so TLS verify mode alone decides."""
    return Leg(
        kind=LegKind.IM_PRESENCE_XMPP,
        group=group.name,
        client=peer,
        server=node,
        protocol=Protocol.XMPP,
        port=ports.XCP,
        reference_name=node,
        mutual=deployment.product_version.has(IM_PRESENCE_ASKS),
        client_verifies=group.tls_verify,
        consumer=Consumer.XCP,
        server_list=trust_list_of(CUP_XMPP),
        server_name_checks=looks_for(node, "node name, TLS verify mode on") if group.tls_verify else (),
    )


def _unity_connection_legs(deployment: Deployment) -> Iterator[Leg]:
    """Configuration > Unified Communications > Unity Connection servers; the port may be 443 as well."""
    for group in deployment.unity_connection:
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_C), group.nodes):
            verify = group.tls_verify or traffic_server_verifies(deployment, peer)
            yield https_leg(LegKind.UNITY_CONNECTION, group.name, peer, node, verify=verify)
            if deployment.mra:
                yield https_leg(
                    LegKind.MESSAGE_WAITING, group.name, peer, node, verify=verify, port=ports.MESSAGE_WAITING
                )


def _meeting_server_legs(deployment: Deployment) -> Iterator[Leg]:
    """The web proxy: a browser outside dials the Join URL and reaches E; C dials a Web Bridge, which it finds by SRV."""
    for group in deployment.meeting_servers:
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            yield replace(
                https_leg(LegKind.WEB_PROXY, group.name, group.browser, peer, verify=True, port=ports.HTTPS),
                reference_name=group.join_host,
                server_name_checks=looks_for(group.join_host, "host of the Join URL, which the browser dials"),
            )
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_C), group.nodes):
            verify = traffic_server_verifies(deployment, peer)
            either = NameCheck(
                any_of=(node, group.join_host), why="the Web Bridge, or the Join URL that it answers for"
            )
            yield replace(
                https_leg(LegKind.WEB_BRIDGE, group.name, peer, node, verify=verify, port=ports.HTTPS),
                reference_name=group.join_host,
                discovered_by=group.srv_record,
                server_name_checks=(either,) if verify else (),
            )


UNIFIED_COMMUNICATIONS_LEGS: tuple[LegSource, ...] = (
    _unified_cm_legs,
    _im_presence_legs,
    _unity_connection_legs,
    _meeting_server_legs,
)
