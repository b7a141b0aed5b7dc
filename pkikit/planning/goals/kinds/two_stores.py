"""`two-stores`: X15.5, with a client certificate of a private CA in each Expressway; server certificates stay as they are."""

from __future__ import annotations

from dataclasses import replace

from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import InputError
from pkikit.issue.authority import Authority
from pkikit.judge.checks.certificate_checks import allows
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import title
from pkikit.model.places import deployment_with
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party
from pkikit.planning.goals.certificates.certificate_orders import designed_order, new_key_like, order_like
from pkikit.planning.goals.draft import Draft, issued_by_other
from pkikit.planning.goals.trust_lists import trusting_new_ca
from pkikit.text import printable


def with_two_stores(draft: Draft, authority: Authority) -> Draft:
    """Return tomorrow with X15.5 and a client certificate in each Expressway.

    Args:
        draft: tomorrow so far.
        authority: the private CA that issues the client certificates.

    Returns:
        The draft.

    Raises:
        InputError: every Expressway has that already, or the CA has ended.
    """
    before, world = draft.tomorrow, draft.tomorrow
    if not world.deployment.product_version.has(TWO_STORES):
        world = replace(world, deployment=deployment_with(world.deployment, {"version": TWO_STORES.first}))
        draft = replace(draft, tomorrow=world)
    lacking = [fqdn for fqdn in world.deployment.peers if not _has_own_client(world.parties[fqdn])]
    if not lacking:
        raise InputError(
            f"every Expressway of {before.deployment.name} has {TWO_STORES.first} and a client certificate of a private CA "
            "already; there is nothing to plan"
        )
    made: dict[Credential | None, Credential] = {}
    for fqdn in lacking:
        party = draft.tomorrow.parties[fqdn]
        if party.credential not in made or party.credential is None:
            draft, made[party.credential] = _client_certificate(draft, party, authority)
        party = replace(party, client=made[party.credential])
        draft = replace(draft, tomorrow=draft.tomorrow.with_party(party))
    chain = (authority.certificate, *authority.parents)
    world = trusting_new_ca(before, draft.tomorrow, lacking, chain, roles=(True,))
    return _about_upgrade(replace(draft, tomorrow=world), before.deployment.version, authority)


def _has_own_client(party: Party) -> bool:
    """Return True if a peer shows a client certificate that is not its server certificate, and that a private CA renews."""
    client = party.client
    if client is None or client == party.credential:
        return False
    return allows(client.leaf, ExtendedKeyUsageOID.CLIENT_AUTH) and not is_public(client.leaf)


def _client_certificate(draft: Draft, party: Party, authority: Authority) -> tuple[Draft, Credential]:
    held = party.credential
    order = (
        order_like(held.leaf, same_ca=False, at=draft.ground.at)
        if held is not None
        else designed_order(draft.tomorrow.deployment, party.fqdn)
    )
    order = replace(order, ekus=(ExtendedKeyUsageOID.CLIENT_AUTH,))
    return issued_by_other(draft, order, authority, new_key_like(held.leaf if held is not None else None))


def _about_upgrade(draft: Draft, version: str, authority: Authority) -> Draft:
    name = printable(title(authority.certificate), 80)
    draft = draft.assuming(f"{name} issues the client certificates, with clientAuth only.")
    if version == draft.tomorrow.deployment.version:
        return draft
    return draft.saying(
        f"The upgrade from {version} to {TWO_STORES.first} copies each server certificate into the client store; the new client "
        "certificate replaces that copy."
    )
