"""The ticket of a case: what users notice, made from the services, zones and causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pkikit.design.services import services_of
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.parties import LegKind
from pkikit.model.world import World
from pkikit.rules.catalogue import rule_of
from pkikit.rules.plain_causes import BY_RULE
from pkikit.text import counted, listed
from pkikit.view.short_names import ShortNames

CASE_FORMAT = 1
# What people say if a service is down everywhere, and if it is down at some peers.
_SAID = {
    "mra": ("Nobody outside can sign in with Jabber.", "Some people outside cannot sign in with Jabber, and others can."),
    "b2b": ("Calls to and from other companies fail.", "Some calls to and from other companies fail."),
    "federation": ("Chat with other companies does not work.", "Chat with other companies works only sometimes."),
    "web-proxy": (
        "Guests outside cannot join meetings in their browser.",
        "Some guests outside cannot join meetings in their browser.",
    ),
    "administration": (
        "Administrators cannot sign in with their own accounts.",
        "Administrators cannot sign in with their own accounts on some of the machines.",
    ),
}  # fmt: skip
_NOBODY = "No user complains yet, but the status pages show failures."
_MOST_SHOWN = 4


def causes_of(verdicts: Sequence[LegVerdict]) -> tuple[str, ...]:
    """Return the first cause of each connection that is down, the most frequent one first."""
    first = Counter(verdict.causes[0] for verdict in verdicts if verdict.causes and not verdict.accepted)
    return tuple(cause for cause, _ in first.most_common())


def ticket_of(world: World, at: datetime, number: int, told: str = "") -> dict[str, Any]:
    """Return the document of a ticket.

    Args:
        world: the machines, with what is wrong.
        at: the time of the case.
        number: four digits for the number of the ticket.
        told: the words of the person who reports it; empty for words made from the services that are down.

    Returns:
        The document. If every connection is up, the ticket says so, and has no cause.
    """
    verdicts = judge_as_known(world, at)
    causes = causes_of(verdicts)
    if not causes:
        return _all_well(at, number, told)
    services = [
        s for s in service_states(services_of(world.deployment), {v.leg.id: v.state for v in verdicts}) if not s.up
    ]
    everywhere = [state for state in services if state.cluster]
    main = [cause for cause in causes if cause in BY_RULE] or list(causes)
    return {
        "format": CASE_FORMAT,
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "ticket": f"INC-{number:04d}",
        "title": _title(services, verdicts),
        "caller": "Service desk",
        "symptom": told or _symptom(services, verdicts),
        "severity": 1 if any(s.name == "mra" for s in everywhere) else 2 if everywhere else 3 if services else 4,
        "difficulty": min(3, len(causes)),
        "minutes": min(60, 5 + 5 * len(causes)),
        "hints": _hints(main, verdicts),
        "cause": causes[0],
        "also": list(causes[1:]),
        "fix": " ".join(dict.fromkeys(rule_of(cause).fix for cause in causes)),
    }


def _all_well(at: datetime, number: int, told: str) -> dict[str, Any]:
    return {
        "format": CASE_FORMAT,
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "ticket": f"INC-{number:04d}",
        "title": "Everything works: find out that it does",
        "caller": "Service desk",
        "symptom": told or "Nobody reports a failure. Check that every connection is up.",
        "severity": 4,
        "difficulty": 1,
        "minutes": 5,
        "hints": ["Type check: every connection is dialled."],
        "cause": "",
    }


def _title(services: Sequence[ServiceState], verdicts: Sequence[LegVerdict]) -> str:
    down = [verdict for verdict in verdicts if not verdict.accepted]
    count = f"{len(down)} of {counted(len(verdicts), 'connection')}"
    everywhere = list(dict.fromkeys(s.name.label for s in services if s.cluster))
    partly = list(dict.fromkeys(s.name.label for s in services))
    if everywhere:
        return f"{listed(everywhere)} {'is' if len(everywhere) == 1 else 'are'} down: {count}"
    return (
        f"{listed(partly)} {'has' if len(partly) == 1 else 'have'} problems: {count} are down"
        if partly
        else f"{count} are down"
    )


def _symptom(services: Sequence[ServiceState], verdicts: Sequence[LegVerdict]) -> str:
    everywhere = {state.name for state in services if state.cluster}
    names = dict.fromkeys(state.name for state in services)
    said = [_SAID[name.value][0 if name in everywhere else 1] for name in names] or [_NOBODY]
    zones = dict.fromkeys(v.leg.group for v in verdicts if v.leg.kind is LegKind.ZONE and not v.accepted)
    if zones:
        said.append(
            f"The status page shows a failed {'zone' if len(zones) == 1 else 'state of the zones'}: {', '.join(zones)}."
        )
    return " ".join(said)


def _hints(causes: Sequence[str], verdicts: Sequence[LegVerdict]) -> list[str]:
    names = ShortNames([verdict.leg for verdict in verdicts])
    hints = []
    for cause in causes[:_MOST_SHOWN]:
        first = next(v for v in verdicts if v.causes and v.causes[0] == cause and not v.accepted)
        gate = f" Ask: {BY_RULE[cause].gate.partition(' ')[2]}" if cause in BY_RULE else ""
        hints.append(f"Look at {names.connection(first.leg)}: what does each side decide?{gate}")
    return hints
