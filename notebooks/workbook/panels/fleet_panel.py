"""The next breaks of a fleet: choose how far to look ahead, and search; each row opens its connections and its fix."""

from __future__ import annotations

from datetime import timedelta
from html import escape

from pkikit.fleet.finished_audit import FinishedAudit
from pkikit.text import counted
from workbook.html import PanelOutput
from workbook.models.fleet_breaks import Break, breaks_of
from workbook.panels.base import Panel, choice, text

_AHEAD = {"30 days": 30, "half a year": 183, "2 years": 731, "5 years": 1827}
_MOST = 60


def fleet_panel(audited: FinishedAudit) -> Panel:
    """Show what breaks next in a fleet that was audited.

    Args:
        audited: the audit.

    Returns:
        The panel.
    """
    inputs = {
        "days": choice("Look ahead", _AHEAD, 30),
        "word": text("Only rows with", placeholder="customer, machine or date"),
    }
    return Panel("What breaks next?", inputs, lambda days, word: _shown(audited, days, word))


def _shown(audited: FinishedAudit, days: int, word: str) -> PanelOutput:
    every = breaks_of(audited, timedelta(days=days))
    wanted = word.strip().casefold()
    found = [one for one in every if wanted in _searched(one)]
    customers = len({one.customer for one in found})
    number = sum(len(one.connections) for one in found)
    head = f"{counted(number, 'connection')} of {counted(customers, 'customer')} break, for {counted(len(found), 'reason')}."
    if not found:
        head = "Nothing breaks in this time." if not every else "No row has this text."
    rows = "".join(map(_row, found[:_MOST]))
    more = f"<p>… and {len(found) - _MOST} more. Look less far ahead, or search.</p>" if len(found) > _MOST else ""
    heads = "".join(f'<th scope="col">{h}</th>' for h in ("Breaks", "Customer", "Connections", "Why"))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if found else ""
    return PanelOutput(
        html=f'<p role="status">{escape(head)}</p>{table}{more}', text="\n".join([head, *map(_words, found[:_MOST])])
    )


def _searched(one: Break) -> str:
    return " ".join((one.when, one.customer, one.cause, one.says, *one.connections)).casefold()


def _row(one: Break) -> str:
    mark = "✘ " if one.when == "now" else ""
    names = "".join(f"<li>{escape(name)}</li>" for name in one.connections)
    more = f"<details><summary>Connections and fix</summary><ul>{names}</ul><p>Fix: {escape(one.fix)}</p></details>"
    cells = (f"{mark}{one.when}", one.customer, str(len(one.connections)))
    return (
        "<tr>"
        + "".join(f'<td style="white-space:nowrap">{escape(c)}</td>' for c in cells)
        + f"<td>{escape(one.says)}{more}</td></tr>"
    )


def _words(one: Break) -> str:
    return f"{one.when}, {one.customer}, {counted(len(one.connections), 'connection')}: {one.says}\n  Fix: {one.fix}"
