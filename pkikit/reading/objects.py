"""The loaders. Each takes the DER of one object.

They raise OtherKind if the bytes are something else, and EncodingError if a part of the object cannot be read.
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
    """Load a certificate that OpenSSL 3 reads. Reading its names, dates, key kind and algorithm never raises.

    Args:
        der: the DER of the certificate.

    Returns:
        The certificate; an `OddCertificate` if `cryptography` refuses it.

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
    """Return the stand-in for an object that `cryptography` refuses.

    Args:
        der: the bytes of the object.
        kind: the class of the stand-in.
        what: the kind of object, for the sentence.
        fits: tells by the outline whether the bytes are of this kind.

    Returns:
        The stand-in.

    Raises:
        OtherKind: the bytes are another kind of object.
        EncodingError: a part cannot be read.
    """
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
    """Load a certificate signing request.

    Args:
        der: the DER of the request.

    Returns:
        The request; an `OddRequest` if `cryptography` refuses it.

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
    """Load a CRL.

    Args:
        der: the DER of the CRL.

    Returns:
        The CRL; an `OddCrl` if `cryptography` refuses it.

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
    """Load an OCSP answer.

    Args:
        der: the DER of the answer.

    Returns:
        The answer; an `OddOcspAnswer` if `cryptography` refuses it.

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
    """Load the certificates of a PKCS#7 bundle.

    Args:
        der: the DER of the bundle.

    Returns:
        The certificates, in the order of the file.

    Raises:
        OtherKind: the bytes are not a PKCS#7 bundle of certificates.
        EncodingError: a part of one of the certificates cannot be read.
    """
    try:
        return tuple(load_certificate(c) for c in shapes.certificates_of_pkcs7(der))
    except BadDer as error:
        raise OtherKind(f"not a PKCS#7 bundle: {error}") from None
