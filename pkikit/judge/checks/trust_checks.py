"""Checks of the end of a path: does it lead to a root of the verifier's trusted CA list, and if not, what is wrong?

`find_fault` names one cause for a path without an anchor; the checks below share it, so they never contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from pkikit.judge.checks.check import TRUSTED_CA_LIST, Check
from pkikit.judge.paths.missing import Missing, explain_missing
from pkikit.judge.paths.trust import (
    MAX_LENGTH,
    MAX_TRIES,
    Anchor,
    CertificatePath,
    may_be_issuer,
    signers,
    with_subject,
)
from pkikit.judge.questions import PathQuestion
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.certificates.facts import (
    extension,
    format_time,
    is_issued_by,
    issuer_of,
    subject_key_id,
    subject_of,
    title,
)
from pkikit.model.findings import Evidence
from pkikit.rules.rule import Rule
from pkikit.rules.trust_rules import (
    CHAIN_SIGNATURE_INVALID,
    CHAIN_TOO_LONG,
    CROSS_SIGNED_COPY,
    INTERMEDIATE_MISSING,
    ISSUER_UNKNOWN,
    SAME_SUBJECT_AMBIGUOUS,
    SELF_SIGNED_LEAF,
)
from pkikit.text import listed
from pkikit.values.memo import once_per_object

_MOST_NAMES = 8
_Cause = tuple[Rule | None, tuple[Evidence, ...]]


def describe_for_list(certificate: x509.Certificate) -> str:
    """Describe a certificate so that a person finds it in a list: its name, its issuer if that is another, its end."""
    ends = f"ends {format_time(certificate.not_valid_after_utc)}"
    if issuer_of(certificate) == subject_of(certificate):
        return f"{title(certificate)} (self-signed, {ends})"
    return f"{title(certificate)} (issued by {format_name(certificate.issuer)}, {ends})"


def find_fault(path: CertificatePath, question: PathQuestion) -> _Cause:
    """Return (rule, evidence) of the one reason why the path has no anchor, or a wrong one; no rule for a good path."""
    top = path.certificates[-1]
    if path.shadowed:
        return SAME_SUBJECT_AMBIGUOUS, tuple(_second(c) for c in path.shadowed)
    match path.anchor:
        case Anchor.TRUSTED:
            return None, ()
        case Anchor.TOO_LONG:
            seen = f"more than {MAX_LENGTH - 1}, in a circle perhaps"
            limit = Evidence(
                label="certificates of the path",
                expected=f"at most {MAX_LENGTH}",
                seen=seen,
                where="chain",
                says=f"The chain has more than {MAX_LENGTH - 1} certificates. Perhaps CAs certify each other in a circle.",
            )
            return CHAIN_TOO_LONG, (limit,)
        case Anchor.SELF_SIGNED_LEAF | Anchor.ROOT_NOT_TRUSTED:
            if top in path.dropped or top in question.trusted_ca_list:
                return SAME_SUBJECT_AMBIGUOUS, (_second(top),)
            return _not_in_list(path, question)
        case Anchor.ISSUER_NOT_FOUND:
            return _no_issuer(path, question)


def _second(certificate: x509.Certificate) -> Evidence:
    name = format_name(certificate.subject)
    return Evidence(
        label=TRUSTED_CA_LIST,
        expected="one certificate of that subject",
        seen=f"another {name} comes before it",
        where=TRUSTED_CA_LIST,
        says=f"The trusted CA list has two certificates with the subject {name} and different keys. The product uses only "
        "the first, and the chain needs the second.",
    )


def _not_in_list(path: CertificatePath, question: PathQuestion) -> _Cause:
    top = path.certificates[-1]
    if path.anchor is Anchor.SELF_SIGNED_LEAF:
        return SELF_SIGNED_LEAF, (
            Evidence(
                label="issuer",
                expected="a CA",
                seen=f"{title(top)}, by itself",
                where="leaf",
                says=f"{_capital(question.the_certificate)} is self-signed, and {trust_list(question)} does not have it.",
            ),
        )
    namesake = next(iter(with_subject(question.trusted_ca_list, subject_of(top))), None)
    other = f"the list has {describe_for_list(namesake)}, which has another key" if namesake else ""
    seen = title(top) + (f"; {other}" if other else "")
    says = f"{trusts_only(question)}. {_capital(question.the_certificate)} leads to the root {title(top)}."
    evidence = Evidence(
        label="root",
        expected=f"in the list: {_in_list(question)}",
        seen=seen,
        where=TRUSTED_CA_LIST,
        says=f"{says} {_capital(other)}." if other else says,
    )
    return ISSUER_UNKNOWN, (evidence,)


def _capital(text: str) -> str:
    """Return a sentence with a capital letter; a name of a machine keeps its form."""
    return text if "." in text.split(" ", 1)[0] else text[:1].upper() + text[1:]


def trust_list(question: PathQuestion) -> str:
    """Name the verifier's trusted CA list, by machine if it is known."""
    if question.verifier_list:
        return f"{question.verifier_list} of {question.verifier}"
    return f"the trusted CA list of {question.verifier}" if question.verifier else "the verifier's trusted CA list"


