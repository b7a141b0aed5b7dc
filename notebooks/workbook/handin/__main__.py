"""`python -m workbook.handin`: the progress service, and what the trainer does with its records."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pkikit.errors import InputError
from pkikit.extras import optional_packages
from pkikit.text import counted
from pkikit.values.names import printable
from workbook.handin.grades import Form, Grade, as_csv, changed_names, grade_of, table
from workbook.handin.judged_again import judge
from workbook.handin.record import Chain, Judged, is_genuine
from workbook.handin.record_folder import Ledger
from workbook.handin.signing_keys import KeyRing, make_keys, read_keys, rotate

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
Folder = Annotated[
    Path, typer.Option("--folder", envvar="EXPRESSWAY_LAB_RECORDS", help="The service's folder: keys and records.")
]


def _keys(folder: Path) -> Path:
    return folder / "keys.json"


def _ledger(folder: Path) -> Ledger:
    return Ledger(folder / "records")


@app.command()
def serve(
    folder: Folder,
    address: Annotated[str, typer.Option(help="unix:/path or host:port.")] = "127.0.0.1:10202",
    name: Annotated[str, typer.Option(help="The name of this service in the hub's configuration.")] = "progress",
) -> None:
    """Take what learners hand in. The hub starts this; it gives the token in JUPYTERHUB_API_TOKEN."""
    with optional_packages("class"):
        from jupyterhub.services.auth import HubAuth
    from workbook.handin.progress_service import Service, serve

    if not os.environ.get("JUPYTERHUB_API_TOKEN"):
        raise InputError("JUPYTERHUB_API_TOKEN is not set; the hub sets it for a service of its configuration")
    logging.basicConfig(format="%(name)s: %(message)s")
    os.umask(0o077)
    make_keys(_keys(folder))
    hub = HubAuth(cache_max_age=30)
    service = Service(hub=hub, keys=_keys(folder), ledger=_ledger(folder), name=name)

    async def until_told() -> None:
        told = asyncio.ensure_future(serve(service, address, ready=lambda: print(f"progress: {address}", flush=True)))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.cancel)
        with suppress(asyncio.CancelledError):
            await told

    with suppress(KeyboardInterrupt):
        asyncio.run(until_told())


@app.command()
def verify(
    folder: Folder,
    again: Annotated[
        bool, typer.Option("--again", help="Judge every answer again, also those that need a lab.")
    ] = False,
    receipt: Annotated[Path | None, typer.Option(help="A learner's receipt.json: is that record still here?")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check the signature and the order of every record. Exit code 1 if something is wrong.

    Example: python -m workbook.handin verify --folder /var/lib/expressway-lab
    """
    ring = read_keys(_keys(folder))
    chains = list(_ledger(folder).chains(ring))
    grades = [grade_of(chain, _again(chain) if again else None) for chain in chains]
    problems = [f"{printable(c.learner, 60)}: {told}" for c in chains for told in c.problems]
    if receipt is not None:
        problems += _missing(receipt, chains, ring)
    if as_json:
        print(json.dumps({"accepted": not problems, "problems": problems, "learners": list(map(_facts, grades))}))
    else:
        for line in (*map(_line, grades), *(f"✘ {problem}" for problem in problems)):
            print(line)
        told = f"{counted(sum(g.records for g in grades), 'record')} of {counted(len(grades), 'learner')}"
        print(f"{told}: {counted(len(problems), 'problem') if problems else 'every signature is right'}.")
    if problems:
        raise typer.Exit(1)


def _again(chain: Chain) -> dict[tuple[int, str], Judged]:
    known: dict[tuple[str, str], Judged] = {}
    found = {}
    for signed in chain.records:
        for result in signed.record.results:
            answer = (result.what, result.answer if result.right else "")
            if answer not in known:
                known[answer] = judge(result, with_labs=True)
            found[signed.record.sequence, result.what] = known[answer]
    return found


def _facts(grade: Grade) -> dict[str, object]:
    return {
        "learner": grade.learner, "records": grade.records, "last": grade.last, "right": list(grade.right),
        "judged": grade.judged, "disputed": list(grade.disputed), "shown": list(grade.shown),
        "tickets": grade.tickets, "points": grade.points,
    }  # fmt: skip


def _line(grade: Grade) -> str:
    told = f"{printable(grade.learner, 60)}: {counted(grade.records, 'hand-in')}, {counted(len(grade.right), 'exercise')} right"
    told += f" ({grade.judged} judged by the server)"
    if grade.disputed:
        told += f"; the server disagrees with {', '.join(grade.disputed)}"
    return told


def _missing(receipt: Path, chains: list[Chain], ring: KeyRing) -> list[str]:
    try:
        told = json.loads(receipt.read_bytes()[:65536])
        wanted = str(told["learner"]), int(told["sequence"]), str(told["signature"])
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError("this is not a receipt that hand_in wrote", where=str(receipt)) from None
    for chain in chains:
        for signed in chain.records:
            if (signed.record.learner, signed.record.sequence, signed.signature) == wanted and is_genuine(
                signed, ring.keys
            ):
                return []
    return [f"record {wanted[1]} of {printable(wanted[0], 60)}, for which there is a receipt, is not here"]


@app.command()
def export(
    folder: Folder,
    form: Annotated[Form, typer.Option("--for", help="Which program reads the table.")] = Form.PLAIN,
    out: Annotated[Path | None, typer.Option(help="The file; by default the table is printed.")] = None,
) -> None:
    """Write the grades of all learners as CSV. Records that are not genuine do not count.

    Example: python -m workbook.handin export --folder /var/lib/expressway-lab --for moodle --out grades.csv
    """
    chains = list(_ledger(folder).chains(read_keys(_keys(folder))))
    grades = [grade_of(chain) for chain in chains]
    text = as_csv(table(grades, form))
    if out is None:
        sys.stdout.write(text)
    else:
        try:
            out.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise InputError(f"the table cannot be written: {error.strerror or error}", where=str(out)) from None
    for name in changed_names(grades):
        print(f"{printable(name, 60)!r} is written so that a spreadsheet does not run it.", file=sys.stderr)
    bad = sum(bool(chain.problems) for chain in chains)
    if bad:
        print(f"The records of {counted(bad, 'learner')} have problems: run verify.", file=sys.stderr)
        raise typer.Exit(1)


@app.command("new-key")
def new_key(
    folder: Folder,
    distrust: Annotated[str, typer.Option(help="The id of a key that somebody else may know.")] = "",
) -> None:
    """Make a new key, which signs from now on. Records of older keys stay valid, unless you distrust their key."""
    ring = rotate(_keys(folder), distrust=distrust)
    print(f"Key {ring.active} signs from now on. {counted(len(ring.keys) - 1, 'older key')} in the file.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; one sentence and exit code 2 for bad input."""
    try:
        result = app(arguments, standalone_mode=False)
    except InputError as error:
        print(f"workbook.handin: {error}", file=sys.stderr)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:
        show = getattr(error, "show", None)  # a usage error of click, which typer brings in a copy of its own
        if show is None:
            raise
        show()
        return 2
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
