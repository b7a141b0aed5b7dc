"""Fixes of lessons that are not about the fix: one word makes a machine's certificate, list or record right.

The clinic has none of these. There, each action does what an administrator asks for, and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pkikit.errors import InputError
from pkikit.model.certificates.facts import is_self_signed
from pkikit.model.deployment import Deployment
from pkikit.model.world import Speaks, World
from pkikit.values.names import printable
from pkikit.worlds.issued_world import layout_of, profile_of
from simulator.world.fault_context import FaultContext
from simulator.world.network_work import caa_set, crls_loaded, crls_published, dns_set, planned_of, responder_renewed
from simulator.world.remedies import Action, action_named, targets

_OF_NAMES = frozenset({"fix-dns", "fix-caa"})


def lesson_fixes(deployment: Deployment) -> dict[str, tuple[str, ...]]:
    """Return the fixes of a lesson with the targets of each."""
    names, machines = targets(Action.DNS, deployment), targets(Action.CLOCK, deployment)
    found = {word: names if word in _OF_NAMES else machines for word in _SHORTCUTS}
    return {**found, "publish-revocation": ("lab-ca",), "set-clock": machines, "restore-path": machines}


def clinic_fixes(deployment: Deployment) -> dict[str, tuple[str, ...]]:
    """Return fixes of the clinic, with their parameters, and the targets of each: for exercises that are lists."""
    lines = (
        "renew",
        "order planned-names",
        "order server+client",
        "append-ca lab-root-ca",
        "append-ca lab-issuing-ca",
        "send-chain",
        "set-clock",
        "fix-tls",
        "restart",
    )
    return {line: targets(action_named(line.split()[0]), deployment) for line in lines}


def shortcut(action: str, target: str, world: World, context: FaultContext) -> World | None:
    """Return the world after a shortcut; None if the action is none.

    Raises:
        InputError: the world has no such machine.
    """
    word, at = str(action).strip().lower().replace("mend-", "fix-"), str(target).strip().lower()  # as it was called
    if word not in _SHORTCUTS:
        return None
    if word not in _OF_NAMES and word != "publish-revocation" and at not in world.parties:
        raise InputError(f"{word} needs a machine: {', '.join(world.parties)}, not {printable(at)!r}")
    return _SHORTCUTS[word](world, at, context)


def _certificate(world: World, fqdn: str, context: FaultContext) -> World:
    """Give a machine a certificate of the lab's CA with every planned name."""
    deployment = world.deployment
    layout, profile = layout_of(deployment, fqdn), profile_of(deployment)
    made = context.issued.sign(layout, at=context.at, profile=profile, rsa=context.rsa)
    return world.with_party(replace(world.parties[fqdn], credential=made, services={}, client=None))


def _list(world: World, fqdn: str, _: FaultContext) -> World:
    """Give a machine the issuers of what every other presents, and the known roots."""
    known = [c for c in world.known_certificates if is_self_signed(c)]
    shown = [c for p in world.parties.values() for credential in p.credentials for c in credential.chain[1:]]
    issuers = {c.issuer for c in shown} | {c.leaf.issuer for p in world.parties.values() for c in p.credentials}
    needed = dict.fromkeys([*(c for c in known if c.subject in issuers), *shown])
    return world.with_party(replace(world.parties[fqdn], trusted_ca_list=tuple(needed), lists={}))


def _dns(world: World, name: str, _: FaultContext) -> World:
    return replace(dns_set(world, name, planned_of(world, name)), stale=world.stale - {name})


def _revocation(world: World, _: str, context: FaultContext) -> World:
    world = responder_renewed(crls_published(world, context))
    for fqdn, party in world.parties.items():
        world = crls_loaded(world, fqdn, context) if party.held.crls else world
    return world


_SHORTCUTS: dict[str, Callable[[World, str, FaultContext], World]] = {
    "renew-certificate": _certificate,
    "complete-trusted-ca-list": _list,
    "fix-service": lambda w, fqdn, _: w.with_party(replace(w.parties[fqdn], speaks=Speaks.TLS)),
    "open-ports": lambda w, fqdn, _: replace(w, blocked=frozenset(b for b in w.blocked if b[0] != fqdn)),
    "fix-dns": _dns,
    "fix-caa": lambda w, name, _: caa_set(w, name, ""),
    "publish-revocation": _revocation,
}
