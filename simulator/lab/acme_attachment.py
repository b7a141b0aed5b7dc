"""The public CAs of a lab and the ACME service of its E peers, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import anyio.to_thread

from pkikit.model import ports
from pkikit.model.parties import Role
from pkikit.model.world import Speaks
from simulator.peer.acme.challenge_host import ChallengeHost
from simulator.peer.acme.service import AcmeService
from simulator.peer.acme_state import Provider
from simulator.services.lab_ca import LabCa
from simulator.services.pebble import Pebble
from simulator.services.pebble_program import locate_pebble

if TYPE_CHECKING:
    from simulator.lab.lab import Lab

_FIRST_NUMBER = 14  # of the addresses that the CAs have


class PublicCas:
    """The two CAs that a lab can be ordered from; the second is started when somebody first asks for it."""

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
        """The running CA of a provider."""
        async with self._starting:
            if provider not in self._running:
                made = self._make((Provider.PRODUCTION, Provider.STAGING).index(provider))
                self._running[provider] = await self._stack.enter_async_context(made)
            return self._running[provider]


@asynccontextmanager
async def serve_acme(lab: Lab) -> AsyncIterator[AcmeService]:
    """The service on all E peers; the CA of the production directory runs, that of staging starts when it is asked for."""
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
        )
        try:
            yield service
        finally:
            await service.stop()


def _passes(lab: Lab, one: str, other: str) -> bool:
    """A packet gets there, and somebody is there to take it."""
    return lab.network.passes(one, other) and lab.world.parties[other].speaks is not Speaks.NOTHING


def _is_blocked(lab: Lab, fqdn: str) -> bool:
    return (fqdn, ports.HTTP) in lab.world.blocked


def _public_ca(lab: Lab, program: Path, number: int) -> LabCa:
    """The CA of a provider, not started yet; that of the staging directory (1) counts nothing."""
    outside = lab.network.outside_dns
    dns_server = f"{outside.address}:{outside.port}"
    pebble = Pebble(
        program, address=lab.plan.service(_FIRST_NUMBER + number), http_port=lab.settings.port(ports.HTTP),
        dns_server=dns_server, options=lab.settings.acme,
    )  # fmt: skip
    return LabCa(pebble, now=lab.clock.now, does=lambda: lab.world.ca, dns_server=dns_server, limited=number == 0)
