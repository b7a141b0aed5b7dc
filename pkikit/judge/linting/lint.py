"""What Expressway, Cisco's guides and the peers would object to, before an upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.judge.advice import situate_in_list, situate_list
from pkikit.judge.checks import (
    certificate_checks,
    deployment_checks,
    extension_checks,
    form_checks,
    request_checks,
    trust_list_checks,
    upload_checks,
)
from pkikit.judge.checks.certificate_checks import subject_oids
from pkikit.judge.checks.chain_checks import missing_basic_constraints, unsuitable_usage
from pkikit.judge.checks.check import Check, applying
from pkikit.judge.paths.trust import Anchor, CertificatePath
from pkikit.judge.questions import CertificateUse
from pkikit.judge.verify import as_warning
from pkikit.model.certificates.facts import presented_names, title
from pkikit.model.certificates.objection import Objection
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Answer, Evidence, Finding, Severity, Verdict, merge_verdicts
from pkikit.model.leg import Purpose
from pkikit.model.parties import Role
from pkikit.model.tables.features import SERVER_ONLY_SWITCH, TWO_STORES
from pkikit.reading.odd.extensions import as_extensions, extensions_of
from pkikit.rules.catalogue import rule_of
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, OID_UNSUPPORTED, SERVER_AUTH_MISSING
from pkikit.rules.chain_rules import BASIC_CONSTRAINTS_MISSING, KEY_USAGE_UNSUITABLE
from pkikit.rules.file_rules import MALFORMED, NOT_PEM
from pkikit.rules.name_rules import IP_ADDRESS_USED
from pkikit.rules.rule import Subject

CertificateCheck = Check[[x509.Certificate, CertificateUse]]
CERTIFICATE_CHECKS: tuple[CertificateCheck, ...] = (
    *certificate_checks.CHECKS, *form_checks.CHECKS, *upload_checks.CHECKS,
)  # fmt: skip
# Errors on a connection that looks for such a name; in a certificate by itself they are warnings.
_WARNING_IN_LINT = frozenset({IP_ADDRESS_USED.id})
_PURPOSE = {CLIENT_AUTH_MISSING.id: Purpose.CLIENT, SERVER_AUTH_MISSING.id: Purpose.SERVER}


def lint_certificate(
    certificate: x509.Certificate, use: CertificateUse, *, checks: tuple[CertificateCheck, ...] = CERTIFICATE_CHECKS
) -> Verdict:
    """Judge one server certificate by itself, and against the names that its peer needs when the layout is known.

    Args:
        certificate: the server certificate.
        use: its purpose, and the instant and product version by which it is judged.
        checks: the checks to run, as far as their rules apply to a certificate and to the product version.

    Returns:
        The verdict.
    """
    subject = title(certificate)
    # Before X15.5 the product dials with the same certificate.
    only_server = use.version.has(TWO_STORES) and use.store is not Purpose.CLIENT
    question = f"would {use.version} and its peers accept {subject} as server certificate?"
    own = Verdict.of(
        question,
        *(
            _weigh_answer(c.on(subject, certificate, use), use)
            for c in applying(checks, Subject.CERTIFICATE, use.version)
        ),
        *_readable(certificate, subject, Subject.CERTIFICATE),
        KEY_USAGE_UNSUITABLE.judge(subject, unsuitable_usage(certificate, as_server=only_server)),
    )
    return merge_verdicts(question, [own, lint_names(certificate, use, subject)])


def _readable(certificate: x509.Certificate, name: str, subject: Subject) -> tuple[Answer, ...]:
    """Return the answers about parts of one certificate that nobody can read, or that OpenSSL refuses."""
    path = CertificatePath(certificates=(certificate,), anchor=Anchor.TRUSTED)
    return tuple(check.on(name, path) for check in applying(extension_checks.CHECKS, subject))


def _weigh_answer(answer: Answer, use: CertificateUse) -> Answer:
    if not answer.findings:
        return answer
    return answer.with_findings(w for f in answer.findings if (w := weigh(f, use)) is not None)


def weigh(found: Finding, use: CertificateUse) -> Finding | None:
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
    if use.version.has(SERVER_ONLY_SWITCH) and use.role is Role.EXPRESSWAY_E and found.rule == CLIENT_AUTH_MISSING.id:
        return as_warning(found)
    return found


def lint_names(
    certificate: x509.Certificate | x509.CertificateSigningRequest, use: CertificateUse, subject: str
) -> Verdict:
    """Compare with the layout of the peer: one finding for every name that is missing."""
    layout = use.layout
    if layout is None:
        return Verdict(question="no deployment given")
    presented = presented_names(certificate)
    answers = []
    for entry in layout.entries:
        evidence = [
            Evidence(
                label=entry.reason,
                expected=entry.value,
                seen=presented.describe(),
                where="subjectAltName",
                says=f"{entry.value} ({entry.reason}) is not in the certificate. It has {presented.describe()}.",
            ),
            *(
                Evidence(
                    label=f"needed by {who}",
                    expected=entry.value,
                    seen="missing",
                    where="deployment",
                    says=f"Needed by {who}",
                )
                for who in entry.needed_by
            ),
        ]
        answers.append(rule_of(entry.rule).judge(subject, evidence if entry.value not in presented.identities else ()))
    return Verdict.of(f"does {subject} have the names of {layout.owner}?", *answers)


def lint_form(where: str, objections: Sequence[Objection], *, to_upload: bool = True) -> Verdict:
    """Judge the form of a file: does the product read it unchanged?

    objections: what `pkikit.files.product_objections` found. to_upload: False for a file that the product never reads,
    such as a request; then every objection is a warning.
    """
    answers = [Answer(rule=NOT_PEM.id), Answer(rule=MALFORMED.id)]
    for found in objections:
        weight = Severity.ERROR if to_upload and not found.is_remark else Severity.WARNING
        evidence = Evidence(label=found.place, expected=found.expected, seen=found.seen, where=where)
        finding = rule_of(found.rule).finding(where, [evidence], severity=weight)
        answers.append(Answer(rule=found.rule, findings=(replace(finding, fix=found.fix),)))
    return Verdict.of(f"would the product read {where}?", *answers)


def lint_upload(
    certificate: x509.Certificate, trusted_ca_list: Sequence[x509.Certificate], use: CertificateUse
) -> Verdict:
    """Judge whether the Expressway's own trusted CA list completes the chain, as the upload does."""
    subject = title(certificate)
    return Verdict.of(
        f"is the chain of {subject} complete in the trusted CA list?",
        *(
            check.on(subject, certificate, trusted_ca_list, use)
            for check in applying(upload_checks.UPLOAD_CHECKS, Subject.UPLOAD, use.version)
        ),
    )


