"""What the product, the guide or the peers would object to, before anything is uploaded."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509

from pkikit.judge.names import presented_names
from pkikit.judge.registry import Subject, finding, run_rules
from pkikit.judge.rules.chain import missing_basic_constraints
from pkikit.judge.use import CertificateUse
from pkikit.judge.verify import as_warning
from pkikit.model.facts import title
from pkikit.model.findings import Evidence, Finding, Verdict, merge_verdicts

# Judged on a leg these are fatal; in a certificate by itself they only make a bad choice possible.
_WARNING_IN_LINT = frozenset({"names.ip-address-used"})
# What the rules for a server certificate ask and a CA need not answer to.
_NOT_FOR_CA = ("eku.", "names.")


def lint_certificate(certificate: x509.Certificate, use: CertificateUse) -> Verdict:
    """Judge one server certificate by itself, and against the layout of its peer when that is known."""
    subject = title(certificate)
    findings, checked = run_rules(Subject.CERTIFICATE, subject, certificate, use, version=use.version)
    findings = [as_warning(f) if f.rule in _WARNING_IN_LINT else f for f in findings]
    names = lint_names(certificate, use, subject)
    return Verdict(
        question=f"would {use.version} and its peers accept {subject} as server certificate?",
        findings=(*findings, *names.findings),
        checked=(*checked, *names.checked),
    )


def lint_names(
    certificate: x509.Certificate | x509.CertificateSigningRequest, use: CertificateUse, subject: str
) -> Verdict:
    """Compare with the layout of the peer: every name of it that is not there."""
    layout = use.layout
    if layout is None:
        return Verdict(question="no deployment given")
    presented = presented_names(certificate)
    findings: list[Finding] = []
    for entry in layout.entries:
        if entry.value in presented.identities:
            continue
        evidence = [
            Evidence(label=entry.reason, expected=entry.value, seen=presented.shown(), where="subjectAltName"),
            *(
                Evidence(label=f"needed by {who}", expected=entry.value, seen="missing", where="deployment")
                for who in entry.needed_by
            ),
        ]
        findings.append(finding(entry.rule, subject, evidence))
    checked = tuple(dict.fromkeys(entry.rule for entry in layout.entries))
    return Verdict(
        question=f"does {subject} hold the names of {layout.owner}?",
        findings=tuple(findings),
        checked=checked,
    )


def lint_request(request: x509.CertificateSigningRequest, use: CertificateUse) -> Verdict:
    """Judge a request by the rules that a certificate from it would meet, and by its own."""
    subject = title_of_request(request)
    findings, checked = run_rules(Subject.CSR, subject, request, use, version=use.version)
    certificate_findings, certificate_checked = run_rules(
        Subject.CERTIFICATE, subject, _AsCertificate(request, use), use, version=use.version
    )
    findings += [as_warning(f) if f.rule in _WARNING_IN_LINT else f for f in certificate_findings]
    names = lint_names(request, use, subject)
    return Verdict(
        question=f"would {use.version} take a certificate made from the request {subject}?",
        findings=(*findings, *names.findings),
        checked=(
            *checked,
            *(c for c in certificate_checked if not c.startswith("validity.")),
            *names.checked,
        ),
    )


class _AsCertificate:
    """A request seen through the attributes that the certificate rules read; its validity is the instant itself."""

    def __init__(self, request: x509.CertificateSigningRequest, use: CertificateUse) -> None:
        self.subject = request.subject
        self.extensions = request.extensions
        self.public_key = request.public_key
        self.signature_hash_algorithm = request.signature_hash_algorithm
        self.not_valid_before_utc = self.not_valid_after_utc = use.at


def title_of_request(request: x509.CertificateSigningRequest) -> str:
    """The name that a request asks for."""
    presented = presented_names(request)
    return presented.common_name or next(iter(presented.identities), "without a name")


def lint_authority(certificate: x509.Certificate, use: CertificateUse) -> Verdict:
    """Judge one CA certificate."""
    subject = title(certificate)
    findings, checked = run_rules(Subject.CERTIFICATE, subject, certificate, use, version=use.version)
    findings = [f for f in findings if not f.rule.startswith(_NOT_FOR_CA)]
    own, own_checked = run_rules(Subject.CA, subject, certificate, use, version=use.version)
    missing = tuple(missing_basic_constraints((certificate,)))
    if missing:
        own.append(finding("ca.basic-constraints-missing", subject, missing))
    return Verdict(
        question=f"would {use.version} accept {subject} as CA?",
        findings=(*findings, *own),
        checked=(
            *(c for c in checked if not c.startswith(_NOT_FOR_CA)),
            *own_checked,
            "ca.basic-constraints-missing",
        ),
    )


def lint_trust_list(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Verdict:
    """Judge a trusted CA list as a whole and each CA in it."""
    findings, checked = run_rules(Subject.TRUST_LIST, "trusted CA list", certificates, use, version=use.version)
    whole = Verdict(question="", findings=tuple(findings), checked=tuple(checked))
    each = [lint_authority(c, use) for c in certificates]
    return merge_verdicts(f"would {use.version} take this trusted CA list?", [whole, *each])
