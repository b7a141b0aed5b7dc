"""The zones of a dump as they are configured, before anybody decides what they mean for the deployment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pkikit.intake.assembly.peers.found_clusters import FoundCluster
from pkikit.intake.assembly.peers.peer_settings import name_or_ip
from pkikit.intake.assembly.record.ledger import Ledger
from pkikit.intake.assembly.record.notes import Evidence
from pkikit.intake.material import Stated
from pkikit.model.deployment_file.fields import MAX_PEERS
from pkikit.model.tables import product_pages as pages
from pkikit.text import printable

KINDS = {
    "traversalclient": "TraversalClient",
    "traversalserver": "TraversalServer",
    "neighbor": "Neighbor",
    "neighbour": "Neighbor",
    "dns": "DNS",
}
AUTOMATIC = ("cetls-", "cetcp-", "ceoauth")


@dataclass(frozen=True, kw_only=True)
class RawZone:
    """One zone of one cluster.

    Attributes:
        cluster: whose.
        number: its index in the dump.
        kind: its type, in the spelling of the product.
        name: what it is called on the product.
        addresses: (address in its one spelling, where it stands).
        type_place: where its type stands.
    """

    cluster: FoundCluster
    number: int
    kind: str
    name: str
    addresses: tuple[tuple[str, Stated], ...]
    type_place: Stated

    @property
    def words(self) -> str:
        """The beginning of its settings: `Zones Zone 4`."""
        return f"Zones Zone {self.number}"

    def get(self, key: str) -> Stated | None:
        """Return a setting of its type that is not empty: `SIP Port`."""
        return self.cluster.reference.settings.text(f"{self.words} {self.kind} {key}")

    def word(self, key: str) -> str:
        """Return a value of a setting of its type, in lower case; empty if the dump does not have it."""
        return self.cluster.reference.settings.word(f"{self.words} {self.kind} {key}")

    @property
    def is_automatic(self) -> bool:
        """True for a zone that Expressway-C made for a Unified CM node."""
        return self.kind == "Neighbor" and self.name.lower().startswith(AUTOMATIC)

    @property
    def is_uc(self) -> bool:
        """True for Unified Communications traversal."""
        return self.word("Collaboration Edge") == "on"

    @property
    def port(self) -> int:
        """The SIP port; 0 if the dump does not say."""
        word = self.word("SIP Port")
        return int(word) if word.isascii() and word.isdecimal() and len(word) < 6 else 0

    @property
    def evidence(self) -> Evidence:
        """Where its type stands."""
        return Evidence.of(self.type_place)


def raw_zones(cluster: FoundCluster, ledger: Ledger) -> Iterator[RawZone]:
    """Yield the zones of a cluster that use TLS; note the others.

    Args:
        cluster: a cluster with at least one dump.
        ledger: takes what is left out.

    Yields:
        The zones, in the order of their indexes.
    """
    settings = cluster.reference.settings
    for number in settings.numbers("Zones Zone"):
        type_place = settings.text(f"Zones Zone {number} Type")
        named = settings.text(f"Zones Zone {number} Name")
        if type_place is None:
            _tell_typeless(cluster, number, named, ledger)
            continue
        kind = KINDS.get(type_place.value.strip().lower(), "")
        name = printable(named.value, 60) if named is not None else f"zone {number}"
        if not kind:
            ledger.leave_out(f"zone {name!r} of {cluster.id}",
                             f"a zone of type {printable(type_place.value, 40)} opens no TLS connection by itself",
                             Evidence.of(type_place))  # fmt: skip
            continue
        zone = RawZone(
            cluster=cluster, number=number, kind=kind, name=name, type_place=type_place,
            addresses=tuple(_addresses(cluster, f"Zones Zone {number} {kind} Peer", name, ledger)),
        )  # fmt: skip
        why = _not_tls(zone)
        if why and not zone.is_automatic:
            ledger.leave_out(f"zone {name!r} of {cluster.id}", why, zone.evidence)
            continue
        yield zone


def _tell_typeless(cluster: FoundCluster, number: int, named: Stated | None, ledger: Ledger) -> None:
    """Note a zone that has settings and no type: a dump lists the type last, so the rest of the dump is lost."""
    words = ("zones", "zone", str(number))
    first = next((s for key, s in cluster.reference.settings.items() if key[:3] == words and s.value.strip()), None)
    if first is None:
        return
    name = printable(named.value, 60) if named is not None else f"zone {number}"
    ledger.contradict(
        "zone-without-type", f"zone {name!r} of {cluster.id} has settings and no type: the dump is cut off or was edited",
        Evidence.of(named or first), used="the import leaves the zone out", machines=cluster.peers,
        fix="Collect the archive again, or the whole output of xConfiguration.",
    )  # fmt: skip


def _addresses(cluster: FoundCluster, prefix: str, zone: str, ledger: Ledger) -> Iterator[tuple[str, Stated]]:
    seen = set()
    for stated in list(cluster.reference.settings.listed(prefix, "Address"))[:MAX_PEERS]:
        address = name_or_ip(stated.value)
        if address is None:
            ledger.contradict(
                "address-unreadable", f"zone {zone!r} of {cluster.id} dials {printable(stated.value, 60)!r}, which is "
                "neither a name nor an IP address", Evidence.of(stated), used="the import leaves this address out",
                machines=cluster.peers, fix=f"{pages.ZONES}: correct the peer address.",
            )  # fmt: skip
        elif address not in seen:
            seen.add(address)
            yield address, stated


def _not_tls(zone: RawZone) -> str:
    """Return why a zone is not about certificates; empty if it is."""
    transport = zone.word("SIP Transport")
    if transport in {"tcp", "udp"}:
        return f"its SIP transport is {transport.upper()}, so it shows no certificate"
    if zone.cluster.reference.settings.word(f"{zone.words} SIP Mode") == "off":
        return "SIP is off in this zone"
    return ""
