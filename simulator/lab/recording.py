"""The capture of a lab: every connection that a party opens, written to a pcapng file when the lab ends."""

from __future__ import annotations

from pathlib import Path

import anyio.to_thread

from simulator.connections.context import Follower, LabContext
from simulator.wire.capture import Capture, End, Tap


class Recording(Follower):
    """Follows a lab and records the bytes of its connections."""

    name = "the capture"

    def __init__(self, context: LabContext, path: Path) -> None:
        self._capture = Capture(context.clock.now)
        self._path, self._keylog = path, context.settings.keylog

    def tap(self, client: End, server: End) -> Tap | None:
        """Record this connection."""
        return self._capture.tap(client, server)

    async def write(self) -> None:
        """Write the file, with the TLS session secrets if the lab writes a key log."""
        await anyio.to_thread.run_sync(self._write)

    def _write(self) -> None:
        keylog = self._keylog
        self._capture.write(self._path, keylog.read_bytes() if keylog is not None and keylog.exists() else b"")
