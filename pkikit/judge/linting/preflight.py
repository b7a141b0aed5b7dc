"""Before an ACME order: what would the CA object to? A decision over facts that somebody else gathered.

Sources: X12.5 guide, "Using ACME on Expressway-E"; RFC 8555 §8.3 (http-01); RFC 8659 and RFC 8657 (CAA); Let's Encrypt, "Rate
Limits" and "Profiles". Expressway orders only with Let's Encrypt's classic profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import format_time, is_issued_by
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence, Finding, Verdict
from pkikit.model.parties import Role
from pkikit.model.tables.features import ACME
from pkikit.model.tables.public_cas import EXPRESSWAY_PROFILE, LETS_ENCRYPT
from pkikit.model.zones import TraversalZone
from pkikit.rules import acme_rules as rules
from pkikit.rules.name_rules import FEDERATION, REGISTRATION, SIP_DOMAIN
from pkikit.text import counted, printable
from pkikit.values.names import is_ip_address
from pkikit.values.public_names import is_internal, why_not_issued

MAX_NAMES = LETS_ENCRYPT[EXPRESSWAY_PROFILE].most_names
MAX_COMMON_NAME = 64
# Why a certificate needs the name of a whole domain.
_DOMAINS = frozenset({REGISTRATION.id, SIP_DOMAIN.id, FEDERATION.id})


@dataclass(frozen=True, kw_only=True)
class CaaRecord:
    """One CAA record: tag `issue` or `issuewild`, value as in DNS (`ca.example; …`)."""

    tag: str
    value: str

    @property
    def allows_http(self) -> bool:
        """True unless `validationmethods` lists methods without http-01 (RFC 8657 §4)."""
        for parameter in self.value.split(";")[1:]:
            key, _, methods = parameter.partition("=")
            if key.strip().lower() == "validationmethods":
                return "http-01" in {method.strip().lower() for method in methods.split(",")}
        return True

    @property
    def authority(self) -> str:
        """The CA's domain; empty when no CA may issue."""
        return self.value.partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class AcmeFacts:
    """What outside looks like. The judge skips keys that are absent: nobody looked them up.

    Attributes:
        authority: the CA's domain in CAA records.
        addresses: public addresses of each name.
        peers: public addresses of the Expressway-E peers, by FQDN.
        port_80: for each address an empty string when port 80 answers, else the error.
        caa: the records that apply to each name.
        caa_unknown: for each name whose CAA lookup failed, the reason; a CA then refuses (RFC 8659 §3).
        names_left: how many names the CA accepts in one order, if known; it lowers our own limit.
        certificates_left: how many certificates the CA still issues for exactly these names, if known.
    """

    authority: str
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)
    port_80: Mapping[str, str] = field(default_factory=dict)
    caa: Mapping[str, tuple[CaaRecord, ...]] = field(default_factory=dict)
    caa_unknown: Mapping[str, str] = field(default_factory=dict)
    names_left: int | None = None
    certificates_left: int | None = None


def preflight(layout: SanLayout, facts: AcmeFacts) -> Verdict:
    """Judge everything that the CA would object to, name by name."""
    names = tuple(dict.fromkeys((layout.common_name, *layout.dns_names)))
    owner = layout.owner
    return Verdict.of(
        f"would {facts.authority} issue for {owner}?",
        rules.NAME_NOT_PUBLIC.judge(owner, _not_public(names, owner)),
        rules.COMMON_NAME_LONG.judge(owner, _long_common_name(layout)),
        rules.APEX_NAME.judge(owner, _whole_domains(layout)),
        rules.DNS_MISSING.judge(owner, _find_misdirected(names, facts)),
        rules.HTTP_UNREACHABLE.judge(owner, _closed_ports(names, facts)),
        rules.CAA_FORBIDS.judge(owner, _find_forbidden(names, facts)),
        rules.RATE_LIMITED.judge(owner, _beyond_limits(names, facts)),
    )


def refuse_where_there_is_no_acme(deployment: Deployment, peer: str) -> None:
    """Refuse a peer that cannot have ACME.

    Args:
        deployment: the deployment.
        peer: the FQDN of one of its peers.

    Raises:
        InputError: the peer is an Expressway-C, its version is too old, or Jabber Guest is in use.
    """
    if deployment.role_of(peer) is not Role.EXPRESSWAY_E:
        raise InputError(
            f"{peer} is not an Expressway-E: the CA cannot reach an Expressway-C, so only Expressway-E has ACME"
        )
    if not deployment.product_version.has(ACME):
        raise InputError(f"{deployment.version} has no ACME: Expressway has it from {ACME.first} on")
    if deployment.jabber_guest:
        raise InputError("ACME is not supported together with Jabber Guest")


