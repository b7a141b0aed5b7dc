"""The debrief of a ticket: verdict, cause, looks, an expert's looks, red herrings, fixes, points, and both handshakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pkikit.rules.plain_causes import BY_RULE
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.clinic.live_case import LiveCase
from simulator.clinic.looks import Looks
from simulator.clinic.score import Score


@dataclass(frozen=True, kw_only=True)
class Act:
    """One fix: its line, and its side effects."""

    line: str
    effects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Played:
    """How far a player is: what was looked at and done, and the state of the case."""

    live: LiveCase
    looks: Looks
    report: CheckReport
    score: Score
    looked: tuple[tuple[str, str], ...]
    acts: tuple[Act, ...]
    outage: int
    workarounds: tuple[str, ...]
    fixed: bool
    named: bool


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The decisive connection while it was broken and as it is now, step by step: (machine, what it did). leg: its id."""

    leg: str
    connection: str
    broken: tuple[tuple[str, str], ...]
    now: tuple[tuple[str, str], ...]
    up: bool


@dataclass(frozen=True, kw_only=True)
class Debrief:
    """What a player reads at the end. `str(debrief)` is all of it as text.

    Attributes:
        ticket, title: of the case.
        verdict: one sentence: solved, fixed only, named only, or open.
        causes: each cause in plain words.
        explanation: what to do about it, from the case file.
        looked: what the player looked at, in order.
        expert: (what an expert looks at, what it tells).
        red_herrings: what looked suspicious and is harmless.
        acts: the fixes, with side effects.
        notes: outage, workarounds, needless work.
        points: in words.
        replay: both handshakes of the decisive connection; None where no connection was down.
    """

    ticket: str
    title: str
    verdict: str
    causes: tuple[str, ...]
    explanation: str
    looked: tuple[str, ...]
    expert: tuple[tuple[str, str], ...]
    red_herrings: tuple[str, ...]
    acts: tuple[Act, ...]
    notes: tuple[str, ...]
    points: str
    replay: Replay | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the debrief as a JSON object."""
        return asdict(self)

    def __str__(self) -> str:
        """All of it, under headings."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.ticket}  {self.title}".strip()
        yield from (self.verdict, self.points)
        yield from _block("Cause" if len(self.causes) == 1 else "Causes", self.causes)
        yield from _block("Fix", (self.explanation,) if self.explanation else ())
        yield from _block("You looked at", self.looked or ("nothing",))
        yield from _block("An expert looks at", tuple(f"{at}: {learns}" for at, learns in self.expert))
        yield from _block("Looked suspicious, and is harmless", self.red_herrings)
        yield from _block(
            "You did", tuple(line for act in self.acts for line in (act.line, *(f"  {e}" for e in act.effects)))
        )
        yield from _block("Note", self.notes)
        if self.replay is not None:
            yield from _block(f"{self.replay.connection}, broken", _steps(self.replay.broken))
            state = "up again" if self.replay.up else "now, still down"
            yield from _block(f"{self.replay.connection}, {state}", _steps(self.replay.now))


def _block(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _steps(steps: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    width = max((len(who) for who, _ in steps), default=0)
    return tuple(f"{who.ljust(width)}  {what}" for who, what in steps)


def debrief_of(played: Played) -> Debrief:
    """Return the debrief of what was played."""
    case, looks = played.live.case, played.looks
    causes = [BY_RULE[rule] for rule in case.causes]
    connections = dict(looks.places("trace"))
    expert = tuple((f"{e.look} {connections.get(e.at, looks.short(e.at))}".strip(), e.learns) for e in case.expert)
    return Debrief(
        ticket=case.ticket,
        title=case.title,
        verdict=_verdict(played),
        causes=tuple(cause.sentence for cause in causes),
        explanation=case.fix,
        looked=_counted([f"{tool} {of}".strip() for tool, of in played.looked]),
        expert=expert,
        red_herrings=case.red_herrings,
        acts=played.acts,
        notes=tuple(_notes(played)),
        points=played.score.told,
        replay=_replay(played),
    )


def _verdict(played: Played) -> str:
    if played.score.gave_up:
        return "You gave up."
    if played.fixed and played.named:
        return "Solved with a workaround: something verifies less than before." if played.workarounds else "Solved."
    if played.fixed:
        return "Fixed, but the cause is not named."
    return "The cause is named, but it is not fixed." if played.named else "The ticket is still open."


def _counted(looked: list[str]) -> tuple[str, ...]:
    """Return each look once, in the order of the first time, with how often."""
    times = {look: looked.count(look) for look in looked}
    return tuple(f"{look} ({count} times)" if count > 1 else look for look, count in times.items())


def _notes(played: Played) -> Iterator[str]:
    if played.outage:
        yield f"Your restarts kept machines away for about {played.outage} minutes."
    yield from (f"Workaround: {sentence}." for sentence in played.workarounds)
    if played.fixed and not played.acts and (played.live.broken.down or played.live.first_refused):
        yield "You fixed it on the pages."


def _replay(played: Played) -> Replay | None:
    broken = _decisive(played)
    if broken is None:
        return None
    now = next((leg for leg in played.report.legs if leg.leg.id == broken.leg.id), None)
    return Replay(
        leg=broken.leg.id,
        connection=played.looks.names.connection(broken.leg),
        broken=played.looks.steps(broken),
        now=played.looks.steps(now) if now is not None else (),
        up=now is not None and now.up,
    )


def _decisive(played: Played) -> LegReport | None:
    """Return the connection that shows the cause best: one that is down for it, if possible of a zone."""
    down = sorted(played.live.broken.down, key=lambda leg: leg.leg.zone is None)
    cause = played.live.case.cause
    return next((leg for leg in down if leg.causes[:1] == (cause,)), down[0] if down else None)
