"""The `xConfiguration` of a peer: the table of settings, filled with the values that a deployment decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pkikit.design.legs.zone_legs import traversal_port, verify_subject_name
from pkikit.design.setting_words import word_of
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.parties import Cluster, Role, Server
from pkikit.model.tables import ports
from pkikit.model.tables.product_settings import SETTINGS, Setting
from pkikit.model.version import ProductVersion
from pkikit.model.zones import DefaultZone, NeighbourZone, TraversalZone, Zone

Value = tuple[str, str]  # the words of a key, without `xConfiguration`, and its value


def default_of(setting: Setting, version: ProductVersion) -> str | None:
    """Return the documented default in a version; None if no document states one."""
    older = setting.changed_by is not None and not version.has(setting.changed_by)
    return setting.before if older else setting.default


def settings_of(version: ProductVersion, role: Role) -> tuple[Setting, ...]:
    """Return the settings that a peer of that version and role has."""
    edge = role is Role.EXPRESSWAY_E
    here = (s for s in SETTINGS if not (s.core_only if edge else s.edge_only))
    return tuple(s for s in here if version.within(s.versions))


def xconfiguration(
    deployment: Deployment,
    peer: str,
    revocation: Revocation | None = None,
    switches: Mapping[str, bool] = MappingProxyType({}),
) -> tuple[Value, ...]:
    """Return the settings of a peer as a dump lists them.

    Args:
        deployment: the deployment.
        peer: the FQDN of a peer.
        revocation: SIP revocation settings of its cluster, where they are no longer those of the deployment.
        switches: switches of its cluster likewise, by their keys of the deployment file (`eku_checking`).

    Returns:
        The key without `xConfiguration`, and the value, in the order of the keys. A setting without a documented default
        is there only if the deployment decides it. How names, peers and zones are written follows dumps in Cisco TAC 212475
        and in the administrator guide.

    Raises:
        KeyError: the deployment has no such peer.
    """
    cluster = deployment.cluster_of(peer)
    if cluster is None:
        raise KeyError(peer)
    cluster = cluster.model_copy(update=dict(switches))
    return tuple(sorted(_values(deployment, cluster, peer, revocation or deployment.revocation), key=_order))


def _order(value: Value) -> list[tuple[int, str]]:
    return [(int(word), "") if word.isdigit() else (-1, word) for word in value[0].split()]


def _values(deployment: Deployment, cluster: Cluster, peer: str, revocation: Revocation) -> Iterator[Value]:
    version = deployment.product_version
    zones = [z for z in deployment.zones if cluster.name in _clusters(z) and not isinstance(z, DefaultZone)]
    yield from _identity(deployment, cluster, peer)
    for number, zone in enumerate(zones, start=1):
        yield from _zone(deployment, cluster, zone, f"Zones Zone {number}")
    for setting in settings_of(version, cluster.role):
        default = default_of(setting, version)
        if setting.key.startswith("Zones Zone "):
            for number, zone in enumerate(zones, start=1):
                if _kind(cluster, zone) in setting.key.split():
                    value = _zone_value(deployment, setting, zone, default)
                    yield from _some(setting.key.replace("[n]", str(number)), value)
        elif "[n]" not in setting.key:
            yield from _some(setting.key, _value(deployment, cluster, revocation, setting, default))
    syslog = [s for s in deployment.servers if s.type == "syslog" and s.cluster == cluster.name]
    for number, server in enumerate(syslog, start=1):
        yield from _syslog(server, f"Remote Syslog {number}")


def _some(key: str, value: str | None) -> Iterator[Value]:
    if value is not None:
        yield key, value


def _identity(deployment: Deployment, cluster: Cluster, peer: str) -> Iterator[Value]:
    host, _, domain = peer.partition(".")
    yield from (("IP DNS Hostname", host), ("IP DNS Domain Name", domain), ("SystemUnit Name", host))
    if cluster.fqdn:
        yield "Alternates Cluster Name", cluster.fqdn
        yield "Alternates ConfigurationPrimary", "1"
        for number, other in enumerate(cluster.peers, start=1):
            yield f"Alternates Peer {number} Address", other
    yield "CollaborationEdge Enabled", word_of(deployment.mra)
    domains = deployment.domains
    for number, name in enumerate(dict.fromkeys((*domains.registration, *domains.sip)), start=1):
        yield f"SIP Domain {number} Name", name
        yield f"SIP Domain {number} Edge", word_of(deployment.mra and name in domains.registration)
        yield f"SIP Domain {number} Sip", word_of(name in domains.sip)


def _clusters(zone: Zone) -> tuple[str, ...]:
    return (zone.client, zone.server) if isinstance(zone, TraversalZone) else (zone.cluster,)


def _kind(cluster: Cluster, zone: Zone) -> str:
    if isinstance(zone, TraversalZone):
        return "TraversalClient" if zone.client == cluster.name else "TraversalServer"
    return "Neighbor" if isinstance(zone, NeighbourZone) else "DNS"


def _zone(deployment: Deployment, cluster: Cluster, zone: Zone, key: str) -> Iterator[Value]:
    kind = _kind(cluster, zone)
    yield from ((f"{key} Name", zone.name), (f"{key} Type", kind), (f"{key} SIP Mode", "On"))
    if isinstance(zone, TraversalZone):
        yield f"{key} {kind} Collaboration Edge", word_of(zone.is_uc)
        yield f"{key} {kind} SIP Transport", "TLS"
        if kind == "TraversalClient":
            yield f"{key} {kind} SIP Port", str(traversal_port(deployment, zone))
    if kind in {"TraversalClient", "Neighbor"} and isinstance(zone, TraversalZone | NeighbourZone):
        for number, address in enumerate(zone.peer_addresses, start=1):
            yield f"{key} {kind} Peer {number} Address", address


def _zone_value(deployment: Deployment, setting: Setting, zone: Zone, default: str | None) -> str | None:
    if setting.key.endswith("TraversalServer SIP Port") and isinstance(zone, TraversalZone):
        return str(traversal_port(deployment, zone))
    if not setting.modelled_by:
        return default
    if isinstance(zone, TraversalZone):
        subject = setting.modelled_by.endswith("tls_verify_subject_name")
        return verify_subject_name(deployment, zone) if subject else word_of(zone.is_uc or zone.tls_verify)
    return word_of(getattr(zone, setting.modelled_by.rpartition("/")[2]))


def _value(
    deployment: Deployment, cluster: Cluster, revocation: Revocation, setting: Setting, default: str | None
) -> str | None:
    room, _, name = setting.modelled_by.rpartition("/")
    match room:
        case "revocation":
            return word_of(getattr(revocation, name))
        case "zones[]":
            zones = (z for z in deployment.zones if isinstance(z, DefaultZone) and z.cluster == cluster.name)
            return next((word_of(getattr(z, name)) for z in zones), default)
        case "servers[]":
            servers = (s for s in deployment.servers if s.type == "policy" and s.cluster == cluster.name)
            return next((word_of(getattr(s, name)) for s in servers), default)
        case "clusters[]":
            return word_of(getattr(cluster, name))
        case _:
            return default


def _syslog(server: Server, key: str) -> Iterator[Value]:
    values = (
        ("Address", server.nodes[0]),
        ("Mode", "ietf_secure"),
        ("Transport", "tls"),
        ("Port", str(ports.SYSLOG_TLS)),
    )
    yield from ((f"{key} {name}", value) for name, value in (*values, ("Crlcheck", "Off")))
