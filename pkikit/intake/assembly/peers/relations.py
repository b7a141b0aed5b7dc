"""Which clusters belong together, so that the files of two customers are not mixed into one deployment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pkikit.errors import InputError
from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.peer_settings import fqdn_or_none
from pkikit.intake.assembly.record.ledger import Ledger, typed
from pkikit.text import listed

_KEY = "one_deployment"


def domains_of(cluster: FoundCluster) -> frozenset[str]:
    """Return the domains that a cluster is about: of its SIP domains, its peers, its zones' peers and verified names."""
    found = {name.partition(".")[2] for name in (*cluster.peers, *([cluster.fqdn] if cluster.fqdn else []))}
    for member in cluster.members:
        settings = member.settings
        found |= {s.value.strip().lower() for s in settings.listed("SIP Domain", "Name")}
        for number in settings.numbers("Zones Zone"):
            zone = f"Zones Zone {number}"
            texts = [s.value for s in settings.listed(f"{zone} TraversalClient Peer", "Address")]
            subject = settings.text(f"{zone} TraversalServer SIP TLS Verify Subject Name")
            names = (fqdn_or_none(text) for text in (*texts, *([subject.value] if subject else [])))
            found |= {name.partition(".")[2] for name in names if name}
    return frozenset(domain for domain in found if "." in domain)


def are_related(one: FoundCluster, other: FoundCluster) -> bool:
    """Return True if two clusters have a domain in common, or one's is below the other's."""
    return _have_common(domains_of(one), domains_of(other))


def _have_common(ones: Iterable[str], others: Collection[str]) -> bool:
    return any(a == b or a.endswith(f".{b}") or b.endswith(f".{a}") for a in ones for b in others)


def _belong_together(ledger: Ledger) -> bool:
    text = ledger.answer(_KEY)
    return text is not None and bool(typed(_KEY, text, True))


def refuse_strange_servers(
    servers: Iterable[str], clusters: Sequence[FoundCluster], nodes: Collection[str], ledger: Ledger
) -> None:
    """Check that machines whose files were given belong to the deployment.

    Args:
        servers: the FQDNs of Unified CM and other nodes.
        clusters: all clusters.
        nodes: the nodes that zones of Expressway-C name.
        ledger: knows the answer that they do belong together.

    Raises:
        InputError: a machine has no domain in common with any cluster, and no zone names it.
    """
    domains = {domain for cluster in clusters for domain in domains_of(cluster)}
    domains |= {name.partition(".")[2] for name in nodes if "." in name}
    strange = [fqdn for fqdn in servers if fqdn not in nodes and not _have_common([fqdn.partition(".")[2]], domains)]
    if strange and not _belong_together(ledger):
        raise InputError(
            f"nothing connects {listed(strange, at_most=2)} with {listed([c.id for c in clusters], at_most=2)}: no zone names "
            f"it, and they have no domain in common. Leave its files out, or answer {_KEY}=yes"
        )


def refuse_strangers(clusters: Sequence[FoundCluster], pairs: Iterable[tuple[str, str]], ledger: Ledger) -> None:
    """Check that all clusters belong to one deployment.

    Args:
        clusters: all clusters.
        pairs: ids of clusters that a zone connects.
        ledger: knows the answer that they do belong together.

    Raises:
        InputError: nothing connects some of the clusters with the others.
    """
    if _belong_together(ledger):
        return
    groups = _joined([c.id for c in clusters], _links(clusters, pairs))
    if len(groups) > 1:
        names = [f"{listed(sorted(group), at_most=2)}" for group in groups]
        raise InputError(
            f"the files are of {len(groups)} deployments that nothing connects ({'; '.join(names)}): no zone leads from one "
            f"to the other, and they have no domain in common. Import each by itself, or answer "
            f"{_KEY}=yes"
        )


def _links(clusters: Sequence[FoundCluster], pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found = list(pairs)
    for n, cluster in enumerate(clusters):
        found += [(cluster.id, other.id) for other in clusters[n + 1 :] if are_related(cluster, other)]
    return found


def _joined(ids: Sequence[str], links: Collection[tuple[str, str]]) -> list[set[str]]:
    groups = [{name} for name in ids]
    for one, other in links:
        touched = [group for group in groups if one in group or other in group]
        if len(touched) > 1:
            groups = [group for group in groups if group not in touched] + [set().union(*touched)]
    return groups
