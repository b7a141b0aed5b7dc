"""Checks of the certificates of a path, as OpenSSL judges them in a handshake; `trust_checks` judges where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.checks.certificate_checks import (
    allows,
    digest_evidence,
    format_ekus,
    lacks_purpose,
    may_sign,
    weak_key,
)
from pkikit.judge.checks.check import Check
from pkikit.judge.paths.constraints import violations
from pkikit.judge.paths.trust import Anchor, CertificatePath
from pkikit.judge.questions import PathQuestion
from pkikit.model.certificates.facts import (
    extension,
    format_time,
    has_ended,
    has_extension,
    has_started,
    is_self_issued,
    is_valid_at,
    title,
)
from pkikit.model.findings import Evidence
from pkikit.model.leg import Purpose
from pkikit.rules.certificate_rules import (
    CLIENT_AUTH_MISSING,
    DIGEST_UNSUPPORTED,
    EXPIRED,
    KEY_TOO_SHORT,
    NOT_YET_VALID,
    SERVER_AUTH_MISSING,
)
from pkikit.rules.chain_rules import (
    BASIC_CONSTRAINTS_MISSING,
    KEY_USAGE_UNSUITABLE,
    NAME_CONSTRAINT_VIOLATED,
    NOT_A_CA,
    PATH_LENGTH_EXCEEDED,
)
from pkikit.text import counted


def basic_constraints_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each CA of the path without BasicConstraints."""
    yield from missing_basic_constraints(path.certificates[1:])


def missing_basic_constraints(authorities: tuple[x509.Certificate, ...]) -> Iterator[Evidence]:
    """Evidence for each CA certificate without BasicConstraints; OpenSSL alone accepts a key usage instead."""
    for authority in authorities:
        if not has_extension(authority, x509.BasicConstraints):
            yield Evidence(
                label=f"BasicConstraints of {title(authority)}",
                expected="CA:TRUE",
                seen="absent",
                where="CA certificate",
                says=f"The CA certificate {title(authority)} has no BasicConstraints extension.",
            )


