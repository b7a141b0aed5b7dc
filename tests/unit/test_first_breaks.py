"""The first date on which each connection breaks, compared with judging at many instants."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pkikit.judge.legs.first_breaks import NO_END, LegBreak, first_breaks
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import Assessment
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.model.leg import Leg
from pkikit.model.world import World
from tests.support.worlds import AT, C1, CASES, E1, REVOCATION_CASES, Case, WorldBuilder
from tests.support.worlds.revocation_cases import checked

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
Judge = Callable[[Leg, datetime], LegVerdict]


def _dates(world: World) -> list[datetime]:
    """Every date in the world, on every clock, no matter which machine reads it."""
    held = [*(party.held for party in world.parties.values()), *world.published.values()]
    crls = [crl for data in held for _, crl in data.crls]
    answers = [single for data in held for answer in data.ocsp_answers for single in answer.responses]
    found = {date for c in world.known_certificates for date in (c.not_valid_before_utc, c.not_valid_after_utc)}
    found |= {date for crl in crls for date in (crl.last_update_utc, crl.next_update_utc) if date}
    found |= {date for single in answers for date in (single.this_update_utc, single.next_update_utc) if date}
    clocks = {party.clock_offset for party in world.parties.values()}
    return sorted({date - clock for date in found for clock in clocks})


def _sample(world: World, at: datetime, choose: random.Random) -> Iterator[datetime]:
    """Instants around dates, and between them."""
    dates = [at, *(date for date in _dates(world) if at < date)]
    around = [date + by for date in dates[1:] for by in (-TICK, timedelta(0), TICK, timedelta(seconds=1))]
    between = [one + (other - one) / 2 for one, other in itertools.pairwise(dates)]
    yield from sorted(choose.sample(around, min(len(around), 6)) + choose.sample(between, min(len(between), 3)))


def _agrees(found: LegBreak, judge: Judge, at: datetime, instants: list[datetime]) -> None:
    assert judge(found.leg, at).state is found.state
    for instant in instants:
        state = judge(found.leg, instant).state
        if found.at is None or instant < found.at:
            assert state is not State.DOWN, (found.leg.id, instant, found.at)
        if found.next_change is None or instant < found.next_change:
            assert state is found.state, (found.leg.id, instant, found.next_change)
    if found.at is not None:
        assert judge(found.leg, found.at).state is State.DOWN
        assert at == found.at or judge(found.leg, found.at - TICK).state is not State.DOWN
    if found.since is not None:
        assert found.since <= at
        assert found.causes[0] in judge(found.leg, found.since).causes
        assert found.causes[0] not in judge(found.leg, found.since - TICK).causes


def _check(world: World, at: datetime, choose: random.Random, *, partial: bool = False) -> list[LegBreak]:
    def judge(leg: Leg, instant: datetime) -> LegVerdict:
        return Assessment(world, instant).of(leg) if partial else judge_leg(leg, world, instant)

    breaks = first_breaks(world, at=at, partial=partial)
    instants = [instant for instant in _sample(world, at, choose) if instant >= at]
    for found in breaks:
        _agrees(found, judge, at, instants)
    return list(breaks)


@pytest.mark.parametrize("case", [*CASES[::14], *REVOCATION_CASES[2::9]], ids=lambda case: case.id)
def test_first_break_is_that_of_judging_at_every_instant(case: Case) -> None:
    """On broken worlds and their near misses, complete and with files missing, on clocks that differ."""
    choose = random.Random(case.id)
    broken = case.broken(WorldBuilder())
    _check(broken.world, AT, choose)
    well = case.near_miss(WorldBuilder()).clock(
        choose.choice((C1, E1)), timedelta(hours=choose.randint(-90, 90), microseconds=7)
    )
    _check(well.world, AT - choose.randint(0, 500) * DAY, choose)
    machine = choose.choice(tuple(well.world.parties))
    cut = replace(well.world.parties[machine], trusted_ca_list=(), lists={})
    _check(well.world.with_party(cut), AT, choose, partial=True)


def test_break_names_its_cause_and_the_horizon_ends_the_search() -> None:
    """A certificate that ends breaks its connections on the second after its last one, and no earlier horizon sees it."""
    world = WorldBuilder().reissue(E1, ends=40 * DAY).world
    held = world.parties[E1].credential
    assert held is not None
    ends = held.leaf.not_valid_after_utc
    breaks = first_breaks(world, at=AT)
    mine = [b for b in breaks if E1 in {b.leg.client, b.leg.server} and not b.leg.permissive]
    assert {(b.state, b.at, b.causes[0]) for b in mine} == {(State.UP, ends + timedelta(seconds=1), "validity.expired")}
    others = {b.at for b in breaks if E1 not in {b.leg.client, b.leg.server}} - {None}
    assert min(filter(None, others)) > ends
    assert {b.at for b in first_breaks(world, at=AT, until=ends)} == {None}
    late = first_breaks(world, at=ends + DAY)
    down = [(b.at, b.since) for b in late if b.leg in {m.leg for m in mine}]
    assert down == [(ends + DAY, ends + timedelta(seconds=1))] * len(mine)


def test_expired_list_of_revoked_certificates_breaks_first() -> None:
    """Where revocation is checked, the CRL's next update comes long before the certificates end."""
    world = checked(WorldBuilder()).world
    following = min(crl.next_update_utc for _, crl in world.parties[E1].held.crls if crl.next_update_utc)
    broken = [b for b in first_breaks(world, at=AT) if b.at == following + TICK]
    assert broken
    assert {b.causes[0] for b in broken} == {"revocation.crl-expired"}


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_ends_of_time_are_answered(at: datetime) -> None:
    """No clock shows a time outside years 1 to 9999, whatever its offset is."""
    world = (
        WorldBuilder().clock(C1, timedelta(days=3)).clock(E1, timedelta(days=-3)).reissue(C1, ends=NO_END - AT).world
    )
    breaks = first_breaks(world, at=at)
    assert State.DOWN in {b.state for b in breaks}
