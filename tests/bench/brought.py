"""`make bench`: what operators bring. Each row is a process of its own, next to plain libraries that only read the same files.

Prints a table; asserts only the answers. Processor time counts, because a machine that is shared says little about seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.table import Table

from pkikit.design.legs import legs_of
from pkikit.files import load_deployment, parse
from pkikit.model.leg import Protocol
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY
from tests.support.archives import archives_of
from tests.support.brought_files import written
from tests.support.bulk import MEGABYTE, large_archives
from tests.support.captured import Recorded
from tests.support.round_trip import imported
from tests.support.worlds import AT, deployment, issued

CAPTURE = 20 * MEGABYTE
_ROOT = Path(__file__).parents[2]
_TARFILE = """
import sys, tarfile
for name in sys.argv[1:]:
    with tarfile.open(name, "r|gz") as archive:
        for entry in archive:
            stream = archive.extractfile(entry)
            while stream and stream.read(1 << 16):
                pass
"""
_DPKT = """
import sys
from dpkt import ip, pcapng
with open(sys.argv[1], "rb") as stream:
    for _, packet in pcapng.Reader(stream):
        ip.IP(packet)
"""
_LOADED = """
import sys, yaml
from pathlib import Path
from cryptography import x509
for folder in map(Path, sys.argv[1:]):
    yaml.safe_load((folder / "deployment.yaml").read_text())
    for file in folder.glob("certificates/*/*.pem"):
        x509.load_pem_x509_certificates(file.read_bytes())
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a process and those that it started took; the memory is that of the largest one."""

    seconds: float
    processor: float
    megabytes: int


# A process begins with the memory of the one that started it, so a small one stands between.
_MEASURE = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": took, "processor": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss // 1024}))
sys.exit(done.returncode and done.stderr)
"""


def ran(*arguments: str) -> Ran:
    """Run a Python process to its end."""
    done = subprocess.run([sys.executable, "-c", _MEASURE, *arguments], stdout=subprocess.PIPE, check=True, cwd=_ROOT,
                          env={**os.environ, "PYTHONPATH": "."})  # fmt: skip
    return Ran(**json.loads(done.stdout))


def _row(table: Table, what: str, goal: str, ours: Sequence[str], beside: str, theirs: Sequence[str]) -> None:
    mine, other = ran(*ours), ran(*theirs)
    table.add_row(
        what, f"{mine.seconds:.1f} s", f"{mine.processor:.1f} s", f"{mine.megabytes} MB", goal,
        f"{mine.processor / other.processor:.1f} × {beside} ({other.processor:.1f} s)",
    )  # fmt: skip


def importing(table: Table, folder: Path) -> Path:
    """Import four large archives; return the folder that it makes."""
    archives, out = [str(path) for path in large_archives(folder)], folder / "imported"
    size = sum(Path(path).stat().st_size for path in archives) // MEGABYTE
    ours = ["-m", "pkikit", "import", *archives, "--out", str(out), "--json"]
    _row(table, f"import of 4 archives, {size} MB together", "≤ 15 s, ≤ 300 MB", ours,
         "reading them with tarfile", ["-c", _TARFILE, *archives])  # fmt: skip
    return out


def reporting(table: Table, folder: Path) -> None:
    """Report on an imported folder, in every form."""
    ours = ["-m", "pkikit", "report", str(folder), "--at", AT.isoformat()]
    ours += [word for form in ("html", "md", "ics") for word in (f"--{form}", str(folder.parent / f"report.{form}"))]
    count = len(legs_of(load_deployment(folder / "deployment.yaml")))
    _row(table, f"report on {count} connections: page, Markdown, dates", "≤ 3 s", ours,
         "loading its files", ["-c", _LOADED, str(folder)])  # fmt: skip


def capturing(table: Table, folder: Path) -> None:
    """Diagnose a capture that is handshakes from end to end, with its session secrets."""
    world, path, size, count = issued("clustered-full").world, folder / "lab.pcapng", 0, 0
    legs = [leg for leg in legs_of(world.deployment) if leg.protocol is not Protocol.SSH]
    made = Recorded(world, AT)
    while size < CAPTURE:
        for leg in legs * (10 if size else 1):
            made.dial(leg)
            count += 1
        size = made.write(path).stat().st_size
    ours = ["-m", "pkikit", "diagnose", str(path), "--json"]
    _row(table, f"diagnose of a capture, {size // MEGABYTE} MB, {count:,} handshakes", "≤ 20 s", ours,
         "reading it with dpkt", ["-c", _DPKT, str(path)])  # fmt: skip


def rekeying(table: Table, folder: Path) -> None:
    """Make a copy of a system with RSA keys, with keys of the lab; dial every connection of it."""
    original = deployment("clustered-full")
    world, small, out = issue_world(original, at=AT - DAY).world, folder / "small", folder / "rekeyed"
    written(small, archives_of(world, AT))
    made, answers = imported(small, original)
    certificates = (c for file in made.placed for c in parse(file.content, where=file.name).certificates)
    keys = {certificate.public_bytes(Encoding.DER) for certificate in certificates}
    beside = f"making {len(keys)} RSA keys", ["-c", _KEYS, str(len(keys))]
    given = [word for key, text in answers.items() for word in ("--answer", f"{key}={text}")]
    ours = ["-m", "pkikit", "import", str(small), "--out", str(out), "--rekey", "--json", *given]
    _row(table, f"import --rekey, {len(keys)} RSA keys", "", ours, *beside)
    ours = ["-m", "simulator", "check", str(out / "deployment.yaml"), "--certs", str(out / "certificates")]
    count = len(legs_of(made.deployment or original))
    _row(table, f"expressway-sim check of that copy, {count} connections", "", [*ours, "--at", AT.isoformat()], *beside)


_KEYS = """
import sys
from cryptography.hazmat.primitives.asymmetric import rsa
for _ in range(int(sys.argv[1])):
    rsa.generate_private_key(65537, 2048)
"""


def main() -> None:
    """Print the table."""
    table = Table("files", "seconds", "processor", "largest process", "goal", "processor time next to it",
                  title="What operators bring")  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reporting(table, importing(table, folder))
        rekeying(table, folder)
        capturing(table, folder)
    Console(highlight=False, width=160).print(table)


if __name__ == "__main__":
    main()