def _not_public(names: tuple[str, ...], owner: str) -> Iterator[Evidence]:
    for name in names:
        if is_ip_address(name):
            why = "an IP address"
        elif name.startswith("*."):
            why = "a wildcard, which http-01 cannot prove"
        else:
            why = why_not_issued(name)
        if why:
            says = f"A public CA does not issue for {name}: it is {why}."
            yield Evidence(label=name, expected="a public name", seen=why, where=owner, says=says)


def _long_common_name(layout: SanLayout) -> Iterator[Evidence]:
    if len(layout.common_name) > MAX_COMMON_NAME:
        expected, seen = f"at most {MAX_COMMON_NAME}", f"{len(layout.common_name)} characters"
        says = f"The common name {layout.common_name} has {seen}; the limit is {MAX_COMMON_NAME}."
        yield Evidence(label=layout.common_name, expected=expected, seen=seen, where=layout.owner, says=says)


def _whole_domains(layout: SanLayout) -> Iterator[Evidence]:
    for entry in layout.entries:
        if entry.rule in _DOMAINS and not is_internal(entry.value) and not entry.value.startswith("collab-edge."):
            says = f"{entry.value} is a bare domain; its A record must point to the Expressway-E peers."
            yield Evidence(
                label=entry.value, expected="leads to E", seen="a whole domain", where=layout.owner, says=says
            )


def _find_misdirected(names: tuple[str, ...], facts: AcmeFacts) -> Iterator[Evidence]:
    """Yield evidence for names that do not resolve, or that resolve to other machines than the peers."""
    peers = set(facts.peers.values())
    for name in names:
        if name not in facts.addresses:
            continue
        found = set(facts.addresses[name])
        if not found:
            says = f"{name} has no address in public DNS."
            yield Evidence(label=name, expected="an address", seen="none", where="public DNS", says=says)
        elif peers and not found <= peers:
            strange = ", ".join(sorted(found - peers))
            says = f"{name} resolves to {strange} in public DNS, which is not an Expressway-E peer."
            yield Evidence(label=name, expected="a peer of E", seen=strange, where="public DNS", says=says)


def _closed_ports(names: tuple[str, ...], facts: AcmeFacts) -> Iterator[Evidence]:
    """Judge the addresses that the names resolve to; without lookups, every address that was dialled."""
    reached = {a for name in names for a in facts.addresses.get(name, ())}
    peers = set(facts.peers.values())
    for address, error in facts.port_80.items():
        if error and (not reached or address in reached) and (not peers or address in peers):
            who = next((fqdn for fqdn, of_peer in facts.peers.items() if of_peer == address), address)
            says = f"Port 80 of {who} ({address}) does not answer: {error}."
            yield Evidence(label=f"port 80 of {who}", expected="open", seen=error, where=address, says=says)


def _find_forbidden(names: tuple[str, ...], facts: AcmeFacts) -> Iterator[Evidence]:
    for name in names:
        if name in facts.caa_unknown:
            seen = printable(facts.caa_unknown[name])
            says = f"DNS did not answer about the CAA records of {name}: {seen}."
            yield Evidence(label=name, expected="an answer about CAA", seen=seen, where="DNS", says=says)
        records = [record for record in facts.caa.get(name, ()) if record.tag.lower() == "issue"]
        allowed = [record for record in records if record.authority == facts.authority]
        if records and not allowed:
            seen = ", ".join(record.authority or "nobody" for record in records)
            says = f"The CAA records of {name} allow {seen}, not {facts.authority}."
            yield Evidence(label=name, expected=facts.authority, seen=seen, where="CAA records", says=says)
        elif records and not any(record.allows_http for record in allowed):
            seen = allowed[0].value[:200]
            says = f"The CAA records of {name} do not allow the method http-01: {seen}."
            yield Evidence(label=name, expected="http-01 allowed", seen=seen, where="CAA records", says=says)


def _beyond_limits(names: tuple[str, ...], facts: AcmeFacts) -> Iterator[Evidence]:
    if facts.certificates_left == 0:
        seen = "none left for exactly these names"
        says = f"{facts.authority} issues no more certificates for exactly these names at the moment (rate limit)."
        yield Evidence(label="certificates", expected="at least one left", seen=seen, where=facts.authority, says=says)
    limit = MAX_NAMES if facts.names_left is None else min(MAX_NAMES, facts.names_left)
    if len(names) > limit:
        expected, seen = f"at most {limit}", str(len(names))
        says = f"The order has {counted(len(names), 'name')}; {facts.authority} allows {expected}."
        yield Evidence(label="names in the order", expected=expected, seen=seen, where=facts.authority, says=says)


