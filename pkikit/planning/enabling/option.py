"""What is tried when no order exists, and what a trial tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography import x509

from pkikit.model.certificates.facts import is_self_signed
from pkikit.planning.change import Change
from pkikit.planning.plan import Clash
from pkikit.planning.steps import Action, Step

Clashes = tuple[Clash, ...]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How well a change can be ordered.

    Attributes:
        works: an order without refusals exists.
        refused_legs: the connections that the order with the fewest lost minutes refuses.
        clashes: the smallest set of facts that rule out every order; empty if it works.
        lost_minutes: connection-minutes that this order loses.
        proven: the search is certain of it.
    """

    works: bool
    refused_legs: int = 0
    clashes: Clashes = ()
    lost_minutes: float = 0.0
    proven: bool = True


Replan = Callable[[Change], Trial]
"""Orders a change."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """Another design of the change, or extra steps.

    Attributes:
        kind: as `Enabling` has it.
        says: what it is, in one sentence.
        build: makes the change with it, as far as these clashes need it; None if it does not apply.
        price: what it costs: less verification, more work by others. Empty if nothing.
    """

    kind: str
    says: str
    build: Callable[[Change, Clashes], Change | None]
    price: str = ""


def keys_in(clashes: Clashes) -> frozenset[str]:
    """Return the keys of all steps that clashes name."""
    return frozenset[str]().union(*(clash.done | clash.missing for clash in clashes))


def loads_of(change: Change) -> Iterator[Step]:
    """Yield the steps that load a certificate."""
    yield from (step for step in change.steps if step.loads and step.credential)


def new_roots(change: Change) -> tuple[x509.Certificate, ...]:
    """Return the self-signed certificates that are appended somewhere, and that no machine trusts today."""
    known = {c for party in change.today.parties.values() for c in party.listed}
    appended = (c for step in change.steps if step.action is Action.APPEND_CA for c in step.certificates)
    return tuple(dict.fromkeys(c for c in appended if is_self_signed(c) and c not in known))
