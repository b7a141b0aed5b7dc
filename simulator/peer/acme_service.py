"""The ACME certificate service of Expressway-E: each peer orders for itself, all peers serve the challenge files.

Sign puts a certificate into the staging area; deploy, a second step, puts it over the current one.
Source: X12.5 guide, 'Let's Encrypt Verification Process'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import anyio.from_thread
import anyio.to_thread

from pkikit.design.csr import make_key
from pkikit.errors import InputError
from pkikit.issue.acme import AcmeAccount, AcmeDirectory, ChallengeFile
from pkikit.model.credential import Credential
from pkikit.model.deployment import Deployment, Role
from simulator.events import EventLog
from simulator.peer.challenge_host import ChallengeHost, Fetched
from simulator.peer.peer import Peer
from simulator.services.pebble import Pebble

EMAIL = "admin@example.com"


class AcmeService:
    """The service on all E peers of a lab, with the CA that they are configured for."""

    def __init__(
        self, deployment: Deployment, pebble: Pebble, *, hosts: Mapping[str, ChallengeHost], events: EventLog,
        peers: Mapping[str, Peer],
    ) -> None:  # fmt: skip
        self.pebble = pebble
        self.hosts = hosts
        self._deployment, self._events, self._peers = deployment, events, peers
        self._accounts: dict[str, AcmeAccount] = {}

    def _peer(self, fqdn: str) -> Peer:
        if self._deployment.role_of(fqdn) is not Role.EXPRESSWAY_E:
            raise InputError(
                f"{fqdn} is no Expressway-E peer: ACME runs on Expressway-E only, where the CA can reach port 80"
            )
        return self._peers[fqdn]

    @property
    def fetched(self) -> tuple[Fetched, ...]:
        """Every fetch of a challenge file, by peer."""
        return tuple(f for host in self.hosts.values() for f in host.fetched)

    async def _account(self, fqdn: str) -> AcmeAccount:
        if fqdn not in self._accounts:
            directory = AcmeDirectory(url=self.pebble.directory, ca_file=self.pebble.ca_file)

            def create() -> AcmeAccount:
                account = AcmeAccount(directory, make_key())
                account.register(EMAIL, terms_accepted=True)
                return account

            self._accounts[fqdn] = await anyio.to_thread.run_sync(create)
            self._events.add(fqdn, "ACME Account Created", Provider=self.pebble.directory)
        return self._accounts[fqdn]

    async def sign(self, fqdn: str) -> Credential:
        """Order a certificate for a peer; it lands in the staging area. Whatever fails, the current one stays."""
        peer = self._peer(fqdn)
        account = await self._account(fqdn)
        if peer.state.request is None:
            await peer.generate()
        request = peer.state.request
        assert request is not None  # generated just now, or pending before
        cluster = self._deployment.cluster_of(fqdn)
        peers = [self.hosts[p] for p in (cluster.peers if cluster else (fqdn,))]

        def on_all(action: str, file: ChallengeFile) -> None:
            for host in peers:
                getattr(host, action)(file)
            word = "Placed" if action == "place" else "Withdrawn"
            self._events.add(fqdn, f"ACME Challenge {word}", Name=file.name, Peers=", ".join(h.fqdn for h in peers))

        def told(text: str) -> None:
            self._events.add(fqdn, "ACME Progress", Detail=text)

        def in_loop(function: Callable[..., None], *arguments: object) -> None:
            anyio.from_thread.run_sync(partial(function, *arguments))

        opened: list[ChallengeHost] = []
        try:
            for host in peers:
                await host.open()
                opened.append(host)
            chain = await anyio.to_thread.run_sync(
                lambda: account.order(
                    request.csr,
                    place=lambda file: in_loop(on_all, "place", file),
                    withdraw=lambda file: in_loop(on_all, "withdraw", file),
                    progress=lambda text: in_loop(told, text),
                )
            )
        finally:
            for host in opened:
                await host.close()
        pending = await peer.stage(chain)
        self._events.add(fqdn, "ACME Certificate Pending", Issuer=chain[0].issuer.rfc4514_string())
        return pending

    async def deploy(self, fqdn: str) -> Credential:
        """Put the pending certificate and its key over the current ones and restart the services that use them."""
        return await self._peer(fqdn).deploy()
