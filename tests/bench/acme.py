"""Issuance by ACME: our client against certbot and lego at the same Pebble, and what names and peers cost.

Wall times of one run, side by side, keys of the same kind (RSA-2048 for the certificate, made within the time on all
sides). Prints tables; asserts nothing about time.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.table import Table

from pkikit.design.csr import build_csr, fast_key, make_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.acme.account import AcmeAccount
from pkikit.issue.acme.http01 import Standalone, standalone
from pkikit.issue.acme.order import Order
from pkikit.issue.acme.transport import AcmeDirectory
from simulator.pebble_options import PebbleOptions
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from tests.support.worlds import CLUSTER_E, E1, deployment, of_size

ROUNDS = 5
NAMES = (E1, CLUSTER_E, "example.com")


def layout(names: tuple[str, ...]) -> SanLayout:
    entries = tuple(SanEntry(value=n, reason="", rule="names.peer-fqdn-missing", needed_by=()) for n in names)
    return SanLayout(owner=names[0], common_name=names[0], entries=entries)


@contextmanager
def shop(**options: int) -> Iterator[tuple[ThreadedLab, AcmeDirectory, str]]:
    """A Pebble without sleep, and E1's address, to which every name leads."""
    settings = LabSettings(rsa=True, pages=False, acme=PebbleOptions(**options))  # type: ignore[arg-type]
    with ThreadedLab(deployment(), settings=settings) as lab:
        acme = lab.start_acme()
        address = lab.plan.by_name[E1]
        names = (*NAMES, *(f"n{i}.example.com" for i in range(100)))
        lab.network.outside_dns.zone.addresses.update({n: [address] for n in names})
        yield lab, AcmeDirectory(url=acme.pebble.directory, ca_file=acme.pebble.ca_file), address


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def clients(console: Console) -> None:
    """One issuance each, with an account that is there already."""
    with shop() as (lab, directory, address), tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {
            **os.environ,
            "REQUESTS_CA_BUNDLE": str(directory.ca_file),
            "LEGO_CA_CERTIFICATES": str(directory.ca_file),
        }

        def run(*command: str) -> None:
            subprocess.run(command, env=env, cwd=home, check=True, capture_output=True, timeout=120)

        number = itertools.count()
        write_private(home / "account.pem", key_pem(fast_key()))

        def by_command() -> None:
            n = next(number)
            key = make_key()
            write_public(home / f"{n}.csr", build_csr(layout(NAMES), key).public_bytes(Encoding.PEM))
            write_private(home / f"{n}.key", key_pem(key))
            run(
                sys.executable, "-m", "pkikit", "acme", "order", f"{n}.csr", "--directory", directory.url, "--ca-file",
                str(directory.ca_file), "--account", "account.pem", "--accept-terms", "--out", f"{n}.pem",
                "--standalone", f"{address}:10080",
            )  # fmt: skip

        certbot = str(Path(sys.executable).with_name("certbot"))
        where = [p for name in ("config", "work", "logs") for p in (f"--{name}-dir", str(home / name))]
        of_names = [p for n in NAMES for p in ("-d", n)]

        def by_certbot() -> None:
            run(
                certbot, "certonly", "--standalone", "--http-01-address", address, "--http-01-port", "10080", *of_names,
                "--agree-tos", "-m", "a@example.com", "--key-type", "rsa", "--force-renewal", "-n", "--cert-name", "x",
                "--server", directory.url, *where,
            )  # fmt: skip

        def by_lego() -> None:
            first = not (home / "lego" / "certificates").exists()
            run(
                "lego", "--server", directory.url, "--email", "a@example.com", "--accept-tos", "--http", "--http.port",
                f"{address}:10080", *(p for n in NAMES for p in ("--domains", n)), "--key-type", "rsa2048", "--path",
                str(home / "lego"), *(("run",) if first else ("renew", "--days", "36500", "--no-random-sleep")),
            )  # fmt: skip

        acme = lab.acme
        assert acme is not None
        lab.run(lambda: acme.prepare(E1, provider="staging"))

        def by_service() -> None:
            """Sign and deploy on a peer of the lab: CSR with its key, order over the policy front, restart."""
            if lab.peers[E1].state.request is None:
                lab.run(lab.peers[E1].generate)
            lab.run(acme.sign, E1)
            lab.run(acme.deploy, E1)

        ways = {"the lab's peer, sign and deploy": by_service, "pkikit acme order": by_command, "certbot": by_certbot}
        if shutil.which("lego"):
            ways["lego"] = by_lego
        for work in ways.values():
            work()  # accounts, caches
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, work in ways.items():
                times[name].append(timed(work))
        table = Table("one issuance, three names, RSA-2048", "median s", "of certbot", "of lego", title="ACME clients")
        median = {name: statistics.median(found) for name, found in times.items()}
        for name, seconds in median.items():
            of_lego = f"{seconds / median['lego']:.2f}" if "lego" in median else "no lego here"
            table.add_row(name, f"{seconds:.2f}", f"{seconds / median['certbot']:.2f}", of_lego)
        console.print(table)


