"""A running lab has everything from the start, and what follows it hears of every change, restart and tick."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pkikit.model.world import World
from simulator.background import FAILED
from simulator.connections.context import Follower
from simulator.errors import LabError
from simulator.lab.lab import Lab
from simulator.threaded import ThreadedLab
from simulator.wire.capture import End, Tap
from tests.support.labs import FAST, lab_of
from tests.support.wait import eventually, eventually_async
from tests.support.worlds import E1, deployment

SOON = datetime(2026, 12, 24).astimezone()


class Diary(Follower):
    """Writes down what happens."""

    name = "the diary"

    def __init__(self) -> None:
        self.changes: list[tuple[World, World]] = []
        self.restarts: list[str] = []
        self.ticks = self.octets = 0

    def changed(self, before: World, after: World) -> None:
        self.changes.append((before, after))

    async def restarted(self, fqdn: str) -> None:
        self.restarts.append(fqdn)

    async def tick(self) -> None:
        self.ticks += 1

    def dates(self) -> Iterable[datetime]:
        return (SOON,)

    def tap(self, client: End, server: End) -> Tap | None:
        def count(from_client: bool, data: bytes) -> None:
            self.octets += len(data)

        return count


def test_follower_hears_of_changes_restarts_ticks_and_bytes() -> None:
    """While it is attached, and not afterwards."""
    diary = Diary()

    async def follow() -> None:
        async with Lab(deployment(), settings=FAST) as lab:
            before = lab.world
            later = replace(before.parties[E1], clock_offset=timedelta(hours=1))
            with lab.attached(diary):
                lab.change(before.with_party(later))
                await eventually_async(lambda: diary.restarts == [E1], "the restart is heard of")
                await lab.tick()
                assert list(lab.dates()) == [SOON]
                await lab.dial(lab.legs[0])
            heard = diary.ticks, diary.octets
            assert diary.changes == [(before, lab.world)]
            assert heard[0] >= 1
            assert heard[1] > 0
            lab.change(before)
            await lab.tick()
            await lab.dial(lab.legs[0])
            assert list(lab.dates()) == []
            assert (diary.ticks, diary.octets) == heard
            assert len(diary.changes) == 1

    asyncio.run(follow())


def test_two_followers_record_one_connection() -> None:
    """Each is given every byte."""
    one, other = Diary(), Diary()

    async def follow() -> None:
        async with Lab(deployment(), settings=FAST) as lab:
            with lab.attached(one), lab.attached(other):
                await lab.dial(lab.legs[0])

    asyncio.run(follow())
    assert one.octets == other.octets > 0


class Fails(Follower):
    """Cannot follow a restart."""

    name = "the unlucky one"

    async def restarted(self, fqdn: str) -> None:
        raise OSError("nothing works")


def test_failure_of_a_follower_is_logged_and_the_lab_goes_on(lab: ThreadedLab) -> None:
    """The event names the follower and the party; the legs come up."""
    with lab.lab.attached(Fails()):
        lab.do(lab.peers[E1].restart)
        eventually(lambda: lab.events.of(kind=FAILED), "the failure is in the log")
    assert f"restart the unlucky one of {E1}" in lab.events.of(kind=FAILED)[0].detail
    assert lab.check().accepted


def test_running_lab_has_no_empty_attribute() -> None:
    """Also without pages: what is there is there from the start."""

    async def look() -> None:
        async with Lab(deployment(), settings=FAST) as lab:
            assert [name for name, value in vars(lab).items() if value is None] == []
            assert (lab.sites, lab.links, lab.last) == ({}, {}, {})
            with pytest.raises(LabError, match="runs without pages"):
                _ = lab.adcs

    asyncio.run(look())


def test_lab_that_has_not_started_says_so() -> None:
    """One sentence instead of an AttributeError, also for what was never started."""
    waiting = lab_of(settings=FAST)
    with pytest.raises(LabError, match="has not started"):
        _ = waiting.world
    with waiting as lab:
        with pytest.raises(LabError, match="start_acme"):
            _ = lab.acme
        assert lab.world.parties


def test_break_and_fix_keep_what_was_changed_in_between(lab: ThreadedLab) -> None:
    """Two faults, then another certificate: fixing undoes the faults alone."""
    lab.break_("clock", party=E1, hours=24 * 4000)
    lab.break_("block", party=E1, port=5061)
    assert lab.check().down
    fresh = lab.issued.world.parties["e2.example.com"].credential
    assert fresh is not None
    trusted = lab.world.parties[E1].trusted_ca_list
    lab.trust([fresh.leaf], [E1])
    lab.fix()
    assert lab.world.blocked == frozenset()
    assert lab.world.parties[E1].clock_offset == timedelta(0)
    assert lab.world.parties[E1].trusted_ca_list == (*trusted, fresh.leaf)
    assert lab.check().accepted
