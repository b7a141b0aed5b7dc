"""What contradicts itself in a deployment file: names used twice, aliases and promises about nobody, DNS zones without a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pkikit.model.outside_parties import B2bPartner
from pkikit.model.parties import Cluster, NodeList, PartyKind, Role
from pkikit.model.promises import Promises
from pkikit.model.tables.features import VERIFY_ORIGIN_SWITCH
from pkikit.model.version import ProductVersion
from pkikit.model.zones import DnsZone, NeighbourZone, Zone
from pkikit.text import did_you_mean, printable

Problem = tuple[tuple[str | int, ...], str]  # where in the file, and the sentence


def duplicates(
    clusters: Sequence[Cluster], zones: Sequence[Zone], node_lists: Mapping[str, Sequence[NodeList]]
) -> Iterator[Problem]:
    """Yield names that belong to two places."""
    seen: dict[str, str] = {}
    named: list[tuple[tuple[str | int, ...], str, str]] = []
    for i, cluster in enumerate(clusters):
        named.append((("clusters", i, "name"), f"cluster {cluster.name}", f"the cluster name {cluster.name!r}"))
        if cluster.fqdn:
            named.append((("clusters", i, "fqdn"), cluster.fqdn, cluster.fqdn))
        named += [(("clusters", i, "peers", j), peer, peer) for j, peer in enumerate(cluster.peers)]
        named += [
            (("clusters", i, "aliases", peer, j), name, name)
            for peer, names in cluster.aliases.items()
            for j, name in enumerate(names)
        ]
    named += [(("zones", i, "name"), f"zone {z.name}", f"the zone name {z.name!r}") for i, z in enumerate(zones)]
    for key, entries in node_lists.items():
        for i, entry in enumerate(entries):
            named += [((key, i, "nodes", j), node, node) for j, node in enumerate(entry.nodes)]
    for path, key, shown in named:
        where = ".".join(map(str, path))
        if key in seen:
            yield path, f"{shown} is used twice (also at {seen[key]}); every name belongs to one place"
        seen[key] = where


def strange_aliases(clusters: Sequence[Cluster]) -> Iterator[Problem]:
    """Yield aliases that belong to no peer of their cluster."""
    for i, cluster in enumerate(clusters):
        for peer in cluster.aliases:
            if peer not in cluster.peers:
                problem = f"{peer} is not a peer of cluster {cluster.name!r}: there are {', '.join(cluster.peers)}"
                yield ("clusters", i, "aliases", peer), problem


def strange_partners(partners: Sequence[B2bPartner], zones: Sequence[Zone]) -> Iterator[Problem]:
    """Yield DNS zones that map calls without a name, and partners in a DNS zone that does not exist."""
    for i, zone in enumerate(zones):
        if isinstance(zone, DnsZone) and zone.inbound_mapping and zone.tls_verify_subject_name is None:
            problem = "inbound_mapping maps callers by tls_verify_subject_name, so the zone needs that name"
            yield ("zones", i, "inbound_mapping"), f"zone {zone.name!r}: {problem}"
    names = [zone.name for zone in zones if isinstance(zone, DnsZone)]
    for i, partner in enumerate(partners):
        if partner.dns_zone is not None and partner.dns_zone not in names:
            problem = (
                f"names the DNS zone {partner.dns_zone!r}, which does not exist; there are {', '.join(names) or 'none'}"
            )
            yield ("b2b_partners", i, "dns_zone"), f"partner {partner.domain!r} {problem}"


def own_peers(clusters: Sequence[Cluster], zone: NeighbourZone, fqdn_at: Callable[[str], str]) -> Iterator[Problem]:
    """Yield the addresses of a neighbour zone that are peers of its own cluster."""
    peers = {peer for cluster in clusters if cluster.name == zone.cluster for peer in cluster.peers}
    for j, address in enumerate(zone.peer_addresses):
        if fqdn_at(address) in peers:
            yield (
                ("peer_addresses", j),
                f"{address} is a peer of the cluster {zone.cluster!r} itself, so it is not a neighbour",
            )


def strange_origin_switches(clusters: Sequence[Cluster], version: ProductVersion) -> Iterator[Problem]:
    """Yield the clusters that switch something off that their role or version cannot switch off."""
    for i, cluster in enumerate(clusters):
        place = ("clusters", i, "verify_origin_server")
        if cluster.verify_origin_server:
            continue
        if cluster.role is not Role.EXPRESSWAY_C:
            problem = "is an Expressway-E, and verify_origin_server is a switch of Expressway-C"
            yield place, f"cluster {cluster.name!r} {problem}"
        elif not version.has(VERIFY_ORIGIN_SWITCH):
            first = VERIFY_ORIGIN_SWITCH.first
            yield place, f"verify_origin_server can be off from {first} on, and this is {version}: remove the key"


def strange_promises(
    promises: Promises, clusters: Sequence[Cluster], zones: Sequence[Zone], machines: Sequence[str]
) -> Iterator[Problem]:
    """Yield what `expect` names and the deployment does not have: clusters, zones, machines."""
    names, zone_names = [c.name for c in clusters], [z.name for z in zones]
    for service, promise in promises.services.items():
        for j, name in enumerate(promise.clusters):
            if name not in names:
                problem = f"there is no cluster {name!r}; there are {', '.join(names)}.{did_you_mean(name, names)}"
                yield ("expect", "services", service, "clusters", j), problem
    for i, connection in enumerate(promises.connections):
        if connection.zone is not None and connection.zone not in zone_names:
            problem = f"there is no zone {connection.zone!r}; there are {', '.join(zone_names) or 'none'}"
            yield ("expect", "connections", i, "zone"), problem
    words = [*names, *(role.value for role in Role), *(kind.value for kind in PartyKind)]
    for path, scope in promises.scopes():
        if scope not in words and scope not in machines:
            problem = "is not a cluster, a role, a kind of machine, or a machine of this deployment"
            allowed = f"clusters are {', '.join(names)}, roles are {' and '.join(role.value for role in Role)}"
            meant = did_you_mean(scope, (*words, *machines))
            yield ("expect", *path), f"{printable(scope, 60)!r} {problem}; {allowed}.{meant}"
