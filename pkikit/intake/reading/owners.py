"""Whose a file is: by the host in its name, by its archive, by its folder, and by what the configurations state."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pkikit.intake.material import (
    HeldCertificates,
    Key,
    LooseCertificates,
    Material,
    PeerMaterial,
    ServerMaterial,
    Stated,
)
from pkikit.intake.reading.basket import Basket, Item
from pkikit.intake.reading.brought_certificates import loose_kind
from pkikit.intake.reading.file_names import Part
from pkikit.model.revocation import NOTHING_HELD, RevocationData

_FQDN = re.compile(r"^(?=.{3,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", re.IGNORECASE)
_OWNED = frozenset({Part.TRUSTED, Part.SERVER, Part.CLIENT, Part.REVOCATION})
Group = tuple[str, str]  # root and host, or root and folder of a party


def sorted_by_owner(basket: Basket) -> Material:
    """Find out whose each file is.

    Args:
        basket: what was read, file by file.

    Returns:
        Everything that was read, by machine.
    """
    names = _Names(basket.items)
    groups: dict[Group, list[Item]] = defaultdict(list)
    parties: dict[Group, list[Item]] = defaultdict(list)
    loose: list[Item] = []
    for item in basket.items:
        place = item.place
        host, folder = names.host_of(item), place.folder.rstrip("/").rpartition("/")[2]
        if host:
            groups[place.root, host].append(item)
        elif item.held is None and item.lists == NOTHING_HELD:
            groups[place.root, f"/{place.folder}"].append(item)
        elif place.name.part in _OWNED and _FQDN.match(folder):
            parties[place.root, place.folder].append(item)
        else:
            loose.append(item)
    peers: list[PeerMaterial] = []
    servers = list(basket.servers)
    for items in groups.values():
        items[:] = _without_cut_texts(items, basket)
    for (_, host), items in groups.items():
        if _is_somebody(host, items, names):
            peers += _peers("" if host.startswith("/") else host, items)
        else:
            loose += items
    for (_, folder), items in parties.items():
        name = folder.rstrip("/").rpartition("/")[2]
        if names.is_peer(name) or any(i.place.name.part is Part.CLIENT for i in items):
            peers += (replace(peer, label=name) for peer in _peers(name.lower(), items))
        else:
            servers.append(_server(name, items))
    held = [item for item in loose if item.held is not None]
    return Material(
        peers=tuple(peers),
        servers=tuple(servers),
        loose=tuple(_loose(item, item.held) for item in held if item.held is not None),
        files=tuple(basket.files),
        held=_merged(item.lists for item in loose),
    )


class _Names:
    """The host names that configurations state, and what the hosts in names of files mean."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._stated: dict[str, set[str]] = defaultdict(set)
        self._hosts: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.fqdns: set[str] = set()
        for item in items:
            place = item.place
            if item.host:
                self._stated[place.root].add(item.host)
                if place.name.host:
                    self._stated[place.root].add(f"{item.host}={place.name.host}")
            if item.configuration is not None:
                self.fqdns |= set(_names_stated(item))
        self.hosts = {name for stated in self._stated.values() for name in stated if "=" not in name}
        self._items = items
        for item in items:
            if host := self._own_host(item):
                self._hosts[item.place.root, item.place.folder].add(host)

    def host_of(self, item: Item) -> str:
        """Return the host that an item belongs to; "" if nothing says."""
        if host := self._own_host(item):
            return host
        hosts = self._hosts[item.place.root, item.place.folder]
        joins = item.held is None or item.place.name.part in _OWNED or item.place.in_archive
        plain = item.place.name.part is not Part.NEITHER or item.held is None
        return next(iter(hosts)) if len(hosts) == 1 and joins and plain else ""

    def is_peer(self, name: str) -> bool:
        """Return True for the name of a machine that a configuration calls a peer of an Expressway cluster."""
        return name.lower() in self.fqdns or name.lower() in self.hosts

    def _own_host(self, item: Item) -> str:
        if item.host:
            return item.host
        written = item.place.name.host
        stated = self._stated[item.place.root]
        for name in sorted(stated) if written else ():
            host, _, alias = name.partition("=")
            if written in {host, alias} or written.partition(".")[0] == host:
                return host
        return written


