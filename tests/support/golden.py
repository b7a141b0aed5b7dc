"""What the commands print, as files to look at: `python -m tests.support.golden` writes tests/golden again.

Each command runs once, in this process; what it shows is laid out at 80 and at 120 columns. Times, keys, serial numbers, ports,
passwords and the lab's network differ from run to run: a placeholder as long as the original is in their place.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console

from pkikit.commands.cli import app as pkikit
from pkikit.commands.deployments.check_text import print_report
from pkikit.commands.terminal import console
from pkikit.design.csr import build_csr, make_key
from pkikit.design.san import SanEntry, SanLayout
from pkikit.design.xconfiguration import xconfiguration
from pkikit.files import key_pem
from pkikit.planning.plan_file import write_plan
from pkikit.view.logs.dumps import xconf_text
from simulator.commands.cli import app as simulator
from simulator.commands.up import show_lab, status_text
from simulator.errors import LabError
from simulator.threaded import ThreadedLab
from tests.support.credential_files import CHAIN, KEY, PEM
from tests.support.labs import FAST, lab_of
from tests.support.logs import event
from tests.support.places import ROOT
from tests.support.root_plans import new_root, planned
from tests.support.worlds import AT, C1, DEPLOYMENTS, E1, deployment, issued, stranger

GOLDEN = ROOT / "tests" / "golden"
WIDTHS = (80, 120)
Show = Callable[[Console], None]
_AT = f"--at {AT:%Y-%m-%dT%H:%M:%SZ}"
_LINT = f"pkikit lint cert.pem --deployment mra.yaml {_AT} --peer"
_VERIFY = f"pkikit verify cert.pem --trust root.pem {_AT}"

# File → command line. They run in this order, in a folder with the files of `_prepare`.
COMMANDS = {
    "help": "pkikit --help",
    "help-lint": "pkikit lint --help",
    "help-simulator": "expressway-sim --help",
    "san": "pkikit san mra.yaml --peer e1.example.com",
    "san-verbose": "pkikit san mra.yaml --peer c1.corp.example.com --verbose",
    "san-nodes": "pkikit san full.yaml --nodes",
    "san-diff": "pkikit san mra.yaml full.yaml --diff",
    "san-other-peer": "pkikit san mra.yaml --peer e3.example.com",
    "csr": "pkikit csr mra.yaml --peer e1.example.com --out request-e1",
    "csr-missing": "pkikit csr mra.yaml --out request-e1",
    "ca-init": 'pkikit ca init my-ca --name "My Root CA"',
    "ca-issue": "pkikit ca issue my-ca request-e1/request.pem --out e1.pem",
    "ca-revoke": "pkikit ca revoke my-ca e1.pem --reason superseded",
    "ca-crl": "pkikit ca crl my-ca --out my-ca.crl",
    "ca-ocsp": "pkikit ca ocsp my-ca e1.pem --out e1.ocsp",
    "ca-openssl": "pkikit ca openssl mra.yaml --peer e1.example.com",
    "ca-help": "pkikit ca",
    "adcs-template": "pkikit adcs template",
    "adcs-request": "pkikit adcs request mra.yaml --peer e1.example.com",
    "decode": f"pkikit decode cert.pem key.pem {_AT}",
    "decode-request": "pkikit decode request-e1/request.pem",
    "decode-crl": "pkikit decode my-ca.crl",
    "convert": "pkikit convert cert.pem --to pem --out chain.pem",
    "lint": f"{_LINT} e1.example.com",
    "lint-verbose": f"{_LINT} e1.example.com --verbose",
    "lint-other-peer": f"{_LINT} c1.corp.example.com",
    "lint-deployment": "pkikit lint full.yaml",
    "lint-missing": "pkikit lint",
    "lint-no-such-file": "pkikit lint certs.pem",
    "lint-other-file": "pkikit lint notes.txt",
    "guard": f"pkikit guard certificates --deployment mra.yaml {_AT}",
    "verify": f"{_VERIFY} --name e1.example.com",
    "verify-name": f"{_VERIFY} --name c1.corp.example.com",
    "verify-trust": f"pkikit verify cert.pem --trust other-root.pem {_AT}",
    "verify-revoked": "pkikit verify e1.pem --trust my-ca/ca.pem --crl my-ca.crl",
    "verify-missing": "pkikit verify cert.pem",
    "match": "pkikit match e1.example.com cert.pem",
    "match-verbose": "pkikit match sip:example.org cert.pem --verbose",
    "rules": "pkikit rules",
    "rules-one": "pkikit rules names.cluster-fqdn-missing",
    "rules-other": "pkikit rules names.clusterfqdn-missing",
    "diagnose": "pkikit diagnose events.log",
    "diagnose-many": "pkikit diagnose many.log",
    "diagnose-certificate": "pkikit diagnose cert.pem",
    "diagnose-nothing": "pkikit diagnose",
    "probe-closed": "pkikit probe 127.0.0.1:1",
    "probe-closed-verbose": "pkikit probe 127.0.0.1:1 --verbose",
    "doctor": f"pkikit doctor cert.pem {_AT}",
    "doctor-peer": f"pkikit doctor cert.pem --deployment mra.yaml --peer c1.corp.example.com {_AT}",
    "doctor-request": f"pkikit doctor request-e1/request.pem --deployment mra.yaml {_AT}",
    "doctor-key": "pkikit doctor key.pem",
    "doctor-list": f"pkikit doctor roots.pem {_AT}",
    "doctor-crl": "pkikit doctor my-ca.crl",
    "doctor-log": "pkikit doctor many.log",
    "doctor-deployment": "pkikit doctor full.yaml",
    "doctor-folder": f"pkikit doctor certificates {_AT}",
    "doctor-whole": f"pkikit doctor certificates --deployment mra.yaml {_AT}",
    "doctor-ca": "pkikit doctor my-ca",
    "doctor-closed": "pkikit doctor 127.0.0.1:1001",
    "doctor-missing": "pkikit doctor certs.pem",
    "doctor-unknown": "pkikit doctor notes.txt",
    "explore": "pkikit explore mra.yaml --vary edge.authority=acme,private --vary lifetime=398",
    "explore-none": "pkikit explore mra.yaml --vary edge.authority=acme --vary lifetime=398",
    "timeline": f"pkikit timeline --about client-auth --about lifetimes {_AT}",
    "timeline-deployment": f"pkikit timeline mra.yaml --what-if public-ca --about validation --sizes {_AT}",
    "timeline-missing": f"pkikit timeline --about lifetime {_AT}",
    "explore-recommend": f"pkikit explore mra.yaml --recommend --answer trust=partners {_AT}",
    "fleet-make": f"pkikit fleet make 6 --seed 7 --broken 2 --damaged 3 --out fleet {_AT}",
    "fleet-audit": f"pkikit fleet audit fleet {_AT}",
    "import": "pkikit import from-peers --out imported --answer version=X14.0",
    "import-question": "pkikit import from-peers --out imported-too",
    "import-answer": "pkikit import from-peers --out imported-too --answer version=X14.0 --answer mrra=on",
    "eku-audit": "pkikit eku-audit mra.yaml",
    "eku-audit-what-if": f"pkikit eku-audit mra.yaml --what-if public-ca {_AT}",
    "eku-audit-private": f"pkikit eku-audit mra.yaml --what-if private-ca --verbose {_AT}",
    "eku-audit-certs": f"pkikit eku-audit mra.yaml --certs certificates {_AT}",
    "report": f"pkikit report mra.yaml --certs certificates --html report.html {_AT}",
    "report-nothing": f"pkikit report mra.yaml {_AT}",
    "acme-missing": "pkikit acme order request-e1/request.pem",
    "unknown-command": "pkikit sann",
    "unknown-option": "pkikit san mra.yaml --pear e1.example.com",
    "unknown-value": f"{_VERIFY} --purpose servr",
    "unknown-file": "pkikit san mar.yaml",
    "unknown-peer": "pkikit csr mra.yaml --peer e1 --out request-e1",
    "check-certs": f"expressway-sim check mra.yaml --certs certificates {_AT} --archives archives",
    "check-missing": "expressway-sim check",
    "clinic": "expressway-sim clinic --list",
    "sunset": "expressway-sim sunset pair.yaml",
    "travel": f"expressway-sim travel pair.yaml --days 420 {_AT}",
    "renewals": "expressway-sim renewals pair.yaml --lifetime 90 --by upload",
    "plan": f"pkikit plan days/today.yaml --goal leave-public-ca {_AT}",
    "plan-impossible": f"pkikit plan days/today.yaml days/other-name.yaml {_AT}",
    "plan-nothing": f"pkikit plan days/today.yaml days/today.yaml {_AT}",
    "plan-missing": "pkikit plan days/today.yaml",
    "rehearse": "expressway-sim rehearse plan.json",
    "rehearse-swap": "expressway-sim rehearse plan.json --swap 2,5",
    "rehearse-roll-back": "expressway-sim rehearse plan.json --roll-back 4",
    "rehearse-kill": "expressway-sim rehearse plan.json --kill-after 3",
    "rehearse-impossible": "expressway-sim rehearse plan.json --swap 3,4",
}
# Long lists: of these only the beginning is compared.
LONG = ("clinic", "rules")
BEGINNING = 12
# What is shown of the one lab that runs meanwhile, not a command of its own.
IN_LAB = ("check", "check-verbose", "up", "up-status", "probe", "doctor-server", "acme-terms", "acme-order", "acme-status",
          "acme-renew-info", "acme-revoke", "acme-preflight")  # fmt: skip

# What differs from run to run → what is written instead; groups stay.
_CHANGES = (
    (r"\b\d{4}-\d\d-\d\d( \d\d:\d\d)?( UTC)?", lambda m: re.sub(r"\d", "9", m[0])),
    (r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){15,}\b", lambda m: "ab:" * (len(m[0]) // 3) + "ab"),
    (r"([Ss]erials?(?: number)?\s+)[0-9a-f]{12,}\b", lambda m: f"{m[1]}{'a' * 38}"),
    (r"\b[0-9a-f]{64}\b|\b[0-9a-f]{40}\b", lambda m: "a" * len(m[0])),
    (r"\b[0-9a-f]{16}…", lambda m: f"{'a' * 16}…"),
    (r"\b\d[\d,]* days? (left|ago)", lambda m: f"9 days {m[1]}"),
    (r"\b127\.\d+\.(\d+\.\d+)", lambda m: f"127.9.{m[1]}"),
    (r"(127\.9\.0\.\d+(?: port | -p |:))\d+", lambda m: f"{m[1]}9999"),
    (r"(password )\S{16}", lambda m: f"{m[1]}{'x' * 16}"),
    # As many as this version of OpenSSL tells.
    (r"\b\d+ steps of the handshake", lambda m: "9 steps of the handshake"),
    (r"(Pebble Intermediate CA |my-account/)[0-9a-f]+", lambda m: f"{m[1]}aaaaaa"),
    (r"(:8080/)[\w-]+", lambda m: f"{m[1]}xxxx"),
    (r"\b\d+\.\d s\b", lambda m: re.sub(r"\d", "9", m[0])),
    (r"\bdiagnostic_log_\S+", lambda m: re.sub(r"\d", "9", m[0])),
)


@dataclass
class Shown:
    """What a command shows: laid out when asked, the error output, the exit code."""

    show: Show | None = None
    printed: str = ""
    errors: str = ""
    code: int = 0
    forms: dict[int, str] = field(default_factory=dict)

    def at(self, width: int) -> str:
        """Return what is on the screen at a width."""
        out = io.StringIO()
        if self.show is not None:
            self.show(Console(file=out, width=width, highlight=False, emoji=False))
        return self.forms.get(width) or f"{self.printed}{out.getvalue()}{self.errors}"


def run(line: str) -> Shown:
    """Run a command line in this process."""
    program, *arguments = shlex.split(line)
    shown, printed, errors = Shown(), io.StringIO(), io.StringIO()

    def keep(document: object, *, as_json: bool, show: Show, accepted: bool = True) -> None:
        shown.show, shown.code = show, 0 if accepted else 1

    app = {"pkikit": pkikit, "expressway-sim": simulator}[program]
    with (
        mock.patch.object(console, "answer", keep),
        mock.patch.dict(os.environ, {"COLUMNS": "80"}),
        mock.patch.object(sys, "argv", [program, *arguments]),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(errors),
    ):
        code, sentence = console._outcome(app, program, (LabError,))
    said = sentence if sentence.startswith((f"{program} ", "Usage:")) or not sentence else f"{program}: {sentence}"
    # The steps of something long are for those who wait.
    steps = re.sub(r"^  .*\n", "", errors.getvalue(), flags=re.MULTILINE)
    shown.printed, shown.errors, shown.code = (
        printed.getvalue(),
        f"{steps}{said}\n" if said else steps,
        code or shown.code,
    )
    return shown


def goldens() -> dict[str, str]:
    """Return the contents of every golden file, by name."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        _prepare(Path(name))
        for file, line in COMMANDS.items():
            found[file] = _laid_out(line, run(line), BEGINNING if file in LONG else None)
        for file, line, shown in _of_lab():
            found[file] = _laid_out(line, shown)
    return found


