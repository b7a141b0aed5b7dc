"""The same question for a whole leg, beforehand: does each side accept what the other presents, and if not, why?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge import rules
from pkikit.judge.diagnose import rank_causes
from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import finding, rule_of
from pkikit.judge.rules.certificate_rules import after_2050, digest_evidence, eku_critical, name_oids, weak_key
from pkikit.judge.rules.form_rules import unusable_names
from pkikit.judge.trust import chain_to_present
from pkikit.judge.verify import Refine, verify_certificate
from pkikit.model.certificates.credential import spki
from pkikit.model.certificates.facts import is_self_signed, key_of, title
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence, Finding, Severity, Verdict, merge_verdicts
from pkikit.model.leg import Leg, NameCheck, Purpose
from pkikit.model.parties import Cluster
from pkikit.model.trace import Side
from pkikit.model.version import ProductVersion
from pkikit.model.world import Party, Speaks, World


@dataclass(frozen=True, kw_only=True)
class LegVerdict:
    """What each side of a leg decides about the other. A side that verifies nothing has checked nothing."""

    leg: Leg
    by_client: Verdict
    by_server: Verdict

    @property
    def accepted(self) -> bool:
        """Both sides say yes."""
        return self.by_client.accepted and self.by_server.accepted

    @property
    def rejected_by(self) -> Side | None:
        """The client speaks first: it sees the server's certificate before it shows its own."""
        if not self.by_client.accepted:
            return Side.CLIENT
        return None if self.by_server.accepted else Side.SERVER

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of both sides, each once."""
        return tuple(dict.fromkeys((*self.by_client.findings, *self.by_server.findings)))

    @property
    def causes(self) -> tuple[str, ...]:
        """Rule ids of the errors, the one to mend first in front."""
        return rank_causes(self.findings)


def judge_leg(leg: Leg, world: World, at: datetime) -> LegVerdict:
    """Judge one leg; `at` is the lab's time, each side judges by its own clock."""
    led = world.points.get(leg.server if leg.discovered_by else leg.reference_name, ())
    if led and leg.server not in led:
        leg = replace(leg, server=led[0])  # DNS leads to another machine, whose certificate is met
    server = world.parties[leg.server].as_server(leg.port, leg.reference_name)
    client = world.parties[leg.client].as_client(leg.port)
    nothing = Verdict(question="nothing is verified")
    before = judge_connection(leg, world)
    if not before.accepted:
        return LegVerdict(leg=leg, by_client=before, by_server=nothing)
    unusable = judge_own_credential(server, world)
    if not unusable.accepted:
        return LegVerdict(leg=leg, by_client=nothing, by_server=unusable)
    by_client = by_server = nothing
    if leg.client_verifies:
        by_client = _judge_side(leg, world, at, verifier=client, presenter=server, purpose=Purpose.SERVER)
    if leg.mutual:
        own = judge_own_credential(client, world)
        by_server = (
            own
            if not own.accepted
            else _judge_side(leg, world, at, verifier=server, presenter=client, purpose=Purpose.CLIENT)
        )
    return LegVerdict(leg=leg, by_client=by_client, by_server=by_server)


def judge_connection(leg: Leg, world: World) -> Verdict:
    """Before any certificate: does the server answer, and do both speak a common TLS?"""
    client, server = world.parties[leg.client], world.parties[leg.server]
    either = {client.speaks, server.speaks}
    dialled = (leg.discovered_by, leg.server) if leg.discovered_by else (leg.reference_name,)
    lacking = [name for name in dialled if name in world.unresolved]
    rule_id, expected, seen = "", "", ""
    if lacking:
        rule_id, expected, seen = rules.connection_rules.UNRESOLVED, "an address", f"DNS has no {lacking[0]}"
    elif frozenset((leg.client, leg.server)) in world.cut:
        rule_id, expected, seen = rules.connection_rules.UNREACHABLE, "an answer", "no packet passes between them"
    elif (leg.server, leg.port) in world.blocked:
        rule_id, expected, seen = rules.connection_rules.UNREACHABLE, "an answer", "a firewall keeps the port closed"
    elif server.speaks is Speaks.NOTHING:
        rule_id, expected, seen = rules.connection_rules.UNREACHABLE, "an answer", "nothing listens"
    elif Speaks.PLAIN in either:
        rule_id, expected, seen = rules.connection_rules.NOT_TLS, "TLS", "SIP without TLS"
    elif Speaks.TLS_1_0 in either and either != {Speaks.TLS_1_0}:
        rule_id, expected, seen = rules.connection_rules.PROTOCOL, "TLS 1.2 or 1.3 on both sides", "TLS 1.0 alone"
    elif Speaks.NULL_CIPHERS in either and either != {Speaks.NULL_CIPHERS}:
        rule_id, expected, seen = (
            rules.connection_rules.CIPHER,
            "a suite that encrypts",
            "suites without encryption alone",
        )
    who = server.fqdn if server.speaks is not Speaks.TLS else client.fqdn
    evidence = Evidence(label=f"{who}, port {leg.port}", expected=expected, seen=seen, where=who)
    return Verdict(
        question=f"can {leg.client} talk TLS with {leg.server}?",
        findings=(finding(rule_id, who, [evidence]),) if rule_id else (),
        checked=(
            rules.connection_rules.UNRESOLVED,
            rules.connection_rules.UNREACHABLE,
            rules.connection_rules.NOT_TLS,
            rules.connection_rules.PROTOCOL,
            rules.connection_rules.CIPHER,
        ),
    )


