"""Work of an administrator on DNS, network paths, CRLs and the OCSP responder: each function returns another world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509

from pkikit.issue.authority import Authority
from pkikit.model.certificates.canonical_name import canonical
from pkikit.model.certificates.facts import crl_urls, issuer_of, subject_of
from pkikit.model.revocation import NOTHING_HELD, CrlSource
from pkikit.model.world import World
from pkikit.worlds.issued_world import ISSUING_CRL, OCSP_URL, ROOT_CRL
from simulator.world.fault_context import FaultContext


def path_restored(world: World, fqdn: str) -> World:
    """Return the world in which packets from and to a machine pass, and come in time."""
    delays = {name: late for name, late in world.delays.items() if name != fqdn}
    return replace(world, cut=frozenset(pair for pair in world.cut if fqdn not in pair), delays=delays)


def dns_set(world: World, name: str, to: Sequence[str]) -> World:
    """Return the world in which DNS leads a name to these machines. What the plan says is no longer listed as an exception."""
    planned = planned_of(world, name)
    points = {known: parties for known, parties in world.points.items() if known != name}
    if set(to) != set(planned):
        points[name] = tuple(to)
    reverse = {fqdn: known for fqdn, known in world.reverse.items() if fqdn != name}
    return replace(world, points=points, unresolved=world.unresolved - {name}, reverse=reverse)


def planned_of(world: World, name: str) -> tuple[str, ...]:
    """Return the machines that a name leads to by plan: those of the group that has it, or the machine itself."""
    deployment = world.deployment
    for group in deployment.groups:
        if name in group.hosts or any(record == name for record, _ in group.services):
            return group.members
    return (name,)


def caa_set(world: World, name: str, authority: str) -> World:
    """Return the world in which DNS allows one CA for a name, or any (empty)."""
    kept = {known: ca for known, ca in world.caa.items() if known != name}
    return replace(world, caa={**kept, **({name: authority} if authority else {})})


def _current(world: World, context: FaultContext) -> dict[str, x509.CertificateRevocationList]:
    """Return new CRLs of all CAs here by URL. They list every serial that an earlier CRL listed."""
    held = [crl for party in world.parties.values() for _, crl in party.held.crls]
    served = [crl for data in world.published.values() for _, crl in data.crls]
    revoked = {entry.serial_number for crl in (*held, *served) for entry in crl} | world.withdrawn
    authority, root = context.issued.authority, context.issued.root
    lists = {ISSUING_CRL: authority.crl(sorted(revoked), at=context.at), ROOT_CRL: root.crl(at=context.at)}
    for further in context.made.values():
        crl = further.crl(sorted(_revoked_by(further, (*held, *served))), at=context.at)
        lists |= dict.fromkeys(_urls_of(further, world), crl)
    return lists


def _revoked_by(authority: Authority, crls: Sequence[x509.CertificateRevocationList]) -> set[int]:
    own = canonical(authority.certificate.subject)
    return {entry.serial_number for crl in crls if canonical(crl.issuer) == own for entry in crl}


def _urls_of(authority: Authority, world: World) -> set[str]:
    """Return where certificates of a CA say that its CRL is."""
    own = subject_of(authority.certificate)
    return {url for c in world.known_certificates if issuer_of(c) == own for url in crl_urls(c)}


def crls_published(world: World, context: FaultContext) -> World:
    """Return the world with new CRLs at both distribution points."""
    lists = _current(world, context)
    published = {**world.published, **{url: NOTHING_HELD.with_crls(CrlSource.CDP, [crl]) for url, crl in lists.items()}}
    revoked = {entry.serial_number for crl in lists.values() for entry in crl}
    failing = {url: how for url, how in world.failing.items() if url not in lists}
    return replace(world, published=published, failing=failing, withdrawn=frozenset(world.withdrawn | revoked))


def crls_loaded(world: World, fqdn: str, context: FaultContext) -> World:
    """Return the world in which a peer has the CRLs that are current, loaded by hand."""
    current = NOTHING_HELD.with_crls(CrlSource.MANUAL, _current(world, context).values())
    return world.with_party(replace(world.parties[fqdn], held=current))


def responder_restarted(world: World) -> World:
    """Return the world in which the OCSP responder answers. What it signs with is as before."""
    return replace(world, failing={url: how for url, how in world.failing.items() if url != OCSP_URL})


def responder_renewed(world: World) -> World:
    """Return the world in which the OCSP responder answers, signed with a certificate of the CA."""
    served = {url: data for url, data in world.published.items() if url != OCSP_URL}
    return replace(responder_restarted(world), published=served)
