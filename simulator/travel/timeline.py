"""A lab over time: what expires, which alarms rise, which legs go down, in the order in which it happens.

Time does not pass day by day: nothing can change between two dates in certificates and CRLs, so the clock jumps from
one to the next, does what is due (daily CRL updates), judges, and dials if a judgement changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.certificates.facts import title
from pkikit.model.leg import Leg
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.description import iso
from pkikit.view.drawing import Picture, day_text, resolved
from simulator.connections.context import Follower
from simulator.events import CERTIFICATE_DEPLOYED, CERTIFICATE_PENDING, RESTARTED
from simulator.lab.running_lab import RunningLab
from simulator.peer.alarms import WARN_BEFORE
from simulator.travel.spans_picture import spans_picture

if TYPE_CHECKING:
    import pandas as pd

MAX_DAYS = 20 * 366
_JUST_AFTER = timedelta(seconds=2)


HappeningKind = Literal["expiry", "renewal", "deployment", "restart", "alarm", "alarm over", "leg down", "leg up"]


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One event on the timeline. interrupted: how many connections a restart took down."""

    at: datetime
    kind: HappeningKind
    subject: str
    detail: str
    interrupted: int = 0

    def to_json(self) -> dict[str, str]:
        """Return one entry of `happenings`."""
        return {"at": iso(self.at), "kind": self.kind, "subject": self.subject, "detail": self.detail}


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """From `began` to `ended`; `spans` holds for each leg its states in order: (from, cause or empty)."""

    began: datetime
    ended: datetime
    happenings: tuple[Happening, ...]
    spans: dict[str, tuple[tuple[datetime, str], ...]]
    dialled: int
    legs: tuple[Leg, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Return the events as a table: at, kind, subject, detail."""
        import pandas as pd

        rows = [(h.at, h.kind, h.subject, h.detail) for h in self.happenings]
        return pd.DataFrame(rows, columns=["at", "kind", "subject", "detail"])

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim travel --json`."""
        return {
            "from": iso(self.began),
            "to": iso(self.ended),
            "happenings": [h.to_json() for h in self.happenings],
            "legs": {
                leg: [
                    {"from": iso(at), "state": "down" if cause else "up", "cause": cause or None} for at, cause in spans
                ]
                for leg, spans in self.spans.items()
            },
        }

    def picture(self, name: str, *, changed: bool = False) -> Picture:
        """Return the connections over calendar dates, those that have the same history together, and the same in words.

        Args:
            name: of the deployment.
            changed: show only those that were not always in one state.
        """
        title = f"{name}: connections from {day_text(self.began)} to {day_text(self.ended)}"
        return spans_picture(self.spans, self.legs, begin=self.began, end=self.ended, title=title, changed=changed)

    def svg(self, name: str) -> str:
        """Return the picture as SVG, for a file."""
        return resolved(self.picture(name).svg)


async def live_through(
    lab: RunningLab, span: timedelta, *, progress: Callable[[datetime], None] = lambda _: None
) -> Timeline:
    """Let the lab's clock run for `span`; the lab stays at its end."""
    walk = _Walk(lab)
    with lab.attached(walk):
        return await _live(lab, walk, span, progress)


async def _live(lab: RunningLab, walk: _Walk, span: timedelta, progress: Callable[[datetime], None]) -> Timeline:
    began = lab.clock.now()
    end = began + span
    await walk.look(began)
    while True:
        now = lab.clock.now()
        following = min((d for d in _dates(lab) if now < d + _JUST_AFTER <= end), default=end)
        at_end = following == end
        lab.clock.travel((following if at_end else following + _JUST_AFTER) - now)
        await lab.tick()
        await walk.look(lab.clock.now(), dial=at_end)
        progress(lab.clock.now())
        if at_end:
            return Timeline(
                began=began, ended=end, happenings=tuple(walk.happenings),
                spans={leg: tuple(found) for leg, found in walk.spans.items()}, dialled=walk.dialled,
                legs=tuple(lab.legs),
            )  # fmt: skip


def _dates(lab: RunningLab) -> Iterator[datetime]:
    """Return every instant at which this world can change by itself, on any party's clock."""
    world = lab.world
    offsets = {party.clock_offset for party in world.parties.values()}
    for certificate in world.known_certificates:
        ends = certificate.not_valid_after_utc
        for instant in (certificate.not_valid_before_utc, ends, ends - WARN_BEFORE):
            yield from (instant - offset for offset in offsets)
    yield from lab.dates()
    held = [crl for party in world.parties.values() for _, crl in party.held.crls]
    held += [crl for data in world.published.values() for _, crl in data.crls]
    for crl in held:
        if crl.next_update_utc is not None:
            yield from (crl.next_update_utc - offset for offset in offsets)


class _Walk(Follower):
    """Collects what changes from one look to the next."""

    name = "the timeline"

    def __init__(self, lab: RunningLab) -> None:
        self.lab = lab
        self.happenings: list[Happening] = []
        self.spans: dict[str, list[tuple[datetime, str]]] = {}
        self.dialled = 0
        self._judged: dict[str, bool] = {}
        self._alarms: set[tuple[str, str, str]] = set()
        self._expired: set[str] = set()
        self._seen = lab.events.last

    async def look(self, at: datetime, *, dial: bool = False) -> None:
        """Look for expiries and alarms; if the judgement of a leg changed, dial every leg."""
        self._expiries(at)
        world = self.lab.network.as_seen()
        judged = {leg.id: judge_leg(leg, world, at).accepted for leg in self.lab.legs}
        if dial or judged != self._judged:
            self._judged = judged
            self._legs(await self.lab.check(), at)
        self._watch_alarms(at)

    async def tick(self) -> None:
        """Look at what was done: certificates signed and deployed, and restarts with what they interrupted."""
        at = self.lab.clock.now()
        for event in self.lab.events.since(self._seen):
            self._seen = event.seq
            if event.kind == CERTIFICATE_PENDING:
                self._add(at, "renewal", event.party, "a certificate was signed")
            elif event.kind == CERTIFICATE_DEPLOYED:
                self._add(at, "deployment", event.party, "new connections use it; no connection went down")
            elif event.kind == RESTARTED:
                up = [r for r in self.lab.last.values() if r.up and event.party in {r.leg.client, r.leg.server}]
                detail = f"{len(up)} connections went down"
                self._add(at, "restart", event.party, detail, interrupted=len(up))

    def _expiries(self, at: datetime) -> None:
        for fqdn, party in self.lab.world.parties.items():
            now = self.lab.world.clock_of(fqdn, at)
            for certificate in (c for credential in party.credentials for c in credential.chain):
                key = f"{fqdn} {certificate.serial_number}"
                if now > certificate.not_valid_after_utc and key not in self._expired:
                    self._expired.add(key)
                    self._add(at, "expiry", fqdn, f"certificate of {title(certificate)}")

    def _legs(self, report: CheckReport, at: datetime) -> None:
        self.dialled += 1
        for leg in report.legs:
            cause = leg.causes[0] if leg.causes else "" if not leg.down else leg.outcome.value
            spans = self.spans.setdefault(leg.leg.id, [])
            if not spans or spans[-1][1] != cause:
                if spans or cause:
                    self._add(at, "leg down" if cause else "leg up", leg.leg.id, cause)
                spans.append((at, cause))

    def _watch_alarms(self, at: datetime) -> None:
        # The days that are left differ at every look; it is one alarm all the same.
        now = {(fqdn, a.title, "" if a.counts_days else a.detail)
               for fqdn, peer in self.lab.peers.items() for a in peer.alarms()}  # fmt: skip
        for fqdn, alarm, detail in sorted(now - self._alarms):
            self._add(at, "alarm", fqdn, f"{alarm}: {detail}" if detail else alarm)
        for fqdn, alarm, _ in sorted(self._alarms - now):
            self._add(at, "alarm over", fqdn, alarm)
        self._alarms = now

    def _add(self, at: datetime, kind: HappeningKind, subject: str, detail: str, *, interrupted: int = 0) -> None:
        happening = Happening(at=at, kind=kind, subject=subject, detail=detail, interrupted=interrupted)
        self.happenings.append(happening)
