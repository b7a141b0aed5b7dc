"""Results as sentences: never a bare number, a tuple or Python's quotes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import pandas as pd

from pkikit.text import counted, listed
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.short_names import ShortNames

_NAMED = 6


class Sentence(str):
    """A text that a notebook shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self.split("\n"))


class Lines(list[str]):
    """A list of texts that a notebook shows one per line."""

    def __repr__(self) -> str:
        return "\n".join(self) or "Nothing."

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(line)}</li>" for line in self)
        return f"<ul>{items}</ul>" if items else "<p>Nothing.</p>"


def say(text: object) -> Sentence:
    """Show a text as it is, as the result of a cell: `say(f"{count} certificates expire.")`."""
    return Sentence(str(text))


def summary(report: CheckReport | Iterable[LegReport]) -> Sentence:
    """Say how many connections are up, and which are down."""
    legs = report.legs if isinstance(report, CheckReport) else tuple(report)
    down = [leg.leg for leg in legs if leg.down]
    verb = "is" if len(legs) == 1 else "are"
    up = sum(leg.up for leg in legs)
    first = f"{up} of {counted(len(legs), 'connection')} {verb} up."
    if unknown := len(legs) - up - len(down):
        first += f" Not assessed, because files are missing: {unknown}."
    if not down:
        return Sentence(first)
    names = ShortNames(down)
    return Sentence(f"{first}\nDown: {listed([names.connection(leg) for leg in down], at_most=_NAMED)}.")


def facts(known: Mapping[str, Any]) -> pd.DataFrame:
    """Show names and values as a table of two columns, without a header."""
    return pd.DataFrame({"": dict(known)})
