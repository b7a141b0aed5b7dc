"""Files that come from a browser in pieces: kept in a temporary folder that only the owner can read, then read, then gone."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pkikit.errors import InputError
from pkikit.intake import material as values
from pkikit.intake.material import Material, Source
from pkikit.intake.reading import read_material
from pkikit.text import counted, printable

MAX_PIECE = 4 * 1024 * 1024
MAX_TOTAL = 1024 * 1024 * 1024
MAX_FILES = 200


class Uploads:
    """The files of one panel. Names are only names: no path of a browser is used."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brought-"))  # mode 0700
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._places: dict[str, Path] = {}
        self._left: dict[str, int] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are complete, in the order in which they came."""
        return tuple(path for number, path in self._places.items() if not self._left[number])

    @property
    def total(self) -> int:
        """How many bytes were announced."""
        return sum(path.stat().st_size for path in self._places.values()) + sum(self._left.values())

    def begin(self, number: str, name: str, size: int) -> None:
        """Announce a file.

        Args:
            number: what the browser calls it.
            name: its name.
            size: how many bytes will come.

        Raises:
            InputError: there are too many files or bytes.
        """
        if len(self._places) >= MAX_FILES:
            raise InputError(f"more than {counted(MAX_FILES, 'file')}; write the name of their folder instead")
        if size < 0 or self.total + size > MAX_TOTAL:
            raise InputError(
                f"more than {MAX_TOTAL >> 30} GB; write the name of their folder instead", where=printable(name, 120)
            )
        path = self._free(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        self._places[number], self._left[number] = path, size

    def _free(self, name: str) -> Path:
        """Return a place for a file; files of one name lie in folders of their own."""
        kept = PurePosixPath(name.replace("\\", "/")).name.lstrip(".")
        plain = printable(kept, 150).replace("/", "-") or "file"
        taken = set(self._places.values())
        return next(p for n in range(1, MAX_FILES + 2) if (p := self.folder / str(n) / plain) not in taken)

    def piece(self, number: str, data: bytes) -> bool:
        """Take the next bytes of a file; return True when it is complete.

        Args:
            number: what the browser calls the file.
            data: the bytes.

        Returns:
            Whether nothing is left.

        Raises:
            InputError: these are not the bytes that were announced.
        """
        if number not in self._places or len(data) > min(self._left[number], MAX_PIECE):
            raise InputError("the browser sent other bytes than it announced; choose the files again")
        with self._places[number].open("ab") as stream:
            stream.write(data)
        self._left[number] -= len(data)
        return not self._left[number]

    def copy(self, files: Sequence[Path]) -> None:
        """Take files of this machine as if they had come from a browser.

        Args:
            files: the files.
        """
        for path in files:
            number = f"copy-{len(self._places)}"
            self.begin(number, path.name, path.stat().st_size)
            shutil.copyfile(path, self._places[number])
            self._left[number] = 0

    def forget_unfinished(self) -> None:
        """Delete the files that are not complete."""
        for number in [number for number, left in self._left.items() if left]:
            self._places.pop(number).unlink(missing_ok=True)
            del self._left[number]

    def clear(self) -> None:
        """Delete every file."""
        for entry in self.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self._places, self._left = {}, {}

    def read(self, *others: Path) -> Material:
        """Read the files, and others that are on this machine.

        Args:
            *others: files or folders.

        Returns:
            What the files say. An uploaded file is called by its name, without this folder.

        Raises:
            InputError: a file cannot be used.
        """
        begin = re.compile(rf"{re.escape(str(self.folder))}/\d+/")
        try:
            material = read_material([*self.paths, *others])
        except InputError as error:
            raise InputError(begin.sub("", error.message), where=begin.sub("", error.where)) from None
        named: Material = _without(material, begin)
        return named


def _without(value: Any, begin: re.Pattern[str]) -> Any:
    """Return a value of the readers with sources that do not begin with a folder."""
    if isinstance(value, Source):
        return dataclasses.replace(value, file=begin.sub("", value.file))
    if isinstance(value, tuple):
        return tuple(_without(one, begin) for one in value)
    if isinstance(value, Mapping):
        return {key: _without(one, begin) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and type(value).__module__ == values.__name__:
        fields = {field.name: _without(getattr(value, field.name), begin) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value