def hundred(console: Console) -> None:
    """100 orders, ten at a time, every fifth nonce refused."""
    with shop(nonce_reject=20) as (_, directory, address), standalone(address, 10080) as place:
        accounts = [AcmeAccount(directory, fast_key()) for _ in range(10)]
        for account in accounts:
            account.register("a@example.com", terms_accepted=True)
        request = build_csr(layout(NAMES), fast_key())

        def ten(account: AcmeAccount) -> int:
            return sum(len(_order(account, request, place)) > 0 for _ in range(10))

        began = time.perf_counter()
        with ThreadPoolExecutor(10) as pool:
            done = sum(pool.map(ten, accounts))
        seconds = time.perf_counter() - began
        refused = sum(a.network.rejected_nonces for a in accounts)
    console.print(
        f"100 orders at a concurrency of 10, badNonce 20 %: {done} done, {refused} nonces refused, {seconds:.1f} s"
    )


def _order(account: AcmeAccount, request: object, place: Standalone) -> tuple[object, ...]:
    return Order(account, request, place=place.put, withdraw=place.take).run()  # type: ignore[arg-type]


def names(console: Console) -> None:
    """What more names cost."""
    table = Table("names", "s", "ms a name", title="Cost of names (library, account there)")
    with shop() as (_, directory, address), standalone(address, 10080) as place:
        account = AcmeAccount(directory, fast_key())
        account.register("a@example.com", terms_accepted=True)
        for count in (1, 3, 10, 30, 100):
            wanted = tuple(f"n{i}.example.com" for i in range(count))
            request = build_csr(layout(wanted), fast_key())
            seconds = statistics.median(timed(lambda r=request: _order(account, r, place)) for _ in range(3))  # type: ignore[misc]
            table.add_row(str(count), f"{seconds:.2f}", f"{1000 * seconds / count:.0f}")
    console.print(table)


def peers(console: Console) -> None:
    """All peers of a cluster order at once."""
    table = Table("peers", "s, all sign and deploy", title="Cost of peers (files on all of them)")
    for count in (1, 2, 4, 6):
        with ThreadedLab(of_size(count), settings=LabSettings(rsa=False, pages=False)) as lab:
            acme = lab.start_acme()
            edge = [p for p in lab.peers if p.startswith("e")]
            for peer in edge:
                lab.run(acme.prepare, peer)

            async def work(edge: list[str] = edge) -> None:
                await asyncio.gather(*(acme.sign(p) for p in edge))  # noqa: B023
                for p in edge:
                    await acme.deploy(p)  # noqa: B023

            table.add_row(str(count), f"{timed(lambda: lab.run(work)):.2f}")
    console.print(table)


def main() -> None:
    console = Console()
    for part in (clients, hundred, names, peers):
        part(console)


if __name__ == "__main__":
    main()
