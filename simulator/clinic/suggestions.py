"""What an administrator may try about a connection that is down: small work first, then more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import LegVerdict
from pkikit.model.certificates.facts import is_self_signed, issuer_of, presented_names, subject_of
from pkikit.model.leg import Leg
from pkikit.model.world import World
from simulator.world import orders
from simulator.world.fault_context import FaultContext
from simulator.world.plan_settings import settings_of

Lines = tuple[str, ...]
_MOST_CAS, _LEVELS = 6, 8
_RSA = "rsa-2048"


def suggestions(verdict: LegVerdict, world: World, context: FaultContext) -> Iterator[Lines]:
    """Yield what to try, each as one or more lines that one types.

    Args:
        verdict: what both sides decide about a connection that is down.
        world: the machines.
        context: the CAs and the time.

    Yields:
        Fixes that belong together.
    """
    first = verdict.causes[0] if verdict.causes else ""
    if first.startswith("revocation."):
        yield from _of_revocation(verdict, world)
    for presenter, verifier in _sides(verdict):
        side = _Side(verdict.leg, presenter, verifier, world, context)
        if side.has_certificate:
            yield from side.all(first)
    yield from _of_settings(verdict.leg, world)
    if first.startswith(("names.", "cluster.", "key.")):
        yield tuple(f"order {fqdn} {orders.PLANNED} server+client" for fqdn, _ in _sides(verdict))


def _sides(verdict: LegVerdict) -> Iterator[tuple[str, str]]:
    """Yield (who presents, who verifies), the side that refuses first."""
    leg = verdict.leg
    pairs = [(leg.server, leg.client), (leg.client, leg.server)]
    yield from pairs if verdict.by_server.accepted or not verdict.by_client.accepted else reversed(pairs)


def _of_settings(leg: Leg, world: World) -> Iterator[Lines]:
    """Names that the certificates of a cluster have, for settings that ask for others. No check is switched off."""
    if leg.zone is None:
        return
    known, zone = settings_of(world.deployment), leg.zone.lower()
    cluster = world.deployment.cluster_of(leg.server)
    if f"{zone}.peer-addresses" in known and cluster is not None:
        yield (f"set {zone}.peer-addresses {' '.join(cluster.peers)}",)
    if f"{zone}.verify-name" in known:
        for name in dict.fromkeys((*_shared_names(leg.client, world), *_shared_names(leg.server, world))):
            yield (f"set {zone}.verify-name {name}",)


def _shared_names(fqdn: str, world: World) -> list[str]:
    """Return the names that the certificates of all peers of a cluster have."""
    cluster = world.deployment.cluster_of(fqdn)
    peers = cluster.peers if cluster is not None else (fqdn,)
    shown = [world.parties[peer].as_client(0).credential for peer in peers]
    written = [presented_names(held.leaf).dns_written if held is not None else () for held in shown]
    return [n for n in written[0] if "*" not in n and all(n in names for names in written)][:_MOST_CAS]


def _of_revocation(verdict: LegVerdict, world: World) -> Iterator[Lines]:
    yield ("publish-crl",)
    peers = [fqdn for fqdn in (verdict.leg.client, verdict.leg.server) if fqdn in world.deployment.peers]
    if peers:
        yield tuple(f"load-crl {fqdn}" for fqdn in peers)
        yield ("publish-crl", *(f"load-crl {fqdn}" for fqdn in peers))
    yield ("renew-responder",)
    for presenter, _ in _sides(verdict):
        yield (f"renew {presenter}", "publish-crl", *(f"load-crl {fqdn}" for fqdn in peers))


class _Side:
    """One side of a connection: a machine presents a certificate, and another one verifies it."""

    def __init__(self, leg: Leg, presenter: str, verifier: str, world: World, context: FaultContext) -> None:
        self._leg, self._presenter, self._verifier = leg, presenter, verifier
        self._world, self._context = world, context
        party = world.parties[presenter]
        seen = party.as_server(leg.port, leg.reference_name) if presenter == leg.server else party.as_client(leg.port)
        self._credential = seen.credential
        self._known = orders.known_cas(world, context)
        self._machine = " ".join(word for word in (presenter, self._service()) if word)

    @property
    def has_certificate(self) -> bool:
        """True if the machine has a certificate at all."""
        return self._credential is not None

    def _service(self) -> str:
        """Return which of the machine's certificates it presents here, as one types it; empty if it has only one."""
        services = orders.services_of(self._world.deployment, self._presenter)
        if orders.SERVER_STORE in services:
            has = self._presenter == self._leg.client and self._world.parties[self._presenter].client is not None
            return orders.CLIENT_STORE if has else orders.SERVER_STORE
        made = self._world.deployment.group_of(self._presenter).certificates
        return next((c.service for c in made if self._leg.port in c.ports), services[0] if services else "")

    def all(self, cause: str) -> Iterator[Lines]:
        """Yield fixes, small ones first."""
        chain = (f"send-chain {self._machine}",)
        renew = (f"renew {self._machine}",)
        again = f"order {self._machine} {orders.PLANNED}"
        roots = self._appended(self._issuers(), self._verifier)
        if cause.startswith("validity."):
            yield renew
        if cause.startswith(("names.", "eku.", "cluster.")):
            yield (again,)
            yield (f"{again} server+client",)
        if cause.startswith("trust."):
            yield chain
            for line in roots:
                yield (line,)
            yield from ((*chain, line) for line in roots)
            yield tuple(roots)
            yield from ((f"remove-ca {name} {self._at(self._verifier)}",) for name in self._namesakes())
        yield renew
        yield (f"{again} server+client",)
        yield (f"{again} server+client", *chain, *roots)
        key = f" {_RSA}" if cause.startswith(("key.", "tls.", "ssh.")) else ""
        if key:
            yield (f"{again} server+client{key}",)
        yield (f"{again} server+client{key} {orders.LAB_CA}", *self._lab_ca_everywhere())

    def _issuers(self) -> list[str]:
        """Return the names of CA certificates that may be above the presented one, the highest first."""
        assert self._credential is not None  # asked before
        found: list[x509.Certificate] = []
        wanted = {issuer_of(c) for c in self._credential.chain}
        for _ in range(_LEVELS):
            new = [c for c in self._known.values() if subject_of(c) in wanted and c not in found]
            if not new:
                break
            found += new
            wanted = {issuer_of(c) for c in new}
        named = {certificate: name for name, certificate in self._known.items()}
        found.sort(key=lambda c: not is_self_signed(c))
        return [named[c] for c in found][:_MOST_CAS]

    def _appended(self, names: Iterable[str], verifier: str) -> list[str]:
        listed = orders.list_at(self._world, verifier, self._list(verifier))
        return [f"append-ca {name} {self._at(verifier)}" for name in names if self._known[name] not in listed]

    def _namesakes(self) -> list[str]:
        """Return the names of CA certificates in the verifier's list that have the name of an issuer."""
        assert self._credential is not None  # asked before
        listed = orders.ca_names(orders.list_at(self._world, self._verifier, self._list(self._verifier)))
        wanted = {issuer_of(c) for c in self._credential.chain}
        return [name for name, c in listed.items() if subject_of(c) in wanted][:_MOST_CAS]

    def _list(self, machine: str, leg: Leg | None = None) -> str:
        """Return which list of CAs a machine reads here, as one types it; empty if it has only one."""
        lists = orders.lists_of(self._world, machine)
        made = self._world.deployment.group_of(machine).certificates
        port = (leg or self._leg).port
        return next(
            (c.trust_list for c in made if port in c.ports and c.trust_list in lists), lists[0] if lists else ""
        )

    def _at(self, machine: str, leg: Leg | None = None) -> str:
        return " ".join(word for word in (machine, self._list(machine, leg)) if word)

    def _lab_ca_everywhere(self) -> list[str]:
        """Return the lines that make everybody who verifies this machine trust the lab's CA."""
        own = (self._context.issued.root.certificate, self._context.issued.authority.certificate)
        named = {certificate: name for name, certificate in self._known.items()}
        lines: dict[str, None] = {}
        for leg in legs_of(self._world.deployment):
            other = {leg.server: leg.client, leg.client: leg.server}.get(self._presenter)
            verifies = leg.client_verifies if other == leg.client else leg.mutual
            if other is None or not verifies:
                continue
            listed = orders.list_at(self._world, other, self._list(other, leg))
            needed = own if other in self._world.deployment.peers else own[:1]
            lines |= dict.fromkeys(f"append-ca {named[c]} {self._at(other, leg)}" for c in needed if c not in listed)
        return list(lines)
