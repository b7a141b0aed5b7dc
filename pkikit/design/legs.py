"""The legs of a deployment: every TLS relation that its certificates have to serve.

Sources: X12.5 guide, "SIP TLS Negotiation Failures on Neighbor and Traversal Zones" and "Server Certificate
Requirements for Unified Communications"; the administrator guide for TLS verify mode; docs/sources.md for the ports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pkikit.model.deployment import Cluster, DefaultZone, Deployment, DnsZone, NeighbourZone, Role, TraversalZone
from pkikit.model.leg import Leg, NameCheck, Protocol
from pkikit.model.revocation import Consumer
from pkikit.model.version import ProductVersion

SIP_TLS_PORT = 5061
FIRST_TRAVERSAL_PORT = 7001
CLUSTER_PORT = 4372  # cluster database synchronisation over TLS
_X14_2 = ProductVersion.parse("X14.2")
XMPP_PORT = 5269  # server to server
WEB_PORT = 443  # administration
_SERVERS = {
    "ldap": (Protocol.LDAPS, 636, Consumer.LDAP),
    "policy": (Protocol.HTTPS, 443, Consumer.POLICY),
    "syslog": (Protocol.SYSLOG, 6514, Consumer.HTTPS),
}
HTTPS_PORT = 8443  # Unified CM and IM&P inside, Mobile and Remote Access outside


def legs_of(deployment: Deployment) -> tuple[Leg, ...]:
    """All legs, in the order cluster, zones, Unified CM, IM&P, MRA clients, partners outside, servers inside."""
    found = (
        *(leg for cluster in deployment.clusters for leg in _cluster_legs(cluster)),
        *_zone_legs(deployment),
        *_unified_cm_legs(deployment),
        *_im_presence_legs(deployment),
        *_mra_legs(deployment),
        *_federation_legs(deployment),
        *_chat_legs(deployment),
        *_b2b_legs(deployment),
        *_server_legs(deployment),
    )
    return tuple(leg if leg.protocol is Protocol.SIP_TLS else _without_sip(leg) for leg in found)


def _without_sip(leg: Leg) -> Leg:
    """Only SIP reads SIP URIs (RFC 5922 is about SIP domains)."""
    of_server, of_client = (
        tuple(replace(check, sip=False) for check in checks)
        for checks in (leg.server_name_checks, leg.client_name_checks)
    )
    return replace(leg, server_name_checks=of_server, client_name_checks=of_client)


def traversal_port(deployment: Deployment, zone: TraversalZone) -> int:
    """The port that the E listens on for this zone: 7001 for the first, one more for each further zone."""
    zones = [z.name for z in deployment.zones if isinstance(z, TraversalZone)]
    return FIRST_TRAVERSAL_PORT + zones.index(zone.name)


def registration_names(deployment: Deployment, wanted: str | None = None) -> tuple[str, ...]:
    """The names that MRA clients look for, in the format chosen (`dns` or `collab-edge-dns`)."""
    prefix = "collab-edge." if (wanted or deployment.registration_domain_format) == "collab-edge-dns" else ""
    return tuple(prefix + domain for domain in deployment.domains.registration)


def verify_subject_name(deployment: Deployment, zone: TraversalZone) -> str:
    """What E looks for in C's certificate: as configured, else C's cluster FQDN, else the single peer's FQDN."""
    client = deployment.cluster(zone.client)
    return zone.tls_verify_subject_name or client.fqdn or client.peers[0]


def mra_client(deployment: Deployment) -> str:
    """The name under which the outside MRA client stands in legs; it has no certificate of its own."""
    return f"jabber.{(deployment.domains.registration or ('client.example',))[0]}"


def _one(name: str, why: str) -> tuple[NameCheck, ...]:
    return (NameCheck(any_of=(name,), why=why),)


def _cluster_legs(cluster: Cluster) -> Iterator[Leg]:
    enforced = cluster.cluster_tls == "enforce"
    for client in cluster.peers:
        for server in cluster.peers:
            if client == server:
                continue
            yield Leg(
                id=f"cluster:{cluster.name}:{client}>{server}",
                client=client,
                server=server,
                protocol=Protocol.SIP_TLS,
                port=CLUSTER_PORT,
                reference_name=server,
                mutual=enforced,
                client_verifies=enforced,
                server_name_checks=_one(server, "cluster peers know each other by peer FQDN"),
                client_name_checks=_one(client, "cluster peers know each other by peer FQDN"),
            )


def _zone_legs(deployment: Deployment) -> Iterator[Leg]:
    for zone in deployment.zones:
        if isinstance(zone, TraversalZone):
            yield from _traversal_legs(deployment, zone)
        elif isinstance(zone, NeighbourZone):
            yield from _neighbour_legs(deployment, zone)
        # DNS and default zones have no fixed partner, so nothing that could be dialled beforehand.


