"""Rehearsals on real handshakes: what is predicted happens, also when somebody deviates from the plan."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.world import World
from pkikit.planning.goals.apply import apply_goals
from pkikit.planning.goals.given_ca import read_goal
from pkikit.planning.goals.on_the_way import change_of
from pkikit.planning.plan import Plan
from pkikit.planning.planner import make_plan
from pkikit.planning.steps import Action, Precedence, Step
from pkikit.worlds.issued_world import issue_world
from simulator.rehearsal import blocking
from simulator.rehearsal.rehearsal_memory import Memory, identity_of
from simulator.rehearsal.rehearse import Listener, rehearse
from simulator.rehearsal.results import Rehearsal
from simulator.rehearsal.route import Phase, Stop, route_of
from simulator.rehearsal.sabotage import Kind, Sabotage
from tests.support.root_plans import new_root, planned
from tests.support.worlds import AT, C1, C2, E1, deployment

EXPC, EXPE = "expc.corp.example.com", "expe.example.com"
TRAVERSAL = f"zone:traversal:{EXPC}>{EXPE}"


@pytest.fixture(scope="module")
def pair() -> Plan:
    """A new root for a pair of Expressways. 1, 2: append; 3, 4: load and restart C; 5, 6: load and restart E."""
    return planned(new_root(deployment("single-pair"), AT))


@pytest.fixture(scope="module")
def naive() -> Plan:
    """The certificate of C first, and the lists later: refused from the restart on."""
    change = new_root(deployment("single-pair"), AT)
    return planned(change, tuple(change.steps[n].key for n in (2, 3, 1, 0, 4, 5)))


def play(plan: Plan, kind: Kind | None = None, step: int = 0, other: int = 0) -> Rehearsal:
    """Rehearse a plan, with or without sabotage."""
    return blocking.rehearse(plan, Sabotage(kind=kind, step=step, other=other) if kind is not None else None)


def phases(found: Rehearsal) -> list[tuple[int, Phase]]:
    """Number and phase of each state."""
    return [(state.number, state.phase) for state in found.states]


def test_plan_without_refusals_is_dialled_before_between_and_after_all_steps(pair: Plan) -> None:
    found = play(pair)
    assert found.accepted, found.to_json()["differences"]
    assert phases(found) == [
        (0, Phase.BEFORE), (1, Phase.AFTER), (2, Phase.AFTER), (3, Phase.AFTER), (4, Phase.DURING), (4, Phase.AFTER),
        (5, Phase.AFTER), (6, Phase.DURING), (6, Phase.AFTER),
    ]  # fmt: skip
    assert all(connection.dialled and connection.agrees for state in found.states for connection in state.connections)
    cut = [state.dropped for state in found.states if state.dropped]
    assert cut == [(TRAVERSAL,), (TRAVERSAL,)], "the connection goes down at each restart, and only there"


def test_loaded_certificate_is_not_in_use_before_the_restart(naive: Plan) -> None:
    found = play(naive)
    loaded, restarted = found.states[1], found.states[3]
    assert loaded.count(State.UP) == 1, "loaded, not restarted: the other side sees the old certificate"
    assert restarted.refused == (TRAVERSAL,)
    assert not found.accepted
    assert not found.differences, "refused as predicted"
    [broken] = found.breaks
    assert (broken.connection.refused_by, broken.connection.causes[0]) == (EXPE, "trust.issuer-unknown")
    assert broken.until is not None
    assert broken.until.key == f"append-ca {EXPE}"


def test_swapped_steps_break_what_is_predicted_for_that_order(pair: Plan) -> None:
    found = play(pair, Kind.SWAP, 2, 5)
    assert not found.differences
    [broken] = found.breaks
    assert (broken.state.number, broken.state.key) == (4, f"restart {EXPC}")
    assert broken.connection.predicted is State.DOWN


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [(3, 4, "cannot be done before step 4"), (1, 1, "two different steps"), (1, 9, "steps 1 to 6")],
)
def test_swap_that_nobody_can_do_is_refused(pair: Plan, one: int, other: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Sabotage(kind=Kind.SWAP, step=one, other=other).check(pair)


def test_swap_against_advice_is_rehearsed_and_says_so(pair: Plan) -> None:
    advice = Precedence(first=pair.order[0], then=pair.order[1], why="The primary comes first.", rule="primary-first")
    advised = replace(pair, change=replace(pair.change, precedences=(*pair.change.precedences, advice)))
    assert play(advised, Kind.SWAP, 1, 2).notes == ("The primary comes first.",)


def test_plan_without_steps_has_one_state(pair: Plan) -> None:
    today = pair.change.today
    found = play(planned(replace(pair.change, tomorrow=today, steps=(), precedences=())))
    assert (found.accepted, len(found.states), found.handshakes) == (True, 1, 1)


def test_machine_that_loses_power_uses_what_was_loaded(pair: Plan, naive: Plan) -> None:
    harmless = play(pair, Kind.KILL, 3)
    assert harmless.accepted
    assert phases(harmless)[-2:] == [(3, Phase.OFF), (3, Phase.BACK)]
    assert harmless.states[-2].count(State.DOWN) == 1
    early = play(naive, Kind.KILL, 1)
    assert not early.differences
    assert early.states[-1].refused == (TRAVERSAL,), (
        "the certificate that nobody trusts yet is in use after the power loss"
    )


def test_power_loss_after_an_upgrade_hits_the_first_expressway(pair: Plan) -> None:
    upgrade = Step(key="upgrade", action=Action.UPGRADE, machine="")
    plan = planned(replace(pair.change, steps=(upgrade,), precedences=()))
    sabotage = Sabotage(kind=Kind.KILL, step=1)
    sabotage.check(plan)
    assert [stop.off for stop in route_of(plan, sabotage)][-2:] == [EXPC, ""]


def test_steps_are_undone_in_the_reverse_order(pair: Plan) -> None:
    found = play(pair, Kind.ROLL_BACK, 6)
    assert found.accepted
    assert found.no_way_back == 0
    back = [(state.number, state.phase) for state in found.states if state.undo]
    assert back == [
        (5, Phase.DURING), (5, Phase.UNDONE), (3, Phase.DURING), (3, Phase.UNDONE), (2, Phase.UNDONE), (1, Phase.UNDONE),
    ]  # fmt: skip
    assert found.states[-1].connections == found.states[0].connections


def test_wrong_prediction_is_a_difference(pair: Plan) -> None:
    wrong = replace(pair.predictions[1], legs={TRAVERSAL: State.DOWN})
    found = play(replace(pair, predictions=(pair.predictions[0], wrong, *pair.predictions[2:])))
    assert [(state.number, connection.id) for state, connection in found.differences] == [(1, TRAVERSAL)]
    assert not found.accepted


def test_held_connection_that_goes_down_unannounced_is_a_failure(pair: Plan) -> None:
    silent = tuple(replace(prediction, down_during=()) for prediction in pair.predictions)
    found = play(replace(pair, predictions=silent))
    assert [(state.number, leg) for state, leg in found.unannounced] == [(4, TRAVERSAL), (6, TRAVERSAL)]
    assert not found.accepted


def test_connections_without_keys_are_judged_only(pair: Plan) -> None:
    def without_key(world: World) -> World:
        party = world.parties[EXPE]
        assert party.credential is not None
        return world.with_party(replace(party, credential=replace(party.credential, key=None)))

    change = replace(pair.change, today=without_key(pair.change.today), steps=pair.change.steps[:2])
    found = play(planned(replace(change, precedences=())))
    assert found.accepted
    assert found.not_dialled == (TRAVERSAL,)
    assert found.handshakes == 0


def test_rehearsal_continues_where_it_was_interrupted(pair: Plan) -> None:
    whole = play(pair)
    for kept in (1, 4, 5, 7):  # before a step; with a loaded certificate; while a machine restarts; after that
        entered: list[Stop] = []
        found = asyncio.run(rehearse(pair, earlier=whole.states[:kept], listener=Listener(enters=entered.append)))
        assert found.accepted, (kept, found.to_json()["differences"])
        assert [(e.number, e.phase) for e in entered] == [(s.number, s.phase) for s in route_of(pair)[kept:]]
        assert found.states[:kept] == whole.states[:kept]
        assert phases(found) == phases(whole)
        assert found.continued == kept


def test_memory_keeps_states_and_refuses_those_of_another_plan(pair: Plan, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    memory = Memory(file, identity_of(file))
    assert memory.load() is None
    found, sabotage = play(pair, Kind.KILL, 1), Sabotage(kind=Kind.KILL, step=1)
    memory.save(found.states, sabotage, "restart e1")
    left = memory.load()
    assert left is not None
    assert (left.states, left.sabotage, left.under_way) == (found.states, sabotage, "restart e1")
    file.write_text("{ }")
    with pytest.raises(InputError, match="belongs to another plan"):
        Memory(file, identity_of(file)).load()
    memory.path.write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        memory.load()
    memory.forget()
    assert memory.load() is None


def test_cluster_loses_what_is_predicted_if_a_certificate_comes_before_its_root() -> None:
    change = new_root(deployment("clustered-mra"), AT)
    chosen = [step for step in change.steps if step.machine in {C1, C2, E1}]
    order = [s.key for s in chosen if s.machine == C2 and s.action is not Action.APPEND_CA]
    order += [f"append-ca {C1}", f"append-ca {E1}", f"append-ca {C2}"]
    steps = tuple(change.by_key[key] for key in order)
    found = play(planned(replace(change, steps=steps, precedences=())))
    assert not found.differences
    assert not found.unannounced
    during, after = found.states[2:4]
    assert (during.phase, after.phase) == (Phase.DURING, Phase.AFTER)
    assert during.count(State.DOWN) == sum(C2 in leg.id.rpartition(":")[2].split(">") for leg in during.connections)
    assert {found.connection.refused_by for found in found.breaks} >= {C1, E1}
    assert found.states[-1].held[0] >= during.held[0]


def test_certificate_that_ends_before_the_next_step_is_rehearsed_at_that_date(pair: Plan) -> None:
    ends = min(
        c.not_valid_after_utc for p in pair.change.today.parties.values() if p.credential for c in p.credential.chain
    )
    late = ends + timedelta(days=1)
    dates = [AT + timedelta(days=1)] * 3 + [late] * 3
    found = asyncio.run(rehearse(pair, dates=dates))
    assert not found.differences
    [waiting] = [state for state in found.states if state.phase is Phase.LATER]
    assert (waiting.number, waiting.refused, waiting.count(State.DOWN)) == (3, (TRAVERSAL,), 1)
    assert waiting.at >= late - timedelta(seconds=1)
    assert waiting.held == (1, 1), "a connection stays up once it is made; a new one is refused"


@pytest.mark.parametrize("goal", ["two-stores", "leave-public-ca", f"rename-peer:{EXPE}=expe9.example.com"])
def test_planner_and_rehearsal_agree_at_every_step(goal: str) -> None:
    made = issue_world(deployment("single-pair"), at=AT, rsa=False)
    result = apply_goals([read_goal(goal)], made.world, at=AT, issuers=(made.authority, made.root))
    found = play(make_plan(result.change or change_of(result, at=AT)))
    assert found.accepted, [*found.differences, *found.unannounced, *found.problems]
    assert found.handshakes == sum(len(state.connections) for state in found.states)
