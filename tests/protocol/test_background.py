"""Work in threads that is cancelled or done twice at once: nothing goes on behind the caller, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.background import run_in_thread
from simulator.events import EventLog
from tests.support.wait import LONG


def test_cancelled_caller_waits_for_its_thread() -> None:
    """The thread hears of it, and the caller leaves only after the thread, cancelled; also when the thread failed."""
    started, halted, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        assert halted.wait(LONG)
        ended.set()
        raise OSError("nobody hears of it")

    async def run() -> None:
        task = asyncio.create_task(run_in_thread(work, cancelled=halted.set))
        await asyncio.to_thread(started.wait, LONG)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(run())
    assert asyncio.run(run_in_thread(lambda: 3)) == 3


@pytest.fixture
def busy_threads() -> Iterator[None]:
    """Python changes threads as often as it can, so that a race shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("busy_threads")
def test_event_log_of_several_threads_has_each_event_once(tmp_path: Path) -> None:
    """The clock and a change that is saved write at the same moment: each event is in the file once, none is lost."""
    log = EventLog(lambda: datetime.now(UTC), tmp_path / "events.jsonl")
    together, failed = threading.Barrier(4), list[Exception]()

    def write() -> None:
        try:
            for _ in range(200):
                together.wait(LONG)
                log.add("e1.example.com", "Odd")
                log.write()
        except Exception as error:
            failed.append(error)
            together.abort()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    log.write()
    assert failed == []
    written = [json.loads(line)["seq"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert sorted(written) == list(range(1, 801))
