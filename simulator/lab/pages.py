"""The HTTPS pages of a lab: one site per peer, and the web enrolment of AD CS."""

from __future__ import annotations

from collections.abc import Mapping
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

    def __init__(self, sites: Mapping[str, PeerSite], services: tuple[adcs.CertificateServices, ...] = ()) -> None:
        self.sites, self._services = sites, services

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
    port, sites = context.settings.port(ports.HTTPS), {}
    for fqdn, peer in peers.items():
        site = sites[fqdn] = PeerSite(peer, accounts, context.plan.by_name[fqdn], port)
        await site.start()
        stack.push_async_callback(site.stop)
    return Pages(sites, (await _serve_adcs(context, passwords[adcs.USER], stack),))


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
