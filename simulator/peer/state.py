"""One Expressway's certificates as values and transitions; no I/O.

What its pages hold: the server certificate loaded (at work after the next restart), the one request that may be in
progress (its key belongs to it), what ACME staged, the trusted CA list, CRLs by the way they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.design.csr import SubjectFields, build_csr
from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential, PrivateKey, spki
from pkikit.model.certificates.facts import key_of
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData, each_once
from pkikit.model.world import Party
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.values.urls import parse_web_url
from simulator.errors import UploadRefused
from simulator.peer.acme_state import AcmeState

MAX_CRL_SOURCES = 20


@dataclass(frozen=True, kw_only=True)
class PendingRequest:
    """A CSR that waits for its certificate; the key can never be viewed."""

    csr: x509.CertificateSigningRequest
    key: PrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class AutomaticCrls:
    """Automatic CRL updates: the URLs fetched every day at that hour (0 to 23, UTC of the peer's clock)."""

    urls: tuple[str, ...] = ()
    hour: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.hour <= 23:
            raise InputError(f"the hour of the daily update is {self.hour}; allowed are 0 to 23")
        if len(self.urls) > MAX_CRL_SOURCES:
            raise InputError(f"{len(self.urls)} CRL sources are given, at most {MAX_CRL_SOURCES} are taken")
        for url in self.urls:
            parse_web_url(url)


@dataclass(frozen=True, kw_only=True)
class PeerState:
    """What the certificate pages of one peer hold. CRLs stand by their source."""

    fqdn: str
    certificate: Credential | None = None
    request: PendingRequest | None = None
    pending_certificate: Credential | None = None
    trusted_ca_list: tuple[x509.Certificate, ...] = ()
    temporary_ca: x509.Certificate | None = None
    embedded_crls: tuple[x509.CertificateRevocationList, ...] = ()
    manual_crls: tuple[x509.CertificateRevocationList, ...] = ()
    downloaded_crls: tuple[x509.CertificateRevocationList, ...] = ()
    automatic: AutomaticCrls = AutomaticCrls()
    domain_certificates: tuple[tuple[str, Credential], ...] = ()
    domain_pending: tuple[tuple[str, Credential], ...] = ()
    client_certificate: Credential | None = None
    acme: AcmeState = field(default_factory=AcmeState)

    def carrying(self, party: Party) -> PeerState:
        """With the trusted CA list and the CRLs that a party of the world has; its certificate is not looked at."""
        by_source = {source: tuple(c for s, c in party.held.crls if s is source) for source in CrlSource}
        return replace(
            self,
            trusted_ca_list=party.trusted_ca_list,
            manual_crls=by_source[CrlSource.MANUAL],
            downloaded_crls=by_source[CrlSource.AUTOMATIC],
            embedded_crls=by_source[CrlSource.CA_FILE],
        )

    def at_work(self, party: Party) -> Party:
        """The party after a restart: with every certificate that is loaded."""
        return replace(
            party, credential=self.certificate, client=self.client_certificate, domains=dict(self.domain_certificates)
        )

    @property
    def held(self) -> RevocationData:
        """The CRLs at hand, each with the way it came."""
        return (
            NOTHING_HELD.with_crls(CrlSource.MANUAL, self.manual_crls)
            .with_crls(CrlSource.AUTOMATIC, self.downloaded_crls)
            .with_crls(CrlSource.CA_FILE, self.embedded_crls)
        )

    # Server certificate.

    def generated(
        self, layout: SanLayout, key: PrivateKey, fields: SubjectFields | None = None, digest: str = "sha256"
    ) -> PeerState:
        """A new CSR; only one can be in progress (guide, 'Creating a CSR Using Expressway')."""
        self.require_no_request()
        csr = build_csr(layout, key, fields=fields, digest=digest)
        return replace(self, request=PendingRequest(csr=csr, key=key))

    def require_no_request(self) -> None:
        """InputError while a request is in progress."""
        if self.request is not None:
            raise InputError(f"{self.fqdn} has a signing request in progress; discard it first")

    def discarded(self) -> PeerState:
        """Without the pending request; its key is gone."""
        if self.request is None:
            raise InputError(f"{self.fqdn} has no signing request to discard")
        return replace(self, request=None)

    def uploaded(self, chain: tuple[x509.Certificate, ...], key: PrivateKey | None = None) -> PeerState:
        """With a new server certificate, to work after the next restart; refused without the key that belongs to it.

        Without a key of its own it is taken to answer the request in progress, or to renew the current certificate
        under its old key.
        """
        if key is not None:
            self.require_no_request()
        held = [self.request.key] if self.request is not None else []
        if self.certificate is not None and self.certificate.key is not None:
            held.append(self.certificate.key)
        wanted = key_of(chain[0])
        found = next((k for k in ([key] if key is not None else held) if spki(k.public_key()) == wanted), None)
        if found is None:
            whose = "that was uploaded with it" if key is not None else f"stored on {self.fqdn}"
            raise UploadRefused(f"the certificate does not match the private key {whose}", KEY_MISMATCH.id)
        answered = self.request is not None and spki(self.request.key.public_key()) == wanted
        return replace(
            self,
            certificate=Credential(chain=chain, key=found),
            request=None if answered else self.request,
        )

    def with_domain_certificate(self, domain: str, credential: Credential | None) -> PeerState:
        """With another certificate for one domain (SNI), or without one."""
        kept = tuple(pair for pair in self.domain_certificates if pair[0] != domain)
        return replace(self, domain_certificates=kept if credential is None else (*kept, (domain, credential)))

    def with_domain_pending(self, domain: str, credential: Credential | None) -> PeerState:
        """With a certificate that ACME brought for one domain in the staging area, or without one."""
        kept = tuple(pair for pair in self.domain_pending if pair[0] != domain)
        return replace(self, domain_pending=kept if credential is None else (*kept, (domain, credential)))

    def domain_deployed(self, domain: str) -> PeerState:
        """With the pending certificate of a domain in the place of its current one."""
        pending = dict(self.domain_pending).get(domain)
        if pending is None:
            raise InputError(f"{self.fqdn} has no pending certificate for {domain}")
        return self.with_domain_certificate(domain, pending).with_domain_pending(domain, None)

    def with_client_certificate(self, credential: Credential | None) -> PeerState:
        """With a certificate of its own for the role of TLS client, or without one (X15.5)."""
        return replace(self, client_certificate=credential)

    # ACME.

    def staged(self, chain: tuple[x509.Certificate, ...]) -> PeerState:
        """With a certificate in the staging area; refused when it was not made for the pending request's key."""
        if self.request is None:
            raise InputError(f"{self.fqdn} has no signing request that this certificate could belong to")
        credential = Credential(chain=chain, key=self.request.key)
        if not credential.key_matches:
            raise InputError(f"the certificate does not belong to the key of {self.fqdn}'s signing request")
        return replace(self, pending_certificate=credential)

    def unstaged(self) -> PeerState:
        """Without the pending certificate; the request stays, so that it can be signed again."""
        if self.pending_certificate is None:
            raise InputError(f"{self.fqdn} has no pending certificate to discard")
        return replace(self, pending_certificate=None)

    def deployed(self) -> PeerState:
        """With the pending certificate over the current one; its request is done."""
        if self.pending_certificate is None:
            raise InputError(f"{self.fqdn} has no pending certificate to deploy")
        return replace(self, certificate=self.pending_certificate, request=None, pending_certificate=None)

    # Trusted CA list and CRLs.

    def trusting(
        self,
        certificates: Iterable[x509.Certificate],
        crls: Iterable[x509.CertificateRevocationList] = (),
        *,
        append: bool,
    ) -> PeerState:
        """With these CA certificates (and the CRLs in their file) appended to the list, or instead of it."""
        given = tuple(certificates)
        kept = (self.trusted_ca_list, self.embedded_crls) if append else ((), ())
        return replace(
            self,
            trusted_ca_list=tuple(dict.fromkeys((*kept[0], *given))),
            embedded_crls=each_once((*kept[1], *crls)),
        )

    def without_ca(self, fingerprint: str) -> PeerState:
        """Without the CA certificate of that SHA-256 fingerprint (hex)."""
        unwanted = self.ca_certificate(fingerprint)
        return replace(self, trusted_ca_list=tuple(c for c in self.trusted_ca_list if c != unwanted))

    def ca_certificate(self, fingerprint: str) -> x509.Certificate:
        """The CA certificate of the list that has that fingerprint."""
        found = next((c for c in self.trusted_ca_list if fingerprint_of(c) == fingerprint), None)
        if found is None:
            raise InputError("no CA certificate of the list has this fingerprint")
        return found


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 in hex: how the pages name a certificate."""
    return certificate.fingerprint(hashes.SHA256()).hex()
