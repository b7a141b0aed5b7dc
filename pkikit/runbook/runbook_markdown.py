"""The runbook as Markdown: for tickets and wikis, with a box to tick at each step."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.planning.step_words.step_text import Command
from pkikit.planning.steps import Action
from pkikit.report.written.markdown import DOTS, block_lines, code_lines, plain, table_lines
from pkikit.runbook.gantt import text_rows
from pkikit.runbook.runbook_contents import Runbook
from pkikit.runbook.runbook_step import RunbookStep
from pkikit.runbook.terminal_setup import (
    HOW_IN_LAB,
    LOOKALIKE,
    RULES,
    for_lab,
    for_machines,
    have_ready,
    in_lab,
    start_lab,
)
from pkikit.text import listed

_MOST = 60


def to_runbook_markdown(runbook: Runbook) -> str:
    """Return the whole runbook (CommonMark with tables and task lists).

    Args:
        runbook: the runbook.

    Returns:
        The text, UTF-8, with a line break at its end.
    """
    lines = [
        f"# Runbook: {plain(runbook.title)}",
        "",
        f"{DOTS[runbook.light]} **{runbook.verdict}.** {plain(runbook.answer)}",
        "",
        f"Deployment {plain(runbook.deployment)}. All times are UTC.",
        "",
        *(f"- **{name}:** {plain(said)}" for name, said in runbook.summary),
        *block_lines("Why no order keeps everything up", _why_not(runbook)),
        *block_lines("Before you begin", _begin(runbook)),
        *block_lines("Steps at a glance", code_lines("\n".join(text_rows(runbook))) if runbook.steps else ()),
        "",
        "## Steps",
        *(line for made in runbook.steps for line in _step(made)),
        *block_lines("E-mails", _mails(runbook)),
        *block_lines("Notes", [f"- {plain(runbook.say(note))}" for note in runbook.notes]),
    ]
    if runbook.legend:
        lines += ["", f"Short names: {plain(runbook.legend)}."]
    return "\n".join(lines) + "\n"


def _why_not(runbook: Runbook) -> Iterator[str]:
    yield from (f"- {plain(text)}" for text in runbook.why_not)
    if runbook.plan.enabling:
        yield ""
        yield "What was tried to make an order possible:"
        yield ""
        rows = [
            (
                "works" if tried.works else "does not work",
                runbook.say(tried.says),
                runbook.say(tried.achieves),
                runbook.say(tried.price),
            )
            for tried in runbook.plan.enabling
        ]
        yield from table_lines(("Result", "Option", "What it achieves", "Price"), rows)
    if runbook.why_not:
        yield ""
        yield "**The steps below drop connections.** They are the order that loses the least. Each step says what it drops."


def _begin(runbook: Runbook) -> Iterator[str]:
    yield from (f"- [ ] {plain(said)}" for said in have_ready(runbook))
    yield from (f"- {plain(said)}" for said in RULES)
    yield from ("", "### On the real machines", "", "In a terminal (bash), once:", "")
    yield from code_lines(for_machines(runbook), "sh")
    yield from ("", "### In the lab, to rehearse it", "")
    yield from ((plain(LOOKALIKE), "") if runbook.lab else ())
    yield from ("Start the lab with today's certificates:", "")
    yield from code_lines(start_lab(runbook), "sh")
    yield from ("", "In another terminal, once:", "")
    yield from code_lines(for_lab(runbook), "sh")
    yield from ("", plain(HOW_IN_LAB), "", "At any time:", "")
    yield from code_lines(in_lab(), "sh")


def _mails(runbook: Runbook) -> Iterator[str]:
    for number, mail in enumerate(runbook.mails):
        yield from ("",) * bool(number)
        yield from (f"### {plain(mail.title)}", "")
        yield from code_lines(f"Subject: {mail.subject}\n\n{mail.body}")


def _step(made: RunbookStep) -> Iterator[str]:
    words = made.words
    yield from ("", f"### Step {made.number}: {plain(words.title)}", "")
    yield from (f"- **{name}:** {plain(said)}" for name, said in facts_of(made))
    if words.no_return:
        yield f"- **Point of no return:** {plain(words.no_return)}"
    yield from (f"- **{name}:** {plain(said)}" for name, said in _announced(made))
    yield from ("", f"- [ ] **{do_title(made)}** {plain(' '.join(words.do))}")
    for command in words.commands:
        yield from _command(command)
    yield f"- [ ] **Prove it.** {plain(proof_sentence(made))} {_label(words.proof)}:"
    yield from _block(words.proof)
    yield from (f"- **{name}:** {plain(said)}" for name, said in seen_of(made))
    if words.connections:
        cut = listed(words.connections, at_most=_MOST)
        yield f"- **Down meanwhile ({len(words.connections)}):** {plain(cut)}"


def do_title(made: RunbookStep) -> str:
    """Return what the box of a step says.

    Args:
        made: the step.

    Returns:
        A sentence in a few words.
    """
    if made.step.action is Action.WAIT:
        return "Wait."
    return "Do it." if made.step.owner.ours else "Ask for it: the e-mail is below."


def seen_of(made: RunbookStep) -> Iterator[tuple[str, str]]:
    """Yield what one sees before and after a step, how to undo it, and what is assumed.

    How many connections are up before it stands at the step before.

    Args:
        made: the step.

    Yields:
        A name and sentences.
    """
    words = made.words
    before = words.before if made.number == 1 else words.before[1:]
    for name, said in (("Before", before), ("After", words.after), ("Undo", words.undo), ("Note", words.remarks)):
        if said:
            yield name, " ".join(said)


def facts_of(made: RunbookStep) -> Iterator[tuple[str, str]]:
    """Yield who, when, where and the file of a step.

    Args:
        made: the step.

    Yields:
        A name and what it is.
    """
    time, words = made.time, made.words
    takes = f" ({made.takes})" if made.takes else ""
    yield "Who", f"{made.step.owner.name}"
    if made.when:
        yield "When", f"{made.when}{takes}" + (f", window {time.window}" if time and time.window else "")
    if time is not None and time.asked is not None:
        yield "Ask on", f"{time.asked:%Y-%m-%d}"
    yield (
        "Where",
        f"{words.machine}: {words.where}" if words.machine and words.machine not in words.where else words.where,
    )
    if words.file:
        yield "File", f"{words.file}, sha256sum {words.sha256}"
    for content in words.contents:
        real = "stand-in, your CA issues the real one" if content.stand_in else f"SHA-256 {content.sha256}"
        yield "Certificate", f"{content.name}, ends {content.ends}, {real}"


def _announced(made: RunbookStep) -> Iterator[tuple[str, str]]:
    if made.words.announced:
        yield "Announce", " ".join(made.words.announced)
    if made.time is not None and made.time.watched_until is not None:
        yield "Watch until", f"{made.time.watched_until:%Y-%m-%d %H:%M} UTC, before the next restart of this cluster"


def proof_sentence(made: RunbookStep) -> str:
    """Return what the proof shows if all is well.

    Args:
        made: the step.

    Returns:
        One sentence.
    """
    shows = made.words.proof.shows
    return f"It shows {shows}." if shows else "Compare."


def _command(command: Command) -> Iterator[str]:
    yield from ("", f"  {_label(command)}:")
    yield from _block(command)


def _label(command: Command) -> str:
    return plain(command.label) + (f" ({plain(command.remark)})" if command.remark else "")


def _block(command: Command) -> Iterator[str]:
    yield from (f"  {line}" for line in code_lines(command.text, "sh"))
