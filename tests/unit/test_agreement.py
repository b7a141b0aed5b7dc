"""Two judges that must agree: OpenSSL's handshake and pkikit's judgement, leg by leg, over every world."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pkikit.design.legs import legs_of
from pkikit.handshake.tls import TlsRange, TlsVersion
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.findings import Severity
from pkikit.model.trace import Outcome
from pkikit.rules.catalogue import all_rules
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import AT, C1, CASES, E1, GOOD, Case, WorldBuilder
from tests.support.worlds.leg_filters import carrier_of
from tests.support.worlds.tunnels import CA_NOT_IN_LIST, lacks_a_ca

VERSIONS = [TlsRange(lowest=v, highest=v) for v in TlsVersion]
BROKEN = [pytest.param(c, id=c.id, marks=pytest.mark.fires(c.rule, *c.also)) for c in CASES]
# Not watched: a name rule refines `names.reference-not-presented` and is never listed as checked by itself.
ALIKE = [pytest.param(c, id=c.id, marks=pytest.mark.near_miss(c.rule, watched=False)) for c in CASES]


def test_cases_are_at_least_thirty_with_unique_names() -> None:
    """A case with the name of another one would hide it."""
    assert len(CASES) >= 30
    assert len({case.id for case in CASES} | GOOD.keys()) == len(CASES) + len(GOOD)


def test_expected_rule_of_every_case_is_in_the_catalogue() -> None:
    """A misspelled rule id must not pass as 'not found on any leg'."""
    known = {rule.id for rule in all_rules()}
    assert {rule for case in CASES for rule in (case.rule, *case.also)} <= known


@pytest.mark.parametrize("tls", VERSIONS, ids=lambda t: f"tls{t.lowest}")
@pytest.mark.parametrize("case", BROKEN)
def test_judges_refuse_exactly_the_affected_legs_of_a_broken_world(case: Case, tls: TlsRange) -> None:
    """Both judges refuse exactly the affected legs, on the same side, with exactly the expected rules."""
    world = case.broken(WorldBuilder()).world
    dialler = MemoryDialler(world, AT, tls)
    affected = 0
    for leg in legs_of(world.deployment):
        verdict = judge_leg(leg, world, AT)
        trace = dialler.dial(leg)
        assert (trace.outcome is Outcome.ACCEPTED) == verdict.accepted, f"{leg.id}: {trace.steps[-3:]} {verdict.causes}"
        errors = {f.rule for f in verdict.findings if f.severity is Severity.ERROR}
        if lacks_a_ca(leg, world) and errors == CA_NOT_IN_LIST and case.rule not in errors:
            continue  # the tunnel is down for a reason of its own
        if case.affected(leg) or case.affected(carrier_of(leg)):
            affected += 1
            assert errors == {case.rule, *case.also}, leg.id
            assert verdict.causes[0] == case.rule
            # Where both sides refuse the other's name, TLS 1.2 lets the server finish (and say so) first, 1.3 the client.
            if verdict.by_client.accepted or verdict.by_server.accepted:
                assert trace.rejected_by == verdict.rejected_by, leg.id
        else:
            assert errors == set(), leg.id
    assert affected, "the case affects no leg, so it shows nothing"


@pytest.mark.parametrize("case", ALIKE)
def test_judges_accept_every_leg_of_a_near_miss(case: Case) -> None:
    """A world that looks alike comes up whole, for both judges."""
    _all_up(case.near_miss(WorldBuilder()))


@pytest.mark.parametrize("name", GOOD)
def test_judges_accept_every_leg_of_an_unusual_valid_world(name: str) -> None:
    """Odd but right worlds come up whole, for both judges."""
    _all_up(GOOD[name](WorldBuilder()))


@pytest.mark.parametrize("hindrance", [{"blocked": {(E1, 7001)}}, {"cut": {frozenset((C1, E1))}}], ids=["block", "cut"])
def test_unreachable_port_is_named_on_the_machine_that_has_it(hindrance: dict[str, object]) -> None:
    """c1 dials port 7001 of e1: the finding is about e1, whatever keeps the packets away."""
    world = replace(WorldBuilder().world, **{key: frozenset(pairs) for key, pairs in hindrance.items()})  # type: ignore
    leg = next(leg for leg in legs_of(world.deployment) if (leg.client, leg.server, leg.port) == (C1, E1, 7001))
    (finding,) = judge_leg(leg, world, AT).findings
    assert (finding.rule, finding.subject) == ("net.unreachable", E1)
    assert finding.message.startswith(f"{C1} cannot reach port 7001 of {E1}: ")


def _all_up(builder: WorldBuilder) -> None:
    dialler = MemoryDialler(builder.world, AT)
    for leg in legs_of(builder.world.deployment):
        verdict, outcome = judge_leg(leg, builder.world, AT), dialler.dial(leg).outcome
        if lacks_a_ca(leg, builder.world):
            assert (verdict.causes, outcome) == (tuple(CA_NOT_IN_LIST), Outcome.REJECTED), leg.id
            continue
        assert verdict.accepted, (leg.id, verdict.causes)
        assert outcome is Outcome.ACCEPTED, leg.id
