"""The words of all steps of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pkikit.planning.plan import Plan
from pkikit.planning.predictions import Oracle
from pkikit.planning.step_words.letters import letter_of
from pkikit.planning.step_words.place_words import Around, arounds, do_of, title_of, where_of
from pkikit.planning.step_words.seen import after_of, announced_of, before_of, short_connections
from pkikit.planning.step_words.step_commands import commands_of, proof_of
from pkikit.planning.step_words.step_file import NOTHING_REPLACED, Replaced, contents_of, step_sha256
from pkikit.planning.step_words.step_text import StepWords
from pkikit.planning.step_words.ways_back import Refused, no_return_of, undo_of
from pkikit.planning.steps import Action, Step

LISTS_AND_MRA = (
    "SIP uses a changed trusted CA list at once. The guides of Mobile and Remote Access want a restart after such a change, and "
    "no alarm says so. The restarts that follow in the plan cover that."
)
"""What holds for every change of a list on an Expressway."""


def words_of(
    plan: Plan, refused: Refused | None = None, replaced: Replaced = NOTHING_REPLACED
) -> tuple[StepWords, ...]:
    """Return what a runbook and `plan.json` say about each step, in the order of the plan.

    Args:
        plan: the plan.
        refused: judges states that are not in the order: from which step on undoing an earlier one drops connections. None
            judges them here.
        replaced: what the plan has in place of real certificates.

    Returns:
        One entry for each step.
    """
    judged = refused or Oracle(plan.change).refused
    made = [step_words(around, judged) for around in arounds(plan, replaced)]
    first = next((words.number for words in made if words.no_return), None)
    return tuple(
        words if words.number == first else _with_way_back(words, plan.steps[words.number - 1]) for words in made
    )


def _with_way_back(words: StepWords, step: Step) -> StepWords:
    """Return the words of a step: there is one point of no return, and later steps say what going back costs under "undo"."""
    said = words.no_return if step.action is not Action.RESTART else ""  # how to undo a restart says it already
    return replace(words, no_return="", undo=(*words.undo, said) if said else words.undo)


def step_words(around: Around, refused: Refused) -> StepWords:
    """Return the words of one step.

    Args:
        around: the step in its plan.
        refused: as for `words_of`.

    Returns:
        The words.
    """
    step = around.step
    return StepWords(
        number=around.number,
        key=step.key,
        title=title_of(around),
        machine=around.fqdn if around.group is not None else "",
        where=where_of(around),
        do=tuple(do_of(around)),
        commands=tuple(commands_of(around)),
        file=around.file,
        sha256=step_sha256(step),
        contents=contents_of(step, around.replaced),
        before=tuple(before_of(around)),
        after=tuple(after_of(around)),
        proof=proof_of(around),
        undo=tuple(undo_of(around, refused)),
        no_return=no_return_of(around),
        announced=tuple(announced_of(around)),
        connections=short_connections(around),
        letter=letter_of(around),
        remarks=tuple(_remarks(around)),
    )


def _remarks(around: Around) -> Iterator[str]:
    """Yield what the reader should know about the sources, and what is ours."""
    step = around.step
    if around.replaced.concerns(step):
        yield _stand_in(step)
    match step.action:
        case Action.LOAD_CLIENT if around.is_peer:
            yield "No document states whether a changed client certificate needs a restart (ours: it does)."
        case Action.RESTART if not around.is_peer:
            yield "Which services restart on this machine, and for how long, its own documents state (ours: as an Expressway)."
        case _:
            pass


def _stand_in(step: Step) -> str:
    """Return what to use on the real machine, where the file is for the lab only."""
    if step.credential is not None:
        return (
            "The file is a stand-in for the lab. For the real machine, make a signing request there, let your CA issue a "
            "certificate with the same names, and compare with its own SHA-256."
        )
    return (
        "The file is a look-alike for the lab, with another key. On the real machine, use the certificate with this SHA-256; "
        "the proof for the lab compares with the file."
    )
