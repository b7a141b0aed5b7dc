"""Where challenge files lie while an order runs: in a web server's folder, or in a server of our own for just that long."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

from pkikit.errors import InputError
from pkikit.files import write_public
from pkikit.issue.acme.order import ChallengeFile

PREFIX = "/.well-known/acme-challenge/"


class Place(Protocol):
    """Somewhere that the CA fetches challenge files from."""

    def put(self, file: ChallengeFile) -> None:
        """Make the file fetchable."""

    def take(self, file: ChallengeFile) -> None:
        """Make it go away."""


class Webroot:
    """The document root of a web server that answers on port 80 for the names."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError("is no folder", where=str(folder))
        self._folder = folder / ".well-known" / "acme-challenge"

    def put(self, file: ChallengeFile) -> None:
        """Write it."""
        write_public(self._folder / file.token, file.content.encode("ascii"))

    def take(self, file: ChallengeFile) -> None:
        """Delete it."""
        (self._folder / file.token).unlink(missing_ok=True)


class Standalone:
    """A server of our own that serves the challenge files and nothing else."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def put(self, file: ChallengeFile) -> None:
        """Serve it."""
        self._files[PREFIX + file.token] = file.content.encode("ascii")

    def take(self, file: ChallengeFile) -> None:
        """Serve it no more."""
        self._files.pop(PREFIX + file.token, None)

    @property
    def is_empty(self) -> bool:
        """True when nothing is served."""
        return not self._files

    def answer(self, path: str) -> bytes | None:
        """The content behind a path; None for everything but a challenge file."""
        return self._files.get(path)


@contextlib.contextmanager
def standalone(address: str, port: int) -> Iterator[Standalone]:
    """Listen for as long as the block lasts."""
    place = Standalone()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # a client that says nothing does not hold a thread for longer

        def do_GET(self) -> None:
            content = place.answer(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Not on standard error."""

    try:
        server = ThreadingHTTPServer((address, port), Handler)
    except OSError as error:
        raise InputError(f"cannot listen on {address}:{port}: {error.strerror}") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
