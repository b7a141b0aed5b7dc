"""From what was read to a deployment: every fact with its origin, every question that is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pkikit.intake.assembly.deployment_values import deployment_of, take_other_answers
from pkikit.intake.assembly.machines_around import (
    FOLDER,
    name_servers,
    note_accounts_and_rules,
    note_domains,
    note_servers,
    note_unified_communications,
)
from pkikit.intake.assembly.peers.address_book import AddressBook
from pkikit.intake.assembly.peers.found_clusters import FoundCluster, find_clusters
from pkikit.intake.assembly.peers.gathered_peers import Peer, gather
from pkikit.intake.assembly.peers.peer_comparisons import compare_clusters, note_domain_format
from pkikit.intake.assembly.peers.peer_settings import label_of
from pkikit.intake.assembly.peers.relations import refuse_strange_servers, refuse_strangers
from pkikit.intake.assembly.placed_files import (
    LooseFiles,
    NodeFiles,
    PlacedFile,
    lack_folders,
    place_folder,
    place_node,
    place_peer,
)
from pkikit.intake.assembly.read_switches import find_version, read_switches
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Contradiction, Fact, LeftOut, Missing, Origin, Question
from pkikit.intake.assembly.unstated import note_unstated
from pkikit.intake.assembly.zones.raw_zones import RawZone, raw_zones
from pkikit.intake.assembly.zones.traversal_pairs import Pairing
from pkikit.intake.assembly.zones.zone_facts import ZoneWriter
from pkikit.intake.material import Material, PeerMaterial, ReadFile
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Role
from pkikit.model.tables import product_pages as pages
from pkikit.model.version import ProductVersion
from pkikit.values.names import is_ip_address


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """What an import knows.

    Attributes:
        deployment: the deployment; None while a question is open.
        facts: every value of the deployment file, with its origin.
        questions: what has to be answered first.
        contradictions: what cannot be right.
        missing: what would make the copy more complete.
        left_out: what was read and is not in the deployment file.
        placed: the files of the machines' folders.
        files: what was read.
        secrets: how many passwords were dropped while reading.
        addresses: IP address → FQDN of the peer whose dump has it.
    """

    deployment: Deployment | None
    facts: tuple[Fact, ...]
    questions: tuple[Question, ...]
    contradictions: tuple[Contradiction, ...]
    missing: tuple[Missing, ...]
    left_out: tuple[LeftOut, ...]
    placed: tuple[PlacedFile, ...]
    files: tuple[ReadFile, ...]
    secrets: int
    addresses: Mapping[str, str]

    def of(self, origin: Origin) -> tuple[Fact, ...]:
        """Return the facts of one origin."""
        return tuple(fact for fact in self.facts if fact.origin is origin)


def assemble(material: Material, answers: Mapping[str, str]) -> Assembly:
    """Put together what was read.

    Args:
        material: what the readers found.
        answers: answers of the user by key; they count more than what was read or assumed.

    Returns:
        The deployment with the origin of every value, or the open questions.

    Raises:
        InputError: the files do not make one deployment, or an answer is not allowed.
    """
    material = _in_order(material)
    made, ledger = _assembled(material, Ledger(answers))
    if ledger.questions.keys() & ledger.unused().keys():
        # An answer named a cluster as the deployment file does: that name is known only now.
        made, _ = _assembled(material, Ledger(*ledger.answers()))
    return made


def _in_order(material: Material) -> Material:
    """Return what was read in an order of its own, so that the order in which the files were given decides nothing."""

    def places(part: PeerMaterial) -> list[str]:
        held = (part.configuration, part.status, part.server, part.trusted, part.client)
        return [part.label, *(str(found.source) if found is not None else "" for found in held)]

    return replace(
        material,
        peers=tuple(sorted(material.peers, key=places)),
        servers=tuple(sorted(material.servers, key=lambda s: (s.fqdn, s.label))),
        loose=tuple(sorted(material.loose, key=lambda found: found.held.source)),
        files=tuple(sorted(material.files, key=lambda file: file.source)),
    )


def _assembled(material: Material, ledger: Ledger) -> tuple[Assembly, Ledger]:
    peers = gather(material, ledger)
    version = find_version(peers, ledger)
    clusters = find_clusters(peers, ledger)
    placed: tuple[PlacedFile, ...] = ()
    deployment = None
    if peers and all(cluster.role is not None for cluster in clusters):
        placed = _fill(material, clusters, version, ledger)
        take_other_answers(ledger)
        if not ledger.questions:
            deployment = deployment_of(ledger)
            lack_folders(deployment.parties, placed, clusters, ledger)
    made = Assembly(
        deployment=deployment,
        facts=tuple(ledger.facts.values()),
        questions=tuple(ledger.questions.values()),
        contradictions=tuple(ledger.contradictions),
        missing=tuple(ledger.missing),
        left_out=tuple(ledger.left_out),
        placed=placed,
        files=material.files,
        secrets=sum(p.configuration.secrets for p in material.peers if p.configuration is not None),
        addresses={address: peer.fqdn for peer in peers for address in peer.addresses},
    )
    return made, ledger


def _fill(
    material: Material, found: Sequence[FoundCluster], version: ProductVersion, ledger: Ledger
) -> tuple[PlacedFile, ...]:
    """Note everything about clusters whose roles are known, and return the files of all machines."""
    zones = [zone for cluster in found for zone in raw_zones(cluster, ledger)]
    book = AddressBook(found, ledger)
    pairing = Pairing(found, zones, ledger)
    pairs = pairing.find(book)
    clusters = book.clusters = pairing.clusters
    links = [(pair.client.id, pair.server.id) for pair in pairs if pair.client_zone and pair.server_zone]
    links += [(pair.client.id, pair.server.id) for pair in pairs if not (pair.client.members and pair.server.members)]
    refuse_strangers(clusters, links, ledger)
    _note_name(clusters, ledger)
    note_domains(clusters, ledger)
    read_switches(clusters, version, ledger)
    ZoneWriter(version=version, book=book, ledger=ledger).write(pairs, zones, clusters)
    note_servers(clusters, ledger)
    note_accounts_and_rules(clusters, ledger)
    peers = [peer for cluster in clusters for peer in cluster.peers]
    nodes = [address for zone in zones if zone.is_automatic for address, _ in zone.addresses]
    servers = name_servers(material.servers, {*_machines(peers, ledger)} - {*nodes}, ledger)
    refuse_strange_servers((fqdn for kind, fqdn, _ in servers if kind != FOLDER), clusters, nodes, ledger)
    note_unified_communications(servers, zones, version, book, ledger)
    compare_clusters(clusters, ledger)
    domains = ledger.facts["domains/registration"].value
    note_domain_format(clusters, domains, ledger)
    _lack_unified_cm(zones, servers, clusters, ledger)
    note_unstated(clusters, ledger)
    return tuple(_placed(material, clusters, servers, version, ledger))


def _note_name(clusters: Sequence[FoundCluster], ledger: Ledger) -> None:
    edge = next((c for c in clusters if c.role is Role.EXPRESSWAY_E), clusters[0])
    name = label_of((edge.fqdn or edge.peers[0]).partition(".")[2], "imported")
    ledger.assume("name", name, "a name for the deployment file only")


def _lack_unified_cm(
    zones: Sequence[RawZone], servers: Sequence[NodeFiles], clusters: Sequence[FoundCluster], ledger: Ledger
) -> None:
    known = any(zone.is_automatic for zone in zones) or any(kind == "unified_cm" for kind, _, _ in servers)
    core = any(c.role is Role.EXPRESSWAY_C and c.members for c in clusters)
    if ledger.facts["mra"].value and core and not known:
        ledger.lack(
            "the Unified CM nodes behind Mobile and Remote Access",
            f"{pages.UNIFIED_CM}; then --answer unified_cm=FQDN,FQDN",
            key="unified_cm",
        )
    if ledger.facts["mra"].value and not any(kind == "im_presence" for kind, _, _ in servers):
        ledger.lack(
            "the IM and Presence nodes, if there are any",
            f"{pages.IM_PRESENCE}; then --answer im_presence=FQDN,FQDN",
            key="im_presence",
        )


def _placed(
    material: Material, clusters: Sequence[FoundCluster], servers: Sequence[NodeFiles], version: ProductVersion,
    ledger: Ledger,
) -> Iterator[PlacedFile]:  # fmt: skip
    """Yield the files of all machines: first those that a file names, then those that names decide."""
    members: list[Peer] = [member for cluster in clusters for member in cluster.members]
    peers = [peer for cluster in clusters for peer in cluster.peers]
    bare = Ledger({})  # what loose files bring is not missing
    placed = [file for member in members for file in place_peer(member, version, bare)]
    for kind, fqdn, server in servers:
        placed += place_folder(fqdn, server) if kind == FOLDER else place_node(kind, fqdn, server, ledger)
    loose = LooseFiles(_machines(peers, ledger), peers, ledger)
    for given in material.loose:
        placed += list(loose.place(given, placed))
    placed += loose.place_crls(material.held, checking=bool(ledger.facts["revocation/checking"].value))
    having = {file.path for file in placed}
    for missing, path in _lacking(members, version):
        if path not in having:
            ledger.missing.append(missing)
    ledger.left_out += bare.left_out
    yield from placed


def _lacking(members: Sequence[Peer], version: ProductVersion) -> Iterator[tuple[Missing, str]]:
    """Yield what each peer's own files lack, with the path that would fill the gap."""
    files = {"server certificate": "cert.pem", "trusted CA list": "trust.pem", "client certificate": "client.pem"}
    for member in members:
        bare = Ledger({})
        for _ in place_peer(member, version, bare):
            pass
        for missing in bare.missing:
            name = next(name for what, name in files.items() if what in missing.what)
            yield missing, f"{member.fqdn}/{name}"


def _machines(peers: Sequence[str], ledger: Ledger) -> tuple[str, ...]:
    """Return the names of all machines that the facts have."""
    found = list(peers)
    for key, fact in ledger.facts.items():
        if key.rpartition("/")[2] in {"nodes", "peer_addresses"}:
            found += [str(name) for name in fact.value if not is_ip_address(str(name))]
    return tuple(dict.fromkeys(found))
