"""Banners: what a page says at its top about the action before it. They survive one redirect, per session.

Source: administrator guide X15.0, 'Web Page Features and Layout' (information bar).
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pkikit.rules.trust_rules import TRUST_LIST_CHANGE
from simulator.web.doorkeeper import MAX_SESSIONS, Session

_MOST = 5  # banners of one page


class Tone(enum.StrEnum):
    """How a banner looks."""

    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Banner:
    """One banner.

    Attributes:
        text: a sentence.
        tone: success, warning or error.
        lines: a list below the sentence.
        links: (address, label) of pages that help.
        remark: how certain the sentence is, and by which document.
    """

    text: str
    tone: Tone = Tone.SUCCESS
    lines: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    remark: str = ""


RESTART_OPTIONS = ("/restartoptions", "Restart options")
TRUST_CHANGED = Banner(
    tone=Tone.WARNING,
    text=TRUST_LIST_CHANGE,
    links=(RESTART_OPTIONS,),
    remark="The MRA guides X12.5 and X15.0 ask for a restart after a change of the "
    "trusted CA list. The certificate guide does not, and no alarm does.",
)


def restart_required(what: str) -> Banner:
    """Return the banner about something that is used only after a restart."""
    return Banner(tone=Tone.WARNING, text=f"Restart the Expressway to use the new {what}.", links=(RESTART_OPTIONS,))


CLIENT_CHANGED = replace(
    restart_required("client certificate"),
    remark="No document says whether a changed client certificate needs a restart. The lab treats it like a server certificate.",
)


class BannerBoard:
    """Keeps the banners of each session until its next page."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[Banner, ...]] = OrderedDict()

    def put(self, session: Session, banners: Iterable[Banner]) -> None:
        """Keep banners for the next page of a session."""
        waiting = (*self._waiting.pop(session.csrf, ()), *banners)[-_MOST:]
        self._waiting[session.csrf] = waiting
        while len(self._waiting) > MAX_SESSIONS:
            self._waiting.popitem(last=False)

    def take(self, session: Session) -> tuple[Banner, ...]:
        """Return what waits for a session, and forget it."""
        return self._waiting.pop(session.csrf, ())
