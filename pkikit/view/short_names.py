"""How people write a connection: `c1 → e1 (UC traversal)`, with a legend for the short names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind

# What a connection carries. A group that tells people something is added: the zone, the domain, the phone.
_WORDS = {
    LegKind.CLUSTER: "cluster",
    LegKind.ZONE: "{} zone",
    LegKind.TUNNEL: "SSH tunnel",
    LegKind.UNIFIED_CM_SIP: "Unified CM SIP",
    LegKind.UNIFIED_CM_HTTPS: "Unified CM HTTPS",
    LegKind.UNIFIED_CM_TFTP: "Unified CM TFTP {port}",
    LegKind.UNIFIED_CM_OAUTH: "Unified CM OAuth",
    LegKind.PHONE: "phone",
    LegKind.IM_PRESENCE_HTTPS: "IM&P HTTPS",
    LegKind.IM_PRESENCE_XMPP: "IM&P XMPP",
    LegKind.IM_PRESENCE_FILES: "IM&P files",
    LegKind.UNITY_CONNECTION: "voicemail",
    LegKind.MESSAGE_WAITING: "message waiting",
    LegKind.WEB_BRIDGE: "web bridge",
    LegKind.WEB_PROXY: "web proxy",
    LegKind.XCP: "XCP",
    LegKind.MRA: "MRA {}",
    LegKind.MRA_SIP: "MRA SIP",
    LegKind.MRA_XMPP: "MRA XMPP",
    LegKind.MRA_ENDPOINT: "MRA endpoint",
    LegKind.MRA_REGISTRATION: "MRA registration",
    LegKind.XMPP: "XMPP {}",
    LegKind.B2B: "B2B",
    LegKind.CLOUD: "cloud",
    LegKind.LDAP: "LDAP",
    LegKind.POLICY: "policy",
    LegKind.SYSLOG: "syslog",
    LegKind.TMS: "TMS",
}


_ID = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*):([^:>\s]*):([^:>\s]+)>([^:>\s#]+)")
# First labels that do not tell whose machine it is.
_EVERYBODY_HAS_ONE = {"sip", "xmpp", "www"}


@dataclass(frozen=True, kw_only=True)
class _Parsed:
    """What the id of a connection says about it."""

    id: str
    kind: LegKind
    group: str
    client: str
    server: str

    @property
    def port(self) -> int:
        """The number at the end of the group: where a port tells connections apart, the group has it."""
        return int(re.sub(r".*\D", "", self.group) or 0)


Connection = Leg | _Parsed


def _parsed(leg_id: str) -> _Parsed | None:
    found = _ID.fullmatch(leg_id)
    if found is None or found[1] not in set(LegKind):
        return None
    return _Parsed(id=leg_id, kind=LegKind(found[1]), group=found[2], client=found[3], server=found[4])


def is_connection(text: str) -> bool:
    """Return True if a text is the id of a connection."""
    return _parsed(text) is not None


class ShortNames:
    """Short names of the machines of a deployment, and its connections in words. `short` has them by FQDN; each is unique."""

    def __init__(self, legs: Iterable[Connection]) -> None:
        """Shorten the names of all machines of these connections.

        Args:
            legs: the connections of one deployment.
        """
        self._legs = {leg.id: leg for leg in legs}
        machines = dict.fromkeys(name for leg in self._legs.values() for name in (leg.client, leg.server))
        self.short = _shortened(tuple(machines))

    @classmethod
    def of_ids(cls, ids: Iterable[str]) -> ShortNames:
        """Return the names of connections of which only the ids are there, as in a table; other texts are left out."""
        return cls(found for leg_id in ids if (found := _parsed(leg_id)) is not None)

    def carries(self, leg: Connection) -> str:
        """Return what a connection carries: `UC traversal`, `partner zone`, `cluster`."""
        if leg.kind is LegKind.ZONE and leg.group.startswith("uc-"):
            return f"UC {leg.group[3:].replace('-', ' ')}"
        return _WORDS[leg.kind].format(leg.group, port=leg.port)

    def ends(self, leg: Connection) -> str:
        """Return both machines of a connection: `c1 → e1`."""
        return f"{self.short[leg.client]} → {self.short[leg.server]}"

    def connection(self, leg: Connection | str) -> str:
        """Return a connection, or the one with this id, as people write it; an id that is not known stays as it is."""
        found = self._legs.get(leg) or _parsed(leg) if isinstance(leg, str) else leg
        if found is None or not {found.client, found.server} <= self.short.keys():
            return str(leg)
        return self._names.get(found.id) or f"{self.ends(found)} ({self.carries(found)})"

    def in_text(self, text: str) -> str:
        """Return a text with every id of a connection replaced by what people write."""
        return self._ids.sub(lambda m: self._names[m[0]], text) if self._names else text

    def machines_in_text(self, text: str) -> str:
        """Return a text with the short names of machines. Not for names in certificates: those are whole, or others."""
        return self._machines.sub(lambda m: self.short[m[0]], text) if self.short else text

    def legend(self, used: Iterable[str] = ()) -> str:
        """Return `c1 = c1.corp.example.com, …` for these machines, or for all; empty if every name is short already."""
        chosen = [name for name in self.short if name in set(used)] if used else list(self.short)
        # No line break beside the equals sign.
        return ", ".join(f"{self.short[name]}\u00a0=\u00a0{name}" for name in chosen if self.short[name] != name)

    def legend_of(self, legs: Iterable[Connection]) -> str:
        """Return the legend for the machines of some connections; empty if there are none."""
        used = {name for leg in legs for name in (leg.client, leg.server)}
        return self.legend(used) if used else ""

    @cached_property
    def _names(self) -> dict[str, str]:
        plain = {leg.id: f"{self.ends(leg)} ({self.carries(leg)})" for leg in self._legs.values()}
        twice = {name for name, count in Counter(plain.values()).items() if count > 1}
        return {
            leg.id: f"{self.ends(leg)} ({self.carries(leg)}, {leg.group})" if plain[leg.id] in twice else plain[leg.id]
            for leg in self._legs.values()
        }

    @cached_property
    def _machines(self) -> re.Pattern[str]:
        longest_first = sorted(self.short, key=len, reverse=True)
        return re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)")

    @cached_property
    def _ids(self) -> re.Pattern[str]:
        longest_first = sorted(self._names, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))


def _shortened(machines: Sequence[str]) -> dict[str, str]:
    """Return the first label of each name, and more where that says nothing or would not be unique."""
    found: dict[str, str] = {}
    for name in machines:
        labels = name.split(".")
        wanted = 2 if labels[0] in _EVERYBODY_HAS_ONE else 1
        others = [other.split(".") for other in machines if other != name]
        while wanted < len(labels) and any(other[:wanted] == labels[:wanted] for other in others):
            wanted += 1
        found[name] = ".".join(labels[:wanted])
    return found
