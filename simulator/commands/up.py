"""The running lab in a terminal: how to reach it, what to try, and its state, updated."""

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
from rich.text import Text

from pkikit.commands.deployments.check_text import headline, show_services
from pkikit.commands.terminal import console, layout
from pkikit.files import write_private, write_public
from pkikit.files.deployment_folder import is_key_file, is_machine_file
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.short_names import ShortNames
from pkikit.worlds.world_folder import machine_files
from simulator.commands.access import FILE, USERS, access_file, access_of
from simulator.face.name_proxy import NameProxy
from simulator.face.topology_page import Management
from simulator.lab.lab import BANNER
from simulator.lab.running_lab import RunningLab
from simulator.peer.store import make_private_folder
from simulator.services.lab_ca import LabCa

INTERVAL = 2.0  # seconds between two looks


def write_state(lab: RunningLab, directory: Path) -> None:
    """Write what a learner's own tools need: the root, and the files of each machine as `--certs` reads them, keys mode 0600."""
    write_public(directory / "root.pem", lab.issued.authority.root.public_bytes(Encoding.PEM))
    for fqdn, party in lab.world.parties.items():
        folder = directory / fqdn
        make_private_folder(folder)
        files = machine_files(party, lab.deployment.group_of(fqdn))
        for path in folder.glob("*.pem"):
            if path.name not in files and (is_machine_file(path.name) or is_key_file(path.name)):
                path.unlink()  # of an earlier state, or of an earlier version, which named services by their port
        for name, content in files.items():
            (write_private if is_key_file(name) else write_public)(folder / name, content)


_WARNING = (
    "Your browser warns about each page: the certificate names the FQDN, and the address bar has an IP address. "
    "It is your own machine: continue."
)


def show_lab(out: Console, lab: RunningLab, state: Path | None, more: Sequence[tuple[str, str]], topology: str) -> None:
    """Print how to reach the lab: login and topology first, then the pages, services and commands to paste.

    Args:
        out: where to print.
        lab: the running lab.
        state: the folder that keeps it; its files are written here.
        more: what else runs beside the lab, with its address.
        topology: the URL of the live topology.
    """
    console.headline(out, BANNER)
    out.print()
    logins = [(user.capitalize(), f"password {word}") for user, word in lab.passwords.items() if user in USERS]
    console.show_facts(out, [("Topology", topology), *logins], indent=0)
    if lab.sites:
        sites = [(s.peer.fqdn, f"https://{s.address[0]}:{s.address[1]}/") for s in lab.sites.values()]
        console.section(out, "Pages of the peers")
        console.show_facts(out, sites)
        console.say(out, _WARNING, indent=2)
    console.section(out, "Other services")
    console.show_facts(out, [*_services(lab), *more])
    console.section(out, "Machines and their ports")
    machines = [(fqdn, f"{e.address:<14} {', '.join(_port(lab, port) for port in e.ports)}")
                for fqdn, e in lab.endpoints.items() if e.ports]  # fmt: skip
    console.show_facts(out, machines)
    if state is not None:
        write_state(lab, state)
        console.section(out, "Files")
        console.show_facts(out, [
            ("For scripts", str(state / FILE)), ("Root to trust", str(state / "root.pem")),
            ("TLS key log", str(state / "tls-keys.log")), ("Certificates, keys, lists", f"{state}/<fqdn>/"),
        ])  # fmt: skip
    console.section(out, "Try")
    console.write(out, (f"  {command}" for command in commands_to_try(lab, state)))


def _services(lab: RunningLab) -> list[tuple[str, str]]:
    inside, outside, published = lab.network.dns, lab.network.outside_dns, lab.network.distribution
    rows = [
        ("DNS inside", f"{inside.address} port {inside.port}"),
        ("DNS outside", f"{outside.address} port {outside.port}"),
        ("CRLs and OCSP", f"http://{published.address}:{published.port} (Host: pki.lab.example)"),
    ]
    if lab.sites:
        user, word = next((user, word) for user, word in lab.passwords.items() if user not in USERS)
        host, port = lab.adcs.address
        rows += [("AD CS web enrolment", f"https://{host}:{port}/certsrv/"), (f"  as {user}", f"password {word}")]
    return rows


