"""The lab's own accept loop: whatever moment it stops at, every connection that it accepted is closed."""

from __future__ import annotations

import asyncio
import socket

import pytest

from simulator.web.listener import Listener

CALLERS = 40


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5])
def test_stopped_listener_leaves_no_connection_open(turns: int) -> None:
    """Callers wait at the port; the listener stops before, while and after it takes them; each is hung up on."""
    served: list[socket.socket] = []

    async def serve(connection: socket.socket, _: tuple[str, int]) -> None:
        served.append(connection)
        try:
            await asyncio.Event().wait()
        finally:
            connection.close()

    async def play() -> None:
        listener = Listener("127.0.0.1", 0, serve, full=lambda: False)
        listener.open()
        callers = [socket.create_connection(("127.0.0.1", listener.port)) for _ in range(CALLERS)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await listener.stop()
        assert listener.pending == 0
        for caller in callers:
            caller.settimeout(300)
            with caller:
                assert _is_hung_up(caller)

    asyncio.run(play())
    assert all(connection.fileno() == -1 for connection in served)


def _is_hung_up(caller: socket.socket) -> bool:
    try:
        return caller.recv(1) == b""
    except ConnectionError:
        return True


def test_listener_accepts_again_after_an_error() -> None:
    """No descriptor is free for a moment: the waiting caller is served as soon as one is."""
    answered, failures = asyncio.Event(), [OSError(24, "Too many open files")] * 3

    async def serve(connection: socket.socket, _: tuple[str, int]) -> None:
        connection.close()
        answered.set()

    def accept(listening: socket.socket) -> tuple[socket.socket, tuple[str, int]]:
        if failures:
            raise failures.pop()
        return listening.accept()

    said: list[str] = []

    async def play() -> None:
        listener = Listener("127.0.0.1", 0, serve, full=lambda: False, log=said.append, accept=accept)
        listener.open()
        with socket.create_connection(("127.0.0.1", listener.port)):
            await answered.wait()
        assert failures == []
        await listener.stop()

    asyncio.run(play())
    # One line for all three failures: the log is throttled.
    assert [("Too many open files" in line) for line in said] == [True]