def pending_not_deployed(
    current: x509.Certificate, pending: x509.Certificate | None, *, owner: str, at: datetime
) -> tuple[Finding, ...]:
    """Find a signed certificate that waits while the one in use has expired."""
    if pending is None or at <= current.not_valid_after_utc:
        return ()
    evidence = Evidence(
        label="certificate in use",
        expected=f"the pending one, valid until {format_time(pending.not_valid_after_utc)}",
        seen=f"expired at {format_time(current.not_valid_after_utc)}",
        where=owner,
        says=f"The certificate in use on {owner} expired at {format_time(current.not_valid_after_utc)}. The pending one is "
        f"signed and valid until {format_time(pending.not_valid_after_utc)}, but not deployed.",
    )
    return (rules.PENDING.finding(owner, [evidence]),)


def missing_from_lists(
    chain: Sequence[x509.Certificate], lists: Mapping[str, Sequence[x509.Certificate]], *, owner: str
) -> Verdict:
    """Find the machines whose trusted CA list lacks the root or an intermediate of a signed certificate.

    Args:
        chain: the certificate, then its intermediates.
        lists: the trusted CA list of each machine that should have them, by FQDN.
        owner: the peer that the certificate is for.

    Returns:
        The verdict, with evidence for each machine and each certificate that is missing.
    """
    missing = [
        ("intermediate", certificate.subject, fqdn)
        for fqdn, trusted in lists.items()
        for certificate in chain[1:]
        if certificate not in trusted and certificate.subject != certificate.issuer
    ]
    missing += [
        ("root", chain[-1].issuer, fqdn)
        for fqdn, trusted in lists.items()
        if not any(is_issued_by(chain[-1], root) for root in trusted if root.subject == root.issuer)
    ]
    evidence = [
        Evidence(
            label=what,
            expected=format_name(name),
            seen="missing",
            where=fqdn,
            says=f"The trusted CA list of {fqdn} does not have {format_name(name)} ({what}).",
        )
        for what, name, fqdn in missing
    ]
    answer = rules.CA_NOT_IN_LISTS.judge(owner, evidence)
    return Verdict.of(f"who trusts the CA of {owner}'s certificate?", answer)


def trusting_peers(deployment: Deployment, peer: str) -> tuple[str, ...]:
    """Return the peers whose lists need the CA of an Expressway-E: its own cluster, and the C that traverses to it."""
    cluster = deployment.cluster_of(peer)
    if cluster is None:
        return ()
    zones = [zone for zone in deployment.zones if isinstance(zone, TraversalZone) and zone.server == cluster.name]
    names = {cluster.name, *(zone.client for zone in zones)}
    return tuple(fqdn for held in deployment.clusters if held.name in names for fqdn in held.peers)


_PROBLEM_RULES = {
    "connection": rules.HTTP_UNREACHABLE,
    "unauthorized": rules.HTTP_UNREACHABLE,
    "dns": rules.DNS_MISSING,
    "caa": rules.CAA_FORBIDS,
    "rejectedIdentifier": rules.NAME_NOT_PUBLIC,
    "rateLimited": rules.RATE_LIMITED,
}


def problem_findings(
    problem_type: str, detail: str, subproblems: Iterable[tuple[str, str]], *, owner: str
) -> tuple[Finding, ...]:
    """Return the findings for an RFC 8555 problem document; empty for a type without a rule.

    problem_type: the URN, or its last part. subproblems: (name, detail) of each.
    """
    rule = _PROBLEM_RULES.get(problem_type.rpartition(":")[2])
    details = list(subproblems) or [("the order", detail)]
    # A CA that finds no address reports a failed connection, with the resolver's message (Pebble; RFC 8555 §6.7).
    if rule is rules.HTTP_UNREACHABLE and any(_is_about_dns(text) for _, text in details):
        rule = rules.DNS_MISSING
    if rule is None:
        return ()
    evidence = [Evidence(label=name, expected="proved", seen=text, where=owner) for name, text in details]
    return (rule.finding(owner, evidence),)


def _is_about_dns(text: str) -> bool:
    return any(
        word in text.lower() for word in ("no such host", "nxdomain", "could not resolve", "no valid ip addresses")
    )
