"""The network between the parties: DNS, which packets pass, and where CRLs and OCSP answers are fetched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import dns.asyncresolver
import dns.exception

from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import Side
from pkikit.model.tables import ports
from pkikit.model.world import World
from pkikit.values.names import is_ip_address
from simulator.connections.addresses import AddressPlan
from simulator.connections.context import LabContext
from simulator.services import adcs
from simulator.services.distribution import Distribution, hosts, publications
from simulator.services.dns import DnsServer, Zone
from simulator.services.revocation_lookup import StatusLookup

_DNS_NUMBER, _OUTSIDE_NUMBER, _DISTRIBUTION_NUMBER, ADCS_NUMBER = 53, 54, 80, 88


_SHOWN_BY_DNS: tuple[Callable[[World], object], ...] = (
    hosts,
    lambda world: world.unresolved,
    lambda world: dict(world.points),
    lambda world: dict(world.caa),
    lambda world: world.stale,
    lambda world: dict(world.reverse),
)


@dataclass(frozen=True)
class _Sides:
    """The machines outside, and the names that they do not find in DNS."""

    outsiders: frozenset[str]
    inside: frozenset[str]

    @classmethod
    def of(cls, deployment: Deployment) -> _Sides:
        return cls(frozenset(deployment.members_on(Side.OUTSIDE)), inside_names(deployment))


class Network:
    """DNS and the distribution points of one lab, and the lookups of its parties."""

    def __init__(self, context: LabContext) -> None:
        self._context, self._plan, self._settings = context, context.plan, context.settings
        plan, settings, now = context.plan, context.settings, context.now
        self._sides = _Sides.of(context.deployment)
        zone = self._zone()
        self.dns = DnsServer(zone, plan.service(_DNS_NUMBER), now)
        self.outside_dns = DnsServer(zone, plan.service(_OUTSIDE_NUMBER), now, hidden=self._is_inside)
        self.distribution = Distribution(
            plan.service(_DISTRIBUTION_NUMBER),
            settings.port(ports.HTTP),
            world=lambda: context.world,
            issued=context.issued,
            now=now,
        )
        self.look_up = StatusLookup(resolve=self._resolve, policy=self._may_be_fetched, seconds=settings.look_up)
        self._resolver, self._outside = (dns.asyncresolver.Resolver(configure=False) for _ in range(2))

    async def start(self, stack: AsyncExitStack) -> None:
        """Start DNS and distribution points; `stack` stops them."""
        for server, resolver in ((self.dns, self._resolver), (self.outside_dns, self._outside)):
            await server.start()
            stack.push_async_callback(server.stop)
            resolver.nameservers = [server.address]
            resolver.port = server.port
            resolver.lifetime = self._settings.timeout
        await self.distribution.start()
        stack.push_async_callback(self.distribution.stop)

    def passes(self, one: str, other: str) -> bool:
        """Return True while packets get from one party to the other."""
        return frozenset((one, other)) not in self._context.world.cut

    def follow(self, before: World) -> None:
        """Update DNS if the world changed since `before`."""
        world = self._context.world
        if world.deployment is not before.deployment:
            self._sides = _Sides.of(world.deployment)
        elif all(view(world) == view(before) for view in _SHOWN_BY_DNS):
            return
        self.dns.zone = self.outside_dns.zone = self._zone()

    def _is_inside(self, name: str) -> bool:
        return name in self._sides.inside

    def as_seen(self) -> World:
        """Return the world with the CRLs and OCSP answers that can be fetched now. The judge needs them in advance."""
        world = self._context.world
        return replace(world, published=publications(self._context.issued, world, self._context.now()))

    def led_to(self, name: str) -> tuple[str | None, ...]:
        """Return the parties that a name leads to in the external DNS; None for an address that belongs to no party."""
        by_address = {address: fqdn for fqdn, address in self._plan.by_name.items()}
        return tuple(by_address.get(a) for a in self.outside_dns.zone.addresses.get(name.lower(), []))

    async def find(self, leg: Leg) -> tuple[str | None, str]:
        """Return (the address of the leg's server as the client finds it, what is wrong).

        The client asks for SRV, then A; an IP address needs no DNS. Parties outside the network use the external DNS. The address
        is None if the client does not find the server.
        """
        by_name, deployment, name = self._plan.by_name, self._context.world.deployment, leg.reference_name
        if is_ip_address(name):
            return by_name.get(deployment.fqdn_at(name)), f"nobody has the address {name}"
        resolver = self._outside if leg.client in self._sides.outsiders else self._resolver
        try:
            if leg.discovered_by:
                services = await resolver.resolve(leg.discovered_by, "SRV")
                targets = [str(s.target).rstrip(".") for s in services]
                if leg.server not in targets:
                    leads = f"leads to {', '.join(targets)}, not to {leg.server}"
                    return None, f"the SRV record {leg.discovered_by} {leads}"
                name = leg.server
            answer = await resolver.resolve(name, "A")
        except (dns.exception.DNSException, OSError) as error:
            return None, f"{name} does not resolve: {type(error).__name__}"
        found = [str(record) for record in answer]
        wanted = by_name[leg.server]
        return (wanted if wanted in found else found[0]), ""

    async def _resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        """Return the addresses and ports of a host by the lab's DNS. Port 80 becomes the port that the lab can bind."""
        try:
            answer = await self._resolver.resolve(host, "A")
        except dns.exception.DNSException as error:
            raise OSError(f"{host} does not resolve: {type(error).__name__}") from None
        return [(str(record), self._settings.port(port)) for record in answer]

    def _may_be_fetched(self, address: str, port: int) -> bool:
        """Return True for the address at which CAs publish. CRLs and OCSP answers come from nowhere else."""
        return address == self.distribution.address and port == self.distribution.port

    def _zone(self) -> Zone:
        world = self._context.world
        zone = zone_of(world.deployment, self._plan)
        for name, parties in world.points.items():
            zone.addresses[name] = [self._plan.by_name[p] for p in parties]
        for name, authority in world.caa.items():
            zone.caa[name] = [("issue", authority)]
        names = {self._plan.by_name[fqdn]: world.reverse_name(fqdn) for fqdn in world.deployment.peers}
        zone.pointers = {address: name for address, name in names.items() if name}
        zone.stale = {n.lower() for n in world.stale}
        zone.addresses[adcs.NAME] = [self._plan.service(ADCS_NUMBER)]
        for host in hosts(world):
            zone.addresses.setdefault(host.lower(), [self._plan.service(_DISTRIBUTION_NUMBER)])
        return zone.without(world.unresolved)


def inside_names(deployment: Deployment) -> frozenset[str]:
    """Return the names that the external DNS does not know: those of parties inside and in the core, with their SRV records."""
    inside = [group for group in deployment.groups if group.side in {Side.INSIDE, Side.CORE}]
    found = {name for group in inside for name in (*group.members, *group.hosts)}
    found |= {record for group in inside for record, _ in group.services}
    found |= {name for group in inside for name, _ in group.aliases}
    return frozenset(found | {*deployment.inner_aliases, adcs.NAME})


def zone_of(deployment: Deployment, plan: AddressPlan) -> Zone:
    """Return the DNS zone without faults: every party, the shared names of each group on all its members, SRV records."""
    addresses: dict[str, list[str]] = {name: [address] for name, address in plan.by_name.items()}
    aliases = {**deployment.peer_aliases, **dict(alias for group in deployment.groups for alias in group.aliases)}
    for name, party in aliases.items():
        addresses[name] = [plan.by_name[party]]
    shared: dict[str, list[str]] = {}
    services: dict[str, list[tuple[str, int]]] = {}
    for group in deployment.groups:
        for name in dict.fromkeys(group.hosts):
            shared.setdefault(name, []).extend(plan.by_name[member] for member in group.members)
        for record, port in dict.fromkeys(group.services):
            services.setdefault(record, []).extend((member, port) for member in group.members)
    return Zone({**shared, **addresses}, services)
