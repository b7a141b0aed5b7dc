"""`renew:PEER`: the same CA issues the certificate again: same names and purposes, a new key, new dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import InputError
from pkikit.judge.checks.certificate_checks import allows
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.model.certificates.facts import is_self_signed
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT
from pkikit.model.world import World
from pkikit.planning.goals.draft import Draft, reissued, sharing
from pkikit.text import listed, one_of, printable

ALL = "all"


def one_peer(world: World, written: str) -> str:
    """Return the peer with that FQDN or short name.

    Args:
        world: the machines.
        written: the name as a person writes it.

    Returns:
        The FQDN.

    Raises:
        InputError: there is no such peer, or several have that short name.
    """
    peers, wanted = world.deployment.peers, written.strip().rstrip(".").lower()
    found = [p for p in peers if p == wanted] or [p for p in peers if p.partition(".")[0] == wanted]
    if len(found) > 1:
        raise InputError(f"{printable(written)!r} is the short name of {listed(found)}; write the FQDN")
    if not found:
        allowed = one_of(wanted, peers)
        raise InputError(f"{printable(written)!r} is not a peer of {world.deployment.name}; {allowed}")
    return found[0]


def peers_of(world: World, argument: str) -> tuple[str, ...]:
    """Return the peers that `renew` means: one by its FQDN or short name with those that share its certificate, or all.

    Args:
        world: the machines.
        argument: what follows the colon.

    Returns:
        The FQDNs, in the order of the deployment.

    Raises:
        InputError: there is no such peer, or several have that short name.
    """
    if argument.strip().lower() == ALL:
        return world.deployment.peers
    return sharing(world, one_peer(world, argument))


def require_renewable(world: World, fqdns: Iterable[str]) -> None:
    """Return if a CA can issue the certificates of these peers again.

    Args:
        world: the machines.
        fqdns: the peers.

    Raises:
        InputError: nobody gave the certificate of a peer, or its own key signed it.
    """
    for fqdn in fqdns:
        party = world.parties[fqdn]
        unknown = world.stand_ins.certificates if world.stand_ins.unknown else frozenset()
        if party.credential is None or party.credential.leaf in unknown:
            raise InputError(
                f"nobody gave the certificate of {fqdn}, so nobody knows which CA renews it; import it first"
            )
        if any(is_self_signed(c.leaf) for c in party.credentials):
            raise InputError(
                f"the certificate of {fqdn} is self-signed, and no CA renews it; plan new-root:FILE instead"
            )


def leaves_of(world: World, fqdns: Sequence[str]) -> tuple[x509.Certificate, ...]:
    """Return the certificates that are renewed.

    Args:
        world: the machines.
        fqdns: the peers.

    Returns:
        The certificates in all stores of these peers.

    Raises:
        InputError: nobody gave the certificate of a peer, or its own key signed it.
    """
    require_renewable(world, fqdns)
    return tuple(dict.fromkeys(c.leaf for fqdn in fqdns for c in world.parties[fqdn].credentials))


def renewed(draft: Draft, argument: str) -> Draft:
    """Return tomorrow with new certificates of the same CA.

    Args:
        draft: tomorrow so far.
        argument: what follows the colon.

    Returns:
        The draft.

    Raises:
        InputError: there is no such peer, or its CA has ended.
    """
    fqdns = peers_of(draft.tomorrow, argument)
    before = draft.tomorrow
    draft = reissued(draft, fqdns)
    return about_purposes(draft, before, fqdns)


def about_purposes(draft: Draft, before: World, fqdns: Iterable[str]) -> Draft:
    """Return the draft that says which of these peers lose clientAuth because a public CA issues their certificates."""
    lose = [fqdn for fqdn in fqdns if _loses_client_auth(before, draft.tomorrow, fqdn)]
    if not lose:
        return draft
    return draft.assuming(
        f"A public CA issues the certificate of {listed(lose)}. From {RENEWALS_LOSE_IT:%Y-%m-%d} on, such CAs issue "
        "serverAuth only. So the new certificate has no clientAuth, and machines that ask for it refuse. The goals two-stores "
        "and leave-public-ca avoid that."
    )


def _loses_client_auth(before: World, after: World, fqdn: str) -> bool:
    old, new = before.parties[fqdn].credential, after.parties[fqdn].credential
    if old is None or new is None:
        return False
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH
    return is_public(old.leaf) and allows(old.leaf, purpose) and not allows(new.leaf, purpose)
