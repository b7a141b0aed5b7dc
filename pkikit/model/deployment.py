"""The deployment file: what stands where, who is clustered with whom, which zones, which features.

Values only; `parse_deployment` turns text into a `Deployment` or into one sentence with file, line, key and what is allowed.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pkikit.errors import DeploymentError, InputError
from pkikit.model.features import DEFAULT_VERSION
from pkikit.model.version import ProductVersion
from pkikit.model.yaml_source import YamlSource, explain, read_yaml
from pkikit.values.names import is_ip_address, parse_dns_name, parse_fqdn

MAX_PEERS = 6  # the product clusters up to six peers


def _checked(parse: Any) -> Any:
    def check(value: str) -> str:
        try:
            return str(parse(value))
        except InputError as error:
            raise PydanticCustomError("name", "{problem}", {"problem": error.message}) from error

    return AfterValidator(check)


def _address(value: str) -> str:
    return str(ipaddress.ip_address(value.strip("[]"))) if is_ip_address(value) else parse_fqdn(value)


def _ip(value: str) -> str:
    if not is_ip_address(value):
        raise InputError(f"{value[:60]!r} is not an IP address")
    return str(ipaddress.ip_address(value.strip("[]")))


Fqdn = Annotated[str, _checked(parse_fqdn)]
DnsName = Annotated[str, _checked(parse_dns_name)]
Address = Annotated[str, _checked(_address)]
IpAddress = Annotated[str, _checked(_ip)]
Version = Annotated[str, _checked(ProductVersion.parse)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Switch = Annotated[
    bool,
    Field(
        json_schema_extra={
            "type": ["boolean", "string"],
            "enum": [True, False, "on", "off", "yes", "no", "true", "false"],
        }
    ),
]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(enum.StrEnum):
    """Which half of the pair: C inside, E at the edge."""

    EXPRESSWAY_C = "expressway-c"
    EXPRESSWAY_E = "expressway-e"


class Cluster(_Value):
    """One or more peers under one name; without `fqdn` it is a single, unclustered Expressway."""

    name: Label
    role: Role
    fqdn: Fqdn | None = None
    peers: tuple[Fqdn, ...] = Field(min_length=1, max_length=MAX_PEERS)
    cluster_tls: Literal["enforce", "permissive"] = "enforce"
    certificate: Literal["per-peer", "shared"] = "per-peer"


class Domains(_Value):
    """Unified CM registration (service discovery) domains, SIP domains, XMPP federation domains."""

    registration: tuple[Fqdn, ...] = ()
    sip: tuple[Fqdn, ...] = ()
    federation: tuple[Fqdn, ...] = ()


class TraversalZone(_Value):
    """C (client) dials every E (server) peer; Unified Communications traversal has TLS verify mode always on."""

    name: Label
    type: Literal["unified-communications-traversal", "traversal"]
    client: Label
    server: Label
    peer_addresses: tuple[Address, ...] = Field(min_length=1, max_length=MAX_PEERS)
    tls_verify_subject_name: Fqdn | None = None
    tls_verify: Switch = True

    @property
    def is_uc(self) -> bool:
        """True for Unified Communications traversal: TLS verify mode is always on, and SSH tunnels run beside it."""
        return self.type == "unified-communications-traversal"


class NeighbourZone(_Value):
    """A neighbour that either side dials."""

    name: Label
    type: Literal["neighbour"]
    cluster: Label
    peer_addresses: tuple[Address, ...] = Field(min_length=1, max_length=MAX_PEERS)
    tls_verify: Switch = False


class DnsZone(_Value):
    """Calls to domains found by SRV; no fixed partner, so no leg to dial in a check."""

    name: Label
    type: Literal["dns"]
    cluster: Label
    tls_verify: Switch = False


class DefaultZone(_Value):
    """Whoever dials in and belongs to no other zone."""

    name: Label
    type: Literal["default"]
    cluster: Label
    mutual_tls: Switch = False


Zone = Annotated[TraversalZone | NeighbourZone | DnsZone | DefaultZone, Field(discriminator="type")]


class UnifiedCm(_Value):
    """A Unified CM cluster."""

    name: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)
    mixed_mode: Switch = False
    tls_verify: Switch = False
    security_profiles: tuple[Fqdn, ...] = ()


class ImPresence(_Value):
    """An IM and Presence Service cluster."""

    name: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)


class Partner(_Value):
    """Somebody outside who is found by the SRV record of a domain: an XMPP server to federate with, a B2B callee."""

    domain: Fqdn
    nodes: tuple[Fqdn, ...] = Field(min_length=1)


class Server(_Value):
    """A server inside that the peers of a cluster dial: LDAP (login accounts), external policy service, syslog over TLS;
    or one that dials them, as TMS does, over HTTPS."""

    name: Label
    type: Literal["ldap", "policy", "syslog", "tms"]
    cluster: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)
    tls_verify: Switch = True


class Revocation(_Value):
    """The revocation settings of SIP TLS (Configuration > Protocols > SIP).

    ocsp_responder: the CA names a responder in its certificates; no setting of the product, but what the CA does.
    """

    checking: Switch = False
    use_ocsp: Switch = True
    use_crls: Switch = True
    cdp_download: Switch = True
    fallback: Literal["not-revoked", "revoked"] = "not-revoked"
    ocsp_responder: Switch = False


class Deployment(_Value):
    """Everything that decides which certificates are needed and who checks them."""

    name: Label
    version: Version = DEFAULT_VERSION
    clusters: tuple[Cluster, ...] = Field(min_length=1)
    domains: Domains = Domains()
    mra: Switch = False
    jabber_guest: Switch = False
    registration_domain_format: Literal["dns", "collab-edge-dns"] = "dns"
    chat_aliases: tuple[DnsName, ...] = ()
    sip_domains_in_certificate: Switch = False
    zones: tuple[Zone, ...] = ()
    unified_cm: tuple[UnifiedCm, ...] = ()
    im_presence: tuple[ImPresence, ...] = ()
    federated_servers: tuple[Partner, ...] = ()
    b2b_partners: tuple[Partner, ...] = ()
    servers: tuple[Server, ...] = ()
    revocation: Revocation = Revocation()
    addresses: dict[Fqdn, IpAddress] = {}

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
        """True when XMPP federation is deployed."""
        return bool(self.domains.federation)

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name."""
        return next(c for c in self.clusters if c.name == name)

    def cluster_of(self, fqdn: str) -> Cluster | None:
        """The cluster that a peer belongs to; None for parties that are no peers."""
        return next((c for c in self.clusters if fqdn in c.peers), None)

    def role_of(self, fqdn: str) -> Role | None:
        """expressway-c, expressway-e, or None."""
        cluster = self.cluster_of(fqdn)
        return cluster.role if cluster else None

    def peer(self, fqdn: str) -> str:
        """`fqdn` in our spelling, or an InputError that lists the peers there are."""
        name = parse_dns_name(fqdn)
        if self.cluster_of(name) is None:
            raise InputError(f"{name} is no peer of {self.name}; there are {', '.join(self.peers)}")
        return name

    @property
    def peers(self) -> tuple[str, ...]:
        """All peers, in the order of the file."""
        return tuple(p for c in self.clusters for p in c.peers)

    def peers_of(self, role: Role) -> tuple[str, ...]:
        """The peers of all clusters with that role, in the order of the file."""
        return tuple(p for c in self.clusters if c.role is role for p in c.peers)

    @property
    def node_groups(self) -> tuple[UnifiedCm | ImPresence, ...]:
        """Unified CM and IM&P clusters, whose nodes are parties."""
        return (*self.unified_cm, *self.im_presence)

    @property
    def neighbours(self) -> tuple[str, ...]:
        """Neighbour zone addresses that are names, each once."""
        named = [a for z in self.zones if isinstance(z, NeighbourZone) for a in z.peer_addresses]
        return tuple(dict.fromkeys(a for a in (self.fqdn_at(n) for n in named) if a not in self.peers))

    @property
    def parties(self) -> tuple[str, ...]:
        """Every TLS-speaking machine: peers, Unified CM and IM&P nodes, neighbours, partners, servers."""
        nodes = [n for group in self.node_groups for n in group.nodes]
        return tuple(dict.fromkeys((*self.peers, *nodes, *self.neighbours, *self.outside, *self.served_by)))

    @property
    def outside(self) -> tuple[str, ...]:
        """The nodes of federated servers and B2B partners."""
        return tuple(n for partner in (*self.federated_servers, *self.b2b_partners) for n in partner.nodes)

    @property
    def served_by(self) -> tuple[str, ...]:
        """The nodes of LDAP, policy and syslog servers."""
        return tuple(n for server in self.servers for n in server.nodes)

    def fqdn_at(self, address: str) -> str:
        """The party behind a configured address: the name itself, who holds that IP address, or whose other name it is."""
        by_ip = (fqdn for fqdn, ip in self.addresses.items() if ip == address)
        return next(by_ip, None) or self.peer_aliases.get(address, address)

    @property
    def peer_aliases(self) -> dict[str, str]:
        """Further names of Expressway-E peers, by which a traversal zone dials them → the peer.

        With two network interfaces and no split DNS, C dials the FQDN of E's inner interface. Whose name it is, is only
        certain where the E has one peer.
        """
        known = {*self.peers, *(c.fqdn for c in self.clusters), *(n for g in self.node_groups for n in g.nodes)}
        known |= {*self.outside, *self.served_by}
        only = {c.name: c.peers[0] for c in self.clusters if len(c.peers) == 1}
        return {
            address: only[zone.server]
            for zone in self.zones
            if isinstance(zone, TraversalZone) and zone.server in only
            for address in zone.peer_addresses
            if address not in known and not is_ip_address(address)
        }


