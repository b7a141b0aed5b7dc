"""Promises about connections: they are up, and both sides verify."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pkikit.expectations.expectation import Break, Expectation
from pkikit.expectations.scope import machines_in
from pkikit.expectations.timeline import Moment, Timeline, end_of, until_words
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import format_time
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Answer, Evidence
from pkikit.model.leg import Leg
from pkikit.model.promises import ConnectionPromise
from pkikit.rules.expectation_rules import CONNECTION_DOWN, NOT_MUTUAL, NOTHING_PROMISED
from pkikit.text import listed
from pkikit.view.short_names import ShortNames


def judge_connections(
    key: str, promise: ConnectionPromise, deployment: Deployment, legs: Sequence[Leg], timeline: Timeline, names: ShortNames
) -> Expectation:
    """Judge a promise about connections.

    Args:
        key: its place in the file.
        promise: which connections, and what they are.
        deployment: of the promise.
        legs: all connections of the deployment.
        timeline: the connections from now on.
        names: says connections in words.

    Returns:
        What became of the promise.
    """
    at, end = timeline.now.at, end_of(promise, timeline.now.at)
    mine = [leg for leg in legs if _is_meant(leg, promise, deployment)]
    says = _promise(promise)
    lacks = "The deployment has no such connection" if not mine else ""
    if not lacks and end < at and promise.until is not None:
        lacks = f"The promise ended on {promise.until:%Y-%m-%d}"
    if lacks:
        evidence = Evidence(label=says, expected="something to judge", seen=lacks, where=key, says=f"{lacks} ({says}).")
        return Expectation.of(key, says, [NOTHING_PROMISED.judge(key, [evidence])], missing=[lacks])
    answers: list[Answer] = [NOTHING_PROMISED.kept]
    broken: Break | None = None
    missing: tuple[str, ...] = ()
    if promise.mutual:
        one_sided = [leg for leg in mine if not is_mutual(leg)]
        answers += [_not_mutual(key, leg, names) for leg in one_sided] or [NOT_MUTUAL.kept]
        if one_sided:
            ids = tuple(leg.id for leg in one_sided)
            broken = Break(at=at, connections=ids, cause=NOT_MUTUAL.id, fix=NOT_MUTUAL.fix)
    if promise.up:
        found = list(_first_downs(mine, timeline, promise))
        answers += [_down(key, leg, moment, says, names, timeline) for leg, moment in found] or [CONNECTION_DOWN.kept]
        if found and (broken is None or found[0][1].at < broken.at):
            broken = _break_of(found)
        now = timeline.now
        missing = now.lacking(leg.id for leg in mine if now.states[leg.id] is State.NOT_ASSESSED)
    return Expectation.of(key, says, answers, broken=broken, missing=missing)


def is_mutual(leg: Leg) -> bool:
    """Return True if both sides verify the other's certificate and refuse a wrong one."""
    return leg.mutual and leg.client_verifies and not leg.permissive


def _is_meant(leg: Leg, promise: ConnectionPromise, deployment: Deployment) -> bool:
    if promise.zone is not None and leg.zone != promise.zone:
        return False
    if promise.kind is not None and leg.kind is not promise.kind:
        return False
    ends = [set(machines_in(deployment, [scope])) for scope in promise.between]
    match ends:
        case [one]:
            return bool({leg.client, leg.server} & one)
        case [one, other]:
            return (leg.client in one and leg.server in other) or (leg.client in other and leg.server in one)
        case _:
            return True


def _promise(promise: ConnectionPromise) -> str:
    kind = f"{promise.kind.value} connections" if promise.kind else "connections"
    zone = f" of zone {promise.zone}" if promise.zone else ""
    joined = {0: "", 1: " of ", 2: " between "}[len(promise.between)] + listed(promise.between)
    states = [*(["up"] if promise.up else []), *(["mutually verified"] if promise.mutual else [])]
    every = "all " if not (promise.zone or promise.kind or promise.between) else ""
    return f"{every}{kind}{zone}{joined} are {listed(states)}{until_words(promise)}"


def _first_downs(
    mine: Iterable[Leg], timeline: Timeline, promise: ConnectionPromise
) -> Iterable[tuple[Leg, Moment]]:
    """Yield each connection that goes down, with the moment, the first one first."""
    left = {leg.id: leg for leg in mine}
    for moment in timeline.moments(end_of(promise, timeline.now.at)):
        for leg_id in [leg_id for leg_id in left if moment.states[leg_id] is State.DOWN]:
            yield left.pop(leg_id), moment
        if not left:
            return


def _break_of(found: Sequence[tuple[Leg, Moment]]) -> Break:
    leg, moment = found[0]
    cause = moment.cause_of(leg.id)
    return Break(
        at=moment.at,
        connections=tuple(one.id for one, other in found if other.at == moment.at),
        cause=cause.rule if cause else CONNECTION_DOWN.id,
        fix=cause.fix if cause else CONNECTION_DOWN.fix,
    )


def _not_mutual(key: str, leg: Leg, names: ShortNames) -> Answer:
    line = names.connection(leg)
    if leg.permissive:
        seen = "both sides only note what they find (cluster TLS is permissive)"
    elif not leg.client_verifies:
        seen = f"{names.short.get(leg.client, leg.client)} does not verify"
    else:
        seen = f"{names.short.get(leg.server, leg.server)} does not ask for a certificate"
    says = f"{line} is not mutually verified: {seen}."
    evidence = Evidence(label=line, expected="both sides verify and enforce", seen=seen, where=leg.id, says=says)
    return NOT_MUTUAL.judge(key, [evidence])


def _down(key: str, leg: Leg, moment: Moment, says: str, names: ShortNames, timeline: Timeline) -> Answer:
    cause, line = moment.cause_of(leg.id), names.connection(leg)
    when = "now" if moment.at <= timeline.now.at else f"from {format_time(moment.at)} on"
    why = f" by {cause.rule}: {cause.message.rstrip('.')}" if cause else ""
    text = f"{line} is down {when}{why}. Promised: {says}."
    evidence = Evidence(label=line, expected=says, seen=f"down {when}", where=leg.id, says=text)
    answer = CONNECTION_DOWN.judge(key, [evidence])
    fix = cause.fix if cause else CONNECTION_DOWN.fix
    return answer.with_findings(replace(found, fix=fix) for found in answer.findings)