def not_a_ca(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each issuer of the path that is not a CA, or may not sign certificates."""
    for authority in path.certificates[1:]:
        constraints, usage = extension(authority, x509.BasicConstraints), extension(authority, x509.KeyUsage)
        if constraints is not None and not constraints.ca:
            yield Evidence(
                label=f"BasicConstraints of {title(authority)}",
                expected="CA:TRUE",
                seen="CA:FALSE",
                where="chain",
                says=f"{title(authority)} is not a CA (BasicConstraints CA:FALSE), but signed the certificate below it.",
            )
        elif usage is not None and not usage.key_cert_sign:
            # OpenSSL takes it for the issuer by its name, and then refuses it (error 79).
            yield Evidence(
                label=f"key usage of {title(authority)}",
                expected="keyCertSign",
                seen="absent",
                where="chain",
                says=f"The key usage of {title(authority)} does not allow it to sign certificates (keyCertSign).",
            )


def path_length(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each CA of the path with more CAs below it than its path length allows."""
    below = 0
    for authority in path.certificates[1:]:
        constraints = extension(authority, x509.BasicConstraints)
        if constraints is not None and constraints.path_length is not None and below > constraints.path_length:
            yield Evidence(
                label=f"CAs below {title(authority)}",
                expected=f"at most {constraints.path_length}",
                seen=str(below),
                where="chain",
                says=f"{title(authority)} allows at most {counted(constraints.path_length, 'CA')} below it, "
                f"and the chain has {below}.",
            )
        # `ca.not-a-ca` reports certificates that are not a CA; they do not count here.
        below += not is_self_issued(authority) and (constraints is None or constraints.ca)


def name_constraints(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each name that a CA of the path may not sign."""
    for found in violations(path.certificates):
        yield Evidence(
            label=f"names that {title(found.authority)} may sign",
            expected=found.allowed,
            seen=found.name,
            where="nameConstraints",
            says=f"{title(found.authority)} must not sign {found.name}: its name constraints allow {found.allowed}.",
        )


def _clock(question: PathQuestion, certificate: x509.Certificate) -> Iterator[Evidence]:
    true_time = question.at - question.clock_offset
    if question.clock_offset and is_valid_at(certificate, true_time):
        hours = question.clock_offset / timedelta(hours=1)
        yield Evidence(
            label="clock of the verifier",
            expected=format_time(true_time),
            seen=f"{format_time(question.at)} ({abs(hours):.0f} h {'ahead' if hours > 0 else 'behind'}): the clock is off",
            where="clock",
            says=f"The clock of {question.verifier or 'the verifier'} is {abs(hours):.0f} h "
            f"{'ahead' if hours > 0 else 'behind'}: it shows {format_time(question.at)}, and it is {format_time(true_time)}.",
        )


def ended(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate of the path that has ended at the instant judged."""
    for index, certificate in enumerate(path.certificates):
        if has_ended(certificate, question.at):
            bound, limit = "after", certificate.not_valid_after_utc
            yield from _outside_validity(path, question, index, bound, limit)


def not_started(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate of the path that has not started at the instant judged."""
    for index, certificate in enumerate(path.certificates):
        if not has_started(certificate, question.at):
            bound, limit = "before", certificate.not_valid_before_utc
            yield from _outside_validity(path, question, index, bound, limit)


def _outside_validity(
    path: CertificatePath, question: PathQuestion, index: int, bound: str, limit: datetime
) -> Iterator[Evidence]:
    position, certificate = path.position(index), path.certificates[index]
    yield Evidence(
        label=f"{position} {title(certificate)}, not {bound}",
        expected=f"{bound} {format_time(question.at)}",
        seen=format_time(limit),
        where=position,
        says=f"{_whose(path, question, index)} {'expired at' if bound == 'after' else 'is not valid before'} "
        f"{format_time(limit)} (checked for {format_time(question.at)}).",
    )
    yield from _clock(question, certificate)


def _whose(path: CertificatePath, question: PathQuestion, index: int) -> str:
    """Return the beginning of a sentence about one certificate of the path."""
    if index == 0 and question.presenter:
        return question.the_certificate
    return f"The {path.position(index)} {title(path.certificates[index])}"


def purpose_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate of the path whose EKU leaves out the role of the leaf."""
    server = question.purpose is Purpose.SERVER
    oid = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    for index, certificate in enumerate(path.certificates):
        if not allows(certificate, oid):
            yield Evidence(
                label=f"extended key usage of the {path.position(index)} {title(certificate)}",
                expected="serverAuth" if server else "clientAuth",
                seen=format_ekus(certificate),
                where="extendedKeyUsage",
                says=lacks_purpose(
                    _whose(path, question, index), certificate, "serverAuth" if server else "clientAuth"
                ),
            )


def usage_unsuitable(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence that the leaf's key usage does not let TLS use its key in the role asked about."""
    if question.purpose is None:
        return  # OpenSSL's purpose "any" reads no key usage either
    yield from unsuitable_usage(path.certificates[0], as_server=question.purpose is Purpose.SERVER)


def unsuitable_usage(leaf: x509.Certificate, *, as_server: bool) -> Iterator[Evidence]:
    """Evidence that the key usage does not let TLS use the key of a certificate, as a server or as a client."""
    if not may_sign(leaf, as_server=as_server):
        names = ("key_cert_sign", "crl_sign", "key_encipherment", "data_encipherment", "content_commitment")
        usage = extension(leaf, x509.KeyUsage)
        seen = ", ".join(n.replace("_", " ") for n in names if getattr(usage, n)) or "nothing"
        says = f"The key usage of {title(leaf)} allows {seen}, but TLS needs digitalSignature."
        yield Evidence(label="key usage", expected="digital signature", seen=seen, where="keyUsage", says=says)


def weak_keys(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each weak key of the path."""
    for certificate in path.certificates:
        yield from weak_key(certificate)


def weak_digests(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each weak digest of the path, except the root's: nobody verifies its signature."""
    last = len(path.certificates) - 1
    for index, certificate in enumerate(path.certificates):
        if index < last or path.anchor is not Anchor.TRUSTED:
            yield from digest_evidence(certificate)


CHECKS = (
    Check(BASIC_CONSTRAINTS_MISSING, basic_constraints_missing),
    Check(NOT_A_CA, not_a_ca),
    Check(PATH_LENGTH_EXCEEDED, path_length),
    Check(KEY_USAGE_UNSUITABLE, usage_unsuitable),
    Check(NAME_CONSTRAINT_VIOLATED, name_constraints),
)
# Rules of one certificate, for each certificate of the path. The question says which purpose counts.
_PURPOSES = {Purpose.SERVER: SERVER_AUTH_MISSING, Purpose.CLIENT: CLIENT_AUTH_MISSING}


def each_certificate(purpose: Purpose | None) -> tuple[Check[[CertificatePath, PathQuestion]], ...]:
    """Return the checks of every certificate of a path, for the role of the leaf."""
    return (
        Check(EXPIRED, ended),
        Check(NOT_YET_VALID, not_started),
        *((Check(_PURPOSES[purpose], purpose_missing),) if purpose is not None else ()),
        Check(KEY_TOO_SHORT, weak_keys),
        Check(DIGEST_UNSUPPORTED, weak_digests),
    )
