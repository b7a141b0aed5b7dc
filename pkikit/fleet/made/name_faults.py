"""Faults about names and purposes: what a certificate lacks, and what a zone looks for instead."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pkikit.fleet.made.broken import (
    Broken,
    Fault,
    as_server,
    checks_of,
    lacking,
    pick,
    wanting_client_auth,
)
from pkikit.fleet.made.customer import Customer
from pkikit.fleet.made.deployment_shapes import shaped
from pkikit.fleet.made.workshop import CLIENT, SERVER
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind, Role
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, SERVER_AUTH_MISSING
from pkikit.rules.chain_rules import SWAPPED
from pkikit.rules.name_rules import (
    CHAT_ALIAS,
    CLUSTER,
    IP_ADDRESS_USED,
    JOIN_URL,
    PEER,
    PROFILE,
    REFERENCE,
    REGISTRATION,
    WILDCARD_UNSUPPORTED,
)
from pkikit.rules.rule import Rule


def _without(made: Customer, machine: str | None, name: str, rule: Rule) -> Broken | None:
    """Take one name out of a machine's certificates."""
    if machine is None:
        return None
    kept = tuple(n for n in made.shown[machine, "cert.pem"].names if n != name)
    made.change(machine, names=kept)
    return Broken(machine=machine, cause=rule, which=lacking(machine, kept))


def _looked_for(name: str) -> Any:
    """Return, for a machine, a filter for connections on which only this name counts."""
    return lambda machine: lambda leg: any(check.any_of == (name,) for check in checks_of(leg, machine))


def _peer_name(role: Role) -> Any:
    def make(made: Customer) -> Broken | None:
        peers = [p for p in made.shape.deployment.peers_of(role) if made.shape.deployment.cluster_of(p).fqdn]  # type: ignore[union-attr]
        machine = pick(made, lambda peer: _looked_for(peer)(peer), peers)
        return _without(made, machine, machine or "", PEER)

    return make


def _cluster_name(made: Customer) -> Broken | None:
    core = next(c for c in made.shape.deployment.clusters if c.role is Role.EXPRESSWAY_C)
    if core.fqdn is None or len(core.peers) == 1:
        return None
    return _without(made, pick(made, _looked_for(core.fqdn), core.peers), core.fqdn, CLUSTER)


def _registration_domain(made: Customer) -> Broken | None:
    domains = made.shape.deployment.domains
    fitting = [d for d in domains.registration if d not in domains.federation]
    if not fitting:
        return None
    domain = made.choose.choice(fitting)
    edge = made.shape.deployment.peers_of(Role.EXPRESSWAY_E)
    return _without(made, pick(made, _looked_for(domain), edge), domain, REGISTRATION)


def _profile(made: Customer) -> Broken | None:
    profiles = [p for cm in made.shape.deployment.unified_cm for p in cm.security_profiles]
    if not profiles:
        return None
    core = made.shape.deployment.peers_of(Role.EXPRESSWAY_C)
    return _without(made, pick(made, _looked_for(profiles[0]), core), profiles[0], PROFILE)


def _chat_alias(made: Customer) -> Broken | None:
    edge = made.shape.deployment.peers_of(Role.EXPRESSWAY_E)
    alias = next(iter(made.shape.deployment.chat_aliases), "")
    return _without(made, pick(made, _looked_for(alias), edge), alias, CHAT_ALIAS) if alias else None


def _join_host(made: Customer) -> Broken | None:
    edge = made.shape.deployment.peers_of(Role.EXPRESSWAY_E)
    host = next((m.join_host for m in made.shape.deployment.meeting_servers), "")
    return _without(made, pick(made, _looked_for(host), edge), host, JOIN_URL) if host else None


def _partner_name(made: Customer) -> Broken | None:
    partners = [m for m in made.machines if m.startswith("sip.") and m.endswith("-partner.test")]
    machine = pick(made, lambda partner: _looked_for(partner)(partner), partners)
    if machine is None:
        return None
    names = (machine.replace("sip.", "edge.", 1),)
    made.change(machine, names=names, common_name=names[0])
    return Broken(machine=machine, cause=REFERENCE, which=lacking(machine, names))


def _wildcard(made: Customer) -> Broken | None:
    deployment = made.shape.deployment
    if len(deployment.domains.registration) > 1 or deployment.federation or deployment.meeting_servers:
        return None
    machine = pick(made, lambda peer: _looked_for(peer)(peer), deployment.peers_of(Role.EXPRESSWAY_E))
    if machine is None:
        return None
    domain = machine.partition(".")[2]
    names = (f"*.{domain}", domain)
    made.change(machine, names=names, common_name=names[0])
    return Broken(machine=machine, cause=WILDCARD_UNSUPPORTED, which=lacking(machine, names))


