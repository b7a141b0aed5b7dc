"""Checks of a certificate signing request."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.design.csr import SAN_LIMIT, san_length
from pkikit.judge.checks.check import Check
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import has_extension, is_unreadable, presented_names
from pkikit.model.certificates.public_key import is_signed
from pkikit.model.findings import Evidence
from pkikit.rules.request_rules import (
    COUNTRY_FORM,
    NO_NAMES,
    PURPOSES_NOT_REQUESTED,
    REQUEST_SIGNATURE_INVALID,
    SAN_TOO_LONG,
)
from pkikit.values.names import printable


def signature_invalid(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the request is not signed by its own key."""
    if not is_signed(request):
        yield Evidence(
            label="signature",
            expected="by the request's own key",
            seen="not valid",
            where="signature",
            says="The signature of the request does not fit its own key.",
        )


def no_names(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the request names no host."""
    names = presented_names(request)
    unknown = is_unreadable(request, x509.SubjectAlternativeName)
    if not names.identities and not names.common_name and not unknown:
        yield Evidence(
            label="names",
            expected="an FQDN",
            seen="none",
            where="subject and subjectAltName",
            says="The request has no name: neither a common name nor a SAN.",
        )


def san_too_long(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that all names together are too long for these versions."""
    length = san_length(presented_names(request).dns)
    if length > SAN_LIMIT:
        yield Evidence(
            label="length of all SANs", expected=f"at most {SAN_LIMIT}", seen=str(length), where="subjectAltName"
        )


def purposes_not_requested(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the request asks for no extended key usage."""
    if not has_extension(request, x509.ExtendedKeyUsage):
        yield Evidence(
            label="extended key usage",
            expected="serverAuth, clientAuth",
            seen="absent",
            where="extensionRequest",
            says="The request does not ask for serverAuth and clientAuth.",
        )


def country_form(request: x509.CertificateSigningRequest, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each country that is not two letters."""
    for attribute in request.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME):
        value = str(attribute.value)
        if not (len(value) == 2 and value.isascii() and value.isalpha()):
            yield Evidence(
                label="country",
                expected="two letters",
                seen=printable(value, 40),
                where="subject",
                says=f"The country is {printable(value, 40)!r}, not a code of two letters.",
            )


CHECKS = (
    Check(REQUEST_SIGNATURE_INVALID, signature_invalid),
    Check(NO_NAMES, no_names),
    Check(SAN_TOO_LONG, san_too_long),
    Check(PURPOSES_NOT_REQUESTED, purposes_not_requested),
    Check(COUNTRY_FORM, country_form),
)
