"""What a check found, leg by leg: text for people and the JSON of `expressway-sim check`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from pkikit.design.legs import legs_of
from pkikit.design.services import ServiceName, services_of
from pkikit.errors import InputError
from pkikit.judge.checks.check import TRUSTED_CA_LIST
from pkikit.judge.diagnose import diagnose_trace
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Finding, Severity
from pkikit.model.leg import Leg
from pkikit.model.trace import HandshakeTrace, Outcome, Side
from pkikit.model.zones import DefaultZone, DnsZone, Zone
from pkikit.rules.catalogue import rank_causes
from pkikit.rules.chain_rules import KEY_MISMATCH, SWAPPED
from pkikit.text import listed
from pkikit.values.names import printable
from pkikit.view.description import iso
from pkikit.view.short_names import ShortNames

_FOR_USERS = {ServiceName.MRA, ServiceName.WEB_PROXY}
# A service names at most so many legs of one cause; the rest is in the table of legs.
_LEGS_NAMED = 3
_MARKS = {
    Outcome.ACCEPTED: "✔ accepted",
    Outcome.REJECTED: "✘ rejected",
    Outcome.UNREACHABLE: "… unreachable",
}


@dataclass(frozen=True, kw_only=True)
class LegReport:
    """One leg: what pkikit decided beforehand, and what the handshake did.

    Attributes:
        leg: the connection.
        verdict: the decision of pkikit, made before the lab dialled.
        trace: the record of the handshake; None where the lab has no private key to dial with.
    """

    leg: Leg
    verdict: LegVerdict
    trace: HandshakeTrace | None

    def __str__(self) -> str:
        """One line about the leg; below it, when it is down, the first cause with its evidence and fix."""
        if self.outcome is Outcome.ACCEPTED:
            return f"up    {self.leg.id}"
        refused = f", refused by {self.refused_by}" if self.refused_by else ""
        cause = next((f for f in self.findings if f.rule in self.causes[:1]), None)
        below = [f"  {line}" for line in str(cause).splitlines()] if cause else []
        return "\n".join((f"down  {self.leg.id} ({self.outcome.value}{refused})", *below))

    @property
    def outcome(self) -> Outcome:
        """What happened; if nothing was dialled, what was judged."""
        if self.trace is not None:
            return self.trace.outcome
        return Outcome.ACCEPTED if self.verdict.accepted else Outcome.REJECTED

    @property
    def mark(self) -> str:
        """The outcome with its sign, as tables show it."""
        return _MARKS[self.outcome]

    @property
    def up(self) -> bool:
        """True if the leg was accepted; if nothing was dialled, if the judgement accepts it."""
        return self.outcome is Outcome.ACCEPTED

    @property
    def rejected_by(self) -> Side | None:
        """The side that refused first."""
        return self.trace.rejected_by if self.trace is not None else self.verdict.rejected_by

    @property
    def refused_by(self) -> str:
        """The machine that refused first; empty if none did."""
        side = self.rejected_by
        return "" if side is None else self.leg.client if side is Side.CLIENT else self.leg.server

    def judges_of(self, finding: Finding) -> tuple[str, ...]:
        """Return the machines that have this finding about the other; empty if no machine refused the leg."""
        if self.rejected_by is None:
            return ()
        sides = ((self.leg.client, self.verdict.by_client), (self.leg.server, self.verdict.by_server))
        return tuple(fqdn for fqdn, verdict in sides if finding in verdict.findings) or (self.refused_by,)

    def other_than(self, fqdn: str) -> str:
        """Return the machine at the other end of a leg of this one."""
        return self.leg.server if self.leg.client == fqdn else self.leg.client

    def holders_of(self, finding: Finding) -> tuple[str, ...]:
        """Return the machines whose certificates have this finding; empty if no machine refused the leg."""
        if (own := _own_certificate_of(finding)) and self.rejected_by is not None:
            return (own,)
        return tuple(self.other_than(judge) for judge in self.judges_of(finding))

    @property
    def agrees(self) -> bool:
        """True if the judgement beforehand and the handshake agree."""
        return self.trace is None or (self.trace.outcome is Outcome.ACCEPTED) == self.verdict.accepted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The judgement's findings; if it has none although the dial failed, the trace's."""
        if self.trace is None or self.agrees:
            return self.verdict.findings
        if self.up:
            return tuple(f for f in self.verdict.findings if f.severity is not Severity.ERROR)
        return (*self.verdict.findings, *diagnose_trace(self.trace, self.leg.server))

    @property
    def causes(self) -> tuple[str, ...]:
        """Rule ids, the one to fix first in front; an unreachable server before anything about certificates."""
        return rank_causes(self.findings) if not self.up else ()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is unwise on a leg that is up, or would be without its errors."""
        return tuple(f for f in self.findings if f.severity is not Severity.ERROR)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `legs`."""
        error = self.trace.verify_error if self.trace else None
        rejected_by = self.rejected_by
        return {
            "id": self.leg.id,
            "client": self.leg.client,
            "server": self.leg.server,
            "reference_name": self.leg.reference_name,
            "protocol": self.leg.protocol.value,
            "mutual": self.leg.mutual,
            "dialled": self.trace is not None,
            "outcome": self.outcome.value,
            "rejected_by": rejected_by.value if rejected_by else None,
            "verify_error": {"code": error.code, "name": error.name} if error else None,
            "alert": self.trace.alert if self.trace and not self.up else None,
            "causes": list(self.causes),
            "findings": [f.to_json() for f in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """One reason why legs are down, given once.

    finding: of the first leg; its sentence says who refuses whom. legs: ids of all of them. refused_by: the machines that
    have this reason to refuse. holders: the machines whose certificates are refused. fix: what to do, on every machine that
    needs it.
    """

    finding: Finding
    legs: tuple[str, ...]
    refused_by: tuple[str, ...]
    holders: tuple[str, ...]
    fix: str

    @classmethod
    def of(cls, entries: Sequence[tuple[LegReport, Finding]], short: Mapping[str, str]) -> RootCause:
        """Merge the same finding of several legs; if their fixes differ, the fix lists the work of each machine.

        short: the short name of each machine, for the sentence.
        """
        first = entries[0][1]
        machines = tuple(dict.fromkeys(fqdn for leg, finding in entries for fqdn in leg.judges_of(finding)))
        ids = tuple(dict.fromkeys(leg.leg.id for leg, _ in entries))
        one_list = len({finding.evidence[0].expected for _, finding in entries if finding.evidence}) == 1
        refused = tuple(dict.fromkeys(fqdn for leg, finding in entries for fqdn in leg.holders_of(finding)))
        fixes = {_for_all(finding.fix, leg, machines, refused) for leg, finding in entries}
        fix = _for_all(first.fix, entries[0][0], machines, refused)
        if len(fixes) > 1 and machines[1:] and fix == first.fix:
            fix += f" Do the same on {listed(machines[1:])}."
        if first.is_summary and machines:
            says = str(first.evidence[0])
            says = _for_all(says, entries[0][0], machines if one_list else (), [short.get(r, r) for r in refused])
            verb = "refuses" if len(machines) == 1 else "refuse"
            who, whom = ([short.get(fqdn, fqdn) for fqdn in names] for names in (machines, refused))
            does = f"{listed(who)} {verb} {listed(whom)}"
            if own := _own_certificate_of(first):
                does = f"{short.get(own, own)} cannot use its own certificate"
            first = first.saying(f"{does}: {_shortened(says, short)}")
        return cls(finding=first, legs=ids, refused_by=machines, holders=refused, fix=fix)


def _own_certificate_of(finding: Finding) -> str:
    """Return the machine that cannot present its own certificate; empty if a finding is about the other side's."""
    is_own = finding.rule in {KEY_MISMATCH.id, SWAPPED.id} and finding.evidence
    return finding.evidence[0].where if is_own else ""


def _shortened(text: str, short: Mapping[str, str]) -> str:
    """Return a sentence with short names where it talks about machines; names in certificates stay as they are."""
    for fqdn, name in short.items():
        talks = r"(?='s certificate\b| trusts only | looks for | does not send | cannot | presents )"
        text = re.sub(rf"(?<![\w.-]){re.escape(fqdn)}{talks}", name, text)
        text = re.sub(rf"(?<= list of ){re.escape(fqdn)}(?= )", name, text)
    return text


def _for_all(text: str, leg: LegReport, machines: Sequence[str], refused: Sequence[str]) -> str:
    """Return a text about one machine that refuses another, about all machines with the same reason, and all refused ones."""
    for fqdn in (leg.leg.client, leg.leg.server) if refused[1:] else ():
        text = text.replace(f"{fqdn}'s certificate was", f"The certificates of {listed(refused)} were")
        text = text.replace(f"the server certificate file of {fqdn}", "their server certificate files")
    for fqdn in (leg.leg.client, leg.leg.server) if machines[1:] else ():
        text = text.replace(f"the trusted CA list of {fqdn}", f"the trusted CA lists of {listed(machines)}")
        text = text.replace(f"lists of {listed(machines)} does not", f"lists of {listed(machines)} do not")
        text = text.replace(f"The trusted CA list of {fqdn} does not", "their trusted CA lists do not")
        text = text.replace(f"The trusted CA list of {fqdn} has", "their trusted CA lists have")
        text = text.replace(f"The trusted CA list of {fqdn} is", "their trusted CA lists are")
        text = text.replace(f"The trusted CA list of {fqdn} does", "their trusted CA lists do")
        text = text.replace(f"{fqdn} trusts only ", "they trust only ")
    return text


def _what_is_wrong(finding: Finding) -> Hashable:
    """Return what is the same in findings of several verifiers: what each has in its own trusted CA list differs."""
    evidence = tuple((e.label, "" if e.where == TRUSTED_CA_LIST else e.expected, e.seen) for e in finding.evidence)
    return finding.rule, evidence


def _legs_down(cause: RootCause) -> str:
    refused = f", refused by {', '.join(cause.refused_by)}" if cause.refused_by else ""
    return f"Connections down{refused}: {', '.join(cause.legs)}"


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids) if len(ids) <= _LEGS_NAMED else f"{ids[0]} and {len(ids) - 1} more"


def _place(name: ServiceName, where: str) -> str:
    return f"for users on {where}" if name in _FOR_USERS else f"on {where}"


def status_word(reports: Iterable[LegReport]) -> str:
    """Return the product's status word of a group of connections: Checking before the first dial, then Active or Failed."""
    up = [report.up for report in reports]
    return "Checking" if not up else "Active" if any(up) else "Failed"


def zone_status(zone: Zone, reports: Iterable[LegReport]) -> str:
    """Return the status word of a zone: On where it has no fixed partner to dial.

    Args:
        zone: the zone.
        reports: connections of one of its peers; those of other zones are ignored.
    """
    if isinstance(zone, DnsZone | DefaultZone):
        return "On"
    return status_word(report for report in reports if report.leg.zone == zone.name)


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Every leg of a deployment at one instant. `print(report)` explains which legs are down and why.

    Attributes:
        deployment: its name.
        at: the lab's time, aware UTC.
        legs: one report for each leg.
        services: which services work; empty if only some legs were dialled.
    """

    deployment: str
    at: datetime
    legs: tuple[LegReport, ...]
    services: tuple[ServiceState, ...] = ()

    @classmethod
    def of(cls, deployment: Deployment, at: datetime, legs: Iterable[LegReport]) -> CheckReport:
        """Return the report about these legs; about services too, if every leg of the deployment is among them."""
        found = tuple(legs)
        every, up = legs_of(deployment), {report.leg.id: report.up for report in found}
        complete = up.keys() >= {leg.id for leg in every}
        states = service_states(services_of(deployment, every), up) if complete else ()
        return cls(deployment=deployment.name, at=at, legs=found, services=states)

    def __str__(self) -> str:
        """The answer, then each root cause once: what, where, expected and found, the fix, and the legs that are down for it."""
        parts = ["\n".join((f"{self.deployment} at {iso(self.at)}: {self.count}", *self.outages))]
        parts.extend(
            f"{replace(cause.finding, fix=cause.fix)}\n  {_legs_down(cause)}"
            for cause in self.root_causes(first_only=True)
        )
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        """Return the report as HTML for a notebook; texts from certificates are escaped."""
        items = "".join(
            f"<li>{replace(cause.finding, fix=cause.fix)._repr_html_()}<p>{escape(_legs_down(cause))}</p></li>"
            for cause in self.root_causes(first_only=True)
        )
        causes = f"<ol>{items}</ol>" if items else ""
        return f"<div><p><b>{escape(f'{self.deployment} at {iso(self.at)}: {self.count}')}</b></p>{causes}</div>"

    @property
    def outages(self) -> tuple[str, ...]:
        """One line for each service that is down: where, and because of which legs and causes."""
        down = [state for state in self.services if not state.up]
        of_peers = {(state.name, leg) for state in down if state.peer for leg in state.because}
        return tuple(self._outage(s) for s in down if s.peer or {(s.name, leg) for leg in s.because} - of_peers)

    @property
    def service_lines(self) -> tuple[str, ...]:
        """A short block for people: where each service works, then every outage."""
        works: dict[ServiceName, list[str]] = {}
        for state in self.services:
            if state.up and state.peer:
                works.setdefault(state.name, []).append(state.peer)
        return (
            *(f"{name.label} works {_place(name, ', '.join(peers))}" for name, peers in works.items()),
            *self.outages,
        )

    def _outage(self, state: ServiceState) -> str:
        causes = {leg.leg.id: ", ".join(leg.causes[:1]) or "no cause found" for leg in self.down}
        reasons: dict[str, list[str]] = {}
        for leg_id in state.because:
            reasons.setdefault(causes.get(leg_id, "no cause found"), []).append(leg_id)
        parts = (f"{_some(ids)} {'is' if len(ids) == 1 else 'are'} down: {cause}" for cause, ids in reasons.items())
        return f"{state.name.label} is down {_place(state.name, state.where)} because {'; '.join(parts)}"

    @property
    def count(self) -> str:
        """Return how many legs are up, in words."""
        return f"{len(self.legs) - len(self.down)} of {len(self.legs)} connections are up"

    @property
    def accepted(self) -> bool:
        """True if every leg is up."""
        return all(leg.up for leg in self.legs)

    def leg(self, leg_id: str) -> LegReport:
        """Return one leg by its id. Raises InputError with the closest ids."""
        by_id = {leg.leg.id: leg for leg in self.legs}
        if leg_id not in by_id:
            near = difflib.get_close_matches(leg_id, by_id, n=2, cutoff=0)
            raise InputError(
                f"no connection has the id {printable(leg_id)!r}; close to it: {', '.join(near) or 'nothing'}"
            )
        return by_id[leg_id]

    def zone(self, name: str) -> tuple[LegReport, ...]:
        """Return the legs of one zone."""
        return tuple(leg for leg in self.legs if leg.leg.zone == name)

    def zone_is_active(self, name: str) -> bool:
        """Return True if SIP was answered on every leg of the zone."""
        legs = self.zone(name)
        return bool(legs) and all(leg.up for leg in legs)

    @property
    def down(self) -> tuple[LegReport, ...]:
        """The legs that are down."""
        return tuple(leg for leg in self.legs if not leg.up)

    def root_causes(self, *, first_only: bool = False) -> tuple[RootCause, ...]:
        """Return each cause of the legs that are down once, that of most legs first; only the first of each leg if asked."""
        found: dict[Hashable, list[tuple[LegReport, Finding]]] = {}
        for leg in self.down:
            for cause in leg.findings:
                # A certificate of another peer never belongs to the key: one mistake, told once.
                told = cause.rule == KEY_MISMATCH.id and SWAPPED.id in leg.causes
                if not told and cause.rule in (leg.causes[:1] if first_only else leg.causes):
                    found.setdefault(_what_is_wrong(cause), []).append((leg, cause))
        short = ShortNames(leg.leg for leg in self.legs).short if found else {}
        causes = [RootCause.of(entries, short) for entries in found.values()]
        return tuple(sorted(causes, key=lambda cause: -len(cause.legs)))

    @property
    def warnings(self) -> tuple[tuple[Finding, tuple[str, ...]], ...]:
        """Return each warning once, with the ids of the legs that it is about, up or down."""
        found: dict[tuple[str, str, str], tuple[Finding, list[str]]] = {}
        for leg in self.legs:
            for warning in leg.warnings:
                key = (warning.rule, warning.subject, warning.message)
                found.setdefault(key, (warning, []))[1].append(leg.leg.id)
        return tuple((warning, tuple(dict.fromkeys(ids))) for warning, ids in found.values())

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim check --json`."""
        return {
            "accepted": self.accepted,
            "deployment": self.deployment,
            "at": iso(self.at),
            "legs": [leg.to_json() for leg in self.legs],
            "services": [state.to_json() for state in self.services],
        }
