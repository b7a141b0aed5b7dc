"""HTML that panels and tables share: everything in it is escaped, and every picture or table has a text version."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pkikit.design.san import SanEntry
from pkikit.view.drawing import TEXT_VERSION
from pkikit.view.short_names import ShortNames


@dataclass(frozen=True, kw_only=True)
class PanelOutput:
    """What a panel shows: HTML with everything escaped, and the same content as text."""

    html: str
    text: str

    def whole(self) -> str:
        """The HTML, followed by the text alternative for screen readers and for people who prefer to read."""
        return f"{self.html}<details><summary>{TEXT_VERSION}</summary><pre>{escape(self.text)}</pre></details>"


_CODE, _BOLD, _EMPHASIS = re.compile(r"`([^`]+)`"), re.compile(r"\*\*([^*]+)\*\*"), re.compile(r"\*([^*]+)\*")


def inline(text: str) -> str:
    """Return a sentence as HTML: escaped, with `code`, **bold** and *emphasis*."""
    shown = _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
    return _EMPHASIS.sub(r"<em>\1</em>", _BOLD.sub(r"<b>\1</b>", shown))


def plain(text: str) -> str:
    """Return a sentence without its marks."""
    return _EMPHASIS.sub(r"\1", _BOLD.sub(r"\1", _CODE.sub(r"\1", text)))


def alert(sentence: str) -> PanelOutput:
    """Return the output for an input that cannot be used: one sentence."""
    return PanelOutput(html=f'<p role="alert"><b>✘ Not possible:</b> {escape(sentence)}</p>', text=f"✘ {sentence}")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, most: int = 200) -> str:
    """Return an HTML table, escaped and bounded."""
    heads = "".join(f'<th scope="col">{escape(h)}</th>' if h else "<td></td>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows[:most])
    more = f"<p>… and {len(rows) - most} more</p>" if len(rows) > most else ""
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"


def shorten(entry: SanEntry) -> str:
    """Who needs a name: connections counted by what they belong to, as `UC traversal (2)`; services as they are."""
    names = ShortNames(entry.legs)
    titles = {leg.id: names.carries(leg) for leg in entry.legs}
    counted = Counter(titles.get(who, who) for who in entry.needed_by)
    return ", ".join(f"{who} ({n})" if n > 1 else who for who, n in counted.items())
