"""Legs between Expressway-E and the machines outside: MRA clients, XMPP servers, B2B partners."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from pkikit.design.legs.making import LegSource, https_leg, looks_for
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Consumer, Leg, NameCheck, Protocol
from pkikit.model.outside_parties import B2bPartner
from pkikit.model.parties import LegKind, Role
from pkikit.model.tables import ports
from pkikit.model.zones import DefaultZone, DnsZone
from pkikit.values.other_names import COLLAB_EDGE


def registration_names(deployment: Deployment, wanted: str | None = None) -> tuple[str, ...]:
    """Return the names that MRA clients look for, in the chosen format (`dns` or `collab-edge-dns`)."""
    prefix = "collab-edge." if (wanted or deployment.registration_domain_format) == "collab-edge-dns" else ""
    return tuple(prefix + domain for domain in deployment.domains.registration)


def _mra_legs(deployment: Deployment) -> Iterator[Leg]:
    """Jabber outside finds E by SRV of the registration domain and looks for that domain in E's certificate."""
    if not deployment.mra:
        return
    for peer in deployment.peers_of(Role.EXPRESSWAY_E):
        domains = deployment.domains.registration
        for name, domain in zip(registration_names(deployment), domains, strict=True):
            yield Leg(
                kind=LegKind.MRA,
                group=name,
                client=deployment.mra_client,
                server=peer,
                protocol=Protocol.HTTPS,
                port=ports.MRA,
                reference_name=name,
                mutual=False,
                discovered_by=f"{COLLAB_EDGE}.{domain}",
                server_name_checks=looks_for(name, "registration domain, by which the client discovered E"),
            )


def _mra_endpoint_legs(deployment: Deployment) -> Iterator[Leg]:
    """A room system of the X8 time looks for the domain itself, or for its SRVName (Cisco TAC 211304)."""
    for domain in deployment.domains.registration if deployment.mra and deployment.mra_endpoints else ():
        service = f"{COLLAB_EDGE}.{domain}"
        why = "registration domain, or its SRVName, as an endpoint of the X8 time looks for it"
        for peer in deployment.peers_of(Role.EXPRESSWAY_E):
            yield Leg(
                kind=LegKind.MRA_ENDPOINT,
                group=domain,
                client=deployment.mra_endpoint,
                server=peer,
                protocol=Protocol.HTTPS,
                port=ports.MRA,
                reference_name=domain,
                mutual=False,
                discovered_by=service,
                server_name_checks=(NameCheck(any_of=(domain,), services=(service,), why=why),),
            )


def _mra_client_legs(deployment: Deployment) -> Iterator[Leg]:
    """Once provisioned, Jabber registers by SIP, and chats by XMPP if there is an IM and Presence Service.

    Both at E's own name, which it learnt on 8443. Which name it looks for there, no document says: the lab accepts a
    registration domain or E's own name (ours).
    """
    why = "registration domain, or the name of E that the client learnt (no document says which: ours)"
    spoken = [(LegKind.MRA_SIP, Protocol.SIP_TLS, ports.SIP_TLS)]
    if deployment.im_presence:
        spoken.append((LegKind.MRA_XMPP, Protocol.XMPP, ports.XMPP_CLIENT))
    for (kind, protocol, port), cluster in itertools.product(spoken if deployment.mra else [], deployment.clusters):
        for peer in cluster.peers if cluster.role is Role.EXPRESSWAY_E else ():
            yield Leg(
                kind=kind,
                group=cluster.name,
                client=deployment.mra_client,
                server=peer,
                protocol=protocol,
                port=port,
                reference_name=peer,
                mutual=False,
                server_name_checks=(NameCheck(any_of=(*registration_names(deployment), peer), why=why),),
            )


