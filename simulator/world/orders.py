"""Certificate work of an administrator: renew, order with other names, template or CA, send the chain, change a list of CAs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.design.csr import make_key
from pkikit.errors import InputError
from pkikit.issue.authority import BACKDATE, LEAF_LIFETIME, Authority
from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.certificates.credential import Credential, PrivateKey
from pkikit.model.certificates.facts import extension, is_self_signed, presented_names
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Side
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import Party, World
from pkikit.values.names import parse_dns_name, printable
from pkikit.worlds.issued_world import layout_of, profile_of
from simulator.world.craft import BOTH, CLIENT, SERVER, craft, signed
from simulator.world.fault_context import FaultContext

PLANNED = "planned-names"
TEMPLATES = {"server+client": BOTH, "server-only": (SERVER,), "client-only": (CLIENT,)}
KEYS = {"rsa-2048": 2048, "rsa-4096": 4096, "ecdsa": 256}
SERVER_STORE, CLIENT_STORE = "server-store", "client-store"  # of X15.5
SAME_CA, LAB_CA, PUBLIC_CA = "same-ca", "lab-ca", "public-ca"
CAS = (SAME_CA, LAB_CA, PUBLIC_CA)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One certificate of a machine: that of a service (`tomcat`), or its only one (empty)."""

    fqdn: str
    service: str = ""


def services_of(deployment: Deployment, fqdn: str) -> tuple[str, ...]:
    """Return the services or stores of a machine that have a certificate each; empty if it has one for everything."""
    if fqdn in deployment.peers and deployment.product_version.has(TWO_STORES):
        return SERVER_STORE, CLIENT_STORE
    return tuple(c.service for c in deployment.group_of(fqdn).certificates)


def credential_at(world: World, place: Place) -> Credential:
    """Return the certificate that a machine shows.

    Raises:
        InputError: the machine has none.
    """
    party = world.parties[place.fqdn]
    found = party.client or party.credential if place.service == CLIENT_STORE else party.credential
    for made in world.deployment.group_of(place.fqdn).certificates:
        if made.service == place.service and made.ports:
            found = party.as_server(made.ports[0]).credential
    if found is None:
        raise InputError(f"{place.fqdn} has no certificate")
    return found


def with_credential(world: World, place: Place, credential: Credential) -> World:
    """Return the world in which a machine shows another certificate there."""
    party, made = world.parties[place.fqdn], world.deployment.group_of(place.fqdn).certificates
    further = next((c for c in made[1:] if c.service == place.service), None)
    if further is not None:
        return world.with_party(replace(party, services={**party.services, **dict.fromkeys(further.ports, credential)}))
    if place.service == CLIENT_STORE:
        return world.with_party(replace(party, client=credential))
    kept = {p: c for p, c in party.services.items() if made and p not in made[0].ports}
    return world.with_party(replace(party, credential=credential, services=kept))


def renewed(world: World, place: Place, context: FaultContext) -> World:
    """Return the world with a new key and new dates: the same names, purposes, CA and chain as before.

    Raises:
        InputError: nobody here has the key of the CA that issued it.
    """
    old = credential_at(world, place)
    key = context.new_key()
    own = is_self_signed(old.leaf)
    authority = None if own else context.authority_of(old.leaf)
    if authority is None and not own:
        name = printable(common_name(old.leaf.issuer))
        raise InputError(f"{name} does not answer in this lab: order from another CA")
    leaf = _again(old.leaf, key, authority, context)
    return with_credential(world, place, Credential(chain=(leaf, *old.chain[1:]), key=key))


def _again(
    old: x509.Certificate, key: PrivateKey, authority: Authority | None, context: FaultContext
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(context.at - BACKDATE)
        .not_valid_after(context.at + LEAF_LIFETIME)
    )
    for held in old.extensions:
        value = held.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        elif isinstance(value, x509.AuthorityKeyIdentifier) and authority is None:
            above = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            value = x509.AuthorityKeyIdentifier(above.digest, None, None)
        builder = builder.add_extension(value, critical=held.critical)
    return builder.sign(authority.key if authority is not None else key, hashes.SHA256())


def ordered(world: World, place: Place, words: Sequence[str], context: FaultContext) -> World:
    """Return the world with another certificate, installed with its chain.

    Args:
        world: the world before.
        place: whose certificate.
        words: what differs from the one in use: `+name`, `-name`, `planned-names`, a template, a CA, a kind of key.
        context: the CAs, and the instant.

    Raises:
        InputError: a name is none, the CA does not offer the template, or it is not there.
    """
    old = credential_at(world, place)
    layout = layout_of(world.deployment, place.fqdn)
    names = _names(old.leaf, layout.dns_names, words)
    authority, public = _authority(old.leaf, words, context)
    held = extension(old.leaf, x509.ExtendedKeyUsage)
    template = next((TEMPLATES[w] for w in words if w in TEMPLATES), tuple(held) if held is not None else BOTH)
    if public:
        if SERVER not in template:
            raise InputError("a public CA issues certificates for servers only: choose server-only or server+client")
        template = (SERVER,)  # public CAs leave clientAuth out since 2026
    key = next((make_key(KEYS[w]) for w in words if w in KEYS), None) or context.new_key()
    own = authority is not None and authority.certificate == context.issued.authority.certificate
    made = craft(
        names,
        authority,
        at=context.at,
        common_name=layout.common_name,
        begins=-BACKDATE,
        ends=LEAF_LIFETIME if not public else timedelta(days=199),
        ekus=template,
        key=key,
        can_sign=authority is None,
        pointers=profile_of(world.deployment).pointers() if own else (),
    )
    world = with_credential(world, place, made)
    return _trusted_outside(world, context.public.root) if public else world


