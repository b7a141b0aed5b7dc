"""The loaders. Each takes the DER of one object.

They raise OtherKind when the bytes are something else, and EncodingError when they are an object of that kind of which
a part cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError
from pkikit.reading import shapes
from pkikit.reading.certificate import OddCertificate
from pkikit.reading.der import BadDer
from pkikit.reading.errors import UNREADABLE, OtherKind
from pkikit.reading.openssl import refusal

_T = TypeVar("_T")
# More is no certificate or request that anybody would send; `cryptography` reads good ones of any size.
MAX_ODD = 256 * 1024
# OpenSSL 4 refuses to read such a date, OpenSSL 3 reads it and refuses to verify; the lab's product has 1.x to 3.x.
_READ_BY_3 = ("utctime is too short", "generalizedtime is too short")


def _load(load: Callable[[bytes], _T], der: bytes, kind: str) -> _T:
    try:
        return load(der)
    except UNREADABLE as error:
        raise OtherKind(f"not {kind}: {error}") from None


def load_certificate(der: bytes) -> x509.Certificate:
    """A certificate that OpenSSL 3 reads; names, dates, key kind and algorithm can be asked for without an exception.

    Where `cryptography` refuses it, the answer is an `OddCertificate`.

    Raises:
        OtherKind: the bytes are not a certificate.
        EncodingError: a part of the certificate cannot be read.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        # `cryptography` parses these only when asked.
        _ = certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNREADABLE:
        # The one cast: whoever asks for a certificate asks only for what an OddCertificate answers.
        return cast("x509.Certificate", _odd_certificate(der))
    return certificate


@lru_cache(maxsize=512)
def _odd_certificate(der: bytes) -> OddCertificate:
    if not shapes.is_certificate(der):
        raise OtherKind("not a certificate")
    if len(der) > MAX_ODD:
        raise EncodingError(f"is a certificate of {len(der):,} bytes that is not DER; {MAX_ODD:,} are the limit")
    try:
        certificate = OddCertificate(der)
    except BadDer as error:
        raise EncodingError(f"is a certificate that OpenSSL does not read either: {error}") from None
    refused = refusal(der)
    if refused and refused not in _READ_BY_3:
        raise EncodingError(f"is a certificate that OpenSSL does not read either ({refused})")
    return certificate


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
