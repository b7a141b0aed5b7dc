"""The machines of a running lab: their ends of the connections, and for Expressways their state and pages.

A change of the deployment brings new machines, takes others away and renames some. Labs, pages and ACME share these mappings.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace

from pkikit.model.tables import ports
from pkikit.model.world import World
from simulator.connections.context import LabContext
from simulator.connections.endpoint import Endpoint
from simulator.connections.network import Network
from simulator.errors import LabError
from simulator.lab.pages import Pages
from simulator.peer.lab_view import LabView
from simulator.peer.peer import Peer
from simulator.peer.state import PeerState
from simulator.peer.store import PeerStore

EXPELLED, CANNOT_LISTEN = "Machine Removed", "Cannot Listen"


class Machines:
    """All machines of one lab: `endpoints` and `peers`, by FQDN, as they are now."""

    def __init__(self, context: LabContext, network: Network) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        self.peers: dict[str, Peer] = {}
        self._context, self._network = context, network
        self._requests: tuple[LabView, ...] = ()
        self._pages = Pages({})

    async def start(self, stack: AsyncExitStack) -> None:
        """Start every machine of the world; `stack` stops those that there are then.

        Raises:
            LabError: a port is taken, or the process lacks the privilege to listen on it.
        """
        stack.push_async_callback(self._stop)
        for fqdn in self._context.world.parties:
            self._open(fqdn)

    async def start_peers(self, states: Mapping[str, PeerState], requests: LabView) -> None:
        """Read or make the state of every Expressway; `requests` is what they ask of the lab."""
        self._requests = (requests,)
        for fqdn in self._context.deployment.peers:
            peer = self.peers[fqdn] = self._peer(fqdn, states.get(fqdn))
            if fqdn not in self._context.world.full:  # else what is on its disk was written before
                await peer.save()

    def attach(self, pages: Pages) -> None:
        """Let the pages follow the machines."""
        self._pages = pages

    async def _stop(self) -> None:
        for endpoint in tuple(self.endpoints.values()):
            await endpoint.stop()

    def _open(self, fqdn: str) -> None:
        """Start a machine; its ports are open when this returns."""
        context = self._context
        has_pages = context.settings.pages and context.deployment.cluster_of(fqdn) is not None
        endpoint = self.endpoints[fqdn] = Endpoint(
            context.world.parties[fqdn],
            context,
            look_up=self._network.look_up.during_handshake,
            elsewhere=frozenset({ports.HTTPS}) if has_pages else frozenset(),
        )
        endpoint.hinder()
        endpoint.start()

    def _peer(self, fqdn: str, kept: PeerState | None) -> Peer:
        party, folder = self._context.world.parties[fqdn], self._context.settings.state
        state = kept or PeerState(
            fqdn=fqdn,
            certificate=party.credential,
            client_certificate=party.client,
            domain_certificates=tuple(party.domains.items()),
        ).with_party_data(party)
        return Peer(state, self._requests[0], PeerStore(folder / fqdn) if folder is not None else None)

    def follow(self, before: World, renamed: Mapping[str, str]) -> tuple[str, ...]:
        """Start the machines that are new in the world, and stop those that are gone.

        Args:
            before: the world until now.
            renamed: the new name of each renamed machine, by its old name. An Expressway keeps its state and its pages' accounts.

        Returns:
            The machines that are gone under their names.
        """
        after = self._context.world
        gone = tuple(fqdn for fqdn in self.endpoints if fqdn not in after.parties)
        new = tuple(fqdn for fqdn in after.parties if fqdn not in self.endpoints)
        for fqdn in gone:
            endpoint = self.endpoints.pop(fqdn)
            endpoint.leave()
            self._context.background.spawn(endpoint.stop(), f"stop {fqdn}")
        for fqdn in new:
            try:
                self._open(fqdn)
            except LabError as error:
                self._context.log(CANNOT_LISTEN, str(error))
        self._follow_peers(before, {after: before for before, after in renamed.items()})
        return gone

    def _follow_peers(self, before: World, old_names: Mapping[str, str]) -> None:
        peers, spawn = self._context.deployment.peers, self._context.background.spawn
        if peers == before.deployment.peers:
            return
        gone = {fqdn: self.peers.pop(fqdn) for fqdn in tuple(self.peers) if fqdn not in peers}
        for fqdn in peers:
            if fqdn in self.peers:
                continue
            former = gone.pop(old_names.get(fqdn, ""), None)
            peer = self.peers[fqdn] = self._peer(fqdn, _renamed(former, fqdn))
            spawn(peer.save(), f"save the state of {fqdn}")
        order = {fqdn: number for number, fqdn in enumerate(peers)}
        for fqdn in sorted(self.peers, key=order.__getitem__):  # as the deployment has them
            self.peers[fqdn] = self.peers.pop(fqdn)
        spawn(self._pages.follow(self.peers, self._context.plan.by_name), "the pages of new machines")


def _renamed(former: Peer | None, fqdn: str) -> PeerState | None:
    return replace(former.state, fqdn=fqdn) if former is not None else None
