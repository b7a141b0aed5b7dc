"""Judge a whole connection: does each side accept what the other presents, and if not, why?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.checks.certificate_checks import (
    after_2050,
    digest_evidence,
    eku_critical,
    format_ekus,
    weak_key,
)
from pkikit.judge.checks.check import Check
from pkikit.judge.checks.form_checks import unusable_names
from pkikit.judge.legs.known_parts import Lack, Look, State
from pkikit.judge.legs.stand_ins import stand_ins_of
from pkikit.judge.legs.tunnel_verdict import about_lists, judge_host_name, judge_key_algorithm, judge_ssh_certificate
from pkikit.judge.paths.trust import chain_to_present
from pkikit.judge.questions import CertificateUse
from pkikit.judge.verify import Refine, permit, verify_certificate
from pkikit.model.certificates.credential import spki
from pkikit.model.certificates.facts import is_self_signed, key_of, presented_names, title
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence, Finding, Severity, Verdict, merge_verdicts
from pkikit.model.leg import Leg, NameCheck, Protocol, Purpose
from pkikit.model.parties import Cluster
from pkikit.model.trace import Side
from pkikit.model.version import ProductVersion
from pkikit.model.world import Party, Speaks, World
from pkikit.rules import connection_rules, name_rules
from pkikit.rules.catalogue import rank_causes, rule_of
from pkikit.rules.certificate_rules import (
    AFTER_2050,
    CLIENT_AUTH_MISSING,
    DIGEST_UNSUPPORTED,
    EKU_CRITICAL,
    KEY_TOO_SHORT,
)
from pkikit.rules.chain_rules import KEY_MISMATCH, SWAPPED
from pkikit.rules.name_rules import NAMES_UNUSABLE
from pkikit.rules.rule import Rule


@dataclass(frozen=True, kw_only=True)
class LegVerdict:
    """What each side of a leg decides about the other. A side that verifies nothing has checked nothing.

    stand_ins: machines whose certificate or list the lab made, because nobody brought theirs, and on which this depends.
    looks: the sides that verify and what each lacks, if files are judged of which some may be missing; empty if all is known.
    """

    leg: Leg
    by_client: Verdict
    by_server: Verdict
    stand_ins: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()

    @cached_property
    def lacks(self) -> tuple[Lack, ...]:
        """Everything that is missing for a whole answer, each once."""
        return tuple(dict.fromkeys(lack for look in self.looks for lack in look.lacks))

    @property
    def state(self) -> State:
        """Down if a side refuses; up if both accept and nothing is missing."""
        if not self.accepted:
            return State.DOWN
        return State.NOT_ASSESSED if self.lacks else State.UP

    @property
    def half(self) -> Look | None:
        """The side that has an answer, where the other has none; None if both have one, or neither has."""
        known = [look for look in self.looks if look.accepts is not None]
        return known[0] if len(known) == 1 and len(self.looks) == 2 else None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What a refusal rests on, in sentences; empty if it is certain."""
        return tuple(look.assumes.says(look.presenter) for look in self.looks if look.assumes is not None)

    @property
    def accepted(self) -> bool:
        """True when both sides accept."""
        return self.by_client.accepted and self.by_server.accepted

    @property
    def rejected_by(self) -> Side | None:
        """The side that refuses first: the client sees the server's certificate before it presents its own."""
        if not self.by_client.accepted:
            return Side.CLIENT
        return None if self.by_server.accepted else Side.SERVER

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of both sides, without duplicates."""
        return tuple(dict.fromkeys((*self.by_client.findings, *self.by_server.findings)))

    @property
    def causes(self) -> tuple[str, ...]:
        """Rule ids of the errors; fix the first one first."""
        return rank_causes(self.findings)


def judge_leg(leg: Leg, world: World, at: datetime) -> LegVerdict:
    """Judge one leg; `at` is the lab's time, and each side judges by its own clock."""
    led = world.points.get(leg.server if leg.discovered_by else leg.reference_name, ())
    if led and leg.server not in led:
        leg = replace(leg, server=led[0])  # DNS leads to another machine, which presents its own certificate
    server = world.parties[leg.server].as_server(leg.port, leg.reference_name)
    client = world.parties[leg.client].as_client(leg.port)
    nothing = Verdict(question="nothing is verified")
    before = judge_connection(leg, world)
    if not before.accepted:
        return LegVerdict(leg=leg, by_client=before, by_server=nothing)
    unusable = judge_own_credential(server, world)
    if not unusable.accepted:
        return LegVerdict(leg=leg, by_client=nothing, by_server=unusable)
    if leg.protocol is Protocol.SSH:
        refused = _judge_tunnel_before_keys(leg, server, world)
        if not refused.accepted:
            return LegVerdict(leg=leg, by_client=nothing, by_server=refused)
    by_client = by_server = nothing
    if leg.client_verifies:
        by_client = _judge_side(leg, world, at, verifier=client, presenter=server)
    if leg.mutual:
        own = judge_own_credential(client, world)
        by_server = own if not own.accepted else _judge_side(leg, world, at, verifier=server, presenter=client)
    if leg.permissive:
        by_client, by_server = permit(by_client), permit(by_server)
    made = stand_ins_of(leg, world, client=client, server=server)
    return LegVerdict(leg=leg, by_client=by_client, by_server=by_server, stand_ins=made)


