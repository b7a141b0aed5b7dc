"""Promises about services: at each instant, which of them work, also if some Expressways are down."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pkikit.design.services import Service, ServiceName
from pkikit.expectations.expectation import Break, Expectation
from pkikit.expectations.moments import Moment, Timeline, end_of, until_words
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.certificates.facts import format_time
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Evidence
from pkikit.model.promises import ServicePromise
from pkikit.rules.expectation_rules import SERVICE_DOWN
from pkikit.text import listed
from pkikit.view.short_names import ShortNames

_NAMED = 3  # connections named in a sentence
_SPITE = ("", " even if any one Expressway is down", " even if any two Expressways are down")
_SECOND_WAY = "Add a further peer to the cluster, with all of its connections, or promise less under expect.services."


@dataclass(frozen=True, kw_only=True)
class _Outage:
    """A service that does not work, and the Expressways that are taken to be down then."""

    moment: Moment
    state: ServiceState
    without: tuple[str, ...]


def judge_service(
    word: str,
    promise: ServicePromise,
    deployment: Deployment,
    services: Sequence[Service],
    timeline: Timeline,
    names: ShortNames,
) -> Expectation:
    """Judge a promise about a service.

    Args:
        word: the service.
        promise: where, until when, and in spite of what.
        deployment: of the promise.
        services: what each service of the deployment needs.
        timeline: the connections from now on.
        names: says connections in words.

    Returns:
        What became of the promise.
    """
    key, at = f"expect.services.{word}", timeline.now.at
    mine = [s for s in services if s.name.value == word and (not promise.clusters or s.cluster in promise.clusters)]
    says = _promise(word, promise, mine)
    absent = [c for c in promise.clusters if c not in {s.cluster for s in mine}]
    lacks = _nothing(word, promise, mine, absent, past=end_of(promise, at) < at)
    if lacks:
        return Expectation.about_nothing(key, says, lacks)
    missing: dict[str, None] = {}
    for moment in timeline.moments(end_of(promise, at)):
        for without, states in _states(promise, deployment, mine, moment):
            down = next((s for s in states if s.state is State.DOWN), None)
            if down is not None:
                outage = _Outage(moment=moment, state=down, without=without)
                return _broken(key, says, outage, names, at)
            open_ids = (leg for s in states if s.state is State.NOT_ASSESSED for leg in s.waits_for)
            missing.update(dict.fromkeys(moment.lacking(open_ids)))
    return Expectation.of(key, says, [SERVICE_DOWN.kept], missing=missing)


def _promise(word: str, promise: ServicePromise, mine: Sequence[Service]) -> str:
    where = listed(promise.clusters or tuple(dict.fromkeys(s.cluster for s in mine)))
    verb = "works at every peer" if promise.every_peer else "works"
    spite = _SPITE[promise.peers_down]
    return f"{ServiceName(word).label} {verb}{f' on {where}' if where else ''}{until_words(promise)}{spite}"


def _nothing(word: str, promise: ServicePromise, mine: Sequence[Service], absent: Sequence[str], *, past: bool) -> str:
    """Return why there is nothing to judge; empty if there is."""
    if not mine:
        where = f" on {listed(promise.clusters)}" if promise.clusters else ""
        return f"The deployment does not offer {word}{where}"
    if absent:
        return f"The deployment does not offer {word} on {listed(absent)}"
    return f"The promise ended on {promise.until:%Y-%m-%d}" if past and promise.until is not None else ""


def _states(
    promise: ServicePromise, deployment: Deployment, mine: Sequence[Service], moment: Moment
) -> Iterator[tuple[tuple[str, ...], list[ServiceState]]]:
    """Yield the states of a service with everything in place, and without each set of Expressways that may be down."""
    for number in range(promise.peers_down + 1):
        for without in itertools.combinations(deployment.peers, min(number, len(deployment.peers))):
            states = _with_down(moment, without) if without else moment.states
            found = service_states(mine, states)
            yield without, [s for s in found if bool(s.peer) is promise.every_peer]


def _with_down(moment: Moment, without: Sequence[str]) -> Mapping[str, State]:
    gone = set(without)
    return {
        leg: State.DOWN if gone & {verdict.leg.client, verdict.leg.server} else moment.states[leg]
        for leg, verdict in moment.verdicts.items()
    }


def _without(peers: Sequence[str], names: ShortNames) -> str:
    short = [names.short.get(peer, peer) for peer in peers]
    return f" if {listed(short)} {'is' if len(short) == 1 else 'are'} down" if short else ""


def _broken(key: str, says: str, outage: _Outage, names: ShortNames, now: datetime) -> Expectation:
    moment, state = outage.moment, outage.state
    # What the missing Expressways take with them is no cause: name what breaks it beside them.
    own = [leg for leg in state.because if moment.states[leg] is State.DOWN] or list(state.because)
    found = next((f for leg in own if (f := moment.cause_of(leg)) is not None), None)
    when = "now" if moment.at <= now else f"from {format_time(moment.at)} on"
    spite = _without(outage.without, names)
    lines = listed([names.connection(leg) for leg in own], at_most=_NAMED)
    what = f"{state.name.label} is down on {state.where} {when}{spite}"
    if found is not None:
        why = f"{lines} {'is' if len(own) == 1 else 'are'} down then, by {found.rule}: {found.message}"
    else:
        why = f"It needs {lines}, and has no other way"
    message = f"{what}. {why}{'' if why.endswith('.') else '.'} Promised: {says}."
    evidence = Evidence(
        label=says, expected=says, seen=f"{what} ({lines})", where=listed(own, at_most=_NAMED), says=message
    )
    fix = found.fix if found is not None else _SECOND_WAY
    answer = SERVICE_DOWN.judge(key, [evidence])
    fixed = answer.with_findings(replace(f, fix=fix) for f in answer.findings)
    first = Break(at=moment.at, connections=tuple(own), cause=found.rule if found else SERVICE_DOWN.id, fix=fix)
    return Expectation.of(key, says, [fixed], broken=first)
