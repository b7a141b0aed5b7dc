"""ACME, renewal, and the end of clientAuth for notebooks: what happened, as tables that are the same in every run."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from pkikit.errors import PkikitError
from pkikit.judge.legs.client_auth_end import client_auth_ends
from pkikit.judge.legs.sunset import LegAudit, Status, audit
from pkikit.model.findings import Verdict
from pkikit.model.leg import Leg
from pkikit.text import counted
from pkikit.view.drawing import Picture
from pkikit.view.short_names import ShortNames
from simulator.events import RESTARTED
from simulator.peer.acme.order_run import RunStep
from simulator.travel.renewal_years import Renewals, compare
from simulator.travel.sunset_stages import Stage, Sunset, live_through_sunset
from workbook.session import LabSession
from workbook.tables.render import without_tokens
from workbook.tables.sentences import Lines

_LONGEST_WAIT = 120.0  # seconds
_ADDRESS = re.compile(r" \((?:127\.|::1)[^)]*\)")
_YEAR_BEGINS = datetime(2027, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class ActionResult:
    """How something ended: done, or refused with one sentence."""

    done: bool
    sentence: str

    def __repr__(self) -> str:
        return f"{'✔' if self.done else '✘'} {self.sentence}"


def _short_host(fqdn: str) -> str:
    """Return the first label of a machine's name. Rows put machines together, so no short name has to be unique."""
    return fqdn.partition(".")[0]


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
    rows.append(("virtual host", ", ".join(s.name for s in hosts), "opened", "port 80, only for challenge files"))
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
    """Return what a CA would object to, and how to fix it; without addresses, which differ from machine to machine."""
    rows = [{"rule": f.rule, "problem": _ADDRESS.sub("", f.message), "fix": f.fix} for f in verdict.errors]
    return pd.DataFrame(rows, columns=["rule", "problem", "fix"]).set_index("rule")


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
    return pd.DataFrame(rows, columns=["result", "attempts per day (at most)"]).set_index("result")


@dataclass(frozen=True)
class HeldConnections:
    """What a change did to the open connections: how many there were, which went down, and how often a peer restarted."""

    held: int
    dropped: tuple[str, ...]
    restarts: int

    def __repr__(self) -> str:
        return (
            f"{counted(len(self.dropped), 'connection')} of {self.held} went down. "
            f"{counted(self.restarts, 'restart').capitalize()}."
        )


def hold_over(session: LabSession, change: Callable[..., Any], *arguments: Any) -> HeldConnections:
    """Keep every SIP connection open, make a change, and look again when each has answered twice more or came up again."""
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


def renewal_table(years: Renewals) -> pd.DataFrame:
    """Return a row for each simulated year: renewals, restarts, and connections that a restart interrupted."""
    rows = [
        {
            "certificate lifetime": f"{year.lifetime_days:g} days",
            "renewed by": year.by.replace("acme", "ACME"),
            "renewals": year.renewals,
            "restarts": year.restarts,
            "connections interrupted": year.interrupted,
            "expired in use": year.expired,
        }
        for year in years.years
    ]
    return pd.DataFrame(rows).set_index("certificate lifetime")


def alarms(session: LabSession, peer: str, begins: str = "") -> Lines:
    """Return the titles of a peer's alarms; begins: only those that begin so."""
    return Lines(alarm.title for alarm in session.peer(peer).alarms() if alarm.title.startswith(begins))


def rehearse_sunset(session: LabSession) -> Sunset:
    """Simulate the end of clientAuth for the deployment of a lab, then every option; each on real handshakes."""
    return session.threaded.run(live_through_sunset, session.deployment)


