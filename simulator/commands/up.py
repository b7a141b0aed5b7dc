"""The running lab in a terminal: what to try, and the status of every leg, updated."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pkikit.files import key_pem, write_private, write_public
from simulator.commands.access import FILE, access_file, access_of
from simulator.face.name_proxy import NameProxy
from simulator.face.topology_page import Management
from simulator.lab.lab import BANNER
from simulator.lab.running_lab import RunningLab
from simulator.peer.store import make_private_folder
from simulator.services.lab_ca import LabCa
from simulator.world.report import CheckReport

INTERVAL = 2.0  # seconds between two looks


def write_state(lab: RunningLab, directory: Path) -> None:
    """Write what a learner's own tools need: the trusted root and each party's certificate and key, keys mode 0600."""
    write_public(directory / "root.pem", lab.issued.authority.root.public_bytes(Encoding.PEM))
    for fqdn, party in lab.world.parties.items():
        make_private_folder(directory / fqdn)
        if party.credential is not None:
            write_public(directory / fqdn / "cert.pem", party.credential.pem())
            if party.credential.key is not None:
                write_private(directory / fqdn / "key.pem", key_pem(party.credential.key))
        for port, credential in party.services.items():
            write_public(directory / fqdn / f"cert-{port}.pem", credential.pem())
            if credential.key is not None:
                write_private(directory / fqdn / f"key-{port}.pem", key_pem(credential.key))
        lists = {"trust.pem": party.trusted_ca_list}
        for made in lab.deployment.group_of(fqdn).certificates:
            lists |= {f"trust-{made.service.lower()}.pem": party.lists[p] for p in made.ports if p in party.lists}
        for name, listed in lists.items():
            write_public(directory / fqdn / name, b"".join(c.public_bytes(Encoding.PEM) for c in listed))


def addresses_to_try(lab: RunningLab, state: Path | None, more: Sequence[str] = ()) -> list[str]:
    """Return commands that a learner can paste. more: lines about what else runs beside the lab."""
    outside, published = lab.network.outside_dns, lab.network.distribution
    where = f"http://{published.address}:{published.port}"
    lines = [
        BANNER,
        f"DNS inside:  dig @{lab.network.dns.address} -p {lab.network.dns.port} SRV _cisco-uds._tcp.example.com",
        f"DNS outside: dig @{outside.address} -p {outside.port} SRV _collab-edge._tls.example.com",
        f"CRLs, OCSP:  curl -H 'Host: pki.lab.example' {where}/issuing.crl",
    ]
    lines += [f"pages of {s.peer.fqdn}: https://{s.address[0]}:{s.address[1]}/" for s in lab.sites.values()]
    if lab.sites:
        admin, auditor, enrol = (f"{user}, password {word}" for user, word in lab.passwords.items())
        host, port = lab.adcs.address
        lines.append(f"log in as {admin} or {auditor}")
        lines.append(f"AD CS web enrolment: https://{host}:{port}/certsrv/ as {enrol}")
    lines += more
    if state is not None:
        write_state(lab, state)
        lines.append(f"for scripts, while the lab runs: {state / FILE}")
        lines.append(
            f"certificates, keys and trusted CA lists: {state}/<fqdn>/, root: {state}/root.pem, TLS key log: {state}/tls-keys.log"
        )
    for fqdn, endpoint in lab.endpoints.items():
        if endpoint.ports:
            ports = ", ".join(_port(lab, port) for port in endpoint.ports)
            lines.append(f"{fqdn:<28} {endpoint.address:<14} {ports}")
    leg = next((leg for leg in lab.legs if leg.mutual and leg.zone is not None), None)
    if leg is not None:
        where = f"{lab.endpoints[leg.server].address}:{lab.settings.port(leg.port)}"
        own = (
            f" -CAfile {state}/root.pem -cert {state}/{leg.client}/cert.pem -key {state}/{leg.client}/key.pem"
            if state
            else ""
        )
        lines.append(f"try: openssl s_client -connect {where} -servername {leg.reference_name}{own}")
    return lines


def _port(lab: RunningLab, port: int) -> str:
    bound = lab.settings.port(port)
    return str(port) if bound == port else f"{port} (here {bound})"


def status_table(report: CheckReport) -> Table:
    """Return every leg with its status and cause."""
    made = Table(title=f"{report.deployment}   {report.at:%H:%M:%S} UTC   Ctrl-C stops the lab", title_justify="left")
    for column in ("leg", "status", "TLS", "cause"):
        made.add_column(column, overflow="fold")
    for leg in report.legs:
        up = leg.up
        status = Text("✔ Active" if up else f"✘ Failed ({leg.outcome.value})", style="green" if up else "red")
        made.add_row(
            Text(leg.leg.id), status, Text((leg.trace and leg.trace.protocol) or ""), Text(", ".join(leg.causes))
        )
    return made


async def run_until_stopped(lab: RunningLab, state: Path | None, acme: LabCa | None = None) -> None:
    """Show the table until cancelled (Ctrl-C, SIGTERM); without a terminal, one line per change of the status."""
    out = Console(highlight=False, emoji=False)
    face, proxy = Management(lab), NameProxy(lab)
    async with AsyncExitStack() as stack:
        await face.start()
        stack.push_async_callback(face.stop)
        proxy.start()
        stack.push_async_callback(proxy.stop)
        directory = acme.directory if acme is not None else None
        access = access_of(lab, topology=face.url, acme=directory)
        stack.enter_context(access_file(state, access))
        more = [f"names as in the product: HTTPS_PROXY={proxy.url} curl --cacert … https://<fqdn>/api/raml"]
        if acme is not None:
            more.append(f"ACME directory: {acme.directory} (HTTPS by {acme.ca_file})")
        for line in (*addresses_to_try(lab, state, more), f"topology, live: {face.url}"):
            out.print(line, markup=False, soft_wrap=True)
        out.file.flush()
        await _show_status(lab, out)


async def _show_status(lab: RunningLab, out: Console) -> None:
    with Live(console=out, refresh_per_second=1, auto_refresh=False) if sys.stdout.isatty() else _Lines(out) as live:
        await lab.hold()
        while True:
            report = await lab.status()
            live.update(status_table(report), refresh=True) if isinstance(live, Live) else live.update(report)
            await asyncio.sleep(INTERVAL)


class _Lines:
    """The status for a log file: one line at the start and whenever it changes."""

    def __init__(self, out: Console) -> None:
        self._out, self._last = out, ""

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, report: CheckReport) -> None:
        """Print the counts when they changed."""
        counts = Counter(leg.outcome.value for leg in report.legs)
        line = f"{report.deployment}: " + ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items()))
        if line != self._last:
            self._out.print(line, markup=False)
            self._out.file.flush()
            self._last = line
