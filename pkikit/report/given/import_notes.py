"""What an import noted in `import.json`: what was read, assumed and answered, what is missing, what contradicts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pkikit.errors import InputError
from pkikit.files import read_bytes

_MOST = 64 * 1024 * 1024
_LONGEST = 2_000


@dataclass(frozen=True, kw_only=True)
class Note:
    """One line of the notes.

    Attributes:
        about: the key, the machine or the kind.
        says: the sentence, or the value.
        why: the reason, or what the import does with it.
        how: how to get it, or how to fix it.
        sources: where it was read, as `archive.tar.gz: xconf_dump.txt, line 12`.
    """

    about: str
    says: str
    why: str = ""
    how: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportNotes:
    """The notes of one import; all empty if there was none.

    Attributes:
        there: whether an import wrote the folder.
        read: settings that a file states.
        assumed: settings that nobody states, with the reason.
        answered: settings that somebody answered.
        missing: files or answers that would make the copy more complete.
        contradictions: what cannot both be right.
        questions: what nobody answered yet.
        left_out: what was read and has no place in a deployment file.
        files: each file that was read, and what it is.
        secrets: how many passwords and keys were dropped while reading.
        rekeyed: the certificates are counterparts that the import made, with other keys.
    """

    there: bool = False
    read: tuple[Note, ...] = ()
    assumed: tuple[Note, ...] = ()
    answered: tuple[Note, ...] = ()
    missing: tuple[Note, ...] = ()
    contradictions: tuple[Note, ...] = ()
    questions: tuple[Note, ...] = ()
    left_out: tuple[Note, ...] = ()
    files: tuple[Note, ...] = ()
    secrets: int = 0
    rekeyed: bool = False


NOTHING_NOTED = ImportNotes()


def read_notes(path: Path) -> ImportNotes:
    """Read `import.json`.

    Args:
        path: the file.

    Returns:
        The notes.

    Raises:
        InputError: the file is not JSON, or not what an import writes.
    """
    try:
        read = json.loads(read_bytes(path, _MOST))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise InputError(
            "is not the JSON that pkikit import writes; import again, or move the file away", where=str(path)
        )
    return notes_of(read)


def notes_of(document: Mapping[str, Any]) -> ImportNotes:
    """Return the notes in a document; what is not as an import writes it is left out.

    Args:
        document: the contents of `import.json`.

    Returns:
        The notes.
    """
    facts = [*_dicts(document.get("facts")), *_dicts(document.get("read")), *_dicts(document.get("assumed"))]
    by_origin: dict[str, list[Note]] = {}
    for fact in facts:
        note = Note(
            about=_text(fact.get("key")),
            says=_value(fact.get("value")),
            why=_text(fact.get("why")),
            how=_text(fact.get("how")),
            sources=_sources(fact.get("sources")),
        )
        by_origin.setdefault(_text(fact.get("origin")), []).append(note)
    return ImportNotes(
        there=True,
        read=tuple(by_origin.get("read", ())),
        assumed=tuple(by_origin.get("assumed", ())),
        answered=tuple(by_origin.get("answered", ())),
        missing=_notes(document, "missing", about="machine", says="what"),
        contradictions=_notes(document, "contradictions", about="kind", says="message", why="used", how="fix"),
        questions=_notes(document, "questions", about="key", says="question", why="allowed"),
        left_out=_notes(document, "left_out", about="", says="what"),
        files=tuple(
            replace(note, about=_file_name(note.about))
            for note in _notes(document, "files", about="file", says="kind", why="refused")
        ),
        secrets=secrets if isinstance(secrets := document.get("secrets_dropped"), int) else 0,
        rekeyed=document.get("rekeyed") is True,
    )


def _notes(
    document: Mapping[str, Any], key: str, *, about: str, says: str, why: str = "why", how: str = "how"
) -> tuple[Note, ...]:
    return tuple(
        Note(
            about=_text(entry.get(about)),
            says=_text(entry.get(says)),
            why=_text(entry.get(why)),
            how=_text(entry.get(how)),
            sources=_sources(entry.get("sources")),
        )
        for entry in _dicts(document.get(key))
    )


def _dicts(found: Any) -> Iterator[Mapping[str, Any]]:
    return (entry for entry in found if isinstance(entry, dict)) if isinstance(found, list) else iter(())


def _text(found: Any) -> str:
    return found[:_LONGEST] if isinstance(found, str) else ""


def _value(found: Any) -> str:
    if found in ("", [], None):
        return "none"
    if isinstance(found, str):
        return found[:_LONGEST]
    if isinstance(found, list) and all(isinstance(entry, str) for entry in found):
        return ", ".join(found)[:_LONGEST]
    return json.dumps(found, ensure_ascii=False)[:_LONGEST]


def _sources(found: Any) -> tuple[str, ...]:
    said = []
    for entry in _dicts(found):
        file, member, line = _file_name(_text(entry.get("file"))), _text(entry.get("member")), entry.get("line")
        place = f"{file}: {member}" if member else file
        said.append(f"{place}, line {line}" if isinstance(line, int) and line > 0 else place)
    return tuple(text for text in said if text)


def _file_name(path: str) -> str:
    """Return a file without its folders: a report that is handed in does not tell where its author keeps files."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
