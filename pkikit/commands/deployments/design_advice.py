"""`explore --recommend`: answers in, one design with reasons out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import now, read_deployment
from pkikit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.explore.advice.from_today import Cost
    from pkikit.explore.advice.plain_answers import Answers
    from pkikit.explore.advice.recommend import Recommendation, Refusal
    from pkikit.model.deployment import Deployment

# What a deployment file says itself is not asked.
_OPEN = ("trust", "version", "upgrade", "domain", "restarts", "acme")
_ASKED = ("core_fqdn", "core_peers", "edge_fqdn", "edge_peers", "domains")


def recommend_design(
    deployment: Path | None,
    given: Sequence[str],
    *,
    out: Path | None,
    at: str | None,
    version: str | None,
    hours: float | None,
    as_json: bool,
) -> None:
    """Recommend one design and leave with 0, or 1 if no design works.

    Args:
        deployment: the deployment file; None asks, or takes the answers given.
        given: answers as KEY=VALUE.
        out: folder for the files.
        at: the instant, as typed.
        version: the version, as typed.
        hours: hours of work by hand a year; None for the default.
        as_json: print JSON.

    Raises:
        InputError: nobody can be asked, or an answer cannot be used.
    """
    from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, checked_hours
    from pkikit.explore.advice.recommend import Recommendation, recommend
    from pkikit.values.instants import parse_instant

    instant = parse_instant(at, now())
    base, answers = _answers(deployment, given, version)
    if out is not None and out.suffix in {".csv", ".parquet"}:
        raise InputError("with --recommend, --out takes a folder", where=str(out))
    found = recommend(answers, instant, base, checked_hours(HOURS_A_YEAR if hours is None else hours))
    document: dict[str, Any] = {"deployment": base.name if base else "my-design", **found.to_json()}
    files: list[tuple[str, Path]] = []
    costs: tuple[Cost, ...] = ()
    if isinstance(found, Recommendation):
        from pkikit.explore.advice.from_today import costs_of
        from pkikit.explore.advice.handout import requests_for

        costs = costs_of(found)
        for shown, cost in zip((document["recommended"], *document["alternatives"]), costs, strict=True):
            shown["from_today"] = cost.to_json()
        document["requests"] = [request.to_json() for request in requests_for(found)]
        files = _save(found, out) if out is not None else []
        document["out"] = str(out) if out is not None else None

    def show(screen: Console) -> None:
        if isinstance(found, Recommendation):
            _show(screen, found, costs, files)
        else:
            _show_refusal(screen, found)
        if base is not None or given:  # otherwise every question was asked
            _show_assumed(screen, answers, given)

    console.answer(document, as_json=as_json, accepted=isinstance(found, Recommendation), show=show)


def _answers(deployment: Path | None, given: Sequence[str], version: str | None) -> tuple[Deployment | None, Answers]:
    from pkikit.explore.advice.plain_answers import Answers, answers_from

    if deployment is not None:
        base = read_deployment(deployment)
        bare = "name-only" if base.registration_domain_format == "dns" else "no"
        first = Answers(version=base.version, domain=bare)
        answers = answers_from(given, first, keys=_OPEN)
        return base, answers.with_answer("version", version) if version else answers
    first = Answers() if version is None else Answers().with_answer("version", version)
    if given:
        return None, answers_from(given, first)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "This is not a terminal, so there is nobody to answer questions. Give a deployment file or answers: pkikit "
            "explore DEPLOYMENT --recommend, or "
            "pkikit explore --recommend --answer outside=mra --answer trust=public-only"
        )
    return None, _ask(first)


def _ask(answers: Answers) -> Answers:
    """Ask every question on the terminal; Enter takes the default. A wrong answer is explained, and asked again."""
    from pkikit.explore.advice.plain_answers import FIELDS, QUESTIONS

    typer.echo("Five questions about your certificates. Press Enter for the answer in brackets.")
    for key, question in QUESTIONS.items():
        if key == "upgrade" and answers.target == answers.version and answers.upgrade == "yes":
            continue
        typer.echo(f"\n{question.text}")
        if key != "version":
            for value, label in question.options:
                typer.echo(f"  {value:<12} {label}")
        if question.several:
            typer.echo("  Separate several with commas, or write none.")
        answers = _until_usable(answers, key, question.label)
    typer.echo("\nYour machines")
    for key in _ASKED:
        answers = _until_usable(answers, key, FIELDS[key])
    typer.echo()
    return answers


def _until_usable(answers: Answers, key: str, label: str) -> Answers:
    while True:
        typed = typer.prompt(f"{label}", default=answers.value(key) or "none")
        try:
            return answers.with_answer(key, typed)
        except InputError as error:
            typer.echo(f"  ✘ {error.message}")


def _save(found: Recommendation, out: Path) -> list[tuple[str, Path]]:
    from pkikit.explore.advice.handout import FILE, deployment_text, names_text, requests_text
    from pkikit.files import write_public

    files = (
        ("Deployment file", out / FILE, deployment_text(found)),
        ("List of names", out / "names.txt", names_text(found)),
        ("List of CSR values", out / "csr-values.txt", requests_text(found)),
    )
    for _, path, text in files:
        write_public(path, text.encode())
    return [(what, path) for what, path, _ in files]


def _show(out: Console, found: Recommendation, costs: Sequence[Cost], files: list[tuple[str, Path]]) -> None:
    from pkikit.explore.advice.figures import CRITERIA
    from pkikit.explore.advice.handout import next_steps
    from pkikit.explore.advice.words import number, sentence

    console.headline(out, f"Recommended for {found.design.version}: {found.design.name}.")
    console.say(
        out, f"All {found.connections} connections come up. {found.fitting} of {found.total} designs fit your answers."
    )
    console.section(out, "Because:")
    for reason in found.reasons:
        console.say(out, f"{reason.head}:", first="  - ")
        for because in reason.because:
            console.say(out, sentence(because), indent=6)
    console.section(out, "Figures (smaller is better):")
    console.show_facts(out, [(f"{number(c.value(found.figures))}", c.label) for c in CRITERIA])
    _show_alternatives(out, found)
    _show_costs(out, found, costs)
    _show_by_hand(out, found)
    if found.notes:
        console.section(out, "Note:")
        for note in found.notes:
            console.say(out, note, first="  - ")
    _show_names(out, found)
    if files:
        out.print()
        console.saved(out, files)
    console.next_steps(out, _with_files(next_steps(found), files))


def _show_assumed(out: Console, answers: Answers, given: Sequence[str]) -> None:
    """Show the answers that nobody gave, so that nobody takes a default for their own answer."""
    from pkikit.explore.advice.plain_answers import QUESTIONS

    said = {item.partition("=")[0].strip().replace("-", "_") for item in given}
    assumed = [key for key in _OPEN if key not in {*said, "version"}]
    if not assumed:
        return
    console.section(out, "You did not answer these questions, so these answers count. Change one with --answer:")
    console.show_facts(
        out,
        [
            (f"{key}={answers.value(key)}", f"{QUESTIONS[key].text} {QUESTIONS[key].say(answers.value(key))}.")
            for key in assumed
        ],
    )


def _with_files(steps: Sequence[str], files: list[tuple[str, Path]]) -> list[str]:
    """Put commands on lines of their own, with the path that was written."""
    saved = files[0][1] if files else None
    last = f"Rehearse the names and connections:\nexpressway-sim check {saved}" if saved else (
        "Save the deployment file, the names and the CSR values:\npkikit explore … --recommend --out DIR")  # fmt: skip
    return [*steps[:-1], last]


def _show_alternatives(out: Console, found: Recommendation) -> None:
    if not found.alternatives:
        console.section(out, "No other design that fits your answers is better in any respect.")
    for n, other in enumerate(found.alternatives, 1):
        console.section(out, f"Alternative {n}: {other.design.name}")
        for word, sides in (("better", other.better), ("worse", other.worse)):
            for side in sides:
                console.say(out, side, first=f"  {word:<6}  ")


def _show_costs(out: Console, found: Recommendation, costs: Sequence[Cost]) -> None:
    from pkikit.explore.advice.from_today import assumption_of

    console.section(out, "To get there from today, in the best order:")
    heads = ("Recommended", *(f"Alternative {n}" for n in range(1, len(costs))))
    console.show_facts(out, [(head, cost.text()) for head, cost in zip(heads, costs, strict=True)])
    console.say(out, assumption_of(found), first="  ")
    if any(cost.refused_legs for cost in costs):
        console.say(
            out,
            "pkikit plan with the deployment files of today and of the design shows what avoids refusals.",
            first="  ",
        )


def _show_by_hand(out: Console, found: Recommendation) -> None:
    """Print the year in which renewals by hand stop working, for each design."""
    console.section(out, "Renewals by hand in the next ten years:")
    console.say(out, " ".join(found.by_hand.sentences), first="  ")
    for n, other in enumerate(found.alternatives, 1):
        console.say(out, f"Alternative {n}: {other.by_hand.head}", first="  ")


def _show_names(out: Console, found: Recommendation) -> None:
    from pkikit.explore.advice.handout import grouped

    for group in grouped(found):
        console.section(out, f"Names for {group.title}:")
        console.write(out, [f"  {name}" for name in group.names])


def _show_refusal(out: Console, found: Refusal) -> None:
    from pkikit.explore.advice.words import sentence

    console.headline(out, found.sentence())
    console.section(out, "Because:")
    for because in found.because:
        console.say(out, sentence(because), first="  - ")
    if found.changes:
        console.section(out, "With one other answer a design works, the nearest first:" if len(found.blamed) == 1
                        else "With other answers a design works, the nearest first:")  # fmt: skip
        for change in found.changes:
            console.say(out, change.sentence(), first="  - ")
            flags = " ".join(f"--answer {key}={value or 'none'}" for key, value in change.answers)
            console.write(out, [f"      {flags}"])
