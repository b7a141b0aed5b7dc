"""Was it revoked? Sources, precedence and fallback as one decision, certificate by certificate of a path.

The decision table (X12.5 guide, "Managing Certificate Revocation Lists"), for SIP TLS with checking on:

    use OCSP | responder named | use CRLs | asked
    on       | yes             | any      | OCSP, and nothing else
    on       | no              | on       | CRLs
    off      | any             | on       | CRLs
    on       | no              | off      | nothing can be: the fallback decides for the leaf
    off      | any             | off      | the same

No answer, or one that cannot be trusted: the fallback decides. A CRL that has expired counts as revoked, whatever the
fallback says. Other services read CRLs only, each from its own sources (`SEES`), and take silence for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from pkikit.judge.ocsp import matching_answer, read_answer
from pkikit.judge.registry import finding
from pkikit.judge.rules import revocation as rules
from pkikit.judge.trust import CertificatePath
from pkikit.model.facts import (
    UNREADABLE,
    canonical,
    critical_oids,
    crl_urls,
    extension,
    is_self_signed,
    issuer_of,
    lost_parts,
    ocsp_urls,
    odd_extensions,
    oid_name,
    serial_number,
    shown_time,
    subject_of,
    title,
)
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.model.revocation import Consumer, CrlSource, RevocationQuestion
from pkikit.reading.signatures import NOT_SIGNED

SEES = MappingProxyType(
    {
        Consumer.SIP_TLS: frozenset(CrlSource),
        Consumer.HTTPS: frozenset({CrlSource.MANUAL, CrlSource.AUTOMATIC, CrlSource.CA_FILE}),
        Consumer.LDAP: frozenset({CrlSource.CA_FILE}),
        Consumer.POLICY: frozenset({CrlSource.MANUAL}),
    }
)
CHECKED = (
    rules.REVOKED,
    rules.CRL_EXPIRED,
    rules.CRL_UNAVAILABLE,
    rules.CRL_UNTRUSTED,
    rules.CRL_CRITICAL,
    rules.CRL_UNSUPPORTED,
    rules.OCSP_UNAVAILABLE,
    rules.OCSP_UNTRUSTED,
    rules.NOT_CONSULTED,
)
# The code under which OpenSSL knows what a rule says.
VERIFY_CODE = MappingProxyType(
    {
        rules.REVOKED: 23,
        rules.CRL_EXPIRED: 12,
        rules.CRL_UNAVAILABLE: 3,
        rules.CRL_UNTRUSTED: 8,
        rules.CRL_CRITICAL: 36,
        rules.OCSP_UNAVAILABLE: 73,
        rules.OCSP_UNTRUSTED: 74,
    }
)
# What OpenSSL lets be critical in a CRL (crl_cb in x_crl.c), and in an entry of one (crl_set_issuers); nothing else.
_UNDERSTOOD = {
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.DELTA_CRL_INDICATOR,
}
_UNDERSTOOD_IN_ENTRY = {CRLEntryExtensionOID.CERTIFICATE_ISSUER}
_CRITICAL = bytes.fromhex("0101ff")  # BOOLEAN TRUE, as every critical extension holds it
# What the fallback decides about; anything else speaks for itself.
_FALLBACK = {rules.CRL_UNAVAILABLE, rules.CRL_UNTRUSTED, rules.OCSP_UNAVAILABLE, rules.OCSP_UNTRUSTED}


@dataclass(frozen=True, kw_only=True)
class StatusCheck:
    """How the status of one certificate of the path was found: which source was asked, and what it said.

    rule: empty when the status is good; else the rule that speaks.
    """

    certificate: str
    asked: str
    said: str
    rule: str = ""
    evidence: tuple[Evidence, ...] = ()


def check_status(path: CertificatePath, question: RevocationQuestion, at: datetime) -> tuple[StatusCheck, ...]:
    """One check a certificate that has an issuer in the path, leaf first."""
    if question.consumer is Consumer.SIP_TLS and not question.settings.checking:
        return ()
    return tuple(
        _check_one(certificate, path.certificates[index + 1 :], question, at, is_leaf=index == 0)
        for index, (certificate, _) in enumerate(path.links)
        if not is_self_signed(certificate)
    )


def judge_revocation(path: CertificatePath, question: RevocationQuestion, at: datetime) -> Verdict:
    """The same as findings: an error where the certificate counts as revoked, a warning where it is let pass unknown."""
    checks = check_status(path, question, at)
    as_revoked = question.settings.fallback == "revoked"
    findings: list[Finding] = []
    for check in checks:
        if not check.rule:
            continue
        severity = None
        if check.rule in _FALLBACK:
            silent = question.consumer is not Consumer.SIP_TLS
            severity = Severity.ERROR if as_revoked and not silent else Severity.WARNING
        findings.append(finding(check.rule, check.certificate, check.evidence, severity=severity))
    refused = {e.seen for check in checks if check.rule == rules.CRL_CRITICAL for e in check.evidence}
    findings += [] if not checks else _unsupported(question, path, refused)
    return Verdict(
        question=f"is anything on the path revoked, as {question.consumer.value} sees it?",
        findings=tuple(findings),
        checked=CHECKED if checks else (),
    )


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


def _by_crl(
    certificate: x509.Certificate, above: Sequence[x509.Certificate], question: RevocationQuestion, at: datetime
) -> StatusCheck:
    name, issuer = title(certificate), above[0]
    # A CA that changed its key signs CRLs with either; both of its certificates may stand in the path.
    signers = [c for c in above if subject_of(c) == issuer_of(certificate)]
    sees = SEES[question.consumer]
    ours = [
        (source, crl)
        for source, crl in question.data.crls
        if canonical(crl.issuer) == issuer_of(certificate) and not unusable_because(crl, certificate)
    ]
    seen = [(source, crl) for source, crl in ours if source in sees]
    if question.consumer is Consumer.HTTPS and any(source is CrlSource.AUTOMATIC for source, _ in seen):
        # What was downloaded overrides what was uploaded; only SIP TLS uses both (X14.0 guide, same chapter).
        seen = [(source, crl) for source, crl in seen if source is not CrlSource.MANUAL]
    signed = [(source, crl) for source, crl in seen if any(signed_by(crl, c) for c in signers)]
    current = [(source, crl) for source, crl in signed if crl.last_update_utc <= at]
    asked = f"CRL of {title(issuer)}: " + (", ".join(dict.fromkeys(s.value for s, _ in seen)) or "none at hand")

    def result(said: str, rule: str = "", evidence: Iterable[Evidence] = ()) -> StatusCheck:
        return StatusCheck(certificate=name, asked=asked, said=said, rule=rule, evidence=tuple(evidence))

    for source, crl in current:
        entry = entry_of(crl, certificate)
        if entry is not None:
            return result("revoked", rules.REVOKED, [_revoked(certificate, entry, source)])
    if not current:
        # A CRL without such an extension comes first in OpenSSL (CRL_SCORE_NOCRITICAL); alone, this one is refused.
        refused = _refused(certificate, signers, [pair for pair in question.data.crls if pair[0] in sees], at)
        if refused:
            return result("refused", rules.CRL_CRITICAL, refused)
        if seen and not signed:
            return result("not trusted", rules.CRL_UNTRUSTED, [_foreign(issuer, source) for source, _ in seen[:1]])
        unread = _not_consulted(certificate, issuer, [pair for pair in ours if pair[0] not in sees], question.consumer)
        if unread:
            return result("not asked where it stands", rules.NOT_CONSULTED, [unread])
        if question.consumer is not Consumer.SIP_TLS:
            return result("nothing known against it")
        return result("no CRL", rules.CRL_UNAVAILABLE, [_unavailable(certificate, issuer, signed, at)])
    source, newest = max(current, key=lambda pair: pair[1].last_update_utc)
    if newest.next_update_utc is not None and newest.next_update_utc < at:
        evidence = Evidence(
            label=f"CRL of {title(issuer)}, next update",
            expected=f"after {shown_time(at)}",
            seen=shown_time(newest.next_update_utc),
            where=source.value,
        )
        return result("expired", rules.CRL_EXPIRED, [evidence])
    return result("not in it")


def unusable_because(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> str:
    """Why a CRL of the right issuer says too little about a certificate, or an empty string (RFC 5280 §5.2.5)."""
    unreadable = unreadable_part(crl)
    if unreadable:
        return f"its {unreadable} cannot be read"
    if extension(crl, x509.DeltaCRLIndicator) is not None:
        return "a delta CRL holds only what changed"
    unknown = unknown_critical(crl)
    if unknown:
        return unknown
    scope = extension(crl, x509.IssuingDistributionPoint)
    if scope is None:
        return ""
    constraints = extension(certificate, x509.BasicConstraints)
    is_ca = constraints is not None and constraints.ca
    if scope.indirect_crl:
        return "an indirect CRL speaks for other issuers"
    if scope.only_some_reasons or scope.only_contains_attribute_certs:
        return "it holds only some reasons or only attribute certificates"
    if scope.only_contains_ca_certs and not is_ca:
        return "it holds only CA certificates"
    if scope.only_contains_user_certs and is_ca:
        return "it holds only end-entity certificates"
    if scope.full_name or scope.relative_name:
        points = extension(certificate, x509.CRLDistributionPoints)
        named = {n for p in points or () for n in _point_names(p.full_name, p.relative_name, certificate.issuer)}
        if not named & set(_point_names(scope.full_name, scope.relative_name, crl.issuer)):
            return "it is for another distribution point"
    return ""


def unreadable_part(crl: x509.CertificateRevocationList) -> str:
    """The part of a CRL for which OpenSSL refuses it, because it cannot be read; empty without one."""
    lost = lost_parts(crl)
    refused = (oid_name(x509.ObjectIdentifier(e.oid)) for e in odd_extensions(crl) if e.refused)
    return lost[0] if lost else next((f"extension {name}" for name in refused), "")


def unknown_critical(crl: x509.CertificateRevocationList) -> str:
    """The critical extension of a CRL, or of one of its entries, that OpenSSL does not understand; empty without one."""
    critical = [x509.ObjectIdentifier(oid) for oid in critical_oids(crl)]
    for oid in critical:
        if oid not in _UNDERSTOOD:
            return f"its critical extension {oid.dotted_string} is not understood"
    # Entries are looked at only when the bytes hold more TRUEs than the CRL's own extensions: CRLs can be large.
    if crl.tbs_certlist_bytes.count(_CRITICAL) > len(critical):
        for entry in crl:
            serial = f"{entry.serial_number:x}"
            try:
                within = [e.oid for e in entry.extensions if e.critical]
            except UNREADABLE:
                return f"an extension of its entry {serial} cannot be read"
            beyond = [oid.dotted_string for oid in within if oid not in _UNDERSTOOD_IN_ENTRY]
            if beyond:
                return f"the critical extension {beyond[0]} of its entry {serial} is not understood"
    return ""


def _refused(
    certificate: x509.Certificate,
    signers: Sequence[x509.Certificate],
    crls: Sequence[tuple[CrlSource, x509.CertificateRevocationList]],
    at: datetime,
) -> list[Evidence]:
    """CRLs of the issuer that OpenSSL would take and then refuse, for a critical extension."""
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


def _point_names(
    full: Sequence[x509.GeneralName] | None, relative: x509.RelativeDistinguishedName | None, issuer: x509.Name
) -> list[object]:
    """The names of a distribution point; one relative to the issuer is completed. Directory names as they are compared."""
    names = list(full or ())
    if relative is not None:
        names.append(x509.DirectoryName(x509.Name([*issuer.rdns, relative])))
    return [canonical(n.value) if isinstance(n, x509.DirectoryName) else n for n in names]


def entry_of(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> x509.RevokedCertificate | None:
    """The entry about a certificate. Serial numbers that should not be (nought, negative) are looked for one by one."""
    serial = serial_number(certificate)
    if serial > 0:
        return crl.get_revoked_certificate_by_serial_number(serial)
    return next((entry for entry in crl if entry.serial_number == serial), None)


def signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """True when the issuer's key signed the CRL, and may sign CRLs."""
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        return False
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except NOT_SIGNED:
        return False


