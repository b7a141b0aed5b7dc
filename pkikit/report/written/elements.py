"""HTML by construction: every text is made printable and escaped where it becomes part of an element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from pkikit.text import printable

MOST_TEXT = 3_000
"""Longer texts are cut: no certificate or file can flood a page."""
_SEPARATOR = re.compile(r"([.:]|&gt;)(?=\w)")
_VOID = frozenset({"meta", "br", "hr", "col", "input"})


class Html(str):
    """Markup that is safe already."""

    __slots__ = ()


Child = Html | str | None
_Children = Iterable["Child"]


def text(said: str, limit: int = MOST_TEXT) -> Html:
    """Return a text as HTML: control and bidi characters are shown as escapes, the length is bounded.

    Args:
        said: anything, also from a hostile certificate.
        limit: characters that are shown.

    Returns:
        The text, escaped.
    """
    return Html(escape(printable(said, limit)))


def breakable(said: str) -> Html:
    """Return a name, an id or a fingerprint that may go on in the next line after a separator.

    Args:
        said: as for `text`.

    Returns:
        The text, escaped.
    """
    return Html(_SEPARATOR.sub(r"\1<wbr>", text(said)))


@dataclass(frozen=True)
class Wide:
    """A row with a line of further facts below it, over all columns.

    Attributes:
        cells: as in every row.
        below: the further facts.
    """

    cells: tuple[Child, ...]
    below: Child


Row = Sequence[Child] | Wide


def el(tag: str, /, *children: Child, **attributes: str | None) -> Html:
    """Return an element.

    Args:
        tag: its name.
        *children: markup, or texts that are escaped; None is left out.
        **attributes: their values are escaped; None is left out. An underscore at the end is dropped, others become hyphens.

    Returns:
        The element.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{join(children)}</{tag}>")


def join(children: _Children) -> Html:
    """Return children one after the other; texts are escaped.

    Args:
        children: as for `el`.

    Returns:
        The markup.
    """
    return Html("".join(child if isinstance(child, Html) else text(child) for child in children if child is not None))


def preformatted(lines: str, **attributes: str | None) -> Html:
    """Return lines as they are; on a narrow page, a long one goes on in the next.

    Args:
        lines: the text.
        **attributes: of the element.

    Returns:
        The element.
    """
    return el("pre", Html("\n".join(text(line) for line in lines.split("\n"))), **attributes)


def listing(items: Iterable[Child], *, tag: str = "ul", **attributes: str | None) -> Html | None:
    """Return a list; nothing if it is empty.

    Args:
        items: one for each point.
        tag: `ul` or `ol`.
        **attributes: of the list.

    Returns:
        The list, or None.
    """
    points = [el("li", item) for item in items]
    return el(tag, *points, **attributes) if points else None


def folded(summary: Child, *children: Child, printed: bool = True) -> Html:
    """Return something long that a reader opens.

    Args:
        summary: what is always shown.
        *children: what is folded.
        printed: it is open on paper; False leaves it out there.

    Returns:
        The element.
    """
    return el("details", el("summary", summary), *children, class_="more" if printed else None)


def table(columns: Iterable[str], rows: Iterable[Row], *, caption: str, class_: str) -> Html:
    """Return a table in a region that scrolls by itself; the first cell of a row is its heading.

    Args:
        columns: the headings.
        rows: the cells.
        caption: what the table shows, for assistive technology and below the heading.
        class_: of the table; decides the widths of its columns.

    Returns:
        The table.
    """
    heads = list(columns)
    made = el(
        "table",
        el("caption", caption),
        el("thead", el("tr", *(el("th", head, scope="col") for head in heads))),
        *(el("tbody", _row(heads, row), _below(heads, row)) for row in rows),
        class_=f"fold {class_}",
    )
    return el("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _row(heads: Sequence[str], row: Row) -> Html:
    cells = row.cells if isinstance(row, Wide) else row
    first, *others = cells
    return el(
        "tr",
        el("th", first, scope="row"),
        *(el("td", cell, data_label=head) for head, cell in zip(heads[1:], others, strict=True)),
    )


def _below(heads: Sequence[str], row: Row) -> Html | None:
    if not isinstance(row, Wide):
        return None
    return el("tr", el("td", row.below, colspan=str(len(heads))), class_="below")