def judge_connection(leg: Leg, world: World) -> Verdict:
    """Judge what comes before any certificate: does the server answer, and do both sides share a TLS version?"""
    client, server = world.parties[leg.client], world.parties[leg.server]
    either = {client.speaks, server.speaks}
    dialled = (leg.discovered_by, leg.server) if leg.discovered_by else (leg.reference_name,)
    lacking = [name for name in dialled if name in world.unresolved]
    broken: tuple[Rule, str, str] | None = None
    if lacking:
        broken = connection_rules.UNRESOLVED, "an address", f"DNS has no {lacking[0]}"
    elif frozenset((leg.client, leg.server)) in world.cut:
        broken = connection_rules.UNREACHABLE, "an answer", "no packet passes between them"
    elif (leg.server, leg.port) in world.blocked:
        broken = connection_rules.UNREACHABLE, "an answer", "a firewall keeps the port closed"
    elif server.speaks is Speaks.NOTHING:
        broken = connection_rules.UNREACHABLE, "an answer", "nothing listens"
    elif leg.protocol is Protocol.SSH:
        pass  # what a party speaks on its other ports says nothing about its SSH
    elif Speaks.PLAIN in either:
        broken = connection_rules.NOT_TLS, "TLS", "SIP without TLS"
    elif Speaks.TLS_1_0 in either and either != {Speaks.TLS_1_0}:
        broken = connection_rules.PROTOCOL, "TLS 1.2 or 1.3 on both sides", "only TLS 1.0"
    elif Speaks.NULL_CIPHERS in either and either != {Speaks.NULL_CIPHERS}:
        broken = connection_rules.CIPHER, "a suite that encrypts", "only suites without encryption"
    # A port that nobody reaches is the server's; a name that does not resolve is the client's trouble.
    silent = broken is not None and broken[0] is connection_rules.UNREACHABLE
    who = server.fqdn if silent or server.speaks is not Speaks.TLS else client.fqdn
    evidence: dict[Rule, Evidence] = {}
    if broken is not None:
        rule, expected, seen = broken
        place = f"port {leg.port} of {server.fqdn}"
        says = {
            connection_rules.UNRESOLVED: f"{leg.client} cannot dial {leg.server}: {seen}.",
            connection_rules.UNREACHABLE: f"{leg.client} cannot reach {place}: {seen}.",
        }.get(rule, f"{who} has {seen} on this connection; the other side needs {expected}.")
        evidence[rule] = Evidence(label=f"{who}, port {leg.port}", expected=expected, seen=seen, where=who, says=says)
    return Verdict.of(
        f"can {leg.client} talk TLS with {leg.server}?",
        *(rule.judge(who, [evidence[rule]] if rule in evidence else []) for rule in _BEFORE_CERTIFICATES),
    )


_BEFORE_CERTIFICATES = (
    connection_rules.UNRESOLVED,
    connection_rules.UNREACHABLE,
    connection_rules.NOT_TLS,
    connection_rules.PROTOCOL,
    connection_rules.CIPHER,
)


def judge_all_legs(world: World, at: datetime) -> tuple[LegVerdict, ...]:
    """Judge every leg of the world's deployment."""
    return tuple(judge_leg(leg, world, at) for leg in legs_of(world.deployment))