def _cloud_legs(deployment: Deployment) -> Iterator[Leg]:
    """For onboarding by activation code, E dials Cisco's cloud and shows its client certificate (IP port guide X15.0)."""
    for cloud in deployment.cloud_services if deployment.mra else ():
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_E), cloud.nodes):
            leg = https_leg(LegKind.CLOUD, cloud.name, peer, node, verify=True, port=ports.HTTPS)
            checks = looks_for(node, "name of the cloud service")
            yield replace(leg, mutual=True, always_verified=True, server_name_checks=checks)


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
                        consumer=Consumer.XCP,
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
                    consumer=Consumer.XCP,
                    server_name_checks=looks_for(alias, "chat node alias, by which the foreign server found E"),
                    client_name_checks=looks_for(domain, "federation domain of the foreign server"),
                )


def _b2b_legs(deployment: Deployment) -> Iterator[Leg]:
    """Calls out through a DNS zone, and in through the default zone; the zone decides whether anybody is verified."""
    into = next((z for z in deployment.zones if isinstance(z, DefaultZone)), None)
    for partner in deployment.b2b_partners:
        out = _dns_zone_of(deployment, partner)
        for peer, node in itertools.product(deployment.peers_of(Role.EXPRESSWAY_E), partner.nodes):
            if out is not None and peer in deployment.cluster(out.cluster).peers:
                yield _call_out(partner, out, peer, node)
            if partner.mutual_tls and partner.dns_zone is not None:
                yield _mapped_call(partner, out, node, peer)
                continue
            for domain in deployment.domains.sip[:1] if into is not None else ():
                ours = looks_for(domain, "domain of the call, by which the caller found this side")
                mutual = into is not None and into.mutual_tls
                yield _b2b(domain, node, peer, ours, verify=deployment.sip_domains_in_certificate, mutual=mutual)


def _dns_zone_of(deployment: Deployment, partner: B2bPartner) -> DnsZone | None:
    """Return the DNS zone to which a search rule leads calls to the partner."""
    zones = (z for z in deployment.zones if isinstance(z, DnsZone))
    return next((z for z in zones if partner.dns_zone in {None, z.name}), None)


def _call_out(partner: B2bPartner, zone: DnsZone, peer: str, node: str) -> Leg:
    """E calls, and looks for the TLS verify subject name of the zone; without one, for the domain called.

    A partner with mutual TLS judges chain and purpose of E's certificate; no document says that it compares a name
    (Cisco TAC 212475, "What does Cisco Webex check?").
    """
    subject = zone.tls_verify_subject_name
    theirs = looks_for(
        subject or partner.domain,
        f"TLS verify subject name of the DNS zone {zone.name}"
        if subject
        else "domain of the call, by which the DNS zone found the server",
    )
    leg = _b2b(partner.domain, peer, node, theirs, verify=zone.tls_verify, mutual=partner.mutual_tls)
    return replace(leg, port=partner.port)


def _mapped_call(partner: B2bPartner, zone: DnsZone | None, node: str, peer: str) -> Leg:
    """The partner calls the mutual TLS port, and verifies E's chain; its own names map the call to the DNS zone.

    A certificate without the TLS verify subject name is still accepted: the call then arrives in the default zone (Cisco TAC
    212475). That E listens on 5062 as soon as a partner has mutual TLS is ours: on the product, Mutual TLS mode is a switch.
    """
    mapped: tuple[NameCheck, ...] = ()
    if zone is not None and zone.inbound_mapping and zone.tls_verify_subject_name:
        why = (
            f"the caller's certificate does not contain {zone.tls_verify_subject_name}, so the call is not mapped to the DNS "
            f"zone {zone.name} and arrives in the default zone"
        )
        mapped = (NameCheck(any_of=(zone.tls_verify_subject_name,), why=why, binding=False),)
    return Leg(
        kind=LegKind.B2B,
        group=partner.domain,
        client=node,
        server=peer,
        protocol=Protocol.SIP_TLS,
        port=ports.SIP_MUTUAL_TLS,
        reference_name=peer,
        mutual=True,
        client_name_checks=mapped,
    )


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


OUTSIDE_LEGS: tuple[LegSource, ...] = (
    _mra_legs,
    _mra_endpoint_legs,
    _mra_client_legs,
    _federation_legs,
    _chat_legs,
    _b2b_legs,
    _cloud_legs,
)
