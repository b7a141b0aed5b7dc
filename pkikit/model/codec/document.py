"""A codec: one kind of value as a JSON document with a format number, or one on each line of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

import pydantic

from pkikit.errors import InputError, PkikitError
from pkikit.model.codec.leaves import LEAVES
from pkikit.model.codec.problems import sentence_of
from pkikit.model.codec.schema import document_type
from pkikit.text import printable

_T = TypeVar("_T")
FORMAT = "format"
# What the upgrade of a damaged document raises, whatever is in it.
_DAMAGED = (LookupError, AttributeError, TypeError, ValueError, RecursionError, OverflowError)
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


class Codec(Generic[_T]):
    """Reads and writes values of one dataclass. A document has each field of the dataclass, and `format`.

    A field with a default may be left out of a document, so a new field with a default needs no new format. Any other
    change of the fields is a new format number, with an upgrade from the format before.
    """

    def __init__(
        self,
        kind: type[_T],
        what: str,
        *,
        upgrades: Mapping[int, Upgrade],
        leaves: Mapping[Any, Any] | None = None,
        flat: Mapping[type, str] | None = None,
    ) -> None:
        """A codec.

        Args:
            kind: the dataclass.
            what: the name of such a document in sentences: "the state of a peer".
            upgrades: by format number, what makes a document of the next format of one; 0 is a document from before
                there were format numbers. The format that is written is the one after the last.
            leaves: how more types, or some types otherwise, are written.
            flat: see `document_type`.
        """
        self.format, self._upgrades = max(upgrades) + 1, dict(upgrades)
        self._refused = f"is not {what} that this version can use"
        made: pydantic.TypeAdapter[_T] = pydantic.TypeAdapter(
            document_type(kind, {**LEAVES, **(leaves or {})}, flat=flat)
        )
        self._adapter = made

    def document(self, value: _T) -> dict[str, Any]:
        """Return the value as an object for `json.dumps`."""
        return {FORMAT: self.format, **self._adapter.dump_python(value, mode="json")}

    def to_bytes(self, value: _T) -> bytes:
        """Return the value as a JSON file. Half of a surrogate pair, which UTF-8 cannot express, becomes a question mark."""
        return json.dumps(self.document(value), indent=1, ensure_ascii=False).encode("utf-8", "replace")

    def from_bytes(self, data: bytes, *, where: str, context: dict[str, Any] | None = None) -> _T:
        """Read the value of a JSON file.

        Args:
            data: the file.
            where: the name of the file, for the sentence.
            context: what the readers of single fields need to know.

        Returns:
            The value.

        Raises:
            InputError: the file is not such a document; the sentence says where in it, and what is allowed.
        """
        return self.value(self.read(data, where=where), where=where, context=context)

    def read(self, data: bytes | str, *, where: str) -> dict[str, Any]:
        """Read the document in a JSON file and upgrade it to the format of this version, without looking at its members.

        Args:
            data: the file.
            where: the name of the file, for the sentence.

        Returns:
            The document.

        Raises:
            InputError: the file holds no JSON object, or one of a format that this version does not know.
        """
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            reason = printable(str(error), 80)
            raise InputError(f"{self._refused}: it is not JSON ({reason})", where=where) from None
        if not isinstance(document, dict):
            raise InputError(f"{self._refused}: it is not a JSON object", where=where)
        return self._upgrade(document, where)

    def value(self, document: dict[str, Any], *, where: str, context: dict[str, Any] | None = None) -> _T:
        """Return the value of a document that `read` returned.

        Args:
            document: the document.
            where: the name of the file, for the sentence.
            context: what the readers of single fields need to know.

        Returns:
            The value.

        Raises:
            InputError: as for `from_bytes`.
        """
        try:
            return self._adapter.validate_python(document, context=context)
        except pydantic.ValidationError as error:
            reason = sentence_of(error)
        except PkikitError as error:
            reason = str(error)
        raise InputError(f"{self._refused}: {reason}", where=where)

    def _upgrade(self, document: dict[str, Any], where: str) -> dict[str, Any]:
        number = document.pop(FORMAT, 0)
        if type(number) is not int or not 0 <= number <= self.format:
            raise InputError(
                f"{self._refused}: {FORMAT}: must be a number from 0 to {self.format}; a newer version may have written it",
                where=where,
            )
        for old in range(number, self.format):
            try:
                document = self._upgrades[old](document)
            except _DAMAGED:
                raise InputError(f"{self._refused}: it is not a whole document of format {old}", where=where) from None
        return document


class JsonLines(Generic[_T]):
    """Values of one dataclass, each on a line of a file that grows.

    The lines have no format number. One that was cut off, or is not such a value, is left out; unknown keys are ignored.
    """

    def __init__(self, kind: type[_T]) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> pydantic.TypeAdapter[_T]:
        return pydantic.TypeAdapter(document_type(self._kind, ignore_unknown=True))

    def line(self, value: _T) -> str:
        """Return the line of a value, with its end."""
        return json.dumps(self._adapter.dump_python(value, mode="json")) + "\n"

    def values(self, lines: Iterable[str | bytes]) -> Iterator[_T]:
        """Return the values of valid lines, in their order."""
        for line in lines:
            try:
                yield self._adapter.validate_python(json.loads(line))
            except (ValueError, RecursionError, OverflowError):  # pydantic's ValidationError is a ValueError
                continue
