"""`doctor`: whatever somebody has in hand, answered on one screen, verdict first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    JsonFlag,
    PassphraseFile,
    VersionOption,
    now,
    passphrase_source,
    read_deployment,
)
from pkikit.errors import MAX_WHERE, InputError
from pkikit.text import counted, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from pkikit.model.findings import Finding
    from pkikit.report.doctor.diagnosis import Context, Diagnosis

# A screen has so many lines; what is above and below the findings takes about half of them.
_LINES_OF_FINDINGS = 14
_HEADS = {"error": "ERROR", "warning": "WARNING", "info": "NOTE"}


def doctor(
    thing: Annotated[
        str,
        typer.Argument(
            metavar="HOST:PORT|FILE|DIR|-",
            help="A server to dial, a file or a folder of any kind; - reads standard input.",
        ),
    ],
    deployment: Annotated[Path | None, typer.Option(metavar="FILE", help="The deployment that it belongs to.")] = None,
    peer: Annotated[
        str | None, typer.Option(metavar="FQDN", help="The machine that it is for; by default the one that fits.")
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Trusted CA list of the machines that verify it; may be repeated."),
    ] = None,
    at: AtOption = None,
    version: VersionOption = None,
    timeout: Annotated[float, typer.Option(min=0.5, max=120, help="Seconds to wait for a server.")] = 5.0,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell what something is, and what is wrong. One screen about a server, a file or a folder of any kind.

    Exit 0: assessed, and nothing is wrong. Exit 1: something is wrong, or nobody can say. Exit 2: not recognised.

    Example: pkikit doctor e1.pem --deployment clustered-mra.yaml
    """
    if peer is not None and deployment is None and Path(thing).exists():
        raise InputError("--peer needs --deployment FILE, the deployment that has this machine")
    context = _context(deployment, peer, trust, at, version)
    made = _answer(thing, context, timeout, passphrase_file)

    def show(out: Console) -> None:
        from pkikit.design.legs import legs_of
        from pkikit.view.short_names import ShortNames

        legs = legs_of(context.deployment) if context.deployment else ()
        show_diagnosis(out, made, ShortNames(legs).in_text if legs else str)

    console.answer(made.to_json(), as_json=as_json, accepted=made.accepted, show=show)


def _context(
    deployment: Path | None, peer: str | None, trust: list[Path] | None, at: str | None, version: str | None
) -> Context:
    from pkikit.files import read_certificates
    from pkikit.report.doctor.diagnosis import Context

    return Context(
        at=parse_instant(at, now()),
        deployment=read_deployment(deployment, version=version) if deployment else None,
        deployment_file=str(deployment) if deployment else "",
        peer=peer,
        trusted=tuple(c for path in trust for c in read_certificates(path)) if trust else None,
        version=version,
    )


def _answer(thing: str, context: Context, timeout: float, passphrase_file: Path | None) -> Diagnosis:
    """Find out whether it is a file, a folder or a server, and answer about it."""
    if not thing.strip():
        raise InputError("give a server (HOST:PORT), a file or a folder, for example: pkikit doctor e1.pem")
    passphrase = passphrase_source(passphrase_file) if passphrase_file else None
    if thing == "-":
        from pkikit.report.doctor.opened.standard_input import of_standard_input

        return of_standard_input(context, passphrase)
    path = Path(thing)
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError):
        exists = is_folder = False
    if is_folder:
        from pkikit.report.doctor.opened.any_folder import of_folder

        return of_folder(path, context)
    if exists:
        from pkikit.report.doctor.opened.any_file import of_file

        return of_file(path, context, passphrase)
    from pkikit.report.doctor.targets import target_of

    target = target_of(thing)
    if target is None:
        raise InputError(
            "there is no such file or folder, and it is not a server either (HOST:PORT, as e1.example.com:5061)",
            where=printable(thing, MAX_WHERE),
        )
    from pkikit.report.doctor.opened.any_server import of_server

    return of_server(target, context, timeout=timeout, now=now)


def show_diagnosis(out: Console, made: Diagnosis, words: Callable[[str], str] = str) -> None:
    """Print an answer: verdict, what it is, what is wrong, what was not assessed, what to do."""
    from pkikit.commands.terminal.layout import NO_BREAK
    from pkikit.report.doctor.diagnosis import State

    mark = {State.FINE: "✔", State.WRONG: "✘", State.NOT_ASSESSED: "?"}[made.state]
    # The mark is never alone on a line, however long the name of the thing is.
    console.headline(out, f"{mark}{NO_BREAK}{printable(made.thing, MAX_WHERE)}: {words(made.says)}")
    console.section(out, f"It is {made.what}.")
    if made.because:
        console.say(out, f"Taken for that because {made.because}.", indent=2)
    console.show_facts(out, [(label, value) for label, value in made.facts])
    _show_findings(out, made, words)
    if made.not_assessed:
        console.section(out, "Not assessed:")
        for sentence in made.not_assessed:
            console.say(out, sentence, first="  - ")
    console.next_steps(out, made.next_steps)


def _show_findings(out: Console, made: Diagnosis, words: Callable[[str], str]) -> None:
    """Print the most important findings, each with its fix, as many as a screen has room for."""
    from pkikit.commands.terminal import layout

    groups = _grouped([f for f in made.findings if f.severity.value != "info"])
    if not groups:
        return
    width = console.width(out)
    console.section(out, "What is wrong:" if not made.accepted else "What to know:")
    used, shown = 0, 0
    for members in groups:
        text, fix = _lines_of(members, words)
        head = f"  {_HEADS[members[0].severity.value]}  "
        lines = [*layout.wrap(text, width, first=head, rest="    "), *layout.wrap(fix, width, first="    ")]
        if shown and used + len(lines) > _LINES_OF_FINDINGS:
            break
        console.write(out, lines)
        used, shown = used + len(lines), shown + 1
    if left := len(groups) - shown:
        console.say(out, f"And {left} more: the next steps say how to see {'it' if left == 1 else 'them'}.", indent=2)


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return findings of one rule and one weight together, in their order."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for found in findings:
        groups.setdefault((found.rule, found.severity.value), []).append(found)
    return list(groups.values())


def _lines_of(members: Sequence[Finding], words: Callable[[str], str]) -> tuple[str, str]:
    """Return what is wrong with the first of several findings, how many more there are, and how to fix the first."""
    first = members[0]
    said = str(first.evidence[0]) if first.evidence else first.message
    more = f" And {counted(len(members) - 1, 'more of this kind', 'more of this kind')}." if len(members) > 1 else ""
    return f"{first.rule}: {words(said.rstrip('.'))}.{words(more)}", f"Fix: {words(first.fix)}"
