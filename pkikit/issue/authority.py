"""A small CA: root → intermediate → leaf, and CRLs. Everything takes `at`; nothing reads a clock.

Extensions are those that openssl's `x509`/`ca` commands of the guide's appendix 2 produce: BasicConstraints, key
usage, key identifiers; the leaf keeps what its request asked for and the profile allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pkikit.design.csr import fast_key, key_usage
from pkikit.errors import IssuanceRefused
from pkikit.model.credential import PrivateKey

ROOT_LIFETIME = timedelta(days=3650)
INTERMEDIATE_LIFETIME = timedelta(days=1825)
LEAF_LIFETIME = timedelta(days=398)  # what public CAs allowed until March 2026; private CAs choose freely
BACKDATE = timedelta(hours=1)  # clocks of a fresh lab differ by less than that

_T = TypeVar("_T", bound=x509.ExtensionType)

ANY_EKU = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What this CA puts into a leaf: the EKUs it allows, how long it lasts, where its CRL lies."""

    ekus: tuple[ObjectIdentifier, ...] = ANY_EKU
    lifetime: timedelta = LEAF_LIFETIME
    crl_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """One CA certificate with its key, and the certificates above it. `repr` never shows the key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False, compare=False)
    parents: tuple[x509.Certificate, ...] = ()

    @property
    def root(self) -> x509.Certificate:
        """The self-signed certificate that others have to trust."""
        return self.parents[-1] if self.parents else self.certificate

    @property
    def intermediates(self) -> tuple[x509.Certificate, ...]:
        """What a server has to send behind its leaf: this CA and those above it, without the root."""
        return (self.certificate, *self.parents)[:-1]

    def issue(
        self, csr: x509.CertificateSigningRequest, *, at: datetime, profile: Profile | None = None
    ) -> x509.Certificate:
        """Sign a request. Refused when its own signature is wrong, or nothing of the EKUs asked for is allowed."""
        profile = profile or Profile()
        if not csr.is_signature_valid:
            raise IssuanceRefused("the request is not signed with the key that it holds")
        builder = self._builder(csr.subject, csr.public_key(), at=at, lifetime=profile.lifetime)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        wanted = _extension(csr, x509.ExtendedKeyUsage)
        allowed = [oid for oid in (wanted or ANY_EKU) if oid in profile.ekus]
        if not allowed:
            raise IssuanceRefused("the profile allows none of the key purposes that the request asks for")
        builder = builder.add_extension(x509.ExtendedKeyUsage(allowed), critical=False)
        for kind in (x509.KeyUsage, x509.SubjectAlternativeName):
            extension = _extension(csr, kind)
            if extension is not None:
                builder = builder.add_extension(extension, critical=kind is x509.KeyUsage)
        if profile.crl_url:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(profile.crl_url)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def intermediate(
        self,
        common_name: str,
        *,
        at: datetime,
        key: PrivateKey | None = None,
        lifetime: timedelta = INTERMEDIATE_LIFETIME,
        path_length: int | None = 0,
        organisation: str = "",
        basic_constraints: bool = True,
        extra: Iterable[x509.ExtensionType] = (),
    ) -> Authority:
        """A CA below this one. `basic_constraints=False` makes one that the guide forbids, for worlds that fail."""
        key = key or fast_key()
        name = ca_name(common_name, organisation)
        builder = self._builder(name, key.public_key(), at=at, lifetime=lifetime)
        builder = _ca_extensions(
            builder, path_length if basic_constraints else None, with_constraints=basic_constraints
        )
        for extension in extra:
            builder = builder.add_extension(extension, critical=True)
        certificate = builder.sign(self.key, hashes.SHA256())
        return Authority(certificate=certificate, key=key, parents=(self.certificate, *self.parents))

    def crl(
        self,
        revoked: Sequence[int] = (),
        *,
        at: datetime,
        lifetime: timedelta = timedelta(days=7),
        number: int = 1,
    ) -> x509.CertificateRevocationList:
        """The CRL of this CA at an instant; `revoked` holds serial numbers."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + lifetime)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_authority_key_identifier(self.certificate), critical=False)
        )
        for serial in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, public_key: object, *, at: datetime, lifetime: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - BACKDATE)
            .not_valid_after(at + lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)  # type: ignore[arg-type]
            .add_extension(_authority_key_identifier(self.certificate), critical=False)
        )


def create_root(
    common_name: str,
    *,
    at: datetime,
    key: PrivateKey | None = None,
    organisation: str = "",
    lifetime: timedelta = ROOT_LIFETIME,
) -> Authority:
    """A self-signed root."""
    key = key or fast_key()
    name = ca_name(common_name, organisation)
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - BACKDATE)
        .not_valid_after(at + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return Authority(certificate=_ca_extensions(builder, None).sign(key, hashes.SHA256()), key=key)


def ca_name(common_name: str, organisation: str = "") -> x509.Name:
    """O (if any) and CN of a CA."""
    parts = [(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in (*parts, (NameOID.COMMON_NAME, common_name))])


def _ca_extensions(
    builder: x509.CertificateBuilder, path_length: int | None, *, with_constraints: bool = True
) -> x509.CertificateBuilder:
    if not with_constraints:
        return builder  # neither constraints nor usage: what old private CAs left behind
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        key_usage(sign_certificates=True), critical=True
    )


def _authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(
        x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest, None, None
    )


def _extension(csr: x509.CertificateSigningRequest, kind: type[_T]) -> _T | None:
    try:
        return csr.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
