"""Handshakes and orders as ladders: what the theatre and the sequence player draw. Values in, pictures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.trace import Side
from pkikit.model.world import World
from pkikit.view.drawing import Picture
from simulator.peer.acme.order_run import RunStep
from simulator.wire.theatre import Flight, Play, perform
from workbook.html import PanelOutput
from workbook.models.ladder import Arrow, ladder, ladder_text, refuses
from workbook.session import LabSession

# The version of the guide's five steps, today's 1.2, and 1.3.
VERSIONS = {
    "TLS 1.2, RSA key exchange": TlsRange(highest=TlsVersion.TLS_1_2, suites="AES256-GCM-SHA384"),
    "TLS 1.2": TlsRange(highest=TlsVersion.TLS_1_2),
    "TLS 1.3": TlsRange(lowest=TlsVersion.TLS_1_3),
}
_CA = "public CA"


def performance(session: LabSession, leg_id: str, version: str = "TLS 1.3") -> Play:
    """Return one leg's handshake in slow motion, in the current world."""
    return play_of(session.world, session, leg_id, version)


def play_of(world: World, session: LabSession, leg_id: str, version: str) -> Play:
    """Return the same in another world."""
    leg = next(leg for leg in session.threaded.legs if leg.id == leg_id)
    return perform(leg, world, session.at, VERSIONS[version])


def arrows_of(play: Play) -> tuple[Arrow, ...]:
    """Return each flight as an arrow from its sender; if nothing is sent, it stays on its side."""
    names = {Side.CLIENT: play.leg.client, Side.SERVER: play.leg.server}
    return tuple(_arrow(flight, names) for flight in play.flights)


def _arrow(flight: Flight, names: dict[Side, str]) -> Arrow:
    other = Side.SERVER if flight.side is Side.CLIENT else Side.CLIENT
    bad = any(map(refuses, flight.decided))
    return Arrow(
        sender=names[flight.side],
        receiver=names[other] if flight.records else names[flight.side],
        label=flight.title if flight.records else "",
        notes=flight.decided,
        bad=bad,
    )


def render_theatre(play: Play, step: int) -> PanelOutput:
    """Show the ladder up to a step, and that step's bytes; the same in words."""
    arrows = arrows_of(play)
    step = max(0, min(step, len(arrows) - 1))
    title = f"{play.leg.client} dials {play.leg.server}"
    drawn = ladder((play.leg.client, play.leg.server), arrows, title, current=step)
    flight = play.flights[step]
    bytes_ = "".join(
        f"<p><b>{escape(str(r))}</b>, {r.length} bytes on the wire<br><span class='bytes'>{r.head} …</span></p>"
        for r in flight.records
    )
    words = ladder_text(arrows[: step + 1])
    told = f"Step {step + 1} of {len(arrows)}: {play.protocol or 'no protocol yet'}, {play.trace.outcome.value} in the end."
    return PanelOutput(
        html=f"<p>{escape(told)}</p>{drawn}{bytes_ or '<p>Nothing is sent.</p>'}", text=f"{told}\n{words}"
    )


def theatre_picture(play: Play) -> Picture:
    """Return the whole ladder, for a notebook's output."""
    arrows = arrows_of(play)
    title = f"{play.leg.client} dials {play.leg.server}"
    return Picture(svg=ladder((play.leg.client, play.leg.server), arrows, title), text=ladder_text(arrows))


def messages_by_version(session: LabSession, leg_id: str) -> pd.DataFrame:
    """Return, flight by flight, what each side sends under each version of TLS."""
    plays = {name: performance(session, leg_id, name) for name in VERSIONS}
    columns = {name: [f"{f.side.value}: {f.title}" for f in play.flights if f.records] for name, play in plays.items()}
    rows = max(len(column) for column in columns.values())
    padded = {name: [*column, *[""] * (rows - len(column))] for name, column in columns.items()}
    return pd.DataFrame(padded, index=pd.RangeIndex(1, rows + 1, name="flight"))


@dataclass(frozen=True, kw_only=True)
class OrderSequence:
    """An order as arrows between the peer that orders, the CA, and every peer's port 80."""

    actors: tuple[str, ...]
    arrows: tuple[Arrow, ...]


def order_sequence(steps: Sequence[RunStep], peer: str, peers: Sequence[str]) -> OrderSequence:
    """Return what an order did, as arrows in the order in which it happened."""
    actors = (peer, _CA, *(p for p in peers if p != peer))
    return OrderSequence(actors=actors, arrows=tuple(a for step in steps for a in _arrows(step, peer, actors)))


def _arrows(step: RunStep, peer: str, actors: tuple[str, ...]) -> list[Arrow]:
    label = f"{step.what}: {step.name} {step.state}".replace(":  ", ": ")
    bad = step.state in {"invalid", "failed"}
    if step.what == "virtual host":
        return [Arrow(sender=peer, receiver=name.strip() if name.strip() in actors else peer,
                      label=f"virtual host {step.state}") for name in step.name.split(",")]  # fmt: skip
    if step.state == "fetched":
        source = step.detail.split(",")[0].removeprefix("from ").strip()
        return [Arrow(sender=_CA, receiver=source if source in actors else peer, label=f"GET the file for {step.name}")]
    if step.state == "placed":
        return [Arrow(sender=peer, receiver=other, label=f"file for {step.name}")
                for other in actors if other != _CA and other in step.detail]  # fmt: skip
    if step.what in {"account", "request"}:
        return [Arrow(sender=peer, receiver=_CA, label=label, bad=bad)]
    return [Arrow(sender=_CA, receiver=peer, label=label, notes=(step.detail[:58],) if bad else (), bad=bad)]


def render_sequence(sequence: OrderSequence, step: int) -> PanelOutput:
    """Show the ladder of an order up to a step; the same in words."""
    arrows = sequence.arrows
    step = max(0, min(step, len(arrows) - 1))
    drawn = ladder(sequence.actors, arrows, "an ACME order", current=step)
    return PanelOutput(html=f"<p>Step {step + 1} of {len(arrows)}</p>{drawn}", text=ladder_text(arrows[: step + 1]))
