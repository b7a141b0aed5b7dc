"""Legs between Expressway-E and the machines outside: MRA clients, XMPP servers, B2B partners."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.design.legs.making import LegSource, looks_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, NameCheck, Protocol
from pkikit.model.parties import LegKind, Role
from pkikit.model.tables import ports
from pkikit.model.zones import DefaultZone, DnsZone


def registration_names(deployment: Deployment, wanted: str | None = None) -> tuple[str, ...]:
    """Return the names that MRA clients look for, in the chosen format (`dns` or `collab-edge-dns`)."""
    prefix = "collab-edge." if (wanted or deployment.registration_domain_format) == "collab-edge-dns" else ""
    return tuple(prefix + domain for domain in deployment.domains.registration)


def _mra_legs(deployment: Deployment) -> Iterator[Leg]:
    """Jabber outside finds E by SRV of the registration domain and looks for that domain in E's certificate."""
    if not deployment.mra:
        return
    client = deployment.mra_client
    for peer in deployment.peers_of(Role.EXPRESSWAY_E):
        domains = deployment.domains.registration
        for name, domain in zip(registration_names(deployment), domains, strict=True):
            yield Leg(
                kind=LegKind.MRA,
                group=name,
                client=client,
                server=peer,
                protocol=Protocol.HTTPS,
                port=ports.MRA,
                reference_name=name,
                mutual=False,
                discovered_by=f"_collab-edge._tls.{domain}",
                server_name_checks=looks_for(name, "registration domain, by which the client discovered E"),
            )


def _federation_legs(deployment: Deployment) -> Iterator[Leg]:
    """XMPP servers find each other by SRV of the domain, and each looks for the other's domain (RFC 6120 §13.7)."""
    ours = NameCheck(any_of=deployment.domains.federation, why="federation domain of this side")
    for partner in deployment.federated_servers if deployment.federation else ():
        theirs = looks_for(partner.domain, "federation domain of the foreign server")
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            for node in partner.nodes:
                for client, server, domain, of_server, of_client in (
                    (peer, node, partner.domain, theirs, (ours,)),
                    (node, peer, deployment.domains.federation[0], (ours,), theirs),
                ):
                    yield Leg(
                        kind=LegKind.XMPP,
                        group=partner.domain,
                        client=client,
                        server=server,
                        protocol=Protocol.XMPP,
                        port=ports.XMPP_SERVER,
                        reference_name=domain,
                        mutual=True,
                        always_verified=True,  # a foreign server decides by itself whether it asks for a certificate
                        discovered_by=f"_xmpp-server._tcp.{domain}",
                        server_name_checks=of_server,
                        client_name_checks=of_client,
                    )


def _chat_legs(deployment: Deployment) -> Iterator[Leg]:
    """A server that joins a chat room from outside finds E by SRV of the room's alias and looks for the alias."""
    for alias in deployment.chat_aliases if deployment.federation else ():
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            for domain, node in ((p.domain, n) for p in deployment.federated_servers for n in p.nodes):
                yield Leg(
                    kind=LegKind.XMPP,
                    group=alias,
                    client=node,
                    server=peer,
                    protocol=Protocol.XMPP,
                    port=ports.XMPP_SERVER,
                    reference_name=alias,
                    mutual=True,
                    always_verified=True,
                    discovered_by=f"_xmpp-server._tcp.{alias}",
                    server_name_checks=looks_for(alias, "chat node alias, by which the foreign server found E"),
                    client_name_checks=looks_for(domain, "federation domain of the foreign server"),
                )


def _b2b_legs(deployment: Deployment) -> Iterator[Leg]:
    """Calls out through the DNS zone, and in through the default zone; the zone decides whether anybody is verified."""
    out = next((z for z in deployment.zones if isinstance(z, DnsZone)), None)
    into = next((z for z in deployment.zones if isinstance(z, DefaultZone)), None)
    for partner in deployment.b2b_partners:
        theirs = looks_for(partner.domain, "domain of the call, by which the DNS zone found the server")
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            for node in partner.nodes:
                if out is not None and peer in deployment.cluster(out.cluster).peers:
                    yield _b2b(partner.domain, peer, node, theirs, verify=out.tls_verify, mutual=partner.mutual_tls)
                for domain in deployment.domains.sip[:1] if into is not None else ():
                    ours = looks_for(domain, "domain of the call, by which the caller found this side")
                    mutual = into is not None and into.mutual_tls
                    yield _b2b(domain, node, peer, ours, verify=deployment.sip_domains_in_certificate, mutual=mutual)


def _b2b(domain: str, client: str, server: str, checks: tuple[NameCheck, ...], *, verify: bool, mutual: bool) -> Leg:
    return Leg(
        kind=LegKind.B2B,
        group=domain,
        client=client,
        server=server,
        protocol=Protocol.SIP_TLS,
        port=ports.SIP_TLS,
        reference_name=domain,
        mutual=mutual,
        client_verifies=verify,
        discovered_by=f"_sips._tcp.{domain}",
        server_name_checks=checks,
    )


OUTSIDE_LEGS: tuple[LegSource, ...] = (_mra_legs, _federation_legs, _chat_legs, _b2b_legs)
