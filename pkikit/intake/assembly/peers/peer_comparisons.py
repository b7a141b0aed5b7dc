"""What does not fit together: peers of a cluster that disagree, and certificates that belong to another machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.gathered_peers import Peer, certificate_names, fingerprints, named
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence
from pkikit.intake.material import HeldCertificates
from pkikit.model.tables import product_pages as pages
from pkikit.text import counted, listed
from pkikit.values.other_names import COLLAB_EDGE

# Settings that each peer has for itself. The product replicates all others inside a cluster.
_OWN = ("ip", "ethernet", "systemunit", "option", "time", "network", "ntp", "dns", "administration", "snmp", "license")
_SHOWN = 5


def compare_clusters(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    """Note where the peers of a cluster disagree, whose certificate is whose, and how the certificates name domains.

    Args:
        clusters: the clusters by their final names.
        ledger: takes contradictions and facts.
    """
    everybody = {peer for cluster in clusters for peer in cluster.peers}
    for cluster in clusters:
        _compare_settings(cluster, ledger)
        _compare_lists(cluster, ledger)
        _note_shared(cluster, ledger)
        for member in cluster.members:
            for what, held in (("server", member.server), ("client", member.client)):
                if held is not None and held.certificates:
                    _judge_owner(member, cluster, what, held, everybody, ledger)


def _compare_settings(cluster: FoundCluster, ledger: Ledger) -> None:
    """Note settings that differ between peers: they should not, for the product replicates them."""
    first = cluster.reference if cluster.members else None
    for other in cluster.members:
        if first is None or other is first:
            continue
        mine, theirs = dict(first.settings.items()), dict(other.settings.items())
        keys = [
            k for k in mine if k in theirs and k[0] not in _OWN and mine[k].value.strip() != theirs[k].value.strip()
        ]
        if keys:
            shown = [mine[key].written for key in keys[:_SHOWN]]
            more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
            places = [Evidence.of(side[key]) for key in keys[:_SHOWN] for side in (mine, theirs)]
            ledger.contradict(
                "peers-differ",
                f"{first.fqdn} and {other.fqdn} disagree about {counted(len(keys), 'setting')}: {listed(shown, ',')}{more}",
                *places, used=f"the import uses those of {first.fqdn}", machines=(first.fqdn, other.fqdn),
                fix=f"Peers of a cluster have the same settings: look for replication alarms ({pages.CLUSTERING}), or collect "
                "both archives at one time.",
            )  # fmt: skip


def _compare_lists(cluster: FoundCluster, ledger: Ledger) -> None:
    listed_by = [(m, m.trusted) for m in cluster.members if m.trusted is not None]
    for member, held in listed_by[1:]:
        first, reference = listed_by[0]
        mine, theirs = set(fingerprints(reference)), set(fingerprints(held))
        if mine != theirs:
            ledger.contradict(
                "trust-lists-differ",
                f"the trusted CA lists of {first.fqdn} and {member.fqdn} differ: {len(mine - theirs)} certificates are on "
                f"{first.fqdn} only, {len(theirs - mine)} on {member.fqdn} only",
                Evidence(source=reference.source), Evidence(source=held.source),
                used="each peer gets its own list", machines=(first.fqdn, member.fqdn),
                fix=f"{pages.TRUSTED_CA}: upload the same list to every peer.",
            )  # fmt: skip


def _note_shared(cluster: FoundCluster, ledger: Ledger) -> None:
    held = [m.server for m in cluster.members if m.server is not None and m.server.certificates]
    if len(held) > 1 and len({fingerprints(h)[0] for h in held}) == 1:
        places = [Evidence(source=h.source) for h in held]
        ledger.read(f"{cluster.prefix}/certificate", "shared", *places, why="all peers have the same certificate")


def _judge_owner(
    peer: Peer, cluster: FoundCluster, what: str, held: HeldCertificates, everybody: set[str], ledger: Ledger
) -> None:
    names = certificate_names(held)
    others = sorted(names & (everybody - {peer.fqdn}))
    if names & {peer.fqdn, f"*.{peer.fqdn.partition('.')[2]}"} or (cluster.fqdn in names and not others):
        return
    whose = f"it has the name of {named(others)}" if others else f"it has {named(sorted(names)) or 'no name'}"
    ledger.contradict(
        "certificate-of-other-machine",
        f"the {what} certificate of {peer.fqdn} does not name the peer: {whose}",
        Evidence(source=held.source), machines=(peer.fqdn, *others), used="the import takes it as the archive has it",
        fix=f"Check that the file belongs to {peer.fqdn}. If it does, order a certificate with its name.",
    )  # fmt: skip


def note_domain_format(clusters: Sequence[FoundCluster], domains: Sequence[str], ledger: Ledger) -> None:
    """Note how the certificates of Expressway-E name the registration domains.

    Args:
        clusters: all clusters.
        domains: the registration domains.
        ledger: takes the fact.
    """
    key = "registration_domain_format"
    held = list(_edge_certificates(clusters))
    for source in held:
        names = certificate_names(source)
        prefixed = [d for d in domains if f"collab-edge.{d}" in names or f"{COLLAB_EDGE}.{d}" in names]
        if prefixed and not any(d in names for d in domains):
            ledger.read(
                key, "collab-edge-dns", Evidence(source=source.source), why="the certificate has collab-edge names only"
            )
            return
    ledger.assume(key, "dns", "the default of the page for requests", f"{pages.SERVER_CERTIFICATE}: the format "
                  "of the Unified CM registrations domains")  # fmt: skip


def _edge_certificates(clusters: Sequence[FoundCluster]) -> Iterator[HeldCertificates]:
    for cluster in clusters:
        if cluster.role is not None and cluster.role.value == "expressway-e":
            yield from (m.server for m in cluster.members if m.server is not None and m.server.certificates)
