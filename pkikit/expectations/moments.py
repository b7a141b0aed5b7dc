"""Which connections are up at each instant at which something changes, as far as a promise looks ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from pkikit.judge.legs.first_breaks import LegBreak, first_breaks
from pkikit.judge.legs.known_parts import State
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
        breaks: the judgement of each leg at this instant, by id.
    """

    at: datetime
    states: Mapping[str, State]
    breaks: Mapping[str, LegBreak]

    def lacking(self, leg_ids: Iterable[str]) -> tuple[str, ...]:
        """Return what is missing for an answer about connections, each once: `trusted CA list of e1.example.com`."""
        return tuple(dict.fromkeys(str(lack) for leg in leg_ids for lack in self.breaks[leg].now.lacks))

    def cause_of(self, leg_id: str) -> Finding | None:
        """Return what breaks a connection that is down: the finding of its first cause."""
        found = self.breaks[leg_id].now
        first = found.causes[0] if found.causes else ""
        return next((f for f in found.findings if f.rule == first and f.severity is Severity.ERROR), None)


class Timeline:
    """The connections of a world from now on; later instants are judged when somebody asks for them."""

    def __init__(
        self, world: World, *, at: datetime, until: datetime, partial: bool, now: Mapping[str, State] | None = None
    ) -> None:
        """Take the world, and the states of now, if handshakes have shown them."""
        self._world, self._until, self._partial = world, max(at, until), partial
        self._moments = [self._moment(at, now or {})]

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
        while True:
            if number == len(self._moments):
                following = self._next(self._moments[-1])
                if following is None:
                    return
                self._moments.append(self._moment(following, {}))
            moment = self._moments[number]
            if moment.at > until and number:
                return
            yield moment
            number += 1

    def _moment(self, at: datetime, seen: Mapping[str, State]) -> Moment:
        found = first_breaks(self._world, at=at, until=at, partial=self._partial)
        breaks = {entry.leg.id: entry for entry in found}
        return Moment(at=at, breaks=breaks, states={leg: seen.get(leg, entry.state) for leg, entry in breaks.items()})

    def _next(self, moment: Moment) -> datetime | None:
        """Return the next instant at which the verdict about a connection may differ."""
        changes = (entry.next_change for entry in moment.breaks.values())
        return min((at for at in changes if at is not None and moment.at < at <= self._until), default=None)
