"""`rename-peer:OLD=NEW`: an Expressway gets another FQDN; on the way its certificate has both names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.errors import InputError
from pkikit.model.certificates.credential import Credential
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.parties import Role
from pkikit.model.world import Party, World
from pkikit.planning.goals.certificates.certificate_orders import Order, with_names
from pkikit.planning.goals.draft import Draft, reissued, sharing
from pkikit.planning.goals.kinds.renewed_peer import about_purposes, one_peer, require_renewable
from pkikit.values.names import parse_fqdn


def names_of(argument: str, world: World) -> tuple[str, str]:
    """Return the name that a peer has and the one that it gets.

    Args:
        argument: what follows the colon.
        world: the machines.

    Returns:
        (the FQDN today, the FQDN tomorrow).

    Raises:
        InputError: there is no such peer, or the new name is not an FQDN or belongs to something else.
    """
    deployment = world.deployment
    old, new_text = (part.strip() for part in argument.split("="))
    clusters = {c.fqdn: c.name for c in deployment.clusters if c.fqdn}
    if old.lower() in clusters:
        says = f"rename-peer: {old.lower()} is the name of the cluster {clusters[old.lower()]!r}, not of a peer"
        raise InputError(f"{says}; there are {', '.join(deployment.peers)}")
    old = one_peer(world, old)
    try:
        new = parse_fqdn(new_text)
    except InputError as error:
        raise InputError(f"rename-peer: {error.message}") from None
    if new == old:
        raise InputError(f"rename-peer: {old} has that name already; there is nothing to plan")
    taken = dict.fromkeys(world.parties, "a machine") | dict.fromkeys(clusters, "a cluster")
    taken |= {name: "another name of a machine" for name, peer in deployment.peer_aliases.items() if peer != old}
    taken |= dict.fromkeys((*deployment.domains.registration, *deployment.domains.federation), "a domain")
    if new in taken:
        raise InputError(f"rename-peer: {new} is {taken[new]} of {deployment.name} already; choose a name that is free")
    return old, new


def leaves_of(world: World, argument: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates that their CA issues again with other names.

    Args:
        world: the machines.
        argument: what follows the colon.

    Returns:
        The certificates in the stores of the peer, and of those that have the same.

    Raises:
        InputError: the peer cannot get that name, or no CA can issue one of these certificates again.
    """
    old, _ = names_of(argument, world)
    peers = sharing(world, old)
    require_renewable(world, peers)
    return tuple(dict.fromkeys(c.leaf for peer in peers for c in _in_own_name(world.parties[peer])))


def _in_own_name(party: Party) -> tuple[Credential, ...]:
    """Return the certificates that a peer shows in its own name: those of its stores, not those of domains."""
    return tuple(c for c in (party.credential, party.client) if c is not None)


def renamed(draft: Draft, argument: str) -> Draft:
    """Return tomorrow with the new name, and the machines between with a certificate for both.

    Args:
        draft: tomorrow so far.
        argument: what follows the colon.

    Returns:
        The draft. Its `between` has the certificate with both names, and zones that dial the new name.

    Raises:
        InputError: the peer cannot get that name, or the CA of its certificate has ended.
    """
    before = draft.tomorrow
    old, new = names_of(argument, before)
    today = replace(
        draft.today,
        deployment=with_alias(draft.today.deployment, old, new),
        unresolved=draft.today.unresolved | {new},
    )
    draft = _reissued(draft, old, lambda order: with_names(order, (new,)))
    between = replace(
        draft.tomorrow,
        deployment=dialling(with_alias(before.deployment, old, new), old, new),
        unresolved=before.unresolved - {new},
    )
    draft = _reissued(
        replace(draft, tomorrow=before),
        old,
        lambda order: with_names(_with_subject(order, old, new), (new,), without=(old,)),
    )
    draft = about_purposes(draft, before, sharing(before, old))
    tomorrow = replace(draft.tomorrow, unresolved=between.unresolved | {old})
    draft = replace(draft, today=today, tomorrow=_moved(tomorrow, old, new), between=(*draft.between, between))
    return draft.assuming(*_assumptions(before.deployment, old, new))


