"""The independent checker of plans: it does the steps one by one and judges every connection after each.

It shares nothing with the planner but the values of steps and plans, and does not ask `Change.world`: it applies each step in
the most naive way, and judges each connection again unless neither its ends nor the configuration changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.design.services import services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_of
from pkikit.judge.legs.service_state import service_states
from pkikit.model.places import deployment_with
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.plan import Plan
from pkikit.planning.steps import Action, Step

Legs = Mapping[str, State]
_List = tuple[x509.Certificate, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is after a step.

    refused: connections that are down and were not before the change. cut: the connections of a machine that restarts.
    interrupted: services of clusters that the restart takes away, as `mra at cluster edge`.
    """

    step: str
    world: World
    legs: Legs
    refused: frozenset[str]
    cut: frozenset[str] = frozenset()
    interrupted: frozenset[str] = frozenset()


def replayed(change: Change, order: tuple[str, ...]) -> Iterator[Seen]:
    """Do the steps of a change in this order; yield what there is before the first one and after each."""
    world, at, names, done, judge = change.today, change.at, dict[str, str](), list[Step](), Judge()
    late = {key for step in change.steps for key in step.activates}
    legs = at_first = judge(world, at)
    yield Seen(step="", world=world, legs=legs, refused=frozenset())
    for step in (next(step for step in change.steps if step.key == key) for key in order):
        down = {Action.RESTART: (names.get(step.machine, step.machine),), Action.UPGRADE: world.deployment.peers}
        cut = [_cut(world, legs, machine) for machine in down.get(step.action, ())]
        done, at = [*done, step], max(at, step.until or at)
        for ready in (s for s in done if s.key in step.activates or (s is step and s.key not in late)):
            world = after(world, ready, names.get(ready.machine, ready.machine))
            names |= dict(ready.renames)
        # A connection that the change adds is not there before DNS has its SRV record.
        waits = {leg.id for leg in legs_of(world.deployment) if leg.discovered_by in world.unresolved} - set(at_first)
        legs = {leg: state for leg, state in judge(world, at).items() if leg not in waits}
        old = {new: before for before, new in names.items()}
        refused = {
            leg
            for leg, state in legs.items()
            if state is State.DOWN and at_first.get(renamed_leg(leg, old)) is not State.DOWN
        }
        yield Seen(
            step=step.key,
            world=world,
            legs=legs,
            refused=frozenset(refused),
            cut=frozenset().union(*(connections for connections, _ in cut)),
            interrupted=frozenset().union(*(services for _, services in cut)),
        )


class Judge:
    """Judges each connection once for each pair of ends: nothing else of a world without revocation decides."""

    def __init__(self) -> None:
        self._states: dict[object, State] = {}
        self._worlds: list[World] = []  # machines count by identity, so they stay

    def __call__(self, world: World, at: datetime) -> dict[str, State]:
        """Return the state of each connection by id."""
        self._worlds.append(world)
        judge, found = judge_of(world, at), {}
        for leg in legs_of(world.deployment):
            ends = (id(world.parties[leg.client]), id(world.parties[leg.server]))
            known = (leg, *ends, id(world.deployment), world.unresolved, at)
            if known not in self._states or world.deployment.revocation.checking:
                self._states[known] = judge(leg).state
            found[leg.id] = self._states[known]
        return found


def after(world: World, step: Step, machine: str) -> World:
    """The world after one step that is in effect; `machine` is what its machine is called by now."""
    deployment = deployment_with(world.deployment, {change.place: change.new for change in step.settings})
    parties = {
        fqdn: _changed(party, step, world) if fqdn == machine else party for fqdn, party in world.parties.items()
    }
    for peer in (
        deployment.peers if step.action is Action.UPGRADE and deployment.product_version.has(TWO_STORES) else ()
    ):
        parties[peer] = replace(parties[peer], client=parties[peer].client or parties[peer].credential)
    for old, new in step.renames:
        parties[new] = replace(parties.pop(old), fqdn=new)
    unresolved = (world.unresolved - set(step.names)) | set(step.gone)
    return replace(world, deployment=deployment, parties=parties, unresolved=unresolved)


