"""Certificates from DER, and the step that every loader shares: the stand-in for an object that `cryptography` refuses."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar, cast

from cryptography import x509

from pkikit.errors import EncodingError
from pkikit.reading import shapes
from pkikit.reading.der import BadDer
from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.openssl import refusal
from pkikit.reading.unreadable import UNREADABLE, OtherKind

# More is no certificate or request that anybody would send; `cryptography` reads good ones of any size.
MAX_ODD = 256 * 1024
# The lists of one deployment have the same certificates again and again: one object each, so that what is known of it stays.
MOST_KEPT, MAX_KEPT = 2048, 8 * 1024
# OpenSSL 4 refuses to read such a date, OpenSSL 3 reads it and refuses to verify; the lab's product has 1.x to 3.x.
_READ_BY_3 = ("utctime is too short", "generalizedtime is too short")


def load_certificate(der: bytes) -> x509.Certificate:
    """Load a certificate that OpenSSL 3 reads. Reading its names, dates, key kind and algorithm never raises.

    The same bytes give the same object while they are among the last ones loaded.

    Args:
        der: the DER of the certificate.

    Returns:
        The certificate; an `OddCertificate` if `cryptography` refuses it.

    Raises:
        OtherKind: the bytes are not a certificate.
        EncodingError: a part of the certificate cannot be read.
    """
    return _kept_certificate(der) if len(der) <= MAX_KEPT else _certificate(der)


def _certificate(der: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        # `cryptography` parses these only when asked.
        _ = certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNREADABLE:
        # The one cast: callers ask a certificate only for what an OddCertificate answers.
        return cast("x509.Certificate", _odd_certificate(der))
    return certificate


_kept_certificate = lru_cache(maxsize=MOST_KEPT)(_certificate)


_Odd = TypeVar("_Odd", bound=OddObject)


def odd_object(der: bytes, kind: type[_Odd], what: str, *, fits: bool) -> _Odd:
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
    certificate = odd_object(der, OddCertificate, "a certificate", fits=shapes.is_certificate(der))
    refused = refusal(der)
    if refused and refused not in _READ_BY_3:
        raise EncodingError(f"is a certificate that OpenSSL does not read either ({refused})")
    return certificate
