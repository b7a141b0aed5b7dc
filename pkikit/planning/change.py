"""A change: today, tomorrow, the steps between, and the world after any set of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography import x509

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.leg import renamed_id
from pkikit.model.parties import PartyGroup
from pkikit.model.places import deployment_with
from pkikit.model.world import Party, World
from pkikit.planning.steps import Action, Precedence, Step
from pkikit.worlds.copied_stores import with_copied_stores
from pkikit.worlds.renamed_machines import machines_of

Done = frozenset[str]
_Listed = tuple[x509.Certificate, ...]


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

    @cached_property
    def renames(self) -> Mapping[str, str]:
        """The name after all steps, by the name today, of each machine whose name changes."""
        return renames_of(self.steps)

    def name_of(self, machine: str, done: Done) -> str:
        """Return the name that a machine has after some steps; `machine` is its name today."""
        return renames_of(self.in_effect(done)).get(machine, machine)

    def id_today(self, leg: str) -> str:
        """Return the id that a connection has today, by the one that it has after any set of steps."""
        return renamed_id(leg, self._names_today)

    @cached_property
    def _names_today(self) -> Mapping[str, str]:
        return {new: old for old, new in self.renames.items()}

    def in_effect(self, done: Done) -> tuple[Step, ...]:
        """Return the steps that count after these ones: pending certificates and settings do not yet."""
        return tuple([step for step, key, counts in self._when_in_effect if key in done and counts in done])

    @cached_property
    def _when_in_effect(self) -> tuple[tuple[Step, str, str], ...]:
        """Each step with its key and that of the step from which on it counts."""
        return tuple((step, step.key, self.restart_of.get(step.key, step.key)) for step in self.steps)

    def time(self, done: Done) -> datetime:
        """Return the earliest time at which these steps can all be done."""
        return max((self.at, *(until for key, until in self._waits if key in done)))

    @cached_property
    def _waits(self) -> tuple[tuple[str, datetime], ...]:
        return tuple((step.key, step.until) for step in self.steps if step.until is not None)

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
        deployment = self._deployment(effective)
        upgraded = any(step.action is Action.UPGRADE for step in effective)
        names = renames_of(effective)
        here: dict[str, list[Step]] = {}
        for step in effective:
            here.setdefault(step.machine, []).append(step)
        machines = machines_of(deployment)
        parties = {}
        for fqdn in self.today.parties:
            name = names.get(fqdn, fqdn)
            if name in machines or name in self.tomorrow.parties:
                parties[name] = self._party(fqdn, name, here.get(fqdn, ()), upgraded=upgraded)
        resolved = {name for step in effective for name in step.names}
        gone = {name for step in effective for name in step.gone}
        unresolved = (self.today.unresolved - resolved) | gone
        world = replace(self.today, deployment=deployment, parties=parties, unresolved=unresolved)
        return _with_unknown_lists(world, self.today, names) if self.today.stand_ins.unknown else world

    @cached_property
    def _known_parties(self) -> dict[tuple[str, str, bool, tuple[str, ...]], Party]:
        """The machines that were asked for; filled as they are."""
        return {}

    def _party(self, fqdn: str, name: str, steps: Sequence[Step], *, upgraded: bool) -> Party:
        """Return a machine after some of its steps; the same object for the same steps."""
        key = (fqdn, name, upgraded, tuple(step.key for step in steps))
        party = self._known_parties.get(key)
        if party is None:
            party = (self._upgraded if upgraded else self.today).parties[fqdn]
            for step in steps:
                party = self._after(party, step)
            party = self._known_parties[key] = party if party.fqdn == name else replace(party, fqdn=name)
        return party

    def deployment(self, done: Done) -> Deployment:
        """Return the configuration after some steps.

        Args:
            done: keys of completed steps.

        Returns:
            The deployment; the same object for the same settings.

        Raises:
            InputError: the settings contradict each other after these steps, so nobody can enter them.
        """
        return self._deployment(self.in_effect(done))

    @cached_property
    def _deployments(self) -> dict[frozenset[str], Deployment | InputError]:
        """The configurations that were asked for, by the keys of the steps with settings; filled as they are."""
        return {}

    def _deployment(self, effective: tuple[Step, ...]) -> Deployment:
        with_settings = [step for step in effective if step.settings]
        key = frozenset(step.key for step in with_settings)
        if key not in self._deployments:
            changed: dict[str, Any] = {s.place: s.new for step in with_settings for s in step.settings}
            try:
                self._deployments[key] = self._with_known_machines(
                    deployment_with(self.today.deployment, changed), with_settings
                )
            except InputError as error:
                self._deployments[key] = error
        found = self._deployments[key]
        if isinstance(found, InputError):
            raise found
        return found

    def _with_known_machines(self, deployment: Deployment, effective: Iterable[Step]) -> Deployment:
        """Return a configuration whose machines all exist.

        Args:
            deployment: the configuration.
            effective: the steps that are in effect.

        Returns:
            The same configuration.

        Raises:
            InputError: it names a machine that is not there by then.
        """
        renamed = renames_of(effective)
        known = {renamed.get(fqdn, fqdn) for fqdn in self.today.parties}
        for group in deployment.groups:
            for member in group.members:
                if member not in known:
                    raise InputError(f"{member} is not a machine yet")
        return deployment

    @cached_property
    def _groups(self) -> Mapping[str, PartyGroup]:
        """The group of each machine, by the name that it has today; machines that are new as tomorrow has them."""
        today, tomorrow = (
            {n: group for group in world.deployment.groups for n in group.members}
            for world in (self.today, self.tomorrow)
        )
        later = {old: tomorrow[new] for old, new in self.renames.items() if new in tomorrow}
        return {**tomorrow, **later, **today}

    @cached_property
    def _upgraded(self) -> World:
        """Today's machines as the upgrade leaves them.

        A plan upgrades before it loads anything, so the certificate that is copied is that of today.
        """
        after = self._deployment(tuple(step for step in self.steps if step.action is Action.UPGRADE))
        return with_copied_stores(self.today, self.today.deployment.product_version, after)

    @cached_property
    def _known_lists(self) -> dict[tuple[int, str], tuple[_Listed, _Listed]]:
        """Lists before and after a step, by the id of the one before; filled as they are asked for."""
        return {}

    def _list_after(self, step: Step) -> Callable[[_Listed], _Listed]:
        """Return what a step makes of a list: the same object for the same list, because its index is kept for the object."""

        def changed(listed: _Listed) -> _Listed:
            key = (id(listed), step.key)
            kept = self._known_lists.get(key)
            if kept is None or kept[0] is not listed:
                kept = self._known_lists[key] = (listed, _changed_list(listed, step))
            return kept[1]

        return changed

    def _after(self, party: Party, step: Step) -> Party:
        """Return a machine after one step that concerns it."""
        group, unknown = self._groups[party.fqdn], self.today.stand_ins.unknown
        match step.action:
            case Action.APPEND_CA:
                return _with_list(party, step.place, group, self._list_after(step), unknown=unknown)
            case Action.REMOVE_CA:
                return _with_list(party, step.place, group, self._list_after(step), unknown=unknown)
            case Action.LOAD_CLIENT:
                return replace(party, client=step.credential)
            case Action.LOAD:
                return _loaded(party, step, group, unknown=unknown)
            case _:
                return party


def renames_of(steps: Iterable[Step]) -> dict[str, str]:
    """Return the name after these steps, by the name today, of each machine that they rename."""
    return dict(pair for step in steps for pair in step.renames)


def _loaded(party: Party, step: Step, group: PartyGroup, *, unknown: bool) -> Party:
    assert step.credential is not None  # a load has one
    store, _, domain = step.place.partition(" ")
    if store == "domain":
        return replace(party, domains={**party.domains, domain: step.credential})
    services = group.certificates
    if store == "server" or (services and services[0].service == store):
        return replace(party if unknown else _apart(party, group), credential=step.credential)
    ports = next(made.ports for made in services if made.service == store)
    return replace(party, services={**party.services, **dict.fromkeys(ports, step.credential)})


def _apart(party: Party, group: PartyGroup) -> Party:
    """Return a machine in which the certificate of the first service is that of no other one.

    A service without a certificate of its own shows the first one's; a load into the first store leaves it what it has.
    """
    if party.credential is None:
        return party
    missing = {port: party.credential for made in group.certificates[1:] for port in made.ports}
    return replace(party, services={**missing, **party.services}) if missing else party


def _changed_list(listed: _Listed, step: Step) -> _Listed:
    every = dict.fromkeys(listed)
    for certificate in step.certificates:
        if step.action is Action.REMOVE_CA:
            every.pop(certificate, None)
        else:
            every.setdefault(certificate)
    return tuple(every)


def _with_list(
    party: Party,
    name: str,
    group: PartyGroup,
    list_after: Callable[[_Listed], _Listed],
    *,
    unknown: bool,
) -> Party:
    """Return a machine with one of its lists of CAs changed; the empty name means the only one.

    unknown: an empty list means that nobody gave it. What is appended to it leaves the rest of it unknown.
    """

    def changed(listed: _Listed) -> _Listed:
        return listed if unknown and not listed else list_after(listed)

    if not name:
        return replace(party, trusted_ca_list=changed(party.trusted_ca_list))
    others = {port: party.trusted_ca_list for made in group.certificates[1:] for port in made.ports}
    lists = {**others, **party.lists}  # the first list counts for no other service any more
    ports = next((made.ports for made in group.certificates[1:] if made.trust_list == name), ())
    if not ports:
        return replace(party, trusted_ca_list=changed(party.trusted_ca_list), lists=lists)
    return replace(party, lists={**lists, **dict.fromkeys(ports, changed(lists[ports[0]]))})


def _with_unknown_lists(world: World, today: World, names: Mapping[str, str]) -> World:
    """Return the world in which a list that nobody gave stays unknown, although a step adds a CA to it or removes one."""
    made = today.stand_ins
    lists = set(made.lists)
    for fqdn, before in today.parties.items():
        after = world.parties.get(names.get(fqdn, fqdn))
        if after is None:
            continue
        pairs = [(before.trusted_ca_list, after.trusted_ca_list)]
        pairs += [(before.lists.get(port, before.trusted_ca_list), listed) for port, listed in after.lists.items()]
        lists |= {(after.fqdn, new) for old, new in pairs if new and (not old or (fqdn, old) in made.lists)}
    return replace(world, stand_ins=replace(made, lists=frozenset(lists)))
