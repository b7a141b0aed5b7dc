"""The ACME certificate service of Expressway-E: each peer orders for itself, all peers serve the challenge files.

Sign puts a certificate into the staging area; deploy, a second step, puts it over the current one. An administrator
does both by hand, or the automatic service does them: it submits the stored request again after two thirds of the life,
and deploys by a schedule.

Source: X14.0.1 certificate guide, 'Using ACME on Expressway-E'.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
from cryptography import x509

from pkikit.design.csr import build_csr, fast_key, make_key, rekeyed, similar_key
from pkikit.errors import AcmeMisissued, AcmeProblem, InputError, PkikitError
from pkikit.issue.acme.account import AcmeAccount
from pkikit.issue.acme.transport import AcmeDirectory, Capabilities, capabilities
from pkikit.judge.linting.preflight import (
    missing_from_lists,
    preflight,
    refuse_where_there_is_no_acme,
    trusting_peers,
)
from pkikit.model.certificates.credential import Credential, PrivateKey, spki
from pkikit.model.certificates.facts import format_time, key_of, presented_names
from pkikit.model.codec.problems import validate_as
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Finding, Verdict
from pkikit.model.renewal import AcmeMode, RenewKey
from pkikit.net.acme_facts import gather
from pkikit.values.names import parse_dns_name
from simulator.background import Background
from simulator.events import CERTIFICATE_PENDING, ORDER_FAILED
from simulator.peer.acme.automatic import AutomaticRenewal, Signer
from simulator.peer.acme.challenge_host import ChallengeFetch, ChallengeHost
from simulator.peer.acme.due import next_order
from simulator.peer.acme.order_run import AcmeRun, RunStep, as_directory
from simulator.peer.acme_state import AcmeChanges, AcmeSettings, AcmeState, Attempt, Provider
from simulator.peer.peer import Peer
from simulator.peer.state import PendingRequest
from simulator.services.lab_ca import IDENTITY, LabCa
from simulator.services.pebble import Pebble

EMAIL = "admin@example.com"


class Cas(Protocol):
    """The lab's public CAs. A CA starts when a peer first orders from it."""

    async def of(self, provider: Provider) -> LabCa:
        """Return the running CA of a provider."""
        ...


