"""`make bench`: fleets and large explorations. Processor time counts, because a machine that is shared says little about seconds.

Asserts the answers: exactly the broken deployments, also after kill -9; and the same front of designs after a worker died.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkikit.fleet.made.made_fleet import make_fleet
from pkikit.fleet.made.truth import Truth
from pkikit.view.description import iso
from tests.support.places import ROOT
from tests.support.worlds import AT

COUNT, BROKEN, WORKERS = 500, 37, 2
WIDTHS = 52, 8, 9, 27, 30, 40
_LOADED = """
import sys, yaml
from pathlib import Path
from cryptography import x509
for folder in (p for p in Path(sys.argv[1]).iterdir() if p.is_dir()):
    yaml.safe_load((folder / "deployment.yaml").read_text())
    for file in folder.glob("certificates/*/*.pem"):
        if file.name != "crl.pem":
            x509.load_pem_x509_certificates(file.read_bytes())
"""
_DASK = """
import os, resource, signal, sys
import distributed
from pkikit.explore.exploration import explore
from pkikit.explore.executors import Dask
from tests.support.search_spaces import space

def main(domains):
    names = [f"d{n}.example.com" for n in range(domains)]
    of = space("edge.profile=classic,classic-2028", domains__registration=names)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        victims = [worker.process.pid for worker in cluster.workers.values()][:1]
        def kill_one(done):
            if victims:
                os.kill(victims.pop(), signal.SIGKILL)
        found = explore(of, Dask(cluster.scheduler_address), progress=kill_one)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(found.total, found.working, len(found.front), sum(u.ru_utime + u.ru_stime for u in used),
          max(u.ru_maxrss for u in used) // 1024)

if __name__ == "__main__":
    main(int(sys.argv[1]))
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a process and all of its children took; the memory is that of all of them together, shared pages once."""

    seconds: float
    processor: float
    megabytes: int
    output: str


def measured(*command: str, kill_when: Any = None) -> Measured:
    """Run a Python process to its end, or until `kill_when` says so."""
    before, began, most = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([sys.executable, *command], stdout=output, cwd=ROOT, env=environment)
        while process.poll() is None:
            most = max(most, _memory(process.pid))
            if kill_when is not None and kill_when():
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            time.sleep(0.2)
        output.seek(0)
        text = output.read().decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds=time.perf_counter() - began, processor=used, megabytes=most // 1024, output=text)


def _memory(pid: int) -> int:
    """The kilobytes of a process and of its children; 0 where the system does not say."""
    try:
        tasks = Path(f"/proc/{pid}/task")
        children = [int(c) for task in tasks.iterdir() for c in (task / "children").read_text().split()]
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return own + sum(map(_memory, children))


def audit(folder: Path, *options: str, kill_when: Any = None) -> Measured:
    """Audit a fleet with two processes."""
    command = ("-m", "pkikit", "fleet", "audit", str(folder), "--workers", str(WORKERS), "--json", *options)
    return measured(*command, kill_when=kill_when)


def require_true(truth: Truth, output: str) -> None:
    """Check that an audit found exactly what is true."""
    found = {d["folder"]: d for d in json.loads(output)["deployments"]}
    wrong = [f.folder for f in truth.folders if found[f.folder]["accepted"] != (f.expected == "accepted")]
    assert not wrong, wrong
    for one in (f for f in truth.folders if f.breaks):
        first = found[one.folder]["first_break"]
        assert {key: first[key] for key in ("leg", "at", "cause")} == one.to_json()["first_break"], one.folder
        says = {b["leg"]: (b["at"], b["cause"]) for b in found[one.folder]["breaks"]}
        lacking = [b for b in one.breaks if says.get(b.leg) != (b.at, b.cause)]
        assert not lacking, (one.folder, lacking)


def auditing(folder: Path) -> None:
    """Make a fleet; audit it, audit it again, and audit it after a run that was killed."""
    fleet, last, began = folder / "fleet", folder / "last.parquet", time.process_time()
    truth = make_fleet(fleet, count=COUNT, broken=BROKEN, seed="7", at=AT)
    making = time.process_time() - began
    connections = sum(one.connections for one in truth.folders)
    loading = measured("-c", _LOADED, str(fleet)).processor
    _row(
        f"make {COUNT} deployments, {connections:,} connections",
        "",
        f"{making:.1f} s",
        "",
        "",
        f"{making / loading:.1f} × loading their files ({loading:.1f} s)",
    )
    at = ("--at", iso(AT))
    first = audit(fleet, *at, "--parquet", str(last))
    require_true(truth, first.output)
    _measured_row(f"audit of it, {WORKERS} processes", first, "≤ 60 s on two cores, ≤ 1 GB", loading)
    again = audit(fleet, *at, "--since", str(last))
    require_true(truth, again.output)
    _measured_row("again, --since", again, "≤ 10 s", loading)
    stop = time.monotonic() + first.seconds / 2
    audit(fleet, *at, kill_when=lambda: time.monotonic() > stop)
    rest = audit(fleet, *at)
    require_true(truth, rest.output)
    _measured_row("what was left after kill -9 in the middle", rest, "less than all", loading)


def _measured_row(what: str, took: Measured, goal: str, loading: float) -> None:
    _row(
        what,
        f"{took.seconds:.1f} s",
        f"{took.processor:.1f} s",
        f"{took.megabytes} MB",
        goal,
        f"{took.processor / loading:.1f} × loading the files",
    )


def exploring(folder: Path, domains: Sequence[int] = (6, 8)) -> None:
    """Explore on a dask cluster of this machine while a worker is killed: how processor time grows with the layouts.

    The numbers of domains mean 655,360 and 2,621,440 layouts; 14 mean 167,772,160.
    """
    script = folder / "explore_dask.py"
    script.write_text(_DASK)
    rates: list[float] = []
    for number in domains:
        took = measured(str(script), str(number))
        total, working, front, used, megabytes = map(float, took.output.split())
        assert working
        assert front
        rates.append(total / used)
        beside = f"{rates[-1] / rates[0]:.2f} × the rate of the first" if rates[1:] else "with the start of the cluster"
        _row(
            f"explore {total:,.0f} layouts with dask, one worker killed",
            f"{took.seconds:.1f} s",
            f"{used:.1f} s",
            f"{megabytes:.0f} MB, the largest process",
            "≤ 300 MB",
            beside,
        )


def _row(*cells: str) -> None:
    """Print one line of the table as soon as it is known."""
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip(), flush=True)


def main() -> None:
    """Print the table, line by line."""
    _row("fleet", "seconds", "processor", "memory", "goal", "next to it")
    with tempfile.TemporaryDirectory() as name:
        auditing(Path(name))
        exploring(Path(name))


if __name__ == "__main__":
    main()
