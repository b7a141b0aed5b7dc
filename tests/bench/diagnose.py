"""`make bench`: `pkikit diagnose` on a log of 100 MB, in a process of its own. Prints a table; asserts only the answer."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

MEGABYTES = 100
_MEASURE = """
import json, resource, sys, time
from pathlib import Path
from pkikit.report.handshakes import judge_trace
from pkikit.captures.recorded_file import of_file
began, used = time.perf_counter(), time.process_time()
answer = of_file(Path(sys.argv[1]), judge_trace)
print(json.dumps({"seconds": time.perf_counter() - began, "processor": time.process_time() - used, "causes": answer.causes, "groups": len(answer.groups),
                  "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
"""


def _event(choose: random.Random, clock: str, detail: str, client: str, port: int) -> str:
    return (
        f'{clock} exwe01 tvcs: Event="Inbound TLS Negotiation Error" Service="SIP" Src-ip="{client}" '
        f'Src-port="{choose.randrange(25_000, 60_000)}" Dst-ip="10.0.30.2" Dst-port="{port}" Detail="{detail}" '
        f'Protocol="TLS" Level="1" UTCTime="{clock[:19]}"\n'
    )


def lines(seed: int = 1) -> Iterator[str]:
    """A diagnostic log without end: SIP dumps, TCP, developer and event lines, scanners, one peer that fails."""
    choose = random.Random(seed)
    scans = ("wrong version number", "no shared cipher", "http request", "unsupported protocol")
    for n in range(sys.maxsize):
        clock = f"2026-11-20T{n // 3_600_000 % 24:02}:{n // 60_000 % 60:02}:{n // 1000 % 60:02}.{n % 1000:03}+00:00"
        head = f'{clock} exwe01 tvcs: UTCTime="{clock[:19]}"'
        ends = f'Src-ip="10.0.10.{n % 9}" Src-port="{25_000 + n % 4_000}" Dst-ip="10.0.30.2" Dst-port="7001"'
        match choose.randrange(12):
            case 0 | 1 | 2:
                yield f'{head} Module="network.sip" Level="DEBUG":  Action="Received" {ends} Msg-Hash="{n * 7919}"\nSIPMSG:\n'
                yield f"|SIP/2.0 200 OK\nVia: SIP/2.0/TLS 10.0.10.2:5061;branch=z9hG4bK{n * 104_729:x};rport\n"
                yield f'From: <sip:user{n % 500}@example.com>;tag={n:x}\nReason: SIP;cause=200;text="no error"\n'
                yield "Content-Type: application/sdp\n\nv=0\no=- 1 1 IN IP4 10.0.10.2\nm=audio 2326 RTP/SAVP 8 101\n|\n"
            case 3 | 4 | 5:
                yield f'{head} Module="network.tcp" Level="DEBUG":  {ends} Detail="TCP Connection Closed" Reason="Got EOF on socket"\n'
            case 6 | 7:
                yield (
                    f'{head} Module="developer.ssl" Level="DEBUG" CodeLocation="ppcmains/ssl/ttssl/ttssl_openssl.cpp(1960)" '
                    f'Method="::ttssl_continueHandshake" Thread="0x7f{n:010x}":  Detail="Found DNS alt-name in peer certificate"\n'
                )
            case 8:
                yield _event(choose, clock, scans[n % 4], f"198.51.{n % 251}.{n * 7 % 253}", 5061)
            case 9 if n % 50 == 0:
                yield _event(choose, clock, "certificate has expired", "10.0.10.2", 7001)
            case _:
                yield (
                    f'{head} Module="developer.diagnostics.alarmmanager" Level="INFO" CodeLocation="alarmmanager({n % 999})" '
                    f'Detail="Checked alarm {n}" UUID="e2b8e3d1-b731-4d7d-b606-{n:012}"\n'
                )


def main() -> None:
    """Write the log, read it in a child, print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path, size = Path(folder) / "loggingsnapshot.txt", 0
        with path.open("w") as stream:
            for line in lines():
                size += stream.write(line)
                if size >= MEGABYTES * 1_000_000:
                    break
        began = time.perf_counter()
        with path.open("rb") as read:
            plain = sum(1 for _ in read)
        beside = time.perf_counter() - began
        done = subprocess.run([sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True,
                              cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."})  # fmt: skip
    measured = json.loads(done.stdout)
    assert measured["causes"][0] == "validity.expired", measured
    table = Table("log", "measured", "goal", "beside it", title="diagnose, one core")
    table.add_row(f"{size // 1_000_000} MB, {plain:,} lines", f"{measured['seconds']:.1f} s", "≤ 15 s",
                  f"{measured['processor']:.1f} s of processor time; {measured['seconds'] / beside:.0f} × counting its lines")  # fmt: skip
    table.add_row("largest process", f"{measured['megabytes']} MB", "≤ 200 MB", f"{measured['groups']} groups listed")
    Console(highlight=False, width=150).print(table)


if __name__ == "__main__":
    main()
