"""The inputs of an exercise: boxes to tick, one of several, names in lines, rows of fixes. Each has an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import ipywidgets as widgets

from workbook.course.exercises import MOST_FIXES
from workbook.learning.cards import button
from workbook.panels.base import text_area
from workbook.shortcuts import clinic_fixes, lesson_fixes

_FULL = {"width": "100%"}
_WIDE = {"width": "30em", "max_width": "100%"}


class Field(Protocol):
    """An input with an answer."""

    box: widgets.Widget

    def get(self) -> list[Any]:
        """Return the answer; empty if there is none yet."""

    def put(self, answer: Any) -> None:
        """Show an earlier answer, or the solution; what does not fit is left out."""


class Boxes:
    """Options of which several may be right."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.boxes = {
            key: widgets.Checkbox(description=label, value=False, indent=False, layout=_FULL)
            for key, label in labels.items()
        }
        self.box = widgets.VBox(list(self.boxes.values()), layout={"overflow": "visible"})

    def get(self) -> list[Any]:
        return [key for key, box in self.boxes.items() if box.value]

    def put(self, answer: Any) -> None:
        chosen = answer if isinstance(answer, list) else [answer]
        for key, box in self.boxes.items():
            box.value = key in chosen


class OneOf:
    """Options of which one is right."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._keys = list(labels)
        self.box = widgets.RadioButtons(
            options=[(label, key) for key, label in labels.items()], value=None, layout={"width": "auto"}
        )

    def get(self) -> list[Any]:
        return [] if self.box.value is None else [self.box.value]

    def put(self, answer: Any) -> None:
        first = (answer[0] if answer else None) if isinstance(answer, list) else answer
        self.box.value = first if first in self._keys else None


class Names:
    """Names, one per line."""

    def __init__(self) -> None:
        self.box = text_area("Names, one per line", rows=6, placeholder="host.example.com")

    def get(self) -> list[Any]:
        return [line.strip() for line in str(self.box.value).splitlines() if line.strip()]

    def put(self, answer: Any) -> None:
        if isinstance(answer, str):
            answer = [answer]
        self.box.value = "\n".join(str(name) for name in answer) if isinstance(answer, list) else ""


# Fixes in plain words; any other is shown as it is typed.
_TITLES = {
    "renew-certificate": "Install a new certificate with all planned names",
    "complete-trusted-ca-list": "Complete the trusted CA list",
    "set-clock": "Set the clock",
    "fix-service": "Fix the TLS service",
    "open-ports": "Open the ports in the firewall",
    "restore-path": "Restore the network path",
    "fix-dns": "Restore the DNS records of a name",
    "fix-caa": "Restore the CAA record of a name",
    "publish-revocation": "Publish new CRLs",
    "order planned-names": "Order a certificate with all planned names",
    "order server+client": "Order a certificate for server and client",
    "renew": "Renew the certificate as it is",
    "send-chain": "Install the certificate with its chain",
    "append-ca lab-root-ca": "Append the lab's root CA to the trusted CA list",
    "append-ca lab-issuing-ca": "Append the lab's issuing CA to the trusted CA list",
    "fix-tls": "Enable TLS 1.2 and 1.3",
    "restart": "Restart the machine",
}


def _fix_title(fix: str) -> str:
    return _TITLES.get(fix, fix.replace("-", " ").capitalize())


class Fixes:
    """Rows of two lists: what to do, and on what. One more row on request."""

    def __init__(self, deployment: Any, *, in_clinic: bool) -> None:
        self._targets = (clinic_fixes if in_clinic else lesson_fixes)(deployment)
        self._actions = [("Choose a fix …", ""), *((_fix_title(fix), fix) for fix in self._targets)]
        self._lines = widgets.VBox()
        self._more = button(
            "Add another fix", lambda: self._add(), usable=lambda: len(self._lines.children) < MOST_FIXES
        )
        self.box = widgets.VBox([self._lines, self._more])
        self._add()

    def _add(self) -> None:
        rows: Sequence[widgets.Widget] = self._lines.children
        number = len(rows) + 1
        label = {"description_width": "4em"}
        action = widgets.Dropdown(
            description=f"Fix {number}", options=self._actions, value="", style=label, layout=_WIDE
        )
        target = widgets.Dropdown(
            description="on", options=[("…", "")], style={"description_width": "2em"}, layout=_WIDE
        )

        def follow(change: Mapping[str, Any]) -> None:
            places = self._targets.get(change["new"], ())
            target.options = [("Choose where …", ""), *((place, place) for place in places)] if places else [("…", "")]

        action.observe(follow, names="value")
        self._lines.children = (*rows, widgets.HBox([action, target], layout={"flex_flow": "row wrap"}))
        self._more.disabled = number >= MOST_FIXES

    def get(self) -> list[Any]:
        chosen = [[part.value for part in line.children] for line in self._lines.children]
        return [pair for pair in chosen if all(pair)]

    def put(self, answer: Any) -> None:
        wanted = (
            [pair for pair in answer if isinstance(pair, list) and len(pair) == 2] if isinstance(answer, list) else []
        )
        while len(self._lines.children) < min(len(wanted), MOST_FIXES):
            self._add()
        for line, (action, target) in zip(self._lines.children, wanted, strict=False):
            if str(action) in self._targets and target in self._targets[str(action)]:
                line.children[0].value = str(action)
                line.children[1].value = target
