"""`leave-public-ca`: each Expressway whose certificate a public CA issued gets one of a private CA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from pkikit.errors import InputError
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.parties import Role, Side
from pkikit.model.world import World
from pkikit.planning.goals.certificates.certificate_orders import issue, new_key_like, order_like
from pkikit.planning.goals.certificates.published_crls import served_by
from pkikit.planning.goals.draft import Draft, reissued
from pkikit.planning.goals.ground import issuer_among
from pkikit.planning.goals.trust_lists import readings_of, trusting_new_ca, without_old_cas
from pkikit.text import listed, printable

_VALIDATED_ORGANISATION = "2.23.140.1.2.2"  # the CA/Browser Forum's policy for certificates of organisations

_ROOT_CRL, _CRL = "http://crl.public-ca.example/root.crl", "http://crl.public-ca.example/issuing.crl"


def public_peers(world: World) -> tuple[str, ...]:
    """Return the Expressways with a certificate that shows a public CA."""
    made = world.stand_ins.certificates if world.stand_ins.unknown else frozenset()
    return tuple(
        fqdn
        for fqdn in world.deployment.peers
        if any(is_public(c.leaf) and c.leaf not in made for c in world.parties[fqdn].credentials)
    )


def assumed_public(world: World, issuers: Sequence[Authority], at: datetime) -> tuple[World, tuple[str, ...]]:
    """Return the world in which a public CA issued what the lab issued to Expressway-E, because nobody gave certificates.

    Args:
        world: the machines.
        issuers: the CAs of the lab.
        at: when the change begins.

    Returns:
        The world, and the peers that it is assumed for; none if somebody gave their certificates.
    """
    edge = world.deployment.peers_of(Role.EXPRESSWAY_E)
    peers = tuple(
        fqdn
        for fqdn in edge
        if (own := world.parties[fqdn].credential) is not None and issuer_among(issuers, own.leaf) is not None
    )
    if not peers:
        return world, ()
    root = create_root("Public Root CA", at=at, organisation="Public CA")
    pointers = Profile(crl_url=_ROOT_CRL).pointers()
    authority = root.intermediate("Public Issuing CA", at=at, organisation="Public CA", pointers=pointers)
    served = {_ROOT_CRL: served_by(root, at), _CRL: served_by(authority, at)}
    world = replace(world, published={**world.published, **served})
    made: dict[Credential, Credential] = {}
    for fqdn in peers:
        party = world.parties[fqdn]
        assert party.credential is not None  # those without are not in `peers`
        if party.credential not in made:
            made[party.credential] = _public_like(party.credential, authority, at)
        world = world.with_party(replace(party, credential=made[party.credential]))
    world = _outside_with(world, peers, root.certificate)
    return trusting_new_ca(world, world, peers, (authority.certificate, root.certificate)), peers


def _public_like(credential: Credential, authority: Authority, at: datetime) -> Credential:
    policy = x509.PolicyInformation(ObjectIdentifier(_VALIDATED_ORGANISATION), None)
    order = order_like(credential.leaf, same_ca=False, at=at)
    order = replace(order, extensions=(x509.CertificatePolicies([policy]),), crl_url=_CRL)
    return issue(order, authority, new_key_like(credential.leaf), at=at)


def _outside_with(world: World, peers: Sequence[str], root: x509.Certificate) -> World:
    """Return the world in which the machines outside that read these peers trust the public root only."""
    outside = {n for group in world.deployment.groups if group.side is Side.OUTSIDE for n in group.members}
    for fqdn in {r.verifier for r in readings_of(world) if r.presenter in peers} & outside:
        world = world.with_party(replace(world.parties[fqdn], trusted_ca_list=(root,), lists={}))
    return world


def without_public_ca(draft: Draft, authority: Authority) -> Draft:
    """Return tomorrow with certificates of a private CA in place of those of public ones.

    Args:
        draft: tomorrow so far.
        authority: the private CA.

    Returns:
        The draft.

    Raises:
        InputError: no Expressway has a certificate of a public CA, or the private CA has ended.
    """
    before, peers = draft.tomorrow, public_peers(draft.tomorrow)
    if not peers:
        raise InputError(
            f"no Expressway of {before.deployment.name} has a certificate that shows a public CA (certificate transparency or a "
            "public policy); there is nothing to plan"
        )
    draft = reissued(draft, peers, authority, which=lambda held: is_public(held.leaf))
    chain = (authority.certificate, *authority.parents)
    world = trusting_new_ca(before, draft.tomorrow, peers, chain)
    world, stays = without_old_cas(before, world, draft.ground.at)
    return _about_outside(replace(draft, tomorrow=world), before, authority).saying(*stays)


def _about_outside(draft: Draft, before: World, authority: Authority) -> Draft:
    groups = [g for g in draft.tomorrow.deployment.groups if g.side is Side.OUTSIDE and g.has_certificates]
    others = [n for g in groups for n in g.members if draft.tomorrow.parties[n].listed != before.parties[n].listed]
    draft = draft.assuming(
        f"{printable(title(authority.certificate), 80)} issues the new certificates, with both purposes."
    )
    if not others:
        return draft
    return draft.saying(
        f"Outside, your private root has to be in the lists of {listed(others, at_most=4)}. If a company does not agree, keep "
        "the certificate of the public CA as server certificate: plan two-stores instead."
    )
