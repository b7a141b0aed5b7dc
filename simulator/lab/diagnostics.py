"""Diagnostic logging in a running lab: one log a peer, a packet capture while it runs, and archives of all peers."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio.to_thread

from pkikit.errors import InputError
from pkikit.files import write_private
from pkikit.model.tables.log_events import DIAGNOSTIC_LOGGING
from pkikit.values.names import printable
from simulator.connections.context import Follower, LabContext
from simulator.errors import LabError
from simulator.peer.diagnostic_log import Dumps, build_archive, dumps_of, has_client_certificate
from simulator.peer.diagnostic_tool import LAST_PORT, MAX_MARKER, CaptureFilter, DiagnosticTool, LogProgress
from simulator.peer.peer import Peer
from simulator.wire.capture import Capture, End, Tap
from simulator.world.certificate_snapshots import certificate_snapshots


@dataclass(kw_only=True)
class _Run:
    """One log. since, until: numbers of events. dumps: None once the peer has restarted."""

    began: datetime
    since: int
    dumps: Dumps | None
    capture: Capture | None = None
    only: CaptureFilter = field(default_factory=CaptureFilter)
    until: int | None = None
    archive: tuple[str, bytes] = ("", b"")


class Diagnostics(Follower, DiagnosticTool):
    """Follows a lab, and logs for those peers on which an administrator started diagnostic logging.

    The capture has the connections that parties of the lab open while it runs, and those alone.
    """

    name = "diagnostic logging"

    def __init__(self, context: LabContext, peers: Mapping[str, Peer]) -> None:
        self._context, self._peers = context, peers
        self._runs: dict[str, _Run] = {}

    def progress(self, fqdn: str) -> LogProgress:
        """Return how far the logging of a peer is."""
        run = self._runs.get(fqdn)
        if run is None:
            return LogProgress()
        stopped = run.until is not None
        return LogProgress(running=not stopped, began=run.began, stopped=stopped, archive=run.archive[0])

    def start(self, fqdn: str, *, tcpdump: bool = False, only: CaptureFilter | None = None) -> None:
        """Start a new log on every peer of the cluster; it replaces the earlier ones.

        Args:
            fqdn: the peer.
            tcpdump: capture packets, too.
            only: which packets to keep.

        Raises:
            InputError: the address or the port of the filter is not one.
            LabError: it is running already.
        """
        wanted = self._checked(only or CaptureFilter())
        if self.progress(fqdn).running:
            raise LabError(f"diagnostic logging is running on {fqdn}; stop it first")
        for name in self._cluster(fqdn):
            self._runs[name] = _Run(
                began=self._context.now_of(name),
                since=self._context.events.last,
                dumps=self._dumps(name),
                capture=Capture(self._context.clock.now) if tcpdump else None,
                only=wanted,
            )
            self._write(name, "started" + (" with tcpdump" if tcpdump else ""))

    def start_everywhere(self) -> None:
        """Start a new log with a capture on every peer that does not log yet."""
        for fqdn in self._peers:
            if not self.progress(fqdn).running:
                self.start(fqdn, tcpdump=True)

    def _checked(self, only: CaptureFilter) -> CaptureFilter:
        if only.port and not 1 <= only.port <= LAST_PORT:
            raise InputError(f"the port of the filter is {only.port}; allowed are 1 to {LAST_PORT}")
        address = only.address.strip().lower()
        if not address:
            return replace(only, address="")
        known = self._context.plan.by_name.get(address)
        if known is not None:
            return replace(only, address=known)
        try:
            return replace(only, address=str(ipaddress.ip_address(address)))
        except ValueError:
            raise InputError(
                f"the filter takes an IP address or the FQDN of a machine of this lab, not {printable(address, 80)!r}"
            ) from None

    def mark(self, fqdn: str, text: str) -> None:
        """Add a marker to the log of this peer alone.

        Args:
            fqdn: the peer.
            text: what the marker says.

        Raises:
            InputError: the text is empty or too long.
            LabError: nothing logs.
        """
        if not text.strip() or len(text) > MAX_MARKER:
            raise InputError(f"a marker has 1 to {MAX_MARKER} characters")
        if not self.progress(fqdn).running:
            raise LabError(f"diagnostic logging is not running on {fqdn}; start a new log first")
        self._write(fqdn, f"DEBUG_MARKER: {text.strip()}")

    def stop(self, fqdn: str) -> None:
        """Stop logging on every peer of the cluster.

        Raises:
            LabError: nothing logs.
        """
        if not self.progress(fqdn).running:
            raise LabError(f"diagnostic logging is not running on {fqdn}")
        for name in self._cluster(fqdn):
            run = self._runs.get(name)
            if run is not None and run.until is None:
                self._write(name, "stopped")
                run.until = self._context.events.last

    async def collect(self, fqdn: str) -> str:
        """Collect the log of this peer, and return the name of the archive.

        Raises:
            LabError: no log has stopped.
        """
        run = self._runs.get(fqdn)
        if run is None or run.until is None:
            raise LabError(f"{fqdn} has no log to collect: start a new log, and stop it")
        run.archive = await self._archive(fqdn, run)
        return run.archive[0]

    def download(self, fqdn: str) -> tuple[str, bytes]:
        """Return the name and the content of the collected archive.

        Raises:
            LabError: nothing was collected.
        """
        run = self._runs.get(fqdn)
        if run is None or not run.archive[0]:
            raise LabError(f"{fqdn} has no archive to download: collect the log first")
        return run.archive

    async def archive_now(self, fqdn: str, *, whole: bool = False) -> tuple[str, bytes]:
        """Return an archive of this instant: of the log that runs, or of all events that the lab still has.

        Args:
            fqdn: the peer.
            whole: all events, also those before the log that runs.

        Returns:
            The name and the content.
        """
        everything = _Run(began=self._context.now_of(fqdn), since=0, dumps=None)
        run = self._runs.get(fqdn, everything)
        run = replace(run, dumps=self._dumps(fqdn), since=0 if whole else run.since)
        return await self._archive(fqdn, run)

    async def archives_now(self, *, whole: bool = False) -> dict[str, bytes]:
        """Return an archive of each peer, by its name.

        Args:
            whole: all events that the lab still has, also those before a log that runs.
        """
        made: dict[str, bytes] = {}
        for fqdn in self._peers:
            name, content = await self.archive_now(fqdn, whole=whole)
            if name in made:  # two hosts of one name, in two domains
                name = name.replace(f"_{fqdn.partition('.')[0]}_", f"_{fqdn}_")
            made[name] = content
        return made

    async def archives_with_packets(self, dial: Callable[[], Awaitable[object]]) -> dict[str, bytes]:
        """Do what an administrator does for a support case: log with packets, see it fail again, stop, collect.

        Args:
            dial: what happens while all peers log.

        Returns:
            An archive of each peer, by its name, with all events that the lab still has.
        """
        idle = [fqdn for fqdn in self._peers if not self.progress(fqdn).running]
        self.start_everywhere()
        try:
            await dial()
        finally:
            for fqdn in idle:
                if self.progress(fqdn).running:  # the first of a cluster stops all of it
                    self.stop(fqdn)
        return await self.archives_now(whole=True)

    def snapshots_now(self) -> dict[str, bytes]:
        """Return what the nodes of Unified CM and its relatives tell about their certificates, by the name of a file."""
        return certificate_snapshots(self._context.world)

    def client_logs_now(self) -> dict[str, bytes]:
        """Return the log of each client outside that has one, as a user sends it in a problem report, by the name of a file."""
        groups = self._context.deployment.groups
        clients = [fqdn for group in groups if not group.has_certificates for fqdn in group.members]
        lines = {fqdn: "".join(f"{event}\n" for event in self._context.events.of(fqdn)) for fqdn in clients}
        return {f"problem-report_{fqdn}.log": text.encode() for fqdn, text in lines.items() if text}

    def _dumps(self, fqdn: str) -> Dumps:
        peer = self._peers[fqdn]
        return dumps_of(fqdn, peer.lab, peer.alarms(), self._context.plan.by_name[fqdn])

    async def _archive(self, fqdn: str, run: _Run) -> tuple[str, bytes]:
        """Make an archive of what there is now, in a thread: a long capture takes seconds."""
        until = run.until if run.until is not None else self._context.events.last
        found = [e for e in self._context.events.of(fqdn) if run.since < e.seq <= until]
        packets = None
        if run.capture is not None:
            packets = partial(run.capture.pcap, self._context.plan.by_name[fqdn], run.only.address, run.only.port)
        build = partial(
            build_archive,
            fqdn,
            self._context.now_of(fqdn),
            found,
            dumps=run.dumps,
            party=self._context.world.parties[fqdn],
            version_has_client=has_client_certificate(self._context.deployment),
            packets=packets,
        )
        return await anyio.to_thread.run_sync(build)

    def _cluster(self, fqdn: str) -> tuple[str, ...]:
        cluster = self._context.deployment.cluster_of(fqdn)
        return cluster.peers if cluster is not None else (fqdn,)

    def _write(self, fqdn: str, what: str) -> None:
        self._context.events.add(fqdn, DIAGNOSTIC_LOGGING, Detail=what)

    # Follower.

    def tap(self, client: End, server: End) -> Tap | None:
        """Record this connection for every peer at one of its ends that captures, until its log stops."""
        by_name = self._context.plan.by_name
        taps = [
            (run, run.capture.tap(client, server))
            for fqdn, run in self._runs.items()
            if run.capture is not None and run.until is None and by_name[fqdn] in {client[0], server[0]}
        ]
        if not taps:
            return None

        def record(from_client: bool, data: bytes) -> None:
            for run, tap in taps:
                if run.until is None:
                    tap(from_client, data)

        return record

    async def restarted(self, fqdn: str) -> None:
        """After a restart the archive has the log alone, as on the product."""
        run = self._runs.get(fqdn)
        if run is not None and not run.archive[0]:
            run.dumps = None


def write_archives(archives: Mapping[str, bytes], folder: Path) -> tuple[Path, ...]:
    """Write archives into a folder, mode 0600, and return the files.

    Args:
        archives: the contents by name.
        folder: where to; made if it does not exist.
    """
    for name, content in archives.items():
        write_private(folder / name, content)
    return tuple(folder / name for name in archives)
