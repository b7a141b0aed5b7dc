"""Certificates that no builder makes: DER put together by hand and signed with a real key.

`tests.support.odd_cases` names the oddities. `lab` makes a root, an issuing CA and a leaf, and puts the oddity where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PRINTABLE, UTF8, T61, IA5, BMP, UNIVERSAL, NUMERIC, VISIBLE = 0x13, 0x0C, 0x14, 0x16, 0x1E, 0x1C, 0x12, 0x1A
SHA256_RSA, SHA256_ECDSA = "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element of a one-byte tag."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(n) for n in dotted.split("."))
    body = bytearray()
    for number in (40 * first + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return tlv(6, bytes(body))


def integer(value: int) -> bytes:
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def attribute(dotted: str, value: bytes, tag: int = UTF8) -> bytes:
    return seq(oid(dotted), tlv(tag, value))


CN, O, OU, C = "2.5.4.3", "2.5.4.10", "2.5.4.11", "2.5.4.6"  # noqa: E741  (their names in X.520)


def name(*rdns: Sequence[bytes]) -> bytes:
    return seq(*(tlv(0x31, *rdn) for rdn in rdns))


def common(text: str) -> bytes:
    return name([attribute(O, b"Odd Lab")], [attribute(CN, text.encode())])


def extension(dotted: str, value: bytes, *, critical: bool = False, raw_critical: bytes = b"") -> bytes:
    return seq(oid(dotted), raw_critical or (tlv(1, b"\xff") if critical else b""), tlv(4, value))


BC, KU, EKU, SAN, SKI, AKI = "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17", "2.5.29.14", "2.5.29.35"
NC, CRLDP, POLICIES, AIA, IAN, FRESHEST = (
    "2.5.29.30", "2.5.29.31", "2.5.29.32", "1.3.6.1.5.5.7.1.1", "2.5.29.18", "2.5.29.46")  # fmt: skip
POLICY_MAPPINGS, POLICY_CONSTRAINTS, INHIBIT_ANY = "2.5.29.33", "2.5.29.36", "2.5.29.54"
SCT, TLS_FEATURE, SIA, NETSCAPE, PKUP = (
    "1.3.6.1.4.1.11129.2.4.2", "1.3.6.1.5.5.7.1.24", "1.3.6.1.5.5.7.1.11", "2.16.840.1.113730.1.1", "2.5.29.16")  # fmt: skip
SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"


def general_names(*names: str) -> bytes:
    return seq(*(tlv(0x82, n.encode()) for n in names))


@dataclass
class Fields:
    """Every part of a certificate as DER, in the order of the file; change what should be odd."""

    version: bytes
    serial: bytes
    algorithm: bytes
    issuer: bytes
    begins: bytes
    ends: bytes
    subject: bytes
    spki: bytes
    extensions: dict[str, bytes] = field(default_factory=dict)
    outer_algorithm: bytes = b""
    more_extensions: tuple[bytes, ...] = ()
    unique_ids: bytes = b""
    wrap: Callable[[bytes], bytes] = lambda der: der
    flags: frozenset[str] = frozenset()

    def set(self, dotted: str, value: bytes, *, critical: bool = False, raw_critical: bytes = b"") -> None:
        """Write an extension in place of the one of that OID, or behind the others."""
        self.extensions[dotted] = extension(dotted, value, critical=critical, raw_critical=raw_critical)

    def tbs(self) -> bytes:
        listed = seq(*self.extensions.values(), *self.more_extensions)
        return seq(
            self.version, self.serial, self.algorithm, self.issuer, seq(self.begins, self.ends), self.subject,
            self.spki, self.unique_ids, tlv(0xA3, listed) if "no-extensions" not in self.flags else b"",
        )  # fmt: skip


Change = Callable[[Fields], None]


@cache
def key_number(number: int) -> rsa.RSAPrivateKey:
    """The same few keys in every test of a run."""
    return rsa.generate_private_key(65537, 2048)


def spki_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed(fields: Fields, by: rsa.RSAPrivateKey) -> bytes:
    """The certificate, signed by that key with SHA-256 over what is in `fields`."""
    from cryptography.hazmat.primitives.asymmetric import padding

    tbs = fields.tbs()
    signature = by.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    return fields.wrap(seq(tbs, fields.outer_algorithm or fields.algorithm, tlv(3, b"\0", signature)))


NULL = tlv(5)
BEGINS, ENDS = b"260101000000Z", b"360101000000Z"


def leaf_fields(host: str, issuer: bytes, key: rsa.RSAPrivateKey) -> Fields:
    """A server certificate as a CA of today writes it."""
    made = Fields(
        version=tlv(0xA0, integer(2)), serial=integer(0x1234567890), algorithm=seq(oid(SHA256_RSA), NULL),
        issuer=issuer, begins=tlv(0x17, BEGINS), ends=tlv(0x17, ENDS), subject=common(host), spki=spki_of(key),
    )  # fmt: skip
    made.set(BC, seq(), critical=True)
    made.set(KU, tlv(3, b"\x05\xa0"), critical=True)
    made.set(EKU, seq(oid(SERVER_AUTH), oid(CLIENT_AUTH)))
    made.set(SAN, general_names(host))
    made.set(SKI, tlv(4, b"\x11" * 20))
    return made


def ca_fields(subject: str, issuer: bytes, key: rsa.RSAPrivateKey, serial: int) -> Fields:
    """A CA certificate as a CA of today writes it."""
    made = leaf_fields("unused.example.com", issuer, key)
    del made.extensions[EKU], made.extensions[SAN]
    made.subject, made.serial = common(subject), integer(serial)
    made.set(BC, seq(tlv(1, b"\xff")), critical=True)
    made.set(KU, tlv(3, b"\x01\x06"), critical=True)
    made.set(SKI, tlv(4, bytes((serial % 256,)) * 20))
    return made


@dataclass(frozen=True)
class Lab:
    """Root, issuing CA and leaf as DER; one of them odd."""

    root: bytes
    issuing: bytes
    leaf: bytes


HOST = "odd.example.com"


def _unchanged(fields: Fields) -> None:
    pass


def lab(*, leaf: Change = _unchanged, issuing: Change = _unchanged, root: Change = _unchanged) -> Lab:
    """Three certificates; names of issuers follow what the change makes of the subject above."""
    top = ca_fields("Odd Root CA", b"", key_number(0), 0x51)
    top.issuer = top.subject
    before = top.subject
    root(top)
    if top.subject != before:
        top.issuer = top.subject
    middle = ca_fields("Odd Issuing CA", top.subject, key_number(1), 0x52)
    issuing(middle)
    last = leaf_fields(HOST, middle.subject, key_number(2))
    leaf(last)
    return Lab(root=signed(top, key_number(0)), issuing=signed(middle, key_number(0)), leaf=signed(last, key_number(1)))
