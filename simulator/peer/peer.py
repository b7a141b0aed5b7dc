"""One running Expressway: its state, the changes that an administrator makes, and the folder that stores it.

Every change goes through `_commit`, one after the other: compute the new state, write it to disk, use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import anyio.to_thread
from cryptography import x509

from pkikit.design.csr import CsrForm, SubjectFields, make_key
from pkikit.design.san import SanLayout, design_sans
from pkikit.errors import InputError, PkikitError
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.certificates.facts import title
from pkikit.model.codec.problems import validate_as
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Finding
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.tables.log_events import (
    CERTIFICATE_MANAGEMENT,
    CONFIGURATION_CHANGED,
    REBOOT_REQUESTED,
    RESTART_REQUESTED,
)
from pkikit.model.world import Party
from pkikit.text import counted
from pkikit.values.names import parse_dns_name
from simulator.errors import LabError
from simulator.events import CERTIFICATE_DEPLOYED, CERTIFICATE_REFUSED
from simulator.peer.acme_state import AcmeState, Attempt
from simulator.peer.added_names import with_names
from simulator.peer.alarm_board import AlarmBoard
from simulator.peer.alarms import Alarm, restart_needed
from simulator.peer.installation import temporary_ca
from simulator.peer.lab_view import LabView
from simulator.peer.state import AutomaticCrls, PeerState, PendingRequest
from simulator.peer.store import PeerStore, write_to_a_full_disk
from simulator.peer.upload import (
    UploadResult,
    crls_of,
    take_certificate,
    take_client_certificate,
    take_server_certificate,
    take_trusted_list,
)
from simulator.world.upgrade import require_two_stores

_UNTIL_ANSWERED = 0.3  # seconds


class Peer:
    """What an administrator does on one peer, without the web pages."""

    def __init__(self, state: PeerState, lab: LabView, store: PeerStore | None = None) -> None:
        self.state, self.lab = state, lab
        self._store = store
        self._lock = asyncio.Lock()
        self.alarm_board = AlarmBoard(lab, lambda: self.state)

    @property
    def fqdn(self) -> str:
        """The peer's FQDN."""
        return self.state.fqdn

    @property
    def running(self) -> Credential | None:
        """The server certificate in use since the last restart."""
        return self.lab.party(self.fqdn).credential

    @property
    def restart_needed(self) -> bool:
        """True if a loaded certificate is not in use yet."""
        return restart_needed(self.state, self.lab.party(self.fqdn))

    @property
    def form(self) -> CsrForm:
        """The form of the CSR page in this version."""
        return CsrForm.of(self.lab.deployment.product_version)

    @property
    def layout(self) -> SanLayout:
        """The names that the CSR page proposes."""
        return design_sans(self.lab.deployment, self.fqdn)

    def alarms(self) -> tuple[Alarm, ...]:
        """Return the current alarms of this peer; `alarm_board` acknowledges them."""
        return self.alarm_board.alarms()

    async def _commit(self, change: Callable[[PeerState], PeerState], event: str = "", **fields: object) -> PeerState:
        """Put a new state in the place of the current one; log the event, and look for alarms."""
        await self._change(change)
        if event:
            self._log(event, **fields)
        self.alarm_board.committed()
        return self.state

    async def _change(self, change: Callable[[PeerState], PeerState]) -> PeerState:
        """Compute the new state in a worker thread (it may generate keys), write it, and use it."""

        def write() -> PeerState:
            after = change(self.state)
            if self.lab.disk_is_full(self.fqdn):
                write_to_a_full_disk(self.fqdn)
            if self._store is not None:
                self._store.save(after)
            return after

        async with self._lock:
            self.state = await anyio.to_thread.run_sync(write)
        return self.state

    def _log(self, event: str, **fields: object) -> None:
        self.lab.events.add(self.fqdn, event, **fields)

    def _log_upload(self, what: str) -> None:
        self._log(CERTIFICATE_MANAGEMENT, Detail=f"uploaded: {what}")

    async def save(self) -> None:
        """Write the state to disk."""
        await self._commit(lambda state: state)

    def adopt(self, party: Party, before: Party) -> None:
        """Take over the certificates and the trusted CA list that a change of the world gave this peer."""
        self.state = self.state.adopting(party, before)

    # Signing request.

    async def generate(
        self,
        *,
        layout: SanLayout | None = None,
        added: tuple[str, ...] = (),
        fields: SubjectFields | None = None,
        digest: str = "",
        key_size: int = 2048,
        key: PrivateKey | None = None,
    ) -> PeerState:
        """Generate a CSR: a new RSA key, or `key`, and a request for the proposed names and the additional ones."""
        digest = digest or self.form.default_digest
        wanted = with_names(layout or self.layout, added)
        self.form.check(wanted, digest, key_size, self.lab.deployment.product_version)
        self.state.require_no_request()  # before a key is made for nothing
        # Nothing here signs with SHA-1 any more, which the oldest versions offer.
        usable = "sha256" if digest == "sha1" else digest
        return await self._commit(
            lambda state: state.generated(wanted, key or make_key(key_size), fields, usable),
            "CSR Generated",
            CommonName=wanted.common_name,
            SAN=", ".join(wanted.dns_names),
        )

    async def discard(self) -> PeerState:
        """Discard the CSR and its key."""
        return await self._commit(PeerState.discarded, "CSR Discarded")

    # Server certificate.

    async def upload(self, certificate: bytes, key: bytes = b"", *, as_client: bool = False) -> tuple[Finding, ...]:
        """Upload a server certificate (`as_client`: into both stores of X15.5), and return the product's warnings."""
        take = partial(
            take_server_certificate,
            certificate=certificate,
            key=key,
            server_only=self.lab.eku_switches(self.fqdn).server_upload,
            as_client=as_client,
        )
        warnings = await self._take(CERTIFICATE_REFUSED, take)
        assert self.state.certificate is not None  # just uploaded
        self._log_upload(f"server certificate {title(self.state.certificate.leaf)}")
        return warnings

    async def _take(self, event: str, take: Callable[..., UploadResult]) -> tuple[Finding, ...]:
        """Commit an upload and return its warnings; log the reason if the peer refuses the file."""
        warnings: list[Finding] = []

        def change(state: PeerState) -> PeerState:
            taken = take(state, deployment=self.lab.deployment, at=self.lab.now_of(self.fqdn))
            warnings.extend(taken.warnings)
            return taken.state

        await self._commit_upload(event, change)
        return tuple(warnings)

    async def _commit_upload(self, event: str, take: Callable[[PeerState], PeerState]) -> PeerState:
        """Commit a change; log the reason if the peer refuses the file."""
        try:
            return await self._commit(take)
        except InputError as error:
            self._log(event, Reason=str(error))
            raise

    async def stage(self, chain: tuple[x509.Certificate, ...], request: PendingRequest, domain: str = "") -> Credential:
        """Put the certificate that ACME issued into the staging area: the server certificate, or that of one domain."""
        state = await self._commit(lambda state: state.staged(chain, request, domain))
        pending = dict(state.domain_pending)[domain] if domain else state.pending_certificate
        assert pending is not None  # staged just now
        return pending

    async def change_state(self, change: Callable[[PeerState], PeerState]) -> None:
        """Store another state of this peer."""
        await self._commit(change)

    async def change_acme(self, change: Callable[[AcmeState], AcmeState]) -> None:
        """Store another state of the ACME service."""
        await self._commit(lambda state: replace(state, acme=change(state.acme)))

    async def remember(self, change: Callable[[AcmeState], AcmeState]) -> None:
        """Store a result of the ACME service. If the disk takes nothing, it stays in memory until the next change."""
        try:
            await self.change_acme(change)
        except PkikitError:
            self.state = replace(self.state, acme=change(self.state.acme))

    def layout_of(self, names: tuple[str, ...]) -> SanLayout:
        """Return the names of a certificate as a layout. A renewal requests them again."""
        return with_names(replace(self.layout, entries=()), names)

    async def discard_pending(self, domain: str = "") -> None:
        """Discard the pending ACME certificate: the server certificate, or that of one domain."""
        fields = {"Domain": domain} if domain else {}
        await self._commit(lambda state: state.unstaged(domain), "ACME Certificate Discarded", **fields)

    async def deploy(self, *, automatic: bool = False) -> Credential:
        """Put the pending certificate and its key over the current ones, and reload the processes that use them.

        Nothing restarts: connections stay, and new ones get the new certificate.
        """
        two = self.lab.deployment.product_version.has(TWO_STORES)
        state = await self._deploy(
            lambda state: (state.with_own_client_store() if two else state).deployed(), automatic=automatic
        )
        assert state.certificate is not None  # it was pending until now
        self._log(CERTIFICATE_DEPLOYED, Subject=state.certificate.leaf.subject.rfc4514_string())
        await self.lab.reload_certificates(state)
        self.alarm_board.committed()
        return state.certificate

    async def deploy_domain(self, domain: str, *, reload: bool = True, automatic: bool = False) -> None:
        """Put a domain's pending certificate over its current one; without `reload`, the next restart uses it."""
        state = await self._deploy(lambda state: state.domain_deployed(domain), domain, automatic=automatic)
        self._log(CERTIFICATE_DEPLOYED, Domain=domain)
        if reload:
            await self.lab.reload_certificates(state, domain)
        self.alarm_board.committed()

    async def _deploy(
        self, change: Callable[[PeerState], PeerState], domain: str = "", *, automatic: bool
    ) -> PeerState:
        """Store a deployment and its result. A failure leaves the pending certificate where it is.

        The caller reloads first and then looks for alarms: what is in use at once waits for no restart.
        """
        attempt = Attempt(at=self.lab.now_of(self.fqdn), automatic=automatic)

        def deployed(state: PeerState) -> PeerState:
            after = change(state)
            return replace(after, acme=after.acme.deployed(attempt, domain))

        try:
            return await self._change(deployed)
        except LabError as error:
            failed = replace(attempt, error=str(error)[:1000])
            await self.remember(lambda acme: acme.deployed(failed, domain))
            raise

    async def load_domain_certificate(self, domain: str, certificate: bytes, key: bytes) -> None:
        """Load a certificate for one domain. The peer presents it for that server name (SNI)."""
        name = parse_dns_name(domain)

        def take(state: PeerState) -> PeerState:
            empty = PeerState(fqdn=state.fqdn, trusted_ca_list=state.trusted_ca_list)
            at = self.lab.now_of(self.fqdn)
            taken = take_certificate(empty, certificate, key, deployment=self.lab.deployment, at=at)
            return state.with_domain_certificate(name, taken.state.certificate)

        await self._commit_upload("Domain Certificate Refused", take)
        self._log_upload(f"domain certificate of {name}")

    async def load_client_certificate(self, certificate: bytes, key: bytes) -> tuple[Finding, ...]:
        """Load a certificate for the TLS client role: the second certificate store of X15.5."""
        require_two_stores(self.lab.deployment)
        take = partial(take_client_certificate, certificate=certificate, key=key)
        warnings = await self._take("Client Certificate Refused", take)
        self._log_upload("client certificate")
        return warnings

    async def remove_client_certificate(self) -> None:
        """Remove the client certificate. The peer then presents the server certificate in both roles (ours: no document)."""
        await self._commit(
            lambda state: state.with_client_certificate(None),
            CONFIGURATION_CHANGED,
            Detail="client certificate: removed",
        )

    async def remove_domain_certificate(self, domain: str) -> None:
        """Remove a domain's certificate."""
        await self._commit(
            lambda state: state.with_domain_certificate(domain, None),
            CONFIGURATION_CHANGED,
            Detail=f"domain certificate of {domain}: removed",
        )

    def restart(self) -> None:
        """Restart the peer. It then uses the loaded certificates, and every connection has to come up again."""
        self.lab.restart(self.state)

    async def restart_soon(self, *, reboot: bool = False) -> None:
        """Restart after the response to this request has been sent. A reboot does the same, and the log names it."""
        self._log(REBOOT_REQUESTED if reboot else RESTART_REQUESTED, Reason="requested by an administrator")
        asyncio.get_running_loop().call_later(_UNTIL_ANSWERED, self.restart)

    def set_revocation(self, changes: Mapping[str, object]) -> None:
        """Change the SIP revocation settings of the cluster.

        Raises:
            InputError: a setting is unknown, or its value is not allowed.
        """
        current = self.lab.revocation_settings(self.fqdn)
        settings = validate_as(Revocation, {**current.model_dump(), **changes})
        self.lab.change_revocation(self.fqdn, settings)
        changed = ", ".join(f"{name} {value}" for name, value in settings.model_dump(mode="json").items())
        self._log(CONFIGURATION_CHANGED, Detail=f"SIP certificate revocation checking: {changed}")

    def set_eku_switches(self, *, checking: bool | None = None, server_upload: bool | None = None) -> None:
        """Set the switches of the whole cluster for extended key usages; None leaves one as it is. Nothing restarts (inferred).

        Raises:
            InputError: this version or role does not have the switch.
        """
        deployment = self.lab.deployment
        switches = self.lab.eku_switches(self.fqdn).changed(
            deployment.product_version, deployment.role_of(self.fqdn), checking=checking, server_upload=server_upload
        )
        self.lab.change_eku_switches(self.fqdn, switches)
        self._log(CONFIGURATION_CHANGED, Detail=str(switches))

    # Trusted CA list and CRLs.

    async def trust(self, data: bytes, *, append: bool) -> tuple[Finding, ...]:
        """Append a file of CA certificates to the trusted CA list, or replace the list with it."""
        warnings = await self._take("Trusted CA List Refused", partial(take_trusted_list, data=data, append=append))
        self._use_list("appended" if append else "replaced")
        return warnings

    async def distrust(self, fingerprint: str) -> None:
        """Delete one CA certificate from the trusted CA list."""
        await self._commit(lambda state: state.without_ca(fingerprint))
        self._use_list("deleted")

    async def reset_trust(self) -> None:
        """Reset the trusted CA list to the temporary CA of the installation."""

        def reset(state: PeerState) -> PeerState:
            temporary = state.temporary_ca or temporary_ca(self.fqdn, self.lab.now_of(self.fqdn)).certificate
            return replace(state.trusting([temporary], append=False), temporary_ca=temporary)

        await self._commit(reset)
        self._use_list("reset")

    def _use_list(self, how: str) -> None:
        detail = f"trusted CA list {how}, {counted(len(self.state.trusted_ca_list), 'certificate')}"
        self._log(CERTIFICATE_MANAGEMENT if how in {"appended", "replaced"} else CONFIGURATION_CHANGED, Detail=detail)
        self.lab.reload(self.state)

    async def upload_crl(self, data: bytes) -> int:
        """Replace the manual CRL file, and return the number of CRLs in the new one."""
        state = await self._commit_upload("CRL Refused", lambda state: replace(state, manual_crls=crls_of(data)))
        self._log_upload(f"CRL file, {len(state.manual_crls)} CRLs")
        self.lab.reload(state)
        return len(state.manual_crls)

    async def remove_crl(self) -> None:
        """Remove the manual CRL file."""
        removed = partial(replace, manual_crls=())
        self.lab.reload(await self._commit(removed, CONFIGURATION_CHANGED, Detail="CRL file: removed"))

    async def set_crl_sources(self, automatic: AutomaticCrls) -> None:
        """Set the URLs that CRLs are downloaded from every day, and the hour (0 to 23)."""
        await self._commit(
            lambda state: replace(state, automatic=automatic),
            CONFIGURATION_CHANGED,
            Detail=f"automatic CRL updates: {len(automatic.urls)} sources, {automatic.hour}:00 UTC",
        )
        await self.lab.update_crls(self.fqdn)

    async def take_downloads(self, crls: tuple[x509.CertificateRevocationList, ...]) -> None:
        """Store the CRLs of an automatic download."""
        self.lab.reload(await self._commit(lambda state: replace(state, downloaded_crls=crls)))
