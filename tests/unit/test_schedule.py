"""Dates of steps: lead times in parallel, windows, restarts apart, and certificates that end on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pkikit.errors import InputError
from pkikit.planning.given_change import GivenChange
from pkikit.planning.plan import Plan
from pkikit.planning.predictions import replay
from pkikit.planning.schedule import DatedPlan, Terms, dated_plan, parse_windows
from pkikit.planning.steps import Action, Owner, Precedence, Step
from pkikit.runbook.finished_plan import finish
from pkikit.worlds.issued_world import layout_of
from simulator.world.craft import DAY, craft
from tests.support.small_plan import small_plan
from tests.support.worlds import AT, C2, E1, E2, PARTNER, WorldBuilder

SLOW = Owner(name="partner", lead=14 * DAY, ours=False)  # AT is a Tuesday


def by_partner(plan: Plan) -> Plan:
    """The plan, with a partner who needs 14 days for the root."""
    slow = [replace(s, owner=SLOW) if s.machine == PARTNER else s for s in plan.change.steps]
    return replace(plan, change=replace(plan.change, steps=tuple(slow)))


def when(dated: DatedPlan, key: str) -> datetime:
    return next(step.ends for step in dated.steps if step.key == key)


def test_lead_time_of_others_runs_while_we_work() -> None:
    dated = dated_plan(by_partner(small_plan()), Terms(start=AT))
    asked = next(step for step in dated.steps if step.key == f"append-ca {PARTNER}")
    assert (asked.asked, asked.ends) == (AT, AT + 14 * DAY)
    assert when(dated, f"load {E1}") > asked.ends, "the certificate is loaded before the partner trusts its root"
    ours = [s for s in dated.steps if s.key.startswith("append-ca") and s is not asked]
    assert ours
    assert max(s.ends for s in ours) < AT + DAY, "our lists wait for the partner"
    assert dated.plan.order == tuple(step.key for step in dated.steps)
    assert dated.plan.order_exists
    assert dated.notes == ()
    assert dated.plan.predictions == replay(dated.plan.change, dated.plan.order)


def test_loads_and_restarts_are_inside_windows() -> None:
    dated = dated_plan(small_plan(), Terms(start=AT, windows=parse_windows(["Sat 22:00-02:00"])))
    load, restart = (next(s for s in dated.steps if s.key == key) for key in (f"load {E1}", f"restart {E1}"))
    saturday = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
    assert load.begins == saturday
    assert restart.begins == load.ends
    assert load.window == restart.window == "Sat 22:00-02:00"
    assert when(dated, f"append-ca {C2}") < saturday


def test_peers_of_one_cluster_restart_apart() -> None:
    plan = small_plan()
    second = Step(key=f"restart {E2}", action=Action.RESTART, machine=E2)
    first = Precedence(first=f"restart {E1}", then=second.key, why="e1 is the primary.", rule="primary-first")
    change = replace(plan.change, steps=(*plan.change.steps, second), precedences=(*plan.change.precedences, first))
    order = (*plan.order, second.key)
    plan = replace(plan, change=change, order=order, predictions=replay(change, order))
    dated = dated_plan(plan, Terms(start=AT, watch=2 * DAY))
    ends, begins = (next(s for s in dated.steps if s.key == f"restart {peer}") for peer in (E1, E2))
    assert begins.begins - ends.ends == 2 * DAY


def test_certificate_is_loaded_shortly_before_its_restart() -> None:
    """The other peer of the cluster is watched first; a loaded certificate would work after any restart."""
    plan = small_plan()
    first = Step(key=f"restart {E2}", action=Action.RESTART, machine=E2)
    change = replace(plan.change, steps=(*plan.change.steps, first))
    order = (first.key, *plan.order)
    plan = replace(plan, change=change, order=order, predictions=replay(change, order))
    windows = parse_windows(["Sat 22:00-22:12", "Sun 22:00-22:30"])
    dated = dated_plan(plan, Terms(start=AT, watch=2 * DAY, windows=windows))
    load, restart = (next(s for s in dated.steps if s.key == key) for key in (f"load {E1}", f"restart {E1}"))
    assert load.begins - when(dated, first.key) >= 2 * DAY
    assert restart.begins == load.ends
    assert load.window == restart.window == "Sun 22:00-22:30", "both fit into it"


def with_short_certificate(plan: Plan) -> Plan:
    """The plan; c2's certificate ends after ten days."""
    builder = WorldBuilder()
    names = layout_of(builder.world.deployment, C2).dns_names
    own = craft(names, builder.authority, at=AT, common_name=C2, ends=10 * DAY)
    change = replace(
        plan.change, today=plan.change.today.with_party(replace(plan.change.today.parties[C2], credential=own))
    )
    return replace(plan, change=change, predictions=replay(change, plan.order))


def test_certificate_that_ends_on_the_way_changes_the_answer() -> None:
    """The partner needs 14 days until e1 can restart."""
    plan = with_short_certificate(by_partner(small_plan()))
    assert not plan.refused_legs
    dated = dated_plan(plan, Terms(start=AT))
    assert not dated.plan.order_exists
    assert dated.plan.refused_legs > 0
    assert dated.plan.lost_minutes > 0
    assert f"The certificate of {C2} expires on 2026-12-04, before step" in dated.plan.reason
    assert set(dated.notes) <= set(dated.plan.notes)
    assert all(C2 in note for note in dated.notes), "other certificates are not the reason"


@pytest.mark.parametrize(
    ("text", "days", "length"),
    [
        ("Sat 22:00-02:00", [5], timedelta(hours=4)),
        ("Fri-Mon 01:30-02:00", [0, 4, 5, 6], timedelta(minutes=30)),
        ("daily 20:00-24:00", list(range(7)), timedelta(hours=4)),
    ],
)
def test_windows_are_read(text: str, days: list[int], length: timedelta) -> None:
    found = parse_windows([text])
    assert [window.day for window in found] == days
    assert {window.length for window in found} == {length}


@pytest.mark.parametrize(
    "text", ["", "Sat", "Sat 22:00", "Sat 25:00-26:00", "Sat 22:00-22:00", "Son 22:00-23:00", "Sat 22-23"]
)
def test_other_windows_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"Mon|Sat 22:00-02:00"):
        parse_windows([text])


def test_step_longer_than_every_window_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"load .* takes 10 minutes, and no window is that long: Sat 22:00-22:05 has 5"
    ):
        dated_plan(small_plan(), Terms(start=AT, windows=parse_windows(["Sat 22:00-22:05"])))


def test_plan_does_not_begin_before_its_time() -> None:
    with pytest.raises(
        InputError, match="begin at 2026-11-23 12:00 UTC, and the certificates are judged from 2026-11-24"
    ):
        dated_plan(small_plan(), Terms(start=AT - DAY))


def test_plan_without_dates_gets_them_when_they_change_its_answer() -> None:
    made = finish(GivenChange(change=with_short_certificate(by_partner(small_plan())).change))
    assert made.schedule
    assert not made.plan.order_exists
    assert f"The certificate of {C2} expires on 2026-12-04" in made.plan.reason
    assert finish(GivenChange(change=small_plan().change)).schedule == ()
