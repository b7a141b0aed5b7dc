"""Lay out plain text for a terminal: wrapped sentences, aligned facts, tables. Nothing here prints.

A name, path, fingerprint or id is one word, and no function breaks a word. `width` is None where nothing wraps: a script or a
file gets each sentence and each row on one line, whatever terminal the command ran in.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

GAP = "  "
# A blank at which no line breaks.
NO_BREAK = "\u00a0"
# A column of sentences is readable from here on; a table that cannot give it that much becomes a list.
_NARROWEST = 22
_WIDEST_LABEL = 26

Value = str | Sequence[str]


def unbroken(text: str) -> str:
    """Return a text that stays on one line: a connection, a time, a name with its number."""
    return text.replace(" ", NO_BREAK)


def wrap(text: str, width: int | None, *, first: str = "", rest: str | None = None) -> list[str]:
    """Return the lines of a text.

    Args:
        text: sentences; a line break in it stays.
        width: columns of the terminal; None does not wrap.
        first: what the first line begins with.
        rest: what the other lines begin with; by default blanks, as many as `first` has characters.

    Returns:
        The lines, none of them broken inside a word.
    """
    behind = " " * len(first) if rest is None else rest
    lines: list[str] = []
    for paragraph in text.split("\n"):
        start = first if not lines else behind
        if width is None:
            lines.append(f"{start}{paragraph}".rstrip())
        else:
            wrapped = textwrap.wrap(
                paragraph, max(width, len(behind) + 10), initial_indent=start, subsequent_indent=behind,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            lines += wrapped or [start.rstrip()]
    return [line.replace(NO_BREAK, " ") for line in lines]


def facts(rows: Iterable[tuple[str, Value]], width: int | None, *, indent: int = 0) -> list[str]:
    """Return aligned labels and values; a value of several texts has one line for each. Rows without a value are left out."""
    shown = [(label, [value] if isinstance(value, str) else list(value)) for label, value in rows]
    shown = [(label, values) for label, values in shown if any(values)]
    column = max((len(label) for label, _ in shown if len(label) <= _WIDEST_LABEL), default=0)
    lines: list[str] = []
    for label, values in shown:
        head = f"{' ' * indent}{label.ljust(column)}{GAP}"
        below = " " * (indent + column + len(GAP))
        longest = max(len(word) for value in values for word in value.split(" "))
        if len(label) > column or (width is not None and len(below) + longest > width):
            # A long word gets a line of its own before it is broken.
            lines.append(head.rstrip())
            head = below = " " * (indent + 4)
        for n, value in enumerate(values):
            lines += wrap(value, width, first=below if n else head, rest=below)
    return lines


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], width: int | None, *, indent: int = 0) -> list[str]:
    """Return a table without borders, its empty columns left out; a list where the columns do not fit next to each other.

    Args:
        columns: the headings.
        rows: the cells; a cell wraps at its blanks only.
        width: columns of the terminal; None does not wrap.
        indent: blanks before each line.

    Returns:
        The lines; none if there are no rows.
    """
    cells = [list(row) for row in rows]
    used = [n for n in range(len(columns)) if any(row[n] for row in cells)]
    if not used:
        return []
    heads = [columns[n] for n in used]
    body = [[row[n] for n in used] for row in cells]
    widths = _widths([heads, *body], None if width is None else width - indent)
    if widths is None:
        return _as_list(heads, body, width, indent)
    lines: list[str] = []
    for row in ([heads] if any(heads) else []) + body:
        wrapped = [wrap(cell, None if width is None else w) for cell, w in zip(row, widths, strict=True)]
        for n in range(max(len(cell) for cell in wrapped)):
            parts = [(cell[n] if n < len(cell) else "").ljust(w) for cell, w in zip(wrapped, widths, strict=True)]
            lines.append(f"{' ' * indent}{GAP.join(parts)}".rstrip())
    return lines


def _widths(rows: Sequence[Sequence[str]], room: int | None) -> list[int] | None:
    """Return the width of each column; None if the words of a row do not fit into `room`."""
    columns = [[cell for row in rows for cell in [row[n]]] for n in range(len(rows[0]))]
    natural = [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    if room is None:
        return natural
    words = [
        max((len(word) for cell in column for word in cell.replace("\n", " ").split(" ")), default=0)
        for column in columns
    ]
    least = [max(word, min(whole, _NARROWEST)) for word, whole in zip(words, natural, strict=True)]
    room -= len(GAP) * (len(columns) - 1)
    if sum(least) > room:
        return None
    widths = list(least)
    # The field that needs most width gets the next column, so that the tallest cell becomes lower.
    for _ in range(room - sum(least)):
        short = [n for n in range(len(widths)) if widths[n] < natural[n]]
        if not short:
            break
        widths[max(short, key=lambda n: natural[n] / widths[n])] += 1
    return widths


def _as_list(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, indent: int) -> list[str]:
    """Return each row as a block: its first cell, and below it the others with their headings."""
    lines: list[str] = []
    below = " " * (indent + 4)
    for row in rows:
        lines += wrap(row[0], width, first=" " * indent)
        for head, cell in zip(heads[1:], row[1:], strict=True):
            first = f"{below}{head}: " if head else below
            lines += wrap(cell, width, first=first, rest=f"{below}  ") if cell else []
    return lines
