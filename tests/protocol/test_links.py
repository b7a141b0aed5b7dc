"""Zones that stay up: keepalive, restart and return, a lost party, status that follows, many callers at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pkikit.model.trace import Outcome
from pkikit.model.world import Speaks
from simulator.connections.links import FIRST_WAIT
from simulator.threaded import ThreadedLab
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Reissue, Speak
from tests.support.labs import FAST, lab_fixture, lab_of
from tests.support.wait import eventually
from tests.support.worlds import C1, E1, PARTNER

BRISK = replace(FAST, keepalive=0.2)


lab = lab_fixture(settings=BRISK, scope="function", prepare=ThreadedLab.hold)


def links_of(lab: ThreadedLab, fqdn: str) -> list[str]:
    return [leg_id for leg_id, link in lab.links.items() if fqdn in {link.leg.client, link.leg.server}]


def test_sip_legs_stay_up_on_one_connection_each(lab: ThreadedLab) -> None:
    """Every SIP leg is up and stays up over many keepalives, on one connection each."""
    assert lab.links
    eventually(lambda: all(link.kept_alive >= 5 for link in lab.links.values()))
    assert all(link.active for link in lab.links.values())
    assert {link.dialled for link in lab.links.values()} == {1}
    assert lab.status().accepted


def test_restart_drops_the_legs_of_its_peer_until_they_return(lab: ThreadedLab) -> None:
    """A restart takes the peer's connections down, they come back by themselves; both is in the log; others never moved."""
    before = {leg_id: link.dialled for leg_id, link in lab.links.items()}
    lab.do(lab.peers[E1].restart)
    mine = links_of(lab, E1)
    eventually(lambda: all(lab.links[i].dialled > before[i] and lab.links[i].active for i in mine))
    assert all(lab.links[i].dialled == before[i] for i in before if i not in mine)
    lost = lab.events.of(kind="Connection Lost")
    assert {e.detail.split('"')[1] for e in lost} == set(mine)


def test_zone_status_follows_the_certificate(lab: ThreadedLab) -> None:
    """A certificate without the cluster's name: zones from C fail and say why; the old one back: active again."""
    inside = lab.lab
    well = inside.world
    ground = FaultContext(inside.issued, inside.clock.now(), rsa=False)
    wrong = Reissue(fault="reissue", party=E1, names=("other.example.com",))
    lab.do(inside.change, ground.apply([wrong], well))
    zone = f"zone:uc-traversal:{C1}>{E1}"
    eventually(lambda: inside.last[zone].outcome is Outcome.REJECTED)
    assert inside.last[zone].causes[0] == "names.peer-fqdn-missing"
    assert not inside.links[zone].active
    lab.do(inside.change, well)
    eventually(lambda: all(link.active for link in inside.links.values()))


def test_legs_of_a_stopped_party_fail_and_return(lab: ThreadedLab) -> None:
    """The neighbour's ports close: only its legs fail, patience grows, and it is found again once it is back."""
    inside = lab.lab
    well = inside.world
    ground = FaultContext(inside.issued, inside.clock.now(), rsa=False)
    lab.do(inside.change, ground.apply([Speak(fault="speak", party=PARTNER, protocol=Speaks.NOTHING)], well))
    to_partner = [i for i in links_of(lab, PARTNER) if inside.links[i].leg.server == PARTNER]
    eventually(lambda: all(not inside.links[i].active for i in to_partner))
    assert {inside.last[i].causes for i in to_partner} == {("net.unreachable",)}
    eventually(lambda: all(inside.links[i].wait >= 4 * FIRST_WAIT for i in to_partner))
    assert all(inside.links[i].dialled >= 3 for i in to_partner)
    assert all(link.active for i, link in inside.links.items() if i not in links_of(lab, PARTNER))
    lab.do(inside.change, well)
    eventually(lambda: all(link.active for link in inside.links.values()))


def test_many_callers_are_answered_and_legs_stay_up(lab: ThreadedLab) -> None:
    """300 more callers on E1's SIP port, held together: every one is answered, no zone moves."""
    inside = lab.lab
    leg = next(x for x in inside.legs if x.client == PARTNER and x.server == E1)

    async def crowd() -> int:
        gate = asyncio.Semaphore(50)

        async def one() -> object:
            async with gate:
                return await inside.endpoints[PARTNER].open(leg, inside.plan.by_name[E1])

        opened = await asyncio.gather(*(one() for _ in range(300)))
        up = [o.stream for o in opened if o.stream is not None]  # type: ignore[attr-defined]
        for stream in up:
            await stream.close()
        return len(up)

    assert lab.run(crowd) == 300
    assert {link.dialled for link in inside.links.values()} == {1}


def test_idle_caller_is_closed_by_the_server() -> None:
    """A held connection on which nothing is said any more is closed by the server."""
    with lab_of("single-pair", FAST, idle=0.5, keepalive=30.0) as lab:
        inside = lab.lab
        lab.run(inside.hold)
        eventually(lambda: inside.events.of(kind="Connection Lost"))
