"""The handshakes of a ticket in slow motion: as they are now, and as they were when the ticket was opened."""

from __future__ import annotations

from simulator.wire.theatre import Play
from workbook.course.clinic_session import ClinicSession
from workbook.panels.stage import play_at


def play(session: ClinicSession, leg_id: str, *, broken: bool = False) -> Play:
    """Return the handshake of a connection, with TLS 1.3.

    Args:
        session: the open ticket.
        leg_id: the connection.
        broken: as it was when the ticket was opened, instead of now.
    """
    lab = session.live.lab
    world, at = (session.broken, session.broken_at) if broken else (lab.world, lab.clock.now())
    return play_at(world, leg_id, at, lab.plan.by_name, "TLS 1.3")
