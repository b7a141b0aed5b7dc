"""Which machines a promise is about, and the certificates that they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509

from pkikit.judge.legs.known_parts import has_two_stores
from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyKind, Role
from pkikit.model.world import World


@dataclass(frozen=True, kw_only=True)
class HeldCertificate:
    """A certificate where it is used.

    Attributes:
        machine: the FQDN.
        store: where: `server certificate`, `client certificate`, `CallManager certificate`, `domain certificate of NAME`.
        certificate: the leaf; None if nobody gave it.
        chain: what is sent behind the leaf.
    """

    machine: str
    store: str
    certificate: x509.Certificate | None
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def title(self) -> str:
        """The certificate for people: `server certificate of e1.example.com`."""
        return f"{self.store} of {self.machine}"


def machines_in(deployment: Deployment, scopes: Sequence[str]) -> tuple[str, ...]:
    """Return the machines that a scope names.

    Args:
        deployment: has them.
        scopes: clusters, roles, kinds of machines or FQDNs; empty means the Expressways.

    Returns:
        FQDNs, each once, in the order of the scopes.
    """
    found: dict[str, None] = {}
    for scope in scopes or (PartyKind.EXPRESSWAY.value,):
        found.update(dict.fromkeys(_machines(deployment, scope)))
    return tuple(found)


def _machines(deployment: Deployment, scope: str) -> Iterable[str]:
    named = [cluster for cluster in deployment.clusters if cluster.name == scope]
    if named:
        return named[0].peers
    if scope in tuple(role.value for role in Role):
        return deployment.peers_of(Role(scope))
    if scope in tuple(kind.value for kind in PartyKind):
        groups = (group for group in deployment.groups if group.kind.value == scope and group.has_certificates)
        return (fqdn for group in groups for fqdn in group.members)
    return (scope,)


def certificates_at(world: World, fqdn: str, *, partial: bool) -> Iterator[HeldCertificate]:
    """Yield what a machine presents, and what nobody gave of that.

    Args:
        world: has the machine.
        fqdn: its name.
        partial: the world has only what somebody gave: a certificate of a service may be missing.

    Yields:
        One entry for each store that is known to exist.
    """
    party = world.parties[fqdn]
    services = world.deployment.group_of(fqdn).certificates
    many = len(services) > 1
    first = f"{services[0].service} certificate" if many else "server certificate"
    own = party.credential
    yield HeldCertificate(
        machine=fqdn, store=first, certificate=own.leaf if own else None, chain=own.chain[1:] if own else ()
    )
    for service in services[1:]:
        held = next((party.services[port] for port in service.ports if port in party.services), None)
        if held is not None or partial:
            store = f"{service.service} certificate"
            leaf = held.leaf if held else None
            yield HeldCertificate(machine=fqdn, store=store, certificate=leaf, chain=held.chain[1:] if held else ())
    if party.client is not None or (partial and has_two_stores(world, fqdn)):
        client = party.client
        yield HeldCertificate(
            machine=fqdn,
            store="client certificate",
            certificate=client.leaf if client else None,
            chain=client.chain[1:] if client else (),
        )
    for name, held in party.domains.items():
        store = f"domain certificate of {name}"
        yield HeldCertificate(machine=fqdn, store=store, certificate=held.leaf, chain=held.chain[1:])
