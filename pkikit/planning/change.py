"""A change: today, tomorrow, the steps between, and the world after any set of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography import x509

from pkikit.model.places import deployment_with
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party, World
from pkikit.planning.steps import Action, Precedence, Step

Done = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """Everything that a plan orders.

    Attributes:
        today: the machines before. It also has the machines that only tomorrow's deployment uses, as they will be.
        tomorrow: the machines after all steps.
        at: when the change begins.
        steps: in any order.
        precedences: orders that hold whatever the certificates are.
        goal: what it is for, in a few words: `new root My Root CA`.
        assumptions: what had to be assumed, in sentences.
    """

    today: World
    tomorrow: World
    at: datetime
    steps: tuple[Step, ...]
    precedences: tuple[Precedence, ...] = ()
    goal: str = ""
    assumptions: tuple[str, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, Step]:
        """The steps by key."""
        return {step.key: step for step in self.steps}

    @cached_property
    def restart_of(self) -> Mapping[str, str]:
        """The restart that puts a step into effect, by the key of that step; a step that is not here works at once."""
        return {key: step.key for step in self.steps for key in step.activates}

    def in_effect(self, done: Done) -> tuple[Step, ...]:
        """Return the steps that count after these ones: pending certificates and settings do not yet."""
        return tuple(s for s in self.steps if s.key in done and self.restart_of.get(s.key, s.key) in done)

    def time(self, done: Done) -> datetime:
        """Return the earliest time at which these steps can all be done."""
        waited = (self.by_key[key].until for key in done)
        return max((self.at, *(until for until in waited if until is not None)))

    def world(self, done: Done) -> World:
        """Return the machines after some steps.

        Args:
            done: keys of completed steps.

        Returns:
            The world.

        Raises:
            InputError: the settings contradict each other after these steps, so nobody can enter them.
        """
        effective = self.in_effect(done)
        world = self._configured(effective)
        for step in effective:
            if step.machine in world.parties:
                world = world.with_party(_after(world.parties[step.machine], step, world))
        return _renamed(world, dict(pair for step in effective for pair in step.renames))

    def _configured(self, effective: tuple[Step, ...]) -> World:
        """Return today's machines with the settings, names and version of these steps."""
        changed: dict[str, Any] = {s.place: s.new for step in effective for s in step.settings}
        names = {name for step in effective for name in step.names}
        gone = {name for step in effective for name in step.gone}
        world = replace(
            self.today,
            deployment=deployment_with(self.today.deployment, changed),
            unresolved=(self.today.unresolved - names) | gone,
        )
        if any(step.action is Action.UPGRADE for step in effective):
            world = _with_client_stores(world, self.today)
        return world


def _with_client_stores(world: World, before: World) -> World:
    """Return the world in which each peer has a client store with its server certificate, as the upgrade makes it.

    Source: Cisco TAC 225693. A plan upgrades before it loads anything, so this is the certificate of today.
    """
    had, has = (w.deployment.product_version.has(TWO_STORES) for w in (before, world))
    if had or not has:
        return world
    for fqdn in before.deployment.peers:
        party = world.parties[fqdn]
        if party.client is None:
            world = world.with_party(replace(party, client=party.credential))
    return world


def _after(party: Party, step: Step, world: World) -> Party:
    """Return a machine after one step that concerns it."""
    match step.action:
        case Action.APPEND_CA:
            return _with_list(party, step.place, world, step.certificates, ())
        case Action.REMOVE_CA:
            return _with_list(party, step.place, world, (), step.certificates)
        case Action.LOAD_CLIENT:
            return replace(party, client=step.credential)
        case Action.LOAD:
            return _loaded(party, step, world)
        case _:
            return party


def _loaded(party: Party, step: Step, world: World) -> Party:
    assert step.credential is not None  # a load has one
    store, _, domain = step.place.partition(" ")
    if store == "domain":
        return replace(party, domains={**party.domains, domain: step.credential})
    services = world.deployment.group_of(party.fqdn).certificates
    if store == "server" or (services and services[0].service == store):
        return replace(party, credential=step.credential)
    ports = next(made.ports for made in services if made.service == store)
    return replace(party, services={**party.services, **dict.fromkeys(ports, step.credential)})


def _with_list(
    party: Party, name: str, world: World, added: tuple[x509.Certificate, ...], removed: tuple[x509.Certificate, ...]
) -> Party:
    """Return a machine with one of its lists of CAs changed; the empty name means the trusted CA list."""

    def changed(listed: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
        return tuple(dict.fromkeys(c for c in (*listed, *added) if c not in removed))

    services = world.deployment.group_of(party.fqdn).certificates if name else ()
    at = next((number for number, made in enumerate(services) if made.trust_list == name), 0)
    if not name or at == 0:
        return replace(party, trusted_ca_list=changed(party.trusted_ca_list))
    ports = services[at].ports
    before = party.lists.get(ports[0], party.trusted_ca_list) if ports else party.trusted_ca_list
    return replace(party, lists={**party.lists, **dict.fromkeys(ports, changed(before))})


def _renamed(world: World, names: Mapping[str, str]) -> World:
    """Return the world in which machines have their new names."""
    if not names:
        return world
    parties = {names.get(n, n): replace(p, fqdn=names.get(n, n)) for n, p in world.parties.items()}
    return replace(world, parties=parties)
