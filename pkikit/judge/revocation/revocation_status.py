"""Was a certificate revoked? Sources, precedence and fallback as one decision, certificate by certificate of a path.

The decision table (X12.5 guide, "Managing Certificate Revocation Lists"), for SIP TLS with checking on:

    use OCSP | responder named | use CRLs | source
    on       | yes             | any      | OCSP, and nothing else
    on       | no              | on       | CRLs
    off      | any             | on       | CRLs
    on       | no              | off      | none: the fallback decides for the leaf
    off      | any             | off      | none: the fallback decides for the leaf

Without an answer, or with one that cannot be trusted, the fallback decides. A CRL that has expired counts as revoked,
whatever the fallback says. Other services read only CRLs, each from its own sources (`SEES`), and accept a certificate
about which they know nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from cryptography import x509

from pkikit.judge.paths.trust import CertificatePath
from pkikit.judge.revocation.ocsp_answer import matching_answer, read_answer
from pkikit.judge.revocation.revocation_list import entry_of, signed_by, unknown_critical, unusable_because
from pkikit.model.certificates.canonical_name import canonical
from pkikit.model.certificates.facts import (
    crl_urls,
    extension,
    format_time,
    is_self_signed,
    issuer_of,
    ocsp_urls,
    serial_number,
    subject_of,
    title,
)
from pkikit.model.findings import Answer, Evidence, Severity, Verdict
from pkikit.model.leg import Consumer
from pkikit.model.revocation import CrlSource, RevocationQuestion
from pkikit.reading.unreadable import UNREADABLE
from pkikit.rules import revocation_rules as rules
from pkikit.rules.rule import Rule

SEES = MappingProxyType(
    {
        Consumer.SIP_TLS: frozenset(CrlSource),
        Consumer.HTTPS: frozenset({CrlSource.MANUAL, CrlSource.AUTOMATIC, CrlSource.CA_FILE}),
        Consumer.LDAP: frozenset({CrlSource.CA_FILE}),
        Consumer.POLICY: frozenset({CrlSource.MANUAL}),
        Consumer.XCP: frozenset(),  # xConfiguration XCP TLS Certificate CVS CertificateRevocationCheck is Off by default
        Consumer.SSH: frozenset(),  # no document names a source that SSH tunnels read (ours)
    }
)
# The fallback decides about these rules only.
_FALLBACK = frozenset({rules.CRL_UNAVAILABLE, rules.CRL_UNTRUSTED, rules.OCSP_UNAVAILABLE, rules.OCSP_UNTRUSTED})


@dataclass(frozen=True, kw_only=True)
class StatusCheck:
    """How we know the status of one certificate of the path: which source was asked, and what it answered.

    rule: the broken rule; None when the status is good.
    """

    certificate: str
    asked: str
    said: str
    rule: Rule | None = None
    evidence: tuple[Evidence, ...] = ()


def check_status(path: CertificatePath, question: RevocationQuestion, at: datetime) -> tuple[StatusCheck, ...]:
    """Return one check per certificate that has an issuer in the path, leaf first."""
    if question.consumer is Consumer.SIP_TLS and not question.settings.checking:
        return ()
    return tuple(
        _check_one(certificate, path.certificates[index + 1 :], question, at, is_leaf=index == 0)
        for index, (certificate, _) in enumerate(path.links)
        if not is_self_signed(certificate)
    )


def judge_revocation(path: CertificatePath, question: RevocationQuestion, at: datetime) -> Verdict:
    """Judge revocation: an error if a certificate counts as revoked, a warning if the fallback accepts an unknown status."""
    checks = check_status(path, question, at)
    as_revoked = question.settings.fallback == "revoked"
    question_asked = f"is anything on the path revoked, as {question.consumer.value} sees it?"
    if not checks:
        return Verdict(question=question_asked)
    answers = [Answer(rule=rule.id) for rule in rules.RULES]
    for check in checks:
        if check.rule is None:
            continue
        severity = None
        if check.rule in _FALLBACK:
            silent = question.consumer is not Consumer.SIP_TLS
            severity = Severity.ERROR if as_revoked and not silent else Severity.WARNING
        answers.append(check.rule.judge(check.certificate, check.evidence, severity=severity))
    refused = {e.seen for check in checks if check.rule is rules.CRL_CRITICAL for e in check.evidence}
    answers.append(rules.CRL_UNSUPPORTED.judge(title(path.certificates[0]), _find_unsupported(question, path, refused)))
    return Verdict.of(question_asked, *answers)


def _check_one(
    certificate: x509.Certificate,
    above: Sequence[x509.Certificate],
    question: RevocationQuestion,
    at: datetime,
    *,
    is_leaf: bool,
) -> StatusCheck:
    name, settings, issuer = title(certificate), question.settings, above[0]
    if question.consumer is Consumer.SIP_TLS:
        answered = matching_answer(question.data.ocsp_answers, certificate, issuer) is not None
        if settings.use_ocsp and (ocsp_urls(certificate) or answered):
            return _by_ocsp(certificate, issuer, question, at)
        if not settings.use_crls:
            if not is_leaf:
                return StatusCheck(certificate=name, asked="nothing", said="CA without a responder, and CRLs are off")
            evidence = Evidence(
                label="source of revocation status",
                expected="an OCSP responder named in the certificate" if settings.use_ocsp else "OCSP or CRLs in use",
                seen="none",
                where="authorityInfoAccess",
            )
            return StatusCheck(
                certificate=name, asked="nothing", said="no source", rule=rules.OCSP_UNAVAILABLE, evidence=(evidence,)
            )
    return _by_crl(certificate, above, question, at)


def _by_ocsp(
    certificate: x509.Certificate, issuer: x509.Certificate, question: RevocationQuestion, at: datetime
) -> StatusCheck:
    reading = read_answer(question.data, certificate, issuer, at)
    where = ", ".join(ocsp_urls(certificate)) or "the answer given (the certificate names no responder)"
    return StatusCheck(
        certificate=title(certificate),
        asked=f"OCSP: {where}",
        said=reading.said,
        rule=reading.rule,
        evidence=reading.evidence,
    )


_SourcedCrl = tuple[CrlSource, x509.CertificateRevocationList]
# What a source says, the broken rule (None: the status is good), and the evidence.
_CrlReading = tuple[str, Rule | None, Iterable[Evidence]]


def _by_crl(
    certificate: x509.Certificate, above: Sequence[x509.Certificate], question: RevocationQuestion, at: datetime
) -> StatusCheck:
    # A CA that changed its key signs CRLs with either; the path may contain both of its certificates.
    signers = [c for c in above if subject_of(c) == issuer_of(certificate)]
    usable = [
        (source, crl)
        for source, crl in question.data.crls
        if canonical(crl.issuer) == issuer_of(certificate) and not unusable_because(crl, certificate)
    ]
    read = _choose_crls(usable, question.consumer)
    signed = [(source, crl) for source, crl in read if any(signed_by(crl, c) for c in signers)]
    current = [(source, crl) for source, crl in signed if crl.last_update_utc <= at]
    if current:
        said, rule, evidence = _read_crls(certificate, above[0], current, at)
    else:
        said, rule, evidence = _explain_no_crl(certificate, signers, question, at, usable, read, signed)
    sources = ", ".join(dict.fromkeys(source.value for source, _ in read)) or "none available"
    return StatusCheck(
        certificate=title(certificate),
        asked=f"CRL of {title(above[0])}: {sources}",
        said=said,
        rule=rule,
        evidence=tuple(evidence),
    )


def _choose_crls(crls: Sequence[_SourcedCrl], consumer: Consumer) -> list[_SourcedCrl]:
    """Return the CRLs that the service reads."""
    read = [(source, crl) for source, crl in crls if source in SEES[consumer]]
    if consumer is Consumer.HTTPS and any(source is CrlSource.AUTOMATIC for source, _ in read):
        # A downloaded CRL overrides an uploaded one; only SIP TLS uses both (X14.0 guide, same chapter).
        return [(source, crl) for source, crl in read if source is not CrlSource.MANUAL]
    return read


def _read_crls(
    certificate: x509.Certificate, issuer: x509.Certificate, current: Sequence[_SourcedCrl], at: datetime
) -> _CrlReading:
    """Look the certificate up in CRLs that have started; the newest one must not have expired."""
    for source, crl in current:
        entry = entry_of(crl, certificate)
        if entry is not None:
            return "revoked", rules.REVOKED, [_cite_entry(certificate, entry, source)]
    source, newest = max(current, key=lambda pair: pair[1].last_update_utc)
    if newest.next_update_utc is None or newest.next_update_utc >= at:
        return "not in it", None, ()
    evidence = Evidence(
        label=f"CRL of {title(issuer)}, next update",
        expected=f"after {format_time(at)}",
        seen=format_time(newest.next_update_utc),
        where=source.value,
        says=f"The CRL of {title(issuer)} ({source.value}) expired at {format_time(newest.next_update_utc)}, so all certificates "
        "of that CA count as revoked.",
    )
    return "expired", rules.CRL_EXPIRED, [evidence]


def _explain_no_crl(
    certificate: x509.Certificate,
    signers: Sequence[x509.Certificate],
    question: RevocationQuestion,
    at: datetime,
    usable: Sequence[_SourcedCrl],
    read: Sequence[_SourcedCrl],
    signed: Sequence[_SourcedCrl],
) -> _CrlReading:
    """Say why no CRL answers: refused, signed by another key, in a source that the service does not read, or absent."""
    issuer, sees = signers[0], SEES[question.consumer]
    # A CRL without such an extension comes first in OpenSSL (CRL_SCORE_NOCRITICAL); alone, this one is refused.
    refused = _find_refused(certificate, signers, [pair for pair in question.data.crls if pair[0] in sees], at)
    if refused:
        return "refused", rules.CRL_CRITICAL, refused
    if read and not signed:
        return "not trusted", rules.CRL_UNTRUSTED, [_cite_foreign(issuer, source) for source, _ in read[:1]]
    elsewhere = _find_elsewhere(certificate, issuer, [p for p in usable if p[0] not in sees], question.consumer)
    if elsewhere:
        return "not asked where it stands", rules.NOT_CONSULTED, [elsewhere]
    if question.consumer is not Consumer.SIP_TLS:
        return "nothing known against it", None, ()
    return "no CRL", rules.CRL_UNAVAILABLE, [_cite_nothing(certificate, issuer, signed, at)]


def _find_refused(
    certificate: x509.Certificate,
    signers: Sequence[x509.Certificate],
    crls: Sequence[tuple[CrlSource, x509.CertificateRevocationList]],
    at: datetime,
) -> list[Evidence]:
    """Return evidence for CRLs of the issuer that OpenSSL would choose and then refuse, for a critical extension."""
    return [
        Evidence(
            label=f"CRL of {title(signers[0])}", expected="no critical extension", seen=unknown, where=source.value
        )
        for source, crl in crls
        if canonical(crl.issuer) == issuer_of(certificate)
        and (unknown := unknown_critical(crl))
        and crl.last_update_utc <= at
        and any(signed_by(crl, c) for c in signers)
    ]


def _cite_entry(certificate: x509.Certificate, entry: x509.RevokedCertificate, source: CrlSource) -> Evidence:
    try:
        when = f"revoked at {format_time(entry.revocation_date_utc)}"
    except UNREADABLE:
        when = "revoked, at a time that cannot be read"
    try:
        why = f", reason {entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value}"
    except x509.ExtensionNotFound:
        why = ""
    except UNREADABLE:
        why = ", for a reason that cannot be read"
    return Evidence(
        label=f"serial {serial_number(certificate):x}",
        expected="not in the CRL",
        seen=f"{when}{why}",
        where=source.value,
        says=f"{title(certificate)} (serial number {serial_number(certificate):x}) is in the CRL ({source.value}): {when}{why}.",
    )


def _cite_foreign(issuer: x509.Certificate, source: CrlSource) -> Evidence:
    usage = extension(issuer, x509.KeyUsage)
    may = usage is None or usage.crl_sign
    seen = "by another key" if may else "the CA's key usage has no cRLSign"
    says = (
        f"The CRL ({source.value}) is not signed by {title(issuer)}."
        if may
        else (f"{title(issuer)} must not sign CRLs: its key usage has no cRLSign.")
    )
    return Evidence(
        label="signature of the CRL", expected=f"by {title(issuer)}", seen=seen, where=source.value, says=says
    )


def _cite_nothing(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    signed: Sequence[tuple[CrlSource, x509.CertificateRevocationList]],
    at: datetime,
) -> Evidence:
    if signed:
        begins = min(crl.last_update_utc for _, crl in signed)
        expected, seen = f"last update before {format_time(at)}", f"{format_time(begins)}, in the future"
        says = f"The CRL of {title(issuer)} starts at {format_time(begins)}, in the future."
    else:
        urls = tuple(crl_urls(certificate))
        points = f"{'distribution point is' if len(urls) == 1 else 'distribution points are'} {', '.join(urls)}"
        expected, seen = "a CRL available", f"none; its {points}" if urls else "none"
        says = f"There is no CRL of {title(issuer)}." + (f" Its {points}." if urls else "")
    return Evidence(
        label=f"CRL of {title(issuer)}", expected=expected, seen=seen, where="revocation sources", says=says
    )


def _find_elsewhere(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    unread: Sequence[tuple[CrlSource, x509.CertificateRevocationList]],
    consumer: Consumer,
) -> Evidence | None:
    """Return evidence that a source which this service does not read lists the certificate as revoked."""
    for source, crl in unread:
        if entry_of(crl, certificate) and signed_by(crl, issuer):
            reads = ", ".join(sorted(s.value for s in SEES[consumer]))
            return Evidence(
                label=f"revocation of serial {serial_number(certificate):x}",
                expected=f"in what {consumer.value} reads: {reads}",
                seen=f"only in the CRL of the {source.value}",
                where="revocation sources",
                says=f"{title(certificate)} is revoked, but only in the CRL of the {source.value}. "
                f"{consumer.value} reads {reads}.",
            )
    return None


def _find_unsupported(question: RevocationQuestion, path: CertificatePath, known: set[str]) -> Iterable[Evidence]:
    """Yield evidence for unused CRLs that seem to be about the path; `known` are reasons that an error already gives."""
    return dict.fromkeys(
        Evidence(label="CRL", expected="complete and direct", seen=why, where=source.value)
        for certificate, _ in path.links
        for source, crl in question.data.crls
        if canonical(crl.issuer) == issuer_of(certificate)
        and (why := unusable_because(crl, certificate))
        and why not in known
    )
