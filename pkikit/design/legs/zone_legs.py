"""Legs between Expressways, and to neighbours: clusters and zones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from pkikit.design.legs.making import LegSource, looks_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, NameCheck, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports
from pkikit.model.tables.features import CLUSTER_TLS, SERVICE_NEEDS_BOTH
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone


def traversal_port(deployment: Deployment, zone: TraversalZone) -> int:
    """Return the port on which E listens for this zone: 7001 for the first, one more for each further zone."""
    zones = [z.name for z in deployment.zones if isinstance(z, TraversalZone)]
    return ports.FIRST_TRAVERSAL + zones.index(zone.name)


def verify_subject_name(deployment: Deployment, zone: TraversalZone) -> str:
    """Return what E looks for in C's certificate: as configured, else C's cluster FQDN, else the single peer's FQDN."""
    client = deployment.cluster(zone.client)
    return zone.tls_verify_subject_name or client.fqdn or client.peers[0]


def _cluster_legs(deployment: Deployment) -> Iterator[Leg]:
    """Each peer dials each other one, over TLS from X8.8 on; in permissive mode a breach is noted and changes nothing."""
    for cluster in deployment.clusters if deployment.product_version.has(CLUSTER_TLS) else ():
        for client, server in itertools.permutations(cluster.peers, 2):
            yield Leg(
                kind=LegKind.CLUSTER,
                group=cluster.name,
                client=client,
                server=server,
                protocol=Protocol.SIP_TLS,
                port=ports.CLUSTER,
                reference_name=server,
                mutual=True,
                permissive=cluster.cluster_tls == "permissive",
                server_name_checks=looks_for(server, "cluster peers know each other by peer FQDN"),
                client_name_checks=looks_for(client, "cluster peers know each other by peer FQDN"),
            )


def _zone_legs(deployment: Deployment) -> Iterator[Leg]:
    for zone in deployment.zones:
        match zone:
            case TraversalZone():
                legs = tuple(traversal_legs(deployment, zone))
                yield from legs
                yield from _registration_legs(deployment, zone, legs)
            case NeighbourZone():
                yield from _neighbour_legs(deployment, zone)
            case DnsZone() | DefaultZone():
                pass  # no fixed partner, so nothing that could be dialled beforehand; b2b legs follow their settings
            case _:
                assert_never(zone)


def traversal_legs(deployment: Deployment, zone: TraversalZone) -> Iterator[Leg]:
    """Return the SIP legs of one traversal zone: each C peer to each E peer."""
    client_cluster, server_cluster = deployment.cluster(zone.client), deployment.cluster(zone.server)
    always_on = zone.is_uc
    subject = verify_subject_name(deployment, zone)
    dialled: set[tuple[str, str]] = set()
    for client in client_cluster.peers:
        for address in zone.peer_addresses:
            named = deployment.fqdn_at(address)
            for server in server_cluster.peers if named == server_cluster.fqdn else (named,):
                again = (client, server) in dialled  # by another of its names: both legs need an id of their own
                dialled.add((client, server))
                yield Leg(
                    kind=LegKind.ZONE,
                    group=zone.name,
                    client=client,
                    server=server,
                    protocol=Protocol.SIP_TLS,
                    port=traversal_port(deployment, zone),
                    reference_name=address,
                    mutual=always_on or zone.tls_verify,
                    client_verifies=always_on or zone.tls_verify,
                    always_verified=always_on,
                    server_name_checks=looks_for(address, "peer address configured in the zone on C"),
                    client_name_checks=looks_for(subject, "TLS verify subject name configured in the zone on E"),
                    id=f"{LegKind.ZONE}:{zone.name}:{client}>{server}@{address}" if again else "",
                )


def _registration_legs(deployment: Deployment, zone: TraversalZone, legs: tuple[Leg, ...]) -> Iterator[Leg]:
    """When MRA registers, E sends its certificate to C over the zone in a SIP SERVICE message; C wants both purposes in it.

    From X15.4 on C asks for serverAuth alone, which the zone's own handshake has verified already. Source: Cisco TAC 225482.
    """
    if not (zone.is_uc and deployment.mra and deployment.product_version.has(SERVICE_NEEDS_BOTH)):
        return
    for leg in legs:
        again = leg.id.partition("@")[2]
        yield replace(
            leg,
            kind=LegKind.MRA_REGISTRATION,
            id=f"{LegKind.MRA_REGISTRATION}:{zone.name}:{leg.client}>{leg.server}" + (f"@{again}" if again else ""),
        )


def _neighbour_legs(deployment: Deployment, zone: NeighbourZone) -> Iterator[Leg]:
    """Both directions. The neighbour is assumed to check what we check: our certificate, for the name that it knows."""
    cluster = deployment.cluster(zone.cluster)
    for peer in cluster.peers:
        known_as = (peer, cluster.fqdn) if cluster.fqdn else (peer,)
        ours = (NameCheck(any_of=known_as, why="the neighbour knows this peer by its own FQDN or the cluster's"),)
        for address in zone.peer_addresses:
            neighbour = deployment.fqdn_at(address)
            theirs = looks_for(address, "peer address configured in the neighbour zone")
            for client, server, reference, of_server, of_client in (
                (peer, neighbour, address, theirs, ours),
                (neighbour, peer, peer, looks_for(peer, "the neighbour dials this peer by its FQDN"), theirs),
            ):
                yield Leg(
                    kind=LegKind.ZONE,
                    group=zone.name,
                    client=client,
                    server=server,
                    protocol=Protocol.SIP_TLS,
                    port=ports.SIP_TLS,
                    reference_name=reference,
                    mutual=zone.tls_verify,
                    client_verifies=zone.tls_verify,
                    server_name_checks=of_server,
                    client_name_checks=of_client,
                )


ZONE_LEGS: tuple[LegSource, ...] = (_cluster_legs, _zone_legs)
