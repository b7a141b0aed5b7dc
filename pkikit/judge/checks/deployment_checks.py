"""Checks of a deployment file: what will not work, whatever certificates somebody buys."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.design.legs import verify_subject_name
from pkikit.design.san import design_sans
from pkikit.judge.checks.check import Check
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence
from pkikit.model.parties import Role
from pkikit.model.zones import DnsZone, TraversalZone
from pkikit.rules.deployment_rules import (
    B2B_DOMAIN_NOT_DESIGNED,
    CHAT_ALIASES_UNUSED,
    COMMON_NAME_TOO_LONG,
    PEER_ADDRESS_NOT_DESIGNED,
    REGISTRATION_DOMAIN_ABSENT,
    REGISTRATION_DOMAIN_INTERNAL,
    SUBJECT_NAME_NOT_DESIGNED,
    VERIFICATION_OFF,
)
from pkikit.values.names import MAX_COMMON_NAME_LENGTH, is_ip_address
from pkikit.values.public_names import why_internal


def _names_of(deployment: Deployment, peer: str) -> set[str]:
    layout = design_sans(deployment, peer)
    return {*layout.dns_names, layout.common_name}


def subject_name(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for each client peer whose certificate lacks the zone's TLS verify subject name."""
    for zone in deployment.zones:
        if not isinstance(zone, TraversalZone) or not zone.tls_verify:
            continue
        wanted = verify_subject_name(deployment, zone)
        for peer in deployment.cluster(zone.client).peers:
            if wanted not in _names_of(deployment, peer):
                names = ", ".join(design_sans(deployment, peer).dns_names)
                yield Evidence(
                    label=f"zone {zone.name}, names of {peer}",
                    expected=wanted,
                    seen=names,
                    where="tls_verify_subject_name",
                    says=f"Zone {zone.name} looks for {wanted}, which is not in the certificate of {peer} (it has {names}).",
                )


def peer_address(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for each peer address that the certificate of the peer behind it lacks."""
    for zone in deployment.zones:
        if not isinstance(zone, TraversalZone):
            continue
        server = deployment.cluster(zone.server)
        for address in zone.peer_addresses:
            behind = server.peers if address == server.fqdn else (deployment.fqdn_at(address),)
            for peer in behind:
                if address not in _names_of(deployment, peer):
                    names = ", ".join(design_sans(deployment, peer).dns_names)
                    what = "an FQDN (an IP address matches no dNSName)" if is_ip_address(address) else address
                    yield Evidence(
                        label=f"zone {zone.name}, names of {peer}",
                        expected=what,
                        seen=names,
                        where="peer_addresses",
                        says=f"Zone {zone.name} has the peer address {address}, which is not in the certificate of {peer} "
                        f"(it has {names}).",
                    )


def registration_domain(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for each registration domain that is not public."""
    for domain in deployment.domains.registration if deployment.mra else ():
        why = why_internal(domain)
        if why:
            seen = f"{domain}: {why}"
            yield Evidence(
                label="registration domain",
                expected="a public domain",
                seen=seen,
                where="domains.registration",
                says=f"The registration domain {domain} is not public: it is {why}.",
            )


def registration_domain_absent(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence that MRA has no registration domain."""
    if deployment.mra and not deployment.domains.registration:
        says = "Mobile and Remote Access is on, and there is no registration domain."
        yield Evidence(
            label="registration domains", expected="at least one", seen="none", where="domains.registration", says=says
        )


def chat_aliases(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for chat node aliases without federation."""
    if deployment.chat_aliases and not deployment.federation:
        seen = ", ".join(deployment.chat_aliases)
        says = f"There are chat node aliases ({seen}), but no federation domain."
        yield Evidence(
            label="chat aliases without federation", expected="none", seen=seen, where="chat_aliases", says=says
        )


def b2b_domain(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for each SIP domain that no certificate of the Expressway-E holds."""
    for zone in deployment.zones:
        if not isinstance(zone, DnsZone) or deployment.cluster(zone.cluster).role is not Role.EXPRESSWAY_E:
            continue
        for peer in deployment.cluster(zone.cluster).peers:
            for domain in deployment.domains.sip:
                if domain not in _names_of(deployment, peer):
                    yield Evidence(
                        label=f"names of {peer}",
                        expected=domain,
                        seen="not among them",
                        where="domains.sip",
                        says=f"The SIP domain {domain} is not in the certificate of {peer}.",
                    )


def verification_off(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for each zone and Unified CM without TLS verification that could have it."""
    for zone in deployment.zones:
        if zone.leaves_unverified:
            says = f"TLS verify mode of zone {zone.name} is off."
            yield Evidence(label=f"zone {zone.name}, TLS verify", expected="on", seen="off", where="zones", says=says)
    for cluster in deployment.clusters:
        if not cluster.verify_origin_server:
            label = f"cluster {cluster.name}, VerifyOriginServer"
            says = f"VerifyOriginServer of cluster {cluster.name} is off."
            yield Evidence(label=label, expected="on", seen="off", where="clusters", says=says)
    for group in deployment.groups:
        if group.unverified:
            says = f"TLS verify mode of {group.unverified} is off."
            yield Evidence(
                label=f"{group.unverified}, TLS verify", expected="on", seen="off", where=group.key, says=says
            )


def long_common_name(deployment: Deployment) -> Iterator[Evidence]:
    """Evidence for each FQDN that is too long for a common name."""
    for name in dict.fromkeys(design_sans(deployment, peer).common_name for peer in deployment.peers):
        if len(name) > MAX_COMMON_NAME_LENGTH:
            yield Evidence(
                label="common name",
                expected=f"at most {MAX_COMMON_NAME_LENGTH} characters",
                seen=f"{len(name)}: {name}",
                where="clusters",
                says=f"{name} has {len(name)} characters; a common name has at most {MAX_COMMON_NAME_LENGTH}.",
            )


CHECKS = (
    Check(SUBJECT_NAME_NOT_DESIGNED, subject_name),
    Check(PEER_ADDRESS_NOT_DESIGNED, peer_address),
    Check(REGISTRATION_DOMAIN_INTERNAL, registration_domain),
    Check(REGISTRATION_DOMAIN_ABSENT, registration_domain_absent),
    Check(CHAT_ALIASES_UNUSED, chat_aliases),
    Check(B2B_DOMAIN_NOT_DESIGNED, b2b_domain),
    Check(VERIFICATION_OFF, verification_off),
    Check(COMMON_NAME_TOO_LONG, long_common_name),
)
