"""Certificates between OpenSSL and the judges. They pass the same loader as files, so both know the same certificate."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto

from pkikit.errors import EncodingError
from pkikit.model.leg import Purpose
from pkikit.reading import load_certificate
from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.saved import quietly


def for_openssl(certificate: x509.Certificate) -> crypto.X509 | x509.Certificate:
    """Return the certificate for pyOpenSSL: an `OddCertificate` as OpenSSL's own object, made from its bytes.

    Args:
        certificate: the certificate.

    Returns:
        What pyOpenSSL accepts.

    Raises:
        crypto.Error: the library's OpenSSL does not read it (OpenSSL 4 refuses some dates that OpenSSL 3 reads).
    """
    if isinstance(certificate, OddCertificate):
        return crypto.load_certificate(crypto.FILETYPE_ASN1, certificate.public_bytes(Encoding.DER))
    return certificate


def add_trusted(store: crypto.X509Store, certificates: Iterable[x509.Certificate]) -> None:
    """Put certificates into a trust store. A certificate that OpenSSL does not read is left out, as OpenSSL does itself."""
    for certificate in certificates:
        with contextlib.suppress(crypto.Error):
            store.add_cert(openssl_object(certificate))


def openssl_object(certificate: x509.Certificate) -> crypto.X509:
    """Return the certificate as OpenSSL's own object.

    Args:
        certificate: as it was read.

    Returns:
        The object that pyOpenSSL takes.

    Raises:
        crypto.Error: as for `for_openssl`.
    """
    known = for_openssl(certificate)
    return known if isinstance(known, crypto.X509) else crypto.X509.from_cryptography(known)


def set_purpose(store: crypto.X509Store, purpose: Purpose | None) -> None:
    """Make a trust store accept leaves for one purpose; None: for any, without a look at the extended key usage.

    pyOpenSSL has no function for `X509_STORE_set_purpose`, so this uses the library beneath it.
    """
    library = crypto._lib  # type: ignore[attr-defined]
    numbers = {
        Purpose.SERVER: library.X509_PURPOSE_SSL_SERVER,
        Purpose.CLIENT: library.X509_PURPOSE_SSL_CLIENT,
        None: library.X509_PURPOSE_ANY,
    }
    library.X509_STORE_set_purpose(store._store, numbers[purpose])


def make_store(trusted: Iterable[x509.Certificate], purpose: Purpose, at: datetime) -> crypto.X509Store:
    """Return a trust store that judges leaves for one purpose at one instant."""
    store = crypto.X509Store()
    store.set_time(at)
    set_purpose(store, purpose)
    add_trusted(store, trusted)
    return store


def is_accepted(
    chain: Sequence[x509.Certificate], trusted: Iterable[x509.Certificate], purpose: Purpose, at: datetime
) -> bool:
    """Return True if OpenSSL verifies the first certificate of the chain for this purpose, with the help of the others."""
    leaf, *others = map(openssl_object, chain)
    try:
        crypto.X509StoreContext(make_store(trusted, purpose, at), leaf, others).verify_certificate()
    except crypto.X509StoreContextError:
        return False
    return True


# As a file with it would be read. Each is read once while it is in use.
@lru_cache(maxsize=2048)
def _read(der: bytes) -> x509.Certificate:
    with quietly():
        return load_certificate(der)


def readable(certificates: Iterable[crypto.X509] | None) -> tuple[x509.Certificate, ...]:
    """Return the readable ones, in their order. Equal chains are one object, so what is judged about a chain is kept."""
    return _readable(tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, c) for c in certificates or ()))


@lru_cache(maxsize=2048)
def _readable(ders: tuple[bytes, ...]) -> tuple[x509.Certificate, ...]:
    found = []
    for der in ders:
        with contextlib.suppress(ValueError, EncodingError):
            found.append(_read(der))
    return tuple(found)
