"""Which connections are up at each instant at which something changes, as far as a promise looks ahead."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from pkikit.judge.legs.first_breaks import LegDates
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.model.findings import Finding, Severity
from pkikit.model.promises import Until
from pkikit.model.world import World

_END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def end_of(promise: Until, at: datetime) -> datetime:
    """Return the last instant of a promise; the time of the judgement, if it promises nothing for later.

    Args:
        promise: says until when.
        at: the time of the judgement, aware UTC.

    Returns:
        The end. It may be past.
    """
    if promise.until is not None:
        return datetime.combine(promise.until, _END_OF_DAY)
    if promise.days is None:
        return at
    try:
        return at + timedelta(days=promise.days)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def until_words(promise: Until) -> str:
    """Return until when, with a blank before it: ` until 2027-06-30`, ` for 90 days`; empty if it is about now."""
    if promise.until is not None:
        return f" until {promise.until:%Y-%m-%d}"
    return f" for {promise.days} days" if promise.days is not None else ""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What is known about the connections at one instant.

    Attributes:
        at: the instant.
        states: the state of each leg, by id.
        verdicts: what each side of a leg decides, by id.
    """

    at: datetime
    states: Mapping[str, State]
    verdicts: Mapping[str, LegVerdict]

    def lacking(self, leg_ids: Iterable[str]) -> tuple[str, ...]:
        """Return what is missing for an answer about connections, each once: `trusted CA list of e1.example.com`."""
        return tuple(dict.fromkeys(str(lack) for leg in leg_ids for lack in self.verdicts[leg].lacks))

    def cause_of(self, leg_id: str) -> Finding | None:
        """Return what breaks a connection that is down: the finding of its first cause."""
        found = self.verdicts[leg_id]
        first = found.causes[0] if found.causes else ""
        return next((f for f in found.findings if f.rule == first and f.severity is Severity.ERROR), None)


class Timeline:
    """The connections of a world from now on; later instants are judged when somebody asks for them."""

    def __init__(
        self, world: World, *, at: datetime, until: datetime, partial: bool, now: Mapping[str, State] | None = None
    ) -> None:
        """Take the world, and the states of now, if handshakes have shown them."""
        self._dates = LegDates(world, partial=partial)
        instants = {at for dates in self._dates.instants.values() for at in dates}
        self._waiting = deque(sorted(instant for instant in instants if at < instant <= until))
        bounded = self._dates.bounded(at)
        verdicts = {leg.id: self._dates.verdict(leg, bounded) for leg in self._dates.legs}
        self._moments = [Moment(at=at, verdicts=verdicts, states={**_states(verdicts), **(now or {})})]

    @property
    def now(self) -> Moment:
        """The first moment."""
        return self._moments[0]

    def moments(self, until: datetime) -> Iterator[Moment]:
        """Yield now, and each later instant at which the verdict about a connection may differ.

        Args:
            until: the last instant that counts.

        Yields:
            The moments, in order.
        """
        number = 0
        while number < len(self._moments) or self._waiting:
            if number == len(self._moments):
                self._moments.append(self._following(self._waiting.popleft()))
            moment = self._moments[number]
            if moment.at > until and number:
                return
            yield moment
            number += 1

    def _following(self, at: datetime) -> Moment:
        """Return the next moment: only connections that one of their dates reaches are judged again."""
        again = {leg.id: self._dates.verdict(leg, at) for leg in self._dates.legs if self._has(leg.id, at)}
        verdicts = {**self._moments[-1].verdicts, **again}
        return Moment(at=at, verdicts=verdicts, states=_states(verdicts))

    def _has(self, leg_id: str, at: datetime) -> bool:
        dates = self._dates.instants[leg_id]
        place = bisect_left(dates, at)
        return place < len(dates) and dates[place] == at


def _states(verdicts: Mapping[str, LegVerdict]) -> dict[str, State]:
    return {leg: verdict.state for leg, verdict in verdicts.items()}
