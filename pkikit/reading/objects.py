"""The loaders. Each takes the DER of one object.

They raise OtherKind when the bytes are something else, and EncodingError when they are an object of that kind of which
a part cannot be read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar, cast

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.errors import EncodingError
from pkikit.reading import shapes
from pkikit.reading.certificate import OddCertificate
from pkikit.reading.crl import OddCrl
from pkikit.reading.der import BadDer
from pkikit.reading.errors import UNREADABLE, OtherKind
from pkikit.reading.ocsp import OddOcspAnswer, touch
from pkikit.reading.odd import OddObject
from pkikit.reading.openssl import refusal
from pkikit.reading.request import OddRequest

# More is no certificate or request that anybody would send; `cryptography` reads good ones of any size.
MAX_ODD = 256 * 1024
# OpenSSL 4 refuses to read such a date, OpenSSL 3 reads it and refuses to verify; the lab's product has 1.x to 3.x.
_READ_BY_3 = ("utctime is too short", "generalizedtime is too short")


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
        # The one cast: callers ask a certificate only for what an OddCertificate answers.
        return cast("x509.Certificate", _odd_certificate(der))
    return certificate


_Odd = TypeVar("_Odd", bound=OddObject)


def _odd(der: bytes, kind: type[_Odd], what: str, *, fits: bool) -> _Odd:
    """The stand-in for an object that `cryptography` refuses."""
    if not fits:
        raise OtherKind(f"not {what}")
    if len(der) > MAX_ODD:
        raise EncodingError(f"is {what} of {len(der):,} bytes that is not DER; {MAX_ODD:,} are the limit")
    try:
        return kind(der)
    except BadDer as error:
        raise EncodingError(f"is {what} that OpenSSL does not read either: {error}") from None


@lru_cache(maxsize=512)
def _odd_certificate(der: bytes) -> OddCertificate:
    certificate = _odd(der, OddCertificate, "a certificate", fits=shapes.is_certificate(der))
    refused = refusal(der)
    if refused and refused not in _READ_BY_3:
        raise EncodingError(f"is a certificate that OpenSSL does not read either ({refused})")
    return certificate


def load_request(der: bytes) -> x509.CertificateSigningRequest:
    """A certificate signing request; where `cryptography` refuses it, the answer is an `OddRequest`.

    Raises:
        OtherKind: the bytes are not a request.
        EncodingError: a part of the request cannot be read.
    """
    try:
        request = x509.load_der_x509_csr(der)
        _ = request.subject
    except UNREADABLE:
        odd = _odd(der, OddRequest, "a certificate request", fits=shapes.is_request(der))
        return cast("x509.CertificateSigningRequest", odd)
    return request


def load_crl(der: bytes) -> x509.CertificateRevocationList:
    """A CRL; where `cryptography` refuses it, the answer is an `OddCrl`.

    Raises:
        OtherKind: the bytes are not a CRL.
        EncodingError: a part of the CRL cannot be read, so nobody can judge by it.
    """
    try:
        crl = x509.load_der_x509_crl(der)
        _ = crl.issuer, crl.last_update_utc, crl.next_update_utc
    except UNREADABLE:
        odd = _odd(der, OddCrl, "a CRL", fits=shapes.is_crl(der))
        return cast("x509.CertificateRevocationList", odd)
    return crl


def load_ocsp(der: bytes) -> ocsp.OCSPResponse:
    """An OCSP answer; where `cryptography` refuses it, the answer is an `OddOcspAnswer`.

    Raises:
        OtherKind: the bytes are not an OCSP answer.
        EncodingError: a part of the answer cannot be read, so nobody can judge by it.
    """
    try:
        answer = ocsp.load_der_ocsp_response(der)
        touch(answer)
    except UNREADABLE:
        odd = _odd(der, OddOcspAnswer, "an OCSP answer", fits=shapes.is_ocsp_answer(der))
        return cast("ocsp.OCSPResponse", odd)
    return answer


def load_pkcs7(der: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PKCS#7 bundle, in the order of the file.

    Raises:
        OtherKind: the bytes are not a PKCS#7 bundle of certificates.
        EncodingError: a part of one of the certificates cannot be read.
    """
    try:
        return tuple(load_certificate(c) for c in shapes.certificates_of_pkcs7(der))
    except BadDer as error:
        raise OtherKind(f"not a PKCS#7 bundle: {error}") from None
