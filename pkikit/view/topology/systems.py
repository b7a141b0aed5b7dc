"""What the topology shows as one box: a cluster of Expressways, a system inside, a party outside, from left to right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyGroup, PartyKind, Role, Server, Side

# By the key of the deployment file that lists them.
_TITLES = {
    "unified_cm": "Unified CM",
    "im_presence": "IM and Presence",
    "unity_connection": "Unity Connection",
    "meeting_servers": "Meeting Server",
    "federated_servers": "XMPP federation",
    "b2b_partners": "B2B partner",
    "cloud_services": "Cloud service",
}
_SERVERS = {"ldap": "LDAP server", "policy": "Policy server", "syslog": "Syslog server", "tms": "TMS"}
_CLIENTS = ("Jabber", "Room system", "Web browser")
_ROLES = {Role.EXPRESSWAY_C: "Expressway-C", Role.EXPRESSWAY_E: "Expressway-E"}
ZONES = {
    Side.INSIDE: "Inside network",
    Side.CORE: "Inside network",
    Side.EDGE: "DMZ",
    Side.OUTSIDE: "Internet",
}
"""The zone of the network that each side is in; a firewall stands between two zones."""


@dataclass(frozen=True, kw_only=True)
class System:
    """Machines that the topology shows in one box.

    title: what they are. name: what the deployment calls them, or the name of the cluster. label: the title, with the name where
    another box has the same title. peers: they are Expressways. note: what is written instead of machines.
    """

    title: str
    name: str
    side: Side
    members: tuple[str, ...]
    peers: bool = False
    label: str = ""
    note: str = ""

    @property
    def heading(self) -> str:
        """Title and name: `Unified CM cucm`."""
        return f"{self.title} {self.name}".strip()


def systems_of(deployment: Deployment) -> tuple[System, ...]:
    """Return every machine of a deployment once, in the box that it belongs to, from inside to outside."""
    titles = dict(_titles(deployment))
    shown: set[str] = set()
    found: list[System] = []
    for group in deployment.groups:
        for made in _boxes(group, deployment, titles):
            members = tuple(name for name in dict.fromkeys(made.members) if name not in shown)
            shown.update(members)
            if members:
                found.append(
                    System(title=made.title, name=made.name, side=made.side, members=members, peers=made.peers)
                )
    titles_used = Counter(system.title for system in found)
    named = (replace(s, label=_label(s, alone=titles_used[s.title] == 1)) for s in found)
    return tuple(sorted(named, key=lambda s: (list(Side).index(s.side), s.title not in _CLIENTS)))


def _label(system: System, *, alone: bool) -> str:
    """Return the title, with a name where another box has the same title."""
    return system.title if alone else f"{system.title} {system.name or ', '.join(system.members)}"


def _titles(deployment: Deployment) -> Iterator[tuple[tuple[PartyKind, str], str]]:
    for key, listed in deployment.node_lists.items():
        for nodes in listed:
            group = nodes.group(key, deployment.domains)
            title = _SERVERS[nodes.type] if isinstance(nodes, Server) else _TITLES.get(key, _words(group.kind))
            yield (group.kind, group.name), title


def _words(kind: PartyKind) -> str:
    return kind.value.replace("-", " ").capitalize()


def _boxes(group: PartyGroup, deployment: Deployment, titles: dict[tuple[PartyKind, str], str]) -> Iterator[System]:
    if group.kind is PartyKind.EXPRESSWAY:
        cluster = deployment.cluster(group.name)
        yield System(
            title=_ROLES[cluster.role], name=cluster.fqdn or "", side=group.side, members=group.members, peers=True
        )
    elif group.kind is PartyKind.CLIENT:
        for name in group.members:
            yield System(title=_client(name, deployment), name="", side=group.side, members=(name,))
    elif group.kind is PartyKind.NEIGHBOUR:
        title = "Neighbour" if group.side is Side.INSIDE else "Business partner"
        for name in group.members:
            yield System(title=title, name="", side=group.side, members=(name,))
    else:
        title = titles.get((group.kind, group.name), _words(group.kind))
        yield System(title=title, name=group.name, side=group.side, members=group.members)


def _client(name: str, deployment: Deployment) -> str:
    if name == deployment.mra_client:
        return _CLIENTS[0]
    return _CLIENTS[1] if name == deployment.mra_endpoint else _CLIENTS[2]
