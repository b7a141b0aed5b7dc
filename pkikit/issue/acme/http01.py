"""Where challenge files are while an order runs: in a web server's folder, or on a temporary server."""

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
    """A place from which the CA can fetch challenge files."""

    def put(self, file: ChallengeFile) -> None:
        """Make the file available."""

    def take(self, file: ChallengeFile) -> None:
        """Remove the file."""


class Webroot:
    """The document root of a web server that answers on port 80 for the names."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError("is not a folder", where=str(folder))
        self._folder = folder / ".well-known" / "acme-challenge"

    def put(self, file: ChallengeFile) -> None:
        """Write the file."""
        write_public(self._folder / file.token, file.content.encode("ascii"))

    def take(self, file: ChallengeFile) -> None:
        """Delete the file."""
        (self._folder / file.token).unlink(missing_ok=True)


class Standalone:
    """A server that serves the challenge files and nothing else."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def put(self, file: ChallengeFile) -> None:
        """Start serving the challenge file."""
        self._files[PREFIX + file.token] = file.content.encode("ascii")

    def take(self, file: ChallengeFile) -> None:
        """Stop serving the challenge file."""
        self._files.pop(PREFIX + file.token, None)

    @property
    def is_empty(self) -> bool:
        """True if it serves nothing."""
        return not self._files

    def answer(self, path: str) -> bytes | None:
        """Return the content of a path; None for everything except a challenge file."""
        return self._files.get(path)


@contextlib.contextmanager
def standalone(address: str, port: int) -> Iterator[Standalone]:
    """Serve challenge files as long as the `with` block lasts.

    Args:
        address: the local address to listen on.
        port: the local port; the CA always asks for port 80.

    Yields:
        The place for the files.

    Raises:
        InputError: the port cannot be opened.
    """
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
