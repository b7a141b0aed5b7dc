"""The topology as a picture in layers: inside network, firewall, DMZ, firewall, Internet. With a text version."""

from __future__ import annotations

from collections.abc import Callable

from pkikit.model.deployment import Deployment
from pkikit.model.parties import Side
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.drawing import (
    LINE,
    Canvas,
    LegendEntry,
    Mark,
    Picture,
    badge,
    badge_width,
    bundle,
    card,
    card_size,
    cloud,
    fit,
    legend,
    text_width,
    wall,
    wrap,
)
from pkikit.view.topology.bundles import Bundle
from pkikit.view.topology.floor_plan import MARGIN, FloorPlan, Placed, Wire, plan
from pkikit.view.topology.picture_text import describe, machine_text
from pkikit.view.topology.system_box import box_of
from pkikit.view.topology.systems import ZONES
from pkikit.view.topology.topology import Topology

_LEAST, _MOST_DOWN = 640.0, 6
_PAD = 10.0


def draw(
    deployment: Deployment,
    world: World,
    report: CheckReport | None = None,
    *,
    link: Callable[[Bundle], str] | None = None,
    machine_link: Callable[[str], str] | None = None,
    tip: Callable[[str], str] | None = None,
    script_tips: bool = False,
) -> Picture:
    """Draw the machines of a deployment and, if they were checked, which connections are up.

    link: the address behind a line. machine_link: behind a machine. tip: what is shown when the mouse is over a machine.
    script_tips: the page's script shows the tips.
    """
    topology = Topology.of(deployment, world, report)
    return draw_topology(topology, link=link, machine_link=machine_link, tip=tip, script_tips=script_tips)


def draw_topology(
    topology: Topology,
    *,
    link: Callable[[Bundle], str] | None = None,
    machine_link: Callable[[str], str] | None = None,
    tip: Callable[[str], str] | None = None,
    script_tips: bool = False,
) -> Picture:
    """Draw a topology; see `draw`."""
    drawing = _Drawing(topology, link, machine_link, tip or (lambda name: machine_text(topology, name)))
    drawing.canvas.script_tips = script_tips
    return Picture(svg=drawing.svg(), text=describe(topology))


