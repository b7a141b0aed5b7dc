"""Rules over a path that was built, as OpenSSL judges them while a handshake runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.registry import Subject, declare, rule
from pkikit.judge.rules.certificate import allows, digest_evidence, may_sign, shown_ekus, weak_key
from pkikit.judge.trust import Anchor, CertificatePath, Missing, explain_missing
from pkikit.model.facts import (
    distinguished,
    extension,
    is_self_issued,
    is_valid_at,
    issued,
    issuer_of,
    shown_time,
    subject_of,
    title,
)
from pkikit.model.findings import Evidence, Severity
from pkikit.model.leg import Purpose

_TRUST = "X12.5 guide, 'Managing the Trusted CA Certificate List'"
_RFC = "RFC 5280 §6.1"


@dataclass(frozen=True, kw_only=True)
class PathQuestion:
    """What is asked of a path: when, in which role, against which list, with what else known."""

    at: datetime
    purpose: Purpose
    sent: tuple[x509.Certificate, ...]
    trusted_ca_list: tuple[x509.Certificate, ...]
    known: tuple[x509.Certificate, ...] = ()
    clock_offset: timedelta = timedelta(0)


def _in_list(question: PathQuestion) -> str:
    names = [title(c) for c in question.trusted_ca_list]
    return ", ".join(names[:8]) + (f" … {len(names)} in all" if len(names) > 8 else "") or "an empty list"


def _end_entity_issuer(path: CertificatePath, question: PathQuestion) -> x509.Certificate | None:
    """A certificate that did sign the path's top but may not, as its key usage says."""
    top = path.certificates[-1]
    everything = (*question.sent, *question.trusted_ca_list)
    return next((c for c in everything if subject_of(c) == issuer_of(top) and c != top and issued(top, c)), None)


def _nothing_found(path: CertificatePath, question: PathQuestion) -> bool:
    return path.anchor is Anchor.ISSUER_NOT_FOUND and _end_entity_issuer(path, question) is None


