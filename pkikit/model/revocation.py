"""What a verifier holds to learn whether a certificate was revoked: CRLs by the way they came, OCSP answers."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from pkikit.model.deployment import Revocation


class CrlSource(enum.StrEnum):
    """How a CRL reached the Expressway (guide, "Certificate Revocation Sources")."""

    MANUAL = "manual upload"
    AUTOMATIC = "automatic download"
    CA_FILE = "embedded in the trusted CA file"
    CDP = "download from the certificate's distribution point"


class Consumer(enum.StrEnum):
    """Which service judges; each sees other sources."""

    SIP_TLS = "SIP TLS"
    HTTPS = "HTTPS with client certificates"
    LDAP = "LDAP"
    POLICY = "external policy service"


@dataclass(frozen=True, kw_only=True)
class RevocationData:
    """Everything at hand. `nonce` is what the OCSP request held, None when no request is known."""

    crls: tuple[tuple[CrlSource, x509.CertificateRevocationList], ...] = ()
    ocsp_answers: tuple[ocsp.OCSPResponse, ...] = ()
    nonce: bytes | None = None

    def with_crls(self, source: CrlSource, crls: Iterable[x509.CertificateRevocationList]) -> RevocationData:
        """The same with more CRLs."""
        return RevocationData(
            crls=(*self.crls, *((source, crl) for crl in crls)), ocsp_answers=self.ocsp_answers, nonce=self.nonce
        )

    def with_answers(self, answers: Iterable[ocsp.OCSPResponse]) -> RevocationData:
        """The same with more OCSP answers."""
        return RevocationData(crls=self.crls, ocsp_answers=(*self.ocsp_answers, *answers), nonce=self.nonce)

    def merged(self, other: RevocationData) -> RevocationData:
        """Both together; the nonce is this one's."""
        return RevocationData(
            crls=(*self.crls, *other.crls), ocsp_answers=(*self.ocsp_answers, *other.ocsp_answers), nonce=self.nonce
        )


NOTHING_HELD = RevocationData()


@dataclass(frozen=True, kw_only=True)
class RevocationQuestion:
    """The settings, the data at hand, and for which service it is asked."""

    settings: Revocation
    data: RevocationData = NOTHING_HELD
    consumer: Consumer = Consumer.SIP_TLS


def each_once(crls: Iterable[x509.CertificateRevocationList]) -> tuple[x509.CertificateRevocationList, ...]:
    """The same lists in their order, each once; a CRL is known by its bytes."""
    return tuple({crl.fingerprint(hashes.SHA256()): crl for crl in crls}.values())
