"""The second half of `make bench`: decisions without a handshake. Rates against the raw library where there is one."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto
from rich.console import Console
from rich.table import Table

from pkikit.design.csr import fast_key
from pkikit.files import parse
from pkikit.issue.authority import Authority, create_root
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.paths.trust import build_path
from pkikit.judge.questions import CertificateUse
from pkikit.judge.revocation.revocation_status import judge_revocation
from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Revocation
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from pkikit.model.version import guide_version
from simulator.world.craft import DAY, craft
from tests.support.worlds import AT, E1


def seconds(function: Callable[[], Any]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def median(function: Callable[[], Any], times: int = 7) -> float:
    return statistics.median(seconds(function) for _ in range(times))


def linting(table: Table) -> None:
    """10,000 certificates that differ, parsed from DER each, as `pkikit lint` does it."""
    key, root = fast_key(), create_root("Bench Root CA", at=AT - DAY)
    ders = [
        craft((f"e{n}.example.com", "cluster-e.example.com"), root, at=AT, key=key).leaf.public_bytes(Encoding.DER)
        for n in range(10_000)
    ]
    use = CertificateUse(at=AT, version=guide_version())
    ours = seconds(lambda: [lint_certificate(x509.load_der_x509_certificate(d), use) for d in ders])
    raw = seconds(lambda: [list(x509.load_der_x509_certificate(d).extensions) for d in ders])
    table.add_row(
        "lint of 10,000 certificates", f"{len(ders) / ours:,.0f} /s", "≥ 4,000 /s", f"{ours / raw:.1f} × parsing them"
    )


def revocation_list(table: Table) -> None:
    """A CRL with a million entries: read once, then judged."""
    root = create_root("Bench Root CA", at=AT - DAY)
    entries = [
        x509.RevokedCertificateBuilder().serial_number(1000 + n).revocation_date(AT).build() for n in range(1_000_000)
    ]
    naive = AT.replace(tzinfo=None)
    builder = x509.CertificateRevocationListBuilder(
        root.certificate.subject, naive, naive + timedelta(days=7), [], entries
    )
    der = builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    del entries, builder
    leaf = craft((E1,), root, at=AT, serial=1_000_500).leaf
    path = build_path(leaf, sent=(), trusted_ca_list=(root.certificate,), at=AT)
    began = time.perf_counter()
    crls = parse(der, where="x").crls
    read = time.perf_counter() - began
    question = RevocationQuestion(
        settings=Revocation(checking=True), data=NOTHING_HELD.with_crls(CrlSource.MANUAL, crls)
    )
    judged = median(lambda: judge_revocation(path, question, AT), 3)
    raw = median(lambda: crls[0].get_revoked_certificate_by_serial_number(1_000_500), 3)
    assert not judge_revocation(path, question, AT).accepted
    table.add_row(
        f"CRL of 1,000,000 entries ({len(der) >> 20} MB), read in {read:.2f} s", f"{judged:.2f} s", "≤ 1 s",
        f"{judged / raw:.1f} × a bare look-up, the rest is its signature",
    )  # fmt: skip


def _chain(depth: int) -> tuple[Authority, list[x509.Certificate]]:
    root = create_root("Deep Root CA", at=AT - DAY)
    authority, between = root, []
    for n in range(depth):
        authority = authority.intermediate(f"Deep CA {n}", at=AT - DAY, path_length=None)
        between.append(authority.certificate)
    leaf = craft((E1,), authority, at=AT, chain=()).leaf
    return root, [leaf, *reversed(between)]


def verification(table: Table) -> None:
    """Six certificates below one of 2,000 anchors, beside OpenSSL on the same store; and the first time, nothing kept."""
    root, chain = _chain(4)
    anchors = (*(create_root(f"Anchor {n}", at=AT - DAY).certificate for n in range(1_999)), root.certificate)
    checks = [NameCheck(any_of=(E1,), why="bench")]

    def ours() -> None:
        verdict = verify_certificate(
            chain[0], sent=chain[1:], trusted_ca_list=anchors, purpose=Purpose.SERVER, at=AT, name_checks=checks
        )
        assert verdict.accepted

    store = crypto.X509Store()
    for certificate in anchors:
        store.add_cert(crypto.X509.from_cryptography(certificate))
    store.set_time(AT)
    leaf, *sent = (crypto.X509.from_cryptography(c) for c in chain)
    first = seconds(ours)
    again = median(ours, 25)
    theirs = median(lambda: crypto.X509StoreContext(store, leaf, sent).verify_certificate(), 25)
    table.add_row(
        f"verify 6 certificates, 2,000 anchors (first time {1000 * first:.0f} ms)", f"{1000 * again:.2f} ms", "≤ 2 ms",
        f"{again / theirs:.1f} × OpenSSL ({1000 * theirs:.2f} ms)",
    )  # fmt: skip


TEN_MILLION = """
import resource, sys, time
from pkikit.design.search_space import Space
from pkikit.design.choices import parse_vary
from pkikit.explore.exploration import explore
from pkikit.explore.executors import InProcess, Processes
from tests.support.worlds import changed

