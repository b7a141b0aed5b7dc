"""`import`: from the files that operators have to a deployment that can be judged and run."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console, import_questions
from pkikit.commands.terminal.arguments import (
    FileList,
    JsonFlag,
    PassphraseFile,
    VerboseFlag,
    answers_of,
    passphrase_source,
)
from pkikit.errors import MAX_WHERE, InputError
from pkikit.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from pkikit.intake.assembly import Assembly
    from pkikit.intake.material import Material

_SHOWN = 8


def bring(
    files: FileList,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the deployment and the certificates.")],
    answer: Annotated[
        list[str] | None, typer.Option("--answer", metavar="KEY=VALUE", help="Answer a question, or replace a value.")
    ] = None,
    rekey: Annotated[
        bool, typer.Option("--rekey", help="Issue the certificates again with keys of the lab, for real handshakes.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    verbose: VerboseFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a deployment and a certificates folder of diagnostic archives, dumps and certificates.

    Example: pkikit import diagnostic_log_c1.tar.gz diagnostic_log_e1.tar.gz --out my-deployment
    """
    from pkikit.intake.assembly import assemble
    from pkikit.intake.assembly.output import (
        certificate_files,
        folder_files,
        import_json,
        require_free,
        write_folder,
    )
    from pkikit.intake.reading import read_material

    answers = answers_of(answer or [])
    require_free(out)
    material = read_material(files, passphrase=passphrase_source(passphrase_file))
    assembly, given = assemble(material, answers), answers
    if not as_json and import_questions.is_terminal():
        assembly, given = _asked(material, assembly, answers)
    command = import_questions.command_line(
        ["pkikit", "import", *map(str, files), "--out", str(out), *(["--rekey"] if rekey else []),
         *(["--passphrase-file", str(passphrase_file)] if passphrase_file else [])],
        given,
    )  # fmt: skip
    if assembly.questions:
        if as_json:
            console.answer(import_json(assembly), as_json=True, show=lambda out: None)
        width = import_questions.listing_width()
        raise InputError(import_questions.open_questions(assembly.questions, command, width))
    certificates = certificate_files(assembly)
    rekeyed = rekey and bool(certificates)
    if rekeyed:
        certificates = _rekeyed(certificates, quiet=as_json or not sys.stderr.isatty())
    write_folder(out, folder_files(assembly, certificates, rekeyed=rekeyed))
    document = {"folder": str(out), **import_json(assembly, rekeyed=rekeyed)}
    again = command if given != answers else ""

    def show(device: Console) -> None:
        _show(device, assembly, out, rekeyed=rekeyed, verbose=verbose)
        _next_steps(device, assembly, out, again)

    console.answer(document, as_json=as_json, show=show)


def _rekeyed(certificates: dict[str, bytes], *, quiet: bool) -> dict[str, bytes]:
    """Return the certificates issued again, with their private keys."""
    from rich.console import Console
    from rich.progress import Progress

    from pkikit.issue.lookalike.rekeyed_folder import rekeyed_files

    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("making keys", total=None)
        made = rekeyed_files(
            certificates, progress=lambda done, every: progress.update(task, completed=done, total=every)
        )
    return dict(made.files)


def _asked(material: Material, assembly: Assembly, answers: Mapping[str, str]) -> tuple[Assembly, dict[str, str]]:
    """Ask until nothing is open; return the import, and all answers."""
    from pkikit.intake.assembly import assemble

    given = dict(answers)

    def refusal(new: Mapping[str, str]) -> str:
        return import_questions.refused(lambda every: assemble(material, every), {**given, **new}, newest=list(new)[-1])

    while assembly.questions:
        given |= import_questions.ask(assembly.questions, refusal, shutil.get_terminal_size().columns)
        assembly = assemble(material, given)
    return assembly, given


