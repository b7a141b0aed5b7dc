"""The zones in the dump of a peer: those of the deployment, and those that Expressway-C makes for nodes of Unified CM."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.design.legs.zone_legs import traversal_port, verify_subject_name
from pkikit.design.setting_words import word_of
from pkikit.design.xconfiguration.dump_words import SECRET, Value, addresses, under
from pkikit.model.deployment import Deployment
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.parties import Cluster, Role
from pkikit.model.tables import ports
from pkikit.model.tables.product_settings import Setting
from pkikit.model.unified_communications import UnifiedCm
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone, Zone


def own_zones(deployment: Deployment, cluster: Cluster) -> tuple[Zone, ...]:
    """Return the zones of a cluster that an administrator made, in the order of the deployment file."""
    return tuple(z for z in deployment.zones if cluster.name in _clusters(z) and not isinstance(z, DefaultZone))


def _clusters(zone: Zone) -> tuple[str, ...]:
    return (zone.client, zone.server) if isinstance(zone, TraversalZone) else (zone.cluster,)


def kind_of(cluster: Cluster, zone: Zone) -> str:
    """Return the type of a zone as this cluster has it."""
    if isinstance(zone, TraversalZone):
        return "TraversalClient" if zone.client == cluster.name else "TraversalServer"
    return "Neighbor" if isinstance(zone, NeighbourZone) else "DNS"


def zone_values(deployment: Deployment, cluster: Cluster, zone: Zone, key: str) -> Iterator[Value]:
    """Yield the values of a zone that are not in the table of settings.

    Args:
        deployment: the deployment.
        cluster: whose dump it is.
        zone: the zone.
        key: the words before, such as `Zones Zone 1`.

    Yields:
        Key and value.
    """
    kind = kind_of(cluster, zone)
    yield from under(key, ("Name", zone.name), ("Type", kind), ("SIP Mode", "On"))
    if isinstance(zone, TraversalZone):
        yield from under(f"{key} {kind}", ("Collaboration Edge", word_of(zone.is_uc)), ("SIP Transport", "TLS"))
        yield f"{key} {kind} Authentication UserName", "traversal"
        if kind == "TraversalClient":
            yield f"{key} {kind} Authentication Password", SECRET
            yield f"{key} {kind} SIP Port", str(traversal_port(deployment, zone))
    if kind in {"TraversalClient", "Neighbor"} and isinstance(zone, TraversalZone | NeighbourZone):
        yield from addresses(f"{key} {kind} Peer", zone.peer_addresses, MAX_PEERS)


def zone_setting(deployment: Deployment, setting: Setting, zone: Zone, default: str | None) -> str | None:
    """Return the value that a zone gives a setting of the table; None if nothing decides it."""
    if setting.key.endswith("TraversalServer SIP Port") and isinstance(zone, TraversalZone):
        return str(traversal_port(deployment, zone))
    if not setting.modelled_by:
        return default
    if isinstance(zone, TraversalZone):
        subject = setting.modelled_by.endswith("tls_verify_subject_name")
        return verify_subject_name(deployment, zone) if subject else word_of(zone.is_uc or zone.tls_verify)
    return word_of(getattr(zone, setting.modelled_by.rpartition("/")[2]))


def automatic_zones(deployment: Deployment, cluster: Cluster, first: int) -> Iterator[Value]:
    """Yield the neighbour zones that Expressway-C makes for each node of Unified CM that it discovered.

    A TCP zone always, a TLS zone in mixed mode, one for SIP OAuth mode. Source: administrator guide X15.0 and MRA guides,
    "Automatically Generated Zones and Search Rules", for the names and TLS verify mode.

    Args:
        deployment: the deployment.
        cluster: whose dump it is.
        first: the index of the first of these zones.

    Yields:
        Key and value.
    """
    if cluster.role is not Role.EXPRESSWAY_C:
        return
    made = (zone for group in deployment.unified_cm for node in group.nodes for zone in _automatic(group, node))
    for number, (name, address, port, transport, verify) in enumerate(made, start=first):
        key = f"Zones Zone {number}"
        yield from under(key, ("Name", name), ("Type", "Neighbor"), ("SIP Mode", "On"))
        yield from addresses(f"{key} Neighbor Peer", (address,), MAX_PEERS)
        yield from under(f"{key} Neighbor SIP", ("Port", str(port)), ("Transport", transport))
        yield f"{key} Neighbor SIP TLS Verify Mode", word_of(verify)


def _automatic(group: UnifiedCm, node: str) -> Iterator[tuple[str, str, int, str, bool]]:
    name = group.known_as(node)
    yield f"CEtcp-{name}", name, ports.SIP, "TCP", False
    if group.mixed_mode:
        yield f"CEtls-{name}", name, ports.SIP_TLS, "TLS", group.tls_verify
    if group.sip_oauth:
        yield f"CEOAuth {name}", name, ports.SIP_OAUTH, "TLS", group.tls_verify


def search_rules(deployment: Deployment, cluster: Cluster) -> Iterator[Value]:
    """Yield the search rules that lead calls to partners into DNS zones of this cluster."""
    zones = [z for z in deployment.zones if isinstance(z, DnsZone)]
    led = [(p.domain, next((z for z in zones if p.dns_zone in {None, z.name}), None)) for p in deployment.b2b_partners]
    here = [(domain, zone.name) for domain, zone in led if zone is not None and zone.cluster == cluster.name]
    for number, (domain, target) in enumerate(here, start=1):
        yield from under(
            f"Zones Policy SearchRules Rule {number}",
            ("Name", domain), ("Mode", "AliasPatternMatch"), ("Pattern Type", "Suffix"), ("Pattern String", f"@{domain}"),
            ("Pattern Behavior", "Leave"), ("Target Name", target), ("Target Type", "Zone"), ("State", "Enabled"),
        )  # fmt: skip
