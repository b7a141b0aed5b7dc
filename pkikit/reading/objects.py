"""The loaders. Each takes the DER of one object.

They raise OtherKind if the bytes are something else, and EncodingError if a part of the object cannot be read.
"""

from __future__ import annotations

from typing import cast

from cryptography import x509
from cryptography.x509 import ocsp

from pkikit.reading import shapes
from pkikit.reading.der import BadDer
from pkikit.reading.odd.certificate_loader import load_certificate, odd_object
from pkikit.reading.odd.crl import OddCrl
from pkikit.reading.odd.ocsp import OddOcspAnswer, touch
from pkikit.reading.odd.request import OddRequest
from pkikit.reading.unreadable import UNREADABLE, OtherKind


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
        odd = odd_object(der, OddRequest, "a certificate request", fits=shapes.is_request(der))
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
        odd = odd_object(der, OddCrl, "a CRL", fits=shapes.is_crl(der))
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
        odd = odd_object(der, OddOcspAnswer, "an OCSP answer", fits=shapes.is_ocsp_answer(der))
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
