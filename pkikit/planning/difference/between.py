"""The steps between two worlds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.parties import PartyKind, Side
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import World
from pkikit.planning.change import Change
from pkikit.planning.difference.changed_machines import (
    Machines,
    require_common_peers,
    require_plain_renames,
)
from pkikit.planning.difference.list_orders import other_list_orders
from pkikit.planning.difference.name_orders import name_precedences
from pkikit.planning.difference.party_steps import party_steps
from pkikit.planning.difference.restart_steps import restart_precedences, restart_steps
from pkikit.planning.difference.setting_steps import dns_steps, setting_steps
from pkikit.planning.difference.step_owners import owner_of
from pkikit.planning.steps import Action, Owner, Precedence, Step
from pkikit.worlds.copied_stores import with_copied_stores, with_full_client_stores
from pkikit.worlds.renamed_machines import renames_between


def difference_of(
    today: World,
    tomorrow: World,
    *,
    at: datetime,
    goal: str = "",
    renames: Mapping[str, str] | None = None,
    arrives: Mapping[x509.Certificate, datetime] | None = None,
    assumptions: Iterable[str] = (),
) -> Change:
    """Return what has to be done to get from one world to another: only what differs gets a step.

    Args:
        today: the machines before.
        tomorrow: the machines after.
        at: when the change begins.
        goal: what it is for, in a few words.
        renames: the FQDN after, by the FQDN before, of machines that change their name. None: one name for another at the same
            position of a cluster or a group counts as a new name.
        arrives: when a certificate is at hand, for those that are not yet.
        assumptions: what had to be assumed, in sentences.

    Returns:
        The steps, and the orders that hold whatever the certificates are.

    Raises:
        InputError: tomorrow is an older version or has no Expressway of today, or machines swap their names.
    """
    if renames is None:
        renames = renames_between(today.deployment, tomorrow.deployment)
    require_plain_renames(renames, today.deployment)
    require_common_peers(renames, today.deployment, tomorrow.deployment)
    today, tomorrow = _comparable(today, tomorrow)
    machines = Machines(today=today, tomorrow=tomorrow, renamed=renames)
    names, gone = _names(today, tomorrow)
    settings = setting_steps(machines)
    theirs = _owned_by_others(tomorrow, machines)
    steps = [*settings, *dns_steps(names, gone, settings, theirs), *party_steps(_upgraded(machines))]
    waits, wait_precedences = _waits(steps, at, arrives or {})
    restarts = restart_steps(steps, today.deployment)
    orders = [*_upgrade_first(steps), *wait_precedences]
    orders += restart_precedences(steps, restarts, today.deployment)
    orders += name_precedences(steps, restarts, today)
    return Change(
        today=_before(machines, names),
        tomorrow=tomorrow,
        at=at,
        steps=(*waits, *steps, *restarts),
        precedences=tuple(orders),
        goal=goal,
        assumptions=(*assumptions, *_of_new_machines(machines), *other_list_orders(machines)),
    )


def _comparable(today: World, tomorrow: World) -> tuple[World, World]:
    """Return both worlds with the same name, and with the client stores that their versions have.

    An Expressway with two stores has a certificate in both (Cisco TAC 225693). A world that leaves the second one open means the
    server certificate; a load into the one store would not change the other.
    """
    name = today.deployment.name
    if tomorrow.deployment.name != name:
        tomorrow = replace(tomorrow, deployment=_named(tomorrow.deployment, name))
    before, after = (w.deployment.product_version for w in (today, tomorrow))
    if before.has(TWO_STORES):
        today = today if today.stand_ins.unknown else with_full_client_stores(today, today.deployment)
    if after.has(TWO_STORES) and not tomorrow.stand_ins.unknown:
        tomorrow = with_full_client_stores(tomorrow, tomorrow.deployment)
    elif not before.has(TWO_STORES):
        tomorrow = with_copied_stores(tomorrow, before, tomorrow.deployment)
    return today, tomorrow


def _upgraded(machines: Machines) -> Machines:
    """Return the machines with what an upgrade leaves in their stores: nobody has to load what it copies."""
    today = machines.today
    before, after = (w.deployment.product_version for w in (today, machines.tomorrow))
    if before.has(TWO_STORES) or not after.has(TWO_STORES):
        return machines
    return replace(machines, today=with_full_client_stores(today, today.deployment))


def _named(deployment: Deployment, name: str) -> Deployment:
    data: dict[str, Any] = deployment.model_dump(mode="json")
    return deployment_from({**data, "name": name})


def _before(machines: Machines, names: frozenset[str]) -> World:
    """Return today's world with the machines that are new, and with what is published for tomorrow's certificates."""
    today, tomorrow = machines.today, machines.tomorrow
    new = {fqdn: tomorrow.parties[fqdn] for fqdn in machines.new}
    return replace(
        today,
        parties={**today.parties, **new},
        published={**tomorrow.published, **today.published},
        unresolved=today.unresolved | names,
        authorities=tuple(dict.fromkeys((*today.authorities, *tomorrow.authorities))),
    )


def _of_new_machines(machines: Machines) -> Iterator[str]:
    if machines.new:
        listed = ", ".join(machines.new)
        yield f"New machines have their certificates and trusted CA lists before they join: {listed}."


def _names(today: World, tomorrow: World) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that begin to resolve, and those that stop."""
    before, after = (frozenset(_dialled(w.deployment)) for w in (today, tomorrow))
    known = before | set(today.deployment.parties)
    new = (after - known) | (today.unresolved - tomorrow.unresolved)
    return new - tomorrow.unresolved, tomorrow.unresolved - today.unresolved


