"""What Expressway, Cisco's guides and the peers would object to, before anything is uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.judge.advice import situated_in_list, situated_list
from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import Subject, finding, rule_of, run_rules
from pkikit.judge.rules.chain_rules import missing_basic_constraints, unsuitable_usage
from pkikit.judge.rules.connection_rules import MALFORMED, NOT_PEM
from pkikit.judge.rules.extension_rules import (
    critical_unknown,
    dates_unreadable,
    encoding_odd,
    key_unreadable,
    openssl_cannot_read,
    part_unreadable,
    unreadable,
)
from pkikit.judge.rules.upload_rules import CHAIN_INCOMPLETE, chain_incomplete
from pkikit.judge.trust import Anchor, CertificatePath
from pkikit.judge.verify import as_warning
from pkikit.model.certificates.facts import title
from pkikit.model.certificates.objection import Objection
from pkikit.model.deployment import Deployment
from pkikit.model.features import SERVER_ONLY_SWITCH, TWO_STORES
from pkikit.model.findings import Evidence, Finding, Severity, Verdict, merge_verdicts
from pkikit.model.leg import Purpose
from pkikit.model.parties import Role
from pkikit.reading.extensions import as_extensions, extensions_of

# Errors on a connection that looks for such a name; in a certificate by itself they are warnings.
_WARNING_IN_LINT = frozenset({"names.ip-address-used"})
_CLIENT_AUTH, _SERVER_AUTH = "eku.client-auth-missing", "eku.server-auth-missing"
_PURPOSE = {_CLIENT_AUTH: Purpose.CLIENT, _SERVER_AUTH: Purpose.SERVER}
# Rules about what a request does not have.
_NOT_FOR_REQUEST = ("validity.", "upload.", "certificate.")
_USAGE = "key.usage-unsuitable"
# Rules about server certificates that do not concern a CA.
_NOT_FOR_CA = ("eku.", "names.", "upload.", "certificate.may-sign")


def lint_certificate(certificate: x509.Certificate, use: CertificateUse) -> Verdict:
    """Judge one server certificate by itself, and against the names that its peer needs when the layout is known."""
    subject = title(certificate)
    findings, checked = run_rules(Subject.CERTIFICATE, subject, certificate, use, version=use.version)
    findings = [w for f in findings if (w := weighed(f, use)) is not None]
    form, form_checked = _readable(certificate, subject)
    # Before X15.5 the same certificate is used to dial as well.
    only_server = use.version.has(TWO_STORES) and use.store is not Purpose.CLIENT
    unsuitable = tuple(unsuitable_usage(certificate, as_server=only_server))
    if unsuitable:
        form.append(finding(_USAGE, subject, unsuitable))
    names = lint_names(certificate, use, subject)
    return Verdict(
        question=f"would {use.version} and its peers accept {subject} as server certificate?",
        findings=(*findings, *form, *names.findings),
        checked=(*checked, *form_checked, _USAGE, *names.checked),
    )


# The rules of a path that one certificate by itself can break: parts that nobody can read, or that OpenSSL refuses.
_READABLE: tuple[tuple[str, Callable[[CertificatePath], Iterator[Evidence]]], ...] = (
    ("chain.extension-unreadable", unreadable),
    ("chain.critical-extension-unknown", critical_unknown),
    ("certificate.part-unreadable", part_unreadable),
    ("certificate.openssl-cannot-read", openssl_cannot_read),
    ("certificate.encoding-odd", encoding_odd),
    ("validity.unreadable", dates_unreadable),
    ("key.unreadable", key_unreadable),
)
_READABLE_IDS = tuple(rule_id for rule_id, _ in _READABLE)


def _readable(certificate: x509.Certificate, subject: str) -> tuple[list[Finding], tuple[str, ...]]:
    """(findings, ids of the rules that ran) about what cannot be read in a certificate."""
    path = CertificatePath(certificates=(certificate,), anchor=Anchor.TRUSTED)
    findings = []
    for rule_id, find in _READABLE:
        evidence = tuple(find(path))
        if evidence:
            findings.append(finding(rule_id, subject, evidence))
    return findings, _READABLE_IDS


def weighed(found: Finding, use: CertificateUse) -> Finding | None:
    """The finding with the weight that it has for this version, role and store; None when it does not apply.

    X15.4 takes a certificate without clientAuth on Expressway-E (CLI switch), X15.5 has a store for each role:
    TAC documents 225482 and 225693.
    """
    if found.rule in _WARNING_IN_LINT:
        return as_warning(found)
    if found.rule not in _PURPOSE:
        return found
    if use.version.has(TWO_STORES):
        wanted = use.store or Purpose.SERVER
        return found if _PURPOSE[found.rule] is wanted else None
    if use.version.has(SERVER_ONLY_SWITCH) and use.role is Role.EXPRESSWAY_E and found.rule == _CLIENT_AUTH:
        return as_warning(found)
    return found


def lint_names(
    certificate: x509.Certificate | x509.CertificateSigningRequest, use: CertificateUse, subject: str
) -> Verdict:
    """Compare with the layout of the peer: a finding for every name that is missing."""
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


def lint_form(where: str, objections: Sequence[Objection], *, to_upload: bool = True) -> Verdict:
    """Judge how a file is made: does the product read it as it is?

    objections: what `pkikit.files.product_objections` found. to_upload: False for a file that the product never reads,
    as a request; then every objection is a warning.
    """
    findings = []
    for found in objections:
        weight = Severity.ERROR if to_upload and not found.is_remark else Severity.WARNING
        evidence = Evidence(label=found.place, expected=found.expected, seen=found.seen, where=where)
        findings.append(replace(finding(found.rule, where, [evidence], severity=weight), fix=found.fix))
    return Verdict(question=f"would the product read {where}?", findings=tuple(findings), checked=(NOT_PEM, MALFORMED))


def lint_upload(
    certificate: x509.Certificate, trusted_ca_list: Sequence[x509.Certificate], use: CertificateUse
) -> Verdict:
    """Judge whether the Expressway's own trusted CA list completes the chain, as the upload does."""
    checked = (CHAIN_INCOMPLETE,) if use.version.within(rule_of(CHAIN_INCOMPLETE).versions) else ()
    evidence = tuple(chain_incomplete(certificate, trusted_ca_list, use)) if checked else ()
    subject = title(certificate)
    return Verdict(
        question=f"is the chain of {subject} complete in the trusted CA list?",
        findings=(finding(CHAIN_INCOMPLETE, subject, evidence),) if evidence else (),
        checked=checked,
    )


