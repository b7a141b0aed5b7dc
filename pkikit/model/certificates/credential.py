"""A server certificate with what follows it and, when we hold it, its private key."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pkikit.model.certificates.facts import key_of

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a peer presents, as TLS server and, in mutual TLS, as TLS client. `repr` never shows the key."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.chain:
            raise ValueError("a credential contains at least the leaf certificate")

    @property
    def leaf(self) -> x509.Certificate:
        """The server certificate itself."""
        return self.chain[0]

    @property
    def intermediates(self) -> tuple[x509.Certificate, ...]:
        """What is sent behind the leaf."""
        return self.chain[1:]

    @property
    def key_matches(self) -> bool:
        """True when the private key belongs to the leaf; False without a key."""
        return self.key is not None and spki(self.key.public_key()) == key_of(self.leaf)

    def pem(self) -> bytes:
        """Leaf and intermediates as PEM. There is deliberately no method that gives the key."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in self.chain)


def is_same(one: Credential | None, other: Credential | None) -> bool:
    """Certificates *and* key are the same; `==` looks at the certificates alone."""
    if one is None or other is None:
        return one is other
    if one != other or one.key is other.key:
        return one == other
    if one.key is None or other.key is None:
        return False
    return spki(one.key.public_key()) == spki(other.key.public_key())


def spki(public_key: object) -> bytes:
    """SubjectPublicKeyInfo in DER: equal bytes, equal key."""
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]
