"""The lab for notebooks, tests and scripts: the same lab, in an event loop and a thread of its own.

A cell that blocks (`!openssl s_client …`) therefore never freezes the peers.
"""

from __future__ import annotations

import asyncio
import atexit
import weakref
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from anyio.from_thread import start_blocking_portal
from cryptography import x509

from pkikit.api.inputs import DeploymentInput, deployment_of
from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace
from pkikit.model.world import World
from pkikit.values.names import printable
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.worlds.issued_world import IssuedWorld
from simulator.clinic.case import Case
from simulator.clinic.live_case import LiveCase
from simulator.clock import Clock
from simulator.connections.addresses import AddressPlan
from simulator.connections.endpoint import Endpoint
from simulator.connections.links import Link
from simulator.connections.network import Network
from simulator.errors import LabError
from simulator.events import EventLog
from simulator.lab.acme_attachment import acme_service
from simulator.lab.lab import Lab
from simulator.lab.running_lab import RunningLab
from simulator.peer.acme.service import AcmeService
from simulator.peer.console.peer_console import Console
from simulator.peer.peer import Peer
from simulator.peer.site import PeerSite
from simulator.services.adcs import CertificateServices
from simulator.services.dns import DnsServer
from simulator.settings import LabSettings
from simulator.world.breakage import Breakage, fault_of
from simulator.world.fault_context import FaultContext

_T = TypeVar("_T")
_Inside = TypeVar("_Inside")
_OPEN: weakref.WeakSet[_Threaded[Any]] = weakref.WeakSet()