def _revoked(certificate: x509.Certificate, entry: x509.RevokedCertificate, source: CrlSource) -> Evidence:
    try:
        when = f"revoked at {shown_time(entry.revocation_date_utc)}"
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
    )


def _foreign(issuer: x509.Certificate, source: CrlSource) -> Evidence:
    usage = extension(issuer, x509.KeyUsage)
    may = usage is None or usage.crl_sign
    seen = "by another key" if may else "the CA's key usage has no cRLSign"
    return Evidence(label="signature of the CRL", expected=f"by {title(issuer)}", seen=seen, where=source.value)


def _unavailable(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    signed: Sequence[tuple[CrlSource, x509.CertificateRevocationList]],
    at: datetime,
) -> Evidence:
    if signed:
        begins = min(crl.last_update_utc for _, crl in signed)
        expected, seen = f"last update before {shown_time(at)}", f"{shown_time(begins)}, in the future"
    else:
        urls = ", ".join(crl_urls(certificate))
        expected, seen = "a CRL at hand", f"none; its distribution points are {urls}" if urls else "none"
    return Evidence(label=f"CRL of {title(issuer)}", expected=expected, seen=seen, where="revocation sources")


def _not_consulted(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    unread: Sequence[tuple[CrlSource, x509.CertificateRevocationList]],
    consumer: Consumer,
) -> Evidence | None:
    """Where the certificate is revoked in a source that this service does not read."""
    for source, crl in unread:
        if entry_of(crl, certificate) and signed_by(crl, issuer):
            reads = ", ".join(sorted(s.value for s in SEES[consumer]))
            return Evidence(
                label=f"revocation of serial {serial_number(certificate):x}",
                expected=f"in what {consumer.value} reads: {reads}",
                seen=f"only in the CRL of the {source.value}",
                where="revocation sources",
            )
    return None


def _unsupported(question: RevocationQuestion, path: CertificatePath, known: set[str]) -> list[Finding]:
    """CRLs that seem to be about the path and are not used; `known` are reasons that an error already gives."""
    evidence = dict.fromkeys(
        Evidence(label="CRL", expected="complete and direct", seen=why, where=source.value)
        for certificate, _ in path.links
        for source, crl in question.data.crls
        if canonical(crl.issuer) == issuer_of(certificate)
        and (why := unusable_because(crl, certificate))
        and why not in known
    )
    return [finding(rules.CRL_UNSUPPORTED, title(path.certificates[0]), evidence)] if evidence else []