class _Drawing:
    """One picture: places first, then from back to front."""

    def __init__(
        self,
        topology: Topology,
        link: Callable[[Bundle], str] | None,
        machine_link: Callable[[str], str] | None,
        tip: Callable[[str], str],
    ) -> None:
        self.topology, self.link, self.machine_link, self.tip = topology, link, machine_link, tip
        inner = {id(b.left): b for b in topology.bundles if b.left is b.right}
        alone, down = topology.differences.of, topology.down_by_machine
        boxes = [box_of(s, alone, topology.names.short, inner.get(id(s)), down) for s in topology.systems]
        self.plan: FloorPlan = plan(boxes, topology.bundles)
        self.canvas = Canvas(max(self.plan.width, _LEAST), self.plan.bottom, label=_label(topology))

    def svg(self) -> str:
        self._head()
        self._zones()
        for wire in self.plan.wires:
            self._line(wire)
        for placed in self.plan.boxes:
            self._box(placed)
        for wire in self.plan.wires:
            self._badge(wire)
        self.canvas.height = self._foot(self.plan.bottom + 30)
        return self.canvas.svg

    def _head(self) -> None:
        canvas, topology = self.canvas, self.topology
        version = f"Expressway {topology.deployment.version}"
        width = badge_width(topology.count)
        room = canvas.width - 2 * MARGIN - width - text_width(version, 13) - 20
        name = fit(topology.deployment.name, room, 18, bold=True)
        canvas.text(MARGIN - _PAD, 30, topology.deployment.name, size=18, bold=True, width=room)
        canvas.text(MARGIN + text_width(name, 18, bold=True), 30, version, size=13, colour="muted")
        if topology.legs:
            open_ = topology.report is None or topology.unassessed
            mark: Mark = "down" if topology.report and topology.report.down else "idle" if open_ else "up"
            badge(canvas, canvas.width - MARGIN + _PAD - width / 2, 26, topology.count, mark)

    def _zones(self) -> None:
        """Draw the zones of the network as bands, with a firewall between two of them."""
        bands: dict[str, tuple[Side, float, float]] = {}
        for side, left, right in self.plan.columns:
            first = bands.get(ZONES[side], (side, left, right))
            bands[ZONES[side]] = (side, first[1], right)
        bottom = self.plan.bottom + 12
        for name, (side, left, right) in bands.items():
            self.canvas.area(
                left - _PAD, 50, right - left + 2 * _PAD, bottom - 50, fill="zone", round_=10, kind="lab-zone"
            )
            shift = 52 if side is Side.OUTSIDE else 0
            if shift:
                cloud(self.canvas, left, 56, 44, 24)
            self.canvas.text(left + shift, 75, name, size=14, bold=True, colour=_COLOURS[side])
        for x in self.plan.walls:
            wall(self.canvas, x, 52, bottom)

    def _line(self, wire: Wire) -> None:
        with self.canvas.group("lab-bundle", tip=self._bundle_tip(wire.bundle)):
            bundle(self.canvas, wire.points, wire.bundle.mark)

    def _badge(self, wire: Wire) -> None:
        x, y = wire.badge
        self._counted(wire.bundle, x, y, wire.bundle.purpose)

    def _counted(self, shown: Bundle, x: float, y: float, label: str) -> None:
        link = self.link(shown) if self.link else ""
        with self.canvas.group("lab-count", tip=self._bundle_tip(shown), link=link):
            if label:
                self.canvas.text(x, y - 17, label, size=12, colour="muted", anchor="middle")
            badge(self.canvas, x, y, shown.count, shown.mark)

    def _bundle_tip(self, shown: Bundle) -> str:
        rows = [f"{'✔' if r.up else '✘'} {self.topology.connection(r.leg)}{_why(r.causes)}" for r in shown.reports]
        dialled = {r.leg.id for r in shown.reports}
        rows += [self.topology.connection(leg) for leg in shown.legs if leg.id not in dialled]
        return "\n".join([f"{shown.named}: {shown.count}", *rows])

    def _box(self, placed: Placed) -> None:
        box, canvas, x = placed.box, self.canvas, placed.x
        tip = "\n".join([box.system.heading, *box.system.members])
        card(
            canvas, x, placed.y, placed.width, [*box.heading, *box.lines],
            height=placed.height, stroke=box.colour, thick=1.6, fill="paper" if box.cards else "card", tip=tip,
        )  # fmt: skip
        y = placed.y + box.head_height + max((placed.height - box.head_height - box.body_height) / 2 - 4, 0)
        for name, lines in box.cards:
            link = self.machine_link(name) if self.machine_link else ""
            bad = name in self.topology.down_by_machine
            card(
                canvas, x + _PAD, y, placed.width - 2 * _PAD, lines,
                stroke="down" if bad else "border", tip=self.tip(name), link=link, name=name,
            )  # fmt: skip
            y += card_size(lines)[1] + 8
        if box.inner:
            self._counted(box.inner, x + placed.width / 2, y + 28, box.inner.inside)

    def _foot(self, y: float) -> float:
        """Write what most machines have, what is down, and the legend; return the height of the picture."""
        canvas, left = self.canvas, MARGIN - _PAD
        room = canvas.width - 2 * left
        for line in down_lines(self.topology):
            for part in wrap(line, room, 12, bold=True, most=2):
                y += LINE
                canvas.text(left, y, part, size=12, bold=True, colour="down")
        for sentence in self.topology.differences.caption:
            for line in wrap(sentence, room, 12):
                y += LINE
                canvas.text(left, y, line, size=12, colour="muted")
        if self.topology.report is None or not self.topology.bundles:
            return y + 18
        entries = [
            LegendEntry(text="all up", colour="up", mark="up"),
            LegendEntry(text="at least one down", colour="down", dashed=True, mark="down"),
        ]
        if self.topology.unassessed:
            entries.append(LegendEntry(text="not assessed, or not all of them", colour="muted", mark="idle"))
        return y + 24 + legend(canvas, left, y + 24, entries, width=room)


_COLOURS = {Side.INSIDE: "inside", Side.CORE: "inside", Side.EDGE: "edge", Side.OUTSIDE: "outside"}


def _label(topology: Topology) -> str:
    return f"Topology of {topology.title}. {topology.count}".strip()


def _why(causes: tuple[str, ...]) -> str:
    return f": {causes[0]}" if causes else ""


def down_lines(topology: Topology) -> list[str]:
    """Return what is down, a sentence for each cause and refusing machine, those of most connections first; bounded."""
    lines = [topology.refusal_text(refusal) for refusal in topology.refusals]
    more = len(lines) - _MOST_DOWN
    return lines if more <= 0 else [*lines[:_MOST_DOWN], f"and {more} more: see the text version"]
