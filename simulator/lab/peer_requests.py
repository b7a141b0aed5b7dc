"""What the peers of a running lab read from it, and what they ask it to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.leg import Leg
from pkikit.model.world import Party
from pkikit.planning.steps import Step
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.description import iso
from simulator.connections.context import LabContext
from simulator.connections.dialling import Dialler
from simulator.events import CERTIFICATES_RELOADED
from simulator.lab.housekeeping import Housekeeping
from simulator.lab.lab_keeper import LabKeeper
from simulator.lab.plan_steps import PlanSteps
from simulator.lab.world_changes import WorldChanges
from simulator.peer.diagnostic_tool import DiagnosticTool
from simulator.peer.lab_view import EkuSwitches, LabView
from simulator.peer.state import PeerState
from simulator.peer.step_result import StepResult


class PeerRequests(LabView):
    """Implements `LabView` for the peers of a running lab."""

    def __init__(
        self,
        context: LabContext,
        changes: WorldChanges,
        dialler: Dialler,
        housekeeping: Housekeeping,
        keeper: LabKeeper,
        diagnostics: DiagnosticTool,
        steps: PlanSteps,
    ) -> None:
        self.events = context.events
        self.diagnostics = diagnostics
        self._context, self._changes, self._dialler = context, changes, dialler
        self._housekeeping, self._keeper, self._steps = housekeeping, keeper, steps

    @property
    def deployment(self) -> Deployment:
        """The deployment as it is configured now."""
        return self._context.deployment

    def party(self, fqdn: str) -> Party:
        """Return the party as it runs now."""
        return self._context.world.parties[fqdn]

    def now_of(self, fqdn: str) -> datetime:
        """Return the time by this party's own clock."""
        return self._context.now_of(fqdn)

    def restart(self, state: PeerState) -> None:
        """Restart a peer with the loaded certificates; all its connections go down."""
        self._changes.restart(state.as_party(self.party(state.fqdn)), "restarted by the administrator")

    def reload(self, state: PeerState) -> None:
        """Use the trusted CA list and the CRLs of this peer's pages from its next connection on."""
        party = replace(self.party(state.fqdn), trusted_ca_list=state.trusted_ca_list, held=state.revocation_data)
        self._changes.consult(party)

    async def reload_certificates(self, state: PeerState, domain: str = "") -> None:
        """Use a deployed certificate from the next connection on; connections stay as they are.

        Args:
            state: what the peer has now.
            domain: the domain whose certificate was deployed; empty for the server certificate.
        """
        party = self.party(state.fqdn)
        if domain:
            deployed = dict(state.domain_certificates)[domain]
            party = replace(party, domains={**party.domains, domain: deployed})
        else:
            # The stores are independent: as client, the peer goes on to show what it shows now (inferred).
            own = party.client or (party.credential if state.client_certificate is not None else None)
            party = replace(party, credential=state.certificate, client=own)
        self.events.add(state.fqdn, CERTIFICATES_RELOADED, **({"Domain": domain} if domain else {}))
        self._changes.consult(party)
        for follower in tuple(self._context.followers):
            await follower.reloaded(state.fqdn)

    def revocation_settings(self, fqdn: str) -> Revocation:
        """Return the SIP revocation settings of a peer's cluster."""
        return self._context.world.revocation_settings(fqdn) or self.deployment.revocation

    def change_revocation(self, fqdn: str, settings: Revocation) -> None:
        """Change the SIP revocation settings of the whole cluster, which shares its configuration."""
        cluster, world = self.deployment.cluster_of(fqdn), self._context.world
        if cluster is not None:
            self._changes.change(replace(world, revocation={**world.revocation, cluster.name: settings}))
            self._context.background.spawn(self._keeper.save(), "save the lab")

    def eku_switches(self, fqdn: str) -> EkuSwitches:
        """Return the switches of a peer's cluster for extended key usages."""
        world, cluster = self._context.world, self.deployment.cluster_of(fqdn)
        if cluster is None:
            return EkuSwitches()
        return EkuSwitches(
            checking=world.eku_checking.get(cluster.name, cluster.eku_checking),
            server_upload=world.server_eku_upload.get(cluster.name, cluster.server_eku_upload),
        )

    def change_eku_switches(self, fqdn: str, switches: EkuSwitches) -> None:
        """Change the switches of the whole cluster, which shares its configuration."""
        cluster, world = self.deployment.cluster_of(fqdn), self._context.world
        if cluster is None:
            return
        checking = {**world.eku_checking, cluster.name: switches.checking}
        upload = {**world.server_eku_upload, cluster.name: switches.server_upload}
        self._changes.change(replace(world, eku_checking=checking, server_eku_upload=upload))
        self._context.background.spawn(self._keeper.save(), "save the lab")

    async def update_crls(self, fqdn: str) -> None:
        """Fetch a peer's automatic CRL sources now."""
        await self._housekeeping.update_crls(fqdn)

    def status_of(self, fqdn: str) -> tuple[LegReport, ...]:
        """Return the legs of a party with the result of the last dial."""
        return self._dialler.status_of(fqdn)

    def last_check(self) -> CheckReport:
        """Return what is known of all legs of the deployment: the results of the last dials."""
        return CheckReport.of(self.deployment, self._context.now(), self._dialler.last.values())

    async def dial_now(self, fqdn: str, wanted: Callable[[Leg], bool]) -> tuple[LegReport, ...]:
        """Dial some legs of a party now, each with a handshake of its own, and return the results."""
        return (await self._dialler.check(only=lambda leg: fqdn in {leg.client, leg.server} and wanted(leg))).legs

    async def do_step(self, step: Step, *, waits: bool | None, new: Mapping[str, Party]) -> StepResult:
        """Do a step of a plan, and wait until each held connection that it cut was dialled again."""
        done = await self._steps.do(step, waits=waits, new=new)
        await self._dialler.settle()
        await self._keeper.save()
        return done

    async def undo_step(self, step: Step) -> StepResult:
        """Undo a step of a plan, and wait likewise."""
        done = await self._steps.undo(step, was=step.credential)
        await self._dialler.settle()
        await self._keeper.save()
        return done

    def held(self) -> dict[str, Any]:
        """Return what is up in the whole lab, and which held connections went down, as JSON has it."""
        dialler, losses = self._dialler, self._dialler.losses
        connections = []
        for leg in self._context.legs:
            link, last = dialler.links.get(leg.id), dialler.last.get(leg.id)
            up = link.active if link is not None else last.up if last is not None else None
            connections.append({"id": leg.id, "held": link is not None, "up": up})
        return {
            "at": iso(self._context.now()),
            "since": iso(losses.since),
            "deployment": self.deployment.name,
            "version": self.deployment.version,
            "connections": connections,
            "losses_count": losses.count,
            "losses": [loss.to_json() for loss in losses],
            "waiting": list(self._steps.waiting),
            "restart_needed": list(self._steps.restart_needed),
        }

    def reverse_name(self, fqdn: str) -> str:
        """Return the name in the PTR record of this party's address; empty if there is none."""
        return self._context.world.reverse_name(fqdn)

    def disk_is_full(self, fqdn: str) -> bool:
        """Return True while this party's disk is full."""
        return fqdn in self._context.world.full