def _traversal_legs(deployment: Deployment, zone: TraversalZone) -> Iterator[Leg]:
    client_cluster, server_cluster = deployment.cluster(zone.client), deployment.cluster(zone.server)
    always_on = zone.type == "unified-communications-traversal"
    subject = verify_subject_name(deployment, zone)
    dialled: set[tuple[str, str]] = set()
    for client in client_cluster.peers:
        for address in zone.peer_addresses:
            named = deployment.fqdn_at(address)
            for server in server_cluster.peers if named == server_cluster.fqdn else (named,):
                suffix = f"@{address}" if (client, server) in dialled else ""
                dialled.add((client, server))
                yield Leg(
                    id=f"zone:{zone.name}:{client}>{server}{suffix}",
                    client=client,
                    server=server,
                    protocol=Protocol.SIP_TLS,
                    port=traversal_port(deployment, zone),
                    reference_name=address,
                    mutual=always_on or zone.tls_verify,
                    client_verifies=always_on or zone.tls_verify,
                    tunnel=always_on,
                    server_name_checks=_one(address, "peer address configured in the zone on C"),
                    client_name_checks=_one(subject, "TLS verify subject name configured in the zone on E"),
                )


def _neighbour_legs(deployment: Deployment, zone: NeighbourZone) -> Iterator[Leg]:
    """Both directions. The neighbour is taken to check what we check: our certificate by the name that it knows us by."""
    cluster = deployment.cluster(zone.cluster)
    for peer in cluster.peers:
        known_as = (peer, cluster.fqdn) if cluster.fqdn else (peer,)
        ours = (NameCheck(any_of=known_as, why="the neighbour knows this peer by its own FQDN or the cluster's"),)
        for address in zone.peer_addresses:
            neighbour = deployment.fqdn_at(address)
            theirs = _one(address, "peer address configured in the neighbour zone")
            for client, server, reference, of_server, of_client in (
                (peer, neighbour, address, theirs, ours),
                (neighbour, peer, peer, _one(peer, "the neighbour dials this peer by its FQDN"), theirs),
            ):
                yield Leg(
                    id=f"zone:{zone.name}:{client}>{server}",
                    client=client,
                    server=server,
                    protocol=Protocol.SIP_TLS,
                    port=SIP_TLS_PORT,
                    reference_name=reference,
                    mutual=zone.tls_verify,
                    client_verifies=zone.tls_verify,
                    server_name_checks=of_server,
                    client_name_checks=of_client,
                )


def _unified_cm_legs(deployment: Deployment) -> Iterator[Leg]:
    for group in deployment.unified_cm:
        profiles = tuple(
            NameCheck(any_of=(name,), why="phone security profile name, looked for by Unified CM")
            for name in group.security_profiles
        )
        for peer in deployment.peers_of(Role.EXPRESSWAY_C):
            for node in group.nodes:
                if group.mixed_mode:
                    node_name = _one(node, "Unified CM node name, TLS verify mode on") if group.tls_verify else ()
                    for client, server, of_server, of_client in (
                        (peer, node, node_name, profiles),
                        (node, peer, profiles, node_name),
                    ):
                        yield Leg(
                            id=f"ucm:{group.name}:{client}>{server}",
                            client=client,
                            server=server,
                            protocol=Protocol.SIP_TLS,
                            port=SIP_TLS_PORT,
                            reference_name=server,
                            mutual=True,
                            server_name_checks=of_server,
                            client_name_checks=of_client,
                        )
                verify = group.tls_verify or _traffic_server_verifies(deployment)
                yield _https(f"ucm-https:{group.name}:{peer}>{node}", peer, node, verify)


def _traffic_server_verifies(deployment: Deployment) -> bool:
    """From X14.2 on the traffic server verifies chain and name for MRA, whatever TLS verify says (CSCwc69661)."""
    return deployment.mra and deployment.product_version >= _X14_2


def _im_presence_legs(deployment: Deployment) -> Iterator[Leg]:
    for group in deployment.im_presence:
        for peer in deployment.peers_of(Role.EXPRESSWAY_C):
            for node in group.nodes:
                yield _https(f"imp-https:{group.name}:{peer}>{node}", peer, node, True)


def _https(leg_id: str, client: str, server: str, verify: bool) -> Leg:
    return Leg(
        id=leg_id,
        client=client,
        server=server,
        protocol=Protocol.HTTPS,
        port=HTTPS_PORT,
        reference_name=server,
        mutual=False,
        client_verifies=verify,
        server_name_checks=_one(server, "node name, TLS verify mode on") if verify else (),
    )


