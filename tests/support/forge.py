"""Certificates that no careful CA would issue, for worlds that have to fail."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import fast_key, key_usage
from pkikit.issue.authority import Authority, ca_name
from pkikit.model.credential import Credential, PrivateKey

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
BOTH = (SERVER, CLIENT)
DAY = timedelta(days=1)


def forge(
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
    """A leaf with exactly these properties; `issuer` None signs it with its own key."""
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
        above = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
        builder = builder.add_extension(own, critical=False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(above.digest, None, None), critical=False)
    for value in critical:
        builder = builder.add_extension(value, critical=True)
    for pointer in pointers:
        builder = builder.add_extension(pointer, critical=False)
    leaf = builder.sign(signer, hashes.SHA256())
    behind = chain if chain is not None else (issuer.intermediates if issuer else ())
    return Credential(chain=(leaf, *behind), key=key)


def der_with_serial(serial: int) -> x509.Certificate:
    """A self-signed certificate with any serial number; the signature is left as it was (nobody checks a linted one)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    marker = 0x7A6B5C4D3E2F1A0B
    made = forge(("e1.example.com",), None, at=datetime(2026, 11, 24, tzinfo=UTC), serial=marker).leaf
    body = marker.to_bytes(8, "big")
    wanted = serial.to_bytes(8, "big", signed=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(made.public_bytes(Encoding.DER).replace(body, wanted))