def trusts_only(question: PathQuestion) -> str:
    """Return the beginning of a sentence about what the verifier trusts."""
    if not question.trusted_ca_list:
        return f"{_capital(trust_list(question))} is empty"
    shown = question.trusted_ca_list[: _MOST_NAMES + 1]
    rest = len(question.trusted_ca_list) - len(shown)  # only counted: there may be thousands
    has = listed([*map(title, shown), *([""] * rest)], at_most=_MOST_NAMES)
    if question.verifier_list or not question.verifier:
        return f"{_capital(trust_list(question))} has only {has}"
    return f"{question.verifier} trusts only {has}"


def _in_list(question: PathQuestion) -> str:
    names = [title(c) for c in question.trusted_ca_list[:_MOST_NAMES]]
    total = len(question.trusted_ca_list)
    return ", ".join(names) + (f" … {total} in all" if total > _MOST_NAMES else "") or "an empty list"


def _no_issuer(path: CertificatePath, question: PathQuestion) -> _Cause:
    """Explain a path whose top names an issuer that OpenSSL does not find."""
    top = path.certificates[-1]
    shadowed = signers(top, path.dropped)
    if shadowed:
        return SAME_SUBJECT_AMBIGUOUS, tuple(_second(c) for c in shadowed)
    if path.in_the_way:
        return CROSS_SIGNED_COPY, tuple(_leads_away(c, top) for c in path.in_the_way)
    if path.from_list and (found := signers(top, question.sent)):
        return INTERMEDIATE_MISSING, (
            Evidence(
                label=f"issuer of {title(top)}",
                expected=f"in the list, as {title(top)} is: from there on only the list is searched",
                seen=f"{title(found[0])} is sent, and not in the list",
                where=TRUSTED_CA_LIST,
                says=f"{_capital(trust_list(question))} has {title(top)}, but not its issuer {title(found[0])}. From a "
                "certificate of the list on, only the list is searched, so it does not help that the issuer is sent.",
            ),
        )
    namesakes = list(_namesakes(top, question))
    if namesakes:
        return CHAIN_SIGNATURE_INVALID, tuple(_other_key(top, c, sent=c in question.sent) for c in namesakes)
    missing = explain_missing(path, trusted_ca_list=question.trusted_ca_list, known=question.known)
    label, issuer = f"issuer of {title(top)} ({missing.how_known})", format_name(top.issuer)
    if missing.what is Missing.INTERMEDIATE:
        evidence = Evidence(
            label=label,
            expected="sent, or in the list",
            seen=f"{issuer} in neither",
            where="chain",
            says=f"{question.presenter or 'The other side'} does not send the intermediate {_cn(top)}, "
            f"and {trust_list(question)} does not have it.",
        )
        return INTERMEDIATE_MISSING, (evidence,)
    issued = (
        f"{_capital(question.the_certificate)} was issued by {_cn(top)}"
        if len(path.certificates) == 1
        else f"The chain of {question.the_certificate} ends at {title(top)}, which was issued by {_cn(top)}"
    )
    evidence = Evidence(
        label=label,
        expected=f"in the list: {_in_list(question)}",
        seen=issuer,
        where=TRUSTED_CA_LIST,
        says=f"{trusts_only(question)}. {issued}.",
    )
    return ISSUER_UNKNOWN, (evidence,)


def _cn(certificate: x509.Certificate) -> str:
    """Return how people call the issuer: its common name, or else its whole name."""
    return common_name(certificate.issuer) or format_name(certificate.issuer)


def _leads_away(copy: x509.Certificate, top: x509.Certificate) -> Evidence:
    return Evidence(
        label=TRUSTED_CA_LIST,
        expected=f"no second {title(copy)} that leads elsewhere",
        seen=f"{describe_for_list(copy)}: it is chosen first, and the path ends at {title(top)}",
        where=TRUSTED_CA_LIST,
        says=f"The trusted CA list has a copy of {title(copy)} that another CA signed: {describe_for_list(copy)}. OpenSSL "
        f"takes it first, and the path ends at {title(top)}.",
    )


