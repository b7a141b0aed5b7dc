"""What one sees before and after a step: connections, services, alarms, pages; and what a restart cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pkikit.design.restarts import ESTIMATES
from pkikit.design.services import services_of
from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import ServiceState, service_states
from pkikit.model.tables.alarm_kinds import ALARMS
from pkikit.model.tables.product_pages import SERVER_CERTIFICATE, TRUSTED_CA
from pkikit.planning.plan import Plan, Prediction
from pkikit.planning.step_words.place_words import Around, certificate_names
from pkikit.planning.step_words.step_file import contents_of
from pkikit.planning.steps import Action, Step
from pkikit.text import counted, listed

_LOADED, _DOMAIN, _CLUSTER_TLS, _PERMISSIVE, _SAML = "15028", "15022", "20020", "40049", "35016"
_MOST = 60


def connections_text(prediction: Prediction) -> str:
    """Return how many connections are up, down and not assessed: `50 of 52 connections up, 2 not assessed`.

    Args:
        prediction: a state.

    Returns:
        Without a stop.
    """
    states = list(prediction.legs.values())
    down, unknown = (states.count(state) for state in (State.DOWN, State.NOT_ASSESSED))
    text = f"{states.count(State.UP)} of {counted(len(states), 'connection')} up"
    return text + (f", {down} down" if down else "") + (f", {unknown} not assessed" if unknown else "")


def alarm(number: str) -> str:
    """Return an alarm as people look for it: `alarm 15028 (Restart required)`."""
    return f"alarm {number} ({ALARMS[number].title})"


def raised_by(around: Around) -> tuple[str, ...]:
    """Return the numbers of the alarms that a step of an Expressway raises, until its restart."""
    return _raised(around.step) if around.is_peer or around.step.action is Action.SET else ()


def _raised(step: Step) -> tuple[str, ...]:
    match step.action:
        case Action.LOAD:
            return (_DOMAIN,) if step.place.startswith("domain ") else (_LOADED,)
        case Action.SET if any(s.place.endswith(".cluster_tls") for s in step.settings):
            return (_CLUSTER_TLS,)
        case _:
            return ()


def before_of(around: Around) -> Iterator[str]:
    """Yield what one sees before a step.

    Args:
        around: the step in its plan.

    Yields:
        Sentences.
    """
    yield f"{connections_text(around.earlier)}."
    step = around.step
    if step.action is Action.RESTART and around.is_peer:
        loads = [around.plan.change.by_key[key] for key in step.activates]
        numbers = dict.fromkeys(number for load in loads for number in _raised(load))
        if numbers:
            yield f"{around.machine} shows {listed([alarm(n) for n in numbers])}."
    if step.action is Action.LOAD and around.is_peer:
        yield f"{SERVER_CERTIFICATE} shows the old certificate."


def after_of(around: Around) -> Iterator[str]:
    """Yield what one sees after a step.

    Args:
        around: the step in its plan.

    Yields:
        Sentences.
    """
    if around.step.action is Action.RESTART:
        yield f"After about {ESTIMATES['restart']} minutes, {_same(around, 'again')}"
    else:
        yield _same(around, "still")
    yield from _changed(around)
    yield from _services(around)
    yield from _shown(around)


def _same(around: Around, word: str) -> str:
    text = connections_text(around.later)
    return f"{text}, as before." if around.later.legs == around.earlier.legs and word == "still" else f"{text}."


def _changed(around: Around) -> Iterator[str]:
    names, earlier, later = around.names, around.earlier, around.later
    refused = {refusal.leg: refusal for refusal in later.refused}
    known = {refusal.leg for refusal in earlier.refused}
    for leg, refusal in refused.items():
        word = "Still down" if leg in known else "GOES DOWN"
        yield f"{word}: {names.connection(leg)}. {names.machines_in_text(names.in_text(refusal.says))}"
    both = [leg for leg in later.legs if leg in earlier.legs and earlier.legs[leg] is not later.legs[leg]]
    up = [names.connection(leg) for leg in both if later.legs[leg] is State.UP]
    if up:
        yield f"{'Comes' if len(up) == 1 else 'Come'} up: {listed(up, at_most=_MOST)}."
    yield from _new(around)


def _new(around: Around) -> Iterator[str]:
    """Yield connections that this step adds, or the machine that has another name from now on."""
    change, earlier, later = around.plan.change, around.earlier, around.later
    for step in change.in_effect(later.done):
        if step.renames and step not in change.in_effect(earlier.done):
            yield from (f"The connections of {old} come back under its new name {new}." for old, new in step.renames)
            return
    new = [around.names.connection(leg) for leg in later.legs if leg not in earlier.legs]
    if new:
        yield f"New: {listed(new, at_most=_MOST)}."


def _services(around: Around) -> Iterator[str]:
    before, after = ({(s.name, s.where): s for s in p.services} for p in (around.earlier, around.later))
    for key, service in after.items():
        was = before.get(key)
        if was is not None and was.state is not service.state:
            where = around.names.machines_in_text(service.where)
            yield f"{service.name.label} at {where}: {_WORDS[service.state]}, was {_WORDS[was.state]}."


_WORDS: Mapping[State, str] = {State.UP: "up", State.DOWN: "down", State.NOT_ASSESSED: "not assessed"}


def _shown(around: Around) -> Iterator[str]:
    step, machine = around.step, around.machine
    numbers = raised_by(around)
    match step.action:
        case Action.LOAD if around.is_peer:
            pending = step.key in around.plan.change.restart_of
            use = "; the old certificate stays in use until the restart" if pending else ""
            yield f"{SERVER_CERTIFICATE} says that the loaded certificate ends on {contents_of(step)[0].ends}{use}."
        case Action.APPEND_CA if around.is_peer:
            yield f"{TRUSTED_CA} lists {certificate_names(step)}."
        case Action.REMOVE_CA if around.is_peer:
            yield f"{TRUSTED_CA} no longer lists {certificate_names(step)}."
        case Action.RESTART if around.is_peer:
            loads = [around.plan.change.by_key[key] for key in step.activates]
            lowered = dict.fromkeys(number for load in loads for number in _raised(load))
            if lowered:
                gone = "is" if len(lowered) == 1 else "are"
                yield f"{listed([alarm(n) for n in lowered])[:1].upper()}{listed([alarm(n) for n in lowered])[1:]} {gone} gone."
            yield "Status > Zones and the SSH tunnels status show its zones and tunnels as active."
        case _:
            pass
    if numbers:
        yield f"{machine or 'Each peer of the cluster'} raises {listed([alarm(n) for n in numbers])}."
    if any(s.place.endswith(".cluster_tls") and s.new == "permissive" for s in step.settings):
        yield f"While it is permissive, {alarm(_PERMISSIVE)} is raised."


def announced_of(around: Around) -> Iterator[str]:
    """Yield what a restart cuts for its minutes, and what stays up because of which peers.

    Args:
        around: the step in its plan.

    Yields:
        Sentences; none if the step cuts nothing.
    """
    cut = around.later.down_during
    if not cut:
        return
    minutes = ESTIMATES["restart"]
    if around.step.action is Action.UPGRADE:
        yield f"Each Expressway restarts, one at a time: {counted(len(cut), 'connection')} go down for some minutes in turn."
        yield from _interruptions(around, minutes)
        return
    verb = f"go{'es' if len(cut) == 1 else ''}"
    yield f"{counted(len(cut), 'connection')} of {around.machine} {verb} down for about {minutes} minutes."
    yield from _carried(around, cut)
    yield from _interruptions(around, minutes)


def _interruptions(around: Around, minutes: int) -> Iterator[str]:
    if around.later.interrupted:
        words = [_interrupted(around, text) for text in around.later.interrupted]
        yield f"Interrupted for about {minutes} minutes, because no other peer has it: {listed(words)}."


def _interrupted(around: Around, text: str) -> str:
    labels = {s.name.value: s.name.label for s in around.later.services}
    name, at, where = text.partition(" at ")
    return f"{labels.get(name, name)}{at}{around.names.machines_in_text(where)}"


def _carried(around: Around, cut: Iterable[str]) -> Iterator[str]:
    """Yield the services that this machine carries and that others carry while it is away."""
    try:
        deployment = around.plan.change.deployment(around.earlier.done)
    except InputError:
        return
    legs = {**around.earlier.legs, **dict.fromkeys(cut, State.DOWN)}
    full = service_states(services_of(deployment), around.earlier.legs)
    away = {(s.name, s.where): s for s in service_states(services_of(deployment), legs)}
    for service in full:
        if service.cluster and service.up and away[service.name, service.where].up and set(service.needs) & set(cut):
            peers = [s for s in full if s.peer and s.name is service.name and set(s.needs) <= set(service.needs)]
            yield _stays(around, service, [s.peer for s in peers if away[s.name, s.where].up and s.up])


def _stays(around: Around, service: ServiceState, peers: list[str]) -> str:
    others = [around.names.short.get(peer, peer) for peer in peers]
    return f"{service.name.label} stays up at {listed(others)}."


def short_connections(around: Around) -> tuple[str, ...]:
    """Return the connections that the restart cuts, as people write them.

    Args:
        around: the step in its plan.

    Returns:
        In the order of the deployment.
    """
    return tuple(around.names.connection(leg) for leg in around.later.down_during)


def worst_state(plan: Plan) -> Prediction:
    """Return the state of a plan with the most refused connections.

    Args:
        plan: the plan.

    Returns:
        The first of them.
    """
    return max(plan.predictions, key=lambda prediction: len(prediction.refused))
