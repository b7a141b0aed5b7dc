"""The certificate that came back from the CA: is it what the request asked for?

Sources: X12.5 guide, appendices 5 and 6; Cisco TAC 200641 for what Unified CM and IM&P compare at the upload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import AcmeMisissued
from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import Subject, declare, finding
from pkikit.judge.rules.certificate_rules import MAX_SHOWN, allows, shown_ekus
from pkikit.judge.rules.chain_rules import KEY_MISMATCH
from pkikit.judge.trust import may_be_issuer
from pkikit.model.certificates.facts import distinguished, extension, is_self_issued, issued, key_of, title
from pkikit.model.findings import Evidence, Finding, Severity, Verdict
from pkikit.values.names import printable

_SIGN = "X12.5 guide, appendix 6 'Authorizing a Request and Generating a Certificate'"
_VOS = "Cisco TAC 200641 ('CSR SAN and Certificate SAN does not match')"

NAME_DROPPED = declare(
    "answer.name-dropped",
    Severity.ERROR,
    on=Subject.ANSWER,
    requirement="The CA keeps every name that the request asks for. A machine that looks for a missing name refuses the "
    "certificate, and Unified CM and IM&P refuse the upload.",
    source=f"{_SIGN}; {_VOS}",
    fix="Ask the CA why it left the name out (policy, domain validation, or an AD CS template without 'Supply in the "
    "request'), and have the certificate reissued with all names. Unified CM and IM&P refuse the upload until then ('CSR SAN "
    "and Certificate SAN does not match'); on Expressway, a machine that looks for the name refuses the certificate.",
)
NAME_ADDED = declare(
    "answer.name-added",
    Severity.WARNING,
    on=Subject.ANSWER,
    requirement="The CA adds no names to those of the request. Unified CM and IM&P (VOS) refuse the upload of a certificate "
    "whose SANs differ from the request's. Cisco documents no such check for Expressway, which matches the names that it "
    "needs (ours).",
    source=_VOS,
    fix="Unified CM and IM&P refuse the upload ('CSR SAN and Certificate SAN does not match'): have the certificate reissued "
    "with the SANs of the request, or generate a request with an empty parent domain, which has no SANs to compare with. "
    "For Expressway: upload it, if the added name is yours.",
)
SUBJECT_CHANGED = declare(
    "answer.subject-changed",
    Severity.WARNING,
    on=Subject.ANSWER,
    requirement="The CA returns the subject of the request. Public CAs drop the fields that they do not validate.",
    source="X12.5 guide, 'Generate a Certificate Signing Request for ACME'; CA/Browser Forum BR §7.1.2.7",
    fix="Compare the common name: services read it. Other fields of the subject can be missing without consequences.",
)
CHAIN_ABSENT = declare(
    "answer.chain-absent",
    Severity.INFO,
    on=Subject.ANSWER,
    requirement="The issuer's certificate comes with the answer, or is available for the trusted CA list.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'",
    fix="Download the CA's chain as well (AD CS: 'Download certificate chain'), and append its certificates under "
    "Maintenance > Security > Trusted CA certificate.",
)
_CHECKED = (
    KEY_MISMATCH, NAME_DROPPED, NAME_ADDED, SUBJECT_CHANGED, CHAIN_ABSENT,
    "eku.client-auth-missing", "eku.server-auth-missing",
)  # fmt: skip
PURPOSES = (("client", ExtendedKeyUsageOID.CLIENT_AUTH), ("server", ExtendedKeyUsageOID.SERVER_AUTH))


def lint_answer(
    request: x509.CertificateSigningRequest, certificates: Sequence[x509.Certificate], use: CertificateUse | None = None
) -> Verdict:
    """Compare the first certificate with the request; the others are its chain.

    use: who the certificate is for, where that is known; it decides how much an added name weighs.
    """
    leaf, *chain = certificates
    subject = title(leaf)
    return Verdict(
        question=f"is {subject} what the request asked for?",
        findings=tuple(_findings(request, leaf, chain, subject, use)),
        checked=_CHECKED,
    )


def is_for_unified_cm(use: CertificateUse | None) -> bool:
    """True when the certificate is for a Unified CM or IM&P node of the deployment."""
    return use is not None and use.layout is not None and use.role is None


def _findings(
    request: x509.CertificateSigningRequest,
    leaf: x509.Certificate,
    chain: Sequence[x509.Certificate],
    subject: str,
    use: CertificateUse | None,
) -> Iterator[Finding]:
    if key_of(request) != key_of(leaf):
        evidence = Evidence(label="public key", expected="that of the request", seen="another", where="certificate")
        yield finding(KEY_MISMATCH, subject, [evidence])
    yield from _names(request, leaf, subject, use)
    for purpose, oid in PURPOSES:
        if allows(request, oid) and not allows(leaf, oid):
            evidence = Evidence(
                label="extended key usage",
                expected=shown_ekus(request),
                seen=shown_ekus(leaf),
                where="extendedKeyUsage",
            )
            yield finding(f"eku.{purpose}-auth-missing", subject, [evidence])
    if request.subject != leaf.subject:
        evidence = Evidence(
            label="subject",
            expected=distinguished(request.subject),
            seen=distinguished(leaf.subject),
            where="subject",
        )
        yield finding(SUBJECT_CHANGED, subject, [evidence])
    if not is_self_issued(leaf) and not any(may_be_issuer(leaf, c) for c in chain):
        evidence = Evidence(label="issuer", expected=distinguished(leaf.issuer), seen="not in the file", where="file")
        yield finding(CHAIN_ABSENT, subject, [evidence])


def san_entries(holder: x509.Certificate | x509.CertificateSigningRequest) -> tuple[str, ...]:
    """Every entry of the SAN as text, also e-mail addresses and other kinds that no name check reads."""
    more = []
    for name in extension(holder, x509.SubjectAlternativeName) or ():
        match name:
            case x509.RFC822Name(value=value):
                more.append(f"email:{printable(value)}")
            case x509.UniformResourceIdentifier(value=value) if not value.lower().startswith(("sip:", "sips:")):
                more.append(f"uri:{printable(value)}")
            case x509.DirectoryName(value=value):
                more.append(f"dn:{distinguished(value)}")
            case x509.RegisteredID(value=value):
                more.append(f"oid:{value.dotted_string}")
            case _:
                pass
    return (*presented_names(holder).all_names, *more)


def _names(
    request: x509.CertificateSigningRequest, leaf: x509.Certificate, subject: str, use: CertificateUse | None
) -> Iterator[Finding]:
    asked, given = presented_names(request), presented_names(leaf)
    wanted, got = san_entries(request), san_entries(leaf)
    dropped = [n for n in wanted if n not in got]
    added = [n for n in got if n not in wanted]
    if dropped:
        expected, seen = asked.shown(), given.shown()
        evidence = [Evidence(label=f"name {n}", expected=expected, seen=seen, where="subjectAltName") for n in dropped]
        yield finding(NAME_DROPPED, subject, evidence[:MAX_SHOWN])
    if not wanted:
        # VOS compares nothing then (TAC 200641); and a CA that repeats the common name in the SAN does what it should.
        added = [n for n in added if n != asked.common_name]
    if added:
        evidence = [
            Evidence(label=f"name {n}", expected="only the names of the request", seen="added by the CA", where="subjectAltName")
            for n in added[:MAX_SHOWN]
        ]  # fmt: skip
        yield finding(NAME_ADDED, subject, evidence, severity=_weight_of_added(bool(wanted), use))


def _weight_of_added(compared: bool, use: CertificateUse | None) -> Severity:
    """An error for a machine that refuses the upload, a warning where the machine is not known."""
    if not compared or (use is not None and use.role is not None):
        return Severity.INFO
    return Severity.ERROR if is_for_unified_cm(use) else Severity.WARNING


_REFUSED = frozenset({KEY_MISMATCH, NAME_DROPPED, NAME_ADDED})


def require_answer(request: x509.CertificateSigningRequest, certificates: Sequence[x509.Certificate]) -> None:
    """Raise AcmeMisissued unless this is a certificate for the request's key and names, with the chain that signed it.

    This does not look at extended key usages: a public CA leaves clientAuth out on purpose, and the legs report the effect.
    """
    if not certificates:
        raise AcmeMisissued(["it holds no certificate"])
    found = [f for f in lint_answer(request, certificates).findings if f.rule in _REFUSED]
    wrong = [f"{e.label}: expected {e.expected}, found {e.seen}" for f in found for e in f.evidence[:3]]
    for child, issuer in pairwise(certificates):
        if not issued(child, issuer):
            wrong.append(f"{title(child)} is not signed by the next certificate of its chain, {title(issuer)}")
    if wrong:
        raise AcmeMisissued(wrong)
