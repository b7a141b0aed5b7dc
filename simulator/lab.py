"""The composition root: a deployment in, a running lab out. Everything listens on 127.<net>.x.y and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Self

import anyio.to_thread
import dns.asyncresolver
import dns.exception
import dns.resolver
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.handshake.recorder import Recorder, merge
from pkikit.judge.legs import judge_leg
from pkikit.model.credential import Credential
from pkikit.model.deployment import Deployment, Role
from pkikit.model.leg import Leg
from pkikit.model.names import is_ip_address
from pkikit.model.trace import HandshakeTrace, NotConnected, Side
from pkikit.model.world import Party, World
from simulator.addresses import AddressPlan
from simulator.clock import Clock
from simulator.endpoint import Endpoint
from simulator.events import EventLog
from simulator.peer.acme_service import AcmeService
from simulator.peer.challenge_host import HTTP_PORT, ChallengeHost
from simulator.report import CheckReport, LegReport
from simulator.services.capture import Capture
from simulator.services.dns import DnsServer, Zone
from simulator.services.pebble import Pebble, locate_pebble
from simulator.settings import LabSettings
from simulator.world import IssuedWorld, issue_world

BANNER = "Expressway Certificate Lab: a simulator on loopback addresses. Not a Cisco product; no key in it is worth anything."
_DNS_NUMBER, _PEBBLE_NUMBER = 53, 14
_AT_ONCE = 16  # legs dialled at one time


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
        self.events = EventLog(self.clock.now)
        self.legs = legs_of(deployment)
        self.acme: AcmeService | None = None
        self._prepare = prepare
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.plan = AddressPlan(self.deployment, self.settings.net)
            stack.callback(self.plan.close)
            self.issued: IssuedWorld = await anyio.to_thread.run_sync(
                lambda: issue_world(self.deployment, at=self.clock.now(), rsa=self.settings.rsa)
            )
            self.world = self._prepare(self.issued.world) if self._prepare else self.issued.world
            self.dns = DnsServer(
                _zone(self.deployment, self.plan).without(self.world.unresolved),
                self.plan.service(_DNS_NUMBER),
                self.clock.now,
            )
            await self.dns.start()
            stack.push_async_callback(self.dns.stop)
            self._resolver = dns.asyncresolver.Resolver(configure=False)
            self._resolver.nameservers = [self.dns.address]
            self._resolver.port = self.dns.port
            self._resolver.lifetime = self.settings.timeout
            self._capture = Capture(self.clock.now) if self.settings.capture else None
            self.endpoints: dict[str, Endpoint] = {}
            for fqdn, party in self.world.parties.items():
                endpoint = self._endpoint(party)
                self.endpoints[fqdn] = endpoint
                stack.push_async_callback(endpoint.stop)
                await endpoint.start()
            self._running = stack.pop_all()
        self.events.add(self.deployment.name, "Lab Started", Addresses=f"127.{self.plan.net}.x.y")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()
        if self._capture is not None:
            await anyio.to_thread.run_sync(self._write_capture, self._capture)

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
            revocation=self.world.revocation_of(party.fqdn),
            capture=self._capture,
        )

    @asynccontextmanager
    async def with_acme(self) -> AsyncIterator[AcmeService]:
        """Pebble and the ACME service of the E peers, for as long as the block lasts."""
        program = await anyio.to_thread.run_sync(locate_pebble, self.settings.pebble)
        edge = [p for c in self.deployment.clusters if c.role is Role.EXPRESSWAY_E for p in c.peers]
        port = self.settings.port(HTTP_PORT)
        hosts = {p: ChallengeHost(p, self.plan.by_name[p], port, self.events) for p in edge}
        dns_server = f"{self.dns.address}:{self.dns.port}"
        async with Pebble(
            program, address=self.plan.service(_PEBBLE_NUMBER), http_port=port, dns_server=dns_server
        ) as pebble:
            service = AcmeService(self.deployment, pebble, hosts=hosts, events=self.events, install=self.install)
            self.acme = service
            try:
                yield service
            finally:
                self.acme = None

    # The world, and what changes it.

    def change(self, world: World) -> None:
        """Put another world in place: every party that differs restarts with what it now holds."""
        for fqdn, party in world.parties.items():
            self.endpoints[fqdn].consult(world.revocation_of(fqdn))
            if _differs(party, self.world.parties[fqdn]):
                self.endpoints[fqdn].replace(party)
                self.events.add(fqdn, "System Restart", Reason="certificate, trusted CA list or clock changed")
        if world.unresolved != self.world.unresolved:
            self.dns.zone = _zone(self.deployment, self.plan).without(world.unresolved)
        self.world = world

    def install(self, fqdn: str, credential: Credential) -> None:
        """Give a party another server certificate, and restart it."""
        self.change(self.world.with_party(replace(self.world.parties[fqdn], credential=credential)))

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
        client, server = self.endpoints[leg.client], self.endpoints[leg.server]
        await server.ready()
        address, problem = await self._find(leg)
        if address is None:
            recorder = Recorder(Side.CLIENT, client.now)
            recorder.note(NotConnected(reason=problem, resolved=False))
            return merge(recorder, None)
        of_client, here = await client.dial(leg, address)
        of_server = await server.collect(here) if here is not None else None
        return merge(of_client, of_server)

    async def _find(self, leg: Leg) -> tuple[str | None, str]:
        """The address of the leg's server as the client finds it: SRV, then A; an IP address needs no DNS."""
        if is_ip_address(leg.reference_name):
            return self.plan.by_name.get(
                self.deployment.fqdn_at(leg.reference_name)
            ), f"nobody has the address {leg.reference_name}"
        wanted = self.plan.by_name[leg.server]
        name = leg.reference_name
        try:
            if leg.discovered_by:
                services = await self._resolver.resolve(leg.discovered_by, "SRV")
                targets = [str(s.target).rstrip(".") for s in services]
                if leg.server not in targets:
                    return (
                        None,
                        f"the SRV record {leg.discovered_by} leads to {', '.join(targets)}, not to {leg.server}",
                    )
                name = leg.server
            answer = await self._resolver.resolve(name, "A")
        except (dns.exception.DNSException, OSError) as error:
            return None, f"{name} does not resolve: {type(error).__name__}"
        found = [str(record) for record in answer]
        return (wanted if wanted in found else found[0]), ""

    async def check(
        self, *, only: Callable[[Leg], bool] | None = None, progress: Callable[[LegReport], None] | None = None
    ) -> CheckReport:
        """Judge and dial every leg (or those that `only` picks)."""
        for endpoint in self.endpoints.values():
            await endpoint.ready()
        gate = asyncio.Semaphore(_AT_ONCE)
        at = self.clock.now()

        async def one(leg: Leg) -> LegReport:
            verdict = judge_leg(leg, self.world, at)
            trace = None
            if self._can_dial(leg):
                async with gate:
                    trace = await self.dial(leg)
            report = LegReport(leg=leg, verdict=verdict, trace=trace)
            if progress is not None:
                progress(report)
            return report

        chosen = [leg for leg in self.legs if only is None or only(leg)]
        reports = await asyncio.gather(*(one(leg) for leg in chosen))
        return CheckReport(deployment=self.deployment.name, at=at, legs=tuple(reports))

    def _can_dial(self, leg: Leg) -> bool:
        """Not where a certificate is to be shown whose private key we do not have."""
        shown = [leg.server, *([leg.client] if leg.mutual else [])]
        credentials = [self.world.parties[fqdn].credential for fqdn in shown]
        return all(credential is not None and credential.key is not None for credential in credentials)


