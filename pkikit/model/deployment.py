"""The deployment file: which machines, clusters, zones and features there are.

Values only; `parse_deployment` turns text into a `Deployment` or into one sentence with file, line, key and what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self, assert_never

import pydantic
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pkikit.errors import DeploymentError, InputError
from pkikit.model.contradictions import (
    duplicates,
    own_peers,
    strange_aliases,
    strange_origin_switches,
    strange_partners,
    strange_promises,
)
from pkikit.model.deployment_file.fields import DnsName, FileValue, Fqdn, IpAddress, Label, Switch, Version
from pkikit.model.deployment_file.yaml_source import YamlSource, explain, read_yaml
from pkikit.model.outside_parties import B2bPartner, CloudService, Partner
from pkikit.model.parties import Cluster, Domains, NodeList, PartyGroup, PartyKind, Role, Server, Side
from pkikit.model.promises import Promises
from pkikit.model.tables import ports
from pkikit.model.tables.features import DEFAULT_VERSION
from pkikit.model.unified_communications import ImPresence, MeetingServer, UnifiedCm, UnityConnection
from pkikit.model.version import ProductVersion
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone, Zone
from pkikit.text import one_of
from pkikit.values.memo import once_per_object
from pkikit.values.names import is_ip_address, parse_dns_name
from pkikit.values.other_names import COLLAB_EDGE


class Revocation(FileValue):
    """The revocation settings of SIP TLS (Configuration > Protocols > SIP).

    fallback: what counts when no source answers. Cisco's documents contradict each other about the default: the command
    reference X15.0 says `Fail` (treat as revoked), the web page of the X8 guides "Treat as not revoked". A file without
    this key follows the page.
    ocsp_responder: the CA names a responder in its certificates; this is not a setting of the product, but what the CA does.
    """

    checking: Switch = False
    use_ocsp: Switch = True
    use_crls: Switch = True
    cdp_download: Switch = True
    fallback: Literal["not-revoked", "revoked"] = "not-revoked"
    ocsp_responder: Switch = False


class Deployment(FileValue):
    """Everything that decides which certificates are needed and who checks them.

    mra_endpoints: room systems register from outside too, beside Jabber. Those of the X8 time (TC software) accept an SRVName
    `_collab-edge._tls.DOMAIN` in E's certificate instead of the registration domain (Cisco TAC 211304).
    expect: what the owner promises; nothing else depends on it.
    """

    name: Label
    version: Version = DEFAULT_VERSION
    clusters: tuple[Cluster, ...] = Field(min_length=1)
    domains: Domains = Domains()
    mra: Switch = False
    mra_endpoints: Switch = False
    jabber_guest: Switch = False
    registration_domain_format: Literal["dns", "collab-edge-dns"] = "dns"
    chat_aliases: tuple[DnsName, ...] = ()
    sip_domains_in_certificate: Switch = False
    zones: tuple[Zone, ...] = ()
    unified_cm: tuple[UnifiedCm, ...] = ()
    im_presence: tuple[ImPresence, ...] = ()
    federated_servers: tuple[Partner, ...] = ()
    b2b_partners: tuple[B2bPartner, ...] = ()
    cloud_services: tuple[CloudService, ...] = ()
    servers: tuple[Server, ...] = ()
    unity_connection: tuple[UnityConnection, ...] = ()
    meeting_servers: tuple[MeetingServer, ...] = ()
    revocation: Revocation = Revocation()
    addresses: dict[Fqdn, IpAddress] = {}  # noqa: RUF012 - pydantic copies defaults
    expect: Promises | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for path, problem in _contradictions(self):
            raise PydanticCustomError("deployment", "{problem}", {"problem": problem, "path": path})
        return self

    @property
    def product_version(self) -> ProductVersion:
        """The version, comparable."""
        return ProductVersion.parse(self.version)

    @property
    def federation(self) -> bool:
        """True if XMPP federation is deployed."""
        return bool(self.domains.federation)

    def cluster(self, name: str) -> Cluster:
        """Return the cluster with that name."""
        return next(c for c in self.clusters if c.name == name)

    def cluster_of(self, fqdn: str) -> Cluster | None:
        """Return the cluster of a peer; None for parties that are not peers."""
        return next((c for c in self.clusters if fqdn in c.peers), None)

    def role_of(self, fqdn: str) -> Role | None:
        """Return expressway-c, expressway-e, or None."""
        cluster = self.cluster_of(fqdn)
        return cluster.role if cluster else None

    def peer(self, fqdn: str) -> str:
        """Return the normalised FQDN of a peer.

        Args:
            fqdn: the name as a person writes it.

        Returns:
            The name as the deployment has it.

        Raises:
            InputError: the deployment has no such peer; the message lists the peers.
        """
        name = parse_dns_name(fqdn)
        if self.cluster_of(name) is None:
            raise InputError(f"{name} is not a peer of {self.name}; {one_of(name, self.peers)}")
        return name

    @property
    def peers(self) -> tuple[str, ...]:
        """All peers, in the order of the file."""
        return tuple(p for c in self.clusters for p in c.peers)

    def peers_of(self, role: Role) -> tuple[str, ...]:
        """Return the peers of all clusters with that role, in the order of the file."""
        return tuple(p for c in self.clusters if c.role is role for p in c.peers)

    @property
    def node_lists(self) -> dict[str, Sequence[NodeList]]:
        """Return the parties that the file lists as nodes, by the key that lists them."""
        return {
            "unified_cm": self.unified_cm,
            "im_presence": self.im_presence,
            "federated_servers": self.federated_servers,
            "b2b_partners": self.b2b_partners,
            "cloud_services": self.cloud_services,
            "servers": self.servers,
            "unity_connection": self.unity_connection,
            "meeting_servers": self.meeting_servers,
        }

    @property
    @once_per_object
    def groups(self) -> tuple[PartyGroup, ...]:
        """All parties by group, in the order of `PartyKind`, then of the file."""
        listed = [entry.group(key, self.domains) for key, entries in self.node_lists.items() for entry in entries]
        on_edge = tuple(w.name for group in listed for w in group.wants if w.side is Side.EDGE)
        clients = PartyGroup(
            kind=PartyKind.CLIENT,
            name="clients",
            side=Side.OUTSIDE,
            members=(*self._mra_clients, *(name for group in listed for name in group.clients)),
            has_certificates=False,
        )
        expressways = (self._expressways(cluster, on_edge) for cluster in self.clusters)
        found = (*expressways, *listed, *self._neighbours, clients)
        return tuple(sorted(found, key=lambda group: list(PartyKind).index(group.kind)))

    def _expressways(self, cluster: Cluster, further: tuple[str, ...]) -> PartyGroup:
        """Return the peers of a cluster; `further` are names that the edge must have."""
        own = (cluster.fqdn,) if cluster.fqdn else ()
        if cluster.role is Role.EXPRESSWAY_C:
            return PartyGroup(
                kind=PartyKind.EXPRESSWAY, name=cluster.name, side=Side.CORE, members=cluster.peers, hosts=own
            )
        domains = self.domains
        by_name = (*domains.registration, *domains.federation, *(f"collab-edge.{d}" for d in domains.registration))
        return PartyGroup(
            kind=PartyKind.EXPRESSWAY,
            name=cluster.name,
            side=Side.EDGE,
            members=cluster.peers,
            hosts=(*own, *by_name, *self.chat_aliases, *further),
            services=(
                *((f"{COLLAB_EDGE}.{domain}", ports.MRA) for domain in domains.registration),
                *((f"_sips._tcp.{domain}", ports.SIP_TLS) for domain in domains.sip),
                *(
                    (f"_xmpp-server._tcp.{name}", ports.XMPP_SERVER)
                    for name in (*domains.federation, *self.chat_aliases)
                ),
            ),
        )

    def group_of(self, fqdn: str) -> PartyGroup:
        """Return the group of a party.

        Args:
            fqdn: a party of this deployment.

        Returns:
            Its group.

        Raises:
            InputError: the deployment has no such party.
        """
        found = next((group for group in self.groups if fqdn in group.members), None)
        if found is None:
            raise InputError(f"{fqdn} is not a machine of {self.name}; {one_of(fqdn, self.parties)}")
        return found

    @property
    def mra_client(self) -> str:
        """The name of the MRA client outside in legs; it has no certificate."""
        return f"jabber.{(self.domains.registration or ('client.example',))[0]}"

    @property
    def mra_endpoint(self) -> str:
        """The name of the room system outside in legs; it has no certificate."""
        return f"endpoint.{self.mra_client.partition('.')[2]}"

    @property
    def _mra_clients(self) -> tuple[str, ...]:
        named = (self.mra_client, *([self.mra_endpoint] if self.mra_endpoints else []))
        return named if self.mra else ()

    @property
    def _neighbours(self) -> Iterator[PartyGroup]:
        """Neighbour zone addresses that are names, each once: those of an Expressway-C inside, those of E alone outside."""
        cores = {cluster.name for cluster in self.clusters if cluster.role is Role.EXPRESSWAY_C}
        zones = [zone for zone in self.zones if isinstance(zone, NeighbourZone)]
        known = set(self.peers)
        for side in (Side.INSIDE, Side.OUTSIDE):
            here = (z for z in zones if (z.cluster in cores) is (side is Side.INSIDE))
            named = dict.fromkeys(self.fqdn_at(address) for zone in here for address in zone.peer_addresses)
            members = tuple(fqdn for fqdn in named if fqdn not in known)
            known.update(members)
            yield PartyGroup(kind=PartyKind.NEIGHBOUR, name="neighbours", side=side, members=members)

    @property
    def parties(self) -> tuple[str, ...]:
        """Every machine with a certificate: peers, and the nodes of all other groups."""
        return tuple(dict.fromkeys(n for group in self.groups if group.has_certificates for n in group.members))

    def members_on(self, *sides: Side) -> tuple[str, ...]:
        """Return the parties on these sides, those without a certificate last."""
        groups = sorted(self.groups, key=lambda group: not group.has_certificates)
        return tuple(n for group in groups if group.side in sides for n in group.members)

    def fqdn_at(self, address: str) -> str:
        """Return the party behind a configured address: the name itself, or the party with that IP address or other name."""
        by_ip = (fqdn for fqdn, ip in self.addresses.items() if ip == address)
        return next(by_ip, None) or self.node_aliases.get(address) or self.peer_aliases.get(address, address)

    @property
    def node_aliases(self) -> dict[str, str]:
        """Other names and IP addresses of nodes inside → the node."""
        return {name: node for cm in self.unified_cm for node, name in cm.server_names.items() if name != node}

    @property
    def inner_aliases(self) -> frozenset[str]:
        """The aliases that a traversal zone dials: those of inner interfaces, which nobody outside knows."""
        dialled = {a for zone in self.zones if isinstance(zone, TraversalZone) for a in zone.peer_addresses}
        return frozenset(dialled & self.peer_aliases.keys())

    @property
    @once_per_object
    def peer_aliases(self) -> dict[str, str]:
        """Further names of peers → the peer: those under `aliases`, and what a traversal zone dials.

        With two network interfaces and no split DNS, C dials the FQDN of E's inner interface. It is certain whose name this is
        if `aliases` says it, or if the E has one peer.
        """
        given = {name: peer for c in self.clusters for peer, names in c.aliases.items() for name in names}
        nodes = (n for entries in self.node_lists.values() for entry in entries for n in entry.nodes)
        known = {*self.peers, *(c.fqdn for c in self.clusters), *nodes}
        only = {c.name: c.peers[0] for c in self.clusters if len(c.peers) == 1}
        return given | {
            address: only[zone.server]
            for zone in self.zones
            if isinstance(zone, TraversalZone) and zone.server in only
            for address in zone.peer_addresses
            if address not in {*known, *given} and not is_ip_address(address)
        }


_Problem = tuple[tuple[str | int, ...], str]


def _contradictions(deployment: Deployment) -> Iterator[_Problem]:
    yield from duplicates(deployment.clusters, deployment.zones, deployment.node_lists)
    for i, cluster in enumerate(deployment.clusters):
        if cluster.fqdn is None and len(cluster.peers) > 1:
            problem = f"cluster {cluster.name!r} has {len(cluster.peers)} peers, so it needs a name (fqdn)"
            yield ("clusters", i), problem
    yield from _switches(deployment)
    for i, zone in enumerate(deployment.zones):
        yield from ((("zones", i, *path), problem) for path, problem in _zone_problems(deployment, zone))
    yield from strange_aliases(deployment.clusters)
    yield from strange_partners(deployment.b2b_partners, deployment.zones)
    names = [c.name for c in deployment.clusters]
    for i, server in enumerate(deployment.servers):
        if server.cluster not in names:
            problem = f"names the cluster {server.cluster!r}, which does not exist; there are {', '.join(names)}"
            yield ("servers", i, "cluster"), f"server {server.name!r} {problem}"
    for i, meetings in enumerate(deployment.meeting_servers):
        if meetings.join_host in deployment.domains.registration:
            problem = (
                "is a registration domain too; the Join URL and the domains of Mobile and Remote Access must differ"
            )
            yield ("meeting_servers", i, "join_host"), f"{meetings.join_host} {problem}"
    known = {*deployment.parties, *(c.fqdn for c in deployment.clusters if c.fqdn)}
    for fqdn in deployment.addresses:
        if fqdn not in known:
            yield ("addresses", fqdn), f"{fqdn} is not a machine of this deployment"
    if deployment.expect is not None:
        yield from strange_promises(deployment.expect, deployment.clusters, deployment.zones, deployment.parties)


def _switches(deployment: Deployment) -> Iterator[_Problem]:
    """Yield the switches that this version, or this machine, does not have."""
    version = deployment.product_version
    yield from strange_origin_switches(deployment.clusters, version)
    taken = {*deployment.parties, *(c.fqdn for c in deployment.clusters if c.fqdn), *deployment.addresses.values()}
    for i, group in enumerate(deployment.unified_cm):
        for key, problem in group.problems(version, mra=deployment.mra, taken=taken):
            yield ("unified_cm", i, key), problem


def _zone_problems(deployment: Deployment, zone: Zone) -> Iterator[_Problem]:
    roles: dict[str, tuple[str, Role | None]]  # by key: the cluster named, and the role that it must have
    addresses: tuple[str, ...] = ()
    match zone:
        case TraversalZone():
            roles = {"client": (zone.client, Role.EXPRESSWAY_C), "server": (zone.server, Role.EXPRESSWAY_E)}
            addresses = zone.peer_addresses
        case NeighbourZone():
            roles, addresses = {"cluster": (zone.cluster, None)}, zone.peer_addresses
            yield from own_peers(deployment.clusters, zone, deployment.fqdn_at)
        case DnsZone() | DefaultZone():
            roles = {"cluster": (zone.cluster, None)}
        case _:
            assert_never(zone)
    names = [c.name for c in deployment.clusters]
    missing = [(key, name) for key, (name, _) in roles.items() if name not in names]
    for key, value in missing:
        problem = f"names the cluster {value!r}, which does not exist; there are {', '.join(names)}"
        yield (key,), f"zone {zone.name!r} {problem}"
    if missing:
        return
    for key, (name, role) in roles.items():
        if role is not None and deployment.cluster(name).role is not role:
            yield (key,), f"the {key} of a traversal zone is an {role.value} cluster"
    if isinstance(zone, TraversalZone):
        yield from _strange_addresses(deployment, zone)
    for j, address in enumerate(addresses):
        if is_ip_address(address) and deployment.fqdn_at(address) == address:
            problem = (
                f"{address} is an IP address where an FQDN belongs; to rehearse a zone that dials an IP address, "
                "say whose it is under `addresses: {fqdn: ip}`"
            )
            yield ("peer_addresses", j), problem


def _strange_addresses(deployment: Deployment, zone: TraversalZone) -> Iterator[_Problem]:
    server = deployment.cluster(zone.server)
    allowed = {*server.peers, *([server.fqdn] if server.fqdn else [])}
    for j, address in enumerate(zone.peer_addresses):
        if deployment.fqdn_at(address) not in allowed and not is_ip_address(address):
            problem = f"{address} is not in cluster {server.name!r}: allowed are {', '.join(sorted(allowed))}"
            yield ("peer_addresses", j), problem


def parse_deployment(text: str, *, where: str = "deployment") -> Deployment:
    """Read a deployment from YAML text; `where` is the file's name for the error message."""
    return deployment_from(read_yaml(text, where=where))


def deployment_from(source: YamlSource | dict[str, Any]) -> Deployment:
    """Validate data that is already read: a form's values, or a YAML source that knows its lines.

    Args:
        source: the data.

    Returns:
        The deployment.

    Raises:
        DeploymentError: the data is not a deployment; the message names the key and what is allowed.
    """
    source = source if isinstance(source, YamlSource) else YamlSource(data=source, root=None, where="deployment")
    try:
        return Deployment.model_validate(source.data)
    except pydantic.ValidationError as error:
        raise DeploymentError(explain(error, source, Deployment), where=source.locate(error)) from None