def _dialled(deployment: Deployment) -> Iterator[str]:
    for leg in legs_of(deployment):
        yield from (leg.discovered_by, leg.server) if leg.discovered_by else (leg.reference_name,)


def _owned_by_others(tomorrow: World, machines: Machines) -> dict[str, Owner]:
    """Return who changes the DNS of other companies, by the names of their new machines."""
    return {
        member: owner_of(group, member)
        for group in tomorrow.deployment.groups
        if group.side is Side.OUTSIDE and group.kind in {PartyKind.NEIGHBOUR, PartyKind.PARTNER}
        for member in group.members
        if member in machines.new
    }


def _upgrade_first(steps: Iterable[Step]) -> Iterator[Precedence]:
    steps = tuple(steps)
    upgrade = next((step for step in steps if step.action is Action.UPGRADE), None)
    if upgrade is None:
        return
    for step in steps:
        if step.loads:
            why = "The upgrade copies the server certificate that is loaded then into the client store (Cisco TAC 225693)."
            yield Precedence(first=upgrade.key, then=step.key, why=why, rule="upgrade-first")


def _waits(
    steps: Iterable[Step], at: datetime, arrives: Mapping[x509.Certificate, datetime]
) -> tuple[tuple[Step, ...], tuple[Precedence, ...]]:
    """Return a wait for each date before which a step is not possible, and that it comes first."""
    waits: dict[datetime, Step] = {}
    orders = []
    for step in (s for s in steps if s.loads or s.action is Action.APPEND_CA):
        chain = step.credential.chain if step.credential is not None else step.certificates
        arrival = max((arrives[c] for c in chain if c in arrives), default=at)
        valid = max((c.not_valid_before_utc for c in chain), default=at) if step.loads else at
        until = max(arrival, valid)
        if until <= at:
            continue
        key = f"wait {until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        waits.setdefault(until, Step(key=key, action=Action.WAIT, machine="", until=until))
        why = "the file arrives then" if arrival >= valid else "the certificate is not valid before"
        orders.append(Precedence(first=key, then=step.key, why=f"{why[0].upper()}{why[1:]}.", rule="wait"))
    return tuple(waits[until] for until in sorted(waits)), tuple(orders)