@rule(
    "trust.issuer-unknown",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="The verifier's trusted CA list holds the root that the chain leads to.",
    source=_TRUST,
    fix="Append the root of the other side's CA to the verifier's trusted CA list.",
)
def issuer_unknown(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    top = path.certificates[-1]
    if path.anchor is Anchor.ROOT_NOT_TRUSTED and top not in path.dropped:
        yield Evidence(
            label="root",
            expected=f"in the list: {_in_list(question)}",
            seen=title(top),
            where="trusted CA list",
        )
    elif _nothing_found(path, question):
        missing = explain_missing(path, trusted_ca_list=question.trusted_ca_list, known=question.known)
        if missing.what is Missing.ROOT:
            yield Evidence(
                label=f"issuer of {title(top)} ({missing.how_known})",
                expected=f"in the list: {_in_list(question)}",
                seen=distinguished(top.issuer),
                where="trusted CA list",
            )


@rule(
    "trust.intermediate-missing",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Every intermediate between leaf and root is sent by the presenting side or stands in the verifier's list.",
    source=_TRUST,
    fix="Append the intermediate to the server certificate's file (or its peer's trusted CA list), or to the verifier's list.",
)
def intermediate_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    if _nothing_found(path, question):
        missing = explain_missing(path, trusted_ca_list=question.trusted_ca_list, known=question.known)
        if missing.what is Missing.INTERMEDIATE:
            top = path.certificates[-1]
            yield Evidence(
                label=f"issuer of {title(top)} ({missing.how_known})",
                expected="sent, or in the list",
                seen=f"{distinguished(top.issuer)} in neither",
                where="chain",
            )


@rule(
    "trust.self-signed-leaf",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="A self-signed server certificate is accepted only when it stands in the verifier's list itself.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix="Have it signed by a CA; or append this certificate to the verifier's trusted CA list.",
)
def self_signed_leaf(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    leaf = path.certificates[0]
    if path.anchor is Anchor.SELF_SIGNED_LEAF and leaf not in path.dropped:
        yield Evidence(label="issuer", expected="a CA", seen=f"{title(leaf)}, by itself", where="leaf")


def _wrong_signature(path: CertificatePath) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    return ((child, issuer) for child, issuer in path.links if not issued(child, issuer))


@rule(
    "trust.same-subject-ambiguous",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="No two self-signed certificates of the trusted CA list share a subject: only one of them is used.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates' and 'IM and Presence Service Certificates'",
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
)
def same_subject(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    last = path.certificates[-1]
    involved = [last] if path.anchor is not Anchor.TRUSTED and last in path.dropped else []
    involved += [c for child, _ in _wrong_signature(path) for c in path.dropped if issued(child, c)]
    for certificate in involved:
        yield Evidence(
            label="trusted CA list",
            expected="one certificate of that subject",
            seen=f"another {distinguished(certificate.subject)} stands before it",
            where="trusted CA list",
        )


@rule(
    "trust.chain-signature-invalid",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Each certificate is signed with the key of the certificate above it.",
    source=_RFC,
    fix="Find the CA certificate that really signed it: an issuer of that name exists, but with another key.",
)
def signature_invalid(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    for child, issuer in _wrong_signature(path):
        if not any(issued(child, dropped) for dropped in path.dropped):
            yield Evidence(
                label=f"signature of {title(child)}",
                expected=f"by {title(issuer)}",
                seen="by another key",
                where="chain",
            )


@rule(
    "ca.basic-constraints-missing",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Every CA certificate carries the BasicConstraints extension.",
    source="X12.5 guide, 'Points to be Aware'",
    fix="Have the CA certificate reissued with BasicConstraints CA:TRUE, and the certificates below it too.",
)
def basic_constraints_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from missing_basic_constraints(path.certificates[1:])


def missing_basic_constraints(authorities: tuple[x509.Certificate, ...]) -> Iterator[Evidence]:
    """Evidence for each CA certificate without BasicConstraints; OpenSSL alone lets a key usage stand in for it."""
    for authority in authorities:
        if extension(authority, x509.BasicConstraints) is None:
            yield Evidence(
                label=f"BasicConstraints of {title(authority)}",
                expected="CA:TRUE",
                seen="absent",
                where="CA certificate",
            )


@rule(
    "ca.not-a-ca",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Only CA certificates sign certificates.",
    source=_RFC,
    fix="Have the certificate signed by a CA; an end-entity certificate was used as issuer.",
)
def not_a_ca(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    for authority in path.certificates[1:]:
        constraints = extension(authority, x509.BasicConstraints)
        if constraints is not None and not constraints.ca:
            yield Evidence(
                label=f"BasicConstraints of {title(authority)}",
                expected="CA:TRUE",
                seen="CA:FALSE",
                where="chain",
            )
    if path.anchor is Anchor.ISSUER_NOT_FOUND:
        impostor = _end_entity_issuer(path, question)
        if impostor is not None:
            yield Evidence(
                label=f"key usage of {title(impostor)}", expected="keyCertSign", seen="absent", where="chain"
            )


@rule(
    "ca.path-length-exceeded",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="No more CAs stand below a CA than its path length allows.",
    source=_RFC,
    fix="Have the leaf signed by a CA that may, or the upper CA reissued with a longer path length.",
)
def path_length(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    below = 0
    for authority in path.certificates[1:]:
        constraints = extension(authority, x509.BasicConstraints)
        if constraints is not None and constraints.path_length is not None and below > constraints.path_length:
            yield Evidence(
                label=f"CAs below {title(authority)}",
                expected=f"at most {constraints.path_length}",
                seen=str(below),
                where="chain",
            )
        # What is no CA at all is told by ca.not-a-ca, and counts for nothing here.
        below += not is_self_issued(authority) and (constraints is None or constraints.ca)


def _clock(question: PathQuestion, certificate: x509.Certificate) -> Iterator[Evidence]:
    true_time = question.at - question.clock_offset
    if question.clock_offset and is_valid_at(certificate, true_time):
        hours = question.clock_offset / timedelta(hours=1)
        yield Evidence(
            label="clock of the verifier",
            expected=shown_time(true_time),
            seen=f"{shown_time(question.at)} ({abs(hours):.0f} h {'ahead' if hours > 0 else 'behind'}): the clock is off",
            where="clock",
        )


def outside_validity(path: CertificatePath, question: PathQuestion) -> Iterator[tuple[str, Evidence]]:
    """(rule id, evidence) for each certificate of the path that has ended, or not yet begun, at the instant judged."""
    at = question.at.replace(microsecond=0)  # X.509 counts whole seconds
    for index, certificate in enumerate(path.certificates):
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        for rule_id, wrong, bound, side, limit in (
            ("validity.expired", at > ends, "not after", "after", ends),
            ("validity.not-yet-valid", at < begins, "not before", "before", begins),
        ):
            if wrong:
                position = path.position(index)
                yield (
                    rule_id,
                    Evidence(
                        label=f"{position} {title(certificate)}, {bound}",
                        expected=f"{side} {shown_time(question.at)}",
                        seen=shown_time(limit),
                        where=position,
                    ),
                )
                yield from ((rule_id, evidence) for evidence in _clock(question, certificate))


def purpose_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate of the path whose EKU leaves out the role in which the leaf is shown."""
    server = question.purpose is Purpose.SERVER
    oid = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    for index, certificate in enumerate(path.certificates):
        if not allows(certificate, oid):
            yield Evidence(
                label=f"extended key usage of the {path.position(index)} {title(certificate)}",
                expected="serverAuth" if server else "clientAuth",
                seen=shown_ekus(certificate),
                where="extendedKeyUsage",
            )


@rule(
    "key.usage-unsuitable",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="The key usage of a server certificate, where it has one, allows to sign (digitalSignature).",
    source="RFC 5280 §4.2.1.3; OpenSSL, crypto/x509/v3_purp.c",
    fix="Request a certificate with digitalSignature (and keyEncipherment for RSA); a CA's own certificate does not do.",
)
def usage_unsuitable(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    leaf = path.certificates[0]
    if not may_sign(leaf, as_server=question.purpose is Purpose.SERVER):
        names = ("key_cert_sign", "crl_sign", "key_encipherment", "data_encipherment", "content_commitment")
        usage = extension(leaf, x509.KeyUsage)
        seen = ", ".join(n.replace("_", " ") for n in names if getattr(usage, n)) or "nothing"
        yield Evidence(label="key usage", expected="digital signature", seen=seen, where="keyUsage")


def weak_in_path(path: CertificatePath) -> Iterator[tuple[str, Evidence]]:
    """(rule id, evidence) for weak keys anywhere and weak digests anywhere but on the root's own signature."""
    last = len(path.certificates) - 1
    for index, certificate in enumerate(path.certificates):
        for evidence in weak_key(certificate):
            yield "key.too-short", evidence
        if index < last or path.anchor is not Anchor.TRUSTED:
            for evidence in digest_evidence(certificate):
                yield "signature.digest-unsupported", evidence


KEY_MISMATCH = declare(
    "key.mismatch",
    Severity.ERROR,
    on=Subject.PRESENTED,
    requirement="The private key of a peer belongs to its server certificate.",
    source="X12.5 guide, 'Server Certificates and Clustered Systems'; upload check",
    fix="Upload the certificate that was issued for this peer's own request, or make a new request and have it signed.",
)
SWAPPED = declare(
    "cluster.peer-certificate-swapped",
    Severity.ERROR,
    on=Subject.PRESENTED,
    requirement="Each peer of a cluster carries the certificate that was issued for it, not another peer's.",
    source="X12.5 guide, 'Server Certificates and Clustered Systems'",
    fix="Upload to each peer the certificate that answers to its own request.",
)
