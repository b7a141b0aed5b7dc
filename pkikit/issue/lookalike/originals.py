"""What goes into the engine: every certificate, CRL and OCSP answer of a deployment, and what else becomes different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from pkikit.model.certificates.credential import PrivateKey


@dataclass(frozen=True, kw_only=True)
class Originals:
    """Everything that belongs together: keys and issuers are found inside the set, so it has to be whole.

    certificates: of all machines, in any order, as often as they occur.
    presented: those of them whose private keys are wanted, because a machine presents them.
    keys: private keys that somebody brought, whether they belong to a certificate or not.
    """

    certificates: tuple[x509.Certificate, ...]
    presented: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    answers: tuple[ocsp.OCSPResponse, ...] = ()
    keys: tuple[PrivateKey, ...] = field(default=(), repr=False)

    def every_certificate(self) -> Iterator[x509.Certificate]:
        """Yield all certificates, also those inside OCSP answers."""
        yield from self.certificates
        yield from self.presented
        for answer in self.answers:
            if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
                yield from answer.certificates


class Transform(Protocol):
    """Changes the signed part of each object before it gets its new key and signature.

    Each method takes the DER of the original's signed part (TBSCertificate, TBSCertList, ResponseData) and returns the DER of
    the new one. It has to leave the public key as it is: the engine replaces it afterwards, byte for byte, and finds it by its
    bytes. In OCSP answers the engine replaces the hashes of issuers' names and keys, and responders that are named by key.
    """

    def certificate(self, signed_part: bytes) -> bytes:
        """Return another TBSCertificate."""

    def crl(self, signed_part: bytes) -> bytes:
        """Return another TBSCertList."""

    def answer(self, signed_part: bytes) -> bytes:
        """Return another ResponseData."""


class Unchanged:
    """The transform that changes nothing."""

    def certificate(self, signed_part: bytes) -> bytes:
        """Return the same bytes."""
        return signed_part

    def crl(self, signed_part: bytes) -> bytes:
        """Return the same bytes."""
        return signed_part

    def answer(self, signed_part: bytes) -> bytes:
        """Return the same bytes."""
        return signed_part


def der_of(thing: x509.Certificate | x509.CertificateRevocationList | ocsp.OCSPResponse) -> bytes:
    """Return the bytes of the original, which identify it."""
    return thing.public_bytes(Encoding.DER)
