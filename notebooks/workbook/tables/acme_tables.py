"""ACME, renewal and the end of clientAuth for notebooks: what happened, as tables that are the same in every run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from pkikit.errors import PkikitError
from pkikit.judge.legs.sunset import LegAudit, Status, audit
from pkikit.model.findings import Verdict
from pkikit.view.drawing import Picture
from simulator.events import RESTARTED
from simulator.peer.acme.order_run import RunStep
from simulator.travel.renewal_years import Renewals, compare
from simulator.travel.sunset_stages import Sunset
from workbook.session import LabSession
from workbook.tables.render import without_tokens

_LONGEST_WAIT = 120.0  # seconds
_YEAR_BEGINS = datetime(2027, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class ActionResult:
    """How something ended: done, or refused with one sentence."""

    done: bool
    sentence: str

    def __repr__(self) -> str:
        return f"{'✔' if self.done else '✘'} {self.sentence}"


def outcome(call: Callable[..., Any], *arguments: Any, **named: Any) -> ActionResult:
    """Do something that may be refused, and return how it ended instead of failing."""
    try:
        call(*arguments, **named)
    except PkikitError as error:
        return ActionResult(done=False, sentence=without_tokens(str(error)))
    return ActionResult(done=True, sentence="done")


def acme_story(session: LabSession, peer: str) -> pd.DataFrame:
    """Return the last order of a peer, step by step as in RFC 8555; steps that happened side by side get a fixed order."""
    steps = session.start_acme().steps(peer)
    rows = [("account", "", _states(steps, "account"), "")]
    hosts = [s for s in steps if s.what == "virtual host" and s.state == "opened"]
    rows.append(("virtual host", ", ".join(s.name for s in hosts), "opened", "port 80, challenge files only"))
    rows.append(("order", "", "pending", f"{len(_names(steps))} names to prove"))
    for name in _names(steps):
        of_name = [s for s in steps if s.name == name]
        placed = next((s.detail for s in of_name if s.state == "placed"), "nowhere")
        rows.append(("challenge file", name, "placed", placed))
        fetched = sorted({s.detail.split(",")[0].removeprefix("from ") for s in of_name if s.state == "fetched"})
        rows.append(
            (
                "challenge file",
                name,
                "fetched" if fetched else "not fetched",
                f"from {', '.join(fetched)}" if fetched else "",
            )
        )
        last = [s.state for s in of_name if s.what == "authorization"][-1:]
        rows.append(("authorisation", name, last[0] if last else "none", ""))
    for what, state in (("order", "ready"), ("request", "sent"), ("order", "valid"), ("certificate", "downloaded"),
                        ("virtual host", "closed"), ("certificate", "pending"), ("order", "failed")):  # fmt: skip
        found = [s for s in steps if (s.what, s.state) == (what, state)]
        if found:
            named = ", ".join(s.name for s in found if s.name)
            rows.append((what, named, state, "" if state in {"closed", "failed"} else found[-1].detail))
    table = pd.DataFrame(rows, columns=["what", "name", "state", "detail"])
    return table.set_index("what")


def _names(steps: tuple[RunStep, ...]) -> list[str]:
    return sorted({s.name for s in steps if s.what == "authorization"})


def _states(steps: tuple[RunStep, ...], what: str) -> str:
    return ", ".join(s.state for s in steps if s.what == what)


def objections(verdict: Verdict) -> pd.DataFrame:
    """Return what a CA would object to, name by name; empty if there is nothing."""
    rows = [
        {"rule": f.rule, "about": e.label, "expected": e.expected, "found": _kind_of(e.seen)}
        for f in verdict.errors
        for e in f.evidence
    ]
    return pd.DataFrame(rows, columns=["rule", "about", "expected", "found"]).set_index("rule")


def _kind_of(seen: str) -> str:
    """Return the kind of an address, because addresses differ from machine to machine."""
    return ", ".join("another address" if part.strip()[:4] in {"127.", "::1"} else part for part in seen.split(", "))


def attempts(session: LabSession, peer: str, days: int) -> pd.DataFrame:
    """Move time forward from one opportunity of the automatic service to the next, at most that far, until it signs.

    Returns how the tries ended, and how many there were at most on one day. Their times are random, so they are not shown.
    """
    acme, began = session.start_acme(), session.at
    tries: Counter[tuple[str, date]] = Counter()
    while (due := acme.due(peer)) is not None and due < began + timedelta(days=days):
        session.travel((due - session.at) / timedelta(days=1) + 1e-5)
        last = session.peer(peer).state.acme.last
        assert last is not None  # it was due
        tries["failed" if last.failures else "signed", last.at.date()] += 1
        if not last.failures:
            break
    rows = [(ended, max(n for (how, _), n in tries.items() if how == ended)) for ended in sorted({e for e, _ in tries})]
    return pd.DataFrame(rows, columns=["ended", "most tries a day"]).set_index("ended")


@dataclass(frozen=True)
class HeldConnections:
    """What a change did to the connections that were up: how many were held, which went down, and how often a peer restarted."""

    held: int
    dropped: tuple[str, ...]
    restarts: int

    def __repr__(self) -> str:
        return f"{self.held} connections held, {len(self.dropped)} went down, {self.restarts} restarts"


def hold_over(session: LabSession, change: Callable[..., Any], *arguments: Any) -> HeldConnections:
    """Hold every SIP connection, make a change, and look again when each has answered twice more or came up again."""
    lab = session.threaded
    lab.hold()
    before = {name: (link.dialled, link.kept_alive) for name, link in lab.links.items()}
    seen = lab.events.last
    change(*arguments)

    def settled() -> bool:
        return all(
            link.active and (link.dialled > before[name][0] or link.kept_alive >= before[name][1] + 2)
            for name, link in lab.links.items()
        )

    limit = time.monotonic() + _LONGEST_WAIT
    while not settled() and time.monotonic() < limit:
        time.sleep(0.05)
    dropped = tuple(name for name, link in lab.links.items() if link.dialled > before[name][0])
    restarts = sum(event.kind == RESTARTED for event in lab.events.since(seen))
    return HeldConnections(held=len(before), dropped=dropped, restarts=restarts)


def renewal_years(session: LabSession, *lifetimes: float) -> Renewals:
    """Simulate a year by ACME and by upload for each lifetime (days); always 2027, so every run gives the same."""
    return session.threaded.run(partial(compare, session.deployment, lifetimes, at=_YEAR_BEGINS))


def ways_out(lived: Sunset) -> pd.DataFrame:
    """Return each stage of the sunset: legs up, what a way out restores, what stays down, and the work that it needs."""
    rows = [
        {
            "stage": s.title,
            "legs up": f"{len(s.report.legs) - len(s.down)} of {len(s.report.legs)}",
            "restores": f"{len(s.restores)} legs" if s.before else "",
            "tunnels down": sum(leg.startswith("tunnel:") for leg in s.down),
            "services down": ", ".join(dict.fromkeys(name.partition(" at ")[0] for name in s.services_down)),
            "takes": s.takes,
        }
        for s in lived.stages
    ]
    return pd.DataFrame(rows).set_index("stage")


def sunset_picture(lived: Sunset) -> Picture:
    """Return the connections that changed, up or down, over calendar dates; the same in words."""
    return lived.timeline.picture(lived.deployment, changed=True)


def years_picture(years: Renewals) -> Picture:
    """Return a lane for each year with a tick at each restart, over calendar dates; the same in words."""
    return years.picture()


def audit_table(session: LabSession) -> pd.DataFrame:
    """Run `pkikit eku-audit` for the certificates in use: mutual legs, whether they will fail, and which ways out work."""
    lab = session.threaded
    held = {fqdn: p.credential.leaf for fqdn, p in lab.world.parties.items() if p.credential is not None}
    return _audit(audit(session.deployment, held, at=lab.clock.now()))


_FAILS = {Status.FAILS: "yes", Status.KEEPS: "no", Status.NOT_ASSESSED: "not assessed"}


def _audit(legs: tuple[LegAudit, ...]) -> pd.DataFrame:
    rows = [
        {
            "leg": leg.leg.id,
            "fails": _FAILS[leg.status],
            "ways out that work": ", ".join(r.id for r in leg.remedies if r.works),
        }
        for leg in legs
    ]
    return pd.DataFrame(rows).set_index("leg")