_Problem = tuple[tuple[str | int, ...], str]


def _contradictions(deployment: Deployment) -> Iterator[_Problem]:
    yield from _duplicates(deployment)
    for i, cluster in enumerate(deployment.clusters):
        if cluster.fqdn is None and len(cluster.peers) > 1:
            yield (
                ("clusters", i),
                f"cluster {cluster.name!r} has {len(cluster.peers)} peers and so needs an fqdn",
            )
    for i, zone in enumerate(deployment.zones):
        yield from ((("zones", i, *path), problem) for path, problem in _zone_problems(deployment, zone))
    names = [c.name for c in deployment.clusters]
    for i, server in enumerate(deployment.servers):
        if server.cluster not in names:
            problem = f"names the cluster {server.cluster!r}, which does not exist; there are {', '.join(names)}"
            yield ("servers", i, "cluster"), f"server {server.name!r} {problem}"
    known = {*deployment.parties, *(c.fqdn for c in deployment.clusters if c.fqdn)}
    for fqdn in deployment.addresses:
        if fqdn not in known:
            yield ("addresses", fqdn), f"{fqdn} is no party of this deployment"


def _duplicates(deployment: Deployment) -> Iterator[_Problem]:
    seen: dict[str, str] = {}
    named: list[tuple[tuple[str | int, ...], str, str]] = []
    for i, cluster in enumerate(deployment.clusters):
        named.append((("clusters", i, "name"), f"cluster {cluster.name}", f"the cluster name {cluster.name!r}"))
        if cluster.fqdn:
            named.append((("clusters", i, "fqdn"), cluster.fqdn, cluster.fqdn))
        named += [(("clusters", i, "peers", j), peer, peer) for j, peer in enumerate(cluster.peers)]
    named += [
        (("zones", i, "name"), f"zone {z.name}", f"the zone name {z.name!r}") for i, z in enumerate(deployment.zones)
    ]
    groups_by_key: tuple[tuple[str, tuple[UnifiedCm | ImPresence | Partner | Server, ...]], ...] = (
        ("unified_cm", deployment.unified_cm),
        ("im_presence", deployment.im_presence),
        ("federated_servers", deployment.federated_servers),
        ("b2b_partners", deployment.b2b_partners),
        ("servers", deployment.servers),
    )
    for key, groups in groups_by_key:
        for i, group in enumerate(groups):
            named += [((key, i, "nodes", j), node, node) for j, node in enumerate(group.nodes)]
    for path, key, shown in named:
        where = ".".join(map(str, path))
        if key in seen:
            yield path, f"{shown} is used twice (also at {seen[key]}); every name belongs to one place"
        seen[key] = where


