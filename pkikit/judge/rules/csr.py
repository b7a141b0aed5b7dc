"""Rules over a certificate signing request."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from pkikit.judge.names import presented_names
from pkikit.judge.registry import Subject, rule
from pkikit.judge.use import CertificateUse
from pkikit.model.findings import Evidence, Severity


@rule(
    "csr.signature-invalid",
    Severity.ERROR,
    on=Subject.CSR,
    requirement="A request is signed with the key that it asks a certificate for.",
    source="RFC 2986 §3",
    fix="Discard the request and generate a new one; it was changed after it was signed.",
)
def signature_invalid(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    try:
        good = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        good = False
    if not good:
        yield Evidence(label="signature", expected="by the request's own key", seen="not valid", where="signature")


@rule(
    "csr.no-names",
    Severity.ERROR,
    on=Subject.CSR,
    requirement="A request names the Expressway: an FQDN in the common name or the SAN.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'",
    fix="Generate the request with the FQDN of the Expressway or of its cluster as common name.",
)
def no_names(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    if not presented_names(request).identities:
        yield Evidence(label="names", expected="an FQDN", seen="none", where="subject and subjectAltName")
