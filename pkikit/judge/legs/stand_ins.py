"""What the lab made because nobody brought the files of the real machines: who depends on it, and the world without it."""

from __future__ import annotations

from dataclasses import replace

from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import Leg
from pkikit.model.world import Party, StandIns, World


def stand_ins_of(leg: Leg, world: World, *, client: Party, server: Party) -> tuple[str, ...]:
    """Return the machines whose certificate or list the lab made, and on which the judgement of a connection depends.

    Args:
        leg: the connection.
        world: all machines.
        client: the client, as it takes part in the connection.
        server: the server, likewise.

    Returns:
        The machines; none if neither side verifies.
    """
    made = world.stand_ins
    if not made:
        return ()

    def of(verifier: Party, presenter: Party) -> tuple[str, ...]:
        shown = presenter.credential is not None and presenter.credential.leaf in made.certificates
        reads = (verifier.fqdn, verifier.trusted_ca_list) in made.lists
        return (*([presenter.fqdn] if shown else []), *([verifier.fqdn] if reads else []))

    of_client = of(client, server) if leg.client_verifies else ()
    return tuple(dict.fromkeys((*of_client, *(of(server, client) if leg.mutual else ()))))


def known_part(world: World) -> World:
    """Return the world with what somebody brought, and with nothing that the lab made in place of the rest.

    Args:
        world: all machines.

    Returns:
        The world. A machine of which nobody brought a certificate has none, and without a list an empty one.
    """
    made = world.stand_ins

    def without(party: Party) -> Party:
        def is_made(listed: object) -> bool:
            return bool(made.lists) and (party.fqdn, listed) in made.lists  # the hash of a long list takes long

        def held(credential: Credential | None) -> Credential | None:
            return None if credential is None or credential.leaf in made.certificates else credential

        return replace(
            party,
            credential=held(party.credential),
            client=held(party.client),
            services={port: c for port, c in party.services.items() if held(c) is not None},
            domains={name: c for name, c in party.domains.items() if held(c) is not None},
            trusted_ca_list=() if is_made(party.trusted_ca_list) else party.trusted_ca_list,
            lists={port: () if is_made(listed) else listed for port, listed in party.lists.items()},
        )

    parties = {fqdn: without(party) for fqdn, party in world.parties.items()}
    published = {url: data for url, data in world.published.items() if url not in made.urls}
    return replace(world, parties=parties, published=published, stand_ins=StandIns())
