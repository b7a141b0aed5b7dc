"""The certificate that came back from the CA: is it what the request asked for?

Sources: X12.5 guide, appendices 5 and 6; Cisco TAC 200641 for what Unified CM and IM&P compare at the upload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import AcmeMisissued
from pkikit.judge.checks.certificate_checks import MAX_SHOWN, allows, format_ekus
from pkikit.judge.paths.trust import may_be_issuer
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.canonical_name import format_name
from pkikit.model.certificates.facts import extension, is_issued_by, is_self_issued, key_of, presented_names, title
from pkikit.model.findings import Answer, Evidence, Severity, Verdict
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, SERVER_AUTH_MISSING
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.rules.request_rules import CHAIN_ABSENT, NAME_ADDED, NAME_DROPPED, SUBJECT_CHANGED
from pkikit.values.names import printable

# The rule for a certificate without the purpose.
PURPOSES = (
    (CLIENT_AUTH_MISSING, ExtendedKeyUsageOID.CLIENT_AUTH),
    (SERVER_AUTH_MISSING, ExtendedKeyUsageOID.SERVER_AUTH),
)


def lint_answer(
    request: x509.CertificateSigningRequest, certificates: Sequence[x509.Certificate], use: CertificateUse | None = None
) -> Verdict:
    """Compare the first certificate with the request; the others are its chain.

    use: who the certificate is for, if known; it decides how much an added name weighs.
    """
    leaf, *chain = certificates
    subject = title(leaf)
    return Verdict.of(f"is {subject} what the request asked for?", *_answers(request, leaf, chain, subject, use))


def is_for_unified_cm(use: CertificateUse | None) -> bool:
    """True when the certificate is for a Unified CM or IM&P node of the deployment."""
    return use is not None and use.layout is not None and use.role is None


def _answers(
    request: x509.CertificateSigningRequest,
    leaf: x509.Certificate,
    chain: Sequence[x509.Certificate],
    subject: str,
    use: CertificateUse | None,
) -> Iterator[Answer]:
    says = "The certificate has another public key than the request."
    other_key = Evidence(
        label="public key", expected="that of the request", seen="another", where="certificate", says=says
    )
    yield KEY_MISMATCH.judge(subject, [other_key] if key_of(request) != key_of(leaf) else [])
    yield from _names(request, leaf, subject, use)
    for rule, oid in PURPOSES:
        dropped = allows(request, oid) and not allows(leaf, oid)
        asked, given = format_ekus(request), format_ekus(leaf)
        says = f"The request asks for {asked}; the CA issued a certificate with {given}."
        purposes = Evidence(label="extended key usage", expected=asked, seen=given, where="extendedKeyUsage", says=says)
        yield rule.judge(subject, [purposes] if dropped else [])
    wanted, got = format_name(request.subject), format_name(leaf.subject)
    says = f"The request asks for the subject {wanted}; the certificate has {got}."
    other_subject = Evidence(label="subject", expected=wanted, seen=got, where="subject", says=says)
    yield SUBJECT_CHANGED.judge(subject, [other_subject] if request.subject != leaf.subject else [])
    alone = not is_self_issued(leaf) and not any(may_be_issuer(leaf, c) for c in chain)
    says = f"The issuer {format_name(leaf.issuer)} is not in the file."
    no_issuer = Evidence(
        label="issuer", expected=format_name(leaf.issuer), seen="not in the file", where="file", says=says
    )
    yield CHAIN_ABSENT.judge(subject, [no_issuer] if alone else [])


def san_entries(holder: x509.Certificate | x509.CertificateSigningRequest) -> tuple[str, ...]:
    """Return every entry of the SAN as text, also e-mail addresses and other kinds that no name check reads."""
    more = []
    for name in extension(holder, x509.SubjectAlternativeName) or ():
        match name:
            case x509.RFC822Name(value=value):
                more.append(f"email:{printable(value)}")
            case x509.UniformResourceIdentifier(value=value) if not value.lower().startswith(("sip:", "sips:")):
                more.append(f"uri:{printable(value)}")
            case x509.DirectoryName(value=value):
                more.append(f"dn:{format_name(value)}")
            case x509.RegisteredID(value=value):
                more.append(f"oid:{value.dotted_string}")
            case _:
                pass
    return (*presented_names(holder).all_names, *more)


def _names(
    request: x509.CertificateSigningRequest, leaf: x509.Certificate, subject: str, use: CertificateUse | None
) -> Iterator[Answer]:
    asked, given = presented_names(request), presented_names(leaf)
    wanted, got = san_entries(request), san_entries(leaf)
    expected, seen = asked.describe(), given.describe()
    dropped = [
        Evidence(
            label=f"name {n}",
            expected=expected,
            seen=seen,
            where="subjectAltName",
            says=f"The request asks for {n}, and the certificate does not have it (it has {seen}).",
        )
        for n in wanted
        if n not in got
    ]
    yield NAME_DROPPED.judge(subject, dropped[:MAX_SHOWN])
    new = [n for n in got if n not in wanted]
    if not wanted:
        # VOS compares nothing then (TAC 200641); and a CA is right to repeat the common name in the SAN.
        new = [n for n in new if n != asked.common_name]
    expected, seen = "only the names of the request", "added by the CA"
    added = [
        Evidence(
            label=f"name {n}",
            expected=expected,
            seen=seen,
            where="subjectAltName",
            says=f"The CA added {n}, which the request does not have.",
        )
        for n in new[:MAX_SHOWN]
    ]
    yield NAME_ADDED.judge(subject, added, severity=_weight_of_added(bool(wanted), use))


def _weight_of_added(compared: bool, use: CertificateUse | None) -> Severity:
    """Return ERROR for a machine that refuses the upload, WARNING when the machine is not known."""
    if not compared or (use is not None and use.role is not None):
        return Severity.INFO
    return Severity.ERROR if is_for_unified_cm(use) else Severity.WARNING


_REFUSED = frozenset({KEY_MISMATCH.id, NAME_DROPPED.id, NAME_ADDED.id})


def require_answer(request: x509.CertificateSigningRequest, certificates: Sequence[x509.Certificate]) -> None:
    """Require a certificate for the request's key and names, with the chain that signed it.

    This does not look at extended key usages: a public CA leaves clientAuth out on purpose, and the legs report the effect.

    Args:
        request: the request that the CA answered.
        certificates: the answer, leaf first.

    Raises:
        AcmeMisissued: the certificate or its chain is another one.
    """
    if not certificates:
        raise AcmeMisissued(["it does not contain a certificate"])
    found = [f for f in lint_answer(request, certificates).findings if f.rule in _REFUSED]
    said = [str(e).rstrip(".") for f in found for e in f.evidence[:3]]
    wrong = [text[:1].lower() + text[1:] for text in said]
    for child, issuer in pairwise(certificates):
        if not is_issued_by(child, issuer):
            wrong.append(f"{title(child)} is not signed by the next certificate of its chain, {title(issuer)}")
    if wrong:
        raise AcmeMisissued(wrong)
