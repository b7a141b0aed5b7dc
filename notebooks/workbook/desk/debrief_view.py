"""The debrief of a ticket: verdict, looks, red herrings, points, and the decisive handshake, broken and now, side by side."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from simulator.wire.theatre import Play
from workbook.course.clinic_session import ClinicSession
from workbook.desk.replay import play
from workbook.panels.slider import Slider
from workbook.panels.stage import render_theatre
from workbook.tables.clinic_tables import debrief_html


class DebriefView(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """What a player reads at the end. One slider moves both handshakes."""

    def __init__(self, session: ClinicSession) -> None:
        debrief = session.desk.debrief()
        self.told = widgets.HTML(f"<h4>Debrief</h4>{debrief_html(debrief)}")
        self.broken, self.now = widgets.HTML(), widgets.HTML()
        self._plays: tuple[Play, ...] = ()
        parts: list[widgets.Widget] = [self.told]
        replay = debrief.replay
        if replay is not None:
            self._plays = (play(session, replay.leg, broken=True), play(session, replay.leg))
            self._states = ("When the ticket was opened", "Now: up" if replay.up else "Now: still down")
            head = widgets.HTML(
                f"<h4>Replay: {escape(replay.connection)}</h4><p>Both handshakes step by step, decrypted.</p>"
            )
            most = max(len(played.steps) for played in self._plays)
            self.step = Slider(description="Step of both", value=1, min=1, max=most)
            self.step.observe(self._draw, names="value")
            pair = widgets.HBox([self.broken, self.now])
            pair.add_class("desk-two")
            parts += [head, self.step, pair]
            self._draw()
        super().__init__(parts)

    def _draw(self, _: object = None) -> None:
        for html, played, state in zip((self.broken, self.now), self._plays, self._states, strict=True):
            shown = render_theatre(played, min(self.step.value, len(played.steps)) - 1)
            # Each part of a page has a name of its own.
            named = shown.whole().replace('aria-label="', f'aria-label="{escape(state)}: ')
            html.value = f"<h4>{escape(state)}</h4>{named}"
