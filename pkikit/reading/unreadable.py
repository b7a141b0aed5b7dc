"""What may go wrong when bytes are read."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

# Everything that `cryptography` raises when it parses bytes that it does not understand. LookupError: an unknown
# TLS feature (KeyError).
UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)


class OtherKind(ValueError):
    """The bytes are not an object of the requested kind."""