def _judge_side(leg: Leg, world: World, at: datetime, *, verifier: Party, presenter: Party) -> Verdict:
    of_server = presenter.fqdn == leg.server
    role = Purpose.SERVER if of_server else Purpose.CLIENT
    question = f"does {verifier.fqdn} accept {presenter.fqdn} as TLS {role.value} on {leg.id}?"
    if presenter.credential is None:
        raise ValueError(f"{presenter.fqdn} has no credential to present on {leg.id}")
    sent = chain_to_present(presenter.credential.chain, presenter.trusted_ca_list, world.clock_of(presenter.fqdn, at))
    if leg.protocol is Protocol.SSH:
        sent = sent[:1]
    checks = leg.server_name_checks if of_server else leg.client_name_checks
    verify = partial(
        verify_certificate,
        sent[0],
        sent=sent[1:],
        trusted_ca_list=verifier.trusted_ca_list,
        at=world.clock_of(verifier.fqdn, at),
        name_checks=checks,
        refine=refine_for(world.deployment, presenter.fqdn, sent[0]),
        known=world.known_certificates,
        revocation=world.revocation_of(verifier.fqdn, leg.consumer),
        clock_offset=verifier.clock_offset,
        verifier=verifier.fqdn,
        verifier_list=leg.client_list if of_server else leg.server_list,
        presenter=presenter.fqdn,
        verifier_is_expressway=verifier.fqdn in world.deployment.peers,
    )
    verdict = verify(question=question, purpose=role if of_server else world.asked_of_client(leg))
    further = [judge_form(sent, world.deployment.product_version)]
    if leg.registration and of_server:
        further.append(_judge_registration(verdict, verify(question=question, purpose=Purpose.CLIENT), sent[0]))
    if leg.protocol is Protocol.SSH:
        verdict = replace(verdict, findings=tuple(about_lists(f, verifier.fqdn) for f in verdict.findings))
        further.append(judge_ssh_certificate(sent[0]))
        if not of_server:  # that of the server was compared before anybody showed a certificate
            further.append(judge_key_algorithm(world.deployment, sent[0], presenter.fqdn, (leg.client, leg.server)))
    return merge_verdicts(question, [verdict, *further])


def _judge_registration(as_server: Verdict, as_client: Verdict, leaf: x509.Certificate) -> Verdict:
    """Judge the certificate that E sends in the SIP SERVICE message: what C refuses beyond the server's role.

    Source: Cisco TAC 225482 (FAQ): before X15.4, MRA fails to register and the zone itself stays active.
    """
    service = Evidence(
        label="certificate in the SIP SERVICE message",
        expected="serverAuth and clientAuth",
        seen=format_ekus(leaf),
        where="SIP SERVICE",
        says=f"For MRA, Expressway-C also wants clientAuth in Expressway-E's certificate; it has {format_ekus(leaf)}.",
    )
    further = (f for f in as_client.findings if f not in as_server.findings)
    return replace(
        as_client,
        findings=tuple(
            replace(f, evidence=(service, *f.evidence), fix=_BOTH_IN_SERVICE) if f.rule == CLIENT_AUTH_MISSING.id else f
            for f in further
        ),
    )


_BOTH_IN_SERVICE = (
    "Upgrade Expressway-C and Expressway-E to X15.4 or later, where serverAuth is enough, or have the certificate of "
    "Expressway-E issued with both purposes."
)


def _judge_tunnel_before_keys(leg: Leg, server: Party, world: World) -> Verdict:
    """Judge what ends an SSH tunnel before either end verifies a certificate: E's host name, and the kind of its key."""
    verdicts = [judge_host_name(leg.server)]
    if server.credential is not None:
        leaf, ends = server.credential.leaf, (leg.client, leg.server)
        verdicts.append(judge_key_algorithm(world.deployment, leaf, leg.server, ends))
    return merge_verdicts(f"do the ends of {leg.id} agree on keys?", verdicts)


def judge_form(sent: tuple[x509.Certificate, ...], version: ProductVersion) -> Verdict:
    """Warn about certificates of a party that every handshake accepts today, and that will cause harm later."""
    leaf = sent[:1]
    without_roots = (*leaf, *(c for c in sent[1:] if not is_self_signed(c)))
    answers = []
    for check, certificates in ((_AFTER_2050, without_roots), (_EKU_CRITICAL, leaf), (_UNUSABLE, leaf)):
        for certificate in certificates:
            # None of these rules reads the instant, so this function does not take one.
            use = CertificateUse(at=certificate.not_valid_before_utc, version=version)
            evidence = check.find(certificate, use)
            answers.append(check.rule.judge(title(certificate), evidence, severity=Severity.WARNING))
    return Verdict.of("is anything about the certificates unwise?", *answers)


