"""Traversal zones: the client half on Expressway-C and the server half on Expressway-E, matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pkikit.intake.assembly.peers.address_book import AddressBook
from pkikit.intake.assembly.peers.found_clusters import FoundCluster, ask_cluster_fqdn, name_clusters
from pkikit.intake.assembly.peers.peer_settings import fqdn_or_none, name_or_ip
from pkikit.intake.assembly.peers.relations import are_related
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence
from pkikit.intake.assembly.zones.raw_zones import RawZone
from pkikit.intake.material import Stated
from pkikit.model.parties import Role
from pkikit.model.tables import product_pages as pages
from pkikit.values.names import is_ip_address

ARCHIVE = f"{pages.DIAGNOSTIC_LOGGING}: collect the archive of each of its peers"


@dataclass(frozen=True, kw_only=True)
class TraversalPair:
    """A traversal zone of the deployment file: one half at least was read."""

    client: FoundCluster
    server: FoundCluster
    client_zone: RawZone | None
    server_zone: RawZone | None


def subject_of_zone(zone: RawZone) -> Stated | None:
    """Return the name that E looks for in C's certificate; None if none is configured."""
    return zone.get("SIP TLS Verify Subject Name")


class Pairing:
    """Finds the pairs; a half whose other half no file has brings its cluster with it."""

    def __init__(self, clusters: Sequence[FoundCluster], zones: Sequence[RawZone], ledger: Ledger) -> None:
        self._ledger = ledger
        self.clusters = list(clusters)
        self._clients = [z for z in zones if z.kind == "TraversalClient"]
        self._servers = [z for z in zones if z.kind == "TraversalServer"]

    def find(self, book: AddressBook) -> list[TraversalPair]:
        """Return the pairs.

        Args:
            book: resolves addresses.

        Returns:
            The pairs, those with both halves first.
        """
        scored = [(_score(c, s, book), n, c, s) for n, c in enumerate(self._clients) for s in self._servers]
        pairs: list[TraversalPair] = []
        for score, _, client, server in sorted(scored, key=lambda found: (-found[0], found[1])):
            if score and client in self._clients and server in self._servers:
                pairs.append(self._pair(client, server))
        for client in tuple(self._clients):
            pair = self._related(client) or self._without_edge(client, book)
            pairs += [pair] if pair is not None else []
        pairs += [pair for server in self._servers if (pair := self._without_core(server)) is not None]
        self.clusters = list(name_clusters(self.clusters, self._ledger))
        named = {cluster.id: cluster for cluster in self.clusters}
        return [replace(p, client=named[p.client.id], server=named[p.server.id]) for p in pairs]

    def _pair(self, client: RawZone, server: RawZone) -> TraversalPair:
        self._clients.remove(client)
        self._servers.remove(server)
        return TraversalPair(client=client.cluster, server=server.cluster, client_zone=client, server_zone=server)

    def _related(self, client: RawZone) -> TraversalPair | None:
        """Pair a client half with the half of a related Expressway-E that does not know it: something is wrong there."""
        server = next((s for s in self._servers if are_related(client.cluster, s.cluster)), None)
        edge = server.cluster if server is not None else next(
            (c for c in self.clusters if c.role is Role.EXPRESSWAY_E and c.members and are_related(client.cluster, c)), None
        )  # fmt: skip
        if edge is None:
            return None
        dials = ", ".join(address for address, _ in client.addresses) or "nobody"
        self._ledger.contradict(
            "traversal-peer-unknown",
            f"the traversal zone {client.name!r} of {client.cluster.id} dials {dials}, and {edge.id} does not know "
            + ("these names" if server is not None else "this zone"),
            client.evidence, *([server.evidence] if server is not None else []),
            used=f"the import connects the zone with {edge.id}", machines=(*client.cluster.peers, *edge.peers),
            fix="Compare the peer addresses of the zone on Expressway-C with the names of the peers of Expressway-E "
            f"({pages.ZONES}).",
        )  # fmt: skip
        if server is not None:
            return self._pair(client, server)
        self._clients.remove(client)
        return TraversalPair(client=client.cluster, server=edge, client_zone=client, server_zone=None)

    def _without_edge(self, client: RawZone, book: AddressBook) -> TraversalPair | None:
        """Return a pair with an Expressway-E that only the zone of C names."""
        self._clients.remove(client)
        names = [name for a, _ in client.addresses if (name := fqdn_or_none(a) or book.whose(a))]
        if not names:
            where = f"The traversal zone {client.name!r} of {client.cluster.id}"
            for address, _ in client.addresses:
                book.ask_whose(address, where, ())
            return None
        edge = next((c for c in self.clusters if set(names) & set(c.peers)), None)
        if edge is None:
            edge = self._new_cluster(names[0], tuple(names), Role.EXPRESSWAY_E, client.evidence)
            lacking = f"no file of Expressway-E ({', '.join(names)}): its settings and certificates are not known"
            self._ledger.lack(lacking, ARCHIVE, machine=names[0])
        return TraversalPair(client=client.cluster, server=edge, client_zone=client, server_zone=None)

    def _without_core(self, server: RawZone) -> TraversalPair | None:
        """Return a pair with an Expressway-C that an answer names; None, and it is missing, without an answer."""
        subject = subject_of_zone(server)
        name = fqdn_or_none(subject.value) if subject is not None else None
        if any(c.role is Role.EXPRESSWAY_C and c.members for c in self.clusters):
            self._ledger.contradict(
                "traversal-client-unknown",
                f"the traversal zone {server.name!r} of {server.cluster.id} expects {name or 'a client'}, and no zone of an "
                "Expressway-C in the files leads there", server.evidence,
                used="the import leaves the zone out", machines=server.cluster.peers,
                fix="Add the archives of that Expressway-C, or delete the zone if nobody uses it.",
            )  # fmt: skip
            return None
        if name is None:
            self._ledger.lack(f"the Expressway-C of zone {server.name!r} of {server.cluster.id}", ARCHIVE)
            return None
        key = f"clusters/{name}/peers"
        answer = self._ledger.answer(key)
        if answer is None:
            lacking = f"no file of the Expressway-C {name}: the traversal zone {server.name!r} is left out"
            self._ledger.lack(lacking, f"{ARCHIVE}. Or give its peers: --answer {key}=FQDN,FQDN", key=key)
            return None
        peers = tuple(p for text in answer.split(",") if (p := fqdn_or_none(text)))
        core = self._new_cluster(name, peers or (name,), Role.EXPRESSWAY_C, server.evidence)
        return TraversalPair(client=core, server=server.cluster, client_zone=None, server_zone=server)

    def _new_cluster(self, name: str, peers: tuple[str, ...], role: Role, place: Evidence) -> FoundCluster:
        peers = self._ledger.read(f"clusters/{name}/peers", peers, place, why="a zone names them")
        self._ledger.read(
            f"clusters/{name}/role", role.value, place, why="the other half of its traversal zone is there"
        )
        why = "a name for the links between its peers; no file has it"
        fqdn = name if name not in peers else None
        if len(peers) > 1 and fqdn is None:
            fqdn = ask_cluster_fqdn(name, peers, why, self._ledger)
        elif fqdn is not None:
            self._ledger.read(f"clusters/{name}/fqdn", fqdn, place, why="Expressway-E looks for this name")
        made = FoundCluster(id=name, fqdn=fqdn, peers=peers, members=(), role=role, addresses={}, evidence=(place,))
        self.clusters.append(made)
        return made


def _score(client: RawZone, server: RawZone, book: AddressBook) -> int:
    """Return how well two halves fit; 0 if neither names the other."""
    if client.cluster.id == server.cluster.id:
        return 0
    subject = subject_of_zone(server)
    expected = name_or_ip(subject.value) if subject is not None else None
    named = 8 if expected in {client.cluster.fqdn, *client.cluster.peers} and expected else 0
    known = sum(4 for address, _ in client.addresses if is_peer(address, server.cluster, book))
    if not named and not known:
        return 0
    same = (client.port == server.port, client.is_uc == server.is_uc, client.name == server.name)
    return named + known + sum(same)


def is_peer(address: str, edge: FoundCluster, book: AddressBook) -> bool:
    """Return True if an address leads to a peer of a cluster, as far as the files say."""
    if is_ip_address(address):
        return book.whose(address) in edge.peers
    return edge.whose(address) is not None or book.by_certificate(edge, address) is not None
