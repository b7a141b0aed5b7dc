"""Replaces the world of a running lab: restarts parties, drops connections, opens and closes ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pkikit.model.tables.log_events import APPLICATION_EXIT
from pkikit.model.world import Party, World
from simulator.connections.context import LabContext
from simulator.connections.dialling import Dialler
from simulator.connections.endpoint import Endpoint
from simulator.connections.network import Network
from simulator.errors import LabError
from simulator.events import RESTARTED
from simulator.peer.peer import Peer
from simulator.world.changes import has_changed, needs_restart


class WorldChanges:
    """Changes the world of a running lab, and makes every part of the lab follow."""

    def __init__(
        self,
        context: LabContext,
        endpoints: Mapping[str, Endpoint],
        peers: Mapping[str, Peer],
        network: Network,
        dialler: Dialler,
    ) -> None:
        self._context, self._endpoints, self._peers = context, endpoints, peers
        self._network, self._dialler = network, dialler

    def change(self, world: World) -> None:
        """Put another world in place.

        Parties whose certificate, clock or protocol changed restart. Lists are used from the next connection on.
        """
        context = self._context
        before, context.world = context.world, world
        for fqdn, party in world.parties.items():
            self._change_party(party, before.parties[fqdn])
        for endpoint in self._endpoints.values():
            self._reopen(endpoint.hinder)
        by_name = context.plan.by_name
        for one, other in (tuple(pair) for pair in world.cut - before.cut):
            self._endpoints[one].drop(by_name[other])
            self._endpoints[other].drop(by_name[one])
        self._network.follow(before)
        for follower in tuple(context.followers):
            follower.changed(before, world)
        self._dialler.retry()

    def _change_party(self, party: Party, before: Party) -> None:
        if needs_restart(party, before):
            self._restart(party, "certificate or clock changed")
        else:
            self._endpoints[party.fqdn].consult(party)
        if party.fqdn in self._peers and (has_changed(party, before) or party.held is not before.held):
            peer = self._peers[party.fqdn]
            peer.adopt(party, before)
            if self._context.settings.state is not None:
                self._context.background.spawn(peer.save(), f"save the state of {party.fqdn}")

    def restart(self, party: Party, reason: str) -> None:
        """Restart a party with this certificate; all its connections go down."""
        self._context.world = self._context.world.with_party(party)
        self._restart(party, reason)
        if party.fqdn in self._peers:  # now, and not only when the followers come to it: the caller looks at once
            self._peers[party.fqdn].alarm_board.started_again()

    def consult(self, party: Party) -> None:
        """Use the certificates and lists of this party from its next connection on, without a restart."""
        self._context.world = self._context.world.with_party(party)
        self._endpoints[party.fqdn].consult(party)
        self._dialler.retry()

    def _restart(self, party: Party, reason: str) -> None:
        endpoint, context = self._endpoints[party.fqdn], self._context
        endpoint.consult(party)
        self._reopen(endpoint.restart)
        self._dialler.drop_links_of(party.fqdn)
        context.events.add(party.fqdn, APPLICATION_EXIT, Detail=reason)
        context.events.add(party.fqdn, RESTARTED)
        for follower in tuple(context.followers):
            context.background.spawn(follower.restarted(party.fqdn), f"restart {follower.name} of {party.fqdn}")

    def _reopen(self, change: Callable[[], None]) -> None:
        """Open and close ports. If another program has taken one, write a line to the log and try again later."""
        try:
            change()
        except LabError as error:
            self._context.events.add(self._context.deployment.name, "Cannot Listen", Reason=error)
