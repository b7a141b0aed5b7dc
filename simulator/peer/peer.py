"""One Expressway at work: its state, what an administrator does to it, and where it is kept.

Every change goes through `_commit`: decided on the state, written to disk, then in force; one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import anyio.to_thread
from cryptography import x509

from pkikit.design.csr import CsrForm, SubjectFields, make_key
from pkikit.design.san import SanEntry, SanLayout, design_sans
from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential, is_same
from pkikit.model.codec.problems import validated
from pkikit.model.deployment import Revocation
from pkikit.model.features import TWO_STORES
from pkikit.model.findings import Finding
from pkikit.model.world import Party
from pkikit.rules.name_rules import REFERENCE
from pkikit.values.names import parse_dns_name
from simulator.errors import LabError
from simulator.peer.acme_state import AcmeState
from simulator.peer.alarms import Alarm, alarms_of, restart_needed
from simulator.peer.installation import temporary_ca
from simulator.peer.lab_view import LabView
from simulator.peer.state import AutomaticCrls, PeerState
from simulator.peer.store import PeerStore
from simulator.peer.upload import Taken, crls_of, take_certificate, take_client_certificate, take_trusted

MAX_ADDED_NAMES = 200
_UNTIL_ANSWERED = 0.3  # seconds


class Peer:
    """The certificate pages of one peer, without the pages."""

    def __init__(self, state: PeerState, lab: LabView, store: PeerStore | None = None) -> None:
        self.state, self.lab = state, lab
        self._store = store
        self._lock = asyncio.Lock()

    @property
    def fqdn(self) -> str:
        """The peer's name."""
        return self.state.fqdn

    @property
    def running(self) -> Credential | None:
        """The server certificate at work since the last restart."""
        return self.lab.party(self.fqdn).credential

    @property
    def restart_needed(self) -> bool:
        """A certificate was loaded that is not at work yet."""
        return restart_needed(self.state, self.lab.party(self.fqdn))

    @property
    def form(self) -> CsrForm:
        """What the CSR page of this version offers."""
        return CsrForm.of(self.lab.deployment.product_version)

    @property
    def layout(self) -> SanLayout:
        """The names that the CSR page proposes."""
        return design_sans(self.lab.deployment, self.fqdn)

    def alarms(self) -> tuple[Alarm, ...]:
        """What an administrator should look at now."""
        zones: dict[str, list[bool]] = {}
        for report in self.lab.status_of(self.fqdn):
            zones.setdefault(report.leg.relation, []).append(report.up)
        failed = tuple(zone for zone, up in zones.items() if not any(up))
        return alarms_of(self.state, self.lab.party(self.fqdn), self.lab.now_of(self.fqdn), failed_zones=failed)

    async def _commit(self, change: Callable[[PeerState], PeerState], event: str = "", **fields: object) -> PeerState:
        """Apply a change in a worker thread (it may make keys), write it, take it over."""

        def write() -> PeerState:
            after = change(self.state)
            if self.lab.disk_is_full(self.fqdn):
                _write_to_a_full_disk(self.fqdn)
            if self._store is not None:
                self._store.save(after)
            return after

        async with self._lock:
            self.state = await anyio.to_thread.run_sync(write)
        if event:
            self._log(event, **fields)
        return self.state

    def _log(self, event: str, **fields: object) -> None:
        self.lab.events.add(self.fqdn, event, **fields)

    async def save(self) -> None:
        """Write the state as it is."""
        await self._commit(lambda state: state)

    def adopt(self, party: Party, before: Party) -> None:
        """Follow a change of the world from outside: another certificate or trusted CA list lies on this peer now."""
        self.state = self.state.carrying(party)
        if not is_same(party.credential, before.credential):
            request = self.state.request
            answered = request is not None and party.credential is not None and party.credential.key is request.key
            self.state = replace(self.state, certificate=party.credential, request=None if answered else request)

    # Signing request.

    async def generate(
        self,
        *,
        layout: SanLayout | None = None,
        added: tuple[str, ...] = (),
        fields: SubjectFields | None = None,
        digest: str = "",
        key_size: int = 2048,
    ) -> PeerState:
        """Generate CSR: a new key and a request for the names proposed and those added."""
        digest = digest or self.form.default_digest
        wanted = _with_names(layout or self.layout, added)
        self.form.check(wanted, digest, key_size, self.lab.deployment.product_version)
        self.state.require_no_request()  # before a key is made for nothing
        # Nothing here signs with SHA-1 any more, which the oldest versions offer.
        usable = "sha256" if digest == "sha1" else digest
        return await self._commit(
            lambda state: state.generated(wanted, make_key(key_size), fields, usable),
            "CSR Generated",
            CommonName=wanted.common_name,
            SAN=", ".join(wanted.dns_names),
        )

    async def discard(self) -> PeerState:
        """Discard CSR: the key goes with it."""
        return await self._commit(PeerState.discarded, "CSR Discarded")

    # Server certificate.

    async def upload(self, certificate: bytes, key: bytes = b"") -> tuple[Finding, ...]:
        """Upload a server certificate, with or without its key; returns what the product warns of."""
        taken: list[Taken] = []

        def take(state: PeerState) -> PeerState:
            at = self.lab.now_of(self.fqdn)
            taken.append(take_certificate(state, certificate, key, deployment=self.lab.deployment, at=at))
            return taken[0].state

        state = await self._refused("Server Certificate Refused", take)
        assert state.certificate is not None  # just uploaded
        self._log("Server Certificate Uploaded", Subject=state.certificate.leaf.subject.rfc4514_string())
        return taken[0].warnings

    async def _refused(self, event: str, take: Callable[[PeerState], PeerState]) -> PeerState:
        """Commit, and log the reason when the file is not taken."""
        try:
            return await self._commit(take)
        except InputError as error:
            self._log(event, Reason=str(error))
            raise

    async def stage(self, chain: tuple[x509.Certificate, ...]) -> Credential:
        """Put what ACME brought into the staging area."""
        state = await self._commit(lambda state: state.staged(chain))
        assert state.pending_certificate is not None
        return state.pending_certificate

    async def change_acme(self, change: Callable[[AcmeState], AcmeState]) -> None:
        """Another state of the ACME service."""
        await self._commit(lambda state: replace(state, acme=change(state.acme)))

    def layout_of(self, names: tuple[str, ...]) -> SanLayout:
        """The names of a certificate as a layout: what a renewal asks for again."""
        return _with_names(replace(self.layout, entries=()), names)

    async def discard_pending(self) -> None:
        """Throw the pending ACME certificate away."""
        await self._commit(PeerState.unstaged, "ACME Certificate Discarded")

    async def deploy(self) -> Credential:
        """Put the pending certificate and its key over the current ones and restart the services that use them."""
        deployed = await self._deployed()
        self.restart()
        return deployed

    async def deploy_soon(self) -> None:
        """Deploy, and restart once the page that asked for it has its answer."""
        await self._deployed()
        asyncio.get_running_loop().call_later(_UNTIL_ANSWERED, self.restart)

    async def _deployed(self) -> Credential:
        state = await self._commit(PeerState.deployed)
        assert state.certificate is not None  # it was pending until now
        self._log("ACME Certificate Deployed", Subject=state.certificate.leaf.subject.rfc4514_string())
        return state.certificate

    async def stage_domain(self, domain: str, credential: Credential) -> None:
        """Put what ACME brought for one domain into the staging area."""
        await self._commit(lambda state: state.with_domain_pending(domain, credential))

    async def deploy_domain(self, domain: str) -> None:
        """Put a domain's pending certificate over its current one and restart the services that use it."""
        await self._commit(lambda state: state.domain_deployed(domain), "ACME Certificate Deployed", Domain=domain)
        self.restart()

    async def load_domain_certificate(self, domain: str, certificate: bytes, key: bytes) -> None:
        """A certificate of its own for one domain, chosen by the server name of the handshake."""
        name = parse_dns_name(domain)

        def take(state: PeerState) -> PeerState:
            empty = PeerState(fqdn=state.fqdn, trusted_ca_list=state.trusted_ca_list)
            at = self.lab.now_of(self.fqdn)
            taken = take_certificate(empty, certificate, key, deployment=self.lab.deployment, at=at)
            return state.with_domain_certificate(name, taken.state.certificate)

        await self._refused("Domain Certificate Refused", take)
        self._log("Domain Certificate Uploaded", Domain=name)

    async def load_client_certificate(self, certificate: bytes, key: bytes) -> tuple[Finding, ...]:
        """A certificate of its own for the role of TLS client: the second store of X15.5."""
        if not self.lab.deployment.product_version.has(TWO_STORES):
            raise InputError(
                f"{self.lab.deployment.version} has one certificate store; {TWO_STORES.first} came with a second one"
            )
        warnings: list[Finding] = []

        def take(state: PeerState) -> PeerState:
            at = self.lab.now_of(self.fqdn)
            taken = take_client_certificate(state, certificate, key, deployment=self.lab.deployment, at=at)
            warnings.extend(taken.warnings)
            return taken.state

        await self._refused("Client Certificate Refused", take)
        self._log("Client Certificate Uploaded")
        return tuple(warnings)

    async def remove_client_certificate(self) -> None:
        """Take it away: the server certificate is shown in both roles again."""
        await self._commit(lambda state: state.with_client_certificate(None), "Client Certificate Removed")

    async def remove_domain_certificate(self, domain: str) -> None:
        """Take a domain's certificate away."""
        await self._commit(lambda state: state.with_domain_certificate(domain, None), "Domain Certificate Removed")

    def restart(self) -> None:
        """Restart: what was loaded is at work afterwards, and every connection has to come up again."""
        self.lab.restart(self.state)

    async def restart_soon(self) -> None:
        """Restart once the page that asked for it has its answer."""
        self._log("System Restart Requested")
        asyncio.get_running_loop().call_later(_UNTIL_ANSWERED, self.restart)

    def set_revocation(self, changes: Mapping[str, object]) -> None:
        """Change the SIP revocation settings of the cluster.

        Raises:
            InputError: a setting is unknown, or may not have this value.
        """
        current = self.lab.revocation_settings(self.fqdn)
        settings = validated(Revocation, {**current.model_dump(), **changes})
        self.lab.change_revocation(self.fqdn, settings)
        self._log("SIP Revocation Settings Changed", **settings.model_dump(mode="json"))

    # Trusted CA list and CRLs.

    async def trust(self, data: bytes, *, append: bool) -> tuple[Finding, ...]:
        """Append a file of CA certificates to the list, or put it in the list's place."""
        taken: list[Taken] = []

        def take(state: PeerState) -> PeerState:
            at = self.lab.now_of(self.fqdn)
            taken.append(take_trusted(state, data, append=append, deployment=self.lab.deployment, at=at))
            return taken[0].state

        await self._refused("Trusted CA List Refused", take)
        self._listed("appended" if append else "replaced")
        return taken[0].warnings

    async def distrust(self, fingerprint: str) -> None:
        """Delete one CA certificate of the list."""
        await self._commit(lambda state: state.without_ca(fingerprint))
        self._listed("deleted")

    async def reset_trust(self) -> None:
        """Reset to default: the temporary CA of the installation alone."""

        def reset(state: PeerState) -> PeerState:
            temporary = state.temporary_ca or temporary_ca(self.fqdn, self.lab.now_of(self.fqdn)).certificate
            return replace(state.trusting([temporary], append=False), temporary_ca=temporary)

        await self._commit(reset)
        self._listed("reset")

    def _listed(self, how: str) -> None:
        self._log("Trusted CA List Changed", Change=how, Certificates=len(self.state.trusted_ca_list))
        self.lab.reload(self.state)

    async def upload_crl(self, data: bytes) -> int:
        """A manual CRL file; it replaces the one before. The number of CRLs in it."""
        state = await self._refused("CRL Refused", lambda state: replace(state, manual_crls=crls_of(data)))
        self._log("CRL Uploaded", Lists=len(state.manual_crls))
        self.lab.reload(state)
        return len(state.manual_crls)

    async def remove_crl(self) -> None:
        """Remove the manual CRL file."""
        self.lab.reload(await self._commit(lambda state: replace(state, manual_crls=()), "CRL Removed"))

    async def set_crl_sources(self, automatic: AutomaticCrls) -> None:
        """Where CRLs are downloaded from every day, and at which hour."""
        await self._commit(
            lambda state: replace(state, automatic=automatic),
            "CRL Sources Changed",
            Sources=len(automatic.urls),
            Hour=automatic.hour,
        )
        await self.lab.update_crls(self.fqdn)

    async def take_downloads(self, crls: tuple[x509.CertificateRevocationList, ...]) -> None:
        """CRLs that an automatic download brought."""
        self.lab.reload(await self._commit(lambda state: replace(state, downloaded_crls=crls)))


def _write_to_a_full_disk(fqdn: str) -> None:
    """What writing to a disk without room comes to: the kernel's own answer."""
    try:
        Path("/dev/full").write_bytes(b"x")
    except OSError as error:
        raise LabError(f"{fqdn} cannot write to its disk ({error.strerror}): what is on it is as it was") from error


def _with_names(layout: SanLayout, added: tuple[str, ...]) -> SanLayout:
    if len(added) > MAX_ADDED_NAMES:
        raise InputError(f"{len(added)} additional names are given, at most {MAX_ADDED_NAMES} are taken")
    entries = list(layout.entries)
    for text in added:
        name = parse_dns_name(text)
        if name not in layout.dns_names:
            entries.append(SanEntry(value=name, reason="added by the administrator", rule=REFERENCE.id, needed_by=()))
    return replace(layout, entries=tuple(entries))
