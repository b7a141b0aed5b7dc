"""What all stand-ins for objects of `cryptography` share: identity and bytes are those of the original."""

from __future__ import annotations

from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.reading.odd import parts
from pkikit.reading.odd.extensions import ReadExtension, as_extensions
from pkikit.reading.pem import to_pem


class OddObject:
    """An object that `cryptography` refuses. A rewritten copy answers everything that this class does not define."""

    label = ""  # of its PEM block
    read_extensions: tuple[ReadExtension, ...] = ()

    def __init__(self, original: bytes) -> None:
        self._original = original
        self._report = parts.Report()
        self._repaired: Any = None

    @property
    def oddities(self) -> tuple[str, ...]:
        """What breaks the standard although OpenSSL accepts it, one sentence each."""
        return tuple(self._report.oddities)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The parts that OpenSSL reads and pkikit does not."""
        return tuple(self._report.unreadable)

    @property
    def extensions(self) -> x509.Extensions:
        """The readable extensions, the first of each kind."""
        return as_extensions(self.read_extensions)

    def fingerprint(self, algorithm: hashes.HashAlgorithm) -> bytes:
        """Return the digest of the original."""
        digest = hashes.Hash(algorithm)
        digest.update(self._original)
        return digest.finalize()

    def public_bytes(self, encoding: Encoding) -> bytes:
        """Return the original, as DER or PEM."""
        return to_pem(self._original, self.label) if encoding is Encoding.PEM else self._original

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._repaired, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OddObject) and type(other) is type(self) and other._original == self._original

    def __hash__(self) -> int:
        return hash(self._original)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[bytes]]:
        return type(self), (self._original,)
