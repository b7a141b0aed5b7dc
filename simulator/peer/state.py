"""The certificates of one Expressway as values, and the transitions between them; no I/O.

A state has: the loaded server certificate (in use after the next restart), at most one pending request with its key,
the certificate that ACME staged, the trusted CA list, and CRLs by their source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.design.csr import SubjectFields, build_csr
from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential, PrivateKey, is_same, spki
from pkikit.model.certificates.facts import key_of
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData, each_once
from pkikit.model.world import Party
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.values.urls import parse_web_url
from simulator.errors import UploadRefused
from simulator.peer.acme_state import AcmeState

MAX_CRL_SOURCES = 20
_Held = TypeVar("_Held")


@dataclass(frozen=True, kw_only=True)
class PendingRequest:
    """A CSR that waits for its certificate. No page displays the key."""

    csr: x509.CertificateSigningRequest
    key: PrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class AutomaticCrls:
    """Automatic CRL updates: the URLs, and the hour of the daily fetch (0 to 23, UTC of the peer's clock)."""

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
    """The contents of the certificate pages of one peer. Each CRL is stored under its source.

    stored_request: the request that ACME signed last; a renewal submits it again. domain_requests: the request of each domain.
    """

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
    stored_request: PendingRequest | None = None
    domain_requests: tuple[tuple[str, PendingRequest], ...] = ()
    acme: AcmeState = field(default_factory=AcmeState)

    def with_party_data(self, party: Party) -> PeerState:
        """Return the state with the trusted CA list and the CRLs of `party`. Certificates stay as they are."""
        by_source = {source: tuple(c for s, c in party.held.crls if s is source) for source in CrlSource}
        return replace(
            self,
            trusted_ca_list=party.trusted_ca_list,
            manual_crls=by_source[CrlSource.MANUAL],
            downloaded_crls=by_source[CrlSource.AUTOMATIC],
            embedded_crls=by_source[CrlSource.CA_FILE],
        )

    def adopting(self, party: Party, before: Party) -> PeerState:
        """Return the state with what a change gave `party`: its lists, and each certificate that is another than `before`."""
        state, credential = self.with_party_data(party), party.credential
        if not is_same(credential, before.credential):
            answered = state.request is not None and credential is not None and credential.key is state.request.key
            state = replace(state, certificate=credential, request=None if answered else state.request)
        if not is_same(party.client, before.client):
            state = state.with_client_certificate(party.client)
        if party.domains != before.domains:
            state = replace(state, domain_certificates=tuple(party.domains.items()))
        return state

    def as_party(self, party: Party) -> Party:
        """Return `party` after a restart: it uses every loaded certificate."""
        return replace(
            party, credential=self.certificate, client=self.client_certificate, domains=dict(self.domain_certificates)
        )

    @property
    def revocation_data(self) -> RevocationData:
        """The CRLs of this peer, each with its source."""
        return (
            NOTHING_HELD.with_crls(CrlSource.MANUAL, self.manual_crls)
            .with_crls(CrlSource.AUTOMATIC, self.downloaded_crls)
            .with_crls(CrlSource.CA_FILE, self.embedded_crls)
        )

    # Server certificate.

    def generated(
        self, layout: SanLayout, key: PrivateKey, fields: SubjectFields | None = None, digest: str = "sha256"
    ) -> PeerState:
        """Return the state with a new pending CSR.

        Raises:
            InputError: a request is pending. Only one is allowed (X12.5 guide, 'Creating a CSR Using Expressway').
        """
        self.require_no_request()
        csr = build_csr(layout, key, fields=fields, digest=digest)
        return replace(self, request=PendingRequest(csr=csr, key=key))

    def require_no_request(self) -> None:
        """Return if no request is pending.

        Raises:
            InputError: a request is pending.
        """
        if self.request is not None:
            raise InputError(f"{self.fqdn} has a signing request in progress; discard it first")

    def discarded(self) -> PeerState:
        """Return the state without the pending request and its key."""
        if self.request is None:
            raise InputError(f"{self.fqdn} has no signing request to discard")
        return replace(self, request=None)

    def uploaded(self, chain: tuple[x509.Certificate, ...], key: PrivateKey | None = None) -> PeerState:
        """Return the state with a new server certificate, which is in use after the next restart.

        Without `key`, the certificate must belong to the key of the pending request (it answers the request) or to the current
        key (it renews the certificate).
        """
        if key is not None:
            self.require_no_request()
        loaded = self._credential(chain, key, self.certificate)
        return replace(self._without_answered_request(chain), certificate=loaded)

    def _credential(
        self, chain: tuple[x509.Certificate, ...], key: PrivateKey | None, current: Credential | None
    ) -> Credential:
        """Return a certificate with its key: the uploaded one, or else that of the request or of the current certificate."""
        held = [self.request.key] if self.request is not None else []
        held += [current.key] if current is not None and current.key is not None else []
        wanted = key_of(chain[0])
        found = next((k for k in ([key] if key is not None else held) if spki(k.public_key()) == wanted), None)
        if found is None:
            whose = "that was uploaded with it" if key is not None else f"stored on {self.fqdn}"
            raise UploadRefused(f"the certificate does not match the private key {whose}", KEY_MISMATCH.id)
        return Credential(chain=chain, key=found)

    def _without_answered_request(self, chain: tuple[x509.Certificate, ...]) -> PeerState:
        """Return the state without the pending request, if this certificate answers it."""
        answered = self.request is not None and spki(self.request.key.public_key()) == key_of(chain[0])
        return replace(self, request=None) if answered else self

    def with_domain_certificate(self, domain: str, credential: Credential | None) -> PeerState:
        """Return the state with this certificate for one domain (SNI); None removes it."""
        return replace(self, domain_certificates=_with(self.domain_certificates, domain, credential))

    def with_domain_pending(self, domain: str, credential: Credential | None) -> PeerState:
        """Return the state with this certificate staged for one domain; None removes it."""
        return replace(self, domain_pending=_with(self.domain_pending, domain, credential))

    def domain_deployed(self, domain: str) -> PeerState:
        """Return the state with the pending certificate of a domain in use instead of its current one."""
        pending = dict(self.domain_pending).get(domain)
        if pending is None:
            raise InputError(f"{self.fqdn} has no pending certificate for {domain}")
        return self.with_domain_certificate(domain, pending).with_domain_pending(domain, None)

    def with_client_certificate(self, credential: Credential | None) -> PeerState:
        """Return the state with this certificate for the TLS client role; None removes it (X15.5)."""
        return replace(self, client_certificate=credential)

    def with_own_client_store(self) -> PeerState:
        """Return the state whose client store holds a certificate: as after an upgrade, a copy of the server certificate."""
        return self if self.client_certificate is not None else replace(self, client_certificate=self.certificate)

    def with_client_upload(self, chain: tuple[x509.Certificate, ...], key: PrivateKey | None) -> PeerState:
        """Return the state with another client certificate, in use after the next restart.

        Without `key`, the certificate must belong to the key of the pending request or of the client certificate.
        """
        loaded = self._credential(chain, key, self.with_own_client_store().client_certificate)
        return self._without_answered_request(chain).with_client_certificate(loaded)

    # ACME.

    def request_to_submit(self, domain: str = "") -> PendingRequest | None:
        """Return the request that Sign submits: the one in progress, or else the stored one."""
        if domain:
            return dict(self.domain_requests).get(domain)
        return self.request or self.stored_request

    def with_domain_request(self, domain: str, request: PendingRequest | None) -> PeerState:
        """Return the state with this request for one domain; None removes it."""
        return replace(self, domain_requests=_with(self.domain_requests, domain, request))

    def staged(self, chain: tuple[x509.Certificate, ...], request: PendingRequest, domain: str = "") -> PeerState:
        """Return the state with a certificate in the staging area, and the request that it answers stored for renewals."""
        credential = Credential(chain=chain, key=request.key)
        if not credential.key_matches:
            raise InputError(f"the certificate does not belong to the key of {self.fqdn}'s signing request")
        if domain:
            return self.with_domain_pending(domain, credential).with_domain_request(domain, request)
        return replace(self, pending_certificate=credential, stored_request=request)

    def unstaged(self, domain: str = "") -> PeerState:
        """Return the state without the pending certificate. The request stays and can be signed again."""
        if domain:
            if domain not in dict(self.domain_pending):
                raise InputError(f"{self.fqdn} has no pending certificate for {domain} to discard")
            return self.with_domain_pending(domain, None)
        if self.pending_certificate is None:
            raise InputError(f"{self.fqdn} has no pending certificate to discard")
        return replace(self, pending_certificate=None)

    def deployed(self) -> PeerState:
        """Return the state with the pending certificate over the current one. The request that it answers is then done."""
        pending = self.pending_certificate
        if pending is None:
            raise InputError(f"{self.fqdn} has no pending certificate to deploy")
        return replace(self._without_answered_request(pending.chain), certificate=pending, pending_certificate=None)

    # Trusted CA list and CRLs.

    def trusting(
        self,
        certificates: Iterable[x509.Certificate],
        crls: Iterable[x509.CertificateRevocationList] = (),
        *,
        append: bool,
    ) -> PeerState:
        """Return the state with these CA certificates (and CRLs) added to the trusted CA list, or in its place."""
        given = tuple(certificates)
        kept = (self.trusted_ca_list, self.embedded_crls) if append else ((), ())
        return replace(
            self,
            trusted_ca_list=tuple(dict.fromkeys((*kept[0], *given))),
            embedded_crls=each_once((*kept[1], *crls)),
        )

    def without_ca(self, fingerprint: str) -> PeerState:
        """Return the state without the CA certificate that has this SHA-256 fingerprint (hex)."""
        unwanted = self.ca_certificate(fingerprint)
        return replace(self, trusted_ca_list=tuple(c for c in self.trusted_ca_list if c != unwanted))

    def ca_certificate(self, fingerprint: str) -> x509.Certificate:
        """Return the CA certificate of the list that has this SHA-256 fingerprint (hex)."""
        found = next((c for c in self.trusted_ca_list if fingerprint_of(c) == fingerprint), None)
        if found is None:
            raise InputError("no CA certificate of the list has this fingerprint")
        return found


def _with(pairs: tuple[tuple[str, _Held], ...], domain: str, value: _Held | None) -> tuple[tuple[str, _Held], ...]:
    """Return the pairs with this value for a domain, at the end; None removes it."""
    kept = tuple(pair for pair in pairs if pair[0] != domain)
    return kept if value is None else (*kept, (domain, value))


def fingerprint_of(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint in hex, by which the pages name a certificate."""
    return certificate.fingerprint(hashes.SHA256()).hex()
