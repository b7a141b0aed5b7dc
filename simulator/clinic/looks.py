"""What a player of the clinic can look at: the product's own views, as rows with short names. Nothing here names a cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import anyio.to_thread
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.leg import Leg, Protocol
from pkikit.model.trace import Message, Side, describe
from pkikit.text import counted, printable
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.description import describe_certificate
from pkikit.view.short_names import ShortNames
from simulator.clinic.live_case import LiveCase
from simulator.folders import state_folder
from simulator.world.orders import SERVER_STORE
from simulator.world.remedies import one_of

LAST_LINES = 40
TOOLS: Mapping[str, str] = {
    "zones": "which connections are up or down",
    "log": "the event log of a machine, or of all",
    "certificate": "the certificate that a machine shows",
    "trust": "the trusted CA list of a machine",
    "trace": "both sides of one connection, step by step",
    "dns": "what the DNS outside says about a name",
    "file": "the answer to the uploaded file",
    "preflight": "what would block an ACME order now",
    "pages": "the addresses of the web pages, with account",
    "openssl": "an openssl command for a machine, to paste into a shell",
    "capture": "where the packet capture is written",
    "archives": "collect diagnostic archives and certificate snapshots; archives FOLDER chooses the folder",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a tool showed: rows under column titles, and a note below them."""

    tool: str
    of: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @property
    def text(self) -> str:
        """The same as aligned lines."""
        count = len(self.columns)
        widths = [max((len(row[i]) for row in self.rows), default=0) for i in range(count - 1)]
        lines = [
            "  ".join((*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1])).rstrip() for row in self.rows
        ]
        return "\n".join(line for line in (self.title, *(f"  {line}" for line in lines), self.note) if line)


