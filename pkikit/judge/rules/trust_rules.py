"""Rules over how a path ended: does it lead to a root of the verifier's trusted CA list, and if not, what is wrong?

`whats_wrong` names one cause for a path without an anchor; the rules below share it, so they never contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography import x509

from pkikit.judge.missing import Missing, explain_missing
from pkikit.judge.registry import Subject, rule
from pkikit.judge.rules.chain_rules import PathQuestion
from pkikit.judge.trust import (
    MAX_LENGTH,
    MAX_TRIES,
    Anchor,
    CertificatePath,
    may_be_issuer,
    signers,
)
from pkikit.model.certificates.facts import (
    distinguished,
    extension,
    issued,
    issuer_of,
    shown_time,
    subject_key_id,
    subject_of,
    title,
)
from pkikit.model.findings import Evidence, Severity

_TRUST = "X12.5 guide, 'Managing the Trusted CA Certificate List'"
_VFY = "RFC 5280 §6.1; OpenSSL, crypto/x509/x509_vfy.c"
_SAME_NAME = (
    "X12.5 guide, 'Cisco Unified Communications Manager Certificates' and 'IM and Presence Service Certificates'"
)

UNKNOWN, MISSING, SELF_SIGNED = "trust.issuer-unknown", "trust.intermediate-missing", "trust.self-signed-leaf"
AMBIGUOUS, WRONG_KEY = "trust.same-subject-ambiguous", "trust.chain-signature-invalid"
IN_THE_WAY, TOO_LONG = "trust.cross-signed-copy", "trust.chain-too-long"

_Cause = tuple[str, tuple[Evidence, ...]]


def described(certificate: x509.Certificate) -> str:
    """A certificate so that a person finds it in a list: its name, its issuer if that is another, when it ends."""
    ends = f"ends {shown_time(certificate.not_valid_after_utc)}"
    if issuer_of(certificate) == subject_of(certificate):
        return f"{title(certificate)} (self-signed, {ends})"
    return f"{title(certificate)} (issued by {distinguished(certificate.issuer)}, {ends})"


def whats_wrong(path: CertificatePath, question: PathQuestion) -> _Cause:
    """(rule id, evidence) of the one reason why the path has no anchor, or not the right one; an empty id when it has."""
    top = path.certificates[-1]
    if path.shadowed:
        return AMBIGUOUS, tuple(_second(c) for c in path.shadowed)
    match path.anchor:
        case Anchor.TRUSTED:
            return "", ()
        case Anchor.TOO_LONG:
            seen = f"more than {MAX_LENGTH - 1}, in a circle perhaps"
            limit = Evidence(
                label="certificates of the path", expected=f"at most {MAX_LENGTH}", seen=seen, where="chain"
            )
            return TOO_LONG, (limit,)
        case Anchor.SELF_SIGNED_LEAF | Anchor.ROOT_NOT_TRUSTED:
            if top in path.dropped or top in question.trusted_ca_list:
                return AMBIGUOUS, (_second(top),)
            return _not_in_list(path, question)
        case Anchor.ISSUER_NOT_FOUND:
            return _no_issuer(path, question)


def _second(certificate: x509.Certificate) -> Evidence:
    return Evidence(
        label="trusted CA list",
        expected="one certificate of that subject",
        seen=f"another {distinguished(certificate.subject)} stands before it",
        where="trusted CA list",
    )


def _not_in_list(path: CertificatePath, question: PathQuestion) -> _Cause:
    top = path.certificates[-1]
    if path.anchor is Anchor.SELF_SIGNED_LEAF:
        return SELF_SIGNED, (Evidence(label="issuer", expected="a CA", seen=f"{title(top)}, by itself", where="leaf"),)
    namesake = next((c for c in question.trusted_ca_list if subject_of(c) == subject_of(top)), None)
    seen = title(top) + (f"; the list holds {described(namesake)}, which has another key" if namesake else "")
    evidence = Evidence(label="root", expected=f"in the list: {_in_list(question)}", seen=seen, where="trusted CA list")
    return UNKNOWN, (evidence,)


def _in_list(question: PathQuestion) -> str:
    names = [title(c) for c in question.trusted_ca_list[:8]]
    total = len(question.trusted_ca_list)
    return ", ".join(names) + (f" … {total} in all" if total > 8 else "") or "an empty list"


def _no_issuer(path: CertificatePath, question: PathQuestion) -> _Cause:
    """The top of the path names an issuer that OpenSSL does not find."""
    top = path.certificates[-1]
    shadowed = signers(top, path.dropped)
    if shadowed:
        return AMBIGUOUS, tuple(_second(c) for c in shadowed)
    if path.in_the_way:
        return IN_THE_WAY, tuple(_leads_away(c, top) for c in path.in_the_way)
    if path.from_list and (found := signers(top, question.sent)):
        return MISSING, (
            Evidence(
                label=f"issuer of {title(top)}",
                expected=f"in the list, as {title(top)} is: from there on only the list is searched",
                seen=f"{title(found[0])} is sent, and not in the list",
                where="trusted CA list",
            ),
        )
    namesakes = list(_namesakes(top, (*question.sent, *question.trusted_ca_list)))
    if namesakes:
        return WRONG_KEY, tuple(_other_key(top, c, sent=c in question.sent) for c in namesakes)
    missing = explain_missing(path, trusted_ca_list=question.trusted_ca_list, known=question.known)
    label, issuer = f"issuer of {title(top)} ({missing.how_known})", distinguished(top.issuer)
    if missing.what is Missing.INTERMEDIATE:
        evidence = Evidence(label=label, expected="sent, or in the list", seen=f"{issuer} in neither", where="chain")
        return MISSING, (evidence,)
    expected = f"in the list: {_in_list(question)}"
    return UNKNOWN, (Evidence(label=label, expected=expected, seen=issuer, where="trusted CA list"),)


def _leads_away(copy: x509.Certificate, top: x509.Certificate) -> Evidence:
    return Evidence(
        label="trusted CA list",
        expected=f"no second {title(copy)} that leads elsewhere",
        seen=f"{described(copy)}: it is chosen first, and the path ends at {title(top)}",
        where="trusted CA list",
    )


def _namesakes(child: x509.Certificate, candidates: Iterable[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Certificates with the issuer's name that did not sign the child."""
    found = 0
    for candidate in candidates:
        if candidate != child and issuer_of(child) == subject_of(candidate) and not may_be_issuer(child, candidate):
            yield candidate
            found += 1
            if found == MAX_TRIES:
                return


