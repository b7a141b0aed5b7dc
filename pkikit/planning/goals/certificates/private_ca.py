"""Which private CA issues what no public CA issues any more: the one that most machines have, or a new one."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from cryptography import x509

from pkikit.issue.authority import create_root
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.model.certificates.canonical_name import CanonicalName
from pkikit.model.certificates.facts import extension, has_ended, is_self_signed, issuer_of
from pkikit.model.parties import PartyKind
from pkikit.model.world import World
from pkikit.planning.goals.goal import GivenCa

STAND_IN_NAME = "New private CA"


def usual_leaf(world: World, at: datetime) -> x509.Certificate | None:
    """Return a certificate of the private CA that issued the certificates of most machines inside; None if there is none.

    Args:
        world: the machines. What the lab made in place of missing files does not count.
        at: a CA whose certificates have all ended does not count.

    Returns:
        One of its certificates.
    """
    made = world.stand_ins.certificates if world.stand_ins.unknown else frozenset()
    machines: dict[tuple[CanonicalName, bytes], dict[str, x509.Certificate]] = defaultdict(dict)
    outside = {PartyKind.CLIENT, PartyKind.PARTNER, PartyKind.NEIGHBOUR}
    inside = [n for group in world.deployment.groups if group.kind not in outside for n in group.members]
    for fqdn in inside:
        for leaf in (c.leaf for c in world.parties[fqdn].credentials):
            if leaf in made or is_self_signed(leaf) or is_public(leaf) or has_ended(leaf, at):
                continue
            stated = extension(leaf, x509.AuthorityKeyIdentifier)
            identifier = (stated.key_identifier if stated is not None else None) or b""
            machines[issuer_of(leaf), identifier].setdefault(fqdn, leaf)
    if not machines:
        return None
    most = max(machines.values(), key=len)
    return next(iter(most.values()))


def new_private_ca(at: datetime) -> GivenCa:
    """Return a stand-in for a private CA that does not exist yet."""
    root = create_root(STAND_IN_NAME, at=at)
    return GivenCa(where=STAND_IN_NAME, chain=(root.certificate,), authority=root, is_stand_in=True)
