"""What the peers of a running lab read from it and ask of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pkikit.model.deployment import Revocation
from pkikit.model.world import Party
from simulator.connections.context import LabContext
from simulator.connections.dialling import Dialler
from simulator.lab.housekeeping import Housekeeping
from simulator.lab.saved_lab import LabKeeper
from simulator.lab.world_changes import WorldChanges
from simulator.peer.lab_view import LabView
from simulator.peer.state import PeerState
from simulator.world.report import LegReport


class PeerRequests(LabView):
    """The LabView of a running lab's peers."""

    def __init__(
        self,
        context: LabContext,
        changes: WorldChanges,
        dialler: Dialler,
        housekeeping: Housekeeping,
        keeper: LabKeeper,
    ) -> None:
        self.deployment, self.events = context.deployment, context.events
        self._context, self._changes, self._dialler = context, changes, dialler
        self._housekeeping, self._keeper = housekeeping, keeper

    def party(self, fqdn: str) -> Party:
        """The party as it works now."""
        return self._context.world.parties[fqdn]

    def now_of(self, fqdn: str) -> datetime:
        """The time by this party's own clock."""
        return self._context.now_of(fqdn)

    def restart(self, state: PeerState) -> None:
        """Restart a peer with the certificates that are loaded; every connection of it goes down."""
        self._changes.restart(state.at_work(self.party(state.fqdn)), "restarted by the administrator")

    def reload(self, state: PeerState) -> None:
        """Use a peer's trusted CA list and CRLs as its pages now have them."""
        party = replace(self.party(state.fqdn), trusted_ca_list=state.trusted_ca_list, held=state.held)
        self._changes.consult(party)

    def revocation_settings(self, fqdn: str) -> Revocation:
        """The SIP revocation settings of a peer's cluster."""
        return self._context.world.revocation_settings(fqdn) or self.deployment.revocation

    def change_revocation(self, fqdn: str, settings: Revocation) -> None:
        """Change them for the whole cluster, as configuration is shared there."""
        cluster, world = self.deployment.cluster_of(fqdn), self._context.world
        if cluster is not None:
            self._changes.change(replace(world, revocation={**world.revocation, cluster.name: settings}))
            self._context.background.spawn(self._keeper.save(), "save the lab")

    async def update_crls(self, fqdn: str) -> None:
        """Fetch a peer's automatic CRL sources now."""
        await self._housekeeping.update_crls(fqdn)

    def status_of(self, fqdn: str) -> tuple[LegReport, ...]:
        """The legs of a party as they were last dialled."""
        return self._dialler.status_of(fqdn)

    def disk_is_full(self, fqdn: str) -> bool:
        """True while nothing can be written to this party's disk."""
        return fqdn in self._context.world.full
