"""The cards of a change as a page: what an order does, state by state, and how it compares with the best one."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from simulator.clinic.changes.step_cards import CardState, StepCards
from workbook.html import PanelOutput, table


def show_order(cards: StepCards, order: Sequence[str]) -> PanelOutput:
    """Return what an order does, as HTML and as text. The verdict is the first line of the text; the panel says it itself."""
    told = cards.told(order)
    text = "\n".join(told)
    objections = cards.objections(order)
    if objections:
        items = "".join(f"<li>{escape(line)}</li>" for line in objections)
        return PanelOutput(html=f"<ul>{items}</ul>", text=text)
    played = cards.planned.play(order)
    html = (
        "".join(f"<p>{escape(line)}</p>" for line in cards.points(played).says)
        + table(("", "your order", "best order"), cards.compared(played))
        + _states(cards.states(played))
        + (f"<p><small>{escape(cards.legend)}</small></p>" if cards.legend else "")
    )
    return PanelOutput(html=html, text=text)


def _states(rows: Sequence[CardState]) -> str:
    """Return the states as a table, with a bar for the share of refused connections."""
    body = "".join(
        f"<tr><td>{escape(row.card)}</td><td>{escape(row.connections)}<br>"
        f'<span class="bar" aria-hidden="true"><span style="width:{round(100 * row.share)}%"></span></span></td>'
        f"<td>{escape(row.why)}</td></tr>"
        for row in rows
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("after this step", "connections", "who refuses, and why")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
