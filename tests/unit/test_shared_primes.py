"""Keys for look-alikes: many RSA keys from a few primes, each of them complete and different from all others."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pkikit.files import key_pem
from pkikit.issue.lookalike.keys.key_shapes import KeyShape
from pkikit.issue.lookalike.keys.shared_primes import SharedPrimes


def test_keys_of_shared_primes_are_whole_and_different() -> None:
    source = SharedPrimes()
    keys = [source.private(KeyShape(kind="RSA", bits=2048), bytes((n,))) for n in range(12)]
    numbers = set()
    for key in keys:
        assert isinstance(key, rsa.RSAPrivateKey)
        again = load_pem_private_key(key_pem(key), None)  # this checks that the numbers fit together
        assert isinstance(again, rsa.RSAPrivateKey)
        assert again.key_size == 2048
        again.public_key().verify(again.sign(b"x", padding.PKCS1v15(), SHA256()), b"x", padding.PKCS1v15(), SHA256())
        numbers.add(again.public_key().public_numbers().n)
    assert len(numbers) == len(keys)
    primes = {
        p
        for key in keys
        if isinstance(key, rsa.RSAPrivateKey)
        for p in (key.private_numbers().p, key.private_numbers().q)
    }
    assert len(primes) <= 6


def test_other_kinds_and_sizes_get_keys_of_their_own() -> None:
    source = SharedPrimes()
    elliptic = source.private(KeyShape(kind="EC", bits=256, curve=ec.SECP256R1()), b"a")
    assert isinstance(elliptic, ec.EllipticCurvePrivateKey)
    small = source.private(KeyShape(kind="RSA", bits=1024, exponent=3), b"b")
    assert isinstance(small, rsa.RSAPrivateKey)
    assert small.public_key().public_numbers().e == 3
