"""`add-domain:NAME`: clients outside also register with another domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import InputError
from pkikit.model.certificates.facts import presented_names
from pkikit.model.deployment import Deployment
from pkikit.model.places import deployment_with
from pkikit.model.world import Party, World
from pkikit.planning.goals.certificates.certificate_orders import with_names
from pkikit.planning.goals.draft import Draft, reissued, sharing
from pkikit.planning.goals.kinds.renewed_peer import about_purposes, require_renewable
from pkikit.text import printable
from pkikit.values.names import parse_fqdn


def domain_of(argument: str, deployment: Deployment) -> str:
    """Return the domain that is added.

    Args:
        argument: what follows the colon.
        deployment: the deployment of today.

    Returns:
        Its name as the deployment writes names.

    Raises:
        InputError: it is not a domain name, or clients register with it already, or no clients register at all.
    """
    try:
        name = parse_fqdn(argument)
    except InputError as error:
        raise InputError(f"add-domain: {error.message}") from None
    if "*" in name:
        raise InputError(f"add-domain: {printable(argument)!r} is a wildcard; write one domain, as example.com")
    if name in deployment.domains.registration:
        raise InputError(f"{name} is a registration domain of {deployment.name} already; there is nothing to plan")
    if not deployment.mra:
        raise InputError(
            f"{deployment.name} has no Mobile and Remote Access (mra: off), so nobody outside registers with a domain; turn "
            "it on first"
        )
    return name


def deployment_of_tomorrow(today: Deployment, name: str) -> Deployment:
    """Return the deployment with one more registration domain."""
    return deployment_with(today, {"domains.registration": [*today.domains.registration, name]})


def lacking(world: World, tomorrow: Deployment) -> dict[str, tuple[str, ...]]:
    """Return the names that the server certificate of each peer lacks for the new domain, by the FQDN of the peer."""
    found = {}
    for fqdn in tomorrow.peers:
        needed, before = design_sans(tomorrow, fqdn).dns_names, design_sans(world.deployment, fqdn).dns_names
        held = world.parties[fqdn].credential
        has = {n.lower() for n in presented_names(held.leaf).dns} if held is not None else set(before)
        names = tuple(n for n in needed if n not in before and n.lower() not in has)
        if names:
            found[fqdn] = names
    return found


def leaves_of(world: World, argument: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates that their CA issues again with more names.

    Args:
        world: the machines.
        argument: what follows the colon.

    Returns:
        The server certificates that lack a name.

    Raises:
        InputError: the domain cannot be added, or no CA can issue one of these certificates again.
    """
    name = domain_of(argument, world.deployment)
    names = lacking(world, deployment_of_tomorrow(world.deployment, name))
    require_renewable(world, names)
    held = (world.parties[fqdn].credential for fqdn in names)
    return tuple(dict.fromkeys(credential.leaf for credential in held if credential is not None))


def with_domain(draft: Draft, argument: str) -> Draft:
    """Return tomorrow with one more registration domain, the names for it, and its records in DNS.

    Args:
        draft: tomorrow so far.
        argument: what follows the colon.

    Returns:
        The draft.

    Raises:
        InputError: the domain cannot be added, or the CA of a certificate has ended.
    """
    before = draft.tomorrow
    name = domain_of(argument, before.deployment)
    deployment = deployment_of_tomorrow(before.deployment, name)
    names, done = lacking(before, deployment), set[str]()
    for fqdn, wanted in names.items():
        if fqdn not in done:
            together = sharing(before, fqdn)
            done.update(together)
            draft = _with_names(draft, together, wanted)
    world = _with_clients(replace(draft.tomorrow, deployment=deployment))
    new = set(dialled(deployment)) - set(dialled(before.deployment)) - set(before.deployment.parties)
    draft = replace(
        draft,
        today=replace(draft.today, unresolved=draft.today.unresolved | new),
        tomorrow=replace(world, unresolved=world.unresolved - new),
    )
    return about_purposes(draft, before, names).assuming(
        f"Unified CM and IM&P serve {name} already; the plan is about Expressways and DNS."
    )


def _with_names(draft: Draft, fqdns: tuple[str, ...], wanted: tuple[str, ...]) -> Draft:
    """Return the draft in which the server certificate of these peers has more names; other stores keep what they have."""
    own = draft.tomorrow.parties[fqdns[0]].credential
    return reissued(
        draft,
        fqdns,
        which=lambda held: held == own,
        adapt=lambda order: with_names(order, wanted),
        client_store=False,
    )


def dialled(deployment: Deployment) -> Iterator[str]:
    """Yield the names that somebody looks up in DNS to dial the connections of a deployment."""
    for leg in legs_of(deployment):
        yield from (leg.discovered_by, leg.server) if leg.discovered_by else (leg.reference_name,)


def _with_clients(world: World) -> World:
    """Return the world in which clients outside that are new trust what others outside trust, else what the edge trusts."""
    for fqdn in (n for group in world.deployment.groups for n in group.members if n not in world.parties):
        others = next((p.trusted_ca_list for p in world.parties.values() if p.credential is None), ())
        edge = (c for peer in world.deployment.peers for c in world.parties[peer].trusted_ca_list)
        trusted = others or tuple(dict.fromkeys(edge))
        world = world.with_party(Party(fqdn=fqdn, credential=None, trusted_ca_list=trusted))
    return world
