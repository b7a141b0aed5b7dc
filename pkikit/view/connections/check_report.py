"""What a check found, leg by leg: text for people and the JSON of `expressway-sim check`."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from pkikit.design.legs import legs_of
from pkikit.design.services import ServiceName, services_of
from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Finding
from pkikit.rules.chain_rules import KEY_MISMATCH, SWAPPED
from pkikit.values.names import printable
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.connections.root_cause import RootCause, what_is_wrong
from pkikit.view.description import iso
from pkikit.view.short_names import ShortNames

_FOR_USERS = {ServiceName.MRA, ServiceName.WEB_PROXY}
# A service names at most so many legs of one cause; the rest is in the table of legs.
_LEGS_NAMED = 3


def _legs_down(cause: RootCause) -> str:
    refused = f", refused by {', '.join(cause.refused_by)}" if cause.refused_by else ""
    return f"Connections down{refused}: {', '.join(cause.legs)}"


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids) if len(ids) <= _LEGS_NAMED else f"{ids[0]} and {len(ids) - 1} more"


def _place(name: ServiceName, where: str) -> str:
    return f"for users on {where}" if name in _FOR_USERS else f"on {where}"


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
        every, states = legs_of(deployment), {report.leg.id: report.state for report in found}
        complete = states.keys() >= {leg.id for leg in every}
        services = service_states(services_of(deployment, every), states) if complete else ()
        return cls(deployment=deployment.name, at=at, legs=found, services=services)

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
        down = [state for state in self.services if state.state is State.DOWN]
        of_peers = {(state.name, leg) for state in down if state.peer for leg in state.because}
        return tuple(self._outage(s) for s in down if s.peer or {(s.name, leg) for leg in s.because} - of_peers)

    @property
    def service_lines(self) -> tuple[str, ...]:
        """A short block for people: where each service works, then every outage."""
        works = self._by_service(State.UP)
        return (
            *(f"{name.label} works {_place(name, ', '.join(peers))}" for name, peers in works.items()),
            *self.not_assessed,
            *self.outages,
        )

    @property
    def not_assessed(self) -> tuple[str, ...]:
        """One line for each service of which nobody knows whether it works: files are missing."""
        lines = self._by_service(State.NOT_ASSESSED).items()
        return tuple(f"{name.label} is not assessed {_place(name, ', '.join(peers))}" for name, peers in lines)

    def _by_service(self, wanted: State) -> dict[ServiceName, list[str]]:
        """Return the peers at which each service is in this state."""
        found: dict[ServiceName, list[str]] = {}
        for state in self.services:
            if state.state is wanted and state.peer:
                found.setdefault(state.name, []).append(state.peer)
        return found

    def _outage(self, state: ServiceState) -> str:
        causes = {leg.leg.id: ", ".join(leg.causes[:1]) or "no cause found" for leg in self.down}
        reasons: dict[str, list[str]] = {}
        for leg_id in state.because:
            reasons.setdefault(causes.get(leg_id, "no cause found"), []).append(leg_id)
        parts = (f"{_some(ids)} {'is' if len(ids) == 1 else 'are'} down: {cause}" for cause, ids in reasons.items())
        return f"{state.name.label} is down {_place(state.name, state.where)} because {'; '.join(parts)}"

    @property
    def count(self) -> str:
        """Return how many legs are up, in words; and how many are not assessed, if files are missing."""
        counts = self.counts
        rest = f", {counts[State.NOT_ASSESSED]} are not assessed" if counts[State.NOT_ASSESSED] else ""
        return f"{counts[State.UP]} of {len(self.legs)} connections are up{rest}"

    @property
    def counts(self) -> Mapping[State, int]:
        """How many legs are in each state."""
        found = Counter(leg.state for leg in self.legs)
        return {state: found[state] for state in State}

    @property
    def accepted(self) -> bool:
        """True if every leg is known to be up."""
        return all(leg.up for leg in self.legs)

    def leg(self, leg_id: str) -> LegReport:
        """Return one leg by its id.

        Args:
            leg_id: the id.

        Returns:
            Its report.

        Raises:
            InputError: there is none; the message has the closest ids.
        """
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
        return tuple(leg for leg in self.legs if leg.down)

    def root_causes(self, *, first_only: bool = False) -> tuple[RootCause, ...]:
        """Return each cause of the legs that are down once, that of most legs first; only the first of each leg if asked."""
        found: dict[Hashable, list[tuple[LegReport, Finding]]] = {}
        for leg in self.down:
            for cause in leg.findings:
                # A certificate of another peer never belongs to the key: one mistake, told once.
                told = cause.rule == KEY_MISMATCH.id and SWAPPED.id in leg.causes
                if not told and cause.rule in (leg.causes[:1] if first_only else leg.causes):
                    found.setdefault(what_is_wrong(cause), []).append((leg, cause))
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
            "counts": {
                "connections": len(self.legs),
                **{state.name.lower(): number for state, number in self.counts.items()},
            },
            "deployment": self.deployment,
            "at": iso(self.at),
            "legs": [leg.to_json() for leg in self.legs],
            "services": [state.to_json() for state in self.services],
        }