def _other_key(child: x509.Certificate, namesake: x509.Certificate, *, sent: bool) -> Evidence:
    wanted, own = _key_wanted(child), subject_key_id(namesake)
    seen = f"{described(namesake)} has another key" + (f" ({own.hex()[:16]}…)" if own and wanted else "")
    return Evidence(
        label=f"issuer of {title(child)}",
        expected=f"the key that signed it{f' ({wanted.hex()[:16]}…)' if wanted else ''}",
        seen=seen,
        where="chain" if sent else "trusted CA list",
    )


def _key_wanted(child: x509.Certificate) -> bytes | None:
    identifier = extension(child, x509.AuthorityKeyIdentifier)
    return identifier.key_identifier if identifier else None


def _evidence(rule_id: str, path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    found, evidence = whats_wrong(path, question)
    if found == rule_id:
        yield from evidence


@rule(
    UNKNOWN,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="The verifier's trusted CA list holds the root that the chain leads to.",
    source=_TRUST,
    fix="Append the root of the other side's CA to the verifier's trusted CA list.",
)
def issuer_unknown(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(UNKNOWN, path, question)


@rule(
    MISSING,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="The presenting side sends every intermediate between leaf and root, or the verifier's list holds it.",
    source=_TRUST,
    fix="Append the intermediate to the server certificate's file (or its peer's trusted CA list), or to the verifier's list.",
)
def intermediate_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(MISSING, path, question)


@rule(
    SELF_SIGNED,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="A self-signed server certificate is accepted only when the verifier's list holds it.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix="Have it signed by a CA; or append this certificate to the verifier's trusted CA list.",
)
def self_signed_leaf(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(SELF_SIGNED, path, question)


@rule(
    AMBIGUOUS,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="No two self-signed certificates of the trusted CA list share a subject: the product uses only the first.",
    source=_SAME_NAME,
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
)
def same_subject(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(AMBIGUOUS, path, question)
    for child, _ in () if path.shadowed else _wrong_signature(path):
        yield from (_second(c) for c in signers(child, path.dropped))


@rule(
    WRONG_KEY,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Each certificate is signed with the key of the certificate above it.",
    source=_VFY,
    fix="Find the CA certificate that really signed it: an issuer of that name exists, but with another key.",
)
def signature_invalid(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(WRONG_KEY, path, question)
    for child, issuer in () if path.shadowed else _wrong_signature(path):
        if not signers(child, path.dropped):
            yield Evidence(
                label=f"signature of {title(child)}",
                expected=f"by {title(issuer)}",
                seen="by another key",
                where="chain",
            )


@rule(
    IN_THE_WAY,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="No certificate of the trusted CA list leads the path away from a root that is in the list.",
    source=_VFY + "; measured",
    fix="Remove the copy that leads elsewhere from the trusted CA list.",
)
def in_the_way(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(IN_THE_WAY, path, question)


@rule(
    TOO_LONG,
    Severity.ERROR,
    on=Subject.PATH,
    requirement="A chain has at most 100 CAs between leaf and anchor.",
    source=_VFY,
    fix="Look for CA certificates that certify each other in a circle, and remove one of them from the list or the chain.",
)
def too_long(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    yield from _evidence(TOO_LONG, path, question)


def _wrong_signature(path: CertificatePath) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    return ((child, issuer) for child, issuer in path.links if not issued(child, issuer))


def twin_in_list(path: CertificatePath) -> tuple[Evidence, ...]:
    """Evidence for an accepted path whose anchor has a twin in the list (same subject, another key) that is not used."""
    if path.anchor is not Anchor.TRUSTED:
        return ()
    root = subject_of(path.certificates[-1])
    return tuple(
        Evidence(
            label="trusted CA list",
            expected="one certificate of that subject",
            seen=f"{described(c)} comes after it and is not used",
            where="trusted CA list",
        )
        for c in path.dropped
        if subject_of(c) == root
    )[:MAX_TRIES]
