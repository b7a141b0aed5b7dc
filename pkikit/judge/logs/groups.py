"""Group failures by connection: who dialled whom on which port, how often, since when, and which matters most."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pkikit.judge.logs.failures import Connection, LogOutcome
from pkikit.judge.logs.records import Record
from pkikit.judge.phrases import Whose, Writer
from pkikit.model.tables import ports
from pkikit.rules.catalogue import rule_of
from pkikit.rules.certificate_rules import CLIENT_AUTH_MISSING, SERVER_AUTH_MISSING
from pkikit.rules.connection_rules import CONNECTION_CUT, CREDENTIALS, HANDSHAKE, REFUSED, UNEXPLAINED, UNREACHABLE
from pkikit.rules.name_rules import IP_ADDRESS_USED, REFERENCE
from pkikit.rules.rule import Step

MAX_ENTRIES = 10_000
OTHERS = "other addresses"  # the address of scanners beyond the limit
_PRIVATE = tuple(
    ipaddress.ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
              "fc00::/7", "fe80::/10", "::1/128")
)  # fmt: skip
# How the attempts of scanners end.
_SCANNER_AREAS = frozenset({"tls", "net"})


@dataclass(frozen=True, kw_only=True)
class Key:
    """The properties that put failures into one entry.

    template: the text of an unexplained failure, with its numbers folded; empty for every other rule.
    """

    connection: Connection
    host: str  # only where the connection is unknown: then only the host that writes is known
    rule: str
    whose: Whose
    writer: Writer
    template: str = ""


@dataclass(kw_only=True)
class Entry:
    """Failures of one kind on one connection. first, last: times as the log writes them; line: where the first one is."""

    key: Key
    outcome: LogOutcome
    line: str
    count: int = 0
    first: str = ""
    last: str = ""
    hosts: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    _seen: dict[str, None] = field(default_factory=dict)

    def add(self, outcome: LogOutcome, record: Record) -> None:
        """Count one more failure; several lines about one connection count once."""
        self.first, self.last = self.first or record.time, record.time or self.last
        if record.host and len(self.hosts) < 4:
            self.hosts.add(record.host)
        if outcome.name and len(self.names) < 4:
            self.names.add(outcome.name.replace(" ", ""))
        if outcome.ephemeral and outcome.ephemeral in self._seen:
            return
        self.count += 1
        if outcome.ephemeral:
            self._seen[outcome.ephemeral] = None
            if len(self._seen) > 16:
                del self._seen[next(iter(self._seen))]

    @property
    def rule(self) -> str:
        """The rule that these failures break."""
        return self.key.rule

    @property
    def owner(self) -> Writer:
        """The end whose certificate was refused; unknown when the log does not say."""
        if self.key.whose is Whose.NEITHER or self.key.writer is Writer.UNKNOWN:
            return Writer.UNKNOWN
        other = {Writer.CLIENT: Writer.SERVER, Writer.SERVER: Writer.CLIENT}
        return self.key.writer if self.key.whose is Whose.OURS else other[self.key.writer]


@dataclass(kw_only=True)
class Collected:
    """The result for a whole log."""

    entries: list[Entry]
    successes: int
    overflow: int
    names: dict[str, str]  # address → host name that the log's own lines give it


class Collector:
    """Collects what records report; memory stays bounded, whatever the log."""

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}
        self._successes = self._overflow = 0
        self._local: dict[str, str] = {}
        self._tool = Writer.UNKNOWN

    def add(self, outcome: LogOutcome, record: Record, line: str) -> None:
        """Add what one record reports; `line` is its place, for people."""
        if outcome.success:
            self._successes += 1
            return
        self._learn(outcome, record)
        key = Key(
            connection=outcome.connection,
            host="" if outcome.connection.known else record.host,
            rule=outcome.rule,
            whose=outcome.whose,
            writer=outcome.writer,
            template=_template(outcome.seen) if outcome.rule == UNEXPLAINED.id else "",
        )
        entry = self._entries.get(key) or self._new(Entry(key=key, outcome=outcome, line=line))
        if entry is not None:
            entry.add(outcome, record)

    def _new(self, entry: Entry) -> Entry | None:
        """Add an entry. Strangers beyond the limit share one, so that a peer that fails late still has a place."""
        if len(self._entries) >= MAX_ENTRIES:
            if is_scanner(entry):
                connection = replace(entry.key.connection, client=OTHERS)
                entry.key = replace(entry.key, connection=connection)
            elif len(self._entries) >= 2 * MAX_ENTRIES:
                self._overflow += 1
                return None
        return self._entries.setdefault(entry.key, entry)

    def tool(self, writer: Writer) -> None:
        """Record which end the tool is, as its printed text shows."""
        self._tool = writer

    def _learn(self, outcome: LogOutcome, record: Record) -> None:
        ends = {Writer.SERVER: outcome.connection.server, Writer.CLIENT: outcome.connection.client}
        address = ends.get(outcome.writer, "")
        if outcome.structured and address and len(self._local) < 1000:
            self._local.setdefault(address, record.host)

    def result(self) -> Collected:
        """Return the entries: directions found, one entry per cause and connection, vague ones dropped."""
        found = [self._add_direction(entry) for entry in self._entries.values()]
        merged = _drop_vague(_merge(found))
        return Collected(entries=merged, successes=self._successes, overflow=self._overflow, names=self.names)

    @property
    def names(self) -> dict[str, str]:
        """Addresses with the host names that the lines give them."""
        return {address: host for address, host in self._local.items() if host}

    def learn(self, outcome: LogOutcome, record: Record) -> None:
        """Take the name of the writer's address, without counting the outcome."""
        self._learn(outcome, record)

    def _add_direction(self, entry: Entry) -> Entry:
        """Return the entry with the writer's end if other lines show it; a wrong purpose becomes the rule of that end."""
        key, connection = entry.key, entry.key.connection
        writer = key.writer
        if writer is Writer.UNKNOWN and entry.outcome.structured:
            if connection.server in self._local and connection.client not in self._local:
                writer = Writer.SERVER
            elif connection.client in self._local and connection.server not in self._local:
                writer = Writer.CLIENT
        elif writer is Writer.UNKNOWN:
            writer = self._tool
        entry.key = replace(key, writer=writer, template="")
        rule = entry.key.rule
        if entry.outcome.purpose and entry.owner is not Writer.UNKNOWN:
            rule = SERVER_AUTH_MISSING.id if entry.owner is Writer.SERVER else CLIENT_AUTH_MISSING.id
        if rule == REFERENCE.id and any(map(_is_address, entry.names)):
            rule = IP_ADDRESS_USED.id
        entry.key = replace(entry.key, rule=rule)
        return entry


