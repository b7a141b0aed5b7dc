"""Objects that pkikit or the lab saved as PEM, or that a handshake presented: read like files, and without warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from pkikit.reading.odd.certificate_loader import load_certificate
from pkikit.reading.pem import from_pem


@contextmanager
def quietly() -> Iterator[None]:
    """Read without the library's warnings: a rule reports a serial number that is not positive."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def certificates_in(text: str) -> tuple[x509.Certificate, ...]:
    """Load the certificates of PEM blocks.

    Args:
        text: PEM that pkikit wrote.

    Returns:
        The certificates, in the order of the text.

    Raises:
        ValueError: there is no block, or one holds something else.
        EncodingError: a part of a certificate cannot be read.
    """
    with quietly():
        return tuple(load_certificate(der) for der in from_pem(text))