def _laid_out(line: str, shown: Shown, lines: int | None = None) -> str:
    def begin(text: str) -> str:
        kept = text.rstrip().splitlines()[:lines]
        return "\n".join(kept if lines is None else [*kept, "[…]"])

    parts = [f"$ {line}   [exit code {shown.code}]"]
    parts += [f"----- {width} columns -----\n{begin(shown.at(width))}" for width in WIDTHS]
    text = "\n\n".join(parts) + "\n"
    for pattern, change in _CHANGES:
        text = re.sub(pattern, change, text)
    return text


def _prepare(folder: Path) -> None:
    """Write the files that the commands read."""
    for short, name in (("mra", "clustered-mra"), ("full", "clustered-full"), ("pair", "single-pair")):
        (folder / f"{short}.yaml").write_bytes((DEPLOYMENTS / f"{name}.yaml").read_bytes())
    write_plan(folder / "plan.json", planned(new_root(deployment("single-pair"), AT)))
    days, today = folder / "days", (folder / "mra.yaml").read_text()
    days.mkdir()
    (days / "today.yaml").write_text(today)
    (days / "other-name.yaml").write_text(today.replace("subject_name: cluster-c", "subject_name: other"))
    other = stranger("New Company Root CA")
    (folder / "cert.pem").write_bytes(CHAIN)
    (folder / "leaf.pem").write_bytes(PEM)
    (folder / "key.pem").write_bytes(KEY)
    (folder / "root.pem").write_bytes(issued().authority.root.public_bytes(Encoding.PEM))
    (folder / "other-root.pem").write_bytes(other.root.public_bytes(Encoding.PEM))
    roots = (issued().authority.root, other.root)
    (folder / "roots.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in roots))
    (folder / "key.pem").chmod(0o600)
    for peer in (C1, E1):
        dump = folder / "from-peers" / f"xconf_dump_{peer.partition('.')[0]}_2026-03-01_120000.txt"
        dump.parent.mkdir(exist_ok=True)
        dump.write_text(xconf_text(xconfiguration(deployment(), peer)))
    (folder / "notes.txt").write_text("Call the CA on Monday.\n")
    (folder / "events.log").write_text("\n".join(event("certificate has expired", second=n) for n in range(10, 14)))
    causes = ("certificate has expired", "unable to get local issuer certificate", "hostname mismatch")
    many = [event(cause, client=f"10.20.0.{n}", second=n) for n, cause in enumerate(causes * 6, 10)]
    (folder / "many.log").write_text("\n".join(many))
    mine = folder / "certificates" / E1
    mine.mkdir(parents=True)
    from simulator.world.craft import craft

    names = ("e1.example.com", "cluster-e.example.com", "example.com")
    made = craft(names, other, at=AT, common_name="cluster-e.example.com")
    (mine / "cert.pem").write_bytes(made.pem())
    assert made.key is not None
    (mine / "key.pem").write_bytes(key_pem(made.key))


def _of_lab() -> Iterator[tuple[str, str, Shown]]:
    """Start one lab, and show what its commands print."""
    with _lab() as lab:
        report, running = lab.check(), lab._inside
        state = "expressway-sim check mra.yaml"
        yield "check", state, Shown(show=lambda out: print_report(out, report, running.deployment))
        yield (
            "check-verbose",
            f"{state} --verbose",
            Shown(show=lambda out: print_report(out, report, running.deployment, verbose=True)),
        )
        up = "expressway-sim up mra.yaml --state lab-state"
        more = [("Proxy that knows FQDNs", "http://127.9.0.3:3128")]
        page = "http://127.9.0.2:8080/xxxx/"
        yield "up", up, Shown(show=lambda out: show_lab(out, running, Path("lab-state"), more, page))
        yield "up-status", up, Shown(forms={w: status_text(report, w).plain for w in WIDTHS})
        address = running.endpoints[E1].address
        line = f"pkikit probe {address}:{running.settings.port(7001)} --trust lab-state/root.pem --name {E1}"
        shown = run(line)
        yield "probe", line, shown
        line = f"pkikit doctor {address}:{running.settings.port(7001)} --trust lab-state/root.pem --peer {E1}"
        yield "doctor-server", line, run(line)
        yield from _of_acme(lab, address)


def _of_acme(lab: ThreadedLab, address: str) -> Iterator[tuple[str, str, Shown]]:
    """Order a certificate from Pebble, ask about it, revoke it."""
    pebble = lab.start_acme().pebble
    entry = SanEntry(value=E1, reason="its own FQDN", rule="names.peer-fqdn-missing", needed_by=())
    request = build_csr(SanLayout(owner=E1, common_name=E1, entries=(entry,)), make_key())
    Path("request.pem").write_bytes(request.public_bytes(Encoding.PEM))
    Path("acme-ca.pem").write_bytes(Path(str(pebble.ca_file)).read_bytes())
    at = f"--directory {pebble.directory} --ca-file acme-ca.pem"
    order = f"pkikit acme order request.pem {at} --account account.pem --out ordered.pem --standalone {address}:10080"
    dns = lab._inside.network.outside_dns
    for name, line in (
        ("acme-terms", order),
        ("acme-order", f"{order} --email a@example.com --accept-terms"),
        ("acme-status", f"pkikit acme status {at} --account account.pem"),
        ("acme-renew-info", f"pkikit acme renew-info ordered.pem {at}"),
        ("acme-revoke", f"pkikit acme revoke ordered.pem {at} --account account.pem --reason superseded"),
        (
            "acme-preflight",
            f"pkikit acme preflight mra.yaml --peer {E1} --dns {dns.address}:{dns.port} --http-port 10080",
        ),
    ):
        yield name, line, run(line)


@contextlib.contextmanager
def _lab() -> Iterator[ThreadedLab]:
    """Start the lab on a network of one digit, so that lines are as long each time."""
    for net in range(2, 10):
        lab = lab_of(settings=FAST, pages=True, net=net)
        try:
            lab.start()
        except LabError:
            continue
        try:
            yield lab
        finally:
            lab.close()
        return
    raise LabError("the networks 127.2 to 127.9 are all taken")


def write() -> None:
    """Write every golden file again, and remove those of commands that are gone."""
    GOLDEN.mkdir(exist_ok=True)
    made = goldens()
    for old in GOLDEN.glob("*.txt"):
        if old.stem not in made:
            old.unlink()
    for name, text in made.items():
        (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")
    print(f"{len(made)} files in {os.path.relpath(GOLDEN)}: read the ones that changed as an operator would (git diff)")


if __name__ == "__main__":
    write()
