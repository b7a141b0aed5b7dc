"""Replaces the world of a running lab: restarts parties, drops connections, opens and closes ports."""

from __future__ import annotations

from collections.abc import Callable

from pkikit.model.tables.log_events import APPLICATION_EXIT
from pkikit.model.world import Party, World
from pkikit.worlds.renamed_machines import renames_between
from simulator.connections.context import LabContext
from simulator.connections.dialling import Dialler
from simulator.connections.network import Network
from simulator.errors import LabError
from simulator.events import RESTARTED
from simulator.lab.lab_keeper import LabKeeper
from simulator.lab.lab_machines import CANNOT_LISTEN, Machines
from simulator.world.changes import has_changed, needs_restart


class WorldChanges:
    """Changes the world of a running lab, and makes every part of the lab follow."""

    def __init__(
        self,
        context: LabContext,
        machines: Machines,
        network: Network,
        dialler: Dialler,
        keeper: LabKeeper,
    ) -> None:
        self._context, self._machines, self._keeper = context, machines, keeper
        self._endpoints, self._peers = machines.endpoints, machines.peers
        self._network, self._dialler = network, dialler

    def change(self, world: World) -> None:
        """Put another world in place.

        Parties whose certificate, clock or protocol changed restart; after an upgrade all Expressways do. Lists and settings are
        used from the next connection on: connections that are up stay up while they are part of the configuration.

        Raises:
            LabError: the world lacks a machine of its deployment, or the lab has no address for a new one.
        """
        context = self._context
        _require_complete(world)
        deployment, configured = world.deployment, world.deployment is not context.deployment
        renamed = renames_between(context.deployment, deployment) if configured else {}
        context.plan.follow((*world.parties, *(n for group in deployment.groups for n in group.members)), renamed)
        before, context.world = context.world, world
        context.events.follow(deployment)
        self._machines.follow(before, renamed)
        upgraded = deployment.product_version != before.deployment.product_version
        for fqdn, party in world.parties.items():
            if fqdn in before.parties:
                self._change_party(party, before.parties[fqdn], upgraded=upgraded and fqdn in deployment.peers)
        for endpoint in self._endpoints.values():
            if configured:
                endpoint.follow()
            self._reopen(endpoint.hinder)
        by_name = context.plan.by_name
        for one, other in (tuple(pair) for pair in world.cut - before.cut):
            self._endpoints[one].drop(by_name[other])
            self._endpoints[other].drop(by_name[one])
        self._network.follow(before)
        if configured:
            self._dialler.follow()
            context.background.spawn(self._keeper.save(), "save the lab")
        for follower in tuple(context.followers):
            follower.changed(before, world)
        self._dialler.retry()

    def _change_party(self, party: Party, before: Party, *, upgraded: bool = False) -> None:
        if upgraded or needs_restart(party, before):
            self._restart(party, "upgraded" if upgraded else "certificate or clock changed")
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

    def settle(self) -> None:
        """Look at the alarms again, and dial what is down: time has passed."""
        for peer in self._peers.values():
            peer.alarm_board.look()
        self._dialler.retry()

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
            self._context.events.add(self._context.deployment.name, CANNOT_LISTEN, Reason=error)


def _require_complete(world: World) -> None:
    missing = [n for group in world.deployment.groups for n in group.members if n not in world.parties]
    if missing:
        raise LabError(f"the new lab has no machine {missing[0]}, which its deployment names")