def _names_stated(item: Item) -> Iterator[str]:
    assert item.configuration is not None  # the caller asks only for configurations
    settings = item.configuration.settings
    host, domain = (settings.get(("IP", "DNS", *rest)) for rest in (("Hostname",), ("Domain", "Name")))
    if host is not None and domain is not None:
        yield f"{host.value}.{domain.value}".lower()
    yield from (v.value.lower() for k, v in settings.items() if k[:2] == ("Alternates", "Peer") and v.value)


def _is_somebody(host: str, items: Sequence[Item], names: _Names) -> bool:
    """Return False for certificates whose names only look as if they named a host, as `ca_bundle.pem` does."""
    return any(
        item.configuration or item.status or item.log or item.capture or item.place.name.stamp or item.place.in_archive
        for item in items
    ) or names.is_peer(host)


def _without_cut_texts(items: Sequence[Item], basket: Basket) -> list[Item]:
    """Return the items without a text of settings that ends before its own XML does: the XML counts, and the import says so."""
    whole = {
        item.place.name.stamp: item.configuration.settings
        for item in items
        if item.from_xml and item.configuration is not None
    }
    kept: list[Item] = []
    for item in items:
        xml = whole.get(item.place.name.stamp, {})
        if item.from_xml or item.configuration is None or _has_all(item.configuration.settings, xml):
            kept.append(item)
        else:
            basket.note(
                item.place.source, "configuration", "is cut off: the XML of the same dump has more, and is used instead"
            )
    return kept


def _has_all(text: Mapping[Key, Stated], xml: Mapping[Key, Stated]) -> bool:
    return all(key in text for key, stated in xml.items() if stated.value.strip())


def _peers(host: str, items: Sequence[Item]) -> Iterator[PeerMaterial]:
    """Yield what is known about one host: more than one value if there are files of the same kind from several times."""
    for collected in _by_time(items):
        made = PeerMaterial(label=collected[0].place.label, host=host)
        lists: list[RevocationData] = []
        # A text has the lines that people look at; the XML of the same dump only says it again.
        for item in sorted(collected, key=lambda i: i.from_xml):
            lists.append(item.lists)
            made = _with(made, item)
        yield replace(made, held=_merged(lists))


def _with(made: PeerMaterial, item: Item) -> PeerMaterial:
    source = item.place.source
    if item.log:
        return replace(made, logs=(*made.logs, source))
    if item.capture:
        return replace(made, captures=(*made.captures, source))
    made = replace(made, configuration=made.configuration or item.configuration, status=made.status or item.status)
    match item.place.name.part:
        case Part.TRUSTED if not item.place.name.service:
            return replace(made, trusted=made.trusted or item.held)
        case Part.CLIENT:
            return replace(made, client=made.client or item.held)
        case Part.SERVER:
            return replace(made, server=made.server or item.held)
        case _:
            return made


def _slot(item: Item) -> str:
    if item.log or item.capture:
        return ""
    if item.configuration is not None or item.status is not None:
        return f"{item.configuration is not None} {item.from_xml}"
    return f"{item.place.name.part} {item.place.name.service}" if item.held is not None else ""


def _by_time(items: Sequence[Item]) -> list[list[Item]]:
    """Split files of one host that were collected at different times: a second file of a kind begins a new collection."""
    made: list[list[Item]] = [[]]
    slots: set[str] = set()
    for item in sorted(items, key=lambda i: i.place.name.stamp):
        slot = _slot(item)
        if slot and slot in slots:
            made.append([])
            slots = set()
        made[-1].append(item)
        slots |= {slot} - {""}
    return made


def _server(name: str, items: Sequence[Item]) -> ServerMaterial:
    own: dict[str, HeldCertificates] = {}
    trusted: dict[str, HeldCertificates] = {}
    for item in items:
        if item.held is not None and item.place.name.part is Part.SERVER:
            own.setdefault("", item.held)
        elif item.held is not None and item.place.name.part is Part.TRUSTED:
            trusted.setdefault(item.place.name.service, item.held)
    return ServerMaterial(label=name, fqdn=name.lower(), own=own, trusted=trusted)


def _loose(item: Item, held: HeldCertificates) -> LooseCertificates:
    return LooseCertificates(kind=loose_kind(held, item.place.source.member or item.place.source.file), held=held)


def _merged(lists: Iterable[RevocationData]) -> RevocationData:
    made = NOTHING_HELD
    for data in lists:
        made = made.merge(data)
    return made
