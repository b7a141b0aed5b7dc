"""Signatures by the algorithm that an object names, also by those that nobody should use any more."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pkikit.issue.lookalike.keys.key_shapes import KeyShape
from pkikit.reading.odd import parts
from pkikit.reading.openssl import carrier_with
from pkikit.reading.unreadable import UNREADABLE

Parameters = padding.PKCS1v15 | padding.PSS | ec.ECDSA | None
# Algorithms that old certificates have and that the library names no parameters for: RSA with MD5, ECDSA with SHA-1.
_MD5, _SHA1 = hashes.MD5(), hashes.SHA1()  # noqa: S303
_OLD: dict[str, tuple[Parameters, hashes.HashAlgorithm]] = {
    "1.2.840.113549.1.1.4": (padding.PKCS1v15(), _MD5),
    "1.2.840.10045.4.1": (ec.ECDSA(_SHA1), _SHA1),
}


@lru_cache(maxsize=256)
def scheme_of(algorithm: bytes) -> tuple[str, Parameters, hashes.HashAlgorithm | None]:
    """Read an AlgorithmIdentifier.

    Args:
        algorithm: its DER.

    Returns:
        (OID, padding or ECDSA, digest); ("", None, None) if nobody knows the algorithm.
    """
    try:
        report = parts.Report()
        carrier = x509.load_der_x509_certificate(carrier_with(algorithm=parts.algorithm(algorithm, report)))
        number = carrier.signature_algorithm_oid.dotted_string
        if number in _OLD:  # the library no longer reads these
            return number, *_OLD[number]
        digest, found = carrier.signature_hash_algorithm, carrier.signature_algorithm_parameters
    except UNREADABLE:
        return "", None, None
    return number, found, digest


_SIGNS = {"1.2.840.113549.1.1.": "RSA", "1.2.840.10045.4.": "EC", "1.2.840.10040.4.": "DSA", "2.16.840.1.101.3.4.3.": "DSA",
          "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}  # fmt: skip
# The longest signature in DER by the size of the curve.
_CURVES: tuple[tuple[int, ec.EllipticCurve], ...] = (
    (64, ec.SECP224R1()),
    (72, ec.SECP256R1()),
    (104, ec.SECP384R1()),
    (139, ec.SECP521R1()),
)


def shape_of_signer(algorithm: bytes, signature: bytes) -> KeyShape | None:
    """Guess the key that made a signature from its algorithm and length.

    Args:
        algorithm: the DER of the AlgorithmIdentifier.
        signature: the bytes of the signature.

    Returns:
        The shape; None if no key of ours could have made it.
    """
    number, _, _ = scheme_of(algorithm)
    kind = next((kind for prefix, kind in _SIGNS.items() if number and number.startswith(prefix)), "")
    match kind:
        case "RSA" if 64 <= len(signature) <= 2048:
            return KeyShape(kind="RSA", bits=8 * len(signature))
        case "EC":
            curve = next((curve for longest, curve in _CURVES if len(signature) <= longest), None)
            return KeyShape(kind="EC", bits=curve.key_size, curve=curve) if curve else None
        case "Ed25519":
            return KeyShape(kind="Ed25519", bits=256)
        case "Ed448":
            return KeyShape(kind="Ed448", bits=456)
        case _:
            return None


def sign(key: object, data: bytes, algorithm: bytes, *, repeatable: bool = False) -> bytes:
    """Sign data by the algorithm that an object names.

    Args:
        key: a private key.
        data: the bytes to sign.
        algorithm: the DER of the AlgorithmIdentifier.
        repeatable: the same data get the same signature, whatever the algorithm.

    Returns:
        The signature; empty if this key makes no such signatures.
    """
    _, parameters, digest = scheme_of(algorithm)
    try:
        match key:
            case rsa.RSAPrivateKey() if isinstance(parameters, padding.PSS) and digest is not None and repeatable:
                return _pss(key, data, parameters, digest)
            case rsa.RSAPrivateKey() if isinstance(parameters, padding.PKCS1v15 | padding.PSS) and digest is not None:
                return key.sign(data, parameters, digest)
            case ec.EllipticCurvePrivateKey() if isinstance(parameters, ec.ECDSA):
                scheme = ec.ECDSA(parameters.algorithm, deterministic_signing=repeatable)
                return key.sign(data, scheme)
            case dsa.DSAPrivateKey() if digest is not None:
                return _dsa(key, data, digest) if repeatable else key.sign(data, digest)
            case ed25519.Ed25519PrivateKey() | ed448.Ed448PrivateKey() if digest is None and parameters is None:
                return key.sign(data)
            case _:
                return b""
    except UNREADABLE:  # a digest that is longer than the key, or that the library refuses
        return b""


def _digest(algorithm: hashes.HashAlgorithm, *data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    for part in data:
        digest.update(part)
    return digest.finalize()


def _dsa(key: dsa.DSAPrivateKey, data: bytes, digest: hashes.HashAlgorithm) -> bytes:
    """Sign with DSA and a secret number that follows from key and data (FIPS 186-4 §4.6); the library takes a random one."""
    numbers = key.private_numbers()
    domain, x = numbers.public_numbers.parameter_numbers, numbers.x
    hashed = _digest(digest, data)
    number = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - domain.q.bit_length())
    k = int.from_bytes(hashlib.sha512(x.to_bytes(64, "big") + hashed).digest(), "big") % (domain.q - 1) + 1
    r = pow(domain.g, k, domain.p) % domain.q
    return encode_dss_signature(r, pow(k, -1, domain.q) * (number + x * r) % domain.q)


def _pss(key: rsa.RSAPrivateKey, data: bytes, scheme: padding.PSS, digest: hashes.HashAlgorithm) -> bytes:
    """Sign with PSS and a salt that follows from the data (RFC 8017 §9.1.1); the library takes a random one only."""
    bits, size = key.key_size - 1, digest.digest_size
    length = (bits + 7) // 8
    salt_size = scheme._salt_length if isinstance(scheme._salt_length, int) else size
    mask_digest = scheme._mgf._algorithm
    hashed = _digest(digest, data)
    salt = b"".join(_digest(digest, hashed, bytes((n,))) for n in range(salt_size // size + 1))[:salt_size]
    top = _digest(digest, bytes(8), hashed, salt)
    block = bytes(length - salt_size - size - 2) + b"\1" + salt
    rounds = range(len(block) // mask_digest.digest_size + 1)
    mask = b"".join(_digest(mask_digest, top, n.to_bytes(4, "big")) for n in rounds)[: len(block)]
    masked = int.from_bytes(block, "big") ^ int.from_bytes(mask, "big")
    masked &= (1 << (bits - 8 * (size + 1))) - 1
    encoded = masked.to_bytes(len(block), "big") + top + b"\xbc"
    numbers = key.private_numbers()
    made = pow(int.from_bytes(encoded, "big"), numbers.d, numbers.public_numbers.n)
    return made.to_bytes((key.key_size + 7) // 8, "big")
