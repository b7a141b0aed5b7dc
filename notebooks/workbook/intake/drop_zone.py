"""A place where files are dropped or chosen; their bytes come in pieces, so that their size does not matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from pkikit.errors import InputError
from workbook.intake import drop_script
from workbook.models.dropped_files import Uploads


class DropZone(anywidget.AnyWidget):
    """Files go into `uploads`. done: is called when all files of one drop are there; refused: with a sentence, if one is not."""

    _esm = drop_script.SCRIPT
    _css = drop_script.STYLE
    description = traitlets.Unicode("").tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, uploads: Uploads, done: Callable[[], None], refused: Callable[[str], None], **texts: str
    ) -> None:
        super().__init__(**texts)
        self._uploads, self._done, self._refused = uploads, done, refused
        self._waiting: list[str] = []
        self.on_msg(self._told)

    def _told(self, _: object, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        try:
            match message.get("kind"):
                case "begin":
                    for file in message["files"]:
                        self._begin(str(file["id"]), str(file["name"]), int(file["size"]))
                    self._next()
                case "piece":
                    if self._uploads.piece(str(message["id"]), bytes(buffers[0])):
                        self._waiting.remove(str(message["id"]))
                    self._next()
                case _:
                    self._stop()
        except InputError as error:
            self._stop()
            self._refused(str(error))
        except OSError as error:
            self._stop()
            self._refused(f"the files cannot be kept: {error.strerror or error}")
        except (KeyError, IndexError, TypeError, ValueError):
            self._stop()
            self._refused("the browser sent something else than a file; choose the files again")

    def _begin(self, number: str, name: str, size: int) -> None:
        self._uploads.begin(number, name, size)
        if size:
            self._waiting.append(number)

    def _next(self) -> None:
        """Ask for the next piece, or say that all are there."""
        if self._waiting:
            self.send({"kind": "next", "id": self._waiting[0]})
            return
        self.send({"kind": "end"})
        self._done()

    def _stop(self) -> None:
        self._waiting = []
        self._uploads.forget_unfinished()
        self.send({"kind": "end"})
