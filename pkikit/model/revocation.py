"""What a verifier has to learn whether a certificate is revoked: CRLs by their source, OCSP answers."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from pkikit.model.deployment import Revocation
from pkikit.model.leg import Consumer


class CrlSource(enum.StrEnum):
    """How a CRL reached the Expressway (guide, "Certificate Revocation Sources")."""

    MANUAL = "manual upload"
    AUTOMATIC = "automatic download"
    CA_FILE = "embedded in the trusted CA file"
    CDP = "download from the certificate's distribution point"


@dataclass(frozen=True, kw_only=True)
class RevocationData:
    """All CRLs and answers at hand. `nonce` is the one of the OCSP request; None if no request is known."""

    crls: tuple[tuple[CrlSource, x509.CertificateRevocationList], ...] = ()
    ocsp_answers: tuple[ocsp.OCSPResponse, ...] = ()
    nonce: bytes | None = None

    def with_crls(self, source: CrlSource, crls: Iterable[x509.CertificateRevocationList]) -> RevocationData:
        """Return the same with more CRLs."""
        return RevocationData(
            crls=(*self.crls, *((source, crl) for crl in crls)), ocsp_answers=self.ocsp_answers, nonce=self.nonce
        )

    def with_answers(self, answers: Iterable[ocsp.OCSPResponse]) -> RevocationData:
        """Return the same with more OCSP answers."""
        return RevocationData(crls=self.crls, ocsp_answers=(*self.ocsp_answers, *answers), nonce=self.nonce)

    def merge(self, other: RevocationData) -> RevocationData:
        """Return both together; the nonce is this one's."""
        return RevocationData(
            crls=(*self.crls, *other.crls), ocsp_answers=(*self.ocsp_answers, *other.ocsp_answers), nonce=self.nonce
        )


NOTHING_HELD = RevocationData()


@dataclass(frozen=True, kw_only=True)
class RevocationQuestion:
    """The settings, the data at hand, and the service that asks."""

    settings: Revocation
    data: RevocationData = NOTHING_HELD
    consumer: Consumer = Consumer.SIP_TLS


def each_once(crls: Iterable[x509.CertificateRevocationList]) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the CRLs in their order, each once; its bytes identify a CRL."""
    return tuple({crl.fingerprint(hashes.SHA256()): crl for crl in crls}.values())
