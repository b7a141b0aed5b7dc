"""`decode` and `convert`: what is in a file, and the same in another form."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit.commands.terminal import console
from pkikit.commands.terminal.arguments import (
    AtOption,
    FileList,
    JsonFlag,
    PassphraseFile,
    choice,
    now,
    passphrase_source,
    tell_made,
)
from pkikit.commands.terminal.object_facts import extension_rows, rows_of
from pkikit.errors import MAX_WHERE, InputError
from pkikit.text import counted, listed, printable
from pkikit.values.instants import parse_instant

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.files import FileContents


def decode(
    files: FileList, at: AtOption = None, passphrase_file: PassphraseFile = None, as_json: JsonFlag = False
) -> None:
    """Show what is in certificate files. Keys show public facts only. Forms: PEM, DER, PKCS#7, PKCS#12.

    Example: pkikit decode cert.pem trust.pem
    """
    from pkikit.files import read_file
    from pkikit.view.description import describe_contents

    instant = parse_instant(at, now())
    objects = []
    for path in dict.fromkeys(files):
        contents = read_file(path, passphrase_source(passphrase_file))
        if contents.is_empty:
            raise InputError("contains nothing that can be decoded", where=str(path))
        _tell_notes(contents)
        objects += [{"file": str(path), **facts} for facts in describe_contents(contents, instant)]

    def show(out: Console) -> None:
        if len(objects) > 1:
            kinds = Counter(facts["kind"] for facts in objects)
            console.headline(out, listed([counted(count, kind) for kind, count in kinds.items()]))
            out.print()
        for n, facts in enumerate(objects):
            if n:
                out.print()
            title = f"{facts['kind'][:1].upper()}{facts['kind'][1:]} in {printable(facts['file'], MAX_WHERE)}"
            console.headline(out, f"{title} ({n + 1} of {len(objects)})" if len(objects) > 1 else title)
            console.show_facts(out, rows_of({k: v for k, v in facts.items() if k != "file"}))
            if extensions := extension_rows(facts):
                console.say(out, "Extensions", indent=2)
                console.show_facts(out, extensions, indent=4)

    console.answer({"objects": objects}, as_json=as_json, show=show)


def _tell_notes(contents: FileContents) -> None:
    """Print on standard error what is odd about the file, and why the product would not read it."""
    from pkikit.files import product_objections

    # The output itself names a binary form or an archive.
    objections = product_objections(contents) if contents.form in {"pem", "utf-16"} else ()
    sentences = [
        f"the product does not read this file as it is: {o.place}: {o.seen}" for o in objections if not o.is_remark
    ]
    for sentence in (*contents.notes, *sentences):
        print(f"pkikit: {contents.where}: {printable(sentence, MAX_WHERE)}", file=sys.stderr)


def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="PEM, DER, PKCS#7, PKCS#12, base64, zip or gzip.")],
    to: Annotated[str, typer.Option(metavar="pem|der", help="The form wanted.")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write it; mode 0600 when it contains a private key.")
    ],
    force: Annotated[bool, typer.Option(help="Replace OUT when it exists.")] = False,
    passphrase_file: PassphraseFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Convert PEM, DER, PKCS#7 or PKCS#12 to PEM or DER. A DER file contains one object.

    Example: pkikit convert server.p7b --to pem --out cert.pem
    """
    from pkikit.files import convert as converted
    from pkikit.files import read_file, write_private, write_public
    from pkikit.files.convert import FORMS

    choice(to, FORMS, "--to")
    if out.exists() and not force:
        raise InputError("exists already; choose another name, or --force to replace it", where=str(out))
    contents = read_file(file, passphrase_source(passphrase_file))
    if out.exists() and out.samefile(file):
        raise InputError("is the file that is converted; choose another name for --out", where=str(out))
    _tell_notes(contents)
    data = converted(contents, to)
    (write_private if contents.keys else write_public)(out, data)
    facts: dict[str, Any] = {
        "file": str(out),
        "from": contents.form,
        "to": to,
        "certificates": len(contents.certificates),
        "requests": len(contents.requests),
        "crls": len(contents.crls),
        "private_keys": len(contents.keys),
    }
    held = [("certificate", "certificates"), ("request", "requests"), ("CRL", "crls"), ("private key", "private_keys")]
    counts = [counted(facts[key], what) for what, key in held if facts[key]]
    steps = ["Keep the file secret: it contains a private key."] if contents.keys else []
    tell_made(
        facts, as_json, done=f"Converted {contents.form} to {to}: {listed(counts)}", rows=(), files=(("File", out),),
        steps=(*steps, f"See what is in it:\npkikit decode {out}"),
    )  # fmt: skip