class Looks:
    """The tools of one live case."""

    def __init__(self, live: LiveCase) -> None:
        self._live = live

    @property
    def names(self) -> ShortNames:
        """Short names of the machines and connections as the deployment is now."""
        return ShortNames(legs_of(self._live.lab.deployment))

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools of this case: those of its file, then those that every running lab has."""
        further = ["openssl"]
        if self._live.lab.sites:
            further.insert(0, "pages")
        if self._live.lab.settings.capture is not None:
            further.append("capture")
        further.append("archives")
        return tuple(dict.fromkeys((*self._live.case.tools, *further)))

    def short(self, fqdn: str) -> str:
        """Return the short name of a machine."""
        return self.names.short.get(fqdn, fqdn)

    def places(self, tool: str) -> tuple[tuple[str, str], ...]:
        """Return (value, label) of everything that a tool can be pointed at; empty if it needs nothing."""
        lab, short = self._live.lab, self.short
        machines = [(fqdn, short(fqdn)) for fqdn in lab.deployment.parties]
        match tool:
            case "log":
                return (("all", "all machines"), *machines)
            case "certificate" | "trust" | "openssl":
                return tuple(machines)
            case "trace":
                return tuple((leg.id, self.names.connection(leg)) for leg in legs_of(lab.deployment))
            case "dns":
                zone = lab.network.outside_dns.zone
                known = dict.fromkeys((*zone.addresses, *zone.services, *lab.deployment.domains.registration))
                return tuple((name, name) for name in known)
            case _:
                return ()

    async def look(self, tool: str, of: str, report: CheckReport) -> Seen:
        """Return what a tool shows.

        Args:
            tool: one of `tools`.
            of: a machine, connection or name, also in its short form; empty for the first.
            report: the newest state of the connections.

        Raises:
            InputError: the tool or the place is unknown; the sentence lists what is allowed.
        """
        chosen = one_of(tool, self.tools, "look")
        if chosen == "zones":
            return self._zones(report)
        if chosen == "trace":
            return await self._trace(of, report)
        if chosen == "preflight":
            return await self._preflight()
        if chosen == "archives":
            return await self._archives(of)
        shown: Mapping[str, Callable[[str], Seen]] = {
            "log": self._log,
            "certificate": self._certificate,
            "trust": self._trust,
            "dns": self._dns,
            "file": self._file,
            "pages": self._pages,
            "openssl": self._openssl,
            "capture": self._capture,
        }
        return shown[chosen](of)

    def _machine(self, of: str) -> str:
        parties = self._live.lab.deployment.parties
        return one_of(of, parties, "machine") if of else parties[0]

    def _zones(self, report: CheckReport) -> Seen:
        ordered = [*report.down, *(leg for leg in report.legs if leg.up)]
        rows = tuple((self.names.connection(leg.leg), "✔ up" if leg.up else "✘ down") for leg in ordered)
        count = f"{len(report.legs) - len(report.down)} of {len(report.legs)} connections are up."
        used = self.names.legend_of(leg.leg for leg in report.down)
        return Seen(tool="zones", of="", title=count, columns=("connection", "state"), rows=rows, note=used)

    def _log(self, of: str) -> Seen:
        words = of.split()
        everything = "everything" in words
        named = next((w for w in words if w not in {"all", "everything"}), "")
        machine = self._machine(named) if named else ""
        events = [e for e in self._live.events if e.party == machine or not machine]
        lines = [printable(line, 2000) for event in events for line in str(event).splitlines()]
        shown = lines if everything else lines[-LAST_LINES:]
        whom = self.short(machine) if machine else "all"
        left = len(lines) - len(shown)
        note = f"{left} earlier lines are not shown: log {whom} everything" if left else ""
        title = f"Event log of {whom if machine else 'all machines'}, newest last"
        return Seen(
            tool="log", of=whom, title=title, columns=("line",), rows=tuple((line,) for line in shown), note=note
        )

    def _certificate(self, of: str) -> Seen:
        words = of.split()
        fqdn = self._machine(words[0] if words else "")
        party, lab = self._live.lab.world.parties[fqdn], self._live.lab
        if party.credential is None:
            raise InputError(f"{fqdn} shows no certificate")
        now = lab.now_of(fqdn)
        rows = [*_facts(party.credential, now), ("clock of the machine", f"{now:%Y-%m-%d %H:%M} UTC")]
        for port, credential in party.services.items():
            rows.append((f"at port {port} instead", _line(credential)))
        if party.client is not None:
            rows.append(("as client instead", _line(party.client)))
            rows += [(f"as client: {name}", value) for name, value in _facts(party.client, now)]
        label = f" ({SERVER_STORE})" if party.client is not None else ""
        title = f"Certificate of {self.short(fqdn)}{label}"
        return Seen(tool="certificate", of=self.short(fqdn), title=title, columns=("fact", "value"), rows=tuple(rows))

    def _trust(self, of: str) -> Seen:
        fqdn = self._machine(of)
        lists = self._live.lab.world.lists_of(fqdn).items()
        rows = tuple((name or "trusted CA list", title(c), _until(c)) for name, held in lists for c in held)
        head = (
            f"Trusted CA list of {self.short(fqdn)}" if rows else f"The trusted CA list of {self.short(fqdn)} is empty."
        )
        return Seen(tool="trust", of=self.short(fqdn), title=head, columns=("list", "CA", "valid until"), rows=rows)

    def connection(self, of: str, report: CheckReport) -> LegReport:
        """Return a connection by its id, its short form or `c1 e1`; by default the first that is down."""
        words = of.replace("→", " ").replace(">", " ").split()
        if not words:
            return (report.down or report.legs)[0]
        known = {leg.leg.id: leg for leg in report.legs}
        named = [leg for leg in report.legs if of in {leg.leg.id, self.names.connection(leg.leg)}]
        if not named and len(words) >= 2:
            parties = tuple(dict.fromkeys(n for leg in report.legs for n in (leg.leg.client, leg.leg.server)))
            ends = tuple(one_of(word, parties, "machine") for word in words[:2])
            named = [leg for leg in report.legs if (leg.leg.client, leg.leg.server) == ends]
            rest = " ".join(words[2:]).lower()
            named = [leg for leg in named if rest in self.names.carries(leg.leg).lower()] or named
        if not named:
            down = ", ".join(self.names.connection(leg.leg) for leg in (report.down or tuple(known.values()))[:3])
            raise InputError(f"there is no connection {printable(of, 60)!r}; write both machines, as in: {down}")
        return next((leg for leg in named if not leg.up), named[0])

    async def _trace(self, of: str, report: CheckReport) -> Seen:
        wanted = self.connection(of, report).leg
        fresh = (await self._live.lab.check(only=lambda leg: leg.id == wanted.id)).legs
        name = self.names.connection(wanted)
        return Seen(
            tool="trace", of=name, title=f"{name}, dialed now", columns=("side", "step"), rows=self.steps(fresh[0])
        )

    def steps(self, found: LegReport) -> tuple[tuple[str, str], ...]:
        """Return what each side of a connection decided, in order, without the states of the TLS machine."""
        if found.trace is None:
            return ()
        ends = {Side.CLIENT: self.short(found.leg.client), Side.SERVER: self.short(found.leg.server)}
        told = [
            (ends[step.side], describe(step.detail))
            for step in found.trace.steps
            if not isinstance(step.detail, Message)
        ]
        return tuple((who, printable(what, 300)) for who, what in told if "close_notify" not in what)

    def _dns(self, of: str) -> Seen:
        lab, name = self._live.lab, of.strip().lower() or self._live.lab.deployment.peers[0]
        zone = lab.network.outside_dns.zone
        rows = [
            ("A", self.short(fqdn) if fqdn else "an address that no machine has") for fqdn in lab.network.led_to(name)
        ]
        rows += [("AAAA", "an IPv6 address where nothing listens")] if name in zone.stale else []
        rows += [("SRV", f"{self.short(host)}, port {port}") for host, port in zone.services.get(name, [])]
        rows += [("CAA", f"{tag} {value}") for tag, value in zone.caa.get(name, [])]
        head = f"{printable(name, 100)}, asked outside" if rows else f"{printable(name, 100)} has no record outside."
        return Seen(tool="dns", of=printable(name, 100), title=head, columns=("type", "value"), rows=tuple(rows))

    def _file(self, _: str) -> Seen:
        rows = tuple((self.short(f.subject), printable(f.message, 400)) for f in self._live.refused)
        head = "The page refused the file:" if rows else "Nothing is refused now."
        return Seen(tool="file", of="", title=head, columns=("machine", "answer"), rows=rows)

    async def _preflight(self) -> Seen:
        order, acme = self._live.case.order, self._live.acme
        if order is None or acme is None:
            raise InputError("nothing is ordered in this case")
        found = (await acme.preflight(order.peer)).errors
        rows = tuple((self.short(f.subject), printable(f.message, 400)) for f in found)
        head = "An order would fail now:" if rows else "Nothing blocks an order now."
        return Seen(tool="preflight", of="", title=head, columns=("name or machine", "problem"), rows=rows)

    def _pages(self, of: str) -> Seen:
        lab = self._live.lab
        wanted = self._machine(of) if of else ""
        rows = tuple(
            (self.short(fqdn), f"https://{site.address[0]}:{site.address[1]}/")
            for fqdn, site in lab.sites.items()
            if wanted in {"", fqdn}
        )
        account = f"account: admin, password: {lab.passwords['admin']}"
        return Seen(
            tool="pages",
            of=of,
            title="Web pages of the Expressways",
            columns=("machine", "page"),
            rows=rows,
            note=account,
        )

    def _openssl(self, of: str) -> Seen:
        fqdn = self._machine(of)
        lab = self._live.lab
        address = lab.plan.by_name[fqdn]
        legs = {
            leg.port: leg for leg in legs_of(lab.deployment) if leg.server == fqdn and leg.protocol is not Protocol.SSH
        }
        rows = tuple(
            (_carried(leg, self.names), _command(leg, address, lab.settings.port(leg.port))) for leg in legs.values()
        )
        note = "" if rows else f"Nobody dials {self.short(fqdn)}."
        head = f"Commands for {self.short(fqdn)}, to paste into a shell of this machine"
        return Seen(tool="openssl", of=self.short(fqdn), title=head, columns=("port", "command"), rows=rows, note=note)

    async def _archives(self, of: str) -> Seen:
        case = self._live.case
        folder = await anyio.to_thread.run_sync(_folder_for_archives, of, case.ticket or case.id)
        files = await self._live.lab.collect(folder, self._live.look)
        return Seen(
            tool="archives",
            of="",
            title=f"{counted(len(files), 'file')} in {printable(str(folder))}",
            columns=("file",),
            rows=tuple((path.name,) for path in files),
            note="Every connection was dialed while the peers logged with packets. On the product, this takes some minutes "
            "and interrupts nothing. Read a log with pkikit diagnose, or everything with pkikit import.",
        )

    def _capture(self, _: str) -> Seen:
        path = str(self._live.lab.settings.capture)
        note = "Open it with Wireshark; it is written when the ticket is closed."
        return Seen(
            tool="capture",
            of="",
            title="Packet capture of every connection",
            columns=("file",),
            rows=((path,),),
            note=note,
        )


def archives_folder(ticket: str) -> Path:
    """Return the folder for the archives of a ticket, which may not exist yet."""
    return state_folder() / "clinic" / f"{ticket}-archives"


def _folder_for_archives(wanted: str, ticket: str) -> Path:
    """Return the folder that the player wants, or the ticket's own without the files of the last time.

    Raises:
        InputError: this cannot be a folder.
    """
    if wanted:
        if not wanted.isprintable():
            raise InputError(f"{printable(wanted, 60)!r} is not the name of a folder")
        return Path(wanted)
    folder = archives_folder(ticket)
    for pattern in ("diagnostic_log_*.tar.gz", "certificate-snapshot_*.json", "problem-report_*.log"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
    return folder


def _facts(credential: Credential, now: datetime) -> list[tuple[str, str]]:
    leaf = credential.leaf
    facts = describe_certificate(leaf, now)
    names: Sequence[str] = facts["sans"]["dns"]
    return [
        ("subject", facts["subject"]),
        ("names (SAN)", ", ".join(names) or "none"),
        ("purposes", facts["extended_key_usage"] or "any"),
        ("issuer", facts["issuer"]),
        ("valid from", _day(leaf.not_valid_before_utc, now)),
        ("valid until", _day(leaf.not_valid_after_utc, now)),
        ("key", facts["key"]),
        ("signature", facts["signature_digest"]),
        ("private key", "belongs to it" if credential.key_matches else "does NOT belong to it"),
        ("sent after it", ", ".join(title(c) for c in credential.chain[1:]) or "nothing"),
    ]


def _day(at: datetime, now: datetime) -> str:
    days = abs(at - now).days
    much = counted(days, "day")
    far = "today" if not days else f"in {much}" if at > now else f"{much} ago"
    return f"{at:%Y-%m-%d %H:%M} UTC ({far}, by its own clock)"


def _until(certificate: x509.Certificate) -> str:
    return f"{certificate.not_valid_after_utc:%Y-%m-%d}"


def _line(credential: Credential) -> str:
    return f"{title(credential.leaf)}, issued by {common_name(credential.leaf.issuer)}"


def _carried(leg: Leg, names: ShortNames) -> str:
    return f"{leg.port} ({names.carries(leg)})"


def _command(leg: Leg, address: str, port: int) -> str:
    return f"openssl s_client -connect {address}:{port} -servername {leg.reference_name} -showcerts </dev/null"
