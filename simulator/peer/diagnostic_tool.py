"""What the pages ask of the lab for diagnostic logging.

Source: administrator guide X15.5, "Configuring Diagnostic Logging".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

MAX_MARKER = 200  # characters; ours
LAST_PORT = 65_536  # as the guide says


@dataclass(frozen=True, kw_only=True)
class CaptureFilter:
    """Which packets a capture keeps: those of an address (or of a party, by its FQDN) and of a port. Empty and 0: all."""

    address: str = ""
    port: int = 0


@dataclass(frozen=True, kw_only=True)
class LogProgress:
    """How far diagnostic logging of a peer is.

    running: it logs now. began: when it started; None before the first start. stopped: it can be collected.
    archive: the name of the collected archive; empty before.
    """

    running: bool = False
    began: datetime | None = None
    stopped: bool = False
    archive: str = ""


class DiagnosticTool(Protocol):
    """Diagnostic logging of the peers of a lab. Starting and stopping apply to every peer of the cluster."""

    def progress(self, fqdn: str) -> LogProgress:
        """Return how far the logging of a peer is."""
        ...

    def start(self, fqdn: str, *, tcpdump: bool = False, only: CaptureFilter | None = None) -> None:
        """Start a new log; it replaces the earlier one."""
        ...

    def mark(self, fqdn: str, text: str) -> None:
        """Add a marker to the log of this peer alone."""
        ...

    def stop(self, fqdn: str) -> None:
        """Stop logging."""
        ...

    async def collect(self, fqdn: str) -> str:
        """Collect the log of this peer, and return the name of the archive."""
        ...

    def download(self, fqdn: str) -> tuple[str, bytes]:
        """Return the name and the content of the collected archive."""
        ...