def commands_to_try(lab: RunningLab, state: Path | None) -> list[str]:
    """Return commands that a learner can paste."""
    outside, published = lab.network.outside_dns, lab.network.distribution
    where = f"http://{published.address}:{published.port}"
    domains = lab.deployment.domains
    domain = next(iter((*domains.registration, *domains.sip)), "example.com")
    lines = [
        f"dig @{lab.network.dns.address} -p {lab.network.dns.port} SRV _cisco-uds._tcp.{domain}",
        f"dig @{outside.address} -p {outside.port} SRV _collab-edge._tls.{domain}",
        f"curl -H 'Host: pki.lab.example' {where}/issuing.crl",
    ]
    leg = next((leg for leg in lab.legs if leg.mutual and leg.zone is not None), None)
    if leg is not None:
        where = f"{lab.endpoints[leg.server].address}:{lab.settings.port(leg.port)}"
        own = (
            f" -CAfile {state}/root.pem -cert {state}/{leg.client}/cert.pem -key {state}/{leg.client}/key.pem"
            if state
            else ""
        )
        lines.append(f"openssl s_client -connect {where} -servername {leg.reference_name}{own}")
    return lines


def _port(lab: RunningLab, port: int) -> str:
    bound = lab.settings.port(port)
    return str(port) if bound == port else f"{port} (here {bound})"


def status_text(report: CheckReport, width: int) -> Text:
    """Return the state of the lab: how much is up, the services, what is down and why, and what is up by kind."""
    names = ShortNames(leg.leg for leg in report.legs)
    lines = layout.wrap(f"{headline(report)}   Ctrl-C stops the lab", width)
    down = set(report.outages)
    for line in report.service_lines:
        lines += layout.wrap(names.in_text(line), width, first=f"  {'✘' if line in down else '✔'} ")
    rows = [(f"✘ {names.connection(leg.leg)}", ", ".join(leg.causes)) for leg in report.down]
    lines += layout.table(("Down", "Cause"), rows, width, indent=2)
    kinds = Counter(names.carries(leg.leg) for leg in report.legs if leg.up)
    up = ", ".join(layout.unbroken(f"{kind} ({count})") for kind, count in kinds.items())
    lines += layout.wrap(up, width, first="  Up: ") if up else []
    text = Text("\n".join(lines))
    text.highlight_words(["✔"], "green")
    text.highlight_words(["✘"], "red")
    return text


async def run_until_stopped(lab: RunningLab, state: Path | None, acme: LabCa | None = None) -> None:
    """Show the state until cancelled (Ctrl-C, SIGTERM); without a terminal, whenever it changes."""
    out = console.device()
    face, proxy = Management(lab), NameProxy(lab)
    async with AsyncExitStack() as stack:
        await face.start()
        stack.push_async_callback(face.stop)
        proxy.start()
        stack.push_async_callback(proxy.stop)
        directory = acme.directory if acme is not None else None
        access = access_of(lab, topology=face.url, proxy=proxy.url, acme=directory)
        stack.enter_context(access_file(state, access))
        more = [("Proxy that knows FQDNs", proxy.url)]
        if acme is not None:
            more += [("ACME directory", acme.directory), ("Its CA certificate", str(acme.ca_file))]
        show_lab(out, lab, state, more, face.url)
        out.print()
        out.file.flush()
        await _show_status(lab, out)


async def _show_status(lab: RunningLab, out: Console) -> None:
    with Live(console=out, refresh_per_second=1, auto_refresh=False) if sys.stdout.isatty() else _Lines(out) as live:
        await lab.hold()
        while True:
            report = await lab.status()
            live.update(status_text(report, out.width), refresh=True) if isinstance(live, Live) else live.update(report)
            await asyncio.sleep(INTERVAL)


class _Lines:
    """The status for a log file: at the start and whenever it changes."""

    def __init__(self, out: Console) -> None:
        self._out, self._last = out, ""

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, report: CheckReport) -> None:
        """Print how much is up, and the services, when that changed."""
        state = f"{[leg.leg.id for leg in report.down]}{report.outages}"
        if state != self._last:
            console.headline(self._out, headline(report))
            show_services(self._out, report, ShortNames(leg.leg for leg in report.legs).in_text)
            self._out.file.flush()
            self._last = state