def _namesakes(child: x509.Certificate, question: PathQuestion) -> Iterator[x509.Certificate]:
    """Return certificates with the issuer's name that did not sign the child."""
    found, name = 0, issuer_of(child)
    for candidate in (*with_subject(question.sent, name), *with_subject(question.trusted_ca_list, name)):
        if candidate != child and not may_be_issuer(child, candidate):
            yield candidate
            found += 1
            if found == MAX_TRIES:
                return


def _other_key(child: x509.Certificate, namesake: x509.Certificate, *, sent: bool) -> Evidence:
    wanted, own = _authority_key_id(child), subject_key_id(namesake)
    seen = f"{describe_for_list(namesake)} has another key" + (f" ({own.hex()[:16]}…)" if own and wanted else "")
    return Evidence(
        label=f"issuer of {title(child)}",
        expected=f"the key that signed it{f' ({wanted.hex()[:16]}…)' if wanted else ''}",
        seen=seen,
        where="chain" if sent else TRUSTED_CA_LIST,
        says=f"{describe_for_list(namesake)} did not sign {title(child)}: it has the name of the issuer, but another key. "
        f"It {'was sent' if sent else 'is in the trusted CA list'}.",
    )


def _authority_key_id(child: x509.Certificate) -> bytes | None:
    identifier = extension(child, x509.AuthorityKeyIdentifier)
    return identifier.key_identifier if identifier else None


@once_per_object
def _faults_of(path: CertificatePath) -> list[tuple[PathQuestion, _Cause]]:
    """What was found for a path: each check asks, one after the other."""
    return []


def _fault(path: CertificatePath, question: PathQuestion) -> _Cause:
    faults = _faults_of(path)
    if not faults or faults[-1][0] is not question:
        faults[:] = [(question, find_fault(path, question))]
    return faults[-1][1]


def _evidence(rule: Rule, path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    found, evidence = _fault(path, question)
    if found is rule:
        yield from evidence


def issuer_unknown(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence that the list lacks the root that the path leads to."""
    yield from _evidence(ISSUER_UNKNOWN, path, question)


def intermediate_missing(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence that an intermediate is neither sent nor in the list."""
    yield from _evidence(INTERMEDIATE_MISSING, path, question)


def self_signed_leaf(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence that the leaf is self-signed and not in the list."""
    yield from _evidence(SELF_SIGNED_LEAF, path, question)


def same_subject(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate of the list that another one with its name hides."""
    yield from _evidence(SAME_SUBJECT_AMBIGUOUS, path, question)
    for child, _ in () if path.shadowed else _wrong_signature(path):
        yield from (_second(c) for c in signers(child, path.dropped))


def signature_invalid(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate that the key of its issuer did not sign."""
    yield from _evidence(CHAIN_SIGNATURE_INVALID, path, question)
    for child, issuer in () if path.shadowed else _wrong_signature(path):
        if not signers(child, path.dropped):
            yield Evidence(
                label=f"signature of {title(child)}",
                expected=f"by {title(issuer)}",
                seen="by another key",
                where="chain",
                says=f"{title(child)} names {title(issuer)} as its issuer, but another key signed it.",
            )


def in_the_way(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence for each certificate of the list that leads the path away from a trusted root."""
    yield from _evidence(CROSS_SIGNED_COPY, path, question)


def too_long(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    """Evidence that the path is longer than OpenSSL follows."""
    yield from _evidence(CHAIN_TOO_LONG, path, question)


def _wrong_signature(path: CertificatePath) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    return ((child, issuer) for child, issuer in path.links if not is_issued_by(child, issuer))


def twin_in_list(path: CertificatePath) -> tuple[Evidence, ...]:
    """Evidence for an accepted path whose anchor has a twin in the list (same subject, another key) that is not used."""
    if path.anchor is not Anchor.TRUSTED:
        return ()
    root = subject_of(path.certificates[-1])
    return tuple(
        Evidence(
            label=TRUSTED_CA_LIST,
            expected="one certificate of that subject",
            seen=f"{describe_for_list(c)} comes after it and is not used",
            where=TRUSTED_CA_LIST,
            says=f"The trusted CA list has two certificates with this subject. The product uses the first, not "
            f"{describe_for_list(c)}.",
        )
        for c in path.dropped
        if subject_of(c) == root
    )[:MAX_TRIES]


CHECKS = (
    Check(ISSUER_UNKNOWN, issuer_unknown),
    Check(INTERMEDIATE_MISSING, intermediate_missing),
    Check(SELF_SIGNED_LEAF, self_signed_leaf),
    Check(SAME_SUBJECT_AMBIGUOUS, same_subject),
    Check(CHAIN_SIGNATURE_INVALID, signature_invalid),
    Check(CROSS_SIGNED_COPY, in_the_way),
    Check(CHAIN_TOO_LONG, too_long),
)
