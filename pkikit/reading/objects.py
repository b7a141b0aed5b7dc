"""The loaders. Each takes the DER of one object.

They raise OtherKind when the bytes are something else, and EncodingError when they are an object of that kind of which
a part cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import ocsp

_T = TypeVar("_T")

# Everything that `cryptography` raises when it parses bytes that it does not understand.
UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)


class OtherKind(ValueError):
    """The bytes are not an object of the kind that was asked for."""


def _load(load: Callable[[bytes], _T], der: bytes, kind: str) -> _T:
    try:
        return load(der)
    except UNREADABLE as error:
        raise OtherKind(f"not {kind}: {error}") from None


def load_certificate(der: bytes) -> x509.Certificate:
    """A certificate whose names and dates can be read.

    Raises:
        OtherKind: the bytes are not a certificate.
        EncodingError: a part of the certificate cannot be read.
    """

    def load(data: bytes) -> x509.Certificate:
        certificate = x509.load_der_x509_certificate(data)
        # `cryptography` parses these only when asked.
        _ = certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return certificate

    return _load(load, der, "a certificate")


def load_request(der: bytes) -> x509.CertificateSigningRequest:
    """A certificate signing request.

    Raises:
        OtherKind: the bytes are not a request.
        EncodingError: a part of the request cannot be read.
    """
    return _load(x509.load_der_x509_csr, der, "a request")


def load_crl(der: bytes) -> x509.CertificateRevocationList:
    """A CRL.

    Raises:
        OtherKind: the bytes are not a CRL.
        EncodingError: a part of the CRL cannot be read.
    """
    return _load(x509.load_der_x509_crl, der, "a CRL")


def load_ocsp(der: bytes) -> ocsp.OCSPResponse:
    """An OCSP answer.

    Raises:
        OtherKind: the bytes are not an OCSP answer.
        EncodingError: a part of the answer cannot be read.
    """
    return _load(ocsp.load_der_ocsp_response, der, "an OCSP answer")


def load_pkcs7(der: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PKCS#7 bundle, in the order of the file.

    Raises:
        OtherKind: the bytes are not a PKCS#7 bundle of certificates.
        EncodingError: a part of one of the certificates cannot be read.
    """
    return tuple(_load(pkcs7.load_der_pkcs7_certificates, der, "a PKCS#7 bundle"))