class AcmeService:
    """The ACME service on all E peers of a lab, with the CAs that they can be configured for."""

    def __init__(
        self, deployment: Deployment, ca: LabCa, cas: Cas, *, hosts: Mapping[str, ChallengeHost],
        peers: Mapping[str, Peer], passes: Callable[[str, str], bool], rsa: bool, background: Background,
    ) -> None:  # fmt: skip
        """Describe the service.

        Args:
            hosts: the virtual hosts on port 80, by FQDN.
            passes: returns True if packets get from one peer to another.
            rsa: make RSA keys; False makes P-256 keys.
        """
        self.ca = ca
        self.hosts = hosts
        self._cas, self.rsa = cas, rsa
        self._deployment, self._peers, self._passes = deployment, peers, passes
        self._runs: dict[str, AcmeRun] = {}
        self._running: set[str] = set()
        self._background = background
        self._orders: set[asyncio.Task[None]] = set()
        self._automatic = AutomaticRenewal(self, peers)
        # Called with the run and its new step, in the event loop, before the order continues.
        self.on_step: list[Callable[[AcmeRun, RunStep], None]] = []
        # Issues instead of a provider when the lab's clock is far from real time, which Pebble uses.
        self.signer: Signer | None = None

    @property
    def pebble(self) -> Pebble:
        """The CA behind the production directory."""
        return self.ca.pebble

    def require(self, fqdn: str) -> None:
        """Return if this peer has the service.

        Raises:
            InputError: it is an Expressway-C, its version is below X12.5, or Jabber Guest uses the port.
        """
        self._peer(fqdn)

    def due(self, fqdn: str, domain: str = "") -> datetime | None:
        """Return when the automatic service orders the next certificate; None while it is off or waits for a deployment."""
        return next_order(self._peer(fqdn).state, domain)

    def dates(self) -> Iterator[datetime]:
        """Return, for each peer, when the automatic service has something to do next, on the lab's clock."""
        return self._automatic.dates()

    def _peer(self, fqdn: str) -> Peer:
        if self._deployment.cluster_of(fqdn) is None:
            raise InputError(f"{fqdn} is not a peer of {self._deployment.name}")
        refuse_where_there_is_no_acme(self._deployment, fqdn)
        return self._peers[fqdn]

    @property
    def fetched(self) -> tuple[ChallengeFetch, ...]:
        """Every fetch of a challenge file from any peer."""
        return tuple(f for host in self.hosts.values() for f in host.fetched)

    def steps(self, fqdn: str) -> tuple[RunStep, ...]:
        """Return the steps of the current order of a peer, or of its last one."""
        run = self._runs.get(fqdn)
        return tuple(run.steps) if run is not None else ()

    def is_running(self, fqdn: str) -> bool:
        """Return True while an order of this peer runs."""
        return fqdn in self._running

    # Settings.

    async def configure(self, fqdn: str, changes: Mapping[str, Any], domain: str = "") -> AcmeSettings:
        """Change some of a peer's settings. With a domain, mode, key and schedule are those of its certificate."""
        peer = self._peer(fqdn)
        given, at = validate_as(AcmeChanges, changes), peer.lab.now_of(fqdn)
        given.applied_to(peer.state.acme, at, domain)  # raises before anything is written
        await peer.change_acme(lambda acme: given.applied_to(acme, at, domain))
        settings, managed = peer.state.acme.settings, peer.state.acme.managed(domain)
        peer.lab.events.add(
            fqdn, "ACME Settings Changed", Provider=settings.provider.value, AcmeManaged=managed.mode.value,
            TermsAccepted=bool(settings.terms), **({"Domain": domain} if domain else {}),
        )  # fmt: skip
        return settings

    async def capabilities(self, fqdn: str) -> Capabilities:
        """Return what the configured provider supports, with the URL of its terms of service."""
        return await anyio.to_thread.run_sync(capabilities, await self.directory_of(self._peer(fqdn)))

    async def accept_terms(self, fqdn: str) -> str:
        """Accept the provider's terms of service for a peer, and return their URL. ACME is then at least manual (ours)."""
        terms = (await self.capabilities(fqdn)).terms or "none"
        enabled = self._peer(fqdn).state.acme.server.mode is not AcmeMode.DISABLED
        await self.configure(fqdn, {"terms": terms, **({} if enabled else {"mode": "Manual"})})
        return terms

    async def prepare(self, fqdn: str, **changes: Any) -> None:
        """Do what has to precede the first Sign: set provider and e-mail, accept the terms, generate a signing request."""
        await self.configure(fqdn, {"email": EMAIL, **changes})
        await self.accept_terms(fqdn)
        if self._peers[fqdn].state.request is None:
            await self._peers[fqdn].generate()

    async def directory_of(self, peer: Peer) -> AcmeDirectory:
        """Return the directory that a peer is configured for."""
        settings = peer.state.acme.settings
        if settings.provider is Provider.OTHER:
            folder = self.pebble.folder / peer.fqdn
            await anyio.to_thread.run_sync(lambda: folder.mkdir(exist_ok=True))
            return await anyio.to_thread.run_sync(as_directory, settings.directory, settings.ca, folder)
        ca = await self._cas.of(settings.provider)
        return AcmeDirectory(url=ca.directory, ca_file=ca.ca_file)

    async def preflight(self, fqdn: str) -> Verdict:
        """Return what the CA will object to.

        Asks the DNS that the CA sees, opens the virtual hosts and dials port 80 of the peers, and reads CAA records.
        """
        peer = self._peer(fqdn)
        request = peer.state.request
        layout = peer.layout_of(presented_names(request.csr).dns) if request is not None else peer.layout
        hosts = [host for host in self._hosts_of(fqdn) if self._passes(fqdn, host.fqdn)]
        async with contextlib.AsyncExitStack() as stack:
            for host in hosts:
                await host.open()
                stack.push_async_callback(host.close)
            look = partial(
                gather, self._deployment, layout, authority=IDENTITY, dns_server=self.ca.dns_server,
                http_port=hosts[0].port, source=self.pebble.address,
                known={host.fqdn: host.address for host in self._hosts_of(fqdn)},
            )  # fmt: skip
            facts = await anyio.to_thread.run_sync(look)
        names = frozenset((layout.common_name, *layout.dns_names))
        provider = peer.state.acme.settings.provider
        left = None if provider is Provider.OTHER else (await self._cas.of(provider)).certificates_left(names)
        verdict = preflight(layout, replace(facts, certificates_left=left))
        return replace(verdict, findings=(*verdict.findings, *self._untrusting(peer)))

    def _untrusting(self, peer: Peer) -> tuple[Finding, ...]:
        """Return who lacks the CA of the certificate that ACME signed last."""
        signed = peer.state.pending_certificate or (peer.state.certificate if peer.state.stored_request else None)
        if signed is None:
            return ()
        lists = {p: self._peers[p].state.trusted_ca_list for p in trusting_peers(self._deployment, peer.fqdn)}
        return missing_from_lists(signed.chain, lists, owner=peer.fqdn).findings

    def _hosts_of(self, fqdn: str) -> list[ChallengeHost]:
        cluster = self._deployment.cluster_of(fqdn)
        return [self.hosts[p] for p in (cluster.peers if cluster else (fqdn,))]

    # Sign and deploy.

    async def sign(self, fqdn: str, domain: str = "") -> Credential:
        """Order a certificate for a peer or for one domain, and put it into the staging area."""
        return await self.submit(self._peer(fqdn), parse_dns_name(domain) if domain else "")

    def sign_soon(self, fqdn: str) -> None:
        """Start an order in the background and return; `steps` follows it. An order that cannot start raises at once."""
        peer = self._peer(fqdn)
        self._require_beginning(peer)

        async def work() -> None:
            with contextlib.suppress(PkikitError):  # already logged and stored where it failed
                await self.submit(peer)

        task = self._background.spawn(work(), "ACME order", party=fqdn)
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def stop(self) -> None:
        """Stop the running orders. The CA keeps them, and a later run can resume them."""
        for run in self._runs.values():
            run.stop("the lab ends")
        await asyncio.gather(*self._orders, return_exceptions=True)

    def _require_idle(self, peer: Peer) -> None:
        if peer.fqdn in self._running:
            raise InputError(f"an order of {peer.fqdn} is under way; wait until it has ended")

    def _require_beginning(self, peer: Peer, domain: str = "") -> None:
        self._require_idle(peer)
        if not domain and peer.state.request_to_submit() is None:
            raise InputError(f"{peer.fqdn} has no signing request: generate one first, its names are those ordered")
        managed = peer.state.acme.managed(domain)
        if managed.mode is AcmeMode.DISABLED and managed.since is not None:
            of = f" for {domain}" if domain else ""
            raise InputError(f"ACME is disabled{of} on {peer.fqdn}; set it to Manual or Automated first")

    async def submit(self, peer: Peer, domain: str = "", *, automatic: bool = False) -> Credential:
        """Order a certificate for a peer, or for one domain, and put it into the staging area.

        Args:
            peer: the peer.
            domain: the domain; empty for the server certificate.
            automatic: the automatic service asks. It submits the stored request again; with `RenewKey Rotate`, that
                request with a new key.
        """
        if automatic and not domain and peer.state.request_to_submit() is None and peer.state.certificate is not None:
            # Switched on for a certificate that did not come by ACME (ours).
            await peer.generate(layout=peer.layout_of(presented_names(peer.state.certificate.leaf).dns))
        self._require_beginning(peer, domain)
        request = await self._request(peer, domain, automatic=automatic)
        async with self._ordering(peer, domain, automatic=automatic):
            chain = await self._chain(peer, request.csr, goes_on=not domain)
            pending = await peer.stage(chain, request, domain)
        self._pending(peer, chain)
        return pending

    async def _request(self, peer: Peer, domain: str, *, automatic: bool) -> PendingRequest:
        held = peer.state.request_to_submit(domain)
        if held is None:
            make: Callable[[], PrivateKey] = make_key if self.rsa else fast_key
            key = await anyio.to_thread.run_sync(make)
            layout = replace(peer.layout_of((domain, f"collab-edge.{domain}")), common_name=domain)
            return PendingRequest(csr=build_csr(layout, key), key=key)
        current = dict(peer.state.domain_certificates).get(domain) if domain else peer.state.certificate
        used = current is not None and key_of(current.leaf) == spki(held.key.public_key())
        if automatic and used and peer.state.acme.managed(domain).renew_key is RenewKey.ROTATE:
            key = await anyio.to_thread.run_sync(similar_key, held.key)
            return PendingRequest(csr=rekeyed(held.csr, key), key=key)
        return held

    @contextlib.asynccontextmanager
    async def _ordering(self, peer: Peer, domain: str, *, automatic: bool) -> AsyncIterator[None]:
        """Run one order of a peer at a time and store its result.

        An order that the CA has already judged is not resumed.
        """
        self._require_idle(peer)
        self._running.add(peer.fqdn)
        try:
            yield
            attempt = Attempt(at=peer.lab.now_of(peer.fqdn), automatic=automatic)
            await peer.change_acme(lambda acme: acme.signed(attempt, domain).manual_at_least(domain, attempt.at))
        except PkikitError as error:
            retry_after = error.retry_after if isinstance(error, AcmeProblem) else None
            failed = Attempt(
                at=peer.lab.now_of(peer.fqdn), error=str(error)[:1000] or "failed", retry_after=retry_after,
                automatic=automatic,
            )  # fmt: skip
            await self._store_failure(peer, failed, domain, over=isinstance(error, AcmeProblem | AcmeMisissued))
            raise
        finally:
            self._running.discard(peer.fqdn)

    def _pending(self, peer: Peer, chain: tuple[x509.Certificate, ...]) -> None:
        leaf, now = chain[0], peer.lab.now_of(peer.fqdn)
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            self._log_run(
                peer, "certificate", "not valid", detail=f"by this peer's clock, which shows {format_time(now)}"
            )
        self._log_run(peer, "certificate", "pending", detail="waits for deploy")
        peer.lab.events.add(peer.fqdn, CERTIFICATE_PENDING, Issuer=leaf.issuer.rfc4514_string())

    async def deploy_domain(self, fqdn: str, domain: str, *, reload: bool = True) -> None:
        """Deploy a domain's pending certificate; with `reload`, use it at once."""
        await self._peer(fqdn).deploy_domain(parse_dns_name(domain), reload=reload)

    async def _chain(
        self, peer: Peer, request: x509.CertificateSigningRequest, *, goes_on: bool
    ) -> tuple[x509.Certificate, ...]:
        if self.signer is not None:
            return await self.signer(peer, request)
        run = self._runs[peer.fqdn] = AcmeRun(
            peer, self._hosts_of(peer.fqdn), directory=await self.directory_of(peer),
            reaches=lambda other: self._passes(peer.fqdn, other), on_step=self._publish_step,
        )  # fmt: skip
        return await run.sign(request, goes_on=goes_on)

    def _publish_step(self, run: AcmeRun, step: RunStep) -> None:
        for observer in tuple(self.on_step):
            observer(run, step)

    def _log_run(self, peer: Peer, what: str, state: str, detail: str = "") -> None:
        run = self._runs.get(peer.fqdn)
        if run is not None:
            run.note(what, state, detail=detail)

    async def _store_failure(self, peer: Peer, failed: Attempt, domain: str, *, over: bool) -> None:
        """Store a failure. An order that the CA has already judged is not resumed."""

        def change(acme: AcmeState) -> AcmeState:
            after = acme.signed(failed, domain)
            return replace(after, order="") if over else after

        self._log_run(peer, "order", "failed", detail=failed.error[:300])
        peer.lab.events.add(peer.fqdn, ORDER_FAILED, Reason=failed.error)
        await peer.remember(change)

    async def deploy(self, fqdn: str) -> Credential:
        """Put the pending certificate and its key over the current ones, and reload the processes that use them."""
        return await self._peer(fqdn).deploy()

    async def revoke(self, fqdn: str, *, which: str = "current", by: str = "account", reason: int = 0) -> None:
        """Revoke a peer's current or pending certificate at its CA, with the account's key or the certificate's own."""
        peer = self._peer(fqdn)
        held = {"current": peer.state.certificate, "pending": peer.state.pending_certificate}
        if which not in held or by not in {"account", "certificate"}:
            raise InputError("which is current or pending, by is account or certificate")
        credential = held[which]
        if credential is None or credential.key is None:
            raise InputError(f"{fqdn} has no {which} certificate")
        own_key = credential.key if by == "certificate" else None
        await self.revoke_certificate(fqdn, credential.leaf, own_key=own_key, reason=reason)

    async def revoke_certificate(
        self, fqdn: str, certificate: x509.Certificate, *, own_key: PrivateKey | None = None, reason: int = 0
    ) -> None:
        """Revoke any certificate of the peer's CA, with the key of the peer's account, or with the certificate's own.

        The CA accepts it from the account that ordered, or from one that has just proved all names (RFC 8555 §7.6).
        """
        peer = self._peer(fqdn)
        account = peer.state.acme.account if own_key is None else None
        key = account.key if account is not None else own_key
        if key is None:
            raise InputError(f"{fqdn} has no ACME account that could revoke it")
        directory = await self.directory_of(peer)

        def send() -> None:
            client = AcmeAccount(directory, key)
            if account is not None:
                client.adopt(account.url)
            client.revoke(certificate, reason)

        await anyio.to_thread.run_sync(send)
        peer.lab.events.add(fqdn, "ACME Certificate Revoked", Serial=f"{certificate.serial_number:x}", Reason=reason)

    async def restarted(self, fqdn: str) -> None:
        """Stop the order of a peer that restarts, and restart its virtual host."""
        if fqdn in self._running and fqdn in self._runs:
            self._runs[fqdn].stop(f"{fqdn} restarted")
        if fqdn in self.hosts:
            await self.hosts[fqdn].restart()

    async def tick(self) -> None:
        """Order and deploy where a peer's clock says that it is due."""
        await self._automatic.tick()
