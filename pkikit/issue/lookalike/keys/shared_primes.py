"""Keys by chance for many certificates at once: RSA keys are pairs of a few primes, because the search for primes takes the time.

Anyone with two of these public keys can find a prime that both have. So they are for look-alikes only, which protect nothing.
"""

from __future__ import annotations

import math
from threading import Lock

from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.issue.lookalike.keys.key_shapes import KeyShape
from pkikit.issue.lookalike.keys.key_sources import FreshKeys, PrivateHalf

_EXPONENT = 65537
_SMALLEST = 1024  # `cryptography` makes no smaller RSA keys


class SharedPrimes(FreshKeys):
    """Makes n RSA keys from about √(2n) primes. No two keys are equal."""

    def __init__(self) -> None:
        self._primes: dict[int, list[int]] = {}
        self._made: dict[int, int] = {}
        self._lock = Lock()

    def private(self, shape: KeyShape, original: bytes) -> PrivateHalf:
        """Make a key of that shape."""
        usual = shape.exponent == _EXPONENT and shape.bits >= _SMALLEST and shape.bits % 2 == 0
        if shape.kind != "RSA" or not usual:
            return super().private(shape, original)
        with self._lock:
            p, q = self._pair(shape.bits)
        d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
        numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)

    def _pair(self, bits: int) -> tuple[int, int]:
        """Return the next pair of primes: (0, 1), then (0, 2), (1, 2), (0, 3), and so on."""
        number = self._made.get(bits, 0)
        self._made[bits] = number + 1
        later = (1 + math.isqrt(1 + 8 * number)) // 2
        earlier = number - later * (later - 1) // 2
        primes = self._primes.setdefault(bits, [])
        while len(primes) <= later:
            found = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=bits).private_numbers()
            primes += [found.p, found.q]
        return primes[later], primes[earlier]
