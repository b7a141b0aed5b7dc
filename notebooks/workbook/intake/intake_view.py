"""What was brought, as HTML for the panel: everything from files is escaped and bounded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pkikit.text import counted, printable
from workbook.html import table
from workbook.models.brought_files import Brought
from workbook.tables.brought_tables import value_in_words, without_option

_MOST = 60


def found_html(brought: Brought) -> str:
    """Return what was read, what contradicts, and what is missing."""
    read = any(refused for _, _, refused in brought.found)
    head = ("file", "what is in it", "not used") if read else ("file", "what is in it")
    files = _scroll(table(head, [_shown(row[: len(head)]) for row in brought.found], most=_MOST))
    parts = [f'<p role="status"><b>{escape(brought.said)}</b></p>', _folded(counted(len(brought.found), "file"), files)]
    if brought.contradictions:
        rows = [_shown((c.message, c.used, c.fix)) for c in brought.contradictions]
        told = _scroll(table(("what contradicts", "used here", "fix"), rows, most=_MOST))
        parts.append(f"<h4>What contradicts</h4>{told}")
    if brought.missing:
        rows = [_shown((m.what, without_option(m.how))) for m in brought.missing]
        told = _scroll(table(("what is missing", "how to get it"), rows, most=_MOST))
        parts.append(
            _folded(f"{counted(len(rows), 'thing')} missing: the result is right without, but less complete", told)
        )
    return "".join(parts)


def assumed_html(brought: Brought) -> str:
    """Return what was assumed, and why."""
    rows = [_shown((f.key, value_in_words(f.value), f.why, f.how)) for f in brought.assumptions]
    told = _scroll(table(("key", "value", "why", "how to find out"), rows, most=_MOST))
    return _folded(f"{counted(len(rows), 'assumption')}: check them, and change what is wrong", told) if rows else ""


def _shown(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(printable(cell, 400) for cell in cells)


def _scroll(html: str) -> str:
    return f'<div class="intake-scroll" role="region" aria-label="Table" tabindex="0">{html}</div>'


def _folded(title: str, html: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{html}</details>"
