"""Clock travel for notebooks: a simulated stretch of time, as table and picture, in days since its beginning."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pandas as pd

from pkikit.view.drawing import Picture
from simulator.travel.timeline import Timeline, live_through
from workbook.session import LabSession


def live(session: LabSession, days: float) -> Timeline:
    """Let the lab's clock run that far; what is due in between happens. The lab stays at the end."""
    return session.threaded.run(partial(live_through, session.threaded.lab, timedelta(days=days)))


def happenings(lived: Timeline, *kinds: str) -> pd.DataFrame:
    """Return what happened, in days since the beginning; of these kinds, or of all."""
    rows = [
        {"day": round((h.at - lived.began) / timedelta(days=1)), "what": h.kind, "who": h.subject, "detail": h.detail}
        for h in lived.happenings
        if not kinds or h.kind in kinds
    ]
    return pd.DataFrame(rows, columns=["day", "what", "who", "detail"]).set_index("day")


def year_picture(session: LabSession, lived: Timeline) -> Picture:
    """Return when connections were up and down, over calendar dates; the same in words."""
    return lived.picture(session.deployment.name)
