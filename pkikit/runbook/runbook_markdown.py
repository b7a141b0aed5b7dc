"""The runbook as Markdown: for tickets and wikis, with a box to tick at each step."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.planning.step_words.step_text import Command
from pkikit.report.written.markdown import block_lines, code_lines, plain, table_lines
from pkikit.runbook.gantt import text_rows
from pkikit.runbook.runbook_contents import Runbook, RunbookStep
from pkikit.runbook.terminal_setup import RULES, for_lab, for_machines, have_ready, in_lab, start_lab
from pkikit.text import listed

_MOST = 60


def to_runbook_markdown(runbook: Runbook) -> str:
    """Return the whole runbook (CommonMark with tables and task lists).

    Args:
        runbook: the runbook.

    Returns:
        The text, UTF-8, with a line break at its end.
    """
    mark = "🟢" if runbook.plan.order_exists else "🔴"
    lines = [
        f"# Runbook: {plain(runbook.title)}",
        "",
        f"{mark} **{runbook.verdict}.** {plain(runbook.answer)}",
        "",
        f"Deployment {plain(runbook.deployment)}. All times are UTC.",
        "",
        *(f"- **{name}:** {plain(said)}" for name, said in runbook.summary),
        *block_lines("Why no order keeps everything up", _why_not(runbook)),
        *block_lines("Before you begin", _begin(runbook)),
        *block_lines("Steps at a glance", code_lines("\n".join(text_rows(runbook))) if runbook.steps else ()),
        "",
        "## Steps",
        *(line for made in runbook.steps for line in _step(runbook, made)),
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
    if not runbook.plan.order_exists:
        yield ""
        yield "**The steps below drop connections.** They are the order that loses the least. Each step says what it drops."


def _begin(runbook: Runbook) -> Iterator[str]:
    yield from (f"- [ ] {plain(said)}" for said in have_ready(runbook))
    yield from (f"- {plain(said)}" for said in RULES)
    yield from ("", "Terminal for the real machines (bash), once:", "")
    yield from code_lines(for_machines(runbook), "sh")
    yield from ("", "Or rehearse it in the lab. Start it with today's certificates:", "")
    yield from code_lines(start_lab(runbook), "sh")
    yield from ("", "and in another terminal, once:", "")
    yield from code_lines(for_lab(runbook), "sh")
    yield from ("", "At any time:", "")
    yield from code_lines(in_lab(), "sh")


def _step(runbook: Runbook, made: RunbookStep) -> Iterator[str]:
    words = made.words
    yield from ("", f"### Step {made.number}: {plain(words.title)}", "")
    yield from (f"- **{name}:** {plain(said)}" for name, said in facts_of(made))
    yield from (f"- **{name}:** {plain(said)}" for name, said in _announced(made))
    if words.no_return:
        yield f"- **Point of no return:** {plain(words.no_return)}"
    yield from ("", f"- [ ] **Do it.** {plain(' '.join(words.do))}")
    for command in words.commands:
        yield from _command(command)
    if made.letter is not None:
        subject, body = made.letter
        yield from ("", f"  E-mail to {plain(made.step.owner.name)}:", "")
        yield from _indented(code_lines(f"Subject: {subject}\n\n{body}"))
    yield f"- [ ] **Prove it.** {plain(proof_sentence(made))}"
    yield from _command(words.proof)
    yield f"- **Before:** {plain(' '.join(words.before))}"
    yield f"- **After:** {plain(' '.join(words.after))}"
    yield f"- **Undo:** {plain(' '.join(words.undo))}"
    if words.remarks:
        yield f"- {plain(' '.join(words.remarks))}"


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
        yield "File", words.file
        yield "SHA-256 of the file", words.sha256
    for content in words.contents:
        real = "stand-in, your CA issues the real one" if content.stand_in else f"SHA-256 {content.sha256}"
        yield "Certificate", f"{content.name}, ends {content.ends}, {real}"


def _announced(made: RunbookStep) -> Iterator[tuple[str, str]]:
    if made.words.announced:
        yield "Announce", " ".join(made.words.announced)
        yield "Goes down meanwhile", listed(made.words.connections, at_most=_MOST)
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
    remark = f" ({plain(command.remark)})" if command.remark else ""
    yield from ("", f"  {plain(command.label)}{remark}:", "")
    yield from _indented(code_lines(command.text, "sh"))
    yield ""


def _indented(lines: list[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines)
