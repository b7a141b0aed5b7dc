"""Where the new keys come from: chance, or a seed, so that the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable
from functools import partial
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519

from pkikit.issue.lookalike.keys.key_shapes import KeyShape

PrivateHalf = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | x25519.X25519PrivateKey
    | x448.X448PrivateKey
)
_LIBRARY_EXPONENTS = (3, 65537)
_LIBRARY_BITS = 1024  # `cryptography` makes no smaller RSA keys
_SMALL_PRIMES = tuple(n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))
_ROUNDS = 24  # of Miller-Rabin: 2^-48 for numbers that an adversary chose, far less for these


class KeySource(Protocol):
    """Makes keys and bytes. `original` identifies what they replace: a SubjectPublicKeyInfo, or any other bytes."""

    @property
    def repeatable(self) -> bool:
        """True if the same original always gets the same bytes, and signatures have to do so too."""

    def private(self, shape: KeyShape, original: bytes) -> PrivateHalf:
        """Make a key of that shape."""

    def modulus(self, bits: int, original: bytes) -> int:
        """Make the modulus of an RSA key with which nobody signs: any odd number of that size."""

    def noise(self, size: int, original: bytes) -> bytes:
        """Make bytes for a signature or digest that nobody can make."""


class FreshKeys:
    """Keys by chance, made by OpenSSL."""

    repeatable = False

    def private(self, shape: KeyShape, original: bytes) -> PrivateHalf:
        """Make a key of that shape."""
        return make_private(shape, secrets.randbits, from_library=True)

    def modulus(self, bits: int, original: bytes) -> int:
        """Make an odd number of that many bits."""
        return odd_number(bits, secrets.randbits)

    def noise(self, size: int, original: bytes) -> bytes:
        """Make random bytes."""
        return secrets.token_bytes(size)


class SeededKeys:
    """Keys that follow from a seed and from what they replace. They protect nothing: who knows the seed knows them."""

    repeatable = True

    def __init__(self, seed: bytes) -> None:
        """seed: any bytes."""
        self._seed = hashlib.sha256(b"lookalike" + seed).digest()

    def _bits(self, purpose: bytes, original: bytes) -> Callable[[int], int]:
        start = hashlib.sha256(self._seed + purpose + hashlib.sha256(original).digest()).digest()
        count = 0

        def bits(size: int) -> int:
            nonlocal count
            count += 1
            data = hashlib.shake_256(start + count.to_bytes(8, "big")).digest((size + 7) // 8)
            return int.from_bytes(data, "big") >> (-size % 8)

        return bits

    def private(self, shape: KeyShape, original: bytes) -> PrivateHalf:
        """Make a key of that shape; RSA takes seconds, because Python looks for the primes."""
        return make_private(shape, self._bits(b"key", original), from_library=False)

    def modulus(self, bits: int, original: bytes) -> int:
        """Make an odd number of that many bits."""
        return odd_number(bits, self._bits(b"modulus", original))

    def noise(self, size: int, original: bytes) -> bytes:
        """Make bytes that follow from the seed."""
        return self._bits(b"noise", original)(8 * size).to_bytes(size, "big")


def make_private(shape: KeyShape, bits: Callable[[int], int], *, from_library: bool) -> PrivateHalf:
    """Make a private key.

    Args:
        shape: its kind and size.
        bits: gives a number of so many bits.
        from_library: OpenSSL may choose RSA keys by itself.

    Returns:
        The key.

    Raises:
        ValueError: there is no such kind of key.
    """
    match shape.kind:
        case "RSA":
            return _rsa(shape, bits, from_library=from_library)
        case "EC" if shape.curve is not None:
            # 64 bits more than the order has: then the remainder prefers no number.
            order = shape.curve.group_order
            return ec.derive_private_key(bits(order.bit_length() + 64) % (order - 1) + 1, shape.curve)
        case "DSA" if shape.domain is not None:
            return _dsa(shape.domain, shape.y_bits, bits)
        case _:
            return _edwards(shape.kind, bits)


def _edwards(kind: str, bits: Callable[[int], int]) -> PrivateHalf:
    match kind:
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.from_private_bytes(bits(256).to_bytes(32, "big"))
        case "Ed448":
            return ed448.Ed448PrivateKey.from_private_bytes(bits(456).to_bytes(57, "big"))
        case "X25519":
            return x25519.X25519PrivateKey.from_private_bytes(bits(256).to_bytes(32, "big"))
        case "X448":
            return x448.X448PrivateKey.from_private_bytes(bits(448).to_bytes(56, "big"))
        case _:
            raise ValueError(f"no keys of the kind {kind!r} are made here")


def _dsa(domain: dsa.DSAParameterNumbers, y_bits: int, bits: Callable[[int], int]) -> dsa.DSAPrivateKey:
    """Make a key whose y has as many bytes in DER as another one; its highest bit may need one more."""
    while True:
        x = bits(domain.q.bit_length() + 64) % (domain.q - 1) + 1
        y = pow(domain.g, x, domain.p)
        if y.bit_length() // 8 == y_bits // 8:
            return dsa.DSAPrivateNumbers(x, dsa.DSAPublicNumbers(y, domain)).private_key()


def _rsa(shape: KeyShape, bits: Callable[[int], int], *, from_library: bool) -> rsa.RSAPrivateKey:
    if from_library and shape.exponent in _LIBRARY_EXPONENTS and shape.bits >= _LIBRARY_BITS:
        return rsa.generate_private_key(public_exponent=shape.exponent, key_size=shape.bits)
    find = partial(_prime_of_library, shape.bits) if from_library and shape.bits >= _LIBRARY_BITS else None
    while True:
        p, q = find() if find is not None else _primes(shape.bits, bits)
        n, between = p * q, (p - 1) * (q - 1)
        if p == q or n.bit_length() != shape.bits or math.gcd(shape.exponent, between) != 1:
            continue
        d = pow(shape.exponent, -1, between)
        public = rsa.RSAPublicNumbers(shape.exponent, n)
        return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def _prime_of_library(size: int) -> tuple[int, int]:
    made = rsa.generate_private_key(public_exponent=65537, key_size=size).private_numbers()
    return made.p, made.q


def _primes(size: int, bits: Callable[[int], int]) -> tuple[int, int]:
    return _prime((size + 1) // 2, bits), _prime(size // 2, bits)


def _prime(size: int, bits: Callable[[int], int]) -> int:
    """Return a prime of that many bits; its two highest bits are set, so that the product of two has all bits."""
    while True:
        start = odd_number(size, bits) | 1 << (size - 2)
        for candidate in range(start, start + 20 * size, 2):
            if candidate.bit_length() == size and is_prime(candidate, bits):
                return candidate


def odd_number(size: int, bits: Callable[[int], int]) -> int:
    """Return an odd number of exactly that many bits."""
    return bits(size) | 1 << (size - 1) | 1


def is_prime(number: int, bits: Callable[[int], int]) -> bool:
    """Return True for an odd number above 4,000,000 that is a prime, by Miller and Rabin."""
    if any(number % small == 0 for small in _SMALL_PRIMES):
        return False
    twos = (number - 1 & 1 - number).bit_length() - 1
    odd = (number - 1) >> twos
    return all(
        _is_witnessed(number, bits(number.bit_length() + 8) % (number - 3) + 2, twos, odd) for _ in range(_ROUNDS)
    )


def _is_witnessed(number: int, base: int, twos: int, odd: int) -> bool:
    value = pow(base, odd, number)
    if value in {1, number - 1}:
        return True
    for _ in range(twos - 1):
        value = value * value % number
        if value == number - 1:
            return True
    return False
