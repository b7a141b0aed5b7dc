"""What an administrator can do about a case of the clinic: each remedy is real work on the running world.

A remedy does not undo a fault: it issues a new certificate, signs new CRLs that still list what was revoked, or completes
a trusted CA list. Only the legs show whether it helps.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cryptography import x509

from pkikit.design.restarts import ORDER_ADVICE
from pkikit.errors import InputError
from pkikit.model.certificates.facts import is_self_signed
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Side
from pkikit.model.revocation import NOTHING_HELD, CrlSource
from pkikit.model.world import Speaks, World
from pkikit.rules.trust_rules import TRUST_LIST_CHANGE
from pkikit.values.names import printable
from simulator.world.fault_context import FaultContext
from simulator.world.issued_world import ISSUING_CRL, OCSP_URL, ROOT_CRL, layout_of, profile_of


class Action(enum.StrEnum):
    """The kinds of work. Each has a target: a party, a name in DNS, a place of the deployment, or a peer."""

    RENEW = "renew-certificate"
    TRUST = "complete-trusted-ca-list"
    CLOCK = "set-clock"
    SERVICE = "mend-service"
    PORTS = "open-ports"
    NETWORK = "mend-network"
    DNS = "mend-dns"
    CAA = "mend-caa"
    REVOCATION = "publish-revocation"
    CONFIGURE = "configure"
    LOAD = "load-again"
    WAIT = "wait-for-the-ca"
    ORDER = "order-again"
    DEPLOY = "deploy"


TOLD: dict[Action, str] = {
    Action.RENEW: "new key, request with every name of the layout, signed by the lab's CA, loaded with its chain, restart. "
    f"{ORDER_ADVICE}",
    Action.TRUST: "append every CA certificate that the others' certificates lead to; drop what nobody needs. "
    f"{TRUST_LIST_CHANGE}",
    Action.CLOCK: "set the clock right (NTP)",
    Action.SERVICE: "have its TLS service set right: on, TLS 1.2 and 1.3, suites that encrypt",
    Action.PORTS: "have the firewall open its ports",
    Action.NETWORK: "mend the way to it",
    Action.DNS: "set the records of this name right",
    Action.CAA: "let the CAA records of this name allow the CA",
    Action.REVOCATION: "bring distribution points and responder back, with current lists; what was revoked stays so",
    Action.CONFIGURE: "set this back to what the plan says",
    Action.LOAD: "load the certificate once more, in the form and on the peer that it is for",
    Action.WAIT: "wait until the CA takes another order",
    Action.ORDER: "order once more, and deploy what comes",
    Action.DEPLOY: "deploy the pending certificate",
}
OF_PEERS = frozenset({Action.LOAD, Action.WAIT, Action.ORDER, Action.DEPLOY})
_OF_PARTIES = frozenset({Action.RENEW, Action.TRUST, Action.CLOCK, Action.SERVICE, Action.PORTS, Action.NETWORK})


@dataclass(frozen=True)
class Remedy:
    """One action on one target."""

    action: Action
    target: str

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


def remedy_of(action: object, target: object, deployment: Deployment) -> Remedy:
    """Return the remedy that a person asked for.

    Raises:
        InputError: the action or the target is unknown; the sentence lists what is allowed.
    """
    try:
        chosen = Action(str(action).strip().lower())
    except ValueError:
        raise InputError(f"there is no remedy {printable(str(action))!r}; there are {', '.join(Action)}") from None
    allowed = targets(chosen, deployment)
    wanted = str(target).strip().lower()
    if wanted not in allowed:
        raise InputError(f"{chosen} is done to one of {', '.join(allowed)}, not to {printable(wanted)!r}")
    return Remedy(chosen, wanted)


def targets(action: Action, deployment: Deployment) -> tuple[str, ...]:
    """Return the targets that an action allows."""
    if action in OF_PEERS:
        return tuple(deployment.peers)
    if action in _OF_PARTIES:
        return tuple(deployment.parties)
    match action:
        case Action.DNS | Action.CAA:
            return _names(deployment)
        case Action.REVOCATION:
            return ("lab-ca",)
        case _:
            return tuple(_places(deployment))


def _names(deployment: Deployment) -> tuple[str, ...]:
    """Return hosts, clusters, domains, SRV records of the registration domains, and other names that lead to Expressway-E."""
    clusters = [c.fqdn for c in deployment.clusters if c.fqdn]
    registration = list(deployment.domains.registration)
    records = [f"_collab-edge._tls.{domain}" for domain in registration] if deployment.mra else []
    on_edge = [w.name for group in deployment.groups for w in group.wants if w.side is Side.EDGE]
    return tuple(dict.fromkeys([*deployment.parties, *clusters, *registration, *records, *on_edge]))


def _places(deployment: Deployment) -> Iterable[str]:
    """Yield the settings that can be wrong while every certificate is right."""
    data: dict[str, Any] = deployment.model_dump(mode="json")
    for number, zone in enumerate(data["zones"]):
        for key in ("peer_addresses", "tls_verify_subject_name"):
            if key in zone:
                yield f"zones.{number}.{key}"
    yield "domains.registration"
    yield "registration_domain_format"
    yield "revocation.fallback"


def place_of(remedy: Remedy, planned: Deployment) -> tuple[str, Any]:
    """Return (place, the planned value) for a CONFIGURE remedy."""
    node: Any = planned.model_dump(mode="json")
    for part in remedy.target.split("."):
        node = node[int(part)] if part.isdigit() else node[part]
    return remedy.target, node


def apply_remedy(remedy: Remedy, world: World, context: FaultContext) -> World:
    """Return the world after the remedy.

    It does not change for remedies that need a peer's pages (OF_PEERS) or another deployment (CONFIGURE).
    """
    target = remedy.target
    match remedy.action:
        case Action.RENEW:
            party = world.parties[target]
            issued, deployment = context.issued, world.deployment
            profile = profile_of(deployment)
            made = issued.sign(layout_of(deployment, target), at=context.at, profile=profile, rsa=context.rsa)
            return world.with_party(replace(party, credential=made, services={}, client=None))
        case Action.TRUST:
            return _complete_list(world, target)
        case Action.CLOCK:
            return world.with_party(replace(world.parties[target], clock_offset=timedelta(0)))
        case Action.SERVICE:
            return world.with_party(replace(world.parties[target], speaks=Speaks.TLS))
        case Action.PORTS:
            return replace(world, blocked=frozenset(b for b in world.blocked if b[0] != target))
        case Action.NETWORK:
            delays = {fqdn: late for fqdn, late in world.delays.items() if fqdn != target}
            return replace(world, cut=frozenset(pair for pair in world.cut if target not in pair), delays=delays)
        case Action.DNS:
            points = {name: to for name, to in world.points.items() if name != target}
            reverse = {fqdn: name for fqdn, name in world.reverse.items() if fqdn != target}
            known = world.unresolved - {target}
            return replace(world, points=points, unresolved=known, stale=world.stale - {target}, reverse=reverse)
        case Action.CAA:
            return replace(world, caa={name: ca for name, ca in world.caa.items() if name != target})
        case Action.REVOCATION:
            return _publish_lists(world, context)
        case _:
            return world


def _complete_list(world: World, fqdn: str) -> World:
    """Return the world with a completed trusted CA list of `fqdn`: the issuers of what every party presents, and known roots."""
    known = [c for c in world.known_certificates if is_self_signed(c)]
    shown = [c for p in world.parties.values() for credential in p.credentials for c in credential.chain[1:]]
    issuers = {c.issuer for c in shown} | {c.leaf.issuer for p in world.parties.values() for c in p.credentials}
    needed = dict.fromkeys([*(c for c in known if c.subject in issuers), *shown])
    return world.with_party(replace(world.parties[fqdn], trusted_ca_list=tuple(needed), lists={}))


def _publish_lists(world: World, context: FaultContext) -> World:
    """Return the world with current CRLs of both CAs, published and loaded. They list every serial that an earlier CRL listed."""
    held = [crl for party in world.parties.values() for _, crl in party.held.crls]
    served = [crl for data in world.published.values() for _, crl in data.crls]
    revoked = {entry.serial_number for crl in (*held, *served) for entry in crl} | world.withdrawn
    lists: tuple[tuple[str, x509.CertificateRevocationList], ...] = (
        (ISSUING_CRL, context.issued.authority.crl(sorted(revoked), at=context.at)),
        (ROOT_CRL, context.issued.root.crl(at=context.at)),
    )
    published = {url: data for url, data in world.published.items() if url != OCSP_URL}
    published |= {url: NOTHING_HELD.with_crls(CrlSource.CDP, [crl]) for url, crl in lists}
    for fqdn, party in world.parties.items():
        if party.held.crls:
            current = NOTHING_HELD.with_crls(CrlSource.MANUAL, (crl for _, crl in lists))
            world = world.with_party(replace(world.parties[fqdn], held=current))
    return replace(world, published=published, failing={}, withdrawn=frozenset(revoked))
