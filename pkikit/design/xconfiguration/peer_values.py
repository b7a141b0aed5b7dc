"""All values of a peer's dump, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pkikit.design.setting_words import word_of
from pkikit.design.xconfiguration.dump_words import Value, addresses
from pkikit.design.xconfiguration.dumped_servers import account_values, server_values
from pkikit.design.xconfiguration.dumped_zones import (
    automatic_zones,
    kind_of,
    own_zones,
    search_rules,
    zone_setting,
    zone_values,
)
from pkikit.model.deployment import Deployment, Revocation
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.parties import Cluster, Role
from pkikit.model.tables.product_settings import SETTINGS, Setting
from pkikit.model.version import ProductVersion
from pkikit.model.zones import DefaultZone


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
    *,
    address: str = "",
) -> tuple[Value, ...]:
    """Return the settings of a peer as a dump lists them.

    Args:
        deployment: the deployment.
        peer: the FQDN of a peer.
        revocation: SIP revocation settings of its cluster, where they are no longer those of the deployment.
        switches: switches of its cluster likewise, by their keys of the deployment file (`eku_checking`).
        address: its IP address, where the deployment file does not say.

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
    values = dict(_table(deployment, cluster, revocation or deployment.revocation))
    values |= dict(_decided(deployment, cluster, peer, deployment.addresses.get(peer, address)))
    return tuple(sorted(values.items(), key=_order))


def _order(value: Value) -> list[tuple[int, str]]:
    return [(int(word), "") if word.isdigit() else (-1, word) for word in value[0].split()]


def _table(deployment: Deployment, cluster: Cluster, revocation: Revocation) -> Iterator[Value]:
    """Yield the settings of the table, each with the value of the deployment or its default."""
    version, zones = deployment.product_version, own_zones(deployment, cluster)
    for setting in settings_of(version, cluster.role):
        default = default_of(setting, version)
        if setting.key.startswith("Zones Zone "):
            for number, zone in enumerate(zones, start=1):
                if kind_of(cluster, zone) in setting.key.split():
                    value = zone_setting(deployment, setting, zone, default)
                    yield from _some(setting.key.replace("[n]", str(number)), value)
        elif "[n]" not in setting.key:
            yield from _some(setting.key, _value(deployment, cluster, revocation, setting, default))


def _decided(deployment: Deployment, cluster: Cluster, peer: str, address: str) -> Iterator[Value]:
    """Yield what the deployment alone decides; where the table has a default for a key, this value counts."""
    zones = own_zones(deployment, cluster)
    yield from _identity(deployment, cluster, peer, address)
    for number, zone in enumerate(zones, start=1):
        yield from zone_values(deployment, cluster, zone, f"Zones Zone {number}")
    yield from automatic_zones(deployment, cluster, len(zones) + 1)
    yield from search_rules(deployment, cluster)
    yield from server_values(deployment, cluster)
    yield from account_values(cluster)


def _some(key: str, value: str | None) -> Iterator[Value]:
    if value is not None:
        yield key, value


def _identity(deployment: Deployment, cluster: Cluster, peer: str, address: str) -> Iterator[Value]:
    host, _, domain = peer.partition(".")
    yield from (("IP DNS Hostname", host), ("IP DNS Domain Name", domain), ("SystemUnit Name", host))
    if address:
        yield "Ethernet 1 IP V4 Address", address
    if cluster.fqdn:
        yield "Alternates Cluster Name", cluster.fqdn
        yield "Alternates ConfigurationPrimary", "1"
        yield from addresses("Alternates Peer", cluster.peers, MAX_PEERS)
    yield "CollaborationEdge Enabled", word_of(deployment.mra)
    yield "CollaborationEdge AllowOnboardingOverMra", word_of(bool(deployment.cloud_services))
    domains = deployment.domains
    for number, name in enumerate(dict.fromkeys((*domains.registration, *domains.sip)), start=1):
        yield f"SIP Domain {number} Name", name
        yield f"SIP Domain {number} Authzone", ""
        yield f"SIP Domain {number} Edge", word_of(name in domains.registration)
        yield f"SIP Domain {number} Sip", word_of(name in domains.sip)


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
        case "clusters[]":
            return word_of(getattr(cluster, name))
        case _:
            return word_of(getattr(deployment, name)) if name else default
