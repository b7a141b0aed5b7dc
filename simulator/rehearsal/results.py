"""What a rehearsal found: each connection in each state, predicted and dialled. Values, and their document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pkikit.judge.legs.known_parts import State
from pkikit.view.description import iso
from simulator.rehearsal.route import Phase
from simulator.rehearsal.sabotage import Sabotage


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One connection in one state.

    id: of the connection. predicted: by the plan, or by the same decisions again where the order is not the plan's.
    state: what the handshake did; where nothing was dialled, what was judged. dialled: False if a private key is missing.
    held: it is held, and was up when the state was dialled; None if nobody holds such a connection.
    refused_by: the machine that refuses. causes: rule ids, the first one first. says, fix: the first cause, for people.
    """

    id: str
    predicted: State
    state: State
    dialled: bool
    held: bool | None = None
    refused_by: str = ""
    causes: tuple[str, ...] = ()
    says: str = ""
    fix: str = ""

    @property
    def agrees(self) -> bool:
        """True if prediction and handshake agree. A held connection that is predicted up has to be up as well."""
        return self.predicted is self.state and not (self.held is False and self.predicted is State.UP)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `connections`."""
        return {
            "id": self.id,
            "predicted": self.predicted.value,
            "state": self.state.value,
            "dialled": self.dialled,
            "held": self.held,
            "agrees": self.agrees,
            "refused_by": self.refused_by or None,
            "causes": list(self.causes),
            "says": self.says,
            "fix": self.fix,
        }


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason why connections are refused in a state, with every machine that has it.

    rule: its id. says, fix: for people. refused_by: the machines that refuse. legs: ids of the connections.
    """

    rule: str
    says: str
    fix: str
    refused_by: tuple[str, ...]
    legs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RehearsedState:
    """One state after its connections were dialled.

    number, key, phase, undo, off: as in Stop. says: the step in a few words. machine: that it is done on; may be empty.
    at: the lab's time. seconds: how long step and dialling took.
    connections: in the order of the deployment. refused: ids of those that are down and were not before the change.
    why: the reasons of these. dropped: ids of held connections that went down on the way here.
    moved: those of them that a changed setting leads elsewhere. unannounced: those that nobody announced.
    problems: what the lab did otherwise than the plan says, in sentences. services: those that no peer of their cluster carries.
    """

    number: int
    key: str
    says: str
    machine: str
    phase: Phase
    undo: bool
    off: str
    at: datetime
    seconds: float
    connections: tuple[Connection, ...]
    refused: tuple[str, ...] = ()
    why: tuple[Cause, ...] = ()
    dropped: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    unannounced: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Connection]:
        """The connections by id."""
        return {found.id: found for found in self.connections}

    def count(self, state: State) -> int:
        """Return how many connections are in a state."""
        return sum(found.state is state for found in self.connections)

    @property
    def held(self) -> tuple[int, int]:
        """How many held connections are up, and how many there are."""
        held = [found.held for found in self.connections if found.held is not None]
        return sum(held), len(held)

    @property
    def dialled(self) -> int:
        """How many connections were dialled."""
        return sum(found.dialled for found in self.connections)

    @property
    def differences(self) -> tuple[Connection, ...]:
        """The connections whose handshake is not as predicted."""
        return tuple(found for found in self.connections if not found.agrees)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `states`."""
        held, of = self.held
        return {
            "n": self.number,
            "key": self.key or None,
            "step": self.says,
            "machine": self.machine or None,
            "phase": self.phase.value,
            "undo": self.undo,
            "off": self.off or None,
            "at": iso(self.at),
            "seconds": round(self.seconds, 2),
            "counts": {
                "connections": len(self.connections),
                "dialled": self.dialled,
                **{state.name.lower(): self.count(state) for state in State},
                "predicted_down": sum(found.predicted is State.DOWN for found in self.connections),
                "held": of,
                "held_up": held,
            },
            "agrees": not (self.differences or self.problems),
            "refused": list(self.refused),
            "why": [
                {"rule": w.rule, "says": w.says, "fix": w.fix, "refused_by": list(w.refused_by), "legs": list(w.legs)}
                for w in self.why
            ],
            "dropped": list(self.dropped),
            "moved": list(self.moved),
            "unannounced": list(self.unannounced),
            "problems": list(self.problems),
            "services_down": list(self.services),
            "connections": [found.to_json() for found in self.connections],
        }


@dataclass(frozen=True, kw_only=True)
class Break:
    """A connection that begins to be refused.

    state: the state in which it is first refused. connection: how it was found there.
    until: the state in which it is up again; None if it is refused until the end.
    """

    state: RehearsedState
    connection: Connection
    until: RehearsedState | None = None


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The result.

    deployment, goal: of the plan. plan: the SHA-256 that identifies it. steps: how many steps the plan has.
    sabotage: what was done otherwise. states: in the order in which they were dialled.
    continued: how many of them an interrupted run dialled. notes: remarks for people.
    no_way_back: for a rollback: the first step after which undoing everything refuses connections; 0 if there is none.
    """

    deployment: str
    goal: str
    plan: str
    steps: int
    sabotage: Sabotage | None
    states: tuple[RehearsedState, ...]
    continued: int = 0
    notes: tuple[str, ...] = ()
    no_way_back: int = 0

    @property
    def differences(self) -> tuple[tuple[RehearsedState, Connection], ...]:
        """The connections whose handshake is not as predicted, with their state."""
        return tuple((state, found) for state in self.states for found in state.differences)

    @property
    def unannounced(self) -> tuple[tuple[RehearsedState, str], ...]:
        """The held connections that went down without an announcement, with the state in which that was seen."""
        return tuple((state, leg) for state in self.states for leg in state.unannounced)

    @property
    def problems(self) -> tuple[tuple[RehearsedState, str], ...]:
        """What the lab did otherwise than the plan says, with the state in which that was seen."""
        return tuple((state, says) for state in self.states for says in state.problems)

    @property
    def refused(self) -> tuple[str, ...]:
        """The ids of the connections that are refused in some state."""
        return tuple(dict.fromkeys(leg for state in self.states for leg in state.refused))

    @property
    def breaks(self) -> tuple[Break, ...]:
        """Each connection that begins to be refused, once for each time that it does."""
        return tuple(self._breaks())

    def _breaks(self) -> Iterator[Break]:
        before: frozenset[str] = frozenset()
        for number, state in enumerate(self.states):
            now = frozenset(state.refused)
            for leg in (leg for leg in state.refused if leg not in before):
                up = (s for s in self.states[number:] if leg in s.by_id and s.by_id[leg].state is State.UP)
                yield Break(state=state, connection=state.by_id[leg], until=next(up, None))
            # While a machine does not answer, nobody refuses it, and afterwards the same refusal is no new one.
            before = before | now if state.off else now

    @property
    def not_dialled(self) -> tuple[str, ...]:
        """The ids of the connections that were judged only in some state, because a private key is missing."""
        every = [found for state in self.states for found in state.connections]
        unknown = {found.id for found in every if State.NOT_ASSESSED in {found.state, found.predicted}}
        return tuple(dict.fromkeys(found.id for found in every if not found.dialled and found.id not in unknown))

    @property
    def handshakes(self) -> int:
        """How many connections were dialled, in all states together."""
        return sum(state.dialled for state in self.states)

    @property
    def seconds(self) -> float:
        """How long the steps and the dialling took."""
        return sum(state.seconds for state in self.states)

    @property
    def accepted(self) -> bool:
        """True if nothing is refused, nothing went down without an announcement, and every handshake is as predicted."""
        return not (self.refused or self.differences or self.unannounced or self.problems)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim rehearse --json`."""
        sabotage = self.sabotage
        return {
            "accepted": self.accepted,
            "deployment": self.deployment,
            "goal": self.goal,
            "plan_sha256": self.plan,
            "steps": self.steps,
            "sabotage": None
            if sabotage is None
            else {"kind": sabotage.kind.value, "step": sabotage.step, "other": sabotage.other or None},
            "counts": {
                "states": len(self.states),
                "handshakes": self.handshakes,
                "not_dialled": len(self.not_dialled),
                "refused": len(self.refused),
                "differences": len(self.differences),
                "unannounced": len(self.unannounced),
                "problems": len(self.problems),
            },
            "seconds": round(self.seconds, 1),
            "continued": self.continued,
            "refused": [
                {
                    "id": found.connection.id,
                    "n": found.state.number,
                    "step": found.state.says,
                    "phase": found.state.phase.value,
                    "refused_by": found.connection.refused_by or None,
                    "causes": list(found.connection.causes),
                    "says": found.connection.says,
                    "predicted": found.connection.predicted.value,
                    "until": found.until.number if found.until is not None else None,
                }
                for found in self.breaks
            ],
            "differences": [
                {"n": state.number, "phase": state.phase.value, **found.to_json()} for state, found in self.differences
            ],
            "unannounced": [
                {"n": state.number, "phase": state.phase.value, "id": leg} for state, leg in self.unannounced
            ],
            "no_way_back_from": self.no_way_back or None,
            "notes": list(self.notes),
            "states": [state.to_json() for state in self.states],
        }
