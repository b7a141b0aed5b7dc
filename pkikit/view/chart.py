"""Plots as SVG, small enough to need no library: the Pareto front of an exploration, lanes over time; hover for labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _MARGIN = 760, 460, 64
_MARKS = ("#0b6e99", "#b34700", "#3b7d23", "#7b3fa0")


def scatter(
    points: Sequence[tuple[float, float, int, str]], *, x: str, y: str, title: str, series: Sequence[str]
) -> str:
    """Return an SVG of (x, y, series number, label) points. Axes start at zero; hovering over a point shows its label."""
    right = max((p[0] for p in points), default=1) * 1.05 or 1
    top = max((p[1] for p in points), default=1) * 1.1 or 1

    def place(px: float, py: float) -> tuple[float, float]:
        across = _MARGIN + px / right * (_WIDTH - 2 * _MARGIN)
        return round(across, 1), round(_HEIGHT - _MARGIN - py / top * (_HEIGHT - 2 * _MARGIN), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="28" font-size="16">{escape(title)}</text>',
    ]
    for step in range(5):
        ax, ay = place(right * step / 4, 0)
        bx, by = place(0, top * step / 4)
        parts += [
            f'<line x1="{bx}" y1="{by}" x2="{_WIDTH - _MARGIN}" y2="{by}" stroke="#dddddd"/>',
            f'<text x="{ax}" y="{ay + 18}" font-size="11" text-anchor="middle">{right * step / 4:.4g}</text>',
            f'<text x="{bx - 6}" y="{by + 4}" font-size="11" text-anchor="end">{top * step / 4:.4g}</text>',
        ]
    parts += [
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 14}" font-size="13" text-anchor="middle">{escape(x)}</text>',
        (
            f'<text x="18" y="{_HEIGHT / 2}" font-size="13" text-anchor="middle" '
            f'transform="rotate(-90 18 {_HEIGHT / 2})">{escape(y)}</text>'
        ),
    ]
    for px, py, number, label in points:
        cx, cy = place(px, py)
        parts.append(_mark(cx, cy, number, label))
    for number, name in enumerate(series):
        lx, ly = _WIDTH - _MARGIN - 170, 48 + 18 * number
        parts += [_mark(lx, ly, number, name), f'<text x="{lx + 12}" y="{ly + 4}" font-size="12">{escape(name)}</text>']
    return "\n".join([*parts, "</svg>"]) + "\n"


def _mark(cx: float, cy: float, number: int, label: str) -> str:
    """Return one shape per series, so that colour is never the only difference."""
    colour = _MARKS[number % len(_MARKS)]
    tooltip = f"<title>{escape(label)}</title>"
    match number % 3:
        case 0:
            return f'<circle cx="{cx}" cy="{cy}" r="6" fill="{colour}" fill-opacity="0.8">{tooltip}</circle>'
        case 1:
            return f'<rect x="{cx - 5}" y="{cy - 5}" width="10" height="10" fill="{colour}" fill-opacity="0.8">{tooltip}</rect>'
        case _:
            points = f"{cx},{cy - 7} {cx - 6},{cy + 5} {cx + 6},{cy + 5}"
            return f'<polygon points="{points}" fill="{colour}" fill-opacity="0.8">{tooltip}</polygon>'


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A stretch of a lane, in the unit of the axis."""

    begin: float
    end: float
    good: bool
    label: str


_LANE, _NAMES = 22, 330
_HATCHED = (
    '<defs><pattern id="bad" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#a61b1b"/><line x1="0" y1="0" x2="0" y2="6" stroke="#ffffff" stroke-width="2"/>'
    "</pattern></defs>"
)


def lanes(rows: Sequence[tuple[str, Sequence[Bar]]], *, total: float, x: str, title: str) -> str:
    """Return an SVG with one lane per row: good stretches plain, bad ones dark and hatched, so that colour is never alone."""
    width, height = _NAMES + 620, 70 + _LANE * len(rows)
    across = 580 / (total or 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        _HATCHED,
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="22" font-size="15">{escape(title)}</text>',
    ]
    for number, (name, bars) in enumerate(rows):
        top = 36 + _LANE * number
        parts.append(f'<text x="{_NAMES - 8}" y="{top + 13}" font-size="11" text-anchor="end">{escape(name)}</text>')
        for bar in bars:
            left, length = _NAMES + bar.begin * across, max((bar.end - bar.begin) * across, 0.5)
            fill = "#9fd6b4" if bar.good else "url(#bad)"
            tooltip = escape(f"{name}: {bar.label}, {x} {bar.begin:.0f} to {bar.end:.0f}")
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{length:.1f}" height="{_LANE - 6}" fill="{fill}">'
                f"<title>{tooltip}</title></rect>"
            )
    for step in range(5):
        at = _NAMES + 580 * step / 4
        parts.append(
            f'<text x="{at:.0f}" y="{height - 14}" font-size="11" text-anchor="middle">{total * step / 4:.4g}</text>'
        )
    return "\n".join([*parts, f'<text x="10" y="{height - 14}" font-size="12">{escape(x)}</text>', "</svg>"]) + "\n"