def _zone_problems(deployment: Deployment, zone: Zone) -> Iterator[_Problem]:
    names = [c.name for c in deployment.clusters]
    keys = ("client", "server") if isinstance(zone, TraversalZone) else ("cluster",)
    missing = [(key, getattr(zone, key)) for key in keys if getattr(zone, key) not in names]
    for key, value in missing:
        yield (
            (key,),
            f"zone {zone.name!r} names the cluster {value!r}, which does not exist; there are {', '.join(names)}",
        )
    if missing or not isinstance(zone, TraversalZone | NeighbourZone):
        return
    if isinstance(zone, TraversalZone):
        for key, role in (("client", Role.EXPRESSWAY_C), ("server", Role.EXPRESSWAY_E)):
            if deployment.cluster(getattr(zone, key)).role is not role:
                yield (key,), f"the {key} of a traversal zone is an {role.value} cluster"
        server = deployment.cluster(zone.server)
        allowed = {*server.peers, *([server.fqdn] if server.fqdn else [])}
        for j, address in enumerate(zone.peer_addresses):
            if deployment.fqdn_at(address) not in allowed and not is_ip_address(address):
                yield (
                    ("peer_addresses", j),
                    f"{address} is not in cluster {server.name!r}: allowed are {', '.join(sorted(allowed))}",
                )
    for j, address in enumerate(zone.peer_addresses):
        if is_ip_address(address) and deployment.fqdn_at(address) == address:
            problem = (
                f"{address} is an IP address where an FQDN belongs; to rehearse a zone that dials an IP address, "
                "say whose it is under `addresses: {fqdn: ip}`"
            )
            yield ("peer_addresses", j), problem


def parse_deployment(text: str, *, where: str = "deployment") -> Deployment:
    """Read a deployment from YAML text; `where` is the file's name for the error message."""
    return deployment_from(read_yaml(text, where=where))


def deployment_from(source: YamlSource | dict[str, Any]) -> Deployment:
    """Validate data that is already read (a form's values, or a YAML source that knows its lines)."""
    source = source if isinstance(source, YamlSource) else YamlSource(data=source, root=None, where="deployment")
    try:
        return Deployment.model_validate(source.data)
    except pydantic.ValidationError as error:
        raise DeploymentError(explain(error, source, Deployment), where=source.locate(error)) from None
