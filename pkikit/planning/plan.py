"""A plan: an order of the steps, and what each connection and service does after each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import ServiceState
from pkikit.planning.change import Change, Done
from pkikit.planning.steps import Step


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A connection that a state refuses although it was not refused before the change.

    Attributes:
        leg: the id of the connection.
        refused_by: the FQDN of the machine that refuses.
        causes: rule ids, most probable first.
        says: one sentence for people.
    """

    leg: str
    refused_by: str
    causes: tuple[str, ...]
    says: str


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The connections and services after some steps.

    Attributes:
        done: the keys of the completed steps.
        legs: the state of each connection of the deployment as it is configured then, by id.
        services: the state of each service, at peers and of clusters.
        refused: the connections that are refused and were not before the change.
        down_during: for the restart that leads here: connections that the restart cuts for its minutes, by id.
        interrupted: for that restart: services that no other peer carries meanwhile, as `mra at cluster edge`.
    """

    done: Done
    legs: Mapping[str, State]
    services: tuple[ServiceState, ...]
    refused: tuple[Refusal, ...] = ()
    down_during: tuple[str, ...] = ()
    interrupted: tuple[str, ...] = ()


NOTHING_KNOWN = "Files are missing, so no connection is known to be up, and no order can be checked."
"""Why no order is promised if `no_connection_known`."""


def no_connection_known(predictions: Iterable[Prediction]) -> bool:
    """Return True if no state has a connection that is known to be up, because files are missing."""
    states = {state for prediction in predictions for state in prediction.legs.values()}
    return State.NOT_ASSESSED in states and State.UP not in states


@dataclass(frozen=True, kw_only=True)
class Clash:
    """One fact that rules out orders: these steps done and those not done is refused.

    Attributes:
        done: keys of steps.
        missing: keys of steps. A clash with one of each means that the missing one comes first.
        says: why, in one sentence for people.
        leg: the id of a connection that shows it; empty for a rule such as primary first.
        causes: rule ids of the refusal.
    """

    done: Done
    missing: Done
    says: str
    leg: str = ""
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Enabling:
    """An extra step or another design of the change that was tried because no order exists.

    Attributes:
        kind: `cross-sign`, `other-root-name`, `both-names`, `verify-off`, `more-restarts`, `permissive-cluster`, `eku-check-off`,
            `keep-old-root`; two of them with ` + ` between.
        says: what it is, in one sentence.
        achieves: what it achieves, in one sentence.
        works: an order without refusals exists with it.
        refused_legs: the connections that an order with the fewest lost minutes refuses with it.
        steps: how many steps the change then has.
        price: what it costs: less verification, more work by others. Empty if nothing.
    """

    kind: str
    says: str
    achieves: str
    works: bool
    refused_legs: int
    steps: int
    price: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The answer.

    Attributes:
        change: what is ordered.
        order: keys of all steps.
        predictions: one more than steps: the state before the first step, and after each.
        order_exists: True if no state of the order refuses a connection, and at least one connection is known to be up.
        reason: why there is no such order, in one sentence; empty if there is one.
        clashes: the smallest set of facts that together rule out every order; empty if there is one.
        enabling: what was tried; empty if an order exists.
        lost_minutes: connection-minutes that refusals cost in this order; 0 if an order exists.
        proven: False if the search gave up before it knew that nothing better exists.
        notes: remarks in sentences: stand-ins, missing keys, what is not assessed.
    """

    change: Change
    order: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    order_exists: bool
    reason: str = ""
    clashes: tuple[Clash, ...] = ()
    enabling: tuple[Enabling, ...] = ()
    lost_minutes: float = 0.0
    proven: bool = True
    notes: tuple[str, ...] = field(default=())

    @property
    def is_unknown(self) -> bool:
        """True if so many files are missing that no connection is known to be up at any time, so nothing can be promised."""
        return bool(self.order) and not self.refused_legs and no_connection_known(self.predictions)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in their order."""
        return tuple(self.change.by_key[key] for key in self.order)

    @property
    def refused_legs(self) -> int:
        """How many connections are refused at some time in this order; one whose machines get other names counts once."""
        refused = (refusal.leg for prediction in self.predictions for refusal in prediction.refused)
        return len(set(map(self.change.id_today, refused)))
