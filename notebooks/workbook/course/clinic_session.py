"""The clinic in a notebook: open a case, look with its tools, name the cause, fix the running world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from pkikit.errors import InputError, PkikitError
from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.certificates.facts import title
from pkikit.rules.catalogue import rule_of
from pkikit.values.names import printable
from pkikit.view.description import describe_certificate
from pkikit.view.drawing import Picture
from simulator.clinic.case import Case, Tool, case_of, cases, random_case
from simulator.clinic.desk import NO_MORE_HINTS
from simulator.clinic.score import Score, keep_score
from simulator.face.picture import draw
from simulator.threaded import ThreadedCase
from simulator.world.report import CheckReport
from workbook.plainly import tell_plainly
from workbook.session import close_current
from workbook.tables.render import legs, log_lines, trace

_LOGGED = 30


class ClinicSession:
    """One live case. Its output never contains an address, port, serial number or time, so it is the same in every run."""

    current: ClinicSession | None = None

    def __init__(self, case: Case, *, step: Callable[[str], None] = lambda _: None) -> None:
        self.case = case
        self.threaded = ThreadedCase(case, step=step)
        self.threaded.start()
        self.live = self.threaded.case
        self.report: CheckReport = self.live.broken
        self.score = Score(case=case.id)
        self._hints = list(case.hints)
        self._kept = False

    def __repr__(self) -> str:
        tools = ", ".join(self.case.tools)
        return f"{self.case.title}\n{self.case.symptom}\ntools: {tools}; {len(self.case.hints)} hints"

    def close(self) -> None:
        """Stop the case's lab; record the score once."""
        self.threaded.close()
        self._keep()

    def _keep(self) -> None:
        if not self._kept and (self.score.found or self.score.gave_up):
            self._kept = True
            keep_score(self.score)

    # Tools.

    def require_tool(self, tool: Tool) -> None:
        """Raise InputError if this case does not offer the tool."""
        if tool not in self.case.tools:
            raise InputError(f"{tool} is no tool of this case; there are {', '.join(self.case.tools)}")

    def zones(self) -> pd.DataFrame:
        """Return what the status pages show: up or down, without reasons."""
        self.require_tool("zones")
        self.report = self.threaded.run(self.live.look)
        return legs(self.report)[["outcome"]]

    def down(self) -> pd.DataFrame:
        """Return only what is down."""
        self.require_tool("zones")
        return legs(self.report.down)[["outcome", "rejected by"]]

    def log(self) -> list[str]:
        """Return the event log, without times and addresses, and each line once."""
        self.require_tool("log")
        refused = [f"{f.subject}: {f.message}" for f in self.live.refused]
        return [*sorted(log_lines(self.live.log)), *refused][:_LOGGED]

    def certificate(self, fqdn: str) -> pd.DataFrame:
        """Return what a party presents: names, purposes, issuer, validity in days from now, its chain."""
        self.require_tool("certificate")
        party = self.live.lab.world.parties.get(str(fqdn).strip().lower())
        if party is None or party.credential is None:
            known = [f for f, p in self.live.lab.world.parties.items() if p.credential is not None]
            raise InputError(f"{printable(str(fqdn))} shows no certificate; those that do are {', '.join(known)}")
        facts: dict[str, Any] = describe_certificate(party.credential.leaf, self.live.lab.now_of(party.fqdn))
        shown = {
            k.replace("_", " "): facts[k]
            for k in ("subject", "issuer", "extended_key_usage", "key", "signature_digest")
        }
        shown["SAN"] = ", ".join(facts["sans"]["dns"])
        leaf, now = party.credential.leaf, self.live.lab.now_of(party.fqdn)
        shown["valid, by its own clock"] = (
            f"{(leaf.not_valid_before_utc - now).days:+d} to {(leaf.not_valid_after_utc - now).days:+d} days from now"
        )
        shown["private key"] = "belongs to it" if party.credential.key_matches else "does not belong to it"
        for port, credential in party.services.items():
            shown[f"at port {port} instead"] = (
                f"{title(credential.leaf)}, issued by {common_name(credential.leaf.issuer)}"
            )
        shown["sent behind it"] = ", ".join(title(c) for c in party.credential.chain[1:]) or "nothing"
        return pd.DataFrame({"": shown})

    def trust(self, fqdn: str) -> list[str]:
        """Return a party's trusted CA list; each entry with the name of its list, if Unified CM or IM&P has several."""
        self.require_tool("trust")
        world, name = self.live.lab.world, str(fqdn).strip().lower()
        if name not in world.parties:
            raise InputError(f"{printable(str(fqdn))} is no party; there are {', '.join(world.parties)}")
        lists = world.lists_of(name).items()
        return [f"{listed}: {title(c)}" if listed else title(c) for listed, held in lists for c in held]

    def trace(self, leg_id: str) -> pd.DataFrame:
        """Return both sides of one leg as it was last dialled."""
        self.require_tool("trace")
        return trace(self.report.leg(leg_id))

    def dns(self, name: str) -> list[str]:
        """Return the parties to which a name resolves outside; for an SRV record, its hosts."""
        self.require_tool("dns")
        lab = self.live.lab
        zone, wanted = lab.network.outside_dns.zone, str(name).strip().lower()
        if wanted in zone.services:
            return [f"{host}, port {port}" for host, port in zone.services[wanted]]
        return [fqdn or "nobody's address" for fqdn in lab.network.led_to(wanted)]

    def preflight(self) -> list[str]:
        """Return what the CA would object to, before you ask it."""
        self.require_tool("preflight")
        order, acme = self.case.order, self.live.acme
        if order is None or acme is None:
            raise InputError("nothing is ordered in this case")
        verdict = self.threaded.run(acme.preflight, order.peer)
        return [f.rule for f in verdict.errors] or ["no objection"]

    def file(self) -> list[str]:
        """Return what the page answered to the uploaded file."""
        self.require_tool("file")
        return [f.message for f in self.live.refused] or ["the page took it"]

    def picture(self) -> Picture:
        """Return where each party is, and which relations are up, without reasons."""
        return draw(self.live.lab.deployment, self.live.lab.world, self.report)

    # Help and answer.

    def hint(self) -> str:
        """Return the next hint; each costs points once, and asking for more is free."""
        if not self._hints:
            return NO_MORE_HINTS
        self.score.hints += 1
        return self._hints.pop(0)

    def answer(self, cause: object) -> str:
        """Name a cause by its rule id. A text that is not a rule id is not an answer, and costs nothing."""
        said = str(cause).strip().lower()[:200]
        wanted = set(self.case.causes)
        try:
            rule_of(said)
        except InputError as error:
            return f"✘ {printable(str(error), 300)}"
        if said not in wanted:
            self.score.misses += 1
            return f"✘ {printable(said)} is not what is broken here; `pkikit rules` lists what can be"
        self.score.found.add(said)
        left = len(wanted - self.score.found)
        if left:
            return f"✔ Right. There {'is 1 more cause' if left == 1 else f'are {left} more causes'}."
        return "✔ Right. The ticket is solved." if self.live.settled(self.report) else "✔ Right. Now fix it."

    def remedy(self, action: object, target: object = "") -> str:
        """Do something about it in the running lab, such as `order e1 +example.com`; every connection is dialled afterwards."""
        chosen = self.live.read(f"{action} {target}")
        try:
            self.report = self.threaded.run(self.live.remedy, chosen)
        except PkikitError as error:
            return f"✘ {error}"
        up = self.report.count
        if self.live.refused:
            return f"✘ {up}, and still: {self.live.refused[0].message}"
        if not self.live.settled(self.report):
            return f"✘ {up}. {self.live.unfinished}".rstrip()
        self.score.mended_by_hand = True
        if self.score.found == set(self.case.causes):
            self._keep()
            return f"✔ fixed: {up}. {self.case.fix} {self.score.points} points."
        return f"✔ fixed: {up}. And what was the cause?"

    def give_up(self) -> str:
        """Reveal the cause and end the case."""
        self.score.gave_up = True
        self._keep()
        return f"It was {', '.join(self.case.causes)}. {self.case.fix}"


def open_case(which: str | int) -> ClinicSession:
    """Open a case by its id, or two at once by a number; the same number gives the same pair."""
    tell_plainly()
    close_case()
    close_current()
    case = random_case(which) if isinstance(which, int) else case_of(str(which))
    ClinicSession.current = ClinicSession(case)
    return ClinicSession.current


def close_case() -> None:
    """Close the case that is open in this kernel, if there is one."""
    if ClinicSession.current is not None:
        ClinicSession.current.close()
        ClinicSession.current = None


def case_list() -> pd.DataFrame:
    """Return all cases: id, title, symptom. Not the cause."""
    rows = [{"case": c.id, "title": c.title, "symptom": c.symptom} for c in cases().values()]
    return pd.DataFrame(rows).set_index("case")
