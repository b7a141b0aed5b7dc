"""Rules over a certificate signing request."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.design.csr import SAN_LIMIT, san_length
from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import Subject, rule
from pkikit.model.certificates.facts import has_extension, is_signed, is_unreadable
from pkikit.model.findings import Evidence, Severity
from pkikit.values.names import printable


@rule(
    "csr.signature-invalid",
    Severity.ERROR,
    on=Subject.CSR,
    requirement="A request is signed with the key for which it asks a certificate.",
    source="RFC 2986 §3",
    fix="Discard the request and generate a new one. This one was changed after it was signed.",
)
def signature_invalid(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    if not is_signed(request):
        yield Evidence(label="signature", expected="by the request's own key", seen="not valid", where="signature")


@rule(
    "csr.no-names",
    Severity.ERROR,
    on=Subject.CSR,
    requirement="A request names the Expressway: it holds an FQDN in the common name or in the SAN.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'",
    fix="Generate the request with the FQDN of the Expressway, or of its cluster, as common name.",
)
def no_names(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    names = presented_names(request)
    unknown = is_unreadable(request, x509.SubjectAlternativeName)
    if not names.identities and not names.common_name and not unknown:
        yield Evidence(label="names", expected="an FQDN", seen="none", where="subject and subjectAltName")


@rule(
    "csr.san-too-long",
    Severity.ERROR,
    on=Subject.CSR,
    requirement="All subject alternative names together have at most 999 characters.",
    source="X12.5 guide, change history (X8.5.2; lifted with X8.10); X8.8 guide, appendix 1",
    fix="Leave names out, or upgrade to X8.10. The format CollabEdgeDNS does not help: it is longer.",
    versions="X8.5.2-X8.9",
)
def san_too_long(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    length = san_length(presented_names(request).dns)
    if length > SAN_LIMIT:
        yield Evidence(
            label="length of all SANs", expected=f"at most {SAN_LIMIT}", seen=str(length), where="subjectAltName"
        )


@rule(
    "csr.purposes-not-requested",
    Severity.WARNING,
    on=Subject.CSR,
    requirement="A request asks for serverAuth and clientAuth, as requests of the Expressway's own page do.",
    source="X12.5 guide, 'Creating a CSR Using Expressway'",
    fix="Generate the request on the Expressway, or add both extended key usages to the request.",
)
def purposes_not_requested(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    if not has_extension(request, x509.ExtendedKeyUsage):
        yield Evidence(
            label="extended key usage", expected="serverAuth, clientAuth", seen="absent", where="extensionRequest"
        )


@rule(
    "csr.country-form",
    Severity.ERROR,
    on=Subject.CSR,
    requirement="The country has two letters.",
    source="X12.5 guide, 'Creating a CSR Using Expressway'; RFC 5280 appendix A.1 (PrintableString of size 2)",
    fix="Enter the two-letter ISO 3166 code of the country, such as GB.",
)
def country_form(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    for attribute in request.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME):
        value = str(attribute.value)
        if not (len(value) == 2 and value.isascii() and value.isalpha()):
            yield Evidence(label="country", expected="two letters", seen=printable(value, 40), where="subject")
