"""What one sees while a rehearsal runs: a bar and the newest lines on a terminal, else a line for each state."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pkikit.commands.terminal import console
from pkikit.judge.legs.known_parts import State
from simulator.rehearsal.rehearsal_words import words_for
from simulator.rehearsal.rehearse import Listener

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pkikit.planning.plan import Plan
    from simulator.rehearsal.results import RehearsedState
    from simulator.rehearsal.route import Stop
    from simulator.rehearsal.sabotage import Sabotage

_LINES = 8  # the newest lines above the bar
_WORDS = 26


def dialled(state: RehearsedState) -> str:
    """Return what the handshakes did: `61 up, 33 down`."""
    return _counts({one: state.count(one) for one in State})


def predicted(state: RehearsedState) -> str:
    """Return whether the prediction was the same for each connection; if not, what was predicted."""
    wrong = len(state.differences)
    if not wrong:
        return "the same ✔"
    differ = "1 differs" if wrong == 1 else f"{wrong} differ"
    return f"{_counts(Counter(found.predicted for found in state.connections))} ✘ {differ}"


def _counts(numbers: Mapping[State, int]) -> str:
    words = {State.UP: "up", State.DOWN: "down", State.NOT_ASSESSED: "?"}
    return ", ".join(f"{numbers[one]} {word}" for one, word in words.items() if numbers.get(one)) or "none"


def kept_up(state: RehearsedState) -> str:
    """Return how many connections of zones and tunnels are up: `19/30`; marked if one went down without an announcement."""
    up, of = state.held
    return f"{up}/{of} ✘" if state.unannounced else f"{up}/{of}" if of else ""


def line_of(state: RehearsedState) -> str:
    """Return one state as one line of text."""
    says = _short(state.says)
    agrees = f"predicted {predicted(state)}" if state.differences else "as predicted ✔"
    kept = f"{kept_up(state)} kept up" if state.held[1] else ""
    return f"{state.number:>3}  {says:<{_WORDS}}  {dialled(state):<14}  {agrees}  {kept}"


def _short(says: str) -> str:
    """Return a step so short that its line fits: its beginning, and its end, which names the machine."""
    if len(says) <= _WORDS:
        return says
    end = _WORDS // 2
    return f"{says[: _WORDS - end - 1]}…{says[-end:]}"


@contextlib.contextmanager
def following(plan: Plan, sabotage: Sabotage | None, *, quiet: bool) -> Iterator[Listener]:
    """Show how a rehearsal proceeds, on standard error.

    Args:
        plan: the plan.
        sabotage: what is done otherwise.
        quiet: show nothing.

    Yields:
        What the rehearsal calls.
    """
    if quiet:
        yield Listener()
    elif not sys.stderr.isatty():
        with console.steps(quiet=False) as say:
            yield Listener(found=lambda state: say(line_of(state)))
    else:
        with _on_terminal(plan) as listener:
            yield listener


@contextlib.contextmanager
def _on_terminal(plan: Plan) -> Iterator[Listener]:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    words, lines = words_for(plan), deque[str](maxlen=_LINES)
    device = Console(stderr=True, highlight=False, emoji=False)
    bar = Progress(
        BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"), console=device
    )
    task = bar.add_task("starting the lab", total=None)

    def picture() -> Group:
        return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in lines), bar)

    with Live(picture(), console=device, transient=True, refresh_per_second=8) as live:

        def begins(route: Sequence[Stop]) -> None:
            bar.update(task, total=len(route))

        def enters(stop: Stop) -> None:
            bar.update(task, description=words(stop))

        def found(state: RehearsedState) -> None:
            lines.append(line_of(state))
            bar.advance(task)
            live.update(picture())

        yield Listener(begins=begins, enters=enters, found=found)
