"""Watches a worker: collects finds, and ends it when one input takes more processor time than any may."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.places import ROOT

ARTIFACTS = ROOT / "artifacts" / "fuzz"
# Processor seconds of the worker, not of the clock: other programs on the machine do not count. 50 inputs share them.
MAX_CPU = 60.0
MAX_MEMORY = 8 * 1024**3


@dataclass(frozen=True, kw_only=True)
class Find:
    """An input that breaks a promise, as small as it could be made."""

    where: str
    data: bytes
    traceback: str

    @property
    def name(self) -> str:
        """File name in artifacts/fuzz."""
        return hashlib.sha256(self.data).hexdigest()[:12]


@dataclass(kw_only=True)
class Report:
    """What one target gave."""

    done: int = 0
    ended: bool = False
    finds: list[Find] = field(default_factory=list)


def fuzz(target: str, *, seed: int, seconds: float = 0, count: int = 0, keep: bool = True) -> Report:
    """Fuzz one target for so many seconds or inputs, in a process that cannot take this one with it."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="pkikit-fuzz-") as folder:
        limit = ("--count", str(count)) if count else ("--seconds", str(seconds))
        command = [sys.executable, "-m", "tests.fuzz.worker", target, folder, str(seed), *limit]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=_bounded) as worker:
            watch = threading.Thread(target=_watch, args=(worker, lambda: report.done), daemon=True)
            watch.start()
            assert worker.stdout is not None
            for line in worker.stdout:
                _take(report, json.loads(line))
        if not report.ended:
            data = Path(folder, "current").read_bytes() if Path(folder, "current").exists() else b""
            why = f"the worker ended with {worker.returncode}: it hung, ran out of memory or crashed"
            report.finds.append(Find(where=why, data=data, traceback=""))
    if keep:
        _keep(report)
    return report


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _take(report: Report, said: dict[str, object]) -> None:
    if "find" in said:
        data = bytes.fromhex(str(said["input"]))
        report.finds.append(Find(where=str(said["find"]), data=data, traceback=str(said["traceback"])))
    else:
        report.done = int(str(said["done"]))
        report.ended = bool(said.get("end"))


def _watch(worker: subprocess.Popen[str], done: Callable[[], int]) -> None:
    """Kill the worker once it has used MAX_CPU without getting on."""
    at, since = -1, 0.0
    while worker.poll() is None:
        used = _processor_seconds(worker.pid)
        if done() != at:
            at, since = done(), used
        elif used - since > MAX_CPU:
            worker.kill()
        time.sleep(0.2)


def _processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _keep(report: Report) -> None:
    for find in report.finds:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / find.name).write_bytes(find.data)
        (ARTIFACTS / f"{find.name}.txt").write_text(f"{find.where}\n\n{find.traceback}", encoding="utf-8")