def _template(text: str) -> str:
    """Fold the numbers of a text, so that lines that differ only in numbers become one."""
    return re.sub(r"\d+", "#", text[:300])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _merge(entries: Iterable[Entry]) -> list[Entry]:
    """Merge entries by cause and connection: both machines' logs, and lines without a direction, report the same."""
    by_place: dict[tuple[Connection, str, str, str], list[Entry]] = {}
    for entry in entries:
        text = _template(entry.outcome.seen) if entry.rule == UNEXPLAINED.id else ""
        by_place.setdefault((entry.key.connection, entry.key.host, entry.rule, text), []).append(entry)
    merged: list[Entry] = []
    for several in by_place.values():
        several.sort(key=lambda e: (e.owner is Writer.UNKNOWN, not e.outcome.structured))
        kept: list[Entry] = []
        for entry in several:
            same = next((k for k in kept if entry.owner in {Writer.UNKNOWN, k.owner}), None)
            if same is None:
                kept.append(entry)
            else:
                _absorb(same, entry)
        merged += kept
    return merged


def _absorb(kept: Entry, other: Entry) -> None:
    kept.count = max(kept.count, other.count) if kept.key.connection.known else kept.count + other.count
    kept.first = min(filter(None, (kept.first, other.first)), default="")
    kept.last = max(filter(None, (kept.last, other.last)), default="")
    kept.hosts |= other.hosts
    kept.names |= other.names
    if kept.outcome.vague and not other.outcome.vague:
        kept.outcome, kept.line = other.outcome, other.line


