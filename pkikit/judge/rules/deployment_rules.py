"""Rules over a deployment file: what will not work whatever certificates are bought."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.design.legs import verify_subject_name
from pkikit.design.san import design_sans
from pkikit.judge.registry import Subject, rule
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence, Severity
from pkikit.model.parties import Role
from pkikit.model.zones import DnsZone, TraversalZone
from pkikit.values.names import MAX_COMMON_NAME_LENGTH, is_ip_address
from pkikit.values.public_names import why_internal

_ZONES = "X12.5 guide, appendix 1 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'"
_UC = "X12.5 guide, 'Expressway-E server certificate requirements'"


def _names_of(deployment: Deployment, peer: str) -> set[str]:
    layout = design_sans(deployment, peer)
    return {*layout.dns_names, layout.common_name}


@rule(
    "zone.subject-name-not-designed",
    Severity.ERROR,
    on=Subject.DEPLOYMENT,
    requirement="The TLS verify subject name of a traversal zone is a name that every client peer's certificate holds.",
    source=_ZONES,
    fix="Set it to the FQDN of the Expressway-C cluster (of the peer, when there is only one).",
)
def subject_name(deployment: Deployment) -> Iterator[Evidence]:
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
                )


@rule(
    "zone.peer-address-not-designed",
    Severity.ERROR,
    on=Subject.DEPLOYMENT,
    requirement="Each peer address of a traversal zone is a name that the certificate of the peer behind it holds.",
    source=_ZONES,
    fix="Write the FQDN of each Expressway-E peer as peer address.",
)
def peer_address(deployment: Deployment) -> Iterator[Evidence]:
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
                        label=f"zone {zone.name}, names of {peer}", expected=what, seen=names, where="peer_addresses"
                    )


@rule(
    "deployment.registration-domain-internal",
    Severity.ERROR,
    on=Subject.DEPLOYMENT,
    requirement="Registration domains are public edge domains: clients outside look them up in public DNS.",
    source=_UC,
    fix="List the edge domain that clients use outside; the domain of Unified CM inside may differ and need not be there.",
)
def registration_domain(deployment: Deployment) -> Iterator[Evidence]:
    for domain in deployment.domains.registration if deployment.mra else ():
        why = why_internal(domain)
        if why:
            seen = f"{domain}: {why}"
            yield Evidence(
                label="registration domain", expected="a public domain", seen=seen, where="domains.registration"
            )


@rule(
    "deployment.registration-domain-absent",
    Severity.ERROR,
    on=Subject.DEPLOYMENT,
    requirement="Mobile and Remote Access has at least one registration domain: without one no client finds the Expressway-E.",
    source=_UC,
    fix="List the service discovery domains under domains.registration.",
)
def registration_domain_absent(deployment: Deployment) -> Iterator[Evidence]:
    if deployment.mra and not deployment.domains.registration:
        yield Evidence(label="registration domains", expected="at least one", seen="none", where="domains.registration")


@rule(
    "deployment.chat-aliases-unused",
    Severity.WARNING,
    on=Subject.DEPLOYMENT,
    requirement="Chat node aliases are needed for federated group chat only, so only beside a federation domain.",
    source="X12.5 guide, 'Server Certificate Requirements for Unified Communications'",
    fix="Add the federation domains, or take the aliases out.",
)
def chat_aliases(deployment: Deployment) -> Iterator[Evidence]:
    if deployment.chat_aliases and not deployment.federation:
        seen = ", ".join(deployment.chat_aliases)
        yield Evidence(label="chat aliases without federation", expected="none", seen=seen, where="chat_aliases")


@rule(
    "deployment.b2b-domain-not-designed",
    Severity.INFO,
    on=Subject.DEPLOYMENT,
    requirement="Who dials a SIP domain of ours over TLS looks for that domain in Expressway-E's certificate.",
    source="RFC 5922 §7.1; X12.5 guide, 'Using ACME on Expressway-E' (B2B)",
    fix="Set sip_domains_in_certificate: on, or accept that strict callers will not connect.",
)
def b2b_domain(deployment: Deployment) -> Iterator[Evidence]:
    for zone in deployment.zones:
        if not isinstance(zone, DnsZone) or deployment.cluster(zone.cluster).role is not Role.EXPRESSWAY_E:
            continue
        for peer in deployment.cluster(zone.cluster).peers:
            for domain in deployment.domains.sip:
                if domain not in _names_of(deployment, peer):
                    yield Evidence(
                        label=f"names of {peer}", expected=domain, seen="not among them", where="domains.sip"
                    )


@rule(
    "deployment.verification-off",
    Severity.WARNING,
    on=Subject.DEPLOYMENT,
    requirement="Certificates are verified where the product can: with TLS verify mode off anybody who answers is believed.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; administrator guide, zones",
    fix="Switch TLS verify mode on once the other side's CA is trusted and its names are right.",
)
def verification_off(deployment: Deployment) -> Iterator[Evidence]:
    for zone in deployment.zones:
        if zone.leaves_unverified:
            yield Evidence(label=f"zone {zone.name}, TLS verify", expected="on", seen="off", where="zones")
    for group in deployment.unified_cm:
        if group.mixed_mode and not group.tls_verify:
            yield Evidence(label=f"Unified CM {group.name}, TLS verify", expected="on", seen="off", where="unified_cm")


@rule(
    "deployment.common-name-too-long",
    Severity.ERROR,
    on=Subject.DEPLOYMENT,
    requirement="The FQDN that becomes the common name has at most 64 characters.",
    source="X.520 ub-common-name; RFC 5280 appendix A.1",
    fix="Choose a shorter FQDN for the cluster (for the Expressway, when not clustered).",
)
def long_common_name(deployment: Deployment) -> Iterator[Evidence]:
    for name in dict.fromkeys(design_sans(deployment, peer).common_name for peer in deployment.peers):
        if len(name) > MAX_COMMON_NAME_LENGTH:
            yield Evidence(
                label="common name",
                expected=f"at most {MAX_COMMON_NAME_LENGTH} characters",
                seen=f"{len(name)}: {name}",
                where="clusters",
            )
