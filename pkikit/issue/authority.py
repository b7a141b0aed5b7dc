"""A small CA: root → intermediate → leaf, and CRLs. Everything takes `at`; nothing reads a clock.

The extensions are those that openssl's `x509` and `ca` commands of the guide's appendix 2 produce: BasicConstraints,
key usage, key identifiers. The leaf keeps what its request asks for and the profile allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pkikit.design.csr import fast_key, key_usage
from pkikit.errors import IssuanceRefused
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.certificates.facts import extension
from pkikit.reading.unreadable import UNREADABLE
from pkikit.values.names import printable

ROOT_LIFETIME = timedelta(days=3650)
INTERMEDIATE_LIFETIME = timedelta(days=1825)
LEAF_LIFETIME = timedelta(days=398)  # what public CAs allowed until March 2026; private CAs choose freely
BACKDATE = timedelta(hours=1)  # clocks of a fresh lab differ by less than that

ANY_EKU = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What this CA puts into a leaf: the allowed EKUs, the lifetime, the URL of the CRL, and further extensions."""

    ekus: tuple[ObjectIdentifier, ...] = ANY_EKU
    lifetime: timedelta = LEAF_LIFETIME
    crl_url: str = ""
    ocsp_url: str = ""
    serial: int | None = None
    extensions: tuple[x509.ExtensionType, ...] = ()

    def pointers(self) -> tuple[x509.ExtensionType, ...]:
        """The extensions that state where to get the revocation status, and what else the CA adds."""
        found: tuple[x509.ExtensionType, ...] = self.extensions
        if self.crl_url:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(self.crl_url)], None, None, None)
            found += (x509.CRLDistributionPoints([point]),)
        if self.ocsp_url:
            responder = x509.UniformResourceIdentifier(self.ocsp_url)
            found += (
                x509.AuthorityInformationAccess(
                    [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, responder)]
                ),
            )
        return found


@dataclass(frozen=True, kw_only=True)
class Authority:
    """One CA certificate with its key, and the certificates above it. `repr` never contains the key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False, compare=False)
    parents: tuple[x509.Certificate, ...] = ()

    @property
    def root(self) -> x509.Certificate:
        """The self-signed certificate that verifiers must trust."""
        return self.parents[-1] if self.parents else self.certificate

    @property
    def intermediates(self) -> tuple[x509.Certificate, ...]:
        """What a server must send after its leaf: this CA and those above it, without the root."""
        return (self.certificate, *self.parents)[:-1]

    def issue(
        self, csr: x509.CertificateSigningRequest, *, at: datetime, profile: Profile | None = None
    ) -> x509.Certificate:
        """Issue the certificate for a request.

        Args:
            csr: the certificate signing request.
            at: when it is issued.
            profile: what this CA allows; None for the default profile.

        Returns:
            The certificate.

        Raises:
            IssuanceRefused: the request cannot be read, its signature is wrong, or the profile allows none of the EKUs that it
                asks for.
        """
        try:
            return self._sign(csr, at, profile or Profile())
        except UNREADABLE as error:
            raise IssuanceRefused(f"the request cannot be signed: {printable(str(error))}") from None

    def _sign(self, csr: x509.CertificateSigningRequest, at: datetime, profile: Profile) -> x509.Certificate:
        if not csr.is_signature_valid:
            raise IssuanceRefused("the request is not signed with the key that it contains")
        builder = self._builder(csr.subject, csr.public_key(), at=at, lifetime=profile.lifetime, serial=profile.serial)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        wanted = extension(csr, x509.ExtendedKeyUsage)
        allowed = [oid for oid in (wanted or ANY_EKU) if oid in profile.ekus]
        if not allowed:
            raise IssuanceRefused("the profile allows none of the key purposes that the request asks for")
        builder = builder.add_extension(x509.ExtendedKeyUsage(allowed), critical=False)
        for kind in (x509.KeyUsage, x509.SubjectAlternativeName):
            asked = extension(csr, kind)
            if asked is not None:
                builder = builder.add_extension(asked, critical=kind is x509.KeyUsage)
        for added in profile.pointers():
            builder = builder.add_extension(added, critical=False)
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
        pointers: Iterable[x509.ExtensionType] = (),
    ) -> Authority:
        """Make a CA below this one. `basic_constraints=False` makes one that the guide forbids, for worlds that fail."""
        key = key or fast_key()
        name = ca_name(common_name, organisation)
        builder = self._builder(name, key.public_key(), at=at, lifetime=lifetime)
        builder = _ca_extensions(
            builder, path_length if basic_constraints else None, with_constraints=basic_constraints
        )
        for critical, added in ((True, extra), (False, pointers)):
            for value in added:
                builder = builder.add_extension(value, critical=critical)
        certificate = builder.sign(self.key, hashes.SHA256())
        return Authority(certificate=certificate, key=key, parents=(self.certificate, *self.parents))

    def crl(
        self,
        revoked: Sequence[int | tuple[int, datetime, x509.ReasonFlags | None]] = (),
        *,
        at: datetime,
        lifetime: timedelta = timedelta(days=7),
        number: int = 1,
    ) -> x509.CertificateRevocationList:
        """Make the CRL of this CA at an instant; `revoked` holds serial numbers, or (serial, when, reason)."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + lifetime)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_authority_key_identifier(self.certificate), critical=False)
        )
        for given in revoked:
            serial, when, reason = given if isinstance(given, tuple) else (given, at, None)
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256())

    def ocsp_answer(
        self,
        certificate: x509.Certificate,
        *,
        at: datetime,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        revoked_at: datetime | None = None,
        reason: x509.ReasonFlags | None = None,
        lifetime: timedelta = timedelta(days=1),
        signer: tuple[x509.Certificate, PrivateKey] | None = None,
        nonce: bytes | None = None,
        id_digest: hashes.SHA256 | hashes.SHA1 | None = None,
    ) -> ocsp.OCSPResponse:
        """Make an OCSP answer about one certificate of this CA, signed by the CA or by `signer`; CertID in SHA-256 by default."""
        own_certificate, key = signer or (self.certificate, self.key)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self.certificate,
            algorithm=id_digest or hashes.SHA256(),
            cert_status=status,
            this_update=at,
            next_update=at + lifetime,
            revocation_time=(revoked_at or at) if status is ocsp.OCSPCertStatus.REVOKED else None,
            revocation_reason=reason if status is ocsp.OCSPCertStatus.REVOKED else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, own_certificate)
        if signer is not None:
            builder = builder.certificates([own_certificate])
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign(key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, public_key: object, *, at: datetime, lifetime: timedelta, serial: int | None = None
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)  # type: ignore[arg-type]
            .serial_number(serial or x509.random_serial_number())
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
    """Make a self-signed root."""
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
    """Return the name of a CA: O (if any) and CN."""
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
    return x509.AuthorityKeyIdentifier(key_identifier_of(issuer), None, None)


def key_identifier_of(issuer: x509.Certificate) -> bytes:
    """Return the key identifier that certificates below a CA name: the one in its certificate (RFC 5280 §4.2.1.1)."""
    held = extension(issuer, x509.SubjectKeyIdentifier)
    return held.digest if held is not None else x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