def judge_all_legs(world: World, at: datetime) -> tuple[LegVerdict, ...]:
    """Every leg of the world's deployment."""
    return tuple(judge_leg(leg, world, at) for leg in legs_of(world.deployment))


def _judge_side(
    leg: Leg, world: World, at: datetime, *, verifier: Party, presenter: Party, purpose: Purpose
) -> Verdict:
    question = f"does {verifier.fqdn} accept {presenter.fqdn} as TLS {purpose.value} on {leg.id}?"
    if presenter.credential is None:
        raise ValueError(f"{presenter.fqdn} has no credential to present on {leg.id}")
    sent = chain_to_present(presenter.credential.chain, presenter.trusted_ca_list, world.clock_of(presenter.fqdn, at))
    checks = leg.server_name_checks if purpose is Purpose.SERVER else leg.client_name_checks
    verdict = verify_certificate(
        sent[0],
        sent=sent[1:],
        trusted_ca_list=verifier.trusted_ca_list,
        purpose=purpose,
        at=world.clock_of(verifier.fqdn, at),
        name_checks=checks,
        refine=refine_for(world.deployment, presenter.fqdn, sent[0]),
        known=world.known_certificates,
        revocation=world.revocation_of(verifier.fqdn, leg.consumer),
        clock_offset=verifier.clock_offset,
        question=question,
        verifier=verifier.fqdn,
        presenter=presenter.fqdn,
        verifier_is_expressway=verifier.fqdn in world.deployment.peers,
    )
    further = [judge_form(sent, world.deployment.product_version)]
    if leg.tunnel:
        further.append(judge_tunnel(sent[0]))
    return merge_verdicts(question, [verdict, *further])


@lru_cache(maxsize=1024)
def judge_form(sent: tuple[x509.Certificate, ...], version: ProductVersion) -> Verdict:
    """What no handshake refuses today, and what will hurt later: warnings about the certificates that a party shows."""
    shown = [c for i, c in enumerate(sent) if i == 0 or not is_self_signed(c)]
    findings = []
    for rule_id, find, looked_at in (
        ("validity.after-2050", after_2050, shown),
        ("eku.critical", eku_critical, shown[:1]),
        ("names.unusable", unusable_names, shown[:1]),
    ):
        for certificate in looked_at:
            # None of these rules reads the instant, so none is asked for.
            use = CertificateUse(at=certificate.not_valid_before_utc, version=version)
            if evidence := tuple(find(certificate, use)):
                findings.append(finding(rule_id, title(certificate), evidence, severity=Severity.WARNING))
    checked = ("validity.after-2050", "eku.critical", "names.unusable")
    return Verdict(question="is anything about the certificates unwise?", findings=tuple(findings), checked=checked)


@lru_cache(maxsize=1024)
def judge_tunnel(leaf: x509.Certificate) -> Verdict:
    """Can the SSH tunnel beside a UC traversal zone read the certificate? (guide, appendix 1)"""
    evidence = tuple(name_oids(leaf))
    return Verdict(
        question="can the SSH tunnel read it?",
        findings=(finding("oid.unsupported", title(leaf), evidence),) if evidence else (),
        checked=("oid.unsupported",),
    )


