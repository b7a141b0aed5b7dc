"""Promises about connections: they are up, and both sides verify."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pkikit.expectations.expectation import Break, Expectation
from pkikit.expectations.moments import Moment, Timeline, end_of, until_words
from pkikit.expectations.scope import machines_in
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import format_time
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Answer, Evidence, Finding
from pkikit.model.leg import Leg
from pkikit.model.promises import ConnectionPromise
from pkikit.rules.expectation_rules import CONNECTION_DOWN, NOT_MUTUAL
from pkikit.text import listed
from pkikit.view.short_names import ShortNames


def judge_connections(
    key: str,
    promise: ConnectionPromise,
    deployment: Deployment,
    legs: Sequence[Leg],
    timeline: Timeline,
    names: ShortNames,
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
        return Expectation.about_nothing(key, says, lacks)
    answers: list[Answer] = []
    broken: Break | None = None
    missing: tuple[str, ...] = ()
    if promise.mutual:
        one_sided = [leg for leg in mine if not is_mutual(leg)]
        answers.append(NOT_MUTUAL.judge(key, [_not_mutual(leg, names) for leg in one_sided]))
        if one_sided:
            ids = tuple(leg.id for leg in one_sided)
            broken = Break(at=at, connections=ids, cause=NOT_MUTUAL.id, fix=NOT_MUTUAL.fix)
    if promise.up:
        found = list(_first_downs(mine, timeline, end))
        answers += _down(key, found, says, names, at) or [CONNECTION_DOWN.kept]
        if found and (broken is None or found[0].moment.at < broken.at):
            broken = _break_of(found)
        missing = _lacking(mine, timeline, end)
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


@dataclass(frozen=True, kw_only=True)
class _Down:
    """A connection, the moment at which it goes down, and why."""

    leg: Leg
    moment: Moment
    cause: Finding | None

    @property
    def rule(self) -> str:
        """The rule that it breaks."""
        return self.cause.rule if self.cause is not None else CONNECTION_DOWN.id

    @property
    def fix(self) -> str:
        """What to do."""
        return self.cause.fix if self.cause is not None else CONNECTION_DOWN.fix


def _first_downs(mine: Iterable[Leg], timeline: Timeline, end: datetime) -> Iterator[_Down]:
    """Yield each connection that goes down, the first one first."""
    left = {leg.id: leg for leg in mine}
    for moment in timeline.moments(end):
        for leg_id in [leg_id for leg_id in left if moment.states[leg_id] is State.DOWN]:
            yield _Down(leg=left.pop(leg_id), moment=moment, cause=moment.cause_of(leg_id))
        if not left:
            return


def _lacking(mine: Iterable[Leg], timeline: Timeline, end: datetime) -> tuple[str, ...]:
    """Return what is missing at any moment until the end, each once."""
    ids = [leg.id for leg in mine]
    lacks = (
        lack
        for moment in timeline.moments(end)
        for lack in moment.lacking(leg for leg in ids if moment.states[leg] is State.NOT_ASSESSED)
    )
    return tuple(dict.fromkeys(lacks))


def _break_of(found: Sequence[_Down]) -> Break:
    first = found[0]
    ids = tuple(one.leg.id for one in found if one.moment.at == first.moment.at)
    return Break(at=first.moment.at, connections=ids, cause=first.rule, fix=first.fix)


def _not_mutual(leg: Leg, names: ShortNames) -> Evidence:
    line = names.connection(leg)
    if leg.permissive:
        seen = "both sides only note what they find (cluster TLS is permissive)"
    elif not leg.client_verifies:
        seen = f"{names.short.get(leg.client, leg.client)} does not verify"
    else:
        seen = f"{names.short.get(leg.server, leg.server)} does not ask for a certificate"
    says = f"{line} is not mutually verified: {seen}."
    return Evidence(label=line, expected="both sides verify and enforce", seen=seen, where=leg.id, says=says)


def _down(key: str, found: Sequence[_Down], says: str, names: ShortNames, now: datetime) -> list[Answer]:
    """Return one answer for each cause, with the connections that it takes down."""
    causes: dict[tuple[str, str], list[_Down]] = {}
    for one in found:
        causes.setdefault((one.rule, one.cause.message if one.cause is not None else ""), []).append(one)
    answers = []
    for members in causes.values():
        answer = CONNECTION_DOWN.judge(key, [_evidence(one, says, names, now) for one in members])
        fix = members[0].fix
        answers.append(answer.with_findings(replace(finding, fix=fix) for finding in answer.findings))
    return answers


def _evidence(one: _Down, says: str, names: ShortNames, now: datetime) -> Evidence:
    line = names.connection(one.leg)
    when = "now" if one.moment.at <= now else f"from {format_time(one.moment.at)} on"
    why = f" by {one.rule}: {one.cause.message.rstrip('.')}" if one.cause else ""
    text = f"{line} is down {when}{why}. Promised: {says}."
    return Evidence(label=line, expected=says, seen=f"down {when}", where=one.leg.id, says=text)