def _mra_legs(deployment: Deployment) -> Iterator[Leg]:
    """Jabber outside finds E by SRV of the registration domain and looks for that domain in E's certificate."""
    if not deployment.mra:
        return
    client = mra_client(deployment)
    for peer in deployment.peers_of(Role.EXPRESSWAY_E):
        domains = deployment.domains.registration
        for name, domain in zip(registration_names(deployment), domains, strict=True):
            yield Leg(
                id=f"mra:{name}:{client}>{peer}",
                client=client,
                server=peer,
                protocol=Protocol.HTTPS,
                port=HTTPS_PORT,
                reference_name=name,
                mutual=False,
                discovered_by=f"_collab-edge._tls.{domain}",
                server_name_checks=_one(name, "registration domain, by which the client discovered E"),
            )


def _federation_legs(deployment: Deployment) -> Iterator[Leg]:
    """XMPP servers find each other by SRV of the domain, and each looks for the other's domain (RFC 6120 §13.7)."""
    ours = NameCheck(any_of=deployment.domains.federation, why="federation domain of this side")
    for partner in deployment.federated_servers if deployment.federation else ():
        theirs = _one(partner.domain, "federation domain of the foreign server")
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            for node in partner.nodes:
                for client, server, domain, of_server, of_client in (
                    (peer, node, partner.domain, theirs, (ours,)),
                    (node, peer, deployment.domains.federation[0], (ours,), theirs),
                ):
                    yield Leg(
                        id=f"xmpp:{partner.domain}:{client}>{server}",
                        client=client,
                        server=server,
                        protocol=Protocol.XMPP,
                        port=XMPP_PORT,
                        reference_name=domain,
                        mutual=True,
                        discovered_by=f"_xmpp-server._tcp.{domain}",
                        server_name_checks=of_server,
                        client_name_checks=of_client,
                    )


def _chat_legs(deployment: Deployment) -> Iterator[Leg]:
    """Who joins a chat room from outside finds E by SRV of the room's alias and looks for the alias."""
    for alias in deployment.chat_aliases if deployment.federation else ():
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            for domain, node in ((p.domain, n) for p in deployment.federated_servers for n in p.nodes):
                yield Leg(
                    id=f"xmpp:{alias}:{node}>{peer}",
                    client=node,
                    server=peer,
                    protocol=Protocol.XMPP,
                    port=XMPP_PORT,
                    reference_name=alias,
                    mutual=True,
                    discovered_by=f"_xmpp-server._tcp.{alias}",
                    server_name_checks=_one(alias, "chat node alias, by which the foreign server found E"),
                    client_name_checks=_one(domain, "federation domain of the foreign server"),
                )


def _b2b_legs(deployment: Deployment) -> Iterator[Leg]:
    """Calls out through the DNS zone, and in through the default zone: whether anybody is verified stands in the zone."""
    out = next((z for z in deployment.zones if isinstance(z, DnsZone)), None)
    into = next((z for z in deployment.zones if isinstance(z, DefaultZone)), None)
    for partner in deployment.b2b_partners:
        theirs = _one(partner.domain, "domain of the call, by which the DNS zone found the server")
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            for node in partner.nodes:
                if out is not None and peer in deployment.cluster(out.cluster).peers:
                    yield _b2b(partner.domain, peer, node, theirs, verify=out.tls_verify, mutual=False)
                for domain in deployment.domains.sip[:1] if into is not None else ():
                    ours = _one(domain, "domain of the call, by which the caller found this side")
                    mutual = into is not None and into.mutual_tls
                    yield _b2b(domain, node, peer, ours, verify=deployment.sip_domains_in_certificate, mutual=mutual)


def _b2b(domain: str, client: str, server: str, checks: tuple[NameCheck, ...], *, verify: bool, mutual: bool) -> Leg:
    return Leg(
        id=f"b2b:{domain}:{client}>{server}",
        client=client,
        server=server,
        protocol=Protocol.SIP_TLS,
        port=SIP_TLS_PORT,
        reference_name=domain,
        mutual=mutual,
        client_verifies=verify,
        discovered_by=f"_sips._tcp.{domain}",
        server_name_checks=checks,
    )


def _server_legs(deployment: Deployment) -> Iterator[Leg]:
    for server in deployment.servers:
        for peer in deployment.cluster(server.cluster).peers:
            for node in server.nodes:
                if server.type == "tms":
                    leg_id = f"tms:{server.name}:{node}>{peer}"
                    yield replace(_https(leg_id, node, peer, server.tls_verify), port=WEB_PORT)
                    continue
                protocol, port, consumer = _SERVERS[server.type]
                yield Leg(
                    id=f"{server.type}:{server.name}:{peer}>{node}",
                    client=peer,
                    server=node,
                    protocol=protocol,
                    port=port,
                    reference_name=node,
                    mutual=False,
                    client_verifies=server.tls_verify,
                    server_name_checks=_one(node, "name of the server as configured") if server.tls_verify else (),
                    consumer=consumer,
                )
