"""The open questions of an import: asked on a terminal, listed with the command that answers them, or as one sentence."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from pkikit.commands.terminal import layout
from pkikit.errors import MAX_WHERE
from pkikit.text import counted, printable

if TYPE_CHECKING:
    from pkikit.intake.assembly import Question

_SHOWN = 8
_PROGRAM = "pkikit: "


def is_terminal() -> bool:
    """Whether somebody can answer: input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def listing_width() -> int | None:
    """Return the columns of the terminal that errors go to, or what COLUMNS asks for; None for a file or a pipe."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal():
        return int(asked)
    return os.get_terminal_size(sys.stderr.fileno()).columns if sys.stderr.isatty() else None


def open_questions(questions: Sequence[Question], command: str, width: int | None) -> str:
    """Return what is open.

    Args:
        questions: the open questions, at least one.
        command: the command that was typed.
        width: columns of a terminal, which gets a list; None gets one sentence.

    Returns:
        Each question with its key, what is allowed and how to find out. The list ends with the command that answers.
    """
    shown = questions[:_SHOWN]
    if width is None:
        said = [f"{q.key} ({q.text} Allowed: {q.allowed}. To find out: {q.how})" for q in shown]
        more = f" and {len(questions) - _SHOWN} more" if len(questions) > _SHOWN else ""
        return f"{_unsaid(questions)}, so add --answer KEY=VALUE for {'; '.join(said)}{more}"
    lines = layout.wrap(f"{_unsaid(questions)}. Answer with --answer KEY=VALUE:", width, first=" " * len(_PROGRAM))
    for n, question in enumerate(shown, 1):
        lines += ["", f"  {n}. {printable(question.key, MAX_WHERE)}", *_asked(question, width, indent=5)]
    if len(questions) > _SHOWN:
        lines += ["", f"  and {len(questions) - _SHOWN} more, asked next."]
    noun = "answer" if len(shown) == 1 else "answers"
    lines += ["", *layout.wrap(f"The same command with your {noun} in place of VALUE:", width), f"  {command} \\"]
    answers = [f"    --answer {shlex.quote(printable(q.key, MAX_WHERE))}=VALUE" for q in shown]
    return "\n".join([*lines, *(f"{line} \\" for line in answers[:-1]), answers[-1]]).lstrip()


def ask(questions: Sequence[Question], refusal: Callable[[Mapping[str, str]], str], width: int) -> dict[str, str]:
    """Ask each question until its answer is allowed.

    Args:
        questions: the open questions.
        refusal: returns what is wrong with answers, or nothing.
        width: columns of the terminal.

    Returns:
        The answers by key.
    """
    given: dict[str, str] = {}
    them = "it" if len(questions) == 1 else "them"
    _say(f"{_unsaid(questions, sentence=True)}. Answer {them} here; Ctrl-C stops, and nothing is written.", width)
    for n, question in enumerate(questions, 1):
        typer.echo(
            f"\n{f'{n} of {len(questions)}: ' if len(questions) > 1 else ''}{printable(question.key, MAX_WHERE)}"
        )
        typer.echo("\n".join(_asked(question, width, indent=2)))
        while True:
            answer = str(typer.prompt("  Answer")).strip()
            wrong = refusal({**given, question.key: answer})
            if not wrong:
                break
            _say(wrong, width, indent=2)
        given[question.key] = answer
    typer.echo("")
    return given


def refused(try_out: Callable[[Mapping[str, str]], object], answers: Mapping[str, str], newest: str) -> str:
    """Try an answer.

    Args:
        try_out: imports with answers.
        answers: all answers.
        newest: the key of the one that was typed last.

    Returns:
        Why the answer is refused, or nothing.

    Raises:
        RefusedAnswer: another answer is wrong.
    """
    from pkikit.intake.assembly.record.refused_answer import RefusedAnswer

    try:
        try_out(answers)
    except RefusedAnswer as error:
        if error.key != newest:
            raise
        return str(error)
    return ""


def command_line(words: Sequence[str], answers: Mapping[str, str]) -> str:
    """Return a command as one types it, with answers; it can be copied into a shell."""
    given = [word for key, value in answers.items() for word in ("--answer", f"{key}={value}")]
    return shlex.join([printable(word, MAX_WHERE) for word in (*words, *given)])


def _asked(question: Question, width: int, *, indent: int) -> list[str]:
    found = (question.text, f"Allowed: {question.allowed}.", f"To find out: {question.how}.")
    return [line for said in found for line in layout.wrap(said, width, first=" " * indent)]


def _say(text: str, width: int, *, indent: int = 0) -> None:
    typer.echo("\n".join(layout.wrap(text, width, first=" " * indent)))


def _unsaid(questions: Sequence[Question], *, sentence: bool = False) -> str:
    one = "One" if sentence else "one"
    return (
        f"{one} fact is in none of the files"
        if len(questions) == 1
        else (f"{counted(len(questions), 'fact')} are in none of the files")
    )
