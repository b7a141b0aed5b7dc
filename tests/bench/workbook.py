"""What learners wait for: the first picture, a panel's redraw, memory, and a class of twenty on one machine.

`python -m tests.bench.workbook [LEARNERS]`; part of `make bench`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager, KernelManager

ROOT = Path(__file__).parents[2]
LEARNERS, TASKS = 20, 6
_CHECKS = (
    ("choice", 'check("03-A", ["names", "public-key"])'),
    ("names", 'check("00-A", ["e2.example.com", "example.com"], lab.layout("e2.example.com"))'),
    ("work", 'check("08-C", [("renew-certificate", "c2.corp.example.com")], lab)'),
)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def first_picture() -> float:
    """Seconds from the first cell of notebook 00 to its first picture, in a kernel that is ready."""
    notebook = json.loads((ROOT / "notebooks" / "00-meet-the-lab.ipynb").read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    until = next(n for n, source in enumerate(code) if "picture(" in source)
    manager = KernelManager()
    manager.start_kernel(cwd=str(ROOT / "notebooks"), stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    began = time.perf_counter()
    for source in code[: until + 1]:
        reply = client.execute_interactive(source, output_hook=lambda _: None, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
    took = time.perf_counter() - began
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return took


def redraws() -> dict[str, list[float]]:
    """Seconds that each change of a panel takes, by panel."""
    import workbook as w

    lab = w.open_lab("clustered-mra")
    panels: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
        "Design wizard": (w.design_wizard(), [("mutual", True), ("trust", "partners"), ("acme", "no"), ("domain", "no"), ("edge_peers", 6), ("upgrade", "no")]),
        "SAN designer": (w.san_designer(), [("model", "single"), ("model", "clustered"), ("peers", 6), ("federation", True), ("registration_format", "collab-edge-dns")]),
        "CSR form": (w.csr_form(lab, "e1.example.com"), [("cluster_names", "none"), ("added", "a.example.com"), ("digest", "sha512"), ("unit", "x")]),
        "trust editor": (w.trust_editor(lab), [("ca0", False), ("ca0", True), ("whose", "every machine"), ("whose", "e1.example.com")]),
        "chain builder": (w.chain_builder(lab), [("sent", ()), ("days", 500), ("purpose", "client")]),
        "handshake theatre": (w.handshake_theatre(lab), [("step", 4), ("version", "TLS 1.2"), ("step", 7), ("version", "TLS 1.3")]),
        "blast radius": (w.blast_radius(lab), [("loss", "a name is left out"), ("loss", "a CA is distrusted"), ("loss", "its certificate is revoked")]),
        "time slider": (w.time_slider(lab), [("days", 400), ("days", 0), ("days", 900)]),
        "revocation": (w.revocation_table(), [("ocsp", "revoked"), ("responder", False), ("crl", "expired"), ("service", "LDAP")]),
    }  # fmt: skip
    found: dict[str, list[float]] = {}
    for name, (panel, changes) in panels.items():
        for field, value in changes * 4:
            began = time.perf_counter()
            panel.inputs[field].value = value
            found.setdefault(name, []).append(time.perf_counter() - began)
    lab.close()
    return found


def topology_redraws() -> list[float]:
    """Seconds that each drawing of the topology of clustered-full takes, with other connections down each time."""
    from dataclasses import replace

    import workbook as w

    from pkikit.view.topology.picture import draw

    lab = w.open_lab("clustered-full")
    world, found = lab.world, []
    for party in (*lab.deployment.parties, *lab.deployment.parties):
        changed = world.with_party(replace(world.parties[party], trusted_ca_list=()))
        report = w.judged(changed, lab.at)
        began = time.perf_counter()
        draw(lab.deployment, changed, report)
        found.append(time.perf_counter() - began)
    lab.close()
    return found


def memory() -> tuple[float, float]:
    """(MB of a kernel with a running lab, of it the bare kernel): proportional set size, children included."""
    manager = KernelManager()
    manager.start_kernel(cwd=str(ROOT / "notebooks"), stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    bare = _tree_mb(manager.provisioner.pid)  # type: ignore[union-attr]
    for source in (
        "from workbook import open_lab, picture",
        "lab = open_lab('clustered-full')",
        "picture(lab, lab.check())",
    ):
        client.execute_interactive(source, output_hook=lambda _: None, timeout=60)
    full = _tree_mb(manager.provisioner.pid)  # type: ignore[union-attr]
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return full, bare


def _tree_mb(pid: int) -> float:
    """Proportional set size of a process and its children, in MB."""
    pids, listed = (
        [pid],
        subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout,
    )
    pids += [int(p) for p in listed.split()]
    total = 0
    for each in pids:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


async def a_class(learners: int) -> tuple[dict[str, list[float]], float]:
    """(seconds of every exercise check by kind, MB of all kernels): each learner thinks, answers, thinks again."""
    managers = [AsyncKernelManager() for _ in range(learners)]
    clients = []
    for manager in managers:
        await manager.start_kernel(cwd=str(ROOT / "notebooks"), stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels()
        clients.append(client)
    for client in clients:
        await client.wait_for_ready(timeout=240)
        await _run(client, "from workbook import check, open_lab\nlab = open_lab('clustered-mra')")
    took: dict[str, list[float]] = {}
    await asyncio.gather(*(_learner(client, seed, took) for seed, client in enumerate(clients)))
    used = sum(_tree_mb(m.provisioner.pid) for m in managers)  # type: ignore[union-attr]
    for client, manager in zip(clients, managers, strict=True):
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    return took, used


async def _learner(client: Any, seed: int, took: dict[str, list[float]]) -> None:
    chance = random.Random(seed)
    for _ in range(TASKS):
        await asyncio.sleep(chance.uniform(2, 10))
        kind, source = chance.choice(_CHECKS)
        began = time.perf_counter()
        await _run(client, source)
        took.setdefault(kind, []).append(time.perf_counter() - began)


async def _run(client: Any, source: str) -> None:
    reply = await client.execute_interactive(source, output_hook=lambda _: None, timeout=120)
    assert reply["content"]["status"] == "ok", reply["content"]


def show(name: str, value: float, unit: str, limit: float) -> None:
    """One line; a figure past its limit is marked, and fails nothing."""
    print(f"{name:<52} {value:8.2f} {unit:<4} (at most {limit:g}) {'' if value <= limit else '✘'}")


def _timed(what: Callable[[], float], times: int = 3) -> float:
    return statistics.median(what() for _ in range(times))


def main() -> None:
    learners = int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        show("first picture of notebook 00", _timed(first_picture), "s", 3)
        slow = redraws()
        every = [t for times in slow.values() for t in times]
        show("a panel's redraw, p95", percentile(every, 0.95) * 1000, "ms", 100)
        for name, times in slow.items():
            print(f"    {name:<48} {percentile(times, 0.95) * 1000:8.2f} ms")
        show("topology of clustered-full, redrawn, p95", percentile(topology_redraws(), 0.95) * 1000, "ms", 100)
        full, bare = memory()
        show("a learner's kernel with clustered-full", full, "MB", 250)
        print(f"    of it the bare kernel {bare:.0f} MB")
        took, used = asyncio.run(a_class(learners))
        checks = [t for times in took.values() for t in times]
        show(f"exercise check, p95 of {len(checks)} by {learners} learners", percentile(checks, 0.95), "s", 2)
        for kind, times in sorted(took.items()):
            print(f"    {kind:<48} {percentile(times, 0.95):8.2f} s")
        print(f"    memory of all {learners} kernels {used / 1024:.1f} GB")


if __name__ == "__main__":
    main()
