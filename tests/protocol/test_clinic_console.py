"""The ticket desk in a terminal: free words, looks, causes by number, fixes, the debrief; and a script on standard input."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from simulator.clinic.assign import assign
from simulator.clinic.case import case_of, cases
from simulator.clinic.score import scores_file
from simulator.commands.clinic_console import TicketConsole
from simulator.threaded import ThreadedCase
from tests.support.cli import run
from tests.support.labs import QUICK

CASE = case_of("e-lacks-peer-name")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def threaded() -> Iterator[ThreadedCase]:
    with ThreadedCase(CASE, QUICK) as started:
        yield started


def _typed(threaded: ThreadedCase, *lines: str) -> tuple[TicketConsole, str]:
    """What the console printed at 80 columns."""
    out = Console(file=io.StringIO(), width=80)
    console = TicketConsole(out, threaded)
    console.play(iter(lines))
    return console, out.file.getvalue()  # type: ignore[attr-defined]


def test_words_that_are_no_answer_cost_nothing(threaded: ThreadedCase) -> None:
    """Help, typos, rule ids of nothing, an early debrief; hints cost once each and end quietly; the end of input is an end."""
    free = (
        "help",
        "?",
        "hlep",
        "",
        "eku",
        "log e1",
        "look",
        "fix",
        "fix renew",
        "fix x",
        "cause help",
        "cause",
        "99",
        "debrief",
    )
    console, text = _typed(threaded, *free)
    assert console.desk.score.points == 100
    assert "Unknown command 'hlep'. Did you mean help?" in text
    assert "The debrief tells the cause." in text
    assert "renew needs a target: c1, c2, e1" in text
    assert "The list has the numbers 1 to" in text
    assert text.rstrip().endswith("The ticket stays open. 100 points so far.")
    assert CASE.cause not in text
    console, text = _typed(threaded, *["hint"] * (len(CASE.hints) + 2), "quit", "zones")
    assert text.count("No more hints for this case.") == 2
    assert console.desk.score.points == 100 - 10 * len(CASE.hints)
    assert "connections are up" not in text.rpartition("clinic")[2]
    assert not scores_file().exists()


def test_terminal_fits_eighty_columns_and_breaks_no_name(threaded: ThreadedCase) -> None:
    """Only lines that one copies are longer: log lines, commands, paths."""
    _, text = _typed(
        threaded,
        "zones",
        "certificate e1",
        "trust c1",
        "trace c1 e1",
        "dns e1.example.com",
        "cause",
        "fix",
        "openssl e1",
    )
    long = [line for line in text.splitlines() if len(line) > 80]
    assert all("openssl s_client" in line for line in long), long
    assert "e1.example.com" in text
    assert "c1 → e1 (UC traversal)" in text


def test_giving_up_reveals_the_cause_without_points(threaded: ThreadedCase) -> None:
    """A wrong cause counts as one; the end is the debrief."""
    console, text = _typed(threaded, "cause clock", "1", "cause clock", "1", "give upstairs", "give  UP")
    assert "You have named this already" in text
    assert "Unknown command 'give'" in text
    assert console.desk.score.misses == 1
    assert "0 points: 1 wrong cause, you gave up" in text
    assert CASE.fix.split()[0] in text
    (line,) = scores_file().read_text().splitlines()
    assert json.loads(line)["gave_up"] is True


def test_script_plays_a_ticket_through_standard_input(tmp_path: Path) -> None:
    """Fix first, name the cause by its number: exit code 0. The score is kept, and lines of other hands are skipped."""
    script = "zones\nfix order e1 +e1.example.com\ncause lacks the peer's own fqdn\n1\n"
    played = run("simulator", "clinic", CASE.ticket, stdin=script.encode(), XDG_STATE_HOME=str(tmp_path))
    assert played.returncode == 0, played.stdout + played.stderr
    for part in (
        f"{CASE.ticket}  {CASE.title}",
        "Fixed. Now name the cause.",
        "Solved.",
        "100 points",
        "An expert looks at",
    ):
        assert part in played.stdout
    with scores_file().open("ab") as stream:  # a person's own edits, or a disk that was full
        stream.write(b'{"case": "x"}\n\xff\n{\n[]\n' + b"[" * 100_000 + b'\n{"case": "y", "points": "many"}\n')
    (kept,) = json.loads(run("simulator", "clinic", "--scores", "--json", XDG_STATE_HOME=str(tmp_path)).stdout)
    assert (kept["case"], kept["points"], kept["mended_by_hand"]) == (CASE.id, 100, True)


def test_tickets_of_a_class_are_mixed_and_the_same_for_one_seed() -> None:
    """As many topics as tickets while there are enough; several levels; each ticket once."""
    drawn = assign(7, 9)
    assert drawn == assign(7, 9)
    assert drawn != assign(8, 9)
    assert len({case.topic for case in drawn}) == 9
    assert len({case.difficulty for case in drawn}) >= 2
    assert len({case.id for case in assign(1, len(cases()))}) == len(cases())
