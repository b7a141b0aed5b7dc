"""`make bench`, the simulator's half: real sockets beside openssl, a crowd held for a minute, growth, a year of lab time.

Prints tables; asserts nothing about time. `python -m tests.bench.sockets --seconds 10` holds the crowd for less.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import re
import statistics
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pkikit.handshake.messages import options_request
from pkikit.model.deployment import Deployment, deployment_from
from simulator.commands.up import write_state
from simulator.lab.lab import Lab
from simulator.peer.state import AutomaticCrls
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from simulator.travel.timeline import live_through
from simulator.wire.tls_stream import TlsStream, exchange
from tests.support.worlds import C1, E1, PARTNER, changed, deployment

CROWD = 1_000


def s_time(where: str, state: Path, version: str) -> float:
    """New connections a second that `openssl s_time` makes there, with C1's certificate."""
    command = ["openssl", "s_time", "-connect", where, "-new", "-time", "3", f"-{version}", "-CAfile",
               f"{state}/root.pem", "-cert", f"{state}/{C1}/cert.pem", "-key", f"{state}/{C1}/key.pem"]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = re.search(r"(\d+) connections in (\d+) real seconds", said.stdout)
    assert found is not None, said.stdout + said.stderr
    return int(found.group(1)) / int(found.group(2))


def against_openssl(out: Console, *, rsa: bool) -> None:
    """The same client, `openssl s_time -new`, against E1's traversal port and against `openssl s_server` with E1's key."""
    table = Table(
        "keys", "TLS", "lab /s", "openssl s_server /s", "ratio (goal ≥ 0.6)", title="Mutual handshakes over sockets"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadedLab(deployment(), settings=LabSettings(rsa=rsa, pages=False)) as lab,
    ):
        state = Path(folder)
        # s_time sends a leaf alone, so both servers are given the intermediate to trust.
        lab.trust([lab.issued.authority.certificate], [E1])
        write_state(lab.lab, state)
        address = lab.plan.by_name[E1]
        server = ["openssl", "s_server", "-accept", f"{address}:9443", "-cert", f"{state}/{E1}/cert.pem", "-cert_chain",
                  f"{state}/{E1}/cert.pem", "-key", f"{state}/{E1}/key.pem", "-CAfile", f"{state}/{E1}/trust.pem",
                  "-Verify", "3", "-verify_return_error", "-quiet", "-no_cache", "-no_ticket"]  # fmt: skip
        quiet: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(server, **quiet) as process:
            try:
                time.sleep(0.5)
                for version in ("tls1_2", "tls1_3"):
                    rounds = [
                        (s_time(f"{address}:7001", state, version), s_time(f"{address}:9443", state, version))
                        for _ in range(3)
                    ]
                    ours, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
                    ratio = statistics.median(a / b for a, b in rounds)
                    kind = "RSA-2048" if rsa else "P-256"
                    table.add_row(kind, version, f"{ours:.0f}", f"{theirs:.0f}", f"{ratio:.2f}")
            finally:
                process.terminate()
    out.print(table)


