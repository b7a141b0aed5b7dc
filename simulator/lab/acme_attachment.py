"""Attaches public CAs and the ACME service of the E peers to a running lab."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Self

import anyio.to_thread

from pkikit.model.parties import Role
from pkikit.model.tables import ports
from pkikit.model.world import Speaks, World
from simulator.background import Background
from simulator.connections.context import Follower
from simulator.lab.running_lab import RunningLab
from simulator.peer.acme.challenge_host import ChallengeHost
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import Provider
from simulator.services.lab_ca import LabCa
from simulator.services.pebble import Pebble
from simulator.services.pebble_program import locate_pebble

_FIRST_NUMBER = 14  # of the addresses that the CAs have


class PublicCas:
    """The two public CAs of a lab. A CA starts when a peer first orders from it."""

    def __init__(self, make: Callable[[int], LabCa]) -> None:
        self._make = make
        self._stack = AsyncExitStack()
        self._running: dict[Provider, LabCa] = {}
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def of(self, provider: Provider) -> LabCa:
        """Return the running CA of a provider."""
        async with self._starting:
            if provider not in self._running:
                made = self._make((Provider.PRODUCTION, Provider.STAGING).index(provider))
                self._running[provider] = await self._stack.enter_async_context(made)
            return self._running[provider]


class AcmeFollower(Follower):
    """Informs the ACME service about its lab."""

    name = "the ACME service"

    def __init__(self, service: AcmeService, background: Background) -> None:
        self._service, self._background = service, background

    def changed(self, before: World, after: World) -> None:
        """Open or close the virtual hosts when a firewall changed."""
        if after.blocked != before.blocked:
            for host in self._service.hosts.values():
                self._background.spawn(host.follow(), f"ACME port of {host.fqdn}")

    async def restarted(self, fqdn: str) -> None:
        """Stop the order of a peer that restarts, and restart its virtual host."""
        await self._service.restarted(fqdn)

    async def tick(self) -> None:
        """Order and deploy what is due."""
        await self._service.tick()

    def dates(self) -> Iterable[datetime]:
        """Return when the automatic service of each peer has something to do."""
        return self._service.dates()


@asynccontextmanager
async def acme_service(lab: RunningLab) -> AsyncIterator[AcmeService]:
    """Yield the ACME service on all E peers of a lab; it ends with the block.

    The CA of the production directory runs from the start; that of the staging directory starts when a peer orders from it.

    Raises:
        LabError: Pebble is missing or does not start.
    """
    locate = partial(locate_pebble, lab.settings.pebble, version=lab.settings.acme.version)
    program = await anyio.to_thread.run_sync(locate)
    port = lab.settings.port(ports.HTTP)
    hosts = {
        p: ChallengeHost(p, lab.plan.by_name[p], port, lab.events, blocked=partial(_is_blocked, lab, p))
        for p in lab.deployment.peers_of(Role.EXPRESSWAY_E)
    }
    async with PublicCas(partial(_public_ca, lab, program)) as cas:
        ca = await cas.of(Provider.PRODUCTION)
        service = AcmeService(
            lab.deployment,
            ca,
            cas,
            hosts=hosts,
            peers=lab.peers,
            passes=partial(_passes, lab),
            rsa=lab.settings.rsa,
            background=lab.background,
        )
        try:
            with ExitStack() as stack:
                stack.enter_context(lab.attached(AcmeFollower(service, lab.background)))
                for site in lab.sites.values():
                    stack.enter_context(site.acme.open(service))
                yield service
        finally:
            await service.stop()


def _passes(lab: RunningLab, one: str, other: str) -> bool:
    """Return True if packets from one peer reach the other, and the other answers."""
    return lab.network.passes(one, other) and lab.world.parties[other].speaks is not Speaks.NOTHING


def _is_blocked(lab: RunningLab, fqdn: str) -> bool:
    return (fqdn, ports.HTTP) in lab.world.blocked


def _public_ca(lab: RunningLab, program: Path, number: int) -> LabCa:
    """Return the CA of a provider, not started yet. number: 0 for production, 1 for staging, which has no rate limits."""
    outside = lab.network.outside_dns
    dns_server = f"{outside.address}:{outside.port}"
    pebble = Pebble(
        program, address=lab.plan.service(_FIRST_NUMBER + number), http_port=lab.settings.port(ports.HTTP),
        dns_server=dns_server, options=lab.settings.acme,
    )  # fmt: skip
    return LabCa(pebble, now=lab.clock.now, does=lambda: lab.world.ca, dns_server=dns_server, limited=number == 0)
