"""RSA keys for tests, each made once per process and only when a test needs it."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def rsa_key(number: int = 1, *, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of that many bits; another one for each number."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
