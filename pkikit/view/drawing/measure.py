"""How wide text is, before anybody has drawn it: measured on the widest font of the list in `theme.FONT`."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Advance widths of DejaVu Sans in thousandths of an em, from blank to tilde. J is as wide as Arial's, which is wider there.
_REGULAR = """
318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 838 838
531 1000 684 686 698 770 632 575 775 752 295 560 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390
838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337
636 838"""
_BOLD = """
348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 838 838 838
580 1000 774 762 734 830 683 683 821 837 372 560 775 637 995 837 850 733 850 770 720 682 812 774 1103 771 724 725 457 365 457
838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 478 712 652 924 645 652 582 712 365
712 838"""
_SIGNS = {"–": 500, "·": 380, "…": 1000, "‘": 380, "’": 380, "“": 657, "”": 657, "•": 640, "›": 412, "‹": 412, "°": 500}
# Arrows and ticks come from whatever font has them; letters of other scripts differ by font too.
_OTHER = 1300
_MONOSPACE = 620
_SPARE = 1.02
ELLIPSIS = "…"
SMALLEST = 12
"""No text of a picture is smaller: a projector shows it, and a class reads it."""


def _table(listed: str) -> dict[str, int]:
    return dict(zip(map(chr, range(0x20, 0x7F)), map(int, listed.split()), strict=True)) | _SIGNS


_WIDTHS = {False: _table(_REGULAR), True: _table(_BOLD)}


@lru_cache(maxsize=4096)
def _em(text: str, bold: bool) -> float:
    widths, total = _WIDTHS[bold], 0
    for letter in text:
        known = widths.get(letter)
        if known is None:
            known = widths.get(unicodedata.normalize("NFD", letter)[0], _OTHER)
        total += known
    return total / 1000 * _SPARE


def text_width(text: str, size: float, *, bold: bool = False, monospace: bool = False) -> float:
    """Return how wide a line of text is at most.

    Args:
        text: the line.
        size: of the font, in pixels.
        bold: the font is bold.
        monospace: every letter is equally wide.

    Returns:
        Pixels; more than in most fonts, never less in those of `theme.FONT`.
    """
    return len(text) * _MONOSPACE / 1000 * size if monospace else _em(text, bold) * size


def fit(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return the text, or as much of its begin as fits with an ellipsis behind it.

    Args:
        text: the line.
        width: the pixels that there are.
        size: of the font.
        bold: the font is bold.

    Returns:
        The line; whoever draws a shortened one gives the whole one in a tooltip and in the text version.
    """
    if text_width(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + ELLIPSIS, size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def wrap(text: str, width: float, size: float, *, bold: bool = False, most: int = 100) -> list[str]:
    """Break text into lines at its blanks; a word that is too long alone, such as an FQDN, breaks behind a dot or hyphen.

    Args:
        text: what to break.
        width: the pixels of a line.
        size: of the font.
        bold: the font is bold.
        most: how many lines there may be; the last one then ends in an ellipsis.

    Returns:
        The lines.
    """
    lines: list[str] = []
    line = ""
    for piece, glue in _pieces(text, width, size, bold):
        longer = f"{line}{glue}{piece}" if line else piece
        if line and text_width(longer, size, bold=bold) > width:
            lines.append(line)
            line = piece
        else:
            line = longer
    lines += [line] if line else []
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], fit(f"{lines[most - 1]} {ELLIPSIS}", width, size, bold=bold)]


def _pieces(text: str, width: float, size: float, bold: bool) -> list[tuple[str, str]]:
    """Return (piece, what joins it to the one before)."""
    found: list[tuple[str, str]] = []
    for word in text.split():
        if text_width(word, size, bold=bold) <= width:
            found.append((word, " "))
            continue
        parts = word.replace(".", ".\0").replace("-", "-\0").split("\0")
        found += [
            (fit(part, width, size, bold=bold), "" if number else " ") for number, part in enumerate(parts) if part
        ]
    return found