def _assumptions(deployment: Deployment, old: str, new: str) -> Iterator[str]:
    """Yield what a plan that renames a peer assumes.

    Source: cluster guide X14.3, 'How to Change a Cluster' (trunks, MRA zones, SAML metadata) and 'Change the Address of a Peer'.
    """
    yield f"Profiles and trunks elsewhere that contain {old} (Unified CM, TMS, partners) get {new} when it is renamed."
    cluster = deployment.cluster_of(old)
    if cluster is not None and len(cluster.peers) > 1:
        yield (
            f"The cluster guide takes a peer out of the cluster to change its address, and adds it again. The plan counts this "
            f"as one step, with the restart of {old} (ours)."
        )
    if deployment.role_of(old) is Role.EXPRESSWAY_C and deployment.mra:
        yield f"If you use single sign-on, export the SAML metadata of Expressway-C again after {old} is renamed."


def with_alias(deployment: Deployment, old: str, new: str) -> Deployment:
    """Return the deployment in which the new name is another name of the peer."""
    data = deployment.model_dump(mode="json")
    for cluster in data["clusters"]:
        others = cluster["aliases"].get(old, ())
        if old in cluster["peers"] and new not in others:
            cluster["aliases"][old] = [*others, new]
    return deployment_from(data)


def dialling(deployment: Deployment, old: str, new: str) -> Deployment:
    """Return the deployment whose zones dial the new name."""
    data = deployment.model_dump(mode="json")
    for zone in data["zones"]:
        if "peer_addresses" in zone:
            zone["peer_addresses"] = [new if address == old else address for address in zone["peer_addresses"]]
    return deployment_from(data)


def with_name(deployment: Deployment, old: str, new: str) -> Deployment:
    """Return the deployment that has the new name wherever it had the old one."""
    data = _replaced(deployment.model_dump(mode="json"), old, new)
    for cluster in data["clusters"]:
        others = [name for name in cluster["aliases"].pop(new, ()) if name != new]
        cluster["aliases"] |= {new: others} if others else {}
    return deployment_from(data)


def _replaced(value: Any, old: str, new: str) -> Any:
    """Return a value of the configuration with the new name in place of the old one, in keys too."""
    if isinstance(value, dict):
        return {(new if key == old else key): _replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, old, new) for inner in value]
    return new if value == old else value


def _reissued(draft: Draft, fqdn: str, adapt: Callable[[Order], Order]) -> Draft:
    peers = sharing(draft.tomorrow, fqdn)
    own = {c.leaf for peer in peers for c in _in_own_name(draft.tomorrow.parties[peer])}
    return reissued(draft, peers, which=lambda held: held.leaf in own, adapt=adapt)


def _with_subject(order: Order, old: str, new: str) -> Order:
    """Return the order with the new name as common name, if the old one was it."""
    subject = x509.Name(
        x509.NameAttribute(a.oid, new) if a.oid == NameOID.COMMON_NAME and str(a.value).lower() == old else a
        for a in order.subject
    )
    return replace(order, subject=subject)


def _moved(world: World, old: str, new: str) -> World:
    """Return the world in which the machine has its new name."""

    def name(fqdn: str) -> str:
        return new if fqdn == old else fqdn

    lists = frozenset((name(fqdn), held) for fqdn, held in world.stand_ins.lists)
    return replace(
        world,
        deployment=with_name(world.deployment, old, new),
        parties={name(n): replace(party, fqdn=name(n)) for n, party in world.parties.items()},
        blocked=frozenset((name(fqdn), port) for fqdn, port in world.blocked),
        cut=frozenset(frozenset(map(name, pair)) for pair in world.cut),
        full=frozenset(map(name, world.full)),
        reverse={name(fqdn): record for fqdn, record in world.reverse.items()},
        stand_ins=replace(world.stand_ins, lists=lists),
    )
