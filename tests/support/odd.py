"""Certificates that even the library's builder refuses to make, patched together from good ones."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from simulator.world.craft import craft


def der_with_serial(serial: int) -> x509.Certificate:
    """A self-signed certificate with any serial number; the signature is left as it was (nobody checks a linted one)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    marker = 0x7A6B5C4D3E2F1A0B
    made = craft(("e1.example.com",), None, at=datetime(2026, 11, 24, tzinfo=UTC), serial=marker).leaf
    body = marker.to_bytes(8, "big")
    wanted = serial.to_bytes(8, "big", signed=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(made.public_bytes(Encoding.DER).replace(body, wanted))


def tlv(tag: int, *content: bytes) -> bytes:
    """One DER value."""
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


_ECDSA_SHA256 = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
_CN = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"Lab Issuing CA"))))
_FROM, _UNTIL = tlv(0x17, b"261124120000Z"), tlv(0x17, b"271124120000Z")
_EXTENSION = tlv(0x30, bytes.fromhex("0603551d14"), tlv(0x04, tlv(0x02, b"\x05")))


def _crl(
    issuer: bytes = _CN, dates: bytes = _FROM + _UNTIL, entries: bytes = b"", extensions: bytes = b"",
    algorithm: bytes = _ECDSA_SHA256,
) -> bytes:  # fmt: skip
    extra = tlv(0xA0, tlv(0x30, extensions)) if extensions else b""
    signed = tlv(0x30, tlv(0x02, b"\x01"), algorithm, issuer, dates, entries, extra)
    return tlv(0x30, signed, algorithm, tlv(0x03, b"\x00", b"\x01"))


# Odd, but OpenSSL reads it, and so it can be judged: an issuer with an empty RDN.
EMPTY_RDN_CRL = _crl(issuer=tlv(0x30, tlv(0x31)))
# CRLs with one part that cannot be read; by that part.
ODD_CRLS = {
    "issuer text": _crl(issuer=tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"\xff\xfe"))))),
    "extensions": _crl(extensions=_EXTENSION + _EXTENSION),
    "signature algorithm": _crl(algorithm=tlv(0x30, bytes.fromhex("06032a0304"))),
    "entry extensions": _crl(
        entries=tlv(0x30, tlv(0x30, tlv(0x02, b"\x07"), _FROM, tlv(0x30, _EXTENSION, _EXTENSION)))
    ),
}
GOOD_CRL = _crl(extensions=_EXTENSION)


def pem(der: bytes, label: str = "X509 CRL") -> bytes:
    """The same bytes as a PEM block."""
    import base64

    text = base64.encodebytes(der).decode("ascii")
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode("ascii")
