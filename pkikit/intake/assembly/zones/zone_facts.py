"""The zones of the deployment file: traversal, neighbour, DNS and default zones, in an order that fits all dumps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pkikit.design.xconfiguration import settings_of
from pkikit.intake.assembly.peers.address_book import NOBODY, AddressBook
from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.peer_settings import fqdn_or_none, label_of
from pkikit.intake.assembly.read_switches import note_setting
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence
from pkikit.intake.assembly.zones.raw_zones import RawZone
from pkikit.intake.assembly.zones.traversal_pairs import TraversalPair, subject_of_zone
from pkikit.intake.assembly.zones.zone_halves import compare_halves, halves_of, verifying_half
from pkikit.intake.material import Stated
from pkikit.model.parties import Role
from pkikit.model.tables import product_pages as pages
from pkikit.model.version import ProductVersion
from pkikit.text import listed, printable
from pkikit.values.names import is_ip_address

_Part = TraversalPair | RawZone


@dataclass(frozen=True, kw_only=True)
class ZoneWriter:
    """Notes the facts of zones."""

    version: ProductVersion
    book: AddressBook
    ledger: Ledger
    assumed: set[str] = field(default_factory=set)  # addresses that are whose they are only by elimination

    def write(self, pairs: Sequence[TraversalPair], zones: Sequence[RawZone], clusters: Sequence[FoundCluster]) -> None:
        """Note all zones.

        Args:
            pairs: the traversal zones.
            zones: all zones of all dumps.
            clusters: the clusters by their final names.
        """
        paired = {id(half): pair for pair in pairs for half in (pair.client_zone, pair.server_zone) if half}
        lists = [
            [paired.get(id(z), z) for z in zones if z.cluster.id == c.id and (id(z) in paired or not _traversal(z))]
            for c in clusters
        ]
        lists.append([p for p in pairs if p.client_zone is None and p.server_zone is None])
        names = {cluster.id: cluster for cluster in clusters}
        taken: set[str] = set()
        for part in merge_orders(lists):
            if isinstance(part, TraversalPair):
                self._traversal(part, _unique(_name_of(part), taken))
            elif not part.is_automatic:
                self._single(part, names[part.cluster.id], taken)
        for cluster in clusters:
            self._default_zone(cluster, taken)

    def _traversal(self, pair: TraversalPair, label: str) -> None:
        ledger, key = self.ledger, f"zones/{label}"
        zone = pair.client_zone or pair.server_zone
        if zone is None:
            return
        if pair.client_zone is not None and not pair.client_zone.addresses:
            ledger.leave_out(
                f"zone {zone.name!r} of {zone.cluster.id}", "it has no peer address that can be used", zone.evidence
            )
            return
        ledger.read(f"{key}/name", label, *_named(zone))
        ledger.read(f"{key}/type", self._type(pair), *self._uc_places(pair))
        ledger.read(f"{key}/client", pair.client.name, zone.evidence)
        ledger.read(f"{key}/server", pair.server.name, zone.evidence)
        addresses = self._server_addresses(pair, label)
        places = [Evidence.of(s) for _, s in pair.client_zone.addresses] if pair.client_zone is not None else []
        if places:
            ledger.read(f"{key}/peer_addresses", tuple(addresses), *places)
        else:
            ledger.assume(
                f"{key}/peer_addresses", tuple(addresses), "all peers of Expressway-E; C's dump is missing", pages.ZONES
            )
        self._subject(pair, f"{key}/tls_verify_subject_name")
        compare_halves(pair, ledger, uc=self._type(pair) != "traversal")
        if self._type(pair) == "traversal":
            self._settings(verifying_half(pair, ledger), key, only="tls_verify")

    def _type(self, pair: TraversalPair) -> str:
        uc = any(zone.is_uc for zone in halves_of(pair))
        return "unified-communications-traversal" if uc else "traversal"

    def _uc_places(self, pair: TraversalPair) -> list[Evidence]:
        halves = halves_of(pair)
        stated = [zone.get("Collaboration Edge") for zone in halves]
        return [Evidence.of(s) for s in stated if s is not None] or [halves[0].evidence]

    def _server_addresses(self, pair: TraversalPair, label: str) -> list[str]:
        """Return the addresses that lead to peers of the Expressway-E, with the notes that they need."""
        edge, zone = pair.server, pair.client_zone
        if zone is None:
            return list(edge.peers)
        known = {a: found for a, s in zone.addresses if (found := self._peer_at(a, s, edge)) is not None}
        unknown = [(a, s) for a, s in zone.addresses if a not in known]
        left = [p for p in edge.peers if p not in known.values()]
        if len(unknown) == 1 and len(left) == 1 and edge.fqdn not in known:
            address, stated = unknown.pop()
            known[address] = left[0]
            self.assumed.add(address)
            one = f"{left[0]} is the only peer of {edge.id}"
            why = one if len(edge.peers) == 1 else f"the zone dials every other peer of {edge.id} by another address"
            self._list(edge, address, left[0], why, Evidence.of(stated), assumed=True)
        for address, stated in zone.addresses:
            if is_ip_address(address):
                self._tell_ip(
                    f"the traversal zone {zone.name!r} of {pair.client.id}", address, known.get(address), stated
                )
        keep = [a for a, _ in zone.addresses if known.get(a, NOBODY) != NOBODY]
        for address, stated in unknown:
            if not keep:
                where = f"The traversal zone {zone.name!r} of {pair.client.id}"
                self.book.ask_whose(address, where, edge.peers)
                continue
            kind = "addresses" if is_ip_address(address) else "aliases"
            self.ledger.contradict(
                "traversal-peer-unknown", f"the traversal zone {zone.name!r} of {pair.client.id} dials {address}, and no "
                f"peer of {edge.id} is known by it; there are {listed(list(edge.peers))}", Evidence.of(stated),
                used=f"the import leaves the address out; --answer {kind}/{address}=FQDN of the peer says whose it is",
                fix=f"{pages.ZONES} on Expressway-C: enter the FQDNs of the peers of Expressway-E.", machines=pair.client.peers,
            )  # fmt: skip
        return keep

    def _peer_at(self, address: str, stated: Stated, edge: FoundCluster) -> str | None:
        if is_ip_address(address):
            whose = self.book.whose(address)
            if whose not in edge.peers:
                return None
            self._list(edge, address, whose, "an address of that peer", Evidence.of(stated))
            return whose
        direct = edge.whose(address)
        if direct is not None:
            return direct
        answered = self.book.answered_alias(edge, address)
        if answered is not None:
            if answered != NOBODY:
                self._list(edge, address, answered, "an answer says so", assumed=True)
            return answered
        given = self._given_alias(edge, address)
        if given is not None:
            return given
        found = self.book.by_certificate(edge, address)
        if found is not None:
            why = f"the name is in the certificate of {found[0]}"
            self._list(edge, address, found[0], why, Evidence.of(stated), found[1])
            return found[0]
        return None

    def _given_alias(self, edge: FoundCluster, address: str) -> str | None:
        """Return the peer that an answer lists the address for: `clusters/edge/aliases/e1.example.com`."""
        texts = ((p, self.ledger.answer(f"{edge.prefix}/aliases/{p}") or "") for p in edge.peers)
        peer = next((p for p, text in texts if address in [word.strip().lower() for word in text.split(",")]), None)
        if peer is not None:
            self.book.alias(edge, peer, address, "an answer says so", assumed=True)
        return peer

    def _list(
        self, edge: FoundCluster, address: str, peer: str, why: str, *places: Evidence, assumed: bool = False
    ) -> None:
        if is_ip_address(address):
            self.book.list_address(address, peer, why, *places, assumed=assumed)
        else:
            self.book.alias(edge, peer, address, why, *places, assumed=assumed)

    def _tell_ip(self, where: str, address: str, whose: str | None, stated: Stated) -> None:
        surely = "which can only be" if address in self.assumed else "which is"
        self.ledger.contradict(
            "address-is-ip", f"{where} dials the IP address {address}" + (f", {surely} {whose}" if whose else ""),
            Evidence.of(stated), machines=(whose,) if whose else (),
            used="the lab dials the address too, so you can rehearse what fails" if whose else "the import leaves it out",
            fix=f"{pages.ZONES}: enter the FQDN. A certificate has names, so a connection to an address cannot be verified.",
        )  # fmt: skip

    def _subject(self, pair: TraversalPair, key: str) -> None:
        stated = subject_of_zone(pair.server_zone) if pair.server_zone is not None else None
        if stated is None:
            why = "E's dump does not have it: E then expects the cluster name of Expressway-C, or its only peer (ours)"
            self.ledger.assume(key, None, why, f"{pages.ZONES} on Expressway-E: TLS verify subject name")
            return
        name = fqdn_or_none(stated.value)
        if name is None:
            where = f"zone {pair.server_zone.name!r} of {pair.server.id}" if pair.server_zone is not None else ""
            self._tell_unreadable(key, stated.value, where, pair.server.peers, Evidence.of(stated))
            return
        self.ledger.read(key, name, Evidence.of(stated))
        if name not in (pair.client.fqdn, *pair.client.peers):
            self.ledger.contradict(
                "subject-name-unknown", f"{pair.server.id} looks for {name} in the certificates of {pair.client.id}, and "
                f"neither the cluster nor a peer has that name", Evidence.of(stated), used="the lab looks for it too",
                fix=f"{pages.ZONES} on Expressway-E: enter {pair.client.fqdn or pair.client.peers[0]} as TLS verify subject "
                "name.",
                machines=(*pair.server.peers, *pair.client.peers),
            )  # fmt: skip

    def _single(self, zone: RawZone, cluster: FoundCluster, taken: set[str]) -> None:
        ledger = self.ledger
        addresses = [a for a, s in zone.addresses if self._is_usable(zone, a, s)]
        if zone.kind == "Neighbor" and not addresses:
            ledger.leave_out(
                f"zone {zone.name!r} of {zone.cluster.id}", "it has no peer address that can be used", zone.evidence
            )
            return
        label = _unique(label_of(zone.name, "zone"), taken)
        key = f"zones/{label}"
        ledger.read(f"{key}/name", label, *_named(zone))
        ledger.read(f"{key}/type", "neighbour" if zone.kind == "Neighbor" else "dns", zone.evidence)
        ledger.read(f"{key}/cluster", cluster.name, zone.evidence)
        if zone.kind == "Neighbor":
            ledger.read(f"{key}/peer_addresses", tuple(addresses), *(Evidence.of(s) for _, s in zone.addresses))
        self._settings(zone, key)

    def _tell_unreadable(self, key: str, text: str, where: str, peers: tuple[str, ...], place: Evidence) -> None:
        """Note a name that no certificate can have, and let the zone look for one that none has either."""
        instead = f"{re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')[:50].strip('-') or 'no-name'}.invalid"
        self.ledger.contradict(
            "subject-name-unreadable", f"the TLS verify subject name {printable(text, 60)!r} of {where} is not an FQDN, so no "
            "certificate can have it", place, used=f"the lab looks for {instead}, which no certificate has either",
            fix=f"{pages.ZONES}: enter the FQDN of the other side as TLS verify subject name.", machines=peers,
        )  # fmt: skip
        self.ledger.assume(
            key, instead, f"the dump says {printable(text, 60)!r}, which is not an FQDN", pages.ZONES, place
        )

    def _is_usable(self, zone: RawZone, address: str, stated: Stated) -> bool:
        """Return True for an address that the deployment file can have; note what is wrong with the others."""
        where = f"the neighbour zone {zone.name!r} of {zone.cluster.id}"
        if is_ip_address(address):
            whose = self.book.whose(address)
            self._tell_ip(where, address, whose, stated)
            if whose is None:
                self.ledger.lack(f"the name of the neighbour at {address}", f"--answer addresses/{address}=FQDN",
                                 key=f"addresses/{address}")  # fmt: skip
                return False
            self.book.list_address(address, whose, "an address of that machine", Evidence.of(stated))
            return whose not in zone.cluster.peers
        if fqdn_or_none(address) is None or address in zone.cluster.peers:
            why = "is not fully qualified" if fqdn_or_none(address) is None else "is a peer of the cluster itself"
            self.ledger.contradict("address-unreadable", f"{where} dials {address}, which {why}", Evidence.of(stated),
                                   used="the import leaves the address out", machines=zone.cluster.peers)  # fmt: skip
            return False
        return True

    def _settings(self, zone: RawZone, key: str, only: str = "") -> None:
        role = zone.cluster.role or Role.EXPRESSWAY_E
        found: dict[str, Any] = {}
        for setting in settings_of(self.version, role):
            name = setting.modelled_by.rpartition("/")[2]
            if setting.key.startswith(f"Zones Zone [n] {zone.kind} ") and setting.modelled_by and only in {"", name}:
                words = setting.key.replace("[n]", str(zone.number))
                found[name] = note_setting(self.ledger, f"{key}/{name}", zone.cluster, setting, words, self.version)
        subject = found.get("tls_verify_subject_name")
        if subject is not None and fqdn_or_none(subject) is None:
            where = f"zone {zone.name!r} of {zone.cluster.id}"
            key_of_name = f"{key}/tls_verify_subject_name"
            self._tell_unreadable(key_of_name, str(subject), where, zone.cluster.peers, zone.evidence)
            subject = str(self.ledger.facts[key_of_name].value)
        if found.get("inbound_mapping") and subject is None:
            self.ledger.contradict("mapping-without-name", f"zone {zone.name!r} maps inbound calls by name, and has no name",
                                   zone.evidence, used="the import leaves the mapping out")  # fmt: skip
            del self.ledger.facts[f"{key}/inbound_mapping"]

    def _default_zone(self, cluster: FoundCluster, taken: set[str]) -> None:
        """Note the default zone: on Expressway-E, where strangers call, and elsewhere only if it asks for certificates."""
        if not cluster.members or cluster.role is None:
            return
        setting = next(s for s in settings_of(self.version, cluster.role) if s.key.startswith("Zones DefaultZone"))
        stated = cluster.reference.settings.text(setting.key)
        if stated is None or (cluster.role is not Role.EXPRESSWAY_E and stated.value.strip().lower() != "on"):
            return
        label = _unique("default", taken)
        self.ledger.read(f"zones/{label}/name", label, Evidence.of(stated))
        self.ledger.read(f"zones/{label}/type", "default", Evidence.of(stated))
        self.ledger.read(f"zones/{label}/cluster", cluster.name, Evidence.of(stated))
        note_setting(self.ledger, f"zones/{label}/mutual_tls", cluster, setting, setting.key, self.version)


def _traversal(zone: RawZone) -> bool:
    return zone.kind.startswith("Traversal")


def _name_of(pair: TraversalPair) -> str:
    zone = pair.client_zone or pair.server_zone
    return label_of(zone.name, "traversal") if zone is not None else "traversal"


def _named(zone: RawZone) -> list[Evidence]:
    stated = zone.cluster.reference.settings.text(f"{zone.words} Name")
    return [Evidence.of(stated)] if stated is not None else [zone.evidence]


def _unique(label: str, taken: set[str]) -> str:
    made, number = label, 1
    while made in taken:
        number += 1
        made = f"{label[:55]}-{number}"
    taken.add(made)
    return made


def merge_orders(lists: Sequence[Sequence[_Part]]) -> list[_Part]:
    """Return each part once, in an order that fits all lists, as far as they agree."""
    after: dict[int, set[int]] = {}
    parts: dict[int, _Part] = {}
    for ordered in lists:
        before: set[int] = set()
        for part in ordered:
            parts[id(part)] = part
            after.setdefault(id(part), set()).update(before)
            before.add(id(part))
    found: list[_Part] = []
    while parts:
        free = next((key for key in parts if not after[key] & parts.keys()), next(iter(parts)))
        found.append(parts.pop(free))
    return found
