"""The parts of a document that a command printed with `--json`: read with care, because somebody may have changed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pydantic

from pkikit.model.codec.findings import finding_adapter
from pkikit.model.findings import Finding
from pkikit.text import printable

MAX_TEXT = 2000
Document = Mapping[str, Any]


class NotResults(Exception):
    """A document does not have the shape of these results; the message says what is missing."""


def text_at(entry: Document, key: str) -> str:
    """Return a text.

    Args:
        entry: an object of the document.
        key: the key in it.

    Returns:
        The text, safe to print.

    Raises:
        NotResults: there is none.
    """
    value = entry.get(key)
    if not isinstance(value, str):
        raise NotResults(f"an entry has no text for the key {key}")
    return printable(value, MAX_TEXT)


def optional_at(entry: Document, key: str) -> str:
    """Return a text, empty if there is none.

    Args:
        entry: an object of the document.
        key: the key in it.

    Returns:
        The text, or an empty one.

    Raises:
        NotResults: something else is there.
    """
    return text_at(entry, key) if entry.get(key) is not None else ""


def objects_in(value: object, key: str) -> list[dict[str, Any]]:
    """Return a list of objects.

    Args:
        value: what the document has.
        key: the key that has it, for the message.

    Returns:
        The list.

    Raises:
        NotResults: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise NotResults(f"it has no list of objects for the key {key}")
    return value


def findings_in(value: object, key: str) -> tuple[Finding, ...]:
    """Return a list of findings.

    Args:
        value: what the document has.
        key: the key that has it, for the message.

    Returns:
        The findings.

    Raises:
        NotResults: something else is in it.
    """
    return tuple(_read(objects_in(value, key)))


def _read(values: Iterable[dict[str, Any]]) -> Iterable[Finding]:
    for value in values:
        try:
            yield finding_adapter().validate_python(value)
        except pydantic.ValidationError:
            raise NotResults("one of its findings is not a finding of pkikit") from None
