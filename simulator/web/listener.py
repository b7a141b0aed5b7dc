"""A listening TCP port with limits that apply as soon as a connection is accepted, before any TLS handshake.

A flood must neither take the file descriptors that the lab needs nor fill the event log.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from simulator.background import reason_of
from simulator.web.throttle import Throttle

BACKLOG = 512
_AT_ONCE = 16  # connections accepted before everybody else has a turn
_RETRY = 0.2  # seconds until accepting is tried again where no descriptor is free
_RESERVE = 256  # file descriptors that strangers never get; at most a quarter of what the process may open

Caller = tuple[str, int]
Serve = Callable[[socket.socket, Caller], Awaitable[None]]


class Listener:
    """Accepts on one address and port and runs `serve` for each connection, in a separate task.

    full: called for each connection; True refuses it. known: callers, by address, that may use the reserve of
    descriptors. log: receives one line, at most every 10 seconds, about refused connections and errors. accept:
    takes one waiting connection from the port, as `socket.accept` does.
    """

    def __init__(
        self, address: str, port: int, serve: Serve, *, full: Callable[[], bool],
        known: Callable[[str], bool] = lambda _: False, log: Callable[[str], None] = lambda _: None,
        accept: Callable[[socket.socket], tuple[socket.socket, Any]] = socket.socket.accept,
    ) -> None:  # fmt: skip
        self.address, self.port = address, port
        self._serve, self._full, self._known, self._log = serve, full, known, Throttle(log, at_once=1)
        self._take = accept
        self._open: set[asyncio.Task[None]] = set()
        self._unserved: set[socket.socket] = set()  # accepted, and the task that serves it has not started
        self._socket: socket.socket | None = None
        self._retry: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> int:
        """The number of connections that `serve` has not finished with."""
        return len(self._open)

    def open(self) -> None:
        """Bind and listen; `port` is the real one afterwards.

        Raises:
            OSError: the port is taken, may not be used, or the address does not exist.
        """
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind((self.address, self.port))
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        self._socket, self.port = listening, listening.getsockname()[1]
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Stop listening at once; open connections stay."""
        listening, self._socket = self._socket, None
        if listening is None:
            return
        # The selector must forget the descriptor before another socket can reuse it.
        asyncio.get_running_loop().remove_reader(listening)
        if self._retry is not None:
            self._retry.cancel()
        listening.close()

    async def stop(self) -> None:
        """Stop listening, and end all connections."""
        self.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        # A task that is cancelled before its first step never runs, so it does not close its connection.
        for connection in self._unserved:
            connection.close()
        self._unserved.clear()

    def _accept(self, listening: socket.socket) -> None:
        """Accept what waits at the port. A callback, not a task: a cancelled task can lose a connection it has accepted."""
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                connection, caller = self._take(listening)
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._refuse(f"no connection can be accepted: {error.strerror}")
                loop.remove_reader(listening)
                self._retry = loop.call_later(_RETRY, loop.add_reader, listening, self._accept, listening)
                return
            if self._too_many(connection, caller):
                connection.close()
                continue
            connection.setblocking(False)
            self._unserved.add(connection)
            task = loop.create_task(self._one(connection, caller[:2]))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    def _too_many(self, connection: socket.socket, caller: Caller) -> bool:
        if self._full():
            self._refuse("too many connections are open")
            return True
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        # The kernel gives the lowest free number, so a high one means that few are left.
        scarce = limit != resource.RLIM_INFINITY and connection.fileno() >= limit - min(_RESERVE, limit // 4)
        if scarce and not self._known(caller[0]):
            self._refuse("file descriptors are running out")
            return True
        return False

    def _refuse(self, why: str) -> None:
        self._log(f"a connection to {self.address}:{self.port} was refused: {why}")

    async def _one(self, connection: socket.socket, caller: Caller) -> None:
        self._unserved.discard(connection)
        try:
            await self._serve(connection, caller)
        except Exception as error:  # a defect in one conversation; asyncio would print a traceback to the terminal
            self._log(f"the conversation with {caller[0]}:{caller[1]} failed: {reason_of(error)}")


async def stream_of(connection: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return an accepted connection as a pair of streams, which own it from then on."""
    try:
        return await asyncio.open_connection(sock=connection)
    except BaseException:
        connection.close()
        raise
