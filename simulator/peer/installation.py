"""The state of a newly installed peer: a temporary CA and a server certificate that it issued (X8.1 and later).

No document describes the certificates. They follow one sample from an Expressway X8.11.3, so other versions may differ.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID, ObjectIdentifier

from pkikit.design.csr import both_ekus, make_key
from pkikit.issue.authority import BACKDATE, Authority
from pkikit.model.certificates.credential import Credential, PrivateKey
from simulator.peer.state import PeerState

_CA_LIFETIME, _LIFETIME = timedelta(days=5 * 365), timedelta(days=365)
_NETSCAPE_COMMENT = ObjectIdentifier("2.16.840.1.113730.1.13")
_COMMENT = b"\x16\x15Temporary Certificate"  # DER: an IA5String


def temporary_ca(fqdn: str, at: datetime) -> Authority:
    """Return the temporary CA that an installation makes (X8.1 and later). No other peer knows it."""
    key, name = make_key(), _name(f"Temporary CA {_number(fqdn)}")
    builder = _builder(name, name, key, at, _CA_LIFETIME, serial=x509.random_serial_number())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Authority(certificate=builder.sign(key, hashes.SHA256()), key=key)


def temporary_credential(fqdn: str, at: datetime) -> tuple[x509.Certificate, Credential]:
    """Return (the temporary CA, the server certificate that a new installation uses). The certificate has no SAN."""
    authority, key = temporary_ca(fqdn, at), make_key()
    name = _name(f"Temporary Certificate {_number(fqdn)}", common_name="cisco")
    builder = _builder(name, authority.certificate.subject, key, at, _LIFETIME, serial=1)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
    builder = builder.add_extension(both_ekus(), critical=False)
    builder = builder.add_extension(x509.UnrecognizedExtension(_NETSCAPE_COMMENT, _COMMENT), critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    return authority.certificate, Credential(chain=(certificate,), key=key)


def new_installation(fqdn: str, at: datetime) -> PeerState:
    """Return the state of a new installation: a temporary CA, a certificate that it issued, and no other trusted CA."""
    authority, credential = temporary_credential(fqdn, at)
    return PeerState(fqdn=fqdn, certificate=credential, trusted_ca_list=(authority,), temporary_ca=authority)


def _number(fqdn: str) -> uuid.UUID:
    """Return a UUID that is always the same for one peer."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, fqdn)


def _name(text: str, common_name: str = "") -> x509.Name:
    """Return a name whose organisation and unit are the same text, as in the sample."""
    parts = (
        (NameOID.ORGANIZATION_NAME, text),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, text),
        (NameOID.COMMON_NAME, common_name or text),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, at: datetime, lifetime: timedelta, *, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at - BACKDATE)
        .not_valid_after(at + lifetime)
    )
