"""The inventory of certificates: who holds each, for which purposes it is used and may be used, when it ends.

Field notice FN74362 asks every customer to know, for each certificate, whether it is used as TLS client, and whether it has
clientAuth. The inventory answers that for every certificate that was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.checks.certificate_checks import allows, format_ekus
from pkikit.judge.legs.client_auth_end import client_auth_end, is_public
from pkikit.judge.legs.known_parts import shown_by_client, shown_by_server
from pkikit.judge.renewal_due import renew_at
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.certificates.facts import (
    extension,
    is_issued_by,
    is_self_signed,
    issuer_of,
    key_kind,
    presented_names,
    serial_number,
    subject_of,
    title,
)
from pkikit.model.certificates.public_key import digest_name
from pkikit.model.leg import Leg, Purpose
from pkikit.model.purposes import needs_client_auth
from pkikit.model.world import Party, World
from pkikit.view.short_names import ShortNames

MOST_NAMES = 20
NOT_RESTRICTED = "not restricted"  # the purposes of a certificate without extended key usage
_DEEPEST = 10  # a chain of CAs that is longer is nobody's


@dataclass(frozen=True, kw_only=True)
class Use:
    """Connections on which a machine shows a certificate in one role.

    Attributes:
        role: server or client.
        carries: what the connections carry.
        others: the machines at the other end.
        connections: how many.
        asked: the other end asks for the purpose of this role.
    """

    role: Purpose
    carries: str
    others: tuple[str, ...]
    connections: int
    asked: bool


@dataclass(frozen=True, kw_only=True)
class CertificateRow:
    """One certificate.

    Attributes:
        title: its common name, or its first name.
        holders: (machine, store), as `("e1.example.com", "server certificate")`.
        names: the first names of its SAN.
        name_count: how many names the SAN has.
        server_auth: it may be used as TLS server.
        client_auth: it may be used as TLS client.
        purposes: its extended key usage in words.
        uses: what it is used for.
        key: kind and length of its key.
        digest: of its signature.
        issuer: the common name of its issuer.
        issuer_organisation: the organisation of its issuer; empty if it has none.
        public: it shows signs of a public CA.
        begins: not before.
        ends: not after.
        renew: when to renew it.
        serial: the serial number, hexadecimal.
        sha256: the fingerprint.
        client_auth_ends: when it, or the one after it, has no clientAuth any more; None if that is not to be expected.
        outlook: why.
    """

    title: str
    holders: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    name_count: int
    server_auth: bool
    client_auth: bool
    purposes: str
    uses: tuple[Use, ...]
    key: str
    digest: str
    issuer: str
    issuer_organisation: str
    public: bool
    begins: datetime
    ends: datetime
    renew: datetime
    serial: str
    sha256: str
    client_auth_ends: datetime | None
    outlook: str

    def asked(self, role: Purpose) -> bool:
        """Return True if somebody asks for the purpose of a role."""
        return any(use.asked for use in self.uses if use.role is role)

    def allows(self, role: Purpose) -> bool:
        """Return True if the certificate may be used in a role."""
        return self.server_auth if role is Purpose.SERVER else self.client_auth


@dataclass(frozen=True, kw_only=True)
class AuthorityRow:
    """A CA certificate that some certificate in use is issued under.

    Attributes:
        title: its common name.
        root: it is self-signed.
        issuer: who issued it.
        begins: not before.
        ends: not after.
        serial: the serial number, hexadecimal.
        listed_by: machines that have it in a trusted CA list.
        sent_by: machines that send it behind their certificate.
        sha256: the fingerprint.
    """

    title: str
    root: bool
    issuer: str
    begins: datetime
    ends: datetime
    serial: str
    listed_by: tuple[str, ...]
    sent_by: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything that was given.

    Attributes:
        certificates: those of machines, by the order of the machines.
        authorities: the CAs above them.
        further: how many other CA certificates the trusted CA lists have.
        further_ended: how many of these have ended.
    """

    certificates: tuple[CertificateRow, ...]
    authorities: tuple[AuthorityRow, ...]
    further: int
    further_ended: int


