"""One Expressway's certificates as values and transitions; no I/O.

Current certificate, the one request that may be pending (its key belongs to it), and what ACME put into the staging area.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cryptography import x509

from pkikit.design.csr import SubjectFields, build_csr
from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.credential import Credential, PrivateKey


@dataclass(frozen=True, kw_only=True)
class PendingRequest:
    """A CSR that waits for its certificate; the key can never be viewed."""

    csr: x509.CertificateSigningRequest
    key: PrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class PeerState:
    """What the Server certificate page of one peer holds."""

    fqdn: str
    request: PendingRequest | None = None
    pending_certificate: Credential | None = None

    def generated(self, layout: SanLayout, key: PrivateKey, fields: SubjectFields | None = None) -> PeerState:
        """A new CSR; only one can be in progress (guide, 'Creating a CSR Using Expressway')."""
        if self.request is not None:
            raise InputError(f"{self.fqdn} has a signing request in progress; discard it first")
        return replace(self, request=PendingRequest(csr=build_csr(layout, key, fields=fields), key=key))

    def discarded(self) -> PeerState:
        """Without the pending request; its key is gone."""
        return replace(self, request=None)

    def staged(self, chain: tuple[x509.Certificate, ...]) -> PeerState:
        """With a certificate in the staging area; refused when it was not made for the pending request's key."""
        if self.request is None:
            raise InputError(f"{self.fqdn} has no signing request that this certificate could belong to")
        credential = Credential(chain=chain, key=self.request.key)
        if not credential.key_matches:
            raise InputError(f"the certificate does not belong to the key of {self.fqdn}'s signing request")
        return replace(self, pending_certificate=credential)

    def deployed(self) -> tuple[PeerState, Credential]:
        """Take the pending certificate out of the staging area, to be put over the current one; its request is done."""
        if self.pending_certificate is None:
            raise InputError(f"{self.fqdn} has no pending certificate to deploy")
        return replace(self, request=None, pending_certificate=None), self.pending_certificate
