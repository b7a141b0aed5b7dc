"""What a public key looks like, so that another one of the same kind and size can take its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_RAW = (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey, x25519.X25519PublicKey, x448.X448PublicKey)


@dataclass(frozen=True, kw_only=True)
class KeyShape:
    """The kind and size of a key.

    kind: `RSA`, `EC`, `DSA`, `Ed25519`, `Ed448`, `X25519`, `X448`, or empty if nobody can read the key.
    bits: the size. exponent: of RSA. curve: of EC. domain: the parameters that DSA keys share; y_bits: the size of the number
    y of a DSA key, which says how it is written.
    """

    kind: str
    bits: int = 0
    exponent: int = 65537
    curve: ec.EllipticCurve | None = field(default=None, compare=False)
    domain: dsa.DSAParameterNumbers | None = field(default=None, compare=False)
    y_bits: int = 0

    @property
    def can_sign(self) -> bool:
        """True if a key of this shape can be made; OpenSSL uses no larger RSA keys, and an even exponent has no inverse."""
        if self.kind != "RSA":
            return bool(self.kind)
        return _RSA_BITS[0] <= self.bits <= _RSA_BITS[1] and self.exponent > 1 and self.exponent % 2 == 1


_RSA_BITS = (512, 16_384)
UNREADABLE_KEY = KeyShape(kind="")


def shape_of(key: object) -> KeyShape:
    """Return the shape of a public key; `UNREADABLE_KEY` for any other object."""
    match key:
        case rsa.RSAPublicKey():
            return KeyShape(kind="RSA", bits=key.key_size, exponent=key.public_numbers().e)
        case ec.EllipticCurvePublicKey():
            return KeyShape(kind="EC", bits=key.key_size, curve=key.curve)
        case dsa.DSAPublicKey():
            numbers = key.public_numbers()
            domain = numbers.parameter_numbers
            return KeyShape(kind="DSA", bits=key.key_size, domain=domain, y_bits=numbers.y.bit_length())
        case ed25519.Ed25519PublicKey():
            return KeyShape(kind="Ed25519", bits=256)
        case ed448.Ed448PublicKey():
            return KeyShape(kind="Ed448", bits=456)
        case x25519.X25519PublicKey():
            return KeyShape(kind="X25519", bits=256)
        case x448.X448PublicKey():
            return KeyShape(kind="X448", bits=448)
        case _:
            return UNREADABLE_KEY


def material(key: object) -> tuple[bytes, ...]:
    """Return the forms in which the secret-dependent part of a public key may be written, the usual one first.

    Args:
        key: a public key.

    Returns:
        The modulus (RSA), the point (EC: whole, compressed), the number y (DSA), the key itself (Edwards and Montgomery
        curves); nothing for any other object.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return (bytes_of(key.public_numbers().n),)
    if isinstance(key, ec.EllipticCurvePublicKey):
        forms = (PublicFormat.UncompressedPoint, PublicFormat.CompressedPoint)
        return tuple(key.public_bytes(Encoding.X962, form) for form in forms)
    if isinstance(key, dsa.DSAPublicKey):
        return (bytes_of(key.public_numbers().y),)
    return (key.public_bytes(Encoding.Raw, PublicFormat.Raw),) if isinstance(key, _RAW) else ()


def bytes_of(number: int) -> bytes:
    """Return a number as bytes, without a sign."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def spliced(written: bytes, old: tuple[bytes, ...], new: tuple[bytes, ...]) -> bytes:
    """Return a SubjectPublicKeyInfo with another key in it; all bytes around the key stay.

    Args:
        written: the original, as the file has it.
        old: the `material` of the key in it.
        new: the material of a key of the same shape.

    Returns:
        The new SubjectPublicKeyInfo; empty if the key is written in a form that nobody knows.
    """
    for before, after in zip(old, new, strict=False):
        if before and len(before) == len(after) and before in written:
            head, _, tail = written.rpartition(before)
            return head + after + tail
    return b""
