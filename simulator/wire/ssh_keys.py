"""What the ends of an SSH tunnel show each other: a certificate as SSH packs it (RFC 6187), and the key that belongs to it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.errors import EncodingError
from pkikit.extras import optional_packages
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import key_of
from pkikit.reading import load_certificate

with optional_packages():
    import asyncssh
    from asyncssh.public_key import SSHLocalKeyPair, SSHX509CertificateChain


@dataclass(frozen=True)
class _Shown:
    """The part of a certificate that asyncssh packs. Its own class would refuse what OpenSSL reads and `cryptography` not."""

    key: asyncssh.SSHKey
    public_data: bytes
    subject: str = ""
    issuer: str = ""
    user_principals: tuple[str, ...] = ()


def public_key(certificate: x509.Certificate) -> asyncssh.SSHKey:
    """Return the certificate's key, to verify signatures with."""
    return asyncssh.import_public_key(key_of(certificate))


def key_pair(credential: Credential) -> SSHLocalKeyPair:
    """Return the private key of a credential with its certificate, alone: SSH sends no intermediates here."""
    if credential.key is None:
        raise ValueError("a credential without its private key cannot be shown")
    private = credential.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    shown = _Shown(public_key(credential.leaf), credential.leaf.public_bytes(Encoding.DER))
    chain = SSHX509CertificateChain(b"x509v3-" + shown.key.algorithm, cast(Any, [shown]), (), None)
    # The key was checked when it was read or made; to check an RSA key again takes up to a second.
    key = asyncssh.import_private_key(private, unsafe_skip_rsa_key_validation=True)
    return SSHLocalKeyPair(key, None, chain, None)


def leaf_in(key_data: bytes) -> x509.Certificate | None:
    """Return the first certificate of what the other end shows; None if it is not one."""
    try:
        algorithm, rest = _string(key_data)
        if not algorithm.startswith(b"x509v3-"):
            return None
        leaf, _ = _string(rest[4:])  # after the number of certificates
        return load_certificate(leaf)
    except (struct.error, EncodingError, ValueError):
        return None


def _string(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack(">I", data[:4])
    return data[4 : 4 + length], data[4 + length :]
