"""The composition root: a deployment in, a running lab out. Everything listens on 127.<net>.x.y and nowhere else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Self

import anyio.to_thread
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.files import write_private
from pkikit.model import ports
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace
from pkikit.model.world import Party, World
from simulator.background import Background, completed
from simulator.clock import Clock
from simulator.errors import LabError
from simulator.events import EventLog
from simulator.lab.acme_attachment import serve_acme
from simulator.lab.dialling import Dialler
from simulator.lab.endpoint import Endpoint
from simulator.lab.housekeeping import Housekeeping
from simulator.lab.links import Link
from simulator.lab.network import ADCS_NUMBER, Network
from simulator.lab.process import allow_many_sockets, errors_to
from simulator.lab.saved_lab import Beginning, LabStore, begin
from simulator.peer.acme.service import AcmeService
from simulator.peer.pages.site import PeerSite
from simulator.peer.peer import Peer
from simulator.peer.state import PeerState
from simulator.peer.store import PeerStore
from simulator.services import adcs
from simulator.services.dns import DnsServer
from simulator.settings import LabSettings
from simulator.web.doorkeeper import Accounts
from simulator.web.throttle import Throttle
from simulator.wire.capture import Capture
from simulator.world.addresses import AddressPlan
from simulator.world.changes import changed, needs_restart
from simulator.world.issued_world import IssuedWorld, profile_of
from simulator.world.report import CheckReport, LegReport

BANNER = "Expressway Certificate Lab: a simulator on loopback addresses. Not a Cisco product; no key in it is worth anything."


class Lab:
    """`async with Lab(deployment) as lab:` — peers, parties and DNS run until the block ends."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        settings: LabSettings | None = None,
        clock: Clock | None = None,
        prepare: Callable[[World], World] | None = None,
    ) -> None:
        """`prepare` turns the world that the lab would issue into the one to start with (other certificates, faults)."""
        self.deployment = deployment
        self.settings = settings or LabSettings()
        self.clock = clock or Clock()
        state = self.settings.state
        self.events = EventLog(self.clock.now, state / "events.jsonl" if state is not None else None)
        self.legs = legs_of(deployment)
        self.acme: AcmeService | None = None
        self._adcs: adcs.CertificateServices | None = None
        self.issued: IssuedWorld
        self.world: World
        self.endpoints: dict[str, Endpoint] = {}
        self.peers: dict[str, Peer] = {}
        self.sites: dict[str, PeerSite] = {}
        self.passwords: dict[str, str] = {}
        self._background = Background(deployment.name, self.events)
        self._saving = asyncio.Lock()
        self._capture = Capture(self.clock.now) if self.settings.capture else None
        self._prepare = prepare
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.enter_context(errors_to(Throttle(partial(self.told, "Internal Error"))))
            self.plan = AddressPlan(self.deployment, self.settings.net)
            stack.callback(self.plan.close)
            allow_many_sockets()
            if self.settings.state is not None:
                held = await anyio.to_thread.run_sync(LabStore(self.settings.state).hold)
                stack.callback(held.close)
            beginning = await self._begin()
            await anyio.to_thread.run_sync(self.events.read)
            self.issued, self.world, self.passwords = beginning.issued, beginning.world, beginning.passwords
            for fqdn, note in beginning.notes:
                self.events.add(fqdn, "State Warning", Detail=note)
            if self.settings.state is not None and self.settings.keylog is not None:
                await anyio.to_thread.run_sync(write_private, self.settings.keylog, b"")
            stack.push_async_callback(self._keep)
            self.network = Network(
                self.plan, self.settings, world=lambda: self.world, issued=self.issued, now=self.clock.now
            )
            self._housekeeping = Housekeeping(
                self.peers, owner=self.deployment.name, now_of=self.now_of, look_up=self.network.look_up,
                acme=lambda: self.acme, events=self.events,
            )  # fmt: skip
            await self.network.start(stack)
            for fqdn, party in self.world.parties.items():
                endpoint = self._endpoint(party)
                self.endpoints[fqdn] = endpoint
                stack.push_async_callback(endpoint.stop)
                self._hinder(endpoint)
                endpoint.start()
            self.dialler = Dialler(
                self.endpoints, self.network, world=lambda: self.world, now=self.clock.now, events=self.events,
                settings=self.settings, legs=self.legs,
            )  # fmt: skip
            await self._start_peers(beginning.states, stack)
            self._running = stack.pop_all()
        self._background.spawn(self._housekeeping.run(), "clock")
        self.events.add(self.deployment.name, "Lab Started", Addresses=f"127.{self.plan.net}.x.y")
        return self

    async def _begin(self) -> Beginning:
        """Read or make keys and certificates in a thread, which stops soon when the lab is not wanted any more."""
        halted = threading.Event()
        work = partial(begin, self.deployment, self.settings, self.clock, self._prepare, halted.is_set)
        # A thread that is still at work when the folder is unlocked would write into the next lab's files.
        return await completed(work, cancelled=halted.set)

    async def _start_peers(self, states: dict[str, PeerState], stack: AsyncExitStack) -> None:
        accounts = await anyio.to_thread.run_sync(Accounts, self.passwords) if self.settings.pages else None
        for fqdn in self.deployment.peers:
            party = self.world.parties[fqdn]
            state = states.get(fqdn) or PeerState(fqdn=fqdn, certificate=party.credential).carrying(party)
            store = PeerStore(self.settings.state / fqdn) if self.settings.state is not None else None
            peer = self.peers[fqdn] = Peer(state, self, store)
            if not self.disk_is_full(fqdn):  # then what is on it was written before
                await peer.save()
            if accounts is not None:
                site = PeerSite(peer, accounts, self.plan.by_name[fqdn], self.settings.port(ports.HTTPS))
                await site.start()
                stack.push_async_callback(site.stop)
                self.sites[fqdn] = site
        if self.settings.pages:
            await self._start_adcs(stack)

    async def _start_adcs(self, stack: AsyncExitStack) -> None:
        address = self.plan.service(ADCS_NUMBER)
        self._adcs = services = adcs.CertificateServices(
            self.issued.authority,
            adcs.own_certificate(self.issued.authority, address, self.clock.now()),
            address=address,
            port=self.settings.port(ports.HTTPS),
            password=self.passwords[adcs.USER],
            now=self.clock.now,
            events=self.events,
            pointers=profile_of(self.deployment),
        )
        await services.start()
        stack.push_async_callback(services.stop)

    async def __aexit__(self, *_: object) -> None:
        await self._background.stop()
        await self._running.aclose()

    async def _keep(self) -> None:
        """The last thing while the state folder is still locked: write what is to be there after the end."""
        await self._save()
        if self._capture is not None:
            await anyio.to_thread.run_sync(self._write_capture, self._capture)

    async def _save(self) -> None:
        """Write the lab's own file and its log, if it has a folder. One at a time: an older state never replaces a newer one."""
        if self.settings.state is None:
            return
        store = LabStore(self.settings.state)
        async with self._saving:
            await completed(partial(store.save, self.issued, self.world, self.passwords, self.clock.travelled))
            await completed(self.events.write)

    def _write_capture(self, capture: Capture) -> None:
        keylog, path = self.settings.keylog, self.settings.capture
        if path is not None:
            capture.write(path, keylog.read_bytes() if keylog is not None and keylog.exists() else b"")

    def _endpoint(self, party: Party) -> Endpoint:
        return Endpoint(
            party,
            self.plan.by_name[party.fqdn],
            legs=self.legs,
            addresses=self.plan.by_name.__getitem__,
            settings=self.settings,
            now=self.clock.now,
            events=self.events,
            revocation=partial(self.world.revocation_of, party.fqdn, fetched=False),
            capture=self._capture,
            look_up=self.network.look_up.during_handshake,
            elsewhere=frozenset({ports.HTTPS}) if self._has_pages(party.fqdn) else frozenset(),
        )

    def _has_pages(self, fqdn: str) -> bool:
        return self.settings.pages and self.deployment.cluster_of(fqdn) is not None

    @property
    def dns(self) -> DnsServer:
        """The lab's DNS server."""
        return self.network.dns

    @property
    def adcs(self) -> adcs.CertificateServices:
        """The CA's web enrolment pages.

        Raises:
            LabError: this lab runs without pages.
        """
        if self._adcs is None:
            raise LabError("this lab has no AD CS pages: it runs without pages; start it with LabSettings(pages=True)")
        return self._adcs

    def led_to(self, name: str) -> tuple[str | None, ...]:
        """The parties that a name leads to in the DNS outside; None for an address that is nobody's."""
        by_address = {address: fqdn for fqdn, address in self.plan.by_name.items()}
        return tuple(by_address.get(a) for a in self.network.outside_dns.zone.addresses.get(name.lower(), []))

    # What the clock says is due.

    async def update_crls(self, fqdn: str) -> None:
        """A peer's automatic CRL update, now."""
        await self._housekeeping.update_crls(fqdn)

    def told(self, event: str, detail: str) -> None:
        """Write a line about the lab itself to the event log."""
        self.events.add(self.deployment.name, event, Detail=detail)

    async def tick(self) -> None:
        """Do what the lab's clock says is due: the daily CRL updates, ACME. A caller that returns finds it done."""
        await self._housekeeping.tick()

    @asynccontextmanager
    async def with_acme(self) -> AsyncIterator[AcmeService]:
        """The public CAs and the ACME service of the E peers, for as long as the block lasts."""
        async with serve_acme(self) as service:
            self._offer(service)
            try:
                yield service
            finally:
                self._offer(None)

    def _offer(self, service: AcmeService | None) -> None:
        self.acme = service
        for site in self.sites.values():
            site.acme.service = service

    # The world, and what changes it.

    def change(self, world: World) -> None:
        """Put another world in place: parties with another certificate, clock or speech restart; lists are just used."""
        before, self.world = self.world, world
        for fqdn, party in world.parties.items():
            if needs_restart(party, before.parties[fqdn]):
                self._restart(party, "certificate or clock changed")
            else:
                self._consult(party)
            known = before.parties[fqdn]
            if fqdn in self.peers and (changed(party, known) or party.held is not known.held):
                self.peers[fqdn].adopt(party, known)
                if self.settings.state is not None:
                    self._background.spawn(self.peers[fqdn].save(), f"save the state of {fqdn}")
        for endpoint in self.endpoints.values():
            self._reopen(partial(self._hinder, endpoint))
        for one, other in (tuple(pair) for pair in world.cut - before.cut):
            self.endpoints[one].drop(self.plan.by_name[other])
            self.endpoints[other].drop(self.plan.by_name[one])
        self.network.follow(before)
        if self.acme is not None and world.blocked != before.blocked:
            for host in self.acme.hosts.values():
                self._background.spawn(host.follow(), f"ACME port of {host.fqdn}")
        self._retry_links()

    def _hinder(self, endpoint: Endpoint) -> None:
        """Close the ports that a firewall blocks in the world as it is, and delay what the party sends."""
        fqdn = endpoint.party.fqdn
        endpoint.delay = self.world.delays.get(fqdn, 0.0)
        endpoint.firewall(frozenset(port for party, port in self.world.blocked if party == fqdn))

    def _reopen(self, change: Callable[[], None]) -> None:
        """Open and close ports. One that another program took in the meantime is a line in the log, and tried again."""
        try:
            change()
        except LabError as error:
            self.events.add(self.deployment.name, "Cannot Listen", Reason=error)

    def _retry_links(self) -> None:
        for link in self.links.values():
            link.retry()

    def _consult(self, party: Party) -> None:
        """Let a party's connections from now on use what it holds in the world as it is."""
        question = partial(self.world.revocation_of, party.fqdn, fetched=False)
        self.endpoints[party.fqdn].consult(party, question)

    def _restart(self, party: Party, reason: str) -> None:
        self._consult(party)
        self._reopen(self.endpoints[party.fqdn].restart)
        for link in self.links.values():
            if link.leg.client == party.fqdn:
                link.drop()
        self.events.add(party.fqdn, "System Restart", Reason=reason)
        site = self.sites.get(party.fqdn)
        if site is not None:
            self._background.spawn(site.restarted(), f"restart the pages of {party.fqdn}")
        if self.acme is not None:
            self._background.spawn(self.acme.restarted(party.fqdn), f"restart the ACME service of {party.fqdn}")

    # What a peer's pages do to the world around it (`LabView`).

    def party(self, fqdn: str) -> Party:
        """What is at work on a party now."""
        return self.world.parties[fqdn]

    def now_of(self, fqdn: str) -> datetime:
        """What a party's clock shows."""
        return self.world.clock_of(fqdn, self.clock.now())

    def restart(self, state: PeerState) -> None:
        """Restart a peer with the certificates that are loaded; every connection of it goes down."""
        party = state.at_work(self.world.parties[state.fqdn])
        self.world = self.world.with_party(party)
        self._restart(party, "restarted by the administrator")

    def reload(self, state: PeerState) -> None:
        """Use a peer's trusted CA list and CRLs as its pages now hold them."""
        held = self.world.parties[state.fqdn]
        party = replace(held, trusted_ca_list=state.trusted_ca_list, held=state.held)
        self.world = self.world.with_party(party)
        self._consult(party)
        self._retry_links()

    def revocation_settings(self, fqdn: str) -> Revocation:
        """The SIP revocation settings of a peer's cluster."""
        return self.world.revocation_settings(fqdn) or self.deployment.revocation

    def change_revocation(self, fqdn: str, settings: Revocation) -> None:
        """Change them for the whole cluster, as configuration is shared there."""
        cluster = self.deployment.cluster_of(fqdn)
        if cluster is not None:
            self.change(replace(self.world, revocation={**self.world.revocation, cluster.name: settings}))
            self._background.spawn(self._save(), "save the lab")

    def status_of(self, fqdn: str) -> tuple[LegReport, ...]:
        """The legs of a party as they were last dialled."""
        return tuple(r for r in self.last.values() if fqdn in {r.leg.client, r.leg.server})

    def disk_is_full(self, fqdn: str) -> bool:
        """True while the disk of a party takes nothing more."""
        return fqdn in self.world.full

    def install(self, fqdn: str, credential: Credential) -> None:
        """Give a party another server certificate, and restart it."""
        self.change(self.world.with_party(replace(self.world.parties[fqdn], credential=credential, services={})))

    def trust(self, certificates: Iterable[x509.Certificate], parties: Iterable[str] | None = None) -> None:
        """Append CA certificates to the trusted CA list of these parties (default: all)."""
        added = tuple(certificates)
        world = self.world
        for fqdn in parties if parties is not None else tuple(world.parties):
            party = world.parties[fqdn]
            trusted = tuple(dict.fromkeys((*party.trusted_ca_list, *added)))
            world = world.with_party(replace(party, trusted_ca_list=trusted))
        self.change(world)

    # Dialling.

    async def dial(self, leg: Leg) -> HandshakeTrace:
        """Dial one leg with real TLS and bring both sides' records together."""
        return await self.dialler.dial(leg)

    async def check(
        self, *, only: Callable[[Leg], bool] | None = None, progress: Callable[[LegReport], None] | None = None
    ) -> CheckReport:
        """Judge and dial every leg (or those that `only` picks)."""
        return await self.dialler.check(only=only, progress=progress)

    async def hold(self) -> None:
        """Keep every SIP leg up from now on, as zones are; returns when each was dialled once."""
        for link in self.dialler.new_links():
            self._background.spawn(link.run(), f"leg {link.leg.id}", failed=link.died)
        for link in self.links.values():
            await link.settled.wait()

    async def status(self) -> CheckReport:
        """Held legs as they are, the others dialled now."""
        return await self.dialler.status()

    @property
    def links(self) -> dict[str, Link]:
        """The legs that are held, by id."""
        return self.dialler.links

    @property
    def last(self) -> dict[str, LegReport]:
        """Every leg as it was last dialled, by id."""
        return self.dialler.last
