"""The new key for each old one. Private halves are made only where somebody signs or presents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from cryptography import x509

from pkikit.errors import InputError
from pkikit.issue.lookalike.keys.key_shapes import KeyShape, bytes_of, material, shape_of, spliced
from pkikit.issue.lookalike.keys.key_sources import KeySource, PrivateHalf
from pkikit.issue.lookalike.keys.signing import sign
from pkikit.issue.lookalike.splicing import with_content, with_parts
from pkikit.model.certificates.canonical_name import CanonicalName
from pkikit.reading import der
from pkikit.reading.unreadable import UNREADABLE
from pkikit.text import counted

_WORKERS = min(4, os.cpu_count() or 1)  # OpenSSL makes RSA keys without holding the interpreter's lock
# An RSA key of 2,048 bits takes about 0.1 s and counts as one; the time grows with the cube of the size.
MAX_WORK = 5_000
_UNIT = 2048


@dataclass(frozen=True, kw_only=True)
class Absent:
    """The signer of objects whose issuer is not in the set: one for each issuer's name, key identifier and kind of key."""

    issuer: CanonicalName
    identifier: bytes
    shape: KeyShape


Signer = bytes | Absent
"""The key (as `key_of` has it) of a certificate of the set, or a signer that is absent from it."""


@dataclass(frozen=True, kw_only=True)
class _Old:
    material: tuple[bytes, ...]
    shape: KeyShape


class KeyRing:
    """Old keys (by SubjectPublicKeyInfo) and their counterparts."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._old: dict[bytes, _Old] = {}
        self._private: dict[Signer, PrivateHalf] = {}
        self._new: dict[bytes, tuple[bytes, ...]] = {}

    def add(self, key: bytes, certificate: x509.Certificate) -> None:
        """Add the key of a certificate."""
        try:
            found: object = certificate.public_key()
        except UNREADABLE:
            found = None
        self.add_public(key, found)

    def add_public(self, key: bytes, public: object) -> None:
        """Add a public key; None if nobody can read it."""
        self._old.setdefault(key, _Old(material=material(public), shape=shape_of(public)))

    def make(self, wanted: Iterable[Signer], progress: Callable[[int, int], None] | None) -> None:
        """Make the private halves of these keys.

        Args:
            wanted: the keys that sign or are presented, and signers that are absent from the set.
            progress: hears how many are made, and how many there will be.

        Raises:
            InputError: that is more work than anybody waits for.
        """
        shapes = {w: w.shape if isinstance(w, Absent) else self._old[w].shape for w in dict.fromkeys(wanted)}
        shapes = {w: shape for w, shape in shapes.items() if shape.can_sign}
        work = sum((shape.bits / _UNIT) ** 3 for shape in shapes.values() if shape.kind == "RSA")
        if work > MAX_WORK:
            raise InputError(
                f"these certificates need {counted(len(shapes), 'new private key')}, as much work as {int(work):,} RSA keys of "
                f"{_UNIT} bits; {MAX_WORK:,} are the limit"
            )
        if progress is not None:
            progress(0, len(shapes))
        with ThreadPoolExecutor(_WORKERS) as pool:
            running = {pool.submit(self._source.private, shape, _seed(w)): w for w, shape in shapes.items()}
            for count, done in enumerate(as_completed(running), start=1):
                self._private[running[done]] = done.result()
                if progress is not None:
                    progress(count, len(shapes))

    def private(self, key: Signer) -> PrivateHalf | None:
        """Return the private half of a key's counterpart; None if none was made."""
        return self._private.get(key)

    def sign(self, signer: Signer, data: bytes, algorithm: bytes) -> bytes:
        """Sign with the counterpart of a key; empty if it makes no such signatures."""
        return sign(self._private.get(signer), data, algorithm, repeatable=self._source.repeatable)

    def _material(self, key: bytes) -> tuple[bytes, ...]:
        """Return what the counterpart of a key is made of; nothing if nobody can read the old key."""
        if key not in self._new:
            old, made = self._old[key], self._private.get(key)
            if made is not None:
                self._new[key] = material(made.public_key())
            elif old.shape.kind == "RSA":
                self._new[key] = (bytes_of(self._source.modulus(old.shape.bits, key)),)
            else:
                made = self._source.private(old.shape, key) if old.shape.can_sign else None
                self._new[key] = material(made.public_key()) if made is not None else ()
        return self._new[key]

    def written(self, key: bytes, written: bytes) -> bytes:
        """Return the counterpart of a SubjectPublicKeyInfo in the form in which the old one is written.

        Args:
            key: the old key.
            written: the old one, as the file has it.

        Returns:
            The new bytes. If nobody can read the old key, the second half of it is noise.
        """
        made = spliced(written, self._old[key].material, self._material(key))
        if made:
            return made
        head, bits = der.children(written)[:2]
        content = der.content(bits)
        kept = len(content) - len(content) // 2
        noise = self._source.noise(len(content) - kept, written)
        return with_parts(written, head, with_content(bits, content[:kept] + noise))


def _seed(signer: Signer) -> bytes:
    if isinstance(signer, bytes):
        return signer
    return repr((signer.issuer, signer.identifier, signer.shape.kind, signer.shape.bits)).encode()
