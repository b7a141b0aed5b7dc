"""The machines of tomorrow while goals are applied to them, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.issue.authority import Authority
from pkikit.judge.checks.certificate_checks import allows
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.certificates.facts import title
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import World
from pkikit.planning.goals.certificates.certificate_orders import Order, designed_order, issue, new_key_like, order_like
from pkikit.planning.goals.certificates.published_crls import NEW_CA_CRL, publishing, with_pointers
from pkikit.planning.goals.ground import Ground
from pkikit.text import printable


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Tomorrow so far.

    Attributes:
        ground: what it stands on.
        today: the machines of today. Names that only tomorrow has in DNS are unresolved.
        tomorrow: the machines.
        assumptions: what had to be assumed, in sentences.
        notes: what else is worth knowing, in sentences.
        stand_ins: certificates that another CA will issue in fact.
        between: machines to reach on the way.
    """

    ground: Ground
    today: World
    tomorrow: World
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stand_ins: frozenset[x509.Certificate] = field(default=frozenset())
    between: tuple[World, ...] = ()

    def saying(self, *notes: str) -> Draft:
        """Return the draft with further notes."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *notes))))

    def assuming(self, *assumptions: str) -> Draft:
        """Return the draft with further assumptions."""
        return replace(self, assumptions=tuple(dict.fromkeys((*self.assumptions, *assumptions))))


def sharing(world: World, fqdn: str) -> tuple[str, ...]:
    """Return the peers of the cluster that have the same certificate as this one, and this one."""
    cluster = world.deployment.cluster_of(fqdn)
    own = world.parties[fqdn].credential
    members = cluster.peers if cluster is not None else (fqdn,)
    return tuple(p for p in members if p == fqdn or (own is not None and world.parties[p].credential == own))


def reissued(
    draft: Draft,
    fqdns: Iterable[str],
    authority: Authority | None = None,
    *,
    which: Callable[[Credential], bool] = lambda _: True,
    adapt: Callable[[Order], Order] = lambda order: order,
    client_store: bool = True,
) -> Draft:
    """Return the draft in which these peers have new certificates in all of their stores, with the same names and purposes.

    A client store of X15.5 keeps what it has if the new certificate lacks clientAuth, because the page refuses such a file
    (Cisco TAC 225693).

    Args:
        draft: the draft.
        fqdns: the peers. Those that have one certificate together get one together.
        authority: the CA that issues them; None for the one that issued those in use.
        which: True for a certificate that is replaced.
        adapt: changes what a new certificate is to have.
        client_store: the client store of X15.5 gets a new certificate too.

    Returns:
        The draft.

    Raises:
        InputError: the CA has ended, or a certificate in use cannot be read completely.
    """
    made: dict[Credential, Credential] = {}
    two_stores = draft.tomorrow.deployment.product_version.has(TWO_STORES)
    for fqdn in fqdns:
        party = draft.tomorrow.parties[fqdn]
        if party.credential is None:
            order = designed_order(draft.tomorrow.deployment, fqdn)
            assert authority is not None  # `prepare` refused to renew what is not there
            draft, new = issued_by_other(draft, order, authority, new_key_like(None))
            party = replace(party, credential=new, client=new if two_stores else None)
            draft = replace(draft, tomorrow=draft.tomorrow.with_party(party))
            continue
        for old in dict.fromkeys(party.credentials):
            if old not in made:
                draft, made[old] = _replaced(draft, old, authority, adapt) if which(old) else (draft, old)
        client = party.client or (party.credential if two_stores else None)
        if client_store and client is not None and allows(made[client].leaf, ExtendedKeyUsageOID.CLIENT_AUTH):
            client = made[client]
        party = replace(
            party,
            credential=made[party.credential],
            client=client,
            domains={name: made[own] for name, own in party.domains.items()},
        )
        draft = replace(draft, tomorrow=draft.tomorrow.with_party(party))
    return draft


def _replaced(
    draft: Draft, old: Credential, authority: Authority | None, adapt: Callable[[Order], Order]
) -> tuple[Draft, Credential]:
    ground = draft.ground
    issuer = authority or ground.issuer_of(old.leaf)
    assert issuer is not None  # `prepare` was asked for it
    order = adapt(order_like(old.leaf, same_ca=authority is None, at=ground.at))
    if authority is not None:
        return issued_by_other(draft, order, authority, new_key_like(old.leaf))
    draft, new = issued(draft, order, issuer, new_key_like(old.leaf))
    return draft, replace(new, chain=(new.leaf, *old.intermediates))  # what is sent behind the certificate stays


def issued_by_other(draft: Draft, order: Order, authority: Authority, key: PrivateKey) -> tuple[Draft, Credential]:
    """Return a new certificate of a CA that did not issue the one in use, and the draft in which that CA publishes its CRL.

    Args:
        draft: the draft.
        order: what the certificate is to have.
        authority: the CA that issues it.
        key: its private key.

    Returns:
        (the draft, the certificate).

    Raises:
        InputError: the CA has ended.
    """
    order = with_pointers(order, authority, draft.tomorrow)
    before = draft.tomorrow
    draft = replace(
        draft,
        today=publishing(draft.today, order, authority, draft.ground.at),
        tomorrow=publishing(before, order, authority, draft.ground.at),
    )
    if draft.tomorrow is not before:
        draft = draft.assuming(
            f"{printable(title(authority.certificate), 80)} publishes a CRL that Expressways can download, because they check "
            f"revocation; {NEW_CA_CRL} takes the place of its address."
        )
    return issued(draft, order, authority, key)


def issued(draft: Draft, order: Order, authority: Authority, key: PrivateKey) -> tuple[Draft, Credential]:
    """Return a new certificate, and the draft that knows whether it is a stand-in.

    Args:
        draft: the draft.
        order: what the certificate is to have.
        authority: the CA that issues it.
        key: its private key.

    Returns:
        (the draft, the certificate).

    Raises:
        InputError: the CA has ended.
    """
    made = issue(order, authority, key, at=draft.ground.at)
    if authority.certificate in draft.ground.played:
        draft = replace(draft, stand_ins=draft.stand_ins | {made.leaf})
    return draft, made
