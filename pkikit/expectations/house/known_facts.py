"""The facts of what a world has. What nobody gave is None, and so is what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.expectations.house.fact_list import KEYS, NO_ROLE, OTHER_KEY, Value
from pkikit.expectations.house.house_rule import Thing
from pkikit.expectations.promised_certificates import CURVES, lifetime_days
from pkikit.expectations.promised_connections import is_mutual
from pkikit.expectations.scope import HeldCertificate, certificates_at
from pkikit.judge.checks.certificate_checks import allows
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.certificates.certificate_facts import facts_of
from pkikit.model.certificates.facts import (
    crl_urls,
    extension,
    is_self_signed,
    is_unreadable,
    key_kind,
    ocsp_urls,
    oid_name,
    presented_names,
    unreadable_dates,
)
from pkikit.model.certificates.public_key import digest_name
from pkikit.model.deployment import Deployment
from pkikit.model.world import World
from pkikit.view.short_names import ShortNames

_DAY = timedelta(days=1)
_Known = dict[str, Value | None]


def machine_facts(deployment: Deployment, fqdn: str, prefix: str = "") -> _Known:
    """Return what is known about a machine of a deployment; `prefix` is `client` or `server` for the ends of a connection."""
    name = f"{prefix}_" if prefix else ""
    cluster = deployment.cluster_of(fqdn)
    return {
        prefix or "machine": fqdn,
        f"{name}role": cluster.role.value if cluster else NO_ROLE,
        f"{name}cluster": cluster.name if cluster else "",
        f"{name}machine_kind": deployment.group_of(fqdn).kind.value,
    }


def certificate_facts(certificate: x509.Certificate, at: datetime, *, chain_length: int) -> _Known:
    """Return what a certificate says.

    Args:
        certificate: the leaf.
        at: the time.
        chain_length: how many certificates are in its file.

    Returns:
        Every fact of a certificate, without those of its machine.
    """
    names = presented_names(certificate)
    return {
        "subject": format_name(certificate.subject),
        "common_name": common_name(certificate.subject) or "",
        "issuer": common_name(certificate.issuer) or format_name(certificate.issuer),
        **_name_facts(certificate),
        "wildcard": bool(names.wildcards) or names.common_name.startswith("*") or _has_star(names.common_names),
        **_key_facts(certificate),
        "digest": digest_name(certificate),
        "self_signed": is_self_signed(certificate),
        "public_ca": is_public(certificate),
        **_date_facts(certificate, at),
        **_purpose_facts(certificate),
        "crl_urls": crl_urls(certificate),
        "ocsp_urls": ocsp_urls(certificate),
        "chain_length": chain_length,
    }


def _has_star(names: Sequence[str]) -> bool:
    return any(name.startswith("*.") for name in names)


def _name_facts(certificate: x509.Certificate) -> _Known:
    if is_unreadable(certificate, x509.SubjectAlternativeName):
        return {"names": None, "name_count": None}
    names = presented_names(certificate).all_names
    return {"names": names, "name_count": len(names)}


def _key_facts(certificate: x509.Certificate) -> _Known:
    kind, bits = key_kind(certificate)
    if kind == "unreadable":
        return {"key": None, "key_bits": None, "curve": None}
    curve = CURVES.get(bits, f"{bits} bits") if kind == "EC" else ""
    return {"key": kind if kind in KEYS else OTHER_KEY, "key_bits": bits or None, "curve": curve}


def _date_facts(certificate: x509.Certificate, at: datetime) -> _Known:
    if unreadable_dates(certificate):
        return dict.fromkeys(("lifetime_days", "days_left", "begins", "ends"))
    facts = facts_of(certificate)
    return {
        "lifetime_days": lifetime_days(certificate),
        "days_left": (facts.ends - at) // _DAY,
        "begins": facts.begins.date(),
        "ends": facts.ends.date(),
    }


def _purpose_facts(certificate: x509.Certificate) -> _Known:
    if is_unreadable(certificate, x509.ExtendedKeyUsage):
        return dict.fromkeys(("server_auth", "client_auth", "purposes"))
    usage = extension(certificate, x509.ExtendedKeyUsage) or ()
    return {
        "server_auth": allows(certificate, ExtendedKeyUsageOID.SERVER_AUTH),
        "client_auth": allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH),
        "purposes": tuple(oid_name(oid) for oid in usage),
    }


def certificate_things(world: World, at: datetime, *, partial: bool) -> Iterator[Thing]:
    """Yield every certificate of every machine; one that nobody gave has the facts of its machine only."""
    for fqdn in world.deployment.parties:
        for held in certificates_at(world, fqdn, partial=partial):
            facts = machine_facts(world.deployment, fqdn) | {"store": held.store} | _facts_of_held(held, at)
            yield Thing(title=held.title, where=fqdn, facts=facts)


def _facts_of_held(held: HeldCertificate, at: datetime) -> _Known:
    if held.certificate is None:
        return {}
    return certificate_facts(held.certificate, at, chain_length=1 + len(held.chain))


def connection_things(
    deployment: Deployment, verdicts: Sequence[LegVerdict], seen: Mapping[str, State]
) -> Iterator[Thing]:
    """Yield every connection; `seen` are states that handshakes have shown, by id."""
    names = ShortNames(verdict.leg for verdict in verdicts)
    for verdict in verdicts:
        leg = verdict.leg
        state = seen.get(leg.id, verdict.state)
        facts: _Known = {
            "id": leg.id,
            "kind": leg.kind.value,
            "zone": leg.zone or "",
            **machine_facts(deployment, leg.client, "client"),
            **machine_facts(deployment, leg.server, "server"),
            "protocol": leg.protocol.value,
            "port": leg.port,
            "reference_name": leg.reference_name,
            "mutual": is_mutual(leg),
            "verified": leg.client_verifies and not leg.permissive,
            "state": None if state is State.NOT_ASSESSED else state.value,
            "causes": None if state is State.NOT_ASSESSED else verdict.causes,
        }
        yield Thing(title=names.connection(leg), where=leg.id, facts=facts)


def list_things(world: World, at: datetime, *, partial: bool) -> Iterator[Thing]:
    """Yield every trusted CA list; of one that nobody gave, only whose it is."""
    for fqdn in world.deployment.parties:
        for name, listed in world.lists_of(fqdn).items():
            facts = machine_facts(world.deployment, fqdn) | {"list": name}
            if listed or not partial:
                facts |= {
                    "size": len(listed),
                    "subjects": tuple(common_name(c.subject) or format_name(c.subject) for c in listed),
                    "intermediates": sum(not is_self_signed(c) for c in listed),
                    "ended": sum(facts_of(c).ends < at for c in listed),
                }
            yield Thing(title=f"{name or 'trusted CA list'} of {fqdn}", where=fqdn, facts=facts)


def deployment_thing(deployment: Deployment) -> Thing:
    """Return the deployment with its settings."""
    domains = deployment.domains
    off = [zone.name for zone in deployment.zones if zone.leaves_unverified]
    off += [group.unverified for group in deployment.groups if group.unverified]
    facts: _Known = {
        "name": deployment.name,
        "version": str(deployment.product_version),
        "mra": deployment.mra,
        "federation": deployment.federation,
        "clusters": tuple(cluster.name for cluster in deployment.clusters),
        "peers": deployment.peers,
        "zones": tuple(zone.name for zone in deployment.zones),
        "domains": tuple(dict.fromkeys((*domains.registration, *domains.sip, *domains.federation))),
        "unverified": tuple(off),
        "permissive": tuple(c.name for c in deployment.clusters if c.cluster_tls == "permissive" and c.peers[1:]),
        "shared": tuple(c.name for c in deployment.clusters if c.certificate == "shared"),
        "revocation_checking": deployment.revocation.checking,
    }
    return Thing(title=f"deployment {deployment.name}", where=deployment.name, facts=facts)