_SUMMARIES = frozenset((HANDSHAKE.id, UNREACHABLE.id))


def _is_symptom(entry: Entry) -> bool:
    return rule_of(entry.rule).step is Step.SYMPTOM


def _drop_vague(entries: list[Entry]) -> list[Entry]:
    """Drop summaries if the same connection, or the whole of a printed text, has an exact reason."""
    reasons = [e for e in entries if not e.outcome.vague and not _is_symptom(e)]
    exact = {e.key.connection for e in reasons if e.key.connection.known}
    printed = any(not e.outcome.structured for e in reasons)
    # "The handshake failed" and "no contact" say less than "the connection was cut", though that is only a symptom, too.
    cut = any(
        e.rule in {CONNECTION_CUT.id, HANDSHAKE.id} and not e.outcome.vague and not e.outcome.structured
        for e in entries
    )

    def is_explained(entry: Entry) -> bool:
        if entry.key.connection in exact:
            return True
        return entry.outcome.vague and not entry.outcome.structured and (printed or (cut and entry.rule in _SUMMARIES))

    return [e for e in entries if not ((e.outcome.vague or e.rule == UNEXPLAINED.id) and is_explained(e))]


def is_scanner(entry: Entry) -> bool:
    """True for traces of strangers on the Internet: dialled from outside, and over before any certificate mattered."""
    connection = entry.key.connection
    if not connection.client or entry.key.writer is Writer.CLIENT or _is_private(connection.client):
        return False
    if entry.rule == CREDENTIALS.id:
        # The event does not give the port; peers ask with OPTIONS, strangers with REGISTER.
        return entry.outcome.method.upper() != "OPTIONS"
    if connection.port not in ports.SCANNED or entry.rule == REFUSED.id:
        return False
    return entry.rule == UNEXPLAINED.id or rule_of(entry.rule).area in _SCANNER_AREAS


def _is_private(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed.version == network.version and parsed in network for network in _PRIVATE)


def tier(entry: Entry) -> int:
    """0: configured peers, alarms of the product; 1: certificates of strangers, entries without a place, noise; 2: scanners.

    Noise: callers on a port that scanners try, whose connections ended before any certificate mattered. In a private network
    such a caller may be a configured machine, so it is no scanner, and yet it comes after every failed certificate.
    """
    connection = entry.key.connection
    if is_scanner(entry):
        return 2
    if not entry.outcome.structured or not connection.known:
        return 0 if entry.outcome.alarm else 1
    inbound = bool(connection.client) and entry.key.writer is not Writer.CLIENT
    outside = inbound and not _is_private(connection.client)
    in_scanner_area = rule_of(entry.rule).area in _SCANNER_AREAS and entry.rule != REFUSED.id
    if inbound and in_scanner_area and connection.port in ports.SCANNED:
        return 1
    if outside and (connection.port in ports.SCANNED or (in_scanner_area and entry.count < 2)):
        return 1
    return 0


def rank_entries(entries: Iterable[Entry]) -> list[Entry]:
    """Sort the entries; fix the first one first.

    Configured peers come before strangers, reasons before symptoms, what fails repeatedly before what failed once; then
    the order in which causes have to be fixed counts.
    """
    listed = list(entries)
    most: Counter[int] = Counter()
    for entry in listed:
        if entry.key.connection.known:
            most[tier(entry)] = max(most[tier(entry)], entry.count)

    def place(entry: Entry) -> tuple[int, bool, bool, tuple[Step, int], int]:
        level = tier(entry)
        often = not entry.key.connection.known or entry.count * 10 >= most[level]
        often = often and (entry.count > 1 or most[level] < 2 or not entry.key.connection.known)
        return level, _is_symptom(entry) or entry.outcome.vague, not often, rule_of(entry.rule).rank, -entry.count

    return sorted(listed, key=place)
