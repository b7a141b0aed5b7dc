"""Clock travel: what expires fails in the right order, CRLs are refreshed on the way, and all of it is data."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

from simulator.clock import Clock
from simulator.lab.lab import Lab
from simulator.peer.state import AutomaticCrls
from simulator.travel.timeline import Timeline, live_through
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Reissue
from tests.support.labs import FAST
from tests.support.worlds import C1, C2, E1, E2, changed, deployment

DAY = timedelta(days=1)


def test_timeline_year_has_alarms_and_failures_in_order() -> None:
    """E1's certificate ends after 100 days, C2's after 200: alarm three weeks before, its legs down on the day, no others."""

    async def live() -> Timeline:
        async with Lab(deployment(), settings=FAST) as lab:
            ground = FaultContext(lab.issued, lab.clock.now(), rsa=False)
            faults = [Reissue(fault="reissue", party=p, ends_in_days=d) for p, d in ((E1, 100), (C2, 200))]
            lab.change(ground.apply(faults, lab.world))
            return await live_through(lab, 365 * DAY)

    lived = asyncio.run(live())
    days = [(h.kind, h.subject, (h.at - lived.began) / DAY) for h in lived.happenings]
    of_peer = [(kind, subject, round(day)) for kind, subject, day in days if kind == "expiry" or kind == "alarm"]
    expected = [("alarm", E1, 79), ("expiry", E1, 100), ("alarm", C2, 179), ("expiry", C2, 200)]
    assert [x for x in of_peer if x in expected] == expected
    down = [(subject, round(day)) for kind, subject, day in days if kind == "leg down"]
    assert {day for subject, day in down if E1 in subject} == {100}
    assert {day for subject, day in down if E1 not in subject} == {200}
    assert all(C2 in subject for subject, day in down if day == 200)
    untouched = [spans for leg, spans in lived.spans.items() if E1 not in leg and C2 not in leg]
    assert untouched
    assert all(len(spans) == 1 and not spans[0][1] for spans in untouched)
    causes = {cause for leg, spans in lived.spans.items() for _, cause in spans if cause}
    assert causes == {"validity.expired"}
    frame = lived.frame()
    assert list(frame.columns) == ["at", "kind", "subject", "detail"]
    assert frame["at"].is_monotonic_increasing
    groups = ElementTree.fromstring(lived.svg("a year")).iter("{http://www.w3.org/2000/svg}g")
    assert {group.get("data-state") for group in groups} >= {"up", "down"}
    assert lived.dialled < 10


def test_timeline_year_needs_the_daily_crl_update() -> None:
    """Distribution points off: peers with the daily update live through the year, the one without it a week."""

    async def live() -> Timeline:
        made = changed(revocation__checking=True, revocation__cdp_download=False, revocation__fallback="revoked")
        async with Lab(made, settings=FAST) as lab:
            urls = ("http://pki.lab.example/root.crl", "http://pki.lab.example/issuing.crl")
            for peer in lab.peers.values():
                await peer.set_crl_sources(AutomaticCrls(urls=urls))
            await lab.peers[E2].set_crl_sources(AutomaticCrls())
            return await live_through(lab, 200 * DAY)

    lived = asyncio.run(live())
    down = {h.subject: round((h.at - lived.began) / DAY) for h in lived.happenings if h.kind == "leg down"}
    assert down
    assert all(E2 in leg for leg in down)
    assert set(down.values()) <= {6, 7}
    assert {cause for spans in lived.spans.values() for _, cause in spans if cause} == {"revocation.crl-expired"}


def test_timeline_of_a_fast_clock_fails_earlier() -> None:
    """C1's clock is ten days ahead: for C1 everything ends ten days sooner."""

    async def live() -> Timeline:
        async with Lab(deployment(), settings=FAST, clock=Clock()) as lab:
            party = lab.world.parties[C1]
            lab.change(lab.world.with_party(replace(party, clock_offset=10 * DAY)))
            return await live_through(lab, 400 * DAY)

    lived = asyncio.run(live())
    down = [(h.subject, round((h.at - lived.began) / DAY)) for h in lived.happenings if h.kind == "leg down"]
    assert {day for leg, day in down if C1 in leg} == {388}
    assert {day for leg, day in down if C1 not in leg} == {398}
