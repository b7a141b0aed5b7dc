"""Dumps as XML: an element for each word, its index as `item`. Document types and entities are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from pkikit.errors import InputError
from pkikit.intake.material import Configuration, Key, Source, Stated, StatusDump
from pkikit.intake.reading.dumps.dump_lines import Settings
from pkikit.intake.reading.dumps.keys import canonical_path
from pkikit.intake.reading.dumps.secrets import is_secret
from pkikit.intake.reading.dumps.status_lines import KEPT, MAX_VALUES
from pkikit.text import printable

_MAX_DEPTH, _MAX_TEXT, _MAX_TAG, _PIECE = 40, 16_384, 1 << 18, 1 << 16
_ROOTS = frozenset({"configuration", "status", "xmldoc", "xconfiguration", "xstatus", "command"})
_INDEXED = frozenset({"zone", "peer", "alarm", "tunnel", "domain", "warning", "server", "ethernet"})


class XmlDump:
    """Reads one dump, piece by piece."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root = ""
        self.settings = Settings()
        self._status: dict[Key, Stated] = {}
        self._path: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._size = self._deepest = self._fed = 0
        self._parser: Any = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.buffer_text = True

    def read(self, read: Callable[[], bytes]) -> None:
        """Read the document.

        Args:
            read: returns the next bytes; none at the end.

        Raises:
            InputError: the document is damaged, too deep, or has a document type or entities.
        """
        try:
            while data := read():
                for start in range(0, len(data), _PIECE):
                    self._feed(data[start : start + _PIECE])
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code) or "not well-formed"
            self._fail(f"is XML that is damaged or cut off: {printable(reason, 80)}", error.lineno)
        except (LookupError, ValueError):
            self._fail("is XML in an encoding that is not read; save it as UTF-8", 0)

    def _feed(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > _MAX_TAG:
            self._fail("is XML with a longer element than any dump has", self._parser.CurrentLineNumber)

    def configuration(self) -> Configuration | None:
        """Return the settings; None if there were none."""
        found = self.settings
        if not (found.values or found.passed or found.secrets):
            return None
        return Configuration(source=self.source, settings=found.values, secrets=found.secrets, passed=found.passed)

    def status(self) -> StatusDump | None:
        """Return the status; None if there was none."""
        return StatusDump(source=self.source, values=self._status) if self._status else None

    def _fail(self, message: str, line: int) -> None:
        where = str(Source(file=self.source.file, member=self.source.member, line=line))
        raise InputError(message, where=where) from None

    def _refuse(self, *_: object) -> None:
        self._fail("is XML with a document type or entities, which no dump has", self._parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        word = name.rpartition(":")[2]
        if len(self._path) >= _MAX_DEPTH:
            self._fail("is XML that is nested deeper than any dump", self._parser.CurrentLineNumber)
        if not self._path or (len(self._path) == 1 and word.lower() in _ROOTS and self.root == "xmldoc"):
            self.root = word.lower()
        index = next((v for k, v in attributes.items() if k.lower() in {"item", "index"} and v.isdigit()), "1")
        self._path.append((word[:100], index[:6]))
        self._text, self._size = [], 0

    def _characters(self, data: str) -> None:
        if self._size < _MAX_TEXT:
            self._text.append(data[: _MAX_TEXT - self._size])
            self._size += len(data)

    def _end(self, name: str) -> None:
        del name
        text, self._text, self._size = "".join(self._text).strip(), [], 0
        path = [step for depth, step in enumerate(self._path) if depth > 1 or step[0].lower() not in _ROOTS]
        self._path.pop()
        if not path or self._had_children(path):
            return
        place = Source(file=self.source.file, member=self.source.member, line=self._parser.CurrentLineNumber)
        if self.root in {"status", "xstatus"}:
            self._take_status(path, text, place)
        else:
            self._take_setting(path, text, place)

    def _had_children(self, path: list[tuple[str, str]]) -> bool:
        """Return True at the end of an element that had elements in it: only the innermost ones hold values."""
        deeper, self._deepest = self._deepest, len(path)
        return deeper > len(path)

    def _take_setting(self, path: list[tuple[str, str]], text: str, place: Source) -> None:
        words = [name for name, _ in path]
        key = canonical_path(path)
        if key is None or is_secret(words, text):
            self.settings.take(words, text if is_secret(words, text) else "", place)
        else:
            self.settings.take(list(key), text, place)

    def _take_status(self, path: list[tuple[str, str]], text: str, place: Source) -> None:
        words = tuple(
            word
            for depth, (name, index) in enumerate(path)
            for word in ((name, index) if index != "1" or (depth and name.lower() in _INDEXED) else (name,))
        )
        if not text or words[0].lower() not in KEPT or is_secret(words, text) or len(self._status) >= MAX_VALUES:
            return
        self._status[words] = Stated(value=printable(text, 1000), source=place, written=" ".join(words))
