"""ACME, renewal and the end of clientAuth for notebooks: what happened, as tables that are the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from pkikit.errors import PkikitError
from pkikit.judge.legs.sunset import LegAudit, Status, audit
from pkikit.model.findings import Verdict
from simulator.face.picture import Picture
from simulator.peer.acme.order_run import RunStep
from simulator.travel.renewal_years import Renewals, compare
from simulator.travel.sunset_stages import Sunset
from workbook.session import LabSession
from workbook.tables.render import without_tokens

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

    Returns how many times it tried on each day, and how it ended. The times of a day are random, so they are not shown.
    """
    acme, rows = session.start_acme(), []
    began = session.at
    while (due := acme.due(peer)) is not None and due < began + timedelta(days=days):
        session.travel((due - session.at) / timedelta(days=1) + 1e-5)
        last = session.peer(peer).state.acme.last
        assert last is not None  # it was due
        rows.append({"day": last.at.date(), "ended": "failed" if last.failures else "signed"})
        if not last.failures:
            break
    frame = pd.DataFrame(rows, columns=["day", "ended"])
    counted = frame.groupby(["day", "ended"], sort=True).size().rename("tries").reset_index()
    return counted.assign(day=counted["day"].rank(method="dense").astype(int)).set_index("day")


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
    """Return the legs that changed over time, up or down, in days; the same in words."""
    time = lived.timeline
    changed = {leg: spans for leg, spans in time.spans.items() if len(spans) > 1}
    told = [f"{h.at:%Y-%m-%d}: {h.subject} {h.kind.removeprefix('leg ')}, {h.detail}" for h in time.happenings
            if h.kind.startswith("leg ")]  # fmt: skip
    return Picture(svg=replace(time, spans=changed).svg(lived.deployment), text="\n".join(sorted(told)))


def years_picture(years: Renewals) -> Picture:
    """Return a lane for each year with a gap at each restart; the same in words."""
    told = [f"{y.lifetime_days:g} days by {y.by}: {y.renewals} renewals, {y.restarts} restarts, "
            f"{y.interrupted} connections interrupted" for y in years.years]  # fmt: skip
    return Picture(svg=years.svg(), text="\n".join(told))


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
