"""A running lab: reading its parts, changing its world, dialling its legs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import anyio.to_thread
from cryptography import x509

from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace
from pkikit.model.world import Party, World
from pkikit.planning.steps import Step
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.connections.context import Follower, LabContext
from simulator.connections.dialling import Dialler
from simulator.connections.endpoint import Endpoint
from simulator.connections.links import Link
from simulator.connections.loss_log import Losses
from simulator.connections.network import Network
from simulator.errors import LabError
from simulator.lab.alarm_watch import AlarmWatch
from simulator.lab.diagnostics import Diagnostics, write_archives
from simulator.lab.housekeeping import Housekeeping
from simulator.lab.pages import Pages
from simulator.lab.plan_steps import PlanSteps
from simulator.lab.world_changes import WorldChanges
from simulator.peer.peer import Peer
from simulator.peer.site import PeerSite
from simulator.peer.step_result import StepResult
from simulator.services.adcs import CertificateServices


class RunningLab:
    """The value of `async with Lab(deployment) as lab:`. Everything in it runs until the block ends.

    settings, clock, events, plan, issued: as in LabContext. peers, endpoints: by FQDN. network: DNS and distribution points.
    diagnostics: diagnostic logging. steps: does and undoes the steps of a plan. passwords: of the pages, by user.
    background: owns the tasks that no caller waits for.
    """

    def __init__(
        self,
        context: LabContext,
        *,
        network: Network,
        endpoints: Mapping[str, Endpoint],
        peers: Mapping[str, Peer],
        pages: Pages,
        passwords: Mapping[str, str],
        dialler: Dialler,
        changes: WorldChanges,
        housekeeping: Housekeeping,
        alarms: AlarmWatch,
        diagnostics: Diagnostics,
        steps: PlanSteps,
    ) -> None:
        self.settings, self.clock = context.settings, context.clock
        self.events, self.plan, self.issued = context.events, context.plan, context.issued
        self.background = context.background
        self.network, self.endpoints, self.peers, self.passwords = network, endpoints, peers, passwords
        self._context, self._pages, self._dialler = context, pages, dialler
        self._changes, self._housekeeping, self._alarms = changes, housekeeping, alarms
        self.diagnostics, self.steps = diagnostics, steps

    @property
    def deployment(self) -> Deployment:
        """The deployment as it is configured now."""
        return self._context.deployment

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Every TLS connection of the deployment as it is configured now."""
        return self._context.legs

    @property
    def world(self) -> World:
        """Every party with its certificates and lists, as it is now."""
        return self._context.world

    @property
    def sites(self) -> Mapping[str, PeerSite]:
        """The peers' pages, by FQDN; empty in a lab without pages."""
        return self._pages.sites

    @property
    def adcs(self) -> CertificateServices:
        """The CA's web enrolment pages.

        Raises:
            LabError: this lab runs without pages.
        """
        return self._pages.adcs

    # Time and followers.

    def now_of(self, fqdn: str) -> datetime:
        """Return the time by a party's own clock."""
        return self._context.now_of(fqdn)

    async def tick(self) -> None:
        """Do what is due by the lab's clock: daily CRL updates, ACME. Everything is done when the call returns."""
        await self._housekeeping.tick()

    @contextmanager
    def attached(self, follower: Follower) -> Iterator[None]:
        """Attach a follower to this lab until the block ends."""
        self._context.followers.append(follower)
        try:
            yield
        finally:
            self._context.followers.remove(follower)

    def dates(self) -> Iterator[datetime]:
        """Yield the instants, on the lab's clock, at which a follower has something to do."""
        for follower in self._context.followers:
            yield from follower.dates()

    # The world.

    def change(self, world: World) -> None:
        """Put another world in place.

        Parties whose certificate, clock or protocol changed restart. Lists are used from the next connection on.
        """
        self._changes.change(world)

    async def do(self, step: Step, *, waits: bool | None = None) -> StepResult:
        """Do a step of a plan the way its owner does it.

        Args:
            step: the step.
            waits: whether a restart puts it into effect: `step.key in change.restart_of`. None: as the lab knows it.

        Returns:
            What happened.

        Raises:
            LabError: the lab has no such machine, or a private key is missing.
            InputError: the machine refuses the file, or the settings contradict each other.
        """
        return await self.steps.do(step, waits=waits)

    async def undo(self, step: Step, *, was: Credential | None = None) -> StepResult:
        """Undo a step of a plan with its opposite; `was` is the certificate before a load that another lab did.

        Raises:
            LabError: the step has no way back, or nobody knows what was there before.
        """
        return await self.steps.undo(step, was=was)

    async def settle(self) -> None:
        """Return when each held connection was dialled once, also those that a change brought."""
        await self._dialler.settle()

    def install(self, fqdn: str, credential: Credential) -> None:
        """Give a party another server certificate, and restart it.

        Raises:
            LabError: the lab has no such party.
        """
        self.change(self.world.with_party(replace(self._party(fqdn), credential=credential, services={})))

    def trust(self, certificates: Iterable[x509.Certificate], parties: Iterable[str] | None = None) -> None:
        """Append CA certificates to the trusted CA list of these parties (default: all).

        Raises:
            LabError: the lab has no such party, or something in the list is not a certificate.
        """
        added = tuple(certificates)
        if not all(isinstance(certificate, x509.Certificate) for certificate in added):
            raise LabError("a trusted CA list takes certificates (x509.Certificate) only")
        world = self.world
        for party in map(self._party, parties if parties is not None else tuple(world.parties)):
            world = world.with_party(party.trusting(added))
        self.change(world)

    def _party(self, fqdn: str) -> Party:
        parties = self.world.parties
        if fqdn not in parties:
            raise LabError(f"this lab has no machine {fqdn!r}; there are {', '.join(parties)}")
        return parties[fqdn]

    # Connections.

    async def dial(self, leg: Leg) -> HandshakeTrace:
        """Dial one leg with real TLS, and return the trace of both sides."""
        return await self._dialler.dial(leg)

    async def check(
        self, *, only: Callable[[Leg], bool] | None = None, progress: Callable[[LegReport], None] | None = None
    ) -> CheckReport:
        """Judge and dial every leg, or those for which `only` returns True."""
        report = await self._dialler.check(only=only, progress=progress)
        self._alarms.look()
        return report

    async def hold(self) -> None:
        """Keep every SIP leg up from now on, as a zone does. Returns after each leg was dialled once."""
        await self._dialler.hold()
        self._alarms.look()

    async def status(self) -> CheckReport:
        """Return the current state of held legs, and dial the others."""
        report = await self._dialler.status()
        self._alarms.look()
        return report

    async def archives(self, folder: Path) -> tuple[Path, ...]:
        """Write a diagnostic archive of each peer into a folder, and return the files (mode 0600).

        An archive has packets only if diagnostic logging with tcpdump was started before. Beside the archives there is a
        certificate snapshot (JSON) of each node of Unified CM, IM and Presence and Unity Connection, and the log of each client
        outside that failed. Nothing has a private key.
        """
        archives = {**await self.diagnostics.archives_now(), **self._beside()}
        return await anyio.to_thread.run_sync(write_archives, archives, folder)

    async def collect(self, folder: Path, dial: Callable[[], Awaitable[object]] | None = None) -> tuple[Path, ...]:
        """Log with packets on every peer while every connection is dialled, and write archives and snapshots as `archives` does.

        Args:
            folder: where to.
            dial: what to dial instead.

        Returns:
            The files. The logs have all events since the lab started.
        """
        archives = await self.diagnostics.archives_with_packets(dial or self.check)
        archives |= self._beside()
        return await anyio.to_thread.run_sync(write_archives, archives, folder)

    def _beside(self) -> dict[str, bytes]:
        """Return what other machines tell: Unified CM about its certificates, clients outside about their failures."""
        return {**self.diagnostics.snapshots_now(), **self.diagnostics.client_logs_now()}

    @property
    def links(self) -> Mapping[str, Link]:
        """The legs that `hold` keeps up, by id."""
        return self._dialler.links

    @property
    def losses(self) -> Losses:
        """When held connections went down since the lab started, and why."""
        return self._dialler.losses

    @property
    def last(self) -> Mapping[str, LegReport]:
        """The result of the last dial of every leg, by id."""
        return self._dialler.last