def lint_deployment(deployment: Deployment) -> Verdict:
    """Judge a deployment by itself: what cannot work, whatever the certificates."""
    checks = applying(deployment_checks.CHECKS, Subject.DEPLOYMENT, deployment.product_version)
    return Verdict.of(
        f"can {deployment.name} work as it is written?", *(check.on(deployment.name, deployment) for check in checks)
    )


def lint_request(request: x509.CertificateSigningRequest, use: CertificateUse) -> Verdict:
    """Judge a request by its own rules, and by those for the certificate that it would become."""
    subject = title_of_request(request)
    question = f"would {use.version} take a certificate made from the request {subject}?"
    becomes, as_request = _AsCertificate(request, use), replace(use, is_request=True)
    own = Verdict.of(
        question,
        *(c.on(subject, request, use) for c in applying(request_checks.CHECKS, Subject.REQUEST, use.version)),
        *(
            _weigh_answer(c.on(subject, becomes, as_request), use)  # type: ignore[arg-type]
            for c in applying(CERTIFICATE_CHECKS, Subject.REQUEST, use.version)
        ),
    )
    return merge_verdicts(question, [own, lint_names(request, use, subject)])


class _AsCertificate:
    """A request with the attributes that certificate rules read. Its validity is the instant judged."""

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
        """The digest of the request's signature; raises if nobody knows it."""
        return self._request.signature_hash_algorithm


def title_of_request(request: x509.CertificateSigningRequest) -> str:
    """Return the name that a request asks for."""
    presented = presented_names(request)
    return presented.common_name or next(iter(presented.identities), "without a name")


def lint_authority(certificate: x509.Certificate, use: CertificateUse) -> Verdict:
    """Judge one CA certificate."""
    subject = title(certificate)
    return Verdict.of(
        f"would {use.version} accept {subject} as CA?",
        *(_about_ca(c, subject, certificate, use) for c in applying(CERTIFICATE_CHECKS, Subject.CA, use.version)),
        *_readable(certificate, subject, Subject.CA),
        *(c.on(subject, certificate, use) for c in applying(form_checks.CA_CHECKS, Subject.CA, use.version)),
        BASIC_CONSTRAINTS_MISSING.judge(subject, missing_basic_constraints((certificate,))),
    )


def _about_ca(check: CertificateCheck, subject: str, certificate: x509.Certificate, use: CertificateUse) -> Answer:
    """Return the check's answer about a CA certificate.

    SSH reads the server certificate alone: of a CA it sees the subject, as the issuer of what that CA signs.
    """
    if check.rule is OID_UNSUPPORTED:
        return OID_UNSUPPORTED.judge(subject, subject_oids(certificate), severity=Severity.WARNING)
    return check.on(subject, certificate, use)


def lint_trust_list(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Verdict:
    """Judge a trusted CA list as a whole, and each CA in it."""
    certificates = tuple(certificates)  # a tuple, so that the cache keeps its index
    checks = applying(trust_list_checks.CHECKS, Subject.TRUST_LIST, use.version)
    whole = Verdict.of("", *(check.on("trusted CA list", certificates, use) for check in checks))
    whole = replace(whole, findings=tuple(situate_list(f, certificates, use.at) for f in whole.findings))
    each = []
    for certificate in certificates:
        verdict = lint_authority(certificate, use)
        own = tuple(situate_in_list(f, certificate, certificates) for f in verdict.findings)
        each.append(replace(verdict, findings=own))
    return merge_verdicts(f"would {use.version} take this trusted CA list?", [whole, *each])