_AFTER_2050 = Check(AFTER_2050, after_2050)
OTHER_PEERS_CERTIFICATE = "certificate of"
"""Label of the evidence that the other side saw the certificate of another peer."""
_EKU_CRITICAL = Check(EKU_CRITICAL, eku_critical)
_UNUSABLE = Check(NAMES_UNUSABLE, unusable_names)


def judge_own_credential(party: Party, world: World) -> Verdict:
    """Judge whether this party can present its certificate: the key belongs to it, and its TLS stack loads it.

    Nobody knows whether a key belongs to it if there is none, as in an import; what the certificate says counts anyway.
    """
    credential = party.credential
    question = f"can {party.fqdn} use its own server certificate?"
    if credential is None:
        return Verdict(question=question)
    subject = title(credential.leaf)
    evidence: list[Evidence] = []
    swapped = False
    if credential.key is not None and not credential.key_matches:
        other = _whose_key(party, world)
        evidence = [
            Evidence(
                label=f"public key of {subject}",
                expected=f"that of {party.fqdn}'s private key",
                seen=f"that of {other}'s private key" if other else "another",
                where=party.fqdn,
                says=f"The certificate on {party.fqdn} belongs to the private key of {other}."
                if other
                else f"The certificate on {party.fqdn} does not belong to its private key.",
            )
        ]
        cluster = world.deployment.cluster_of(party.fqdn)
        swapped = bool(other or _other_peer_named(party.fqdn, credential.leaf, cluster))
    return Verdict.of(
        question,
        SWAPPED.judge(subject, evidence if swapped else []),
        KEY_MISMATCH.judge(subject, evidence),
        KEY_TOO_SHORT.judge(subject, weak_key(credential.leaf)),
        DIGEST_UNSUPPORTED.judge(subject, (e for c in credential.chain for e in digest_evidence(c))),
    )


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
    """Return the peer of the same cluster that the certificate names instead of its holder."""
    if cluster is None or cluster.certificate == "shared":
        return None
    identities = presented_names(leaf).identities
    if fqdn in identities:
        return None
    return next((peer for peer in cluster.peers if peer in identities), None)


def refine_for(deployment: Deployment, presenter: str, leaf: x509.Certificate) -> Refine:
    """Return a function that says whose the missing name is, and whether the certificate belongs to another peer."""

    def refine(found: Finding, check: NameCheck) -> Finding:
        if found.rule != name_rules.REFERENCE.id:
            return found
        named = _other_peer_named(presenter, leaf, deployment.cluster_of(presenter))
        if named and presenter in check.any_of:
            says = f"{presenter} presents the certificate of {named}."
            swapped = Evidence(
                label=OTHER_PEERS_CERTIFICATE, expected=presenter, seen=named, where=presenter, says=says
            )
            return SWAPPED.finding(found.subject, (*found.evidence, swapped))
        rule = missing_name_rule(deployment, presenter, check.any_of)
        return replace(found, rule=rule.id, fix=rule.fix)

    return refine


def _names_of_peer(deployment: Deployment, fqdn: str) -> set[str]:
    return {fqdn, *(name for name, owner in deployment.peer_aliases.items() if owner == fqdn)}


def missing_name_rule(deployment: Deployment, presenter: str, wanted: Iterable[str]) -> Rule:
    """Return the rule of the `names` area for a certificate of `presenter` that has none of the names wanted."""
    names = tuple(wanted)
    cluster = deployment.cluster_of(presenter)
    of_groups = tuple(w for group in deployment.groups for w in group.wants) if cluster else ()
    registration = set(deployment.domains.registration)
    choices: Sequence[tuple[set[str], Rule]] = (
        (_names_of_peer(deployment, presenter) if cluster else set(), name_rules.PEER),
        ({cluster.fqdn} if cluster and cluster.fqdn else set(), name_rules.CLUSTER),
        *(({w.name}, rule_of(w.rule)) for w in of_groups),
        ({f"collab-edge.{d}" for d in registration} if cluster else set(), name_rules.COLLAB_EDGE),
        (registration if cluster else set(), name_rules.REGISTRATION),
        (set(deployment.domains.federation) if cluster else set(), name_rules.FEDERATION),
        (set(deployment.chat_aliases) if cluster else set(), name_rules.CHAT_ALIAS),
    )
    return next((rule for known, rule in choices if known & set(names)), name_rules.REFERENCE)
