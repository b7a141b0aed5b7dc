"""`anonymise`: a real deployment under other names, as a clinic case that anybody may have."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    JsonFlag,
    PassphraseFile,
    answers_of,
    now,
    passphrase_source,
    tell_made,
)
from pkikit.errors import InputError
from pkikit.text import counted
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pkikit.anonymise.anonymiser import Anonymised
    from pkikit.intake.assembly import Assembly

_MAX_TICKET = 2_000


def anonymise(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR|ARCHIVE...",
            help="A folder that pkikit import made or an archive of it, a deployment file, or diagnostic archives.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the case and its zip.")],
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same bytes; another one gives other names.")
    ] = 1,
    certs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of certificates of a deployment file: DIR/FQDN/cert.pem."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", metavar="KEY=VALUE", help="Answer a question about what diagnostic archives do not say."
        ),
    ] = None,
    passphrase_file: PassphraseFile = None,
    ticket: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="What the users say; by default a text made from the services that are down."
        ),
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Write old and new names there (mode 0600). Keep it to yourself."),
    ] = None,
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a case to share: the same structure and the same failures, under other names and with other keys.

    Names, addresses, serial numbers, keys and organisations become others; dates stay, because they decide what is valid.
    Logs and notes are left out. Nothing is written if something of the original is still there, or if a connection would get
    another verdict.

    Example: pkikit anonymise my-deployment --seed 7 --out case
    """
    from pkikit.anonymise.anonymiser import anonymise as make
    from pkikit.anonymise.anonymiser import mapping_json, require_free, write_case
    from pkikit.anonymise.brought_archive import opened
    from pkikit.files import free_path, write_private

    _require_text(ticket)
    require_free(out)
    if mapping is not None:
        free_path(mapping)
    answers = answers_of(answer or [])
    instant = parse_instant(at, now(), makes=True)
    with tempfile.TemporaryDirectory() as place, console.steps(quiet=as_json) as step:
        folder = opened(
            sources,
            certs,
            Path(place),
            answers=answers,
            passphrase=passphrase_source(passphrase_file),
            require_answered=lambda assembly: _require_answered(assembly, sources, out, answers),
        )
        step("choosing other names and keys")
        made = make(folder, seed, instant, told=ticket.strip())
    archive = write_case(out, made)
    if mapping is not None:
        write_private(mapping, mapping_json(made))
    _tell(made, out, archive, folder.left_out, mapping, as_json=as_json)


def _require_answered(assembly: Assembly, sources: list[Path], out: Path, answers: Mapping[str, str]) -> None:
    from pkikit.commands.terminal import import_questions

    if assembly.questions:
        command = import_questions.command_line(
            ["pkikit", "anonymise", *map(str, sources), "--out", str(out)], dict(answers)
        )
        width = import_questions.listing_width()
        raise InputError(import_questions.open_questions(assembly.questions, command, width))


def _require_text(ticket: str) -> None:
    if len(ticket) > _MAX_TICKET or not all(c.isprintable() or c == "\n" for c in ticket):
        raise InputError(f"--ticket: at most {_MAX_TICKET:,} printable characters")


def _tell(
    made: Anonymised, out: Path, archive: Path, left_out: tuple[str, ...], mapping: Path | None, *, as_json: bool
) -> None:
    document = {
        "out": str(out),
        "case": str(archive),
        "at": f"{made.at:%Y-%m-%dT%H:%M:%SZ}",
        "connections": made.connections,
        "down": made.down,
        "causes": list(made.causes),
        "left_out": list(left_out),
        "map": str(mapping) if mapping is not None else None,
    }
    state = f"{made.down} of {made.connections} are down, as in the original" if made.down else "every one is up"
    rows = [
        ("Connections", state),
        ("Checked", "nothing of the original was found in the files"),
        ("Keys", "new, and part of the case: they protect nothing"),
        ("Left out", f"{counted(len(left_out), 'file')}: {', '.join(left_out[:5])}" if left_out else "nothing"),
    ]
    files = [("Case to send", archive), ("The same as a folder", out)]
    files += [("Old and new names; do not send it", mapping)] if mapping is not None else []
    play = f"Play it:\nexpressway-sim clinic {archive}"
    tell_made(
        document,
        as_json,
        done=f"A deployment of {counted(made.connections, 'connection')} under other names",
        rows=rows,
        files=files,
        steps=(play if made.is_broken else f"Everything works, so the case is to find that out. {play}",),
    )
