"""The same change with other certificates in place of some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography import x509

from pkikit.model.certificates.credential import Credential
from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.planning.steps import Step

Certificates = tuple[x509.Certificate, ...]
OfList = Callable[[str, Certificates], Certificates]
"""Takes the FQDN of a machine and a list of CAs of it, or what is appended to or removed from one."""
OfCredential = Callable[[Credential], Credential]


def substituted(change: Change, *, of_list: OfList, of_credential: OfCredential) -> Change:
    """Return the change with other certificates.

    Args:
        change: the change.
        of_list: what takes the place of certificates in a list.
        of_credential: what takes the place of what is presented.

    Returns:
        The change. What nobody knows stays marked as unknown.
    """

    def world_of(world: World) -> World:
        return _world(world, of_list, of_credential)

    return replace(
        change,
        today=world_of(change.today),
        tomorrow=world_of(change.tomorrow),
        steps=tuple(_step(step, of_list, of_credential) for step in change.steps),
    )


def replaced(change: Change, others: Mapping[x509.Certificate, x509.Certificate]) -> Change:
    """Return the change with these certificates in place of others, wherever they are.

    Args:
        change: the change.
        others: the new certificate by the old one. Keys of machines stay, so a new leaf has the public key of the old one.

    Returns:
        The change.
    """

    def of_list(_: str, held: Certificates) -> Certificates:
        return tuple(others.get(c, c) for c in held) if any(c in others for c in held) else held

    def of_credential(held: Credential) -> Credential:
        return replace(held, chain=of_list("", held.chain))

    return substituted(change, of_list=of_list, of_credential=of_credential)


def _step(step: Step, of_list: OfList, of_credential: OfCredential) -> Step:
    certificates = of_list(step.machine, step.certificates) if step.certificates else ()
    credential = of_credential(step.credential) if step.credential is not None else None
    return replace(step, certificates=certificates, credential=credential)


def _world(world: World, of_list: OfList, of_credential: OfCredential) -> World:
    marks = world.stand_ins
    shown = {c.leaf: of_credential(c).leaf for party in world.parties.values() for c in party.credentials}
    return replace(
        world,
        parties={fqdn: _party(party, of_list, of_credential) for fqdn, party in world.parties.items()},
        stand_ins=replace(
            marks,
            certificates=frozenset(shown.get(leaf, leaf) for leaf in marks.certificates),
            lists=frozenset((fqdn, of_list(fqdn, held)) for fqdn, held in marks.lists),
        ),
    )


def _party(party: Party, of_list: OfList, of_credential: OfCredential) -> Party:
    def of(credential: Credential | None) -> Credential | None:
        return of_credential(credential) if credential is not None else None

    return replace(
        party,
        credential=of(party.credential),
        client=of(party.client),
        services={port: of_credential(own) for port, own in party.services.items()},
        domains={name: of_credential(own) for name, own in party.domains.items()},
        trusted_ca_list=of_list(party.fqdn, party.trusted_ca_list),
        lists={port: of_list(party.fqdn, held) for port, held in party.lists.items()},
    )
