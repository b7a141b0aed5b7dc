"""Names in their order: first in certificates, then in the settings that use them, last in DNS.

A certificate with one more name does no harm. A domain that is configured before makes Expressways offer what their certificates
do not prove yet, and clients outside come as soon as DNS leads them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import presented_names
from pkikit.model.world import World
from pkikit.planning.steps import Action, Precedence, Step

# The pages with names that the Expressways offer to others: their SRV records lead here.
_OFFERED = frozenset({"domains", "chat_aliases"})


def offered_names(step: Step) -> frozenset[str]:
    """Return the names that a step adds to the domains and chat node aliases; none if it also takes some away."""
    added = set[str]()
    for change in step.settings:
        if change.place not in _OFFERED:
            continue
        before, after = (frozenset(_names(value)) for value in (change.old, change.new))
        if before - after:
            return frozenset()
        added |= after - before
    return frozenset(added)


def leads_to(record: str, names: Iterable[str]) -> bool:
    """Return True if an SRV record belongs to one of these names."""
    return record.startswith("_") and any(record.endswith(f".{name}") for name in names)


def name_precedences(steps: Sequence[Step], restarts: Iterable[Step], today: World) -> Iterator[Precedence]:
    """Yield the orders that new and old names need.

    Args:
        steps: all steps; restarts may be missing.
        restarts: the restarts.
        today: the machines before.

    Yields:
        A certificate with a new name before the setting that uses it, the setting before its SRV record. In DNS, the new name of
        a machine before it gets it, and the end of the old one after.
    """
    effective = {key: step.key for step in restarts for key in step.activates}
    for step in steps:
        names = offered_names(step)
        if names:
            yield from _of_setting(step, names, steps, effective, today)
        old, new = ({names[place] for names in step.renames} for place in (0, 1))
        for dns in steps:
            if old & set(dns.gone):
                why = "The old name stays in DNS until no machine has it."
                yield Precedence(first=effective.get(step.key, step.key), then=dns.key, why=why, rule="names-first")
            if new & set(dns.names):
                why = "The new name is in DNS before a machine gets it."
                yield Precedence(first=dns.key, then=step.key, why=why, rule="names-first")


def _of_setting(
    step: Step, names: frozenset[str], steps: Sequence[Step], effective: Mapping[str, str], today: World
) -> Iterator[Precedence]:
    for other in steps:
        if other.action is Action.LOAD and other.place == "server" and _adds(other, names, today):
            why = "A name is in the certificate before anybody uses it."
            yield Precedence(first=effective.get(other.key, other.key), then=step.key, why=why, rule="names-first")
        if other.action is Action.DNS and any(leads_to(record, names) for record in other.names):
            why = "Clients and other servers come as soon as DNS has the record."
            yield Precedence(first=effective.get(step.key, step.key), then=other.key, why=why, rule="names-first")


def _adds(load: Step, names: frozenset[str], today: World) -> bool:
    """Return True if a certificate has one of these names, which the one before lacks, and lacks none that this has."""
    party = today.parties.get(load.machine)
    had, has = _dns(party.credential if party is not None else None), _dns(load.credential)
    if not had or had - has:
        return False
    return any(new == name or new.endswith(f".{name}") for new in has - had for name in names)


def _dns(credential: Credential | None) -> frozenset[str]:
    return frozenset(n.lower() for n in presented_names(credential.leaf).dns) if credential is not None else frozenset()


def _names(value: Any) -> Iterator[str]:
    """Yield the names in a value of the configuration: a list of them, or lists under keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _names(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _names(inner)
