"""Requests, CRLs and their entries, made byte by byte: what no builder of a library would make."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.support import odd_der
from tests.support.odd_der import HOST, NULL, SHA256_RSA, integer, lab, oid, seq, tlv

RSA = seq(oid(SHA256_RSA), NULL)
ODD_NAME = odd_der.name(
    [odd_der.attribute(odd_der.O, b"Smith & Sons", odd_der.PRINTABLE)], [odd_der.attribute(odd_der.CN, b"x")]
)


def signed(tbs: bytes, number: int, algorithm: bytes = RSA) -> bytes:
    signature = odd_der.key_number(number).sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    return seq(tbs, algorithm, tlv(3, b"\0", signature))


def request(subject: bytes = ODD_NAME, *extensions: bytes, version: int = 0) -> bytes:
    wanted = seq(oid("1.2.840.113549.1.9.14"), tlv(0x31, seq(*extensions))) if extensions else b""
    tbs = seq(integer(version), subject, odd_der.spki_of(odd_der.key_number(2)), tlv(0xA0, wanted))
    return signed(tbs, 2)


SAN = odd_der.extension(odd_der.SAN, odd_der.general_names(HOST))


def crl(
    issuer: bytes, *entries: bytes, extensions: tuple[bytes, ...] = (), last: bytes = tlv(0x17, b"261101000000Z")
) -> bytes:
    listed = seq(*entries) if entries else b""
    tbs = seq(
        integer(1),
        RSA,
        issuer,
        last,
        tlv(0x17, b"271101000000Z"),
        listed,
        tlv(0xA0, seq(*extensions)) if extensions else b"",
    )
    return signed(tbs, 1)


def entry(serial: int, *extensions: bytes, date: bytes = tlv(0x17, b"261001000000Z")) -> bytes:
    return seq(integer(serial), date, seq(*extensions) if extensions else b"")


@cache
def odd_issuer() -> odd_der.Lab:
    """An issuing CA with a name that a strict parser refuses."""

    def change(fields: odd_der.Fields) -> None:
        fields.subject = ODD_NAME
        fields.set(odd_der.KU, tlv(3, b"\x01\x06"), critical=True)

    return lab(issuing=change)