class _Threaded(Generic[_Inside]):
    """Runs an asynchronous object in its own event loop and thread, from `start` to `close`."""

    def __init__(self, inside: AbstractAsyncContextManager[_Inside]) -> None:
        self._manager = inside
        self._entered: tuple[_Inside, ...] = ()
        self._stack = ExitStack()

    def start(self) -> Self:
        """Start the thread, its loop and the object. Python closes them at exit if the caller does not.

        Raises:
            LabError: it is running already.
        """
        if self in _OPEN:
            raise LabError("this lab is already running; close it first, or make another one")
        with ExitStack() as stack:
            self.portal = stack.enter_context(start_blocking_portal())
            self._entered = (stack.enter_context(self.portal.wrap_async_context_manager(self._manager)),)
            self._stack = stack.pop_all()
        _OPEN.add(self)
        return self

    def close(self) -> None:
        """Stop the object and its thread. A second call does nothing."""
        _OPEN.discard(self)
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _inside(self) -> _Inside:
        if not self._entered:
            raise LabError("this lab has not started; use it in a with statement, or call start()")
        return self._entered[0]

    @property
    def is_open(self) -> bool:
        """True from `start` to `close`."""
        return self in _OPEN

    def _require_open(self) -> None:
        if self not in _OPEN:
            raise LabError("this lab is closed; open it again (in a notebook: run the cell that opened it)")

    def run(self, function: Callable[..., Awaitable[_T]], *arguments: Any) -> _T:
        """Run one of the lab's coroutines in its loop and wait for the result."""
        self._require_open()
        return self.portal.call(function, *arguments)

    def do(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Run a plain method of the lab in its loop's thread."""
        self._require_open()

        async def call() -> _T:
            await asyncio.sleep(0)
            return function(*arguments)

        return self.portal.call(call)


class ThreadedLab(_Threaded[RunningLab]):
    """A running lab without asyncio: `with Lab(deployment) as lab:`, or `start` and `close`. `simulator.Lab` is this class.

    Every method blocks until the lab has done its work. `run` and `do` reach what has no method here.
    """

    def __init__(
        self,
        deployment: DeploymentInput,
        *,
        settings: LabSettings | None = None,
        clock: Clock | None = None,
        prepare: Callable[[World], World] | None = None,
    ) -> None:
        """Describe a lab; it runs after `start`.

        Args:
            deployment: the parties and zones: a deployment, or the path of its file.
            settings: ports, keys, pages, files; see LabSettings.
            clock: the lab's time; default: now.
            prepare: turns the world that the lab would issue into the one to start with (other certificates, faults).
        """
        super().__init__(Lab(deployment_of(deployment), settings=settings, clock=clock, prepare=prepare))
        self._acme: tuple[AcmeService, ...] = ()
        self._breakage: tuple[Breakage, ...] = ()
        self._consoles: dict[str, Console] = {}

    def close(self) -> None:
        """Stop the lab and its thread. A second call does nothing; a lab that starts again has no faults and no ACME."""
        super().close()
        self._acme, self._breakage = (), ()

    # What it looks like.

    @property
    def lab(self) -> RunningLab:
        """The asynchronous lab, for code that runs in its loop."""
        return self._inside

    @property
    def deployment(self) -> Deployment:
        """The deployment that the lab runs."""
        return self.lab.deployment

    @property
    def settings(self) -> LabSettings:
        """The lab's settings."""
        return self.lab.settings

    @property
    def world(self) -> World:
        """Every party with its certificates and lists, as it is now."""
        return self.lab.world

    @property
    def issued(self) -> IssuedWorld:
        """The lab's CAs, and the world that they issued at the start."""
        return self.lab.issued

    @property
    def clock(self) -> Clock:
        """The lab's time."""
        return self.lab.clock

    @property
    def events(self) -> EventLog:
        """The event log of the lab and its peers."""
        return self.lab.events

    @property
    def plan(self) -> AddressPlan:
        """The address plan: the address of each party, by FQDN."""
        return self.lab.plan

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Every TLS connection of the deployment."""
        return self.lab.legs

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The Expressways, by FQDN: their state and what an administrator can do to them."""
        return self.lab.peers

    @property
    def sites(self) -> Mapping[str, PeerSite]:
        """The peers' web pages, by FQDN; empty in a lab without pages."""
        return self.lab.sites

    @property
    def passwords(self) -> Mapping[str, str]:
        """The passwords of the pages, by user."""
        return self.lab.passwords

    @property
    def network(self) -> Network:
        """DNS and distribution points."""
        return self.lab.network

    @property
    def dns(self) -> DnsServer:
        """The DNS server inside the network."""
        return self.lab.network.dns

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """The listening and dialling side of each party, by FQDN."""
        return self.lab.endpoints

    @property
    def links(self) -> Mapping[str, Link]:
        """The legs that `hold` keeps up, by id."""
        return self.lab.links

    @property
    def last(self) -> Mapping[str, LegReport]:
        """The result of the last dial of every leg, by id."""
        return self.lab.last

    @property
    def adcs(self) -> CertificateServices:
        """The web enrolment pages of the CA.

        Raises:
            LabError: this lab runs without pages.
        """
        return self.lab.adcs

    @property
    def acme(self) -> AcmeService:
        """The ACME service that `start_acme` started.

        Raises:
            LabError: `start_acme` was not called.
        """
        if not self._acme:
            raise LabError("this lab has no ACME service yet; start it: lab.start_acme()")
        return self._acme[0]

    # Connections.

    def check(self, only: Callable[[Leg], bool] | None = None) -> CheckReport:
        """Judge and dial every leg, or those for which `only` returns True."""
        return self.run(partial(self.lab.check, only=only))

    def dial(self, leg: Leg) -> HandshakeTrace:
        """Dial one leg with real TLS, and return the trace of both sides."""
        return self.run(self.lab.dial, leg)

    def hold(self) -> None:
        """Keep every SIP leg up from now on, as a zone does. Returns after each leg was dialled once."""
        self.run(self.lab.hold)

    def status(self) -> CheckReport:
        """Return the current state of held legs, and dial the others."""
        return self.run(self.lab.status)

    def archives(self, folder: Path) -> tuple[Path, ...]:
        """Write a diagnostic archive of each peer and certificate snapshots of Unified CM into a folder; return the files.

        None of them has a private key.
        """
        return self.run(self.lab.archives, folder)

    # Changes.

    def change(self, world: World) -> None:
        """Put another world in place."""
        self.do(self.lab.change, world)

    def install(self, fqdn: str, credential: Credential) -> None:
        """Give a party another server certificate, and restart it."""
        self.do(self.lab.install, fqdn, credential)

    def trust(self, certificates: Iterable[x509.Certificate], parties: Iterable[str] | None = None) -> None:
        """Append CA certificates to the trusted CA list of these parties (default: all)."""
        self.do(self.lab.trust, certificates, parties)

    def break_(self, fault: str, **fields: Any) -> None:
        """Apply a fault: `lab.break_("block", party="e2.example.com", port=80)`.

        Raises:
            InputError: the fault is unknown, or a field is missing or wrong.
        """
        now = self.world
        made = FaultContext(self.issued, self.clock.now(), rsa=False).apply([fault_of(fault, **fields)], now)
        self._breakage = (Breakage(well=self._breakage[0].well if self._breakage else now, broken=made),)
        self.change(made)

    def fix(self) -> None:
        """Undo every fault of `break_`. A certificate or list that was changed since then stays."""
        for breakage in self._breakage:
            self.change(breakage.fixed(self.world))
        self._breakage = ()

    def put(self, world: World) -> None:
        """Replace the world with an earlier one. `fix` no longer undoes the faults made until now."""
        self._breakage = ()
        self.change(world)

    # The console of a peer.

    def console(self, fqdn: str) -> Console:
        """Return the console of a peer; it keeps the files that were copied to it.

        Raises:
            InputError: the lab has no such peer.
        """
        if fqdn not in self.peers:
            raise InputError(f"{printable(fqdn)} is not a peer of this lab; there are {', '.join(self.peers)}")
        service = self._acme[0] if self._acme else None
        held = self._consoles.get(fqdn)
        self._consoles[fqdn] = made = Console(self.peers[fqdn], service)
        made.files = held.files if held is not None else {}
        return made

    def command(self, fqdn: str, line: str) -> str:
        """Run a command of the product on a peer: `lab.command("e1.example.com", "xCommand ACME Sign")`.

        Raises:
            InputError: the line is not a command of this lab, or it is not allowed now.
        """
        return self.run(self.console(fqdn).run, line)

    # Time, and the CA.

    def travel(self, by: timedelta) -> None:
        """Move the lab's clock forward, and do what is due then."""
        self.do(self.clock.travel, by)
        self.tick()

    def tick(self) -> None:
        """Do what is due by the lab's clock: daily CRL updates, ACME."""
        self.run(self.lab.tick)

    def start_acme(self) -> AcmeService:
        """Start Pebble and the ACME service of the E peers, unless they run. Both end with the lab."""
        self._require_open()
        if not self._acme:
            service = self._stack.enter_context(self.portal.wrap_async_context_manager(acme_service(self.lab)))
            self._acme = (service,)
        return self.acme


class ThreadedCase(_Threaded[LiveCase]):
    """A running case of the clinic. `case` is the LiveCase itself, for reading."""

    def __init__(
        self, case: Case, settings: LabSettings | None = None, *, step: Callable[[str], None] = lambda _: None
    ) -> None:
        self.case = LiveCase(case, settings, step=step)
        super().__init__(self.case)


@atexit.register
def _close_all() -> None:
    for lab in tuple(_OPEN):
        lab.close()
