"""OpenSSL's own answer to whether odd bytes can be read. Only odd bytes get this far."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from OpenSSL import crypto

from pkikit.reading.der import BIT_STRING, INTEGER, OID, SEQUENCE, SET, UTC_TIME, UTF8, element

_WITHIN = datetime(2030, 1, 1, tzinfo=UTC)
# ecdsa-with-SHA256; id-ecPublicKey on P-256 with the curve's own generator as point: a key that nobody needs to make.
_ALGORITHM = element(SEQUENCE, element(OID, bytes.fromhex("2a8648ce3d040302")))
_KEY = bytes.fromhex(
    "3059301306072a8648ce3d020106082a8648ce3d030107034200"
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def _name(text: str) -> bytes:
    attribute = element(SEQUENCE, element(OID, bytes.fromhex("550403")), element(UTF8, text.encode()))
    return element(SEQUENCE, element(SET, attribute))


@dataclass(frozen=True)
class Identity:
    """The certificate that an authority key identifier names: the serial number's bytes, the issuer's name (DER, or empty)."""

    serial: bytes = b"\1"
    name: bytes = b""


def carrier(extensions: Sequence[bytes], identity: Identity = Identity()) -> bytes:
    """Return a self-issued certificate without a good signature that carries these extensions, to examine them alone."""
    return carrier_with(extensions=extensions, serial=identity.serial, name=identity.name)


def carrier_with(
    *,
    extensions: Sequence[bytes] = (),
    serial: bytes = b"\1",
    name: bytes = b"",
    algorithm: bytes = _ALGORITHM,
    key: bytes = _KEY,
) -> bytes:
    """Return the same certificate with other parts, to find out whether they parse."""
    name = name or _name("alone")
    dates = element(SEQUENCE, element(UTC_TIME, b"200101000000Z"), element(UTC_TIME, b"400101000000Z"))
    tbs = element(
        SEQUENCE, element(0xA0, element(INTEGER, b"\2")), element(INTEGER, serial), algorithm, name, dates, name, key,
        element(0xA3, element(SEQUENCE, *extensions)) if extensions else b"",
    )  # fmt: skip
    return element(SEQUENCE, tbs, algorithm, element(BIT_STRING, b"\0\x30\x06\2\1\1\2\1\1"))


def crl_carrier(extension: bytes) -> bytes:
    """Return a CRL without a good signature that carries this extension, to examine it alone."""
    tbs = element(
        SEQUENCE, element(INTEGER, b"\1"), _ALGORITHM, _name("alone"), element(UTC_TIME, b"200101000000Z"),
        element(0xA0, element(SEQUENCE, extension)),
    )  # fmt: skip
    return element(SEQUENCE, tbs, _ALGORITHM, element(BIT_STRING, b"\0\x30\x06\2\1\1\2\1\1"))


def refusal(der: bytes) -> str:
    """Return OpenSSL's reason for not reading these bytes as a certificate; empty if it reads them."""
    _forget_errors()
    try:
        crypto.load_certificate(crypto.FILETYPE_ASN1, der)
    except crypto.Error as error:
        reasons = [entry[2] for entry in (error.args[0] if error.args else ()) if entry[2]]
        return reasons[0] if reasons else "unknown reason"
    except ValueError as error:  # pyOpenSSL raises it for a date that it copies into its own field
        return str(error)
    return ""


@lru_cache(maxsize=1024)
def refuses_extensions(extensions: tuple[bytes, ...], identity: Identity = Identity()) -> bool:
    """Return True if OpenSSL refuses a certificate because of these extensions (EXFLAG_INVALID), regardless of its signer.

    The certificate is its own issuer and trust anchor here, so only its extensions can be wrong.

    Args:
        extensions: the DER of each.
        identity: the certificate that an authority key identifier among them names; without it OpenSSL looks for another
            issuer.

    Returns:
        True if OpenSSL refuses the certificate.
    """
    try:
        certificate = crypto.load_certificate(crypto.FILETYPE_ASN1, carrier(extensions, identity))
        store = crypto.X509Store()
        store.add_cert(certificate)
        store.set_time(_WITHIN)
        crypto.X509StoreContext(store, certificate).verify_certificate()
    except (crypto.Error, crypto.X509StoreContextError):
        _forget_errors()
        return True
    return False


def _forget_errors() -> None:
    """Clear OpenSSL's error queue: it keeps the errors of a failed verification and would add them to the next error.

    pyOpenSSL takes all errors out of the queue when a call fails.
    """
    with contextlib.suppress(crypto.Error):
        crypto.load_certificate(crypto.FILETYPE_ASN1, b"")
