"""The HTTPS pages of a lab: one site per peer, and the web enrolment of AD CS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

import anyio.to_thread

from pkikit.model.tables import ports
from pkikit.worlds.issued_world import profile_of
from simulator.connections.context import Follower, LabContext
from simulator.connections.network import ADCS_NUMBER
from simulator.errors import LabError
from simulator.peer.peer import Peer
from simulator.peer.site import PeerSite
from simulator.services import adcs
from simulator.web.doorkeeper import Accounts


class Pages(Follower):
    """The web site of each peer by FQDN, and AD CS. Both are empty in a lab without pages."""

    name = "the pages"

    def __init__(
        self,
        sites: dict[str, PeerSite],
        services: tuple[adcs.CertificateServices, ...] = (),
        make: Callable[[Peer, str], PeerSite] | None = None,
    ) -> None:
        """Describe pages that are served already.

        Args:
            sites: the site of each peer.
            services: AD CS, if there are pages.
            make: makes the site of a new peer at an address; None in a lab without pages.
        """
        self.sites, self._services, self._make = sites, services, make
        self._moving = asyncio.Lock()

    async def follow(self, peers: Mapping[str, Peer], by_name: Mapping[str, str]) -> None:
        """Serve the pages of the peers that there are now: stop those of peers that are gone, and start new ones."""
        if self._make is None:
            return
        async with self._moving:
            for fqdn, site in tuple(self.sites.items()):
                if peers.get(fqdn) is not site.peer:
                    del self.sites[fqdn]
                    await site.stop()
            for fqdn, peer in tuple(peers.items()):
                if fqdn not in self.sites:
                    site = self._make(peer, by_name[fqdn])
                    await site.start()
                    self.sites[fqdn] = site

    async def stop(self) -> None:
        """Stop the pages of all peers."""
        async with self._moving:
            for site in tuple(self.sites.values()):
                await site.stop()

    @property
    def adcs(self) -> adcs.CertificateServices:
        """The CA's web enrolment pages.

        Raises:
            LabError: this lab runs without pages.
        """
        if not self._services:
            raise LabError("this lab has no AD CS pages: it runs without pages; start it with LabSettings(pages=True)")
        return self._services[0]

    async def restarted(self, fqdn: str) -> None:
        """Use the certificate of the peer after its restart; end its sessions."""
        if fqdn in self.sites:
            await self.sites[fqdn].restarted()

    async def reloaded(self, fqdn: str) -> None:
        """Use the deployed certificate of the peer for new connections."""
        if fqdn in self.sites:
            await self.sites[fqdn].reloaded()


async def serve_pages(
    context: LabContext, peers: Mapping[str, Peer], passwords: Mapping[str, str], stack: AsyncExitStack
) -> Pages:
    """Start the pages if the settings ask for them; `stack` stops them."""
    if not context.settings.pages:
        return Pages({})
    accounts = await anyio.to_thread.run_sync(Accounts, passwords)
    port = context.settings.port(ports.HTTPS)

    def make(peer: Peer, address: str) -> PeerSite:
        return PeerSite(peer, accounts, address, port)

    services = await _serve_adcs(context, passwords[adcs.USER], stack)
    pages = Pages({}, (services,), make)
    stack.push_async_callback(pages.stop)
    await pages.follow(peers, context.plan.by_name)
    return pages


async def _serve_adcs(context: LabContext, password: str, stack: AsyncExitStack) -> adcs.CertificateServices:
    address, authority = context.plan.service(ADCS_NUMBER), context.issued.authority
    services = adcs.CertificateServices(
        authority,
        adcs.own_certificate(authority, address, context.now()),
        address=address,
        port=context.settings.port(ports.HTTPS),
        password=password,
        now=context.now,
        events=context.events,
        pointers=profile_of(context.deployment),
    )
    await services.start()
    stack.push_async_callback(services.stop)
    return services
