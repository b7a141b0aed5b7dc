"""Steps for what differs at one machine: its lists of CAs, and the certificates in its stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cryptography import x509

from pkikit.model.certificates.credential import Credential, spki
from pkikit.model.parties import PartyGroup
from pkikit.model.world import Party
from pkikit.planning.difference.changed_machines import Machines
from pkikit.planning.difference.step_owners import owner_of
from pkikit.planning.steps import Action, Step

_Lists = Mapping[str, tuple[x509.Certificate, ...]]


def party_steps(machines: Machines) -> Iterator[Step]:
    """Yield the steps at each machine that both worlds have: CAs to append, certificates to load, CAs to remove.

    Args:
        machines: today and tomorrow.

    Yields:
        The steps. A load says nothing about restarts.
    """
    for fqdn in machines.both:
        before = machines.today.parties[fqdn]
        after = machines.tomorrow.parties[machines.later(fqdn)]
        group = machines.group_of(fqdn)
        lists = list(_list_steps(fqdn, before, after, group))
        yield from (step for step in lists if step.action is Action.APPEND_CA)
        yield from _loads(fqdn, before, after, group, unknown=machines.today.stand_ins.unknown)
        yield from (step for step in lists if step.action is Action.REMOVE_CA)


def lists_by_name(party: Party, group: PartyGroup, *, apart: bool) -> _Lists:
    """Return the lists of CAs of a machine.

    Args:
        party: the machine.
        group: its group, with its services.
        apart: by the name of each list, even if all of them are equal.

    Returns:
        The lists; under the empty name if there is one for everything.
    """
    services = [made for made in group.certificates if made.ports]
    if not apart or not services:
        return {"": party.trusted_ca_list}
    first, *others = services
    found = {first.trust_list: party.trusted_ca_list}
    for made in others:
        found[made.trust_list] = party.lists.get(made.ports[0], party.trusted_ca_list)
    return found


def _list_steps(fqdn: str, before: Party, after: Party, group: PartyGroup) -> Iterator[Step]:
    apart = bool(before.lists or after.lists)
    had, has = (lists_by_name(party, group, apart=apart) for party in (before, after))
    for name in had:
        place = f" {name}" if name else ""
        for action, one, other in ((Action.APPEND_CA, has, had), (Action.REMOVE_CA, had, has)):
            known = set(other[name])
            certificates = tuple(dict.fromkeys(c for c in one[name] if c not in known))
            if certificates:
                yield Step(
                    key=f"{action.value} {fqdn}{place}",
                    action=action,
                    machine=fqdn,
                    place=name,
                    certificates=certificates,
                    owner=owner_of(group, fqdn),
                )


def stores_of(party: Party, group: PartyGroup, *, unknown: bool = False) -> dict[str, Credential | None]:
    """Return what is in each store of a machine, by the name that a step has for the store.

    Args:
        party: the machine.
        group: its group, with its services.
        unknown: nobody knows what is in the store of a service that is not given; otherwise, what the first service has.

    Returns:
        The stores; None for one that is empty, or unknown.
    """
    first = group.certificates[0].service if group.certificates else "server"
    found: dict[str, Credential | None] = {first: party.credential, "client": party.client}
    for made in group.certificates[1:]:
        if made.ports:
            found[made.service] = party.services.get(made.ports[0], None if unknown else party.credential)
    return found | {f"domain {name}": held for name, held in party.domains.items()}


def held_in(party: Party, place: str, group: PartyGroup | None) -> Credential | None:
    """Return what a machine has in one store.

    Args:
        party: the machine.
        place: the store, as a step names it.
        group: its group, with its services; None if it belongs to none.

    Returns:
        The certificate; None if the store is empty.
    """
    store, _, domain = place.partition(" ")
    if store == "domain":
        return party.domains.get(domain)
    if store == "client":
        return party.client
    services = group.certificates[1:] if group is not None else ()
    port = next((made.ports[0] for made in services if made.service == store and made.ports), None)
    return party.credential if port is None else party.services.get(port, party.credential)


def _loads(fqdn: str, before: Party, after: Party, group: PartyGroup, *, unknown: bool) -> Iterator[Step]:
    had, has = (stores_of(party, group, unknown=unknown) for party in (before, after))
    for place, credential in has.items():
        if credential is None or is_held(had.get(place), credential):
            continue
        action = Action.LOAD_CLIENT if place == "client" else Action.LOAD
        which = "" if place in {"server", "client"} else f" {place}"
        yield Step(
            key=f"{action.value} {fqdn}{which}",
            action=action,
            machine=fqdn,
            place=place,
            credential=credential,
            owner=owner_of(group, fqdn),
        )


def is_held(before: Credential | None, after: Credential) -> bool:
    """Return True if a store needs no load: it has the same certificates, and no other key.

    Args:
        before: what is in the store.
        after: what should be in it.

    Returns:
        Whether the two are the same as far as known: where a key is missing, the certificates alone count.
    """
    if before is None or before != after:
        return False
    if before.key is None or after.key is None or before.key is after.key:
        return True
    return spki(before.key.public_key()) == spki(after.key.public_key())
