"""What the logs of archives show about the connections of a deployment: which failed, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.files.logs import read_logs
from pkikit.judge.logs.log_text import LogReader
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.rules.catalogue import rule_of
from pkikit.rules.chain_rules import KEY_MISMATCH
from pkikit.rules.connection_rules import CIPHER, NO_CERTIFICATE, SSH_ALGORITHM

_NO_LOGS = frozenset({".json", ".pem", ".xml", ".yaml", ".pcap", ".pcapng"})
_ADDRESS = re.compile(r"^(?P<host>\S+) \((?P<address>[^()\s]+)\)$")


@dataclass(frozen=True, kw_only=True)
class LoggedFailure:
    """Failures of one kind that logs show.

    Attributes:
        cause: the rule id.
        client: the machine that dialled: its FQDN if it is known, else its address; empty if the log does not say.
        server: the machine that was dialled, likewise.
        port: where the server listens; None if the log does not say.
        count: how often.
        seen: what a log says.
        hosts: who wrote it.
        alarm: it is an alarm of the product.
        noise: it is a call of a machine that nobody knows, and ended before any certificate mattered.
        legs: the connections of the deployment that it can be about, in their order.
        certain: it is about all of them; otherwise about one of them.
    """

    cause: str
    client: str
    server: str
    port: int | None
    count: int
    seen: str
    hosts: tuple[str, ...]
    alarm: bool
    noise: bool
    legs: tuple[Leg, ...]
    certain: bool


def logged_failures(
    paths: Iterable[Path], deployment: Deployment, legs: tuple[Leg, ...], addresses: Mapping[str, str]
) -> tuple[LoggedFailure, ...]:
    """Return what logs show, what matters most first; calls of strangers are left out.

    Args:
        paths: archives, logs, and folders of them; files of other kinds are passed over.
        deployment: the machines.
        legs: its connections.
        addresses: machines by IP address, as far as they are known.

    Returns:
        One entry for each connection and cause.
    """
    reader = LogReader("the logs")
    for path in sorted(_files(paths)):
        try:
            for text in read_logs(path):
                reader.read(text.lines, text.member, only_known=True)
        except InputError:
            continue  # it has no log, or is damaged; who imports the file is told
    names = _Names(deployment, addresses)
    found = [names.failure(group, legs) for group in reader.diagnosis().groups if not group["scanner"]]
    return tuple(_without_key(found, deployment.peers))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (p for p in path.rglob("*") if p.is_file() and p.suffix.lower() not in _NO_LOGS)
        elif path.suffix.lower() not in _NO_LOGS:
            yield path


class _Names:
    """Finds the machines behind the addresses and host names of a log."""

    def __init__(self, deployment: Deployment, addresses: Mapping[str, str]) -> None:
        self._peers = frozenset(deployment.peers)
        self._known = frozenset(deployment.parties)
        self._by_address = {ip: fqdn for fqdn, ip in deployment.addresses.items()} | dict(addresses)
        hosts: dict[str, list[str]] = {}
        for peer in deployment.peers:
            hosts.setdefault(peer.partition(".")[0], []).append(peer)
        self._by_host = {host: peers[0] for host, peers in hosts.items() if len(peers) == 1}

    def failure(self, group: Mapping[str, Any], legs: tuple[Leg, ...]) -> LoggedFailure:
        """Return a group of a diagnosis with the machines and connections that it is about."""
        client, server = self._machine(group["client"]), self._machine(group["server"])
        writers = tuple(self._machine(host) for host in group["hosts"])
        # Who could not reach the other writes only where it dialled.
        clients = {client} if client else {w for w in writers if w != server} if server else set()
        rule, port = rule_of(group["cause"]), group["port"]
        about = (leg for leg in legs if leg.port == port and any(self._fits(name, leg.client) for name in clients))
        return LoggedFailure(
            cause=rule.id,
            client=client,
            server=server,
            port=port,
            count=group["count"],
            seen=group["seen"],
            hosts=writers,
            alarm=group["seen"].startswith("alarm "),
            noise=group["direction"] == "inbound" and client not in self._known and rule.area in {"tls", "net"},
            legs=tuple(leg for leg in about if self._fits(server, leg.server)),
            certain=clients <= self._peers and server in self._peers,
        )

    def _machine(self, text: str) -> str:
        matched = _ADDRESS.match(text)
        host, address = (matched["host"], matched["address"]) if matched else (text, text)
        return self._by_host.get(host.partition(".")[0] if host in self._peers else host) or self._by_address.get(
            address, address
        )

    def _fits(self, found: str, fqdn: str) -> bool:
        """Return True if a machine of a log can be this one: an unknown address is no peer."""
        return found == fqdn or (found not in self._peers and fqdn not in self._peers)


def _without_key(failures: list[LoggedFailure], peers: Iterable[str]) -> Iterator[LoggedFailure]:
    """Yield the failures; those of a peer that shows no certificate in either direction are about its private key.

    As server it has nothing in common with any caller, as client it shows nothing: it cannot use its certificate. What else
    prevents that, such as a short key, is seen in the certificate.
    """
    unable = {
        peer
        for peer in peers
        if any(f.server == peer and f.cause == CIPHER.id for f in failures)
        and any(f.client == peer and f.cause == NO_CERTIFICATE.id for f in failures)
    }
    for failure in failures:
        as_server = failure.server in unable and failure.cause in {CIPHER.id, SSH_ALGORITHM.id}
        as_client = failure.client in unable and failure.cause in {NO_CERTIFICATE.id, SSH_ALGORITHM.id}
        yield replace(failure, cause=KEY_MISMATCH.id) if as_server or as_client else failure


def is_about_files(failure: LoggedFailure) -> bool:
    """Return True if a page or a CA refused something: no connection failed because of it yet."""
    area = rule_of(failure.cause).area
    return area in {"acme", "upload", "encoding"} or (area == "key" and not failure.legs)