def lint_deployment(deployment: Deployment) -> Verdict:
    """Judge a deployment by itself: what cannot work, whatever the certificates."""
    findings, checked = run_rules(Subject.DEPLOYMENT, deployment.name, deployment, version=deployment.product_version)
    return Verdict(question=f"can {deployment.name} work as it is written?", findings=tuple(findings), checked=checked)


def lint_request(request: x509.CertificateSigningRequest, use: CertificateUse) -> Verdict:
    """Judge a request by its own rules, and by those for the certificate that it would become."""
    subject = title_of_request(request)
    findings, checked = run_rules(Subject.CSR, subject, request, use, version=use.version)
    certificate_findings, certificate_checked = run_rules(
        Subject.CERTIFICATE, subject, _AsCertificate(request, use), replace(use, is_request=True), version=use.version
    )
    findings += [w for f in certificate_findings if (w := weighed(f, use)) is not None]
    names = lint_names(request, use, subject)
    return Verdict(
        question=f"would {use.version} take a certificate made from the request {subject}?",
        findings=(*findings, *names.findings),
        checked=(
            *checked,
            *(c for c in certificate_checked if not c.startswith(_NOT_FOR_REQUEST)),
            *names.checked,
        ),
    )


class _AsCertificate:
    """A request with the attributes that certificate rules read. Its validity is the instant that is judged."""

    def __init__(self, request: x509.CertificateSigningRequest, use: CertificateUse) -> None:
        self.subject = request.subject
        self.issuer = x509.Name([])
        self.serial_number = 1
        self.tbs_certificate_bytes = request.tbs_certrequest_bytes
        self.read_extensions = extensions_of(request)
        self.extensions = as_extensions(self.read_extensions)
        self.public_key = request.public_key
        self._request = request
        self.not_valid_before_utc = self.not_valid_after_utc = use.at

    @property
    def signature_hash_algorithm(self) -> hashes.HashAlgorithm | None:
        """The digest that the request is signed with; raises where nobody knows it."""
        return self._request.signature_hash_algorithm


def title_of_request(request: x509.CertificateSigningRequest) -> str:
    """The name that a request asks for."""
    presented = presented_names(request)
    return presented.common_name or next(iter(presented.identities), "without a name")


def lint_authority(certificate: x509.Certificate, use: CertificateUse) -> Verdict:
    """Judge one CA certificate."""
    subject = title(certificate)
    findings, checked = run_rules(Subject.CERTIFICATE, subject, certificate, use, version=use.version)
    findings = [w for f in findings if not f.rule.startswith(_NOT_FOR_CA) and (w := _weighed_in_ca(f)) is not None]
    form, form_checked = _readable(certificate, subject)
    own, own_checked = run_rules(Subject.CA, subject, certificate, use, version=use.version)
    missing = tuple(missing_basic_constraints((certificate,)))
    if missing:
        own.append(finding("ca.basic-constraints-missing", subject, missing))
    return Verdict(
        question=f"would {use.version} accept {subject} as CA?",
        findings=(*findings, *form, *own),
        checked=(
            *form_checked,
            *(c for c in checked if not c.startswith(_NOT_FOR_CA)),
            *own_checked,
            "ca.basic-constraints-missing",
        ),
    )


def _weighed_in_ca(found: Finding) -> Finding | None:
    """The finding with the weight that it has in a CA certificate; None when it does not matter there.

    SSH reads the server certificate alone: of a CA it sees the subject, as the issuer of what that CA signs.
    """
    if found.rule != "oid.unsupported":
        return found
    subject = [e for e in found.evidence if e.where == "subject"]
    return finding(found.rule, found.subject, subject, severity=Severity.WARNING) if subject else None


def lint_trust_list(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Verdict:
    """Judge a trusted CA list as a whole and each CA in it."""
    certificates = tuple(certificates)  # so that its index is made once
    findings, checked = run_rules(Subject.TRUST_LIST, "trusted CA list", certificates, use, version=use.version)
    whole = Verdict(
        question="", findings=tuple(situated_list(f, certificates, use.at) for f in findings), checked=checked
    )
    each = []
    for certificate in certificates:
        verdict = lint_authority(certificate, use)
        own = tuple(situated_in_list(f, certificate, certificates) for f in verdict.findings)
        each.append(replace(verdict, findings=own))
    return merge_verdicts(f"would {use.version} take this trusted CA list?", [whole, *each])
