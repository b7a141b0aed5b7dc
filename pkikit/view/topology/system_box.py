"""What is written in a box of the topology, and how large the box is. Every machine's card shows only what it has alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pkikit.model.parties import Side
from pkikit.view.drawing import BADGE_HEIGHT, LINE, PAD, CardLine, badge_width, card_size, text_width, wrap
from pkikit.view.topology.bundles import Bundle
from pkikit.view.topology.systems import System

_NARROW, _WIDE, _GAP = 132.0, 236.0, 8.0
_HEADING = {Side.INSIDE: "inside", Side.CORE: "core", Side.EDGE: "edge", Side.OUTSIDE: "outside"}


@dataclass(frozen=True, kw_only=True)
class SystemBox:
    """The texts of a box. heading: what it is. cards: (machine, its lines). lines: names without a card of their own."""

    system: System
    width: float
    heading: tuple[CardLine, ...]
    cards: tuple[tuple[str, tuple[CardLine, ...]], ...] = ()
    lines: tuple[CardLine, ...] = ()
    inner: Bundle | None = field(default=None, repr=False)

    @property
    def colour(self) -> str:
        """The name of its colour."""
        return _HEADING[self.system.side]

    @property
    def head_height(self) -> float:
        """What the heading and the lines take."""
        return LINE * (len(self.heading) + len(self.lines)) + PAD

    @property
    def body_height(self) -> float:
        """What the cards and the badge between them take."""
        cards = sum(card_size(lines)[1] + _GAP for _, lines in self.cards)
        return cards + (BADGE_HEIGHT + LINE + _GAP if self.inner else 0)

    @property
    def height(self) -> float:
        """What everything takes."""
        return self.head_height + (self.body_height + _GAP if self.body_height else 0)


def box_of(
    system: System,
    alone: Callable[[str], Sequence[str]],
    short: Mapping[str, str],
    inner: Bundle | None,
    down: Mapping[str, str],
) -> SystemBox:
    """Return the box of a system.

    alone: what a machine has that others have not. short: short names. inner: the connections between its machines.
    down: for machines with connections that are down, how many.
    """
    colour = _HEADING[system.side]
    texts = [text_width(system.title, 13, bold=True), text_width(system.name, 12)]
    outside = system.side is Side.OUTSIDE
    names = {name: name if system.peers or outside else short.get(name, name) for name in system.members}
    carded = [n for n in system.members if system.peers or alone(n)]
    texts += [text_width(names[n], 13, bold=True) + 2 * PAD for n in carded]
    texts += [text_width(down.get(n, ""), 12, bold=True) + 2 * PAD for n in carded]
    texts += [text_width(names[n], 12) for n in system.members]
    texts += [text_width(said, 12) + 2 * PAD for n in carded for said in alone(n)]
    texts += [badge_width(inner.count)] if inner else []
    width = min(max(_NARROW, *(t + 2 * PAD + 1 for t in texts)), _WIDE)
    room = width - 2 * PAD
    heading = [CardLine(text=system.title, bold=True, colour=colour)]
    heading += [CardLine(text=line, size=12, colour="muted") for line in wrap(system.name, room, 12)]
    plain = system.note or " · ".join(names[n] for n in system.members if n not in carded)
    lines = [CardLine(text=line, size=12) for line in wrap(plain, room, 12)]
    cards = tuple((n, _card(names[n], alone(n), down.get(n, ""), room - 2 * PAD)) for n in carded)
    return SystemBox(system=system, width=width, heading=tuple(heading), lines=tuple(lines), cards=cards, inner=inner)


def _card(name: str, alone: Sequence[str], down: str, room: float) -> tuple[CardLine, ...]:
    lines = [CardLine(text=line, bold=True) for line in wrap(name, room, 13, bold=True)]
    lines += [CardLine(text=down, size=12, bold=True, colour="down")] if down else []
    said = [line for text in alone for line in wrap(text, room, 12, most=3)]
    return (*lines, *(CardLine(text=line, size=12, colour="warn") for line in said))
