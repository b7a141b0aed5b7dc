"""The world as a picture: where each party is, which connect, who trusts which root. SVG from values, with a text form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Side
from pkikit.model.world import World
from pkikit.view.drawing import Picture
from simulator.world.report import CheckReport

_HEADINGS = {
    Side.INSIDE: "Inside",
    Side.CORE: "Expressway-C",
    Side.EDGE: "Expressway-E",
    Side.OUTSIDE: "Outside",
}
_COLUMN, _ROW, _WIDTH, _HEIGHT, _TOP = 250, 92, 196, 64, 54
# AA on white and on JupyterLab's dark background alike, since every box and label brings its own background.
_INK, _PAPER, _UP, _DOWN, _IDLE = "#1b1f24", "#ffffff", "#0b6e3b", "#b3261e", "#57606a"


@dataclass(frozen=True)
class Line:
    """The relation of two parties: all legs between them together."""

    left: str
    right: str
    legs: int
    down: int
    causes: tuple[str, ...]


def columns_of(deployment: Deployment) -> list[tuple[str, list[str]]]:
    """Return (heading, parties) from inside to outside."""
    columns = [(heading, list(deployment.members_on(side))) for side, heading in _HEADINGS.items()]
    return [(heading, parties) for heading, parties in columns if parties]


def lines_of(report: CheckReport | None) -> list[Line]:
    """Return one line per pair of parties that have legs between them."""
    pairs: dict[tuple[str, str], list[tuple[bool, tuple[str, ...]]]] = {}
    for leg in report.legs if report else ():
        pair = tuple(sorted((leg.leg.client, leg.leg.server)))
        pairs.setdefault((pair[0], pair[1]), []).append((leg.up, leg.causes))
    return [
        Line(
            left=left,
            right=right,
            legs=len(legs),
            down=sum(not up for up, _ in legs),
            causes=tuple(dict.fromkeys(c for _, causes in legs for c in causes[:1])),
        )
        for (left, right), legs in pairs.items()
    ]


def draw(
    deployment: Deployment,
    world: World,
    report: CheckReport | None = None,
    *,
    link: Callable[[Line], str] | None = None,
) -> Picture:
    """Draw the world and, if it was checked, which relations are up. `link` gives the address behind a line."""
    columns = columns_of(deployment)
    places = {
        party: (20 + _COLUMN * x, _TOP + _ROW * y)
        for x, (_, parties) in enumerate(columns)
        for y, party in enumerate(parties)
    }
    height = _TOP + _ROW * max(len(parties) for _, parties in columns)
    width = _COLUMN * len(columns) + 20
    lines = lines_of(report)
    text = describe(deployment, world, lines)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img"'
    parts = [
        f'{head} aria-label="{escape(text)}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="{_PAPER}"/>',
        *(
            f'<text x="{20 + _COLUMN * x}" y="30" font-size="15" font-weight="bold" fill="{_INK}">{escape(heading)}</text>'
            for x, (heading, _) in enumerate(columns)
        ),
        *(
            _link(_line(line, places), link(line) if link else "")
            for line in lines
            if line.left in places and line.right in places
        ),
        *(_box(party, place, deployment, world) for party, place in places.items()),
        "</svg>",
    ]
    return Picture(svg="\n".join(parts), text=text)


def _link(drawn: str, target: str) -> str:
    return f'<a href="{escape(target)}">{drawn}</a>' if target else drawn


def _line(line: Line, places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = sorted((places[line.left], places[line.right]))
    same = x1 == x2
    start, end = (
        (x1 + _WIDTH // 2 if same else x1 + _WIDTH, y1 + (_HEIGHT if same else _HEIGHT // 2)),
        (
            x2 + _WIDTH // 2 if same else x2,
            y2 if same else y2 + _HEIGHT // 2,
        ),
    )
    colour, dash, sign = (_DOWN, ' stroke-dasharray="6 4"', "✘") if line.down else (_UP, "", "✔")
    # Labels sit at a third of the way, so that crossing lines do not hide each other's.
    third = 0.5 if same else 0.3
    middle = (start[0] + (end[0] - start[0]) * third, start[1] + (end[1] - start[1]) * third)
    tip = f"{line.left} – {line.right}: {_status(line)}"
    return (
        f'<g><title>{escape(tip)}</title><line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" '
        f'stroke="{colour}" stroke-width="2"{dash}/>'
        f'<circle cx="{middle[0]:.0f}" cy="{middle[1]:.0f}" r="8" fill="{_PAPER}" stroke="{colour}"/>'
        f'<text x="{middle[0]:.0f}" y="{middle[1] + 4:.0f}" text-anchor="middle" fill="{colour}">{sign}</text></g>'
    )


def _box(party: str, place: tuple[int, int], deployment: Deployment, world: World) -> str:
    x, y = place
    cluster = deployment.cluster_of(party)
    host, _, domain = party.partition(".")
    holder = world.parties[party]
    issuer = common_name(holder.credential.leaf.issuer) if holder.credential else "no certificate"
    # Some CAs have another name after each start; the picture names the constant part.
    rows = [
        (f"{host}.{domain}", "bold"),
        (f"certificate by {_steady(issuer)}" if holder.credential else issuer, "normal"),
        (f"trusts {lists_text(world, party)}", "normal"),
    ]
    colour = _INK if cluster else _IDLE
    drawn = "".join(
        f'<text x="{x + 8}" y="{y + 18 + 17 * i}" font-weight="{weight}" font-size="{12 if i == 0 else 10}" '
        f'fill="{_INK}">{escape(row)}</text>'
        for i, (row, weight) in enumerate(rows)
    )
    return f'<g><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{_PAPER}" stroke="{colour}"/>{drawn}</g>'


def _steady(name: str) -> str:
    return "Pebble" if name.startswith("Pebble ") else name


def trust_text(trusted: Sequence[object]) -> str:
    """Return the roots of a trusted CA list by name, bounded."""
    names = [_steady(common_name(c.subject)) for c in trusted]  # type: ignore[attr-defined]
    return ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "") or "nobody"


def lists_text(world: World, party: str) -> str:
    """Return the roots of all lists of a party; each list by its name if there are several."""
    lists = world.lists_of(party)
    return "; ".join(f"{name}: {trust_text(listed)}" if name else trust_text(listed) for name, listed in lists.items())


def _status(line: Line) -> str:
    if not line.down:
        return f"{line.legs} of {line.legs} legs up"
    return f"{line.legs - line.down} of {line.legs} legs up, {', '.join(line.causes)}"


def describe(deployment: Deployment, world: World, lines: Sequence[Line]) -> str:
    """Return the picture in words."""
    told = [f"{deployment.name} ({deployment.version})"]
    for heading, parties in columns_of(deployment):
        told.append(f"{heading}:")
        for party in parties:
            holder = world.parties[party]
            issuer = _steady(common_name(holder.credential.leaf.issuer)) if holder.credential else ""
            shows = f"certificate by {issuer}" if issuer else "no certificate"
            told.append(f"  {party}: {shows}, trusts {lists_text(world, party)}")
    if lines:
        told.append("Relations:")
        told += [f"  {'✘' if line.down else '✔'} {line.left} – {line.right}: {_status(line)}" for line in lines]
    return "\n".join(told)