def sunset_dates(lived: Sunset) -> pd.DataFrame:
    """Return what happened on which day, in one row for each kind of event."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for happening in lived.timeline.happenings:
        event = happening.kind.split()[-1]
        if event in _EVENTS:
            grouped.setdefault((f"{happening.at:%Y-%m-%d}", event), []).append(happening.subject)
    rows = []
    for (day, event), subjects in grouped.items():
        machines = "" if event in {"down", "up"} else ", ".join(sorted(_short_host(fqdn) for fqdn in set(subjects)))
        rows.append((day, _EVENTS[event].format(counted(len(subjects), "connection")), machines))
    return pd.DataFrame(rows, columns=["date", "what happens", "where"]).set_index("date")


_EVENTS = {
    "renewal": "the CA signs a renewed certificate",
    "deployment": "the peer deploys the renewed certificate",
    "restart": "the peer restarts",
    "down": "{0} go down",
    "up": "{0} come up again",
}


def compare_options(lived: Sunset, *stages: str) -> pd.DataFrame:
    """Return what each option takes, what it brings back, and what stays down.

    Args:
        lived: what the lab simulated.
        stages: ids of the stages to compare; none for the options after the renewal.
    """
    rows = [
        {
            "option": s.title,
            "what it takes": s.takes,
            "up": f"{len(s.report.legs) - len(s.down)} of {len(s.report.legs)}",
            "brings back": len(s.restores),
            "takes down": len(s.breaks) if s.before else "",
            "services down": ", ".join(dict.fromkeys(_service(name) for name in s.services_down)),
        }
        for s in _chosen(lived, stages)
    ]
    return pd.DataFrame(rows).set_index("option")


ways_out = compare_options


def connections_by_option(lived: Sunset, *stages: str) -> pd.DataFrame:
    """Return the state of each group of connections, with a column for each option; groups that never go down are left out."""
    chosen = _chosen(lived, stages)
    groups: dict[str, list[str]] = {}
    for leg in lived.stages[0].report.legs:
        groups.setdefault(_group_title(leg.leg), []).append(leg.leg.id)
    down = {s.id: set(s.down) for s in chosen}
    known = {s.id: {leg.leg.id for leg in s.report.legs} for s in chosen}
    rows = {
        f"{title} ({len(ids)})": {s.title: _state_of(ids, known[s.id], down[s.id]) for s in chosen}
        for title, ids in groups.items()
        if any(leg in down[s.id] for s in chosen for leg in ids)
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index.name = "connections"
    return frame


def _chosen(lived: Sunset, stages: tuple[str, ...]) -> list[Stage]:
    renewed = lived.stage("renewed").report
    return [s for s in lived.stages if (s.id in stages if stages else s.before is renewed)]


def _service(text: str) -> str:
    name = text.partition(" at ")[0]
    return {"mra": "MRA", "b2b": "calls to partners", "web-proxy": "web proxy for meetings"}.get(name, name)


def _group_title(leg: Leg) -> str:
    """Return `e → sip.partner (partner zone)`: the peers of a cluster and numbered servers together."""
    client, server = (_NUMBER.sub("", _short_host(fqdn)) for fqdn in (leg.client, leg.server))
    return f"{client} → {server} ({ShortNames([leg]).carries(leg)})"


_NUMBER = re.compile(r"\d+$")


def _state_of(ids: list[str], known: set[str], down: set[str]) -> str:
    """Return the state of some connections in one stage, in a word."""
    lost = [leg for leg in ids if leg in down]
    if not lost:
        return "✔ up" if known.intersection(ids) else "✔ not needed"
    return "✘ down" if len(lost) == len(ids) else f"✘ {len(lost)} down"


def sunset_picture(lived: Sunset) -> Picture:
    """Return the connections that changed, up or down, over calendar dates; the same in words."""
    return lived.timeline.picture(lived.deployment, changed=True)


def years_picture(years: Renewals) -> Picture:
    """Return a lane for each year with a tick at each restart, over calendar dates; the same in words."""
    return years.picture()


def audit_table(session: LabSession) -> pd.DataFrame:
    """Run `pkikit eku-audit` for the certificates in use: each mutual connection, and whose certificate needs clientAuth."""
    rows = [
        {
            "leg": leg.leg.id,
            "certificate of": _short_host(leg.presenter),
            "fails": _FAILS[leg.status],
            "options that work": ", ".join(r.id for r in leg.remedies if r.works),
        }
        for leg in _audited(session)
    ]
    return pd.DataFrame(rows).set_index("leg")


def client_auth_needs(session: LabSession) -> pd.DataFrame:
    """Return whose certificate needs clientAuth, on which connections, and whether one of them fails today."""
    groups: dict[str, list[LegAudit]] = {}
    for leg in _audited(session):
        groups.setdefault(_group_title(leg.leg), []).append(leg)
    rows = [
        {
            "connections": title,
            "how many": len(found),
            "certificate of": ", ".join(sorted({_short_host(leg.presenter) for leg in found})),
            "fail today": ", ".join(dict.fromkeys(_FAILS[leg.status] for leg in found)),
        }
        for title, found in groups.items()
    ]
    return pd.DataFrame(rows).set_index("connections")


_FAILS = {Status.FAILS: "yes", Status.KEEPS: "no", Status.NOT_ASSESSED: "not assessed"}


def _audited(session: LabSession) -> tuple[LegAudit, ...]:
    lab = session.threaded
    in_use = {fqdn: p.credential.leaf for fqdn, p in lab.world.parties.items() if p.credential is not None}
    at = lab.clock.now()
    return audit(session.deployment, client_auth_ends(in_use, at), at=at)
