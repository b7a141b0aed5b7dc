"""Certificates with exactly the properties that a test or a fault asks for, also those that no careful CA would issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import fast_key, key_usage
from pkikit.issue.authority import Authority, ca_name, key_identifier_of
from pkikit.model.certificates.credential import Credential, PrivateKey

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
BOTH = (SERVER, CLIENT)
DAY = timedelta(days=1)


def craft(
    names: Sequence[str],
    issuer: Authority | None,
    *,
    at: datetime,
    common_name: str = "",
    begins: timedelta = -DAY,
    ends: timedelta = 90 * DAY,
    ekus: Sequence[x509.ObjectIdentifier] | None = BOTH,
    uris: Sequence[str] = (),
    ca: bool | None = False,
    key: PrivateKey | None = None,
    subject: x509.Name | None = None,
    identifiers: bool = True,
    can_sign: bool = False,
    usage: bool = True,
    chain: Sequence[x509.Certificate] | None = None,
    pointers: Sequence[x509.ExtensionType] = (),
    serial: int | None = None,
    general: Sequence[x509.GeneralName] = (),
    critical: Sequence[x509.ExtensionType] = (),
) -> Credential:
    """Make a leaf with exactly these properties; with `issuer` None, its own key signs it."""
    key = key or fast_key()
    subject = subject if subject is not None else ca_name(common_name or (names[0] if names else "unnamed"))
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(at + begins)
        .not_valid_after(at + ends)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if usage:
        builder = builder.add_extension(key_usage(sign_certificates=can_sign), critical=True)
    if ekus is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(ekus), critical=False)
    san = [*(x509.DNSName(n) for n in names), *(x509.UniformResourceIdentifier(u) for u in uris), *general]
    if san:
        builder = builder.add_extension(x509.SubjectAlternativeName(san), critical=False)
    if identifiers:
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        above = key_identifier_of(issuer.certificate) if issuer is not None else own.digest
        builder = builder.add_extension(own, critical=False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(above, None, None), critical=False)
    for value in critical:
        builder = builder.add_extension(value, critical=True)
    for pointer in pointers:
        builder = builder.add_extension(pointer, critical=False)
    leaf = builder.sign(signer, hashes.SHA256())
    behind = chain if chain is not None else (issuer.intermediates if issuer else ())
    return Credential(chain=(leaf, *behind), key=key)


def signed(ca: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Return True if the key of `ca` signed the certificate."""
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