def _names(leaf: x509.Certificate, planned: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    base = planned if PLANNED in words else presented_names(leaf).dns_written
    added = [parse_dns_name(w[1:]) for w in words if w.startswith("+")]
    taken = {w[1:].lower() for w in words if w.startswith("-")}
    unknown = sorted(taken - {n.lower() for n in base})
    if unknown:
        raise InputError(f"{printable(unknown[0])} is not in the certificate: it has {', '.join(base) or 'no names'}")
    return tuple(dict.fromkeys([*(n for n in base if n.lower() not in taken), *added]))


def _authority(leaf: x509.Certificate, words: Sequence[str], context: FaultContext) -> tuple[Authority | None, bool]:
    """Return (the CA that signs; None for the machine itself, is it a public one)."""
    if LAB_CA in words:
        return context.issued.authority, False
    if PUBLIC_CA in words:
        return context.public, True
    if is_self_signed(leaf):
        return None, False
    found = context.authority_of(leaf)
    if found is None:
        raise InputError(f"{printable(common_name(leaf.issuer))} does not answer in this lab: order from another CA")
    return found, "public" in context.made and found is context.public


def _trusted_outside(world: World, root: x509.Certificate) -> World:
    for group in world.deployment.groups:
        if group.side is Side.OUTSIDE:
            for fqdn in group.members:
                world = world.with_party(world.parties[fqdn].trusting((root,)))
    return world


def with_chain(world: World, place: Place, context: FaultContext) -> World:
    """Return the world in which the machine sends every intermediate certificate behind its own.

    Raises:
        InputError: nobody here has the certificate of an issuer.
    """
    held = credential_at(world, place)
    known = (*world.known_certificates, context.issued.authority.certificate, *_made(context))
    chain: list[x509.Certificate] = [held.leaf]
    while not is_self_signed(chain[-1]):
        above = next(
            (c for c in known if c.subject == chain[-1].issuer and c not in chain and signed(c, chain[-1])), None
        )
        if above is None:
            raise InputError(f"nobody here has the certificate of {printable(common_name(chain[-1].issuer))}")
        chain.append(above)
    sent = chain[:-1] if len(chain) > 1 else chain
    return with_credential(world, place, Credential(chain=tuple(sent), key=held.key))


def _made(context: FaultContext) -> Iterable[x509.Certificate]:
    return (c for ca in context.made.values() for c in (ca.certificate, *ca.parents))


# Lists of CAs.


def ca_names(certificates: Iterable[x509.Certificate]) -> dict[str, x509.Certificate]:
    """Return certificates by a short name without spaces: `lab-root-ca`; a second one of that name is `lab-root-ca-2`."""
    found: dict[str, x509.Certificate] = {}
    for certificate in dict.fromkeys(certificates):
        name = "-".join(common_name(certificate.subject).lower().split()) or "unnamed"
        number = 2
        unique = name
        while unique in found:
            unique, number = f"{name}-{number}", number + 1
        found[unique] = certificate
    return found


def known_cas(world: World, context: FaultContext) -> dict[str, x509.Certificate]:
    """Return the CA certificates that an administrator can get: those of every CA here, and those in some list."""
    listed = (c for party in world.parties.values() for c in party.listed)
    own = (context.issued.root.certificate, context.issued.authority.certificate, context.public.root)
    shown = (c for p in world.parties.values() for held in p.credentials for c in held.chain[1:])
    return ca_names((*own, *_made(context), *shown, *world.authorities, *listed))


def lists_of(world: World, fqdn: str) -> tuple[str, ...]:
    """Return the names of a machine's lists of CAs: `tomcat-trust`; empty if it has one list."""
    return tuple(name for name in world.lists_of(fqdn) if name)


def with_listed(world: World, fqdn: str, name: str, change: Sequence[x509.Certificate]) -> World:
    """Return the world in which one list of CAs of a machine holds exactly these certificates."""
    party, services = world.parties[fqdn], world.deployment.group_of(fqdn).certificates
    listed = tuple(change)
    if not party.lists or not name:
        return world.with_party(replace(party, trusted_ca_list=listed))
    found = next(c for c in services if c.trust_list == name)
    if found is services[0]:
        others = {p: party.as_server(p).trusted_ca_list for c in services if c is not found for p in c.ports}
        return world.with_party(replace(party, trusted_ca_list=listed, lists=others))
    return world.with_party(replace(party, lists={**party.lists, **dict.fromkeys(found.ports, listed)}))


def list_at(party_world: World, fqdn: str, name: str) -> tuple[x509.Certificate, ...]:
    """Return one list of CAs of a machine."""
    return party_world.lists_of(fqdn).get(name, party_world.parties[fqdn].trusted_ca_list)


def leads_to(party: Party, root: x509.Certificate, world: World) -> bool:
    """Return True if some machine presents a certificate whose chain needs `root` in this machine's list."""
    shown = (held for p in world.parties.values() if p is not party for held in p.credentials)
    issuers = {c.issuer for held in shown for c in held.chain}
    return root.subject in issuers