def _changed(party: Party, step: Step, world: World) -> Party:
    made = next((g.certificates for g in world.deployment.groups if party.fqdn in g.members), ())
    if step.changes_list:
        change = _appended if step.action is Action.APPEND_CA else _removed
        lists = {port: party.lists.get(port, party.trusted_ca_list) for service in made[1:] for port in service.ports}
        for service in made[1:]:
            if step.place in {"", service.trust_list}:
                lists |= {port: change(lists[port], step.certificates) for port in service.ports}
        first = not step.place or step.place == made[0].trust_list
        trusted = change(party.trusted_ca_list, step.certificates) if first else party.trusted_ca_list
        return replace(party, trusted_ca_list=trusted, lists=lists)
    if step.action is Action.LOAD_CLIENT:
        return replace(party, client=step.credential)
    if step.action is not Action.LOAD or step.credential is None:
        return party
    if step.place.startswith("domain "):
        return replace(party, domains={**party.domains, step.place.split()[1]: step.credential})
    shown = {port: party.services.get(port, party.credential) for service in made[1:] for port in service.ports}
    ports = next((service.ports for service in made[1:] if service.service == step.place), None)
    shown |= dict.fromkeys(ports or (), step.credential)
    services = {port: credential for port, credential in shown.items() if credential is not None}
    return replace(party, services=services, credential=step.credential if ports is None else party.credential)


def _appended(listed: _List, certificates: _List) -> _List:
    return (*listed, *(c for c in certificates if c not in listed))


def _removed(listed: _List, certificates: _List) -> _List:
    return tuple(c for c in listed if c not in certificates)


def renamed_leg(leg: str, names: Mapping[str, str]) -> str:
    """The id of a connection with other names of machines."""
    relation, _, ends = leg.rpartition(":")
    return f"{relation}:{'>'.join(names.get(end, end) for end in ends.split('>'))}"


def _cut(world: World, legs: Legs, machine: str) -> tuple[set[str], set[str]]:
    """The connections of a machine, and the services of clusters that work with them and not without."""
    every = legs_of(world.deployment)
    cut = {
        leg.id
        for leg in every
        if machine in {leg.client, leg.server} and legs.get(leg.id, State.DOWN) is not State.DOWN
    }
    services = services_of(world.deployment, every)
    now, meanwhile = (
        {
            f"{s.name.value} at {s.where}"
            for s in service_states(services, states)
            if s.cluster and s.state is not State.DOWN
        }
        for states in (legs, {**legs, **dict.fromkeys(cut, State.DOWN)})
    )
    return cut, now - meanwhile


def differences(plan: Plan) -> list[str]:
    """What a plan says that the checker does not see, and the other way round; empty if they agree."""
    found: list[str] = []
    seen = list(replayed(plan.change, plan.order))
    if sorted(plan.order) != sorted(step.key for step in plan.change.steps) or len(plan.predictions) != len(seen):
        return ["the order does not have each step once, or a prediction for each state"]
    looks: dict[str, Callable[[Seen], object]] = {}
    for number, (said, saw) in enumerate(zip(plan.predictions, seen, strict=True)):
        looks = {
            "done": (set(said.done), set(plan.order[:number])),
            "connections": (dict(said.legs), dict(saw.legs)),
            "refused": ({r.leg for r in said.refused}, set(saw.refused)),
            "restart": (set(said.down_during), set(saw.cut)),
            "services": (set(said.interrupted), set(saw.interrupted)),
        }
        found += [f"{number} {saw.step}: {what}: planned {a}, seen {b}" for what, (a, b) in looks.items() if a != b]
    if plan.order_exists == any(saw.refused for saw in seen):
        found.append(f"order_exists is {plan.order_exists}, and refused is {[sorted(s.refused) for s in seen]}")
    return [*found, *_not_reached(seen[-1].world, plan.change)]


def _not_reached(world: World, change: Change) -> Iterator[str]:
    """What differs from tomorrow after all steps. The order in a list is that in which CAs were appended."""
    if world.deployment != change.tomorrow.deployment:
        yield "the configuration is not tomorrow's"
    for fqdn, wanted in change.tomorrow.parties.items():
        for port in {0, *wanted.lists, *wanted.services}:
            made, other = world.parties[fqdn].as_server(port), wanted.as_server(port)
            if set(made.trusted_ca_list) != set(other.trusted_ca_list) or made.credential != other.credential:
                yield f"{fqdn} is not as tomorrow at port {port}"