def _differs(party: Party, before: Party) -> bool:
    """True when the party has to restart. A key alone may have changed: certificates compare without it."""
    keys = [p.credential.key if p.credential else None for p in (party, before)]
    return party != before or keys[0] is not keys[1]


def _zone(deployment: Deployment, plan: AddressPlan) -> Zone:
    """What DNS says when all is well: every party, cluster names and domains on all peers, the SRV of MRA."""
    addresses: dict[str, list[str]] = {name: [address] for name, address in plan.by_name.items()}
    edge = [p for c in deployment.clusters if c.role is Role.EXPRESSWAY_E for p in c.peers]
    on_edge = [plan.by_name[p] for p in edge]
    for cluster in deployment.clusters:
        if cluster.fqdn:
            addresses[cluster.fqdn] = [plan.by_name[p] for p in cluster.peers]
    domains = deployment.domains
    for domain in (*domains.registration, *domains.federation, *(f"collab-edge.{d}" for d in domains.registration)):
        addresses.setdefault(domain, on_edge)
    for alias in deployment.chat_aliases:
        addresses.setdefault(alias, on_edge)
    services: dict[str, list[tuple[str, int]]] = {
        f"_collab-edge._tls.{d}": [(p, 8443) for p in edge] for d in domains.registration
    }
    services |= {f"_sips._tcp.{d}": [(p, 5061) for p in edge] for d in domains.sip}
    return Zone(addresses, services)
