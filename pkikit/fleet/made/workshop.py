"""Certificates of a made fleet: the same choices give the same bytes, and a few key pairs serve all of them.

Searching for RSA keys would take most of the time, so the pairs come from the list of primes that everybody has. RSA signatures
do not depend on chance. What differs from one certificate to the next is in `Shown`, so that a fault is a change of data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from pkikit.anonymise.pooled_keys import primes, rsa_key
from pkikit.design.csr import key_usage
from pkikit.issue.authority import Authority, ca_name, key_identifier_of

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
KEY_PAIRS = 32
"""How many pairs serve a whole fleet: those of CAs and those of machines."""
_OF_AUTHORITIES = 8


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A certificate that a machine shows.

    Attributes:
        common_name: of its subject.
        names: DNS names of its SAN.
        issuer: the CA that signs it; None if its own key does.
        key: the number of its key pair.
        begins: its notBefore.
        ends: its notAfter.
        purposes: of its extended key usage.
        alone: the file has the leaf without the CAs above it.
        bits: the length of its key.
        odd: an attribute of this type comes first in its subject.
        critical: a critical extension of this type is in it.
    """

    common_name: str
    names: tuple[str, ...]
    issuer: Authority | None
    key: int
    begins: datetime
    ends: datetime
    purposes: tuple[ObjectIdentifier, ...] = (SERVER, CLIENT)
    alone: bool = False
    bits: int = 2048
    odd: str = ""
    critical: str = ""


@cache
def key_pair(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return one of the pairs that serve all certificates of a fleet.

    Args:
        number: which one.
        bits: the length of the key.

    Returns:
        The pair.
    """
    listed = primes(bits // 2)
    first = 2 * number % (len(listed) - 1)
    return rsa_key(listed[first], listed[first + 1])


def key_of_machine(number: int) -> int:
    """Return which pair a machine has: those of CAs serve CAs alone."""
    return _OF_AUTHORITIES + number % (KEY_PAIRS - _OF_AUTHORITIES)


class Workshop:
    """Signs the certificates of one deployment."""

    def __init__(self, choose: Random) -> None:
        """choose: makes the serial numbers."""
        self._choose = choose
        self._authorities = 0

    def root(self, name: x509.Name, begins: datetime, ends: datetime) -> Authority:
        """Make a root CA.

        Args:
            name: its name.
            begins: its notBefore.
            ends: its notAfter.

        Returns:
            The CA.
        """
        key = self._next_key()
        return Authority(certificate=_signed(self._ca(name, None, key, begins, ends), key), key=key)

    def below(
        self,
        above: Authority,
        name: x509.Name,
        begins: datetime,
        ends: datetime,
        *,
        path_length: int | None = 0,
        constraints: bool = True,
        permitted: str = "",
    ) -> Authority:
        """Make a CA below another one.

        Args:
            above: the CA that signs it.
            name: its name.
            begins: its notBefore.
            ends: its notAfter.
            path_length: how many CAs may follow.
            constraints: it has BasicConstraints; False makes a CA that the guide forbids.
            permitted: the only DNS domain that it may sign for; empty for all.

        Returns:
            The CA.
        """
        key = self._next_key()
        builder = self._ca(name, above, key, begins, ends, path_length=path_length, constraints=constraints)
        if permitted:
            allowed = x509.NameConstraints([x509.DNSName(permitted)], None)
            builder = builder.add_extension(allowed, critical=True)
        parents = (above.certificate, *above.parents)
        return Authority(certificate=_signed(builder, above.key), key=key, parents=parents)

    def leaf(self, shown: Shown) -> tuple[x509.Certificate, ...]:
        """Make the certificate of a machine.

        Args:
            shown: what is in it.

        Returns:
            The certificates of its file, leaf first.
        """
        key, issuer = key_pair(shown.key, shown.bits), shown.issuer
        subject = ca_name(shown.common_name)
        if shown.odd:
            subject = x509.Name([x509.NameAttribute(ObjectIdentifier(shown.odd), "GB"), *subject])
        above = issuer.certificate if issuer is not None else None
        builder = self._builder(subject, above, key, shown.begins, shown.ends)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_LEAF_USAGE, critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(shown.purposes), critical=False)
        builder = builder.add_extension(
            x509.SubjectAlternativeName(list(map(x509.DNSName, shown.names))), critical=False
        )
        if shown.critical:
            unknown = x509.UnrecognizedExtension(ObjectIdentifier(shown.critical), b"\x05\x00")
            builder = builder.add_extension(unknown, critical=True)
        leaf = _signed(builder, issuer.key if issuer is not None else key)
        return (leaf, *(issuer.intermediates if issuer is not None and not shown.alone else ()))

    def _ca(
        self,
        name: x509.Name,
        above: Authority | None,
        key: rsa.RSAPrivateKey,
        begins: datetime,
        ends: datetime,
        *,
        path_length: int | None = None,
        constraints: bool = True,
    ) -> x509.CertificateBuilder:
        builder = self._builder(name, above.certificate if above is not None else None, key, begins, ends)
        if not constraints:
            return builder
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        return builder.add_extension(_CA_USAGE, critical=True)

    def _builder(
        self,
        subject: x509.Name,
        above: x509.Certificate | None,
        key: rsa.RSAPrivateKey,
        begins: datetime,
        ends: datetime,
    ) -> x509.CertificateBuilder:
        own = _identifier(key)
        of_issuer = key_identifier_of(above) if above is not None else own.digest
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(above.subject if above is not None else subject)
            .public_key(key.public_key())
            .serial_number(self._choose.getrandbits(120) | 1 << 119)
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(own, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier(of_issuer, None, None), critical=False)
        )

    def _next_key(self) -> rsa.RSAPrivateKey:
        self._authorities += 1
        return key_pair((self._authorities - 1) % _OF_AUTHORITIES)


@cache
def _identifier(key: rsa.RSAPrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


_LEAF_USAGE, _CA_USAGE = key_usage(sign_certificates=False), key_usage(sign_certificates=True)


def _signed(builder: x509.CertificateBuilder, key: object) -> x509.Certificate:
    assert isinstance(key, rsa.RSAPrivateKey)  # of this module alone
    return builder.sign(key, hashes.SHA256())