def _show(out: Console, assembly: Assembly, folder: Path, *, rekeyed: bool, verbose: bool) -> None:
    from pkikit.files.deployment_folder import CERTIFICATE, DEPLOYMENT, PAGE
    from pkikit.intake.assembly import Origin
    from pkikit.model.parties import Role

    made = assembly.deployment
    if made is None:
        return
    having = {file.machine for file in assembly.placed if file.name == CERTIFICATE}
    parties = made.parties
    found = counted(len(assembly.contradictions), "contradiction")
    console.headline(
        out,
        f"✔ {made.name}: {counted(len(parties), 'machine')}, {len(having)} with certificates, version {made.version} ({found})",
    )
    rows: list[tuple[str, Any]] = [
        (
            f"{'Expressway-C' if cluster.role is Role.EXPRESSWAY_C else 'Expressway-E'} {cluster.name}",
            ", ".join(cluster.peers),
        )
        for cluster in made.clusters
    ]
    origins = ((Origin.READ, "read"), (Origin.ASSUMED, "assumed"), (Origin.ANSWERED, "answered"))
    rows.append(("values", ", ".join(f"{len(assembly.of(origin))} {word}" for origin, word in origins)))
    if rekeyed:
        rows.append(
            ("keys", "made by the lab: the certificates are issued again, with the same names, dates and purposes")
        )
    if assembly.secrets:
        rows.append(("passwords", f"{assembly.secrets} dropped while reading"))
    console.show_facts(out, rows)
    _list(
        out,
        "What contradicts:",
        [c.message + (f" ({c.used})" if c.used else "") for c in assembly.contradictions],
        verbose,
    )
    _list(out, "What is missing:", _missing(assembly), verbose)
    refused = [f"{f.source.member or f.source.file}: {f.refused}" for f in assembly.files if f.refused]
    _list(out, "Files that were not used:", refused, verbose)
    out.print()
    console.saved(out, (("Deployment", folder / DEPLOYMENT), ("Record of the import", folder / PAGE)))


def _next_steps(out: Console, assembly: Assembly, folder: Path, again: str) -> None:
    from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT, PAGE

    shown = printable(shlex.quote(str(folder)), MAX_WHERE)
    certificates = f" --certs {shown}/{CERTIFICATES}" if assembly.placed else ""
    console.next_steps(out, (
        f"Read what was assumed and what is missing: {shown}/{PAGE}",
        f"Check every connection:\nexpressway-sim check {shown}/{DEPLOYMENT}{certificates}",
        f"Write one page to hand in:\npkikit report {shown} --html report.html",
        *([f"Import again without questions:\n{again}"] if again else []),
    ))  # fmt: skip


def _missing(assembly: Assembly) -> list[str]:
    """Return what is missing, with one line for each machine, and how to get what does not come with a machine's files."""
    others = sorted(
        (found for found in assembly.missing if not found.machine), key=lambda m: not m.key.startswith("clusters/")
    )
    lines = [f"{found.what} ({found.how})" for found in others]
    by_machine: dict[str, list[str]] = {}
    for found in assembly.missing:
        if found.machine:
            what = found.what.partition(":")[0].replace(f" of {found.machine}", "").removeprefix("the ")
            first = found.how.partition(":")[0]  # import.md has the whole sentence
            by_machine.setdefault(found.machine, []).append(f"{what} ({first})" if what == "every file" else what)
    machines = [f"{machine}: {listed(what)}" for machine, what in by_machine.items()]
    halves = sum(m.key.startswith("clusters/") for m in others)  # half of the system is missing: say so first
    return [*lines[:halves], *machines, *lines[halves:]]


def _list(out: Console, title: str, lines: list[str], verbose: bool) -> None:
    """Print a list below its title; without --verbose, the first few."""
    if not lines:
        return
    console.section(out, title)
    shown = lines if verbose else lines[:_SHOWN]
    for line in shown:
        word = line.partition(" ")[0]
        sentence = line if "." in word else line[:1].upper() + line[1:]  # a name keeps its letters
        console.say(out, printable(sentence, 600), first="  - ")
    if len(lines) > len(shown):
        console.say(out, f"and {len(lines) - len(shown)} more: add --verbose, or read import.md", indent=4)
