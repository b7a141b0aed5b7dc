"""What contradicts itself in a deployment file: names used twice, aliases of nobody's peers, DNS zones that do not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pkikit.model.outside_parties import B2bPartner
from pkikit.model.parties import Cluster, NodeList
from pkikit.model.zones import DnsZone, NeighbourZone, Zone

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
