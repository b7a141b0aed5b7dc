"""A whole world with other keys, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cryptography import x509

from pkikit.issue.lookalike.engine import Lookalikes, Progress, reissue
from pkikit.issue.lookalike.keys.key_sources import KeySource
from pkikit.issue.lookalike.originals import Originals, Transform
from pkikit.model.certificates.credential import Credential
from pkikit.model.revocation import RevocationData
from pkikit.model.world import Party, StandIns, World

_Certificates = tuple[x509.Certificate, ...]


def originals_of(world: World) -> Originals:
    """Return everything in a world that has keys or signatures."""
    credentials = [c for party in world.parties.values() for c in party.credentials]
    data = [*(party.held for party in world.parties.values()), *world.published.values()]
    mismatched = [c.key for c in credentials if c.key is not None and not c.key_matches]
    return Originals(
        certificates=world.known_certificates,
        presented=tuple(c.leaf for c in credentials),
        crls=tuple(crl for held in data for _, crl in held.crls),
        answers=tuple(answer for held in data for answer in held.ocsp_answers),
        keys=tuple(mismatched),
    )


def rekeyed_world(
    world: World,
    *,
    source: KeySource | None = None,
    transform: Transform | None = None,
    progress: Progress | None = None,
) -> World:
    """Return a world in which every certificate, CRL and OCSP answer has a counterpart with a lab-made key.

    Args:
        world: the original, with or without private keys.
        source: where keys come from; None for chance.
        transform: what else changes; None for nothing.
        progress: hears how many keys are made, and how many there will be.

    Returns:
        The world. Every party can present what it has, and a key that does not belong to its certificate still does not.

    Raises:
        InputError: there are more keys than are worked on.
    """
    return counterpart_of(world, reissue(originals_of(world), source=source, transform=transform, progress=progress))


def counterpart_of(world: World, made: Lookalikes) -> World:
    """Return the counterpart of a world.

    Args:
        world: the original.
        made: the counterparts of a set that everything in the world belongs to.

    Returns:
        The world. What the lab made in place of missing files is still known as that.
    """
    published = {url: _data(made, data) for url, data in world.published.items()}
    parties = {fqdn: _party(made, party) for fqdn, party in world.parties.items()}
    return replace(
        world,
        parties=parties,
        published=published,
        authorities=_list(made, world.authorities),
        stand_ins=_stand_ins(made, world),
    )


def _stand_ins(made: Lookalikes, world: World) -> StandIns:
    """Return the same marks for the counterparts; lists and leaves that the world no longer has are left out."""
    known = world.stand_ins
    leaves = {c.leaf for party in world.parties.values() for c in party.credentials}
    lists = {(p.fqdn, held) for p in world.parties.values() for held in (p.trusted_ca_list, *p.lists.values())}
    return replace(
        known,
        certificates=frozenset(made.certificate(leaf) for leaf in known.certificates & leaves),
        lists=frozenset((fqdn, _list(made, held)) for fqdn, held in known.lists & lists),
    )


def _party(made: Lookalikes, party: Party) -> Party:
    return replace(
        party,
        credential=credential_of(made, party.credential),
        client=credential_of(made, party.client),
        services={port: rekeyed_credential(made, own) for port, own in party.services.items()},
        domains={name: rekeyed_credential(made, own) for name, own in party.domains.items()},
        trusted_ca_list=_list(made, party.trusted_ca_list),
        lists={port: _list(made, listed) for port, listed in party.lists.items()},
        held=_data(made, party.held),
    )


def credential_of(made: Lookalikes, credential: Credential | None) -> Credential | None:
    """Return the counterpart of what a party presents; None if it presents nothing."""
    return rekeyed_credential(made, credential) if credential is not None else None


def rekeyed_credential(made: Lookalikes, credential: Credential) -> Credential:
    """Return the counterpart of a credential: with a key that fits, unless the key that was brought does not."""
    if made.keeps(credential.leaf):
        return credential
    mismatched = credential.key if not credential.key_matches else None
    key = made.key_instead_of(mismatched) if mismatched is not None else made.key_of(credential.leaf)
    return Credential(chain=_list(made, credential.chain), key=key)


def _list(made: Lookalikes, certificates: Iterable[x509.Certificate]) -> _Certificates:
    return tuple(made.certificate(certificate) for certificate in certificates)


def _data(made: Lookalikes, data: RevocationData) -> RevocationData:
    crls = tuple((source, made.crl(crl)) for source, crl in data.crls)
    return RevocationData(crls=crls, ocsp_answers=tuple(map(made.answer, data.ocsp_answers)), nonce=data.nonce)
