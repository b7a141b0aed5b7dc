"""Connections and machines in few letters: `c1 → e1 (UC traversal)`, with a legend of the full names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pkikit.model.parties import LegKind

_ID = re.compile(r"([a-z]+(?:-[a-z]+)*):([^:>\s]*):([^:>\s]+)>([^:>\s#]+)")
_KINDS: dict[str, str] = {
    LegKind.CLUSTER: "cluster",
    LegKind.TUNNEL: "SSH tunnel",
    LegKind.UNIFIED_CM_SIP: "Unified CM SIP",
    LegKind.UNIFIED_CM_HTTPS: "Unified CM HTTPS",
    LegKind.UNIFIED_CM_TFTP: "Unified CM TFTP",
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
    LegKind.MRA: "MRA",
    LegKind.MRA_SIP: "MRA SIP",
    LegKind.MRA_XMPP: "MRA XMPP",
    LegKind.MRA_ENDPOINT: "MRA endpoint",
    LegKind.MRA_REGISTRATION: "MRA registration",
    LegKind.XMPP: "XMPP",
    LegKind.B2B: "B2B",
    LegKind.CLOUD: "cloud",
    LegKind.LDAP: "LDAP",
    LegKind.POLICY: "policy",
    LegKind.SYSLOG: "syslog",
    LegKind.TMS: "TMS",
}
_WITH_GROUP = {LegKind.MRA, LegKind.XMPP, LegKind.UNIFIED_CM_TFTP}


def is_connection(text: str) -> bool:
    """Return True if a text is the id of a connection."""
    return _ID.fullmatch(text) is not None


def relation_title(kind: str, group: str) -> str:
    """Return what a connection belongs to, for people: `UC traversal`, `cluster`, `MRA example.com`."""
    if kind == LegKind.ZONE:
        return "UC" + group[2:].replace("-", " ") if group.startswith("uc-") else f"{group} zone"
    title = _KINDS.get(kind, kind)
    if kind == LegKind.UNIFIED_CM_TFTP:
        return f"{title} {group.rpartition('-')[2]}"
    return f"{title} {group}" if kind in _WITH_GROUP else title


def short_host(fqdn: str) -> str:
    """Return the first label of a machine's name."""
    return fqdn.partition(".")[0]


def short_hosts(fqdns: Iterable[str]) -> dict[str, str]:
    """Return the shortest name that tells each machine from the others."""
    every = list(dict.fromkeys(fqdns))
    for labels in (1, 2, 3):
        short = {fqdn: ".".join(fqdn.split(".")[:labels]) for fqdn in every}
        if len(set(short.values())) == len(every):
            return short
    return {fqdn: fqdn for fqdn in every}


def hosts_of(ids: Iterable[str]) -> list[str]:
    """Return the machines of connections, each once."""
    found = [match for leg_id in ids if (match := _ID.fullmatch(leg_id))]
    return list(dict.fromkeys(host for match in found for host in (match[3], match[4])))


def short_connection(leg_id: str, hosts: dict[str, str] | None = None) -> str:
    """Return a connection for people; a text that is not the id of one stays as it is."""
    match = _ID.fullmatch(leg_id)
    if match is None:
        return leg_id
    kind, group, client, server = match.groups()
    known = hosts or short_hosts((client, server))
    return f"{known.get(client, client)} → {known.get(server, server)} ({relation_title(kind, group)})"


def short_connections(ids: Iterable[str]) -> dict[str, str]:
    """Return several connections for people, with names that tell their machines apart."""
    every = list(ids)
    hosts = short_hosts(hosts_of(every))
    return {leg_id: short_connection(leg_id, hosts) for leg_id in every}


def legend(ids: Iterable[str]) -> str:
    """Return which machine each short name of these connections is: `c1 = c1.corp.example.com, …`."""
    return ", ".join(f"{short} = {fqdn}" for fqdn, short in short_hosts(hosts_of(ids)).items() if short != fqdn)