def main(workers, domains):
    d = changed("clustered-full", version="X15.5", domains__registration=[f"d{n}.example.com" for n in range(domains)])
    s = Space(d, parse_vary(["edge.profile=classic,classic-2028"], d))
    began = time.perf_counter()
    explore(s, Processes(workers) if workers > 1 else InProcess())
    took = time.perf_counter() - began
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(s.size, most // 1024, took)

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
"""


def exploring(table: Table, folder: Path) -> None:
    """The same 2.6 million layouts on one core and on two, then ten million: rate, scale, and the largest process of each.

    Two processes cannot reach 2.0: each imports pkikit and works out the options (0.5 s of processor time), and both
    share the memory of the machine. `ceiling` says what this machine gives two processes that share nothing.
    """
    script = folder / "explore_bench.py"
    script.write_text(TEN_MILLION)
    ceiling = 2 * median(_python_work, 5) / _two_at_once(folder)
    rates: list[float] = []
    for workers, domains in ((1, 8), (2, 8), (2, 10)):
        command = [sys.executable, str(script), str(workers), str(domains)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
                              env={**os.environ, "PYTHONPATH": "."})  # fmt: skip
        size, megabytes, took = (float(word) for word in done.stdout.split())
        rates.append(size / took)
        scale = f", {rates[-1] / rates[0]:.2f} × one core (goal 1.8; ceiling {ceiling:.2f})" if workers > 1 else ""
        table.add_row(
            f"explore {size:,.0f} layouts, {workers} process{'es' * (workers > 1)}", f"{size / took:,.0f} /s",
            f"≥ {20_000 * workers:,} /s", f"largest process {megabytes:.0f} MB (goal ≤ 300 MB){scale}",
        )  # fmt: skip


def _python_work() -> None:
    """Half a second of tuples, text and a small dict, as judging layouts is."""
    kept: dict[int, tuple[int, str]] = {}
    for number in range(1_500_000):
        kept[number % 5000] = (number, str(number))


def _two_at_once(folder: Path) -> float:
    """Seconds of that work in each of two processes at the same time, the slower one."""
    script = folder / "work.py"
    script.write_text("from tests.bench.decisions import _python_work, median; print(median(_python_work, 5))")
    both = [
        subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
                         env={**os.environ, "PYTHONPATH": "."})
        for _ in range(2)
    ]  # fmt: skip
    return max(float(process.communicate()[0]) for process in both)


def processor_time(arguments: Sequence[str]) -> float:
    """Seconds of processor time of a Python process, from start to end: what other programs do does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starting(table: Table) -> None:
    """A light command from start to end, beside a Python that imports `cryptography.x509`, in turns.

    The command imports typer (half of its time) and the rules, which are data; neither pydantic nor cryptography nor rich.
    """
    beside = ["-c", "import cryptography.x509"]
    for name, arguments in (
        ("pkikit rules --json", ["-m", "pkikit", "rules", "--json"]),
        ("pkikit rules, as a table", ["-m", "pkikit", "rules"]),
        ("pkikit --help", ["-m", "pkikit", "--help"]),
        ("pkikit report --help", ["-m", "pkikit", "report", "--help"]),
    ):
        pairs = [(processor_time(arguments), processor_time(beside)) for _ in range(9)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        table.add_row(
            f"{name}, process start included", f"{ours:.2f} s", "≤ 3 × x509",
            f"{ours / theirs:.1f} × importing cryptography.x509 ({theirs:.2f} s)",
        )  # fmt: skip


def main() -> None:
    """Print the table."""
    table = Table("decision", "measured", "goal", "beside it", title="Decisions, one core")
    with tempfile.TemporaryDirectory() as folder:
        exploring(table, Path(folder))
    for measure in (linting, verification, starting, revocation_list):
        measure(table)
    out = Console(highlight=False, width=150)
    out.print(table)
    out.print(
        f"this process at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB (making the CRL included)"
    )


if __name__ == "__main__":
    main()
