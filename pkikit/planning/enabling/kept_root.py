"""The old root stays in the lists in which its removal does harm."""

from __future__ import annotations

from dataclasses import replace

from cryptography import x509

from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.enabling.option import Clashes, Option, keys_in
from pkikit.planning.steps import Action, Step


def _build(change: Change, clashes: Clashes) -> Change | None:
    named = keys_in(clashes)
    removals = [step for step in change.steps if step.action is Action.REMOVE_CA and step.key in named]
    if not removals:
        return None
    gone = {step.key for step in removals}
    tomorrow = change.tomorrow
    for step in removals:
        tomorrow = _with_kept(tomorrow, change, step)
    return replace(
        change,
        tomorrow=tomorrow,
        steps=tuple(step for step in change.steps if step.key not in gone),
        precedences=tuple(p for p in change.precedences if not {p.first, p.then} & gone),
    )


def _with_kept(world: World, change: Change, step: Step) -> World:
    """Return tomorrow's machines in which the list of a step keeps what the step would remove."""
    renamed = dict(pair for other in change.steps for pair in other.renames)
    fqdn = renamed.get(step.machine, step.machine)
    if fqdn not in world.parties:
        return world
    services = world.deployment.group_of(fqdn).certificates if step.place else ()
    ports = next((made.ports for made in services[1:] if made.trust_list == step.place), ())
    return world.with_party(_kept(world.parties[fqdn], ports, step.certificates))


def _kept(party: Party, ports: tuple[int, ...], kept: tuple[x509.Certificate, ...]) -> Party:
    if not ports:
        return replace(party, trusted_ca_list=(*kept, *party.trusted_ca_list))
    held = party.lists.get(ports[0], party.trusted_ca_list)
    return replace(party, lists={**party.lists, **dict.fromkeys(ports, (*kept, *held))})


KEEP_OLD_ROOT = Option(
    kind="keep-old-root",
    says="The old CA stays in the trusted CA lists where its removal does harm; remove it in a later change.",
    price="These machines trust the old CA for longer.",
    build=_build,
)
