"""`import.md`: what an import knows, for people. All texts from files are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pkikit.intake.assembly.assembled import Assembly
from pkikit.intake.assembly.output.import_json import import_json
from pkikit.intake.assembly.record.notes import Evidence, Fact, Origin
from pkikit.text import counted, printable

_MARKUP = re.compile(r"([\\`*\[\]|~])")
_SHOWN_PLACES = 4


def escaped(text: str, limit: int = 400) -> str:
    """Return a text that Markdown and HTML show as it is."""
    plain = printable(text, limit).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKUP.sub(r"\\\1", plain)


def import_markdown(assembly: Assembly, *, rekeyed: bool = False) -> str:
    """Return what an import knows as Markdown.

    Args:
        assembly: the import, without open questions.
        rekeyed: the certificates were issued again with keys of their own.

    Returns:
        The page: machines, contradictions, what is missing, assumed, answered, read, left out, files.
    """
    document = import_json(assembly, rekeyed=rekeyed)
    lines = [f"# Import: {escaped(str(document['deployment']))}", "", _summary(assembly, document), ""]
    if rekeyed:
        lines += [
            "The certificates were issued again: same names, purposes, dates and chains, with new keys of the lab.",
            "",
        ]
    lines += ["## Machines", "", *_table(("machine", "what it is", "files"), _machine_rows(document))]
    lines += ["## What contradicts", "", *_contradictions(assembly)]
    lines += ["## What is missing", "", *_missing(assembly)]
    assumed = [(_key(f), _value(f.value), escaped(f.why), escaped(f.how)) for f in assembly.of(Origin.ASSUMED)]
    lines += ["## What was assumed", "", "Another value: `pkikit import … --answer KEY=VALUE`.", ""]
    lines += _table(("key", "value", "why", "how to find out"), assumed)
    answered = [(_key(f), _value(f.value)) for f in assembly.of(Origin.ANSWERED)]
    lines += ["## What you answered", "", *_table(("key", "value"), answered)]
    read = [(_key(f), _value(f.value), _places(f.evidence), escaped(f.why)) for f in assembly.of(Origin.READ)]
    lines += ["## What was read", "", *_table(("key", "value", "where", "how it follows"), read)]
    left = [(escaped(x.what), escaped(x.why), _places(x.evidence)) for x in assembly.left_out]
    lines += ["## What was read and is not used", "", *_table(("what", "why", "where"), left)]
    placed = [(escaped(f"certificates/{f.path}"), escaped(f.says), _places(f.evidence)) for f in assembly.placed]
    lines += ["## Certificates", "", *_table(("file", "what it is", "where"), placed)]
    files = [(escaped(f.source.member or f.source.file), escaped(f.kind), escaped(f.refused)) for f in assembly.files]
    lines += ["## Files", "", *_table(("file", "what it is", "why it was not used"), files)]
    return "\n".join(lines).rstrip() + "\n"


def _summary(assembly: Assembly, document: dict[str, Any]) -> str:
    found = [counted(len(assembly.contradictions), "contradiction"), f"{len(assembly.missing)} missing"]
    origins = ", ".join(f"{len(assembly.of(origin))} {origin.value}" for origin in Origin)
    dropped = f" {counted(assembly.secrets, 'password')} dropped while reading." if assembly.secrets else ""
    machines = counted(len(document["machines"]), "machine")
    return (
        f"{machines} of version {escaped(str(document['version']))}: {', '.join(found)}. Values: {origins}.{dropped} "
        "No private key was read or written." if not document["rekeyed"] else
        f"{machines} of version {escaped(str(document['version']))}: {', '.join(found)}. Values: {origins}.{dropped}"
    )  # fmt: skip


def _machine_rows(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for machine in document["machines"]:
        what = machine["role"] or machine["kind"]
        yield (
            escaped(machine["fqdn"]),
            f"{what} ({escaped(machine['group'])})",
            ", ".join(machine["files"]) or "none",
        )


def _contradictions(assembly: Assembly) -> Iterator[str]:
    if not assembly.contradictions:
        yield from ("Nothing.", "")
    for found in assembly.contradictions:
        yield f"- **{escaped(_sentence(found.message))}**"
        if found.evidence:
            yield f"  - Where: {_places(found.evidence)}"
        for label, text in (("Here", found.used), ("Fix", found.fix)):
            if text:
                yield f"  - {label}: {escaped(_sentence(text))}"
    if assembly.contradictions:
        yield ""


def _missing(assembly: Assembly) -> Iterator[str]:
    if not assembly.missing:
        yield from ("Nothing.", "")
    for found in assembly.missing:
        yield f"- {escaped(_sentence(found.what))} How to get it: {escaped(found.how)}{_stop(found.how)}"
    if assembly.missing:
        yield ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + _stop(text)


def _stop(text: str) -> str:
    return "" if text.endswith((".", "?")) else "."


def _key(fact: Fact) -> str:
    return escaped(fact.key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return escaped(", ".join(map(str, value))) or "none"
    return escaped(str(value)) if value is not None else "none"


def _places(evidence: Sequence[Evidence]) -> str:
    shown = "; ".join(escaped(str(place), 300) for place in evidence[:_SHOWN_PLACES])
    return f"{shown} and {len(evidence) - _SHOWN_PLACES} more" if len(evidence) > _SHOWN_PLACES else shown


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    listed = list(rows)
    if not listed:
        return ["Nothing.", ""]
    return [
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
        *(f"| {' | '.join(row)} |" for row in listed),
        "",
    ]
