"""Keys that follow from a seed, without a search for primes: RSA keys are pairs of primes from a list that everybody has.

They protect nothing, and need not: a case contains its private keys.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import combinations

from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.anonymise.naming.secret import Secret
from pkikit.issue.lookalike.keys.key_shapes import KeyShape, shape_of
from pkikit.issue.lookalike.keys.key_sources import PrivateHalf, SeededKeys
from pkikit.issue.lookalike.originals import Originals
from pkikit.model.certificates.credential import spki
from pkikit.model.certificates.facts import key_of
from pkikit.reading.unreadable import UNREADABLE

SIZES = {512: 16, 1024: 80, 1536: 24, 2048: 64}
"""How many primes the list has, by their number of bits."""
_LIST = "primes.bin"


@cache
def primes(bits: int) -> tuple[int, ...]:
    """Return the primes of so many bits; none for a size that the list does not have."""
    if bits not in SIZES:
        return ()
    data = (files("pkikit.anonymise") / _LIST).read_bytes()
    start = sum(size // 8 * count for size, count in SIZES.items() if size < bits)
    size = bits // 8
    return tuple(int.from_bytes(data[start + i * size : start + (i + 1) * size], "big") for i in range(SIZES[bits]))


class PooledKeys(SeededKeys):
    """Keys for the counterparts of a set. Different keys of the set get different keys."""

    def __init__(self, secret: Secret, originals: Originals) -> None:
        """Assign pairs of primes to the RSA keys of the set.

        Args:
            secret: makes the choices.
            originals: the set.
        """
        super().__init__(secret.key)
        self._pairs: dict[bytes, tuple[int, int]] = {}
        by_shape: dict[tuple[int, int], list[bytes]] = {}
        for key, shape in sorted(_rsa_keys(originals).items()):
            by_shape.setdefault((shape.bits, shape.exponent), []).append(key)
        for (bits, exponent), keys in by_shape.items():
            fitting = [p for p in primes(bits // 2) if math.gcd(p - 1, exponent) == 1] if bits % 2 == 0 else []
            # Signers that are absent from the set take from the last two: see `private`.
            pairs = list(combinations(fitting[:-2], 2))
            order = sorted(range(len(pairs)), key=lambda n: secret.data("pair", f"{bits} {n}".encode(), 8))
            self._pairs |= {key: pairs[n] for key, n in zip(keys, order, strict=False)}

    def private(self, shape: KeyShape, original: bytes) -> PrivateHalf:
        """Make a key of that shape; RSA keys from the list of primes, as long as it lasts."""
        if shape.kind == "RSA":
            spare = primes(shape.bits // 2)[-2:] if shape.bits % 2 == 0 and shape.exponent == 65537 else ()
            pair = self._pairs.get(original) or (spare if not _is_key(original) else ())
            if pair:
                return rsa_key(pair[0], pair[1], shape.exponent)
        return super().private(shape, original)


def _is_key(original: bytes) -> bool:
    return original[:1] == b"\x30"


def _rsa_keys(originals: Originals) -> dict[bytes, KeyShape]:
    found = {}
    for certificate in originals.every_certificate():
        try:
            shape = shape_of(certificate.public_key())
        except UNREADABLE:
            continue
        if shape.kind == "RSA":
            found[key_of(certificate)] = shape
    brought: Iterable[object] = (key.public_key() for key in originals.keys)
    found |= {spki(key): shape_of(key) for key in brought if isinstance(key, rsa.RSAPublicKey)}
    return found


def rsa_key(p: int, q: int, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """Return the key of two primes, which are not checked.

    Args:
        p: a prime.
        q: another one.
        exponent: the public exponent.

    Returns:
        The key.
    """
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