def _swapped(made: Customer) -> Broken | None:
    clusters = [c for c in made.shape.deployment.clusters if len(c.peers) > 1]
    if not clusters:
        return None
    left, right = made.choose.sample(made.choose.choice(clusters).peers, 2)
    files = [file for machine, file in made.shown if machine == left]
    for file in files:
        made.shown[left, file], made.shown[right, file] = made.shown[right, file], made.shown[left, file]
    halves = [lacking(m, made.shown[m, "cert.pem"].names) for m in (left, right)]
    return Broken(machine=left, cause=SWAPPED, which=lambda leg: any(half(leg) for half in halves))


def _server_auth_only(made: Customer) -> Broken | None:
    wanting = wanting_client_auth(made)
    machine = pick(made, wanting)
    if machine is None:
        return None
    made.change(machine, purposes=(SERVER,))
    return Broken(machine=machine, cause=CLIENT_AUTH_MISSING, which=wanting(machine))


def _client_auth_only(made: Customer) -> Broken | None:
    machine = pick(made, as_server)
    if machine is None:
        return None
    made.change(machine, purposes=(CLIENT,))
    return Broken(machine=machine, cause=SERVER_AUTH_MISSING, which=as_server(machine))


def _subject_name(made: Customer) -> Broken | None:
    document, other = deepcopy(made.shape.document), f"other.{made.shape.deployment.peers[0].partition('.')[2]}"
    document["zones"][0]["tls_verify_subject_name"] = other
    made.shape = shaped(made.shape.folder, document, made.shape.issuers)
    group = document["zones"][0]["name"]

    def zone(leg: Leg) -> bool:
        return leg.kind in {LegKind.ZONE, LegKind.MRA_REGISTRATION} and leg.group == group

    return Broken(machine=made.shape.deployment.peers_of(Role.EXPRESSWAY_E)[0], cause=REFERENCE, which=zone)


def _ip_address(made: Customer) -> Broken | None:
    document, edge = deepcopy(made.shape.document), made.shape.deployment.peers_of(Role.EXPRESSWAY_E)
    number, machine = made.choose.choice(list(enumerate(edge)))
    address = f"192.0.2.{11 + number}"
    document["addresses"] = {machine: address}
    document["zones"][0]["peer_addresses"][number] = address
    made.shape = shaped(made.shape.folder, document, made.shape.issuers)
    names = made.shown[machine, "cert.pem"].names
    return Broken(machine=machine, cause=IP_ADDRESS_USED, which=lacking(machine, names))


NAME_FAULTS = (
    Fault(name="peer-name-missing-on-c", says="The certificate of a C peer lacks its own FQDN.",
          make=_peer_name(Role.EXPRESSWAY_C)),
    Fault(name="peer-name-missing-on-e", says="The certificate of an E peer lacks its own FQDN.",
          make=_peer_name(Role.EXPRESSWAY_E)),
    Fault(name="cluster-name-missing-on-c", says="The certificate of a C peer lacks the name of its cluster.",
          make=_cluster_name),
    Fault(name="registration-domain-missing", says="The certificate of an E peer lacks a registration domain.",
          make=_registration_domain),
    Fault(name="security-profile-missing", says="The certificate of a C peer lacks a phone security profile.",
          make=_profile),
    Fault(name="chat-alias-missing", says="The certificate of an E peer lacks a chat node alias.", make=_chat_alias),
    Fault(name="join-host-missing", says="The certificate of an E peer lacks the host of the Join URL.", make=_join_host),
    Fault(name="partner-has-another-name", says="The partner's certificate has another name.", make=_partner_name),
    Fault(name="wildcard", says="An E peer has a wildcard certificate.", make=_wildcard),
    Fault(name="swapped", says="Two peers of a cluster have each other's certificate and key.", make=_swapped),
    Fault(name="server-auth-only", says="A certificate has serverAuth and lacks clientAuth.", make=_server_auth_only),
    Fault(name="client-auth-only", says="A certificate has clientAuth and lacks serverAuth.", make=_client_auth_only),
    Fault(name="verify-subject-name-differs", says="The traversal zone looks for a name that no C peer has.",
          make=_subject_name),
    Fault(name="ip-address-in-the-zone", says="The traversal zone dials an IP address.", make=_ip_address),
)  # fmt: skip
