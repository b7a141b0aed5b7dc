"""The automatic certificate service of the E peers: it orders and deploys, by each peer's own clock.

Source: X14.0.1 certificate guide, 'Using ACME on Expressway-E' (automated renewal mode).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from cryptography import x509

from pkikit.errors import PkikitError
from pkikit.model.certificates.credential import Credential
from simulator.peer.acme.due import managed_certificates, next_deployment, next_order
from simulator.peer.peer import Peer

Signer = Callable[[Peer, x509.CertificateSigningRequest], Awaitable[tuple[x509.Certificate, ...]]]


class Orders(Protocol):
    """The part of the ACME service that automatic renewal uses."""

    def is_running(self, fqdn: str) -> bool:
        """Return True while an order of this peer runs."""
        ...

    async def submit(self, peer: Peer, domain: str = "", *, automatic: bool = False) -> Credential:
        """Order a certificate for a peer, or for one domain."""
        ...


class AutomaticRenewal:
    """Renews and deploys for the peers whose settings ask for it."""

    def __init__(self, service: Orders, peers: Mapping[str, Peer]) -> None:
        self._service, self._peers = service, peers

    def dates(self) -> Iterator[datetime]:
        """Return, for each peer, when the automatic service has something to do next, on the lab's clock."""
        for peer in self._peers.values():
            ahead = peer.lab.party(peer.fqdn).clock_offset
            for domain in managed_certificates(peer.state):
                for at in (next_order(peer.state, domain), next_deployment(peer.state, domain)):
                    if at is not None:
                        yield at - ahead

    async def tick(self) -> None:
        """Order and deploy where a peer's clock says that it is due.

        A failure is logged and remembered; it does not raise. The next opportunity tries again.
        """
        await asyncio.gather(*(self._serve(p) for p in self._peers.values() if not self._service.is_running(p.fqdn)))

    async def _serve(self, peer: Peer) -> None:
        for domain in managed_certificates(peer.state):
            with contextlib.suppress(PkikitError, OSError):  # already logged and remembered where it failed
                await self._deploy_when_due(peer, domain)
                await self._order_when_due(peer, domain)

    async def _deploy_when_due(self, peer: Peer, domain: str) -> None:
        at = next_deployment(peer.state, domain)
        if at is None or at > peer.lab.now_of(peer.fqdn):
            return
        try:
            if domain:
                await peer.deploy_domain(domain, automatic=True)
            else:
                await peer.deploy(automatic=True)
        except (PkikitError, OSError) as error:
            peer.lab.events.add(peer.fqdn, "ACME Deploy Failed", Reason=error)
            raise

    async def _order_when_due(self, peer: Peer, domain: str) -> None:
        at = next_order(peer.state, domain)
        if at is not None and at <= peer.lab.now_of(peer.fqdn):
            await self._service.submit(peer, domain, automatic=True)
