"""RSA keys for tests, each made once per process and only when a test needs it."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def rsa_key(number: int = 1, *, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of that many bits; another one for each number."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def rsa_8192() -> rsa.RSAPrivateKey:
    """The largest key that matters, made of two known primes: finding such primes takes up to half a minute."""
    p, q, exponent = 2**4096 - 2549, 2**4096 - 8067, 65537
    secret = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p, q=q, d=secret,
        dmp1=rsa.rsa_crt_dmp1(secret, p), dmq1=rsa.rsa_crt_dmq1(secret, q), iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
    )  # fmt: skip
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
