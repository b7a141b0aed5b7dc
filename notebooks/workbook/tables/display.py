"""How tables look in a notebook: left-aligned, one header, connections in few letters with a legend, states as words with a mark.

The data stay as they are: code goes on to use ids and column names. Only what is shown differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython

from pkikit.judge.matching.name_matching import NameMatch
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.short_names import ShortNames, is_connection
from workbook.tables.sentences import summary

_MOST_ROWS = 200
ONE_LINE = "one line"
"""The key of a table's `attrs` for columns whose cells are never broken into lines, such as dates beside long texts."""
# Column names that code uses, and what people read.
_HEADERS = {
    "leg": "connection",
    "legs": "connections",
    "outcome": "state",
    "rejected by": "refused by",
    "weight": "severity",
    "who looks": "who checks",
    "because": "where the name comes from",
    "SRV leads to": "SRV resolves to",
}
_STATES = {
    "accepted": "✔ up",
    "✔ accepted": "✔ up",
    "rejected": "✘ down",
    "✘ rejected": "✘ down",
    "✘ unreachable": "✘ down (unreachable)",
    "unreachable": "✘ down (unreachable)",
    "up": "✔ up",
    "down": "✘ down",
}
_STATE_COLUMNS = ("outcome", "state", "leg", "connection")
_LEFT = "text-align:left;vertical-align:top"
_CHIP = "border-radius:.6em;padding:0 .5em;color:#fff;white-space:nowrap;background:"


def _shown(value: Any, column: str) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_shown(part, column) for part in value)
    text = str(value)
    return _STATES.get(text, text) if column in _STATE_COLUMNS else text


def _cells(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return (headers, rows): the index as ordinary columns, unless it only counts."""
    counts = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    levels = 0 if counts else frame.index.nlevels
    keys = ["" if name is None else str(name) for name in frame.index.names][:levels]
    labels: list[Any] = frame.columns.tolist()
    columns = [" ".join(map(str, c)).strip() if isinstance(c, tuple) else str(c) for c in labels]
    heads = [*keys, *columns]
    rows = []
    for index, values in zip(frame.index[:_MOST_ROWS], frame.iloc[:_MOST_ROWS].itertuples(index=False), strict=True):
        key = list(index) if isinstance(index, tuple) else [index]
        rows.append([_shown(v, head) for v, head in zip([*key[:levels], *values], heads, strict=True)])
    return heads, rows


def _for_people(frame: pd.DataFrame) -> tuple[list[str], list[list[str]], list[str]]:
    """Return (headers, rows, notes) with short connections and their legend."""
    heads, rows = _cells(frame)
    parts = (part for row in rows for cell in row for part in cell.split(", "))
    ids = list(dict.fromkeys(part for part in parts if is_connection(part)))
    names = ShortNames.of_ids(ids)
    rows = [[names.in_text(cell) for cell in row] for row in rows]
    notes = [f"({names.legend()})".replace("\u00a0", " ")] if ids else []  # tables are copied as plain text
    if len(frame) > _MOST_ROWS:
        notes.append(f"… and {len(frame) - _MOST_ROWS} more rows")
    return [_HEADERS.get(head, head) for head in heads], rows, notes


def to_text(frame: pd.DataFrame) -> str:
    """Return a table as text: columns side by side, left-aligned, never broken inside a name."""
    if frame.empty and not len(frame.columns):
        return "Nothing to show."
    heads, rows, notes = _for_people(frame)
    lines = ([heads] if any(heads) else []) + rows
    if not rows:
        notes = ["(no rows)", *notes]
    widths = [max((len(line[n]) for line in lines), default=0) for n in range(len(heads))]
    told = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*told, *notes])


def to_html(frame: pd.DataFrame) -> str:
    """Return a table as HTML, everything escaped; a legend below it."""
    if frame.empty and not len(frame.columns):
        return "<p>Nothing to show.</p>"
    heads, rows, notes = _for_people(frame)
    named = "".join(_head(head) for head in heads)
    top = f"<thead><tr>{named}</tr></thead>" if any(heads) else ""
    whole = [head in frame.attrs.get(ONE_LINE, ()) for head in heads]
    body = "".join("<tr>" + "".join(map(_cell, row, whole)) + "</tr>" for row in rows)
    below = "".join(f"<p><small>{escape(note)}</small></p>" for note in (notes if rows else ["No rows.", *notes]))
    return f'<div style="overflow-x:auto"><table>{top}<tbody>{body}</tbody></table>{below}</div>'


def _head(head: str) -> str:
    return f'<th scope="col" style="{_LEFT}">{escape(head)}</th>' if head else f'<td style="{_LEFT}"></td>'


def _cell(text: str, whole: bool = False) -> str:
    shown = escape(text)
    if text.startswith(("✔", "✘")) and len(text) < 40:
        shown = f'<span style="{_CHIP}{"#1b5e20" if text.startswith("✔") else "#b3261e"}">{shown}</span>'
    return f'<td style="{_LEFT}{";white-space:nowrap" if whole else ""}">{shown}</td>'


def describe_deployment(deployment: Deployment) -> str:
    """Return a deployment in one sentence."""
    others = len(deployment.parties) - len(deployment.peers)
    version = f" ({deployment.version})" if deployment.version else ""
    return (
        f"Deployment {deployment.name}{version}: {len(deployment.peers)} Expressway peers and {others} other machines."
    )


def describe_leg(leg: Leg) -> str:
    """Return a connection in one sentence, with its id to copy."""
    shown = " Both sides show a certificate." if leg.mutual else ""
    dialed = f"{leg.client} dials {leg.reference_name}, port {leg.port}."
    return f"{ShortNames([leg]).connection(leg)}: {dialed}{shown}\nid: {leg.id}"


def describe_leg_report(report: LegReport) -> str:
    """Return the state of a connection, who refused it, and why."""
    state = f"{report.state.mark} {report.state.words}"
    refused = f", refused by the {report.rejected_by.value}" if report.rejected_by and not report.up else ""
    causes = f": {', '.join(report.causes)}" if report.causes else ""
    return f"{ShortNames([report.leg]).connection(report.leg)}: {state}{refused}{causes}"


def describe_match(match: NameMatch) -> str:
    """Return whether a certificate has a name, and why."""
    if match.matched:
        return f"✔ {match.reference} matches {match.presented}: {match.why}."
    return f"✘ {match.reference} is not matched: {match.why}."


_TEXTS: Sequence[tuple[type, Callable[[Any], str]]] = (
    (Deployment, describe_deployment),
    (Leg, describe_leg),
    (LegReport, describe_leg_report),
    (NameMatch, describe_match),
    (CheckReport, lambda report: str(summary(report))),
)


def install() -> None:
    """In a notebook's kernel, show tables and the values that learners meet in this way."""
    shell: Any = get_ipython()
    if shell is None:
        return
    texts, pages = (shell.display_formatter.formatters[kind] for kind in ("text/plain", "text/html"))
    texts.for_type(pd.DataFrame, lambda frame, printer, _: printer.text(to_text(frame)))
    pages.for_type(pd.DataFrame, to_html)
    for kind, describe in _TEXTS:
        _show_as(texts, kind, describe)


def _show_as(texts: Any, kind: type, describe: Callable[[Any], str]) -> None:
    texts.for_type(kind, lambda value, printer, _: printer.text(describe(value)))