async def hold_a_crowd(seconds: float) -> dict[str, float]:
    """A thousand callers on E1's SIP port, each asking every five seconds; the lab's own legs are held beside them."""
    settings = LabSettings(rsa=False, pages=False, timeout=10)
    async with Lab(deployment(), settings=settings) as lab:
        await lab.hold()
        before = {i: link.dialled for i, link in lab.links.items()}
        leg = next(x for x in lab.legs if x.client == PARTNER and x.server == E1)
        gate, waits, lost = asyncio.Semaphore(50), [], []

        async def connect() -> TlsStream | None:
            async with gate:
                return (await lab.endpoints[PARTNER].open(leg, lab.plan.by_name[E1])).stream

        began = time.perf_counter()
        streams = await asyncio.gather(*(connect() for _ in range(CROWD)))
        connected = time.perf_counter() - began
        end = time.perf_counter() + seconds

        async def caller(number: int, stream: TlsStream) -> None:
            await asyncio.sleep(5 * number / CROWD)
            while time.perf_counter() < end:
                asked = time.perf_counter()
                if not await exchange(stream, options_request(PARTNER, E1, 5061)):
                    lost.append(number)
                    return
                waits.append(time.perf_counter() - asked)
                await asyncio.sleep(5)

        up = [s for s in streams if s is not None]
        await asyncio.gather(*(caller(i, s) for i, s in enumerate(up)))
        moved = sum(link.dialled != before[i] or not link.active for i, link in lab.links.items())
        for stream in up:
            await stream.close()
    ranked = sorted(waits)
    return {
        "callers": len(up),
        "lost": len(lost) + CROWD - len(up),
        "legs moved": moved,
        "connected in s": connected,
        "answers": len(waits),
        "p50 ms": 1000 * ranked[len(ranked) // 2],
        "p99 ms": 1000 * ranked[int(len(ranked) * 0.99)],
    }


def grown(peers: int, zones: int) -> Deployment:
    """clustered-full with so many peers a cluster, and so many neighbour zones."""
    data = deployment("clustered-full").model_dump(mode="json")
    for cluster, domain in zip(data["clusters"], ("corp.example.com", "example.com"), strict=True):
        letter = cluster["peers"][0][0]
        cluster["peers"] = [f"{letter}{i}.{domain}" for i in range(1, peers + 1)]
    data["zones"][0]["peer_addresses"] = data["clusters"][1]["peers"]
    data["zones"] += [
        {
            "name": f"n{i}",
            "type": "neighbour",
            "cluster": "edge",
            "peer_addresses": [f"n{i}.example.net"],
            "tls_verify": True,
        }
        for i in range(1, zones)
    ]
    return deployment_from(data)


def _measured(peers: int, zones: int, queue: Any) -> None:
    """In a process of its own: cold start, a whole check, the most memory."""
    made = grown(peers, zones)

    async def run() -> tuple[float, float, int]:
        began = time.perf_counter()
        async with Lab(made, settings=LabSettings(rsa=peers > 1 and zones == 1, timeout=20)) as lab:
            started = time.perf_counter() - began
            began = time.perf_counter()
            report = await lab.check()
            assert report.accepted
            return started, time.perf_counter() - began, len(report.legs)

    started, checked, legs = asyncio.run(run())
    # VmHWM begins anew with the program; ru_maxrss would still hold the parent's.
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    queue.put((started, checked, legs, int(peak.group(1)) / 1024 if peak else 0.0))


def growth(out: Console) -> None:
    """Everything of clustered-full, with pages, growing."""
    table = Table(
        "peers a cluster",
        "zones",
        "legs",
        "cold start s",
        "check s",
        "MB",
        title="The whole lab (goal 6+6: ≤ 5 s, ≤ 400 MB)",
    )
    context = multiprocessing.get_context("spawn")
    for peers, zones in ((1, 1), (2, 1), (4, 1), (6, 1), (2, 10), (2, 50), (2, 200)):
        queue = context.Queue()
        process = context.Process(target=_measured, args=(peers, zones, queue))
        process.start()
        started, checked, legs, memory = queue.get()
        process.join()
        table.add_row(f"{peers}", f"{zones}", f"{legs}", f"{started:.2f}", f"{checked:.2f}", f"{memory:.0f}")
    out.print(table)


async def a_year() -> tuple[float, int, int]:
    """(seconds, happenings, CRL updates) of 365 days with revocation checking and daily CRL updates."""
    made = changed(revocation__checking=True, revocation__cdp_download=False)
    async with Lab(made, settings=LabSettings(rsa=False, pages=False)) as lab:
        urls = ("http://pki.lab.example/root.crl", "http://pki.lab.example/issuing.crl")
        for peer in lab.peers.values():
            await peer.set_crl_sources(AutomaticCrls(urls=urls))
        began = time.perf_counter()
        lived = await live_through(lab, timedelta(days=365))
        return time.perf_counter() - began, len(lived.happenings), len(lab.events.of(kind="CRL Update Completed"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    out = Console(highlight=False)
    for rsa in (True, False):
        against_openssl(out, rsa=rsa)
    table = Table(*(crowd := asyncio.run(hold_a_crowd(seconds))), title=f"{CROWD} callers held for {seconds:g} s")
    table.add_row(*(f"{value:.1f}" if isinstance(value, float) else str(value) for value in crowd.values()))
    out.print(table)
    growth(out)
    took, happenings, updates = asyncio.run(a_year())
    out.print(f"a year of lab time: {took:.1f} s (goal ≤ 10), {happenings} happenings, {updates} CRL updates")


if __name__ == "__main__":
    main()
