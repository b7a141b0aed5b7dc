"""More connections than a process may have open: the legs stay up, the log stays short, and afterwards all is as before."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from simulator.lab.process import MemoryKeeper
from simulator.web.throttle import Throttle
from tests.support.places import ROOT
from tests.support.wait import LONG, eventually
from tests.support.web_client import ANYONE

# A lab in a process that may open few files, held; it answers one line of JSON for each line that it reads.
_LAB = """
import json, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
import anyio
from tests.support.labs import lab_of
from tests.support.worlds import E1
with lab_of(keepalive=0.2) as lab:
    inside = lab.lab
    lab.run(inside.hold)
    site = inside.sites[E1]
    def say(document):
        print(json.dumps(document), flush=True)
    say({"page": site.address, "sip": [inside.plan.by_name[E1], 5061]})
    for _ in sys.stdin:
        say({
            "down": [i for i, link in inside.links.items() if not link.active],
            "dialled": max(link.dialled for link in inside.links.values()),
            "legs": lab.run(inside.status).accepted,
            "events": len(list(inside.events)),
            "trouble": [e.detail for e in inside.events if "Trouble" in e.kind],
        })
"""


class Lab:
    """The lab in its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._in, self._out = process, process.stdin, process.stdout
        self.doors = json.loads(self._out.readline())

    def status(self) -> dict[str, Any]:
        self._in.write("\n")
        self._in.flush()
        read: dict[str, Any] = json.loads(self._out.readline())
        return read

    def end(self) -> str:
        _, errors = self._process.communicate(timeout=LONG)
        return errors


LIMIT, CALLERS = 320, 500


@pytest.fixture
def lab() -> Iterator[Lab]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < CALLERS + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with subprocess.Popen(
        [sys.executable, "-c", _LAB, str(LIMIT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        yield Lab(process)
        process.kill()


@pytest.mark.parametrize("door", ["page", "sip"])
def test_lab_stays_up_under_a_flood_of_silent_callers(lab: Lab, door: str) -> None:
    """500 callers that say nothing, where the process may open 320 files: nobody of the lab notices."""
    before = lab.status()
    assert before["legs"]
    where = tuple(lab.doors[door])
    with ExitStack() as callers:
        for _ in range(CALLERS):
            callers.enter_context(socket.create_connection(where, timeout=LONG))
        meanwhile = lab.status()
        eventually(lambda: lab.status()["trouble"], "a refusal is in the log")
        during = lab.status()
        for seen in (meanwhile, during):
            assert seen["down"] == []
            assert seen["legs"]
            assert seen["dialled"] == 1
        assert "file descriptors are running out" in during["trouble"][0]
    after = lab.status()
    assert after["legs"]

    def answers() -> bool:
        try:
            with socket.create_connection(where, timeout=LONG) as plain, ANYONE.wrap_socket(plain):
                return True  # a refused connection is closed before any handshake
        except OSError:
            return False

    eventually(answers, "the port is served again")
    # A line for each time-out of a caller on SIP at most; on a page none at all. Nothing per refused connection.
    assert lab.status()["events"] - before["events"] <= LIMIT + 20
    assert lab.end() == ""


def test_connection_over_the_bound_is_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than allowed, none of them with TLS: it is closed at once, and a place that gets free is given again."""
    from aiohttp import web

    from simulator.web import http_server

    monkeypatch.setattr(http_server, "MAX_CONNECTIONS", 3)
    from anyio.from_thread import start_blocking_portal

    context = http_server.ssl.SSLContext(http_server.ssl.PROTOCOL_TLS_SERVER)
    lines: list[str] = []
    with start_blocking_portal() as portal:
        server = portal.call(
            lambda: http_server.HttpServer(web.Application(), "127.0.0.1", 0, context, log=lines.append)
        )
        portal.call(server.start)
        where = (server.address, server.port)
        with ExitStack() as callers:
            first, *_ = [callers.enter_context(socket.create_connection(where, timeout=LONG)) for _ in range(3)]
            eventually(lambda: portal.call(server.is_full), "three are counted")
            fourth = callers.enter_context(socket.create_connection(where, timeout=LONG))
            assert fourth.recv(1) == b""
            assert len(lines) == 1
            assert "too many connections" in lines[0]
            first.close()
            eventually(lambda: not portal.call(server.is_full), "a place is free")
        portal.call(server.stop)


def test_suppressed_log_lines_are_counted() -> None:
    """Some lines pass, the rest of the period is one number, and then lines pass again."""
    now, lines = [0.0], []
    throttle = Throttle(lines.append, at_once=2, clock=lambda: now[0])
    for _ in range(5):
        throttle("odd")
    assert lines == ["odd", "odd"]
    now[0] = 10.0
    throttle("again")
    assert lines == ["odd", "odd", "3 more lines like the last ones were left out", "again"]


def test_memory_is_trimmed_once_after_a_flood() -> None:
    """After many connections were closed, not while they are open, not for a few, and once per flood."""
    given: list[int] = []
    now = 80
    keeper = MemoryKeeper(lambda: now, lambda: given.append(now))
    for now, times in ((80, 0), (484, 0), (484, 0), (400, 0), (85, 1), (85, 1), (150, 1), (80, 1), (700, 1), (82, 2)):
        keeper.look()
        assert len(given) == times, now