def inventory_of(world: World, legs: Sequence[Leg], names: ShortNames, at: datetime) -> Inventory:
    """Return every certificate of a world, each once.

    Args:
        world: who has what.
        legs: the connections of the deployment.
        names: says what a connection carries.
        at: the time.

    Returns:
        The inventory.
    """
    holders: dict[x509.Certificate, list[tuple[str, str]]] = {}
    for fqdn, party in world.parties.items():
        for store, certificate in _stores(world, party):
            holders.setdefault(certificate, []).append((fqdn, store))
    uses = _uses(world, legs, names)
    rows = tuple(
        _row(certificate, tuple(dict.fromkeys(who)), uses.get(certificate, ()), at)
        for certificate, who in holders.items()
    )
    above = _authorities_above(world, list(holders))
    listed = {c for party in world.parties.values() for c in party.listed}
    further = listed - set(above)
    return Inventory(
        certificates=rows,
        authorities=tuple(_authority(world, certificate) for certificate in above),
        further=len(further),
        further_ended=sum(c.not_valid_after_utc < at for c in further),
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint as people compare it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _stores(world: World, party: Party) -> Iterator[tuple[str, x509.Certificate]]:
    services = world.deployment.group_of(party.fqdn).certificates
    if party.credential is not None:
        yield services[0].service if services[1:] else "server certificate", party.credential.leaf
    if party.client is not None:
        yield "client certificate", party.client.leaf
    for port, held in party.services.items():
        yield next((s.service for s in services if port in s.ports), f"port {port}"), held.leaf
    for name, held in party.domains.items():
        yield f"domain certificate of {name}", held.leaf


def _uses(world: World, legs: Sequence[Leg], names: ShortNames) -> dict[x509.Certificate, tuple[Use, ...]]:
    """Return for each certificate in which role it is shown, to whom, and whether the purpose is asked for."""
    found: dict[x509.Certificate, dict[tuple[Purpose, str, bool], list[str]]] = {}
    for leg in legs:
        carries = names.carries(leg)
        server, client = shown_by_server(world, leg), shown_by_client(world, leg)
        if server is not None:
            key = (Purpose.SERVER, carries, leg.client_verifies and not leg.permissive)
            found.setdefault(server.leaf, {}).setdefault(key, []).append(leg.client)
            if leg.registration:
                key = (Purpose.CLIENT, carries, needs_client_auth(leg, leg.server, world.deployment))
                found[server.leaf].setdefault(key, []).append(leg.client)
        if client is not None and leg.mutual:
            key = (Purpose.CLIENT, carries, needs_client_auth(leg, leg.client, world.deployment))
            found.setdefault(client.leaf, {}).setdefault(key, []).append(leg.server)
    return {certificate: tuple(_use(*entry) for entry in roles.items()) for certificate, roles in found.items()}


def _use(key: tuple[Purpose, str, bool], others: list[str]) -> Use:
    role, carries, asked = key
    return Use(role=role, carries=carries, others=tuple(dict.fromkeys(others)), connections=len(others), asked=asked)


def _row(
    certificate: x509.Certificate, holders: tuple[tuple[str, str], ...], uses: tuple[Use, ...], at: datetime
) -> CertificateRow:
    kind, bits = key_kind(certificate)
    names = presented_names(certificate).all_names
    ends, outlook = client_auth_end(certificate, at)
    has_usage = extension(certificate, x509.ExtendedKeyUsage) is not None
    return CertificateRow(
        title=title(certificate),
        holders=holders,
        names=tuple(names[:MOST_NAMES]),
        name_count=len(names),
        server_auth=allows(certificate, ExtendedKeyUsageOID.SERVER_AUTH),
        client_auth=allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH),
        purposes=format_ekus(certificate) if has_usage else NOT_RESTRICTED,
        uses=uses,
        key=f"{kind} {bits}" if bits else kind,
        digest=digest_name(certificate),
        issuer=common_name(certificate.issuer) or format_name(certificate.issuer),
        issuer_organisation=_organisation(certificate.issuer),
        public=is_public(certificate),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        renew=renew_at(certificate),
        serial=f"{serial_number(certificate):x}",
        sha256=fingerprint(certificate),
        client_auth_ends=ends,
        outlook=outlook,
    )


def _organisation(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def _authorities_above(world: World, leaves: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the CAs that issued these certificates, and those above them, each once."""
    by_subject: dict[object, list[x509.Certificate]] = {}
    for certificate in world.known_certificates:
        by_subject.setdefault(subject_of(certificate), []).append(certificate)
    found: dict[x509.Certificate, None] = {}
    level = list(leaves)
    for _ in range(_DEEPEST):
        issuers = [
            ca
            for certificate in level
            if not is_self_signed(certificate)
            for ca in by_subject.get(issuer_of(certificate), ())
            if ca not in found and is_issued_by(certificate, ca)
        ]
        level = list(dict.fromkeys(issuers))
        found.update(dict.fromkeys(level))
        if not level:
            break
    return list(found)


def _authority(world: World, certificate: x509.Certificate) -> AuthorityRow:
    parties = world.parties.items()
    return AuthorityRow(
        title=title(certificate),
        root=is_self_signed(certificate),
        issuer=common_name(certificate.issuer) or format_name(certificate.issuer),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        serial=f"{serial_number(certificate):x}",
        listed_by=tuple(fqdn for fqdn, party in parties if certificate in party.listed),
        sent_by=tuple(
            fqdn for fqdn, party in parties if any(certificate in held.chain[1:] for held in party.credentials)
        ),
        sha256=fingerprint(certificate),
    )