def judge_own_credential(party: Party, world: World) -> Verdict:
    """Can this party present its certificate at all: does the key belong to it, does its TLS stack load it?"""
    credential = party.credential
    question = f"can {party.fqdn} use its own server certificate?"
    checked = (
        rules.chain_rules.KEY_MISMATCH,
        rules.chain_rules.SWAPPED,
        "key.too-short",
        "signature.digest-unsupported",
    )
    if credential is None or credential.key is None:
        return Verdict(question=question)
    findings: list[Finding] = []
    subject = title(credential.leaf)
    if not credential.key_matches:
        other = _whose_key(party, world)
        evidence = [
            Evidence(
                label=f"public key of {subject}",
                expected=f"that of {party.fqdn}'s private key",
                seen=f"that of {other}'s private key" if other else "another",
                where=party.fqdn,
            )
        ]
        named = _other_peer_named(party.fqdn, credential.leaf, world.deployment.cluster_of(party.fqdn))
        if other or named:
            findings.append(finding(rules.chain_rules.SWAPPED, subject, evidence))
        findings.append(finding(rules.chain_rules.KEY_MISMATCH, subject, evidence))
    for rule_id, weak in (
        ("key.too-short", tuple(weak_key(credential.leaf))),
        ("signature.digest-unsupported", tuple(e for c in credential.chain for e in digest_evidence(c))),
    ):
        if weak:
            findings.append(finding(rule_id, subject, weak))
    return Verdict(question=question, findings=tuple(findings), checked=checked)


def _whose_key(party: Party, world: World) -> str | None:
    cluster = world.deployment.cluster_of(party.fqdn)
    if cluster is None or party.credential is None:
        return None
    wanted = key_of(party.credential.leaf)
    for peer in cluster.peers:
        other = world.parties[peer].credential
        if (
            peer != party.fqdn
            and other is not None
            and other.key is not None
            and spki(other.key.public_key()) == wanted
        ):
            return peer
    return None


def _other_peer_named(fqdn: str, leaf: x509.Certificate, cluster: Cluster | None) -> str | None:
    """The peer of the same cluster that the certificate names instead of its holder."""
    if cluster is None or cluster.certificate == "shared":
        return None
    identities = presented_names(leaf).identities
    if fqdn in identities:
        return None
    return next((peer for peer in cluster.peers if peer in identities), None)


def refine_for(deployment: Deployment, presenter: str, leaf: x509.Certificate) -> Refine:
    """Says of a missing name whose it is, and whether the certificate is another peer's."""

    def refined(found: Finding, check: NameCheck) -> Finding:
        if found.rule != rules.name_rules.REFERENCE:
            return found
        named = _other_peer_named(presenter, leaf, deployment.cluster_of(presenter))
        if named and presenter in check.any_of:
            swapped = Evidence(label="certificate of", expected=presenter, seen=named, where=presenter)
            return finding(rules.chain_rules.SWAPPED, found.subject, (*found.evidence, swapped))
        rule_id = missing_name_rule(deployment, presenter, check.any_of)
        return replace(found, rule=rule_id, fix=rule_of(rule_id).fix)

    return refined


def _names_of_peer(deployment: Deployment, fqdn: str) -> set[str]:
    return {fqdn, *(name for name, owner in deployment.peer_aliases.items() if owner == fqdn)}


def missing_name_rule(deployment: Deployment, presenter: str, wanted: Iterable[str]) -> str:
    """The rule of the `names` area that speaks when `presenter`'s certificate holds none of the names wanted."""
    names = tuple(wanted)
    cluster = deployment.cluster_of(presenter)
    of_groups = tuple(w for group in deployment.groups for w in group.wants) if cluster else ()
    registration = set(deployment.domains.registration)
    choices: Sequence[tuple[set[str], str]] = (
        (_names_of_peer(deployment, presenter) if cluster else set(), rules.name_rules.PEER),
        ({cluster.fqdn} if cluster and cluster.fqdn else set(), rules.name_rules.CLUSTER),
        *(({w.name}, w.rule) for w in of_groups),
        ({f"collab-edge.{d}" for d in registration} if cluster else set(), rules.name_rules.COLLAB_EDGE),
        (registration if cluster else set(), rules.name_rules.REGISTRATION),
        (set(deployment.domains.federation) if cluster else set(), rules.name_rules.FEDERATION),
        (set(deployment.chat_aliases) if cluster else set(), rules.name_rules.CHAT_ALIAS),
    )
    return next((rule_id for known, rule_id in choices if known & set(names)), rules.name_rules.REFERENCE)
