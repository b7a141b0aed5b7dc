"""The automatic certificate service of the E peers: when it orders and deploys, by each peer's own clock.

Source: X12.5 guide, 'Using ACME on Expressway-E'; RFC 9773.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import anyio.to_thread
from cryptography import x509

from pkikit.errors import AcmeError, PkikitError
from pkikit.issue.acme.renewal_info import renewal_info
from pkikit.issue.acme.transport import AcmeDirectory
from pkikit.judge.renewal_due import renew_at
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import presented_names
from simulator.errors import LabError
from simulator.peer.peer import Peer
from simulator.peer.state import PeerState

_AGAIN = timedelta(hours=1)  # after a failure that could not be stored
Signer = Callable[[Peer, x509.CertificateSigningRequest], Awaitable[tuple[x509.Certificate, ...]]]


class Orders(Protocol):
    """The part of the ACME service that automatic renewal uses."""

    signer: Signer | None

    def is_running(self, fqdn: str) -> bool:
        """Return True while an order of this peer runs."""
        ...

    async def renew(self, peer: Peer, replaces: x509.Certificate | None = None) -> Credential:
        """Order a certificate for a peer."""
        ...

    async def sign_domain(self, fqdn: str, domain: str) -> Credential:
        """Order a certificate for one domain."""
        ...

    async def directory_of(self, peer: Peer) -> AcmeDirectory:
        """Return the directory that this peer is configured for."""
        ...


class AutomaticRenewal:
    """Renews and deploys for the peers whose settings ask for it."""

    def __init__(self, service: Orders, peers: Mapping[str, Peer]) -> None:
        self._service, self._peers = service, peers
        self._held_back: dict[str, datetime] = {}  # peers whose service failed and could not keep it

    def dates(self) -> Iterator[datetime]:
        """Return, for each peer, when the automatic service has something to do next, on the lab's clock."""
        for peer in self._peers.values():
            state = peer.state
            settings, last = state.acme.settings, state.acme.last
            if not settings.automatic or state.certificate is None:
                continue
            ahead = peer.lab.party(peer.fqdn).clock_offset
            if state.pending_certificate is None:
                yield state.acme.due_at(state.certificate.leaf) - ahead
            if last is not None and (state.pending_certificate is not None or state.domain_pending):
                yield settings.schedule.following(last.at) - ahead
            for domain, held in state.domain_certificates:
                if domain in state.acme.domains:
                    yield renew_at(held.leaf) - ahead

    async def tick(self) -> None:
        """Ask for renewal information, order and deploy, where a peer's clock says that it is due.

        A failure is logged and stored for the retry schedule; it does not raise.
        """
        peers = self._peers.values()
        due = [p for p in peers if p.state.acme.settings.automatic and not self._service.is_running(p.fqdn)]
        await asyncio.gather(*(self._serve(peer) for peer in due))

    async def _serve(self, peer: Peer) -> None:
        now, before = peer.lab.now_of(peer.fqdn), peer.state.acme.last
        held = self._held_back.get(peer.fqdn)
        if held is not None and timedelta(0) <= now - held < _AGAIN:
            return
        try:
            await self._deploy_when_due(peer)
            await self._renew_when_due(peer)
        except (PkikitError, OSError):
            # Already logged, and stored so that the next try waits; a full disk stores nothing.
            if peer.state.acme.last is before:
                self._held_back[peer.fqdn] = now

    async def _deploy_when_due(self, peer: Peer) -> None:
        state, last = peer.state, peer.state.acme.last
        waits = state.pending_certificate is not None or bool(state.domain_pending)
        if not waits or last is None or state.acme.settings.schedule.following(last.at) > peer.lab.now_of(peer.fqdn):
            return
        try:
            for domain, _ in state.domain_pending:
                await peer.deploy_domain(domain)
            if state.pending_certificate is not None:
                await peer.deploy()
        except (PkikitError, OSError) as error:
            peer.lab.events.add(peer.fqdn, "ACME Deploy Failed", Reason=error)
            raise

    async def _renew_when_due(self, peer: Peer) -> None:
        state, now = peer.state, peer.lab.now_of(peer.fqdn)
        if state.pending_certificate is None and state.certificate is not None:
            await self._ask_when(peer, state)
            if peer.state.acme.due_at(state.certificate.leaf) <= now:
                if peer.state.request is None:
                    await peer.generate(layout=peer.layout_of(presented_names(state.certificate.leaf).dns))
                # Only a CA that knows the certificate accepts `replaces`.
                known = peer.state.acme.renewal is not None
                await self._service.renew(peer, state.certificate.leaf if known else None)
        for domain in peer.state.acme.domains:
            current = dict(peer.state.domain_certificates).get(domain)
            if current is None or domain in dict(peer.state.domain_pending):
                continue
            last = peer.state.acme.last
            if renew_at(current.leaf) <= now and not (last is not None and last.failures and last.again_at > now):
                await self._service.sign_domain(peer.fqdn, domain)

    async def _ask_when(self, peer: Peer, state: PeerState) -> None:
        """Ask the CA of the current certificate for renewal information, at most as often as the CA allows."""
        now, acme = peer.lab.now_of(peer.fqdn), state.acme
        if self._service.signer is not None or acme.account is None or state.certificate is None:
            return
        again = acme.renewal.ask_again if acme.renewal else timedelta(hours=6)
        if acme.asked_at is not None and now < acme.asked_at + again:
            return
        leaf, directory = state.certificate.leaf, await self._service.directory_of(peer)
        if acme.account.directory != directory.url or now > leaf.not_valid_after_utc:
            return
        try:
            info = await anyio.to_thread.run_sync(renewal_info, directory, leaf)
        except (AcmeError, LabError):
            info = acme.renewal
        await peer.change_acme(lambda a: replace(a, renewal=info, asked_at=now))
