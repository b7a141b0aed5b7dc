"""Where everything of the topology stands: boxes in columns, and lines in the gaps between them that run through no box.

A cluster of Expressways is as tall as its column, so that the line of each system beside it is straight. A line that leads past a
column goes below it. Everything else bends in the gap, each line in a lane of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pkikit.model.parties import Side
from pkikit.view.drawing import BADGE_HEIGHT, badge_width, text_width
from pkikit.view.topology.bundles import Bundle
from pkikit.view.topology.system_box import SystemBox

Point = tuple[float, float]
MARGIN, TOP = 26.0, 92.0
_SPACE, _AIR, _LANE, _WALL = 14.0, 12.0, 14.0, 30.0
_PORT, _LABELLED = BADGE_HEIGHT + 8.0, BADGE_HEIGHT + 28.0


@dataclass(kw_only=True, eq=False)
class Placed:
    """A box and where it is."""

    box: SystemBox
    width: float
    height: float
    x: float = 0.0
    y: float = TOP

    @property
    def side(self) -> Side:
        """Where the system is."""
        return self.box.system.side

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2


@dataclass(kw_only=True, eq=False)
class Wire:
    """A bundle and where its line goes.

    gap: the gap that its badge is in. holder: the box beside which the badge is; far: the other one. begin, end: the height of
    both ends; passage: the height at which it passes a column. lanes: by gap, which lane it bends in.
    """

    bundle: Bundle
    start: Placed
    end: Placed
    gap: int = 0
    begin: float = 0.0
    finish: float = 0.0
    passage: float | None = None
    lanes: dict[int, int] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    badge: Point = (0.0, 0.0)

    @property
    def holder(self) -> Placed:
        """The box beside which the badge is."""
        return self.end if self.end.side is Side.OUTSIDE and self.start.side is not Side.OUTSIDE else self.start

    @property
    def loop(self) -> bool:
        """True if both boxes are in one column."""
        return self.start.side is self.end.side

    @property
    def room(self) -> float:
        """The height it needs beside its holder."""
        return _LABELLED if self.bundle.purpose else _PORT

    @property
    def badge_room(self) -> float:
        """The width of its badge and of the label above."""
        return max(badge_width(self.bundle.count), text_width(self.bundle.purpose, 12)) + 14


@dataclass(frozen=True, kw_only=True)
class FloorPlan:
    """Boxes and lines with their places. walls: x of each firewall. zones: (side, left, right) of each column."""

    boxes: tuple[Placed, ...]
    wires: tuple[Wire, ...]
    walls: tuple[float, ...]
    columns: tuple[tuple[Side, float, float], ...]
    width: float
    bottom: float


def plan(boxes: Sequence[SystemBox], bundles: Sequence[Bundle]) -> FloorPlan:
    """Return the places of boxes and of the lines between different boxes."""
    return _Planner(boxes, bundles).plan()


class _Planner:
    def __init__(self, boxes: Sequence[SystemBox], bundles: Sequence[Bundle]) -> None:
        placed = {id(box.system): Placed(box=box, width=box.width, height=box.height) for box in boxes}
        self.boxes = tuple(placed.values())
        for side in Side:
            widest = max((p.width for p in self.boxes if p.side is side), default=0.0)
            for p in self.boxes:
                p.width = widest if p.side is side else p.width
        self.sides = [side for side in Side if any(p.side is side for p in self.boxes)]
        self.columns = [[p for p in self.boxes if p.side is side] for side in self.sides]
        ends = [(b, placed[id(b.left)], placed[id(b.right)]) for b in bundles if b.left is not b.right]
        self.wires = tuple(Wire(bundle=b, start=s, end=e) for b, s, e in ends)
        self.lanes = [0] * len(self.sides)
        for wire in self.wires:
            first, last = self._column(wire.start), self._column(wire.end)
            wire.gap = (
                (last - 1 if wire.holder is wire.end else first) if not wire.loop else min(first, len(self.sides) - 2)
            )
        for p in self.boxes:
            p.height = max(p.height, sum(w.room for w in self.wires if w.holder is p) + 4)

    def _column(self, placed: Placed) -> int:
        return self.sides.index(placed.side)

    def _passed(self, wire: Wire) -> list[Placed]:
        """Return the boxes of the columns that a wire goes past."""
        between = self.columns[self._column(wire.start) + 1 : self._column(wire.end)]
        return [p for column in between for p in column]

    def plan(self) -> FloorPlan:
        self._stack()
        for number in range(len(self.columns)):
            self._ports(number)
        for wire in self.wires:
            self._far_end(wire)
        for wire in self.wires:
            self._take_lanes(wire)
        return self._across()

    # Heights.

    def _stack(self) -> None:
        """Place the boxes of each column from top to bottom; those whose lines all lead past a column come last."""
        floor = TOP
        for column in self.columns:
            far = [p for p in column if (own := self._of(p)) and all(self._passed(w) for w in own)]
            near = [p for p in column if p not in far]
            floor = max(floor, _stacked(near, TOP))
        middle = [p for p in self.boxes if p.box.system.peers]
        long = [w for w in self.wires if self._passed(w)]
        for column in self.columns:
            if len(column) == 1 and column[0].box.system.peers:
                column[0].height = max(column[0].height, floor - TOP)
        floor = max([floor, *(p.bottom for p in middle)])
        self.passage = floor + _SPACE
        bending = [w for w in long if not self._is_far(w.start) and not self._is_far(w.end)]
        for number, wire in enumerate(bending):
            wire.passage = self.passage + _LANE * number
        below = self.passage + _LANE * len(bending)
        for column in self.columns:
            below_here = [p for p in column if self._is_far(p)]
            _stacked(below_here, below)
        for wire in long:
            if wire.passage is None:
                wire.passage = (wire.start if self._is_far(wire.start) else wire.end).middle
        self._stretch_and_centre(floor)

    def _of(self, placed: Placed) -> list[Wire]:
        return [w for w in self.wires if placed in (w.start, w.end)]

    def _is_far(self, placed: Placed) -> bool:
        own = self._of(placed)
        return bool(own) and not placed.box.system.peers and all(self._passed(w) for w in own)

    def _stretch_and_centre(self, floor: float) -> None:
        """An Expressway's box reaches down to the lines that lead to it from below; a short column stands in the middle."""
        for column in self.columns:
            if len(column) == 1 and column[0].box.system.peers:
                low = [w.passage for w in self._of(column[0]) if w.passage is not None]
                column[0].height = max([column[0].height, *(y + 16 - TOP for y in low)])
            elif not any(p.box.system.peers for p in column):
                near = [p for p in column if not self._is_far(p)]
                spare = floor - max((p.bottom for p in near), default=floor)
                for number, p in enumerate(near):
                    p.y += spare * (number + 0.5) / len(near)

    def _ports(self, number: int) -> None:
        """Give each wire its height beside the box that holds its badge."""
        for p in self.columns[number]:
            for gap in (number - 1, number):
                held = [w for w in self.wires if w.holder is p and w.gap == gap]
                held.sort(
                    key=lambda w: (w.end if w.holder is w.start else w.start).middle if not w.bundle.purpose else 0
                )
                y = p.middle - sum(w.room for w in held) / 2
                for wire in held:
                    at = y + wire.room - _PORT / 2
                    y += wire.room
                    if wire.holder is wire.start:
                        wire.begin = at
                    else:
                        wire.finish = at

    def _far_end(self, wire: Wire) -> None:
        """Give a wire its height at the other box: straight across if that is free, else the nearest free one."""
        held_at_start = wire.holder is wire.start
        other = wire.end if held_at_start else wire.start
        here = wire.begin if held_at_start else wire.finish
        wanted = here if wire.passage is None else wire.passage
        taken = self._taken(other, wire)
        top, bottom = other.y + 12, max(other.bottom - 12, other.y + 13)
        tries = sorted((top + n for n in range(int(bottom - top) + 1)), key=lambda y: abs(y - wanted))
        if top <= wanted <= bottom:
            tries.insert(0, wanted)
        free = (y for y in tries if all(abs(y - at) >= room for at, room in taken))
        found = next(free, tries[0])
        if held_at_start:
            wire.finish = found
        else:
            wire.begin = found

    def _taken(self, other: Placed, wire: Wire) -> list[tuple[float, float]]:
        """Return (height, distance to keep) of what ends at a box already, on the flank where this wire ends."""
        flank = self._flank(wire, other)
        taken = []
        for w in self.wires:
            if w is wire or other not in (w.start, w.end) or self._flank(w, other) != flank:
                continue
            height = w.begin if w.start is other else w.finish
            taken.append((height, 24.0 if w.holder is other else 9.0))
        gap = self._column(other) - (1 if flank == "left" else 0)
        across = [(height, 9.0) for w in self.wires if w is not wire for height in self._heights(w, gap)]
        return [(at, room) for at, room in (*taken, *across) if at]

    def _heights(self, wire: Wire, gap: int) -> tuple[float, ...]:
        """Return the heights at which a wire runs across a gap, as far as they are known."""
        first, last = self._column(wire.start), self._column(wire.end) - 1
        if wire.loop:
            return (wire.begin, wire.finish) if gap == wire.gap else ()
        begin = (wire.begin,) if gap == first else ()
        finish = (wire.finish,) if gap == last else ()
        return (*begin, *finish, *((wire.passage,) if wire.passage is not None and first <= gap <= last else ()))

    def _flank(self, wire: Wire, placed: Placed) -> str:
        if wire.loop:
            return "right" if wire.gap == self._column(placed) else "left"
        return "right" if wire.start is placed else "left"

    # Lanes and widths.

    def _take_lanes(self, wire: Wire) -> None:
        """Take a lane in each gap in which the wire changes its height."""
        first, last = self._column(wire.start), self._column(wire.end) - 1
        if wire.loop:
            bends = [wire.gap]
        elif wire.passage is None:
            bends = [first] if abs(wire.begin - wire.finish) > 0.5 else []
        else:
            bends = [first] if abs(wire.begin - wire.passage) > 0.5 else []
            bends += [last] if abs(wire.finish - wire.passage) > 0.5 else []
        for gap in bends:
            wire.lanes[gap] = self.lanes[gap]
            self.lanes[gap] += 1

    def _across(self) -> FloorPlan:
        """Place columns, gaps and firewalls from left to right, then draw each line through them."""
        x, walls, spans, lanes, middles = MARGIN, [], [], [], []
        for number, column in enumerate(self.columns):
            width = column[0].width
            for p in column:
                p.x = x
            spans.append((self.sides[number], x, x + width))
            x += width + _AIR
            if number == len(self.columns) - 1:
                break
            left, right = self._badge_columns(number)
            middles.append((x + left / 2, 0.0))
            lanes.append(x + left + _LANE / 2)
            x += left + _LANE * self.lanes[number]
            if {self.sides[number], self.sides[number + 1]} != {Side.INSIDE, Side.CORE}:
                walls.append(x + _WALL / 2)
                x += _WALL
            middles[number] = (middles[number][0], x + right / 2)
            x += right + _AIR
        for wire in self.wires:
            self._draw(wire, lanes, middles)
        bottom = max((p.bottom for p in self.boxes), default=TOP)
        width = x - _AIR + MARGIN
        return FloorPlan(
            boxes=self.boxes, wires=self.wires, walls=tuple(walls), columns=tuple(spans), width=width, bottom=bottom
        )

    def _badge_columns(self, gap: int) -> tuple[float, float]:
        """Return the widths of the badges at both sides of a gap."""
        here = [w for w in self.wires if w.gap == gap]
        left = max((w.badge_room for w in here if self._column(w.holder) == gap), default=0.0)
        return left, max((w.badge_room for w in here if self._column(w.holder) != gap), default=0.0)

    def _draw(self, wire: Wire, lanes: Sequence[float], middles: Sequence[tuple[float, float]]) -> None:
        start, end, bends = wire.start, wire.end, [(gap, lanes[gap] + _LANE * n) for gap, n in wire.lanes.items()]
        from_left = wire.loop and wire.gap != self._column(start)
        begin = (start.x if from_left else start.right, wire.begin)
        finish = (end.right if wire.loop and not from_left else end.x, wire.finish)
        heights = [wire.begin, wire.finish] if wire.passage is None else [wire.begin, wire.passage, wire.finish]
        if wire.passage is not None and len(bends) == 1:
            heights = [wire.begin, wire.finish]
        corners = [point for (_, x), (y1, y2) in zip(bends, pairwise(heights), strict=False)
                   for point in ((x, y1), (x, y2))]  # fmt: skip
        wire.points = [begin, *corners, finish]
        held_at_start = wire.holder is start
        beside = middles[wire.gap][0 if self._column(wire.holder) == wire.gap else 1]
        wire.badge = (beside, wire.begin if held_at_start else wire.finish)


def _stacked(boxes: Sequence[Placed], top: float) -> float:
    """Place boxes below each other; return where the last one ends."""
    y = top
    for p in boxes:
        p.y = y
        y += p.height + _SPACE
    return y - _SPACE if boxes else top
