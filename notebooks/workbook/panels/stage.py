"""Handshakes and orders as sequences: what the theatre and the ACME player show. Values in, pictures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

import pandas as pd

from pkikit.design.legs import legs_of
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.model.world import World
from pkikit.view.drawing import LegendEntry, Picture
from pkikit.view.short_names import ShortNames
from simulator.connections.play_log import PlayLog
from simulator.peer.acme.order_run import RunStep
from simulator.wire.theatre import Play, perform
from workbook.html import PanelOutput
from workbook.models.ladder import ladder
from workbook.models.order_view import order_rows
from workbook.models.play_view import note_of, rows_of, step_html, step_text, step_title
from workbook.models.sequence import Row, sequence, sequence_text
from workbook.session import LabSession

# The version of the guide's five steps, today's 1.2, and 1.3.
VERSIONS = {
    "TLS 1.2, RSA key exchange": TlsRange(highest=TlsVersion.TLS_1_2, suites="AES256-GCM-SHA384"),
    "TLS 1.2": TlsRange(highest=TlsVersion.TLS_1_2),
    "TLS 1.3": TlsRange(lowest=TlsVersion.TLS_1_3),
}
CA = "public CA"


def performance(session: LabSession, leg_id: str, version: str = "TLS 1.3") -> Play:
    """Return one connection's handshake in slow motion, in the current world."""
    return play_of(session.world, session, leg_id, version)


def play_of(world: World, session: LabSession, leg_id: str, version: str) -> Play:
    """Return the same in another world."""
    return play_at(world, leg_id, session.at, session.threaded.plan.by_name, version)


def play_at(world: World, leg_id: str, at: datetime, addresses: Mapping[str, str], version: str) -> Play:
    """Return the same without a session: at any time, with the addresses of the machines."""
    legs = legs_of(world.deployment)
    leg = next(leg for leg in legs if leg.id == leg_id)
    short = ShortNames(legs).short
    names = short[leg.client], short[leg.server]
    return perform(leg, world, at, VERSIONS[version], log=PlayLog(leg, world, at, addresses), names=names)


def titles_of(play: Play) -> list[str]:
    """Return what happens in each step, on one line each."""
    return [step_title(play, step) for step in play.steps]


def render_theatre(play: Play, step: int) -> PanelOutput:
    """Show a step: what is sent, decoded, and where both machines are; below it, the sequence so far. The same in words."""
    step = max(0, min(step, len(play.steps) - 1))
    rows = rows_of(play)
    actors = [(play.names[0], play.leg.client), (play.names[1], play.leg.server)]
    told = _heading(play)
    last = len(rows) - 1
    drawn = sequence(actors, rows[:last], told, current=min(step, last - 1) if step < last else None)
    note = (f"<p>{escape(note_of(play))}</p>" if note_of(play) else "") + ("" if play.is_ssh else _legend(play))
    return PanelOutput(
        html=f"{step_html(play, step)}{note}{drawn}",
        text="\n".join(filter(None, (told, note_of(play), step_text(play, step)))),
    )


def _heading(play: Play) -> str:
    how = "SSH tunnel" if play.is_ssh else play.protocol.replace("TLSv", "TLS ") or "handshake not completed"
    return f"{play.leg.client} dials {play.leg.server}: {how}"


def _legend(play: Play) -> str:
    client, server = map(escape, play.names)
    return (
        f'<p class="lab-drawing lab-legend"><span class="open"></span> Dashed: everyone on the way can read it. '
        f'<span class="sealed"></span> Solid: encrypted, only {client} and {server} can read it. '
        "Open a message to see its decode.</p>"
    )


def theatre_picture(play: Play) -> Picture:
    """Return the whole sequence as a drawing, for a notebook's output; the same in words."""
    rows = rows_of(play, details=False)
    ends = rows[-1]
    samples = [
        LegendEntry(text="everyone on the way can read it", colour="warn", dashed=True),
        LegendEntry(text="encrypted: only the two machines can read it", colour="core"),
    ]
    # Log lines have times and ports; a drawing that is compared with a saved one leaves them to the panel.
    shown = [
        Row(sender=r.sender, receiver=r.receiver, label=r.label, bad=r.bad, open_to_all=r.open_to_all)
        for r in rows[:-1]
    ]
    end = f"{'✘' if ends.bad else '✔'} {ends.label}"
    heading = _heading(play)
    canvas = ladder(play.names, shown, heading, [] if play.is_ssh else samples, end=end, good=not ends.bad)
    text = f"{heading}\n{sequence_text(shown)}\n{end}"
    return Picture(svg=canvas.svg, text="\n".join(filter(None, (text, note_of(play)))))


def messages_by_version(session: LabSession, leg_id: str) -> pd.DataFrame:
    """Return, flight by flight, what somebody on the way can see under each version of TLS."""
    plays = {name: performance(session, leg_id, name) for name in VERSIONS}
    columns = {name: [f"{f.side.value}: {f.title}" for f in play.flights if f.records] for name, play in plays.items()}
    rows = max(len(column) for column in columns.values())
    padded = {name: [*column, *[""] * (rows - len(column))] for name, column in columns.items()}
    return pd.DataFrame(padded, index=pd.RangeIndex(1, rows + 1, name="flight"))


@dataclass(frozen=True, kw_only=True)
class OrderSequence:
    """An order as rows between the peer that orders, the CA, and every peer's port 80. actors: (short name, full name)."""

    actors: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def order_sequence(steps: Sequence[RunStep], peer: str, peers: Sequence[str]) -> OrderSequence:
    """Return what an order did, in the order in which it happened, grouped into phases."""
    others = [p for p in peers if p != peer]
    short = {fqdn: fqdn.partition(".")[0] for fqdn in (peer, *others)}
    short = short if len(set(short.values())) == len(short) else {fqdn: fqdn for fqdn in short}
    actors = ((short[peer], peer), (CA, "the certificate authority"), *((short[p], p) for p in others))
    return OrderSequence(actors=actors, rows=order_rows(steps, peer, short, CA))


def render_sequence(order: OrderSequence, step: int) -> PanelOutput:
    """Show an order up to a step; the same in words."""
    step = max(0, min(step, len(order.rows) - 1))
    drawn = sequence(order.actors, order.rows, "an ACME order", current=step)
    return PanelOutput(html=drawn, text=sequence_text(order.rows[: step + 1]))
