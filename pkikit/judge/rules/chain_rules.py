"""Rules over the certificates of a path, as OpenSSL judges them while a handshake runs; `rules.trust` judges its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.registry import Subject, declare, rule
from pkikit.judge.rules.certificate_rules import allows, digest_evidence, may_sign, shown_ekus, weak_key
from pkikit.judge.trust import Anchor, CertificatePath
from pkikit.model.certificates.facts import (
    extension,
    has_ended,
    has_extension,
    has_started,
    is_self_issued,
    is_valid_at,
    shown_time,
    title,
)
from pkikit.model.findings import Evidence, Severity
from pkikit.model.leg import Purpose

_RFC = "RFC 5280 §6.1"


@dataclass(frozen=True, kw_only=True)
class PathQuestion:
    """What is asked of a path: when, in which role, against which list, with what else known.

    verifier, presenter: the machines, where known, for the text of a fix. verifier_is_expressway: False for a machine
    whose pages are not known here, such as a client or a neighbour.
    """

    at: datetime
    purpose: Purpose
    sent: tuple[x509.Certificate, ...]
    trusted_ca_list: tuple[x509.Certificate, ...]
    known: tuple[x509.Certificate, ...] = ()
    clock_offset: timedelta = timedelta(0)
    verifier: str = ""
    presenter: str = ""
    verifier_is_expressway: bool = True


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
        if not has_extension(authority, x509.BasicConstraints):
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
        constraints, usage = extension(authority, x509.BasicConstraints), extension(authority, x509.KeyUsage)
        if constraints is not None and not constraints.ca:
            yield Evidence(
                label=f"BasicConstraints of {title(authority)}",
                expected="CA:TRUE",
                seen="CA:FALSE",
                where="chain",
            )
        elif usage is not None and not usage.key_cert_sign:
            # OpenSSL takes it for the issuer by its name, and then refuses it (error 79).
            yield Evidence(
                label=f"key usage of {title(authority)}", expected="keyCertSign", seen="absent", where="chain"
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
    """(rule id, evidence) for each certificate of the path that has ended or has not started at the instant judged."""
    at = question.at
    for index, certificate in enumerate(path.certificates):
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        for rule_id, wrong, bound, side, limit in (
            ("validity.expired", has_ended(certificate, at), "not after", "after", ends),
            ("validity.not-yet-valid", not has_started(certificate, at), "not before", "before", begins),
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
    yield from unsuitable_usage(path.certificates[0], as_server=question.purpose is Purpose.SERVER)


def unsuitable_usage(leaf: x509.Certificate, *, as_server: bool) -> Iterator[Evidence]:
    """Evidence that the key usage does not let TLS use the key of a certificate, as a server or as a client."""
    if not may_sign(leaf, as_server=as_server):
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
