"""Certificates that no builder makes: DER put together by hand and signed with a real key.

`CERTIFICATES` names the oddities. `Lab` makes a root, an issuing CA and a leaf, and puts the oddity where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
    """The certificate, signed by that key with SHA-256 over what stands in `fields`."""
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
    return Lab(
        root=signed(top, key_number(0)), issuing=signed(middle, key_number(0)), leaf=signed(last, key_number(1))
    )


CERTIFICATES: dict[str, Change] = {}


def odd(label: str) -> Callable[[Change], Change]:
    def keep(change: Change) -> Change:
        CERTIFICATES[label] = change
        return change

    return keep


def _subject(*rdns: Sequence[bytes]) -> Change:
    def change(fields: Fields) -> None:
        fields.subject = name(*rdns)

    return change


_HOST_CN = attribute(CN, HOST.encode())

for _label, _value, _tag in (
    ("printable-amp", b"Smith & Sons", PRINTABLE),
    ("printable-underscore", b"odd_lab", PRINTABLE),
    ("printable-latin1", "Zürich".encode("latin-1"), PRINTABLE),
    ("printable-utf8", "Zürich".encode(), PRINTABLE),
    ("t61-latin1", "Zürich".encode("latin-1"), T61),
    ("t61-nul", b"a\0b", T61),
    ("ia5-latin1", "Zürich".encode("latin-1"), IA5),
    ("numeric-letters", b"12ab", NUMERIC),
    ("visible", b"visible", VISIBLE),
    ("visible-latin1", "Zürich".encode("latin-1"), VISIBLE),
    ("utf8-invalid", b"Z\xfcrich", UTF8),
    ("bmp", "Zürich".encode("utf-16-be"), BMP),
    ("bmp-odd-length", b"\0Z\0", BMP),
    ("bmp-surrogate", b"\xd8\x00\xdc\x00", BMP),
    ("bmp-lone-surrogate", b"\xd8\x00\0a", BMP),
    ("universal", "Zürich".encode("utf-32-be"), UNIVERSAL),
    ("universal-odd-length", b"\0\0\0Z\0", UNIVERSAL),
    ("universal-too-high", b"\x7f\xff\xff\xff", UNIVERSAL),
    ("empty-value", b"", PRINTABLE),
    ("empty-utf8", b"", UTF8),
    ("bit-string", b"\0abc", 3),
    ("octet-string", b"abc", 4),
    ("integer-value", b"\x05", 2),
    ("general-string", b"general", 0x1B),
    ("graphic-string", b"graphic", 0x19),
    ("videotex", b"videotex", 0x15),
    ("long", b"x" * 300, UTF8),
):
    CERTIFICATES[f"name-{_label}"] = _subject([attribute(O, _value, _tag)], [_HOST_CN])
CERTIFICATES["name-country-three"] = _subject([attribute(C, b"GBR", PRINTABLE)], [_HOST_CN])
CERTIFICATES["name-country-empty"] = _subject([attribute(C, b"", PRINTABLE)], [_HOST_CN])
CERTIFICATES["name-country-utf8"] = _subject([attribute(C, b"GB", UTF8)], [_HOST_CN])
CERTIFICATES["name-sequence-value"] = _subject([attribute(O, attribute(O, b"x"), 0x30)], [_HOST_CN])
CERTIFICATES["name-empty-rdn"] = _subject([attribute(O, b"Odd")], [], [_HOST_CN])
CERTIFICATES["name-empty-rdn-last"] = _subject([_HOST_CN], [])
CERTIFICATES["name-unsorted-rdn"] = _subject([attribute(OU, b"b"), attribute(O, b"a"), _HOST_CN])
CERTIFICATES["name-twice-in-rdn"] = _subject([attribute(OU, b"a"), attribute(OU, b"a")], [_HOST_CN])
CERTIFICATES["name-unknown-type"] = _subject([attribute("1.2.3.4.5", b"x", PRINTABLE)], [_HOST_CN])
CERTIFICATES["name-three-in-attribute"] = _subject([seq(oid(O), tlv(UTF8, b"a"), tlv(UTF8, b"b"))], [_HOST_CN])
CERTIFICATES["name-no-value"] = _subject([seq(oid(O))], [_HOST_CN])


@odd("name-empty")
def _(fields: Fields) -> None:
    fields.subject = seq()


@odd("name-constructed-string")
def _(fields: Fields) -> None:
    fields.subject = name([seq(oid(O), tlv(0x2C, tlv(UTF8, b"ab"), tlv(UTF8, b"cd")))], [_HOST_CN])


for _label, _serial in (
    ("zero", integer(0)), ("negative", integer(-77)), ("long", integer(1 << 200)), ("very-long", integer(1 << 8000)),
    ("padded", tlv(2, b"\0\0\x05")), ("padded-negative", tlv(2, b"\xff\xff\x05")), ("empty", tlv(2)),
):  # fmt: skip

    @odd(f"serial-{_label}")
    def _(fields: Fields, serial: bytes = _serial) -> None:
        fields.serial = serial


for _label, _version in (
    ("v1-explicit", tlv(0xA0, integer(0))), ("v1-with-extensions", b""), ("v2-with-extensions", tlv(0xA0, integer(1))),
    ("v4", tlv(0xA0, integer(3))), ("v100", tlv(0xA0, integer(99))), ("negative", tlv(0xA0, integer(-1))),
):  # fmt: skip

    @odd(f"version-{_label}")
    def _(fields: Fields, version: bytes = _version) -> None:
        fields.version = version


@odd("version-v1-plain")
def _(fields: Fields) -> None:
    fields.version, fields.flags = b"", frozenset({"no-extensions"})


@odd("extensions-none")
def _(fields: Fields) -> None:
    fields.flags = frozenset({"no-extensions"})


@odd("extensions-empty")
def _(fields: Fields) -> None:
    fields.extensions = {}


for _label, _tag, _text in (
    ("utc-no-seconds", 0x17, b"2601010000Z"), ("utc-offset", 0x17, b"260101000000+0100"),
    ("utc-no-zone", 0x17, b"260101000000"), ("utc-letters", 0x17, b"26010100000xZ"), ("utc-month-13", 0x17, b"261301000000Z"),
    ("utc-day-0", 0x17, b"260100000000Z"), ("utc-second-60", 0x17, b"260101000060Z"), ("utc-empty", 0x17, b""),
    ("generalized-early", 0x18, b"20260101000000Z"), ("generalized-no-seconds", 0x18, b"202601010000Z"),
    ("generalized-fraction", 0x18, b"20260101000000.5Z"), ("generalized-offset", 0x18, b"20260101000000+0100"),
    ("generalized-1949", 0x18, b"19490101000000Z"), ("generalized-year-0", 0x18, b"00000101000000Z"),
    ("utc-feb-30", 0x17, b"260230000000Z"), ("utc-hour-24", 0x17, b"260101240000Z"),
    ("not-a-time", 0x13, b"260101000000Z"),
):  # fmt: skip

    @odd(f"begins-{_label}")
    def _(fields: Fields, value: bytes = tlv(_tag, _text)) -> None:
        fields.begins = value


for _label, _tag, _text in (
    ("utc-no-seconds", 0x17, b"3601010000Z"), ("utc-offset", 0x17, b"360101000000+0100"),
    ("generalized-9999", 0x18, b"99991231235959Z"), ("generalized-fraction", 0x18, b"20360101000000.5Z"),
    ("generalized-letters", 0x18, b"forever"), ("utc-past-50", 0x17, b"490101000000Z"),
):  # fmt: skip

    @odd(f"ends-{_label}")
    def _(fields: Fields, value: bytes = tlv(_tag, _text)) -> None:
        fields.ends = value


for _label, _algorithm, _outer in (
    ("no-null", seq(oid(SHA256_RSA)), b""), ("outer-no-null", seq(oid(SHA256_RSA), NULL), seq(oid(SHA256_RSA))),
    ("inner-no-null", seq(oid(SHA256_RSA)), seq(oid(SHA256_RSA), NULL)),
    ("two-nulls", seq(oid(SHA256_RSA), NULL, NULL), b""), ("integer-parameter", seq(oid(SHA256_RSA), integer(5)), b""),
    ("unknown", seq(oid("1.2.3.4.5.6")), b""), ("outer-other", seq(oid(SHA256_RSA), NULL), seq(oid("1.2.840.113549.1.1.12"), NULL)),
    ("ecdsa-null", seq(oid(SHA256_ECDSA), NULL), b""), ("pss-empty", seq(oid("1.2.840.113549.1.1.10"), seq()), b""),
    ("pss-broken", seq(oid("1.2.840.113549.1.1.10"), integer(5)), b""), ("pss-none", seq(oid("1.2.840.113549.1.1.10")), b""),
    ("null-with-content", seq(oid(SHA256_RSA), tlv(5, b"\0")), b""),
):  # fmt: skip

    @odd(f"algorithm-{_label}")
    def _(fields: Fields, algorithm: bytes = _algorithm, outer: bytes = _outer) -> None:
        fields.algorithm, fields.outer_algorithm = algorithm, outer


_RSA_KEY, _EC_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"


def _rsa_bits() -> bytes:
    return tlv(3, b"\0", key_number(2).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1))


for _label, _spki in (
    ("rsa-no-null", lambda: seq(seq(oid(_RSA_KEY)), _rsa_bits())),
    ("rsa-two-nulls", lambda: seq(seq(oid(_RSA_KEY), NULL, NULL), _rsa_bits())),
    ("rsa-odd-parameter", lambda: seq(seq(oid(_RSA_KEY), seq()), _rsa_bits())),
    ("rsa-broken", lambda: seq(seq(oid(_RSA_KEY), NULL), tlv(3, b"\0", b"\x30\x05abcde"))),
    ("rsa-negative", lambda: seq(seq(oid(_RSA_KEY), NULL), tlv(3, b"\0", seq(integer(-5), integer(3))))),
    ("unknown", lambda: seq(seq(oid("1.2.3.4.5")), tlv(3, b"\0abc"))),
    ("unused-bits", lambda: seq(seq(oid(_RSA_KEY), NULL), tlv(3, b"\x03", _rsa_bits()[5:]))),
    ("ec-unknown-curve", lambda: seq(seq(oid(_EC_KEY), oid("1.2.3.4")), tlv(3, b"\0\x04" + b"\1" * 64))),
    ("ec-not-on-curve", lambda: seq(seq(oid(_EC_KEY), oid("1.2.840.10045.3.1.7")), tlv(3, b"\0\x04" + b"\1" * 64))),
    ("ec-no-curve", lambda: seq(seq(oid(_EC_KEY)), tlv(3, b"\0\x04" + b"\1" * 64))),
    ("rsa-as-pss", lambda: seq(seq(oid("1.2.840.113549.1.1.10")), _rsa_bits())),
    ("rsa-oaep", lambda: seq(seq(oid("1.2.840.113549.1.1.7")), _rsa_bits())),
):

    @odd(f"key-{_label}")
    def _(fields: Fields, spki: Callable[[], bytes] = _spki) -> None:
        fields.spki = spki()


@odd("unique-ids")
def _(fields: Fields) -> None:
    fields.unique_ids = tlv(0x81, b"\0ab") + tlv(0x82, b"\0cd")


@odd("unique-id-unused-bits")
def _(fields: Fields) -> None:
    fields.unique_ids = tlv(0x81, b"\x09ab")


def _notice(text: bytes, tag: int) -> bytes:
    qualifier = seq(oid("1.3.6.1.5.5.7.2.2"), seq(tlv(tag, text)))
    return seq(seq(oid("1.2.3.4"), seq(qualifier)))


_IA5_LATIN1 = "zürich.example.com".encode("latin-1")
_EXTENSION_VALUES: dict[str, tuple[str, bytes]] = {
    "policies-notice-latin1": (POLICIES, _notice("Zürich".encode("latin-1"), UTF8)),
    "policies-notice-visible": (POLICIES, _notice(b"plain", VISIBLE)),
    "policies-notice-ia5-latin1": (POLICIES, _notice("Zürich".encode("latin-1"), IA5)),
    "policies-notice-long": (POLICIES, _notice(b"x" * 3000, UTF8)),
    "policies-notice-bmp-odd": (POLICIES, _notice(b"\0a\0", BMP)),
    "policies-cps-latin1": (POLICIES, seq(seq(oid("1.2.3"), seq(seq(oid("1.3.6.1.5.5.7.2.1"), tlv(IA5, b"http://\xfc")))))),
    "policies-cps-utf8": (POLICIES, seq(seq(oid("1.2.3"), seq(seq(oid("1.3.6.1.5.5.7.2.1"), tlv(UTF8, b"http://x")))))),
    "policies-unknown-qualifier": (POLICIES, seq(seq(oid("1.2.3"), seq(seq(oid("1.2.3.4"), integer(5)))))),
    "policies-empty": (POLICIES, seq()),
    "policies-twice-same": (POLICIES, seq(seq(oid("1.2.3")), seq(oid("1.2.3")))),
    "policies-empty-qualifiers": (POLICIES, seq(seq(oid("1.2.3"), seq()))),
    "policies-broken": (POLICIES, b"\x30\x80"),
    "bc-default-encoded": (BC, seq(tlv(1, b"\0"))),
    "bc-true-as-one": (BC, seq(tlv(1, b"\1"))),
    "bc-pathlen-without-ca": (BC, seq(integer(0))),
    "bc-pathlen-negative": (BC, seq(tlv(1, b"\xff"), integer(-1))),
    "bc-pathlen-huge": (BC, seq(tlv(1, b"\xff"), integer(1 << 70))),
    "bc-broken": (BC, b"\x30\x05"),
    "bc-empty-value": (BC, b""),
    "bc-not-a-sequence": (BC, tlv(1, b"\xff")),
    "bc-trailing": (BC, seq() + b"\0"),
    "bc-extra-element": (BC, seq(tlv(1, b"\xff"), integer(1), integer(2))),
    "ku-empty": (KU, tlv(3, b"\0")),
    "ku-zero": (KU, tlv(3, b"\0\0")),
    "ku-trailing-zeros": (KU, tlv(3, b"\0\xa0")),
    "ku-long": (KU, tlv(3, b"\0\xa0\0\0\0")),
    "ku-encipher-only-alone": (KU, tlv(3, b"\x00\x81")),
    "ku-no-content": (KU, tlv(3)),
    "ku-octets": (KU, tlv(4, b"\xa0")),
    "ku-unused-9": (KU, tlv(3, b"\x09\xa0")),
    "ku-broken": (KU, b"\x03\x05\0"),
    "ku-trailing": (KU, tlv(3, b"\x05\xa0") + b"\0"),
    "eku-empty": (EKU, seq()),
    "eku-broken": (EKU, b"\x30\x05\x06"),
    "eku-with-integer": (EKU, seq(oid(SERVER_AUTH), integer(3))),
    "eku-bad-oid": (EKU, seq(oid(SERVER_AUTH), oid(CLIENT_AUTH), tlv(6, b"\x80\x01"))),
    "eku-empty-oid": (EKU, seq(oid(SERVER_AUTH), oid(CLIENT_AUTH), tlv(6))),
    "eku-twice": (EKU, seq(oid(SERVER_AUTH), oid(CLIENT_AUTH), oid(SERVER_AUTH))),
    "eku-trailing": (EKU, seq(oid(SERVER_AUTH), oid(CLIENT_AUTH)) + b"\0\0"),
    "san-empty": (SAN, seq()),
    "san-broken": (SAN, b"\x30\x20\x82"),
    "san-latin1": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x82, _IA5_LATIN1))),
    "san-nul": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x82, b"a\0b.example.com"))),
    "san-ip-3": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x87, b"\1\2\3"))),
    "san-ip-8": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x87, b"\1\2\3\4\xff\xff\xff\0"))),
    "san-x400": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA3, seq()))),
    "san-edi": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA5, tlv(0xA1, tlv(UTF8, b"x"))))),
    "san-email-latin1": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x81, "ü@example.com".encode("latin-1")))),
    "san-email-name": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x81, b"Max <m@example.com>"))),
    "san-uri-latin1": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x86, b"http://\xfc"))),
    "san-empty-dns": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x82, b""))),
    "san-dn-latin1": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA4, name([attribute(CN, b"Z\xfc", PRINTABLE)])))),
    "san-dn-empty": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA4, seq()))),
    "san-unknown-tag": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0x89, b"x"))),
    "san-other-empty": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA0, oid("1.2.3")))),
    "san-other-odd": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA0, oid("1.2.3"), tlv(0xA0, b"\x0c\x05ab")))),
    "san-other": (SAN, seq(tlv(0x82, HOST.encode()), tlv(0xA0, oid("1.3.6.1.5.5.7.8.7"), tlv(0xA0, tlv(IA5, b"_x"))))),
    "san-trailing": (SAN, general_names(HOST) + b"\0"),
    "ski-broken": (SKI, b"\x04\x20"),
    "ski-empty": (SKI, tlv(4)),
    "ski-raw": (SKI, b"\x11" * 20),
    "aki-serial-only": (AKI, seq(tlv(0x82, b"\x52"))),
    "aki-issuer-only": (AKI, seq(tlv(0xA1, tlv(0xA4, common("Odd Root CA"))))),
    "aki-serial-padded": (AKI, seq(tlv(0x80, b"\x52" * 20), tlv(0x82, b"\0\0\x52"))),
    "aki-empty": (AKI, seq()),
    "aki-broken": (AKI, b"\x30\x16\x80"),
    "aki-octets": (AKI, tlv(4, b"\x52" * 20)),
    "aki-wrong-serial-only": (AKI, seq(tlv(0x82, b"\x53"))),
    "nc-broken": (NC, b"\x30\x05"),
    "nc-empty": (NC, seq()),
    "nc-odd-mask": (NC, seq(tlv(0xA0, seq(tlv(0x87, b"\x0a\0\0\0\xff\0\xff\0"))))),
    "nc-minimum": (NC, seq(tlv(0xA0, seq(tlv(0x82, b"example.com"), tlv(0x80, b"\1"))))),
    "nc-minimum-default": (NC, seq(tlv(0xA0, seq(tlv(0x82, b"example.com"), tlv(0x80, b"\0"))))),
    "nc-maximum": (NC, seq(tlv(0xA0, seq(tlv(0x82, b"example.com"), tlv(0x81, b"\5"))))),
    "nc-latin1": (NC, seq(tlv(0xA0, seq(tlv(0x82, b"example.com")), seq(tlv(0x82, _IA5_LATIN1))))),
    "nc-ip-4": (NC, seq(tlv(0xA0, seq(tlv(0x87, b"\x0a\0\0\0"))))),
    "nc-wrong-host": (NC, seq(tlv(0xA0, seq(tlv(0x82, b"example.org"), tlv(0x80, b"\0"))))),
    "nc-empty-subtrees": (NC, seq(tlv(0xA0))),
    "crldp-broken": (CRLDP, b"\x30\x05"),
    "crldp-empty": (CRLDP, seq()),
    "crldp-empty-point": (CRLDP, seq(seq())),
    "crldp-latin1": (CRLDP, seq(seq(tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://\xfc")))))),
    "crldp-reasons-only": (CRLDP, seq(seq(tlv(0x81, b"\x01\x06")))),
    "crldp-reasons-zeros": (CRLDP, seq(seq(tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://x/"))), tlv(0x81, b"\0\x60")))),
    "crldp-relative": (CRLDP, seq(seq(tlv(0xA0, tlv(0xA1, attribute(CN, b"crl")))))),
    "aia-broken": (AIA, b"\x30\x05"),
    "aia-empty": (AIA, seq()),
    "aia-latin1": (AIA, seq(seq(oid("1.3.6.1.5.5.7.48.1"), tlv(0x86, b"http://\xfc")))),
    "aia-dns": (AIA, seq(seq(oid("1.3.6.1.5.5.7.48.1"), tlv(0x82, b"x")))),
    "ian-broken": (IAN, b"\x30\x05"),
    "freshest-broken": (FRESHEST, b"\x30\x05"),
    "mappings-broken": (POLICY_MAPPINGS, b"\x30\x05"),
    "constraints-broken": (POLICY_CONSTRAINTS, b"\x30\x05"),
    "inhibit-broken": (INHIBIT_ANY, b"\x02\x05"),
    "sct-broken": (SCT, b"\x04\x05"),
    "sct-garbage": (SCT, tlv(4, b"garbage")),
    "feature-broken": (TLS_FEATURE, b"\x30\x05"),
    "feature-unknown": (TLS_FEATURE, seq(integer(99))),
    "sia-broken": (SIA, b"\x30\x05"),
    "netscape-broken": (NETSCAPE, b"\x03\x05"),
    "pkup-broken": (PKUP, b"\x30\x05"),
    "unknown-garbage": ("1.2.3.4.5.6", b"garbage"),
    "microsoft-template-broken": ("1.3.6.1.4.1.311.21.7", b"\x30\x05"),
}  # fmt: skip

for _label, (_dotted, _body) in _EXTENSION_VALUES.items():

    @odd(f"extension-{_label}")
    def _(fields: Fields, dotted: str = _dotted, body: bytes = _body) -> None:
        fields.set(dotted, body)


for _label, _dotted in (("bc", BC), ("ku", KU), ("eku", EKU), ("san", SAN), ("ski", SKI)):

    @odd(f"duplicate-{_label}")
    def _(fields: Fields, dotted: str = _dotted) -> None:
        fields.more_extensions = (fields.extensions[dotted],) if dotted in fields.extensions else ()


for _label, _dotted, _body in (
    ("aki", AKI, seq()), ("aia", AIA, seq(seq(oid("1.3.6.1.5.5.7.48.1"), tlv(0x86, b"http://x/")))),
    ("crldp", CRLDP, seq(seq(tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://x/")))))), ("policies", POLICIES, seq(seq(oid("1.2.3")))),
    ("unknown", "1.2.3.4.5.6", b"x"), ("nc", NC, seq(tlv(0xA0, seq(tlv(0x82, b"example.com"))))),
    ("ian", IAN, general_names("a.example.com")),
):  # fmt: skip

    @odd(f"duplicate-{_label}")
    def _(fields: Fields, dotted: str = _dotted, body: bytes = _body) -> None:
        fields.set(dotted, body)
        fields.more_extensions = (fields.extensions[dotted],)


@odd("duplicate-san-second-broken")
def _(fields: Fields) -> None:
    fields.set(SAN, general_names(HOST))
    fields.more_extensions = (extension(SAN, b"\x30\x05"),)


@odd("critical-default-encoded")
def _(fields: Fields) -> None:
    fields.set(SKI, tlv(4, b"\x52" * 20), raw_critical=tlv(1, b"\0"))


@odd("critical-true-as-one")
def _(fields: Fields) -> None:
    fields.set(KU, tlv(3, b"\x01\x86"), raw_critical=tlv(1, b"\1"))


@odd("critical-empty-boolean")
def _(fields: Fields) -> None:
    fields.set(KU, tlv(3, b"\x01\x86"), raw_critical=tlv(1))


@odd("extension-extra-element")
def _(fields: Fields) -> None:
    fields.more_extensions = (seq(oid("1.2.3.4"), tlv(4, b"x"), NULL),)


@odd("extension-no-value")
def _(fields: Fields) -> None:
    fields.more_extensions = (seq(oid("1.2.3.4")),)


@odd("extension-bit-string-value")
def _(fields: Fields) -> None:
    fields.more_extensions = (seq(oid("1.2.3.4"), tlv(3, b"\0x")),)


@odd("extension-bad-oid")
def _(fields: Fields) -> None:
    fields.more_extensions = (seq(tlv(6, b"\x80\x01"), tlv(4, b"x")),)


def _long_lengths(der: bytes) -> bytes:
    """The outer SEQUENCE with its length in four bytes, which BER allows and DER does not."""
    body = der[4:]
    return b"\x30\x84" + len(body).to_bytes(4, "big") + body


@odd("ber-long-length")
def _(fields: Fields) -> None:
    fields.wrap = _long_lengths


@odd("ber-indefinite")
def _(fields: Fields) -> None:
    fields.wrap = lambda der: b"\x30\x80" + der[4:] + b"\0\0"


@odd("ber-subject-length")
def _(fields: Fields) -> None:
    inner = fields.subject[2:]
    fields.subject = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner


@odd("ber-indefinite-subject")
def _(fields: Fields) -> None:
    fields.subject = b"\x30\x80" + fields.subject[2:] + b"\0\0"


@odd("trailing-bytes")
def _(fields: Fields) -> None:
    fields.wrap = lambda der: der + b"\0\0\0"


@odd("signature-unused-bits")
def _(fields: Fields) -> None:
    def wrap(der: bytes) -> bytes:
        at = der.rindex(b"\x03\x82\x01\x01\x00")
        return der[: at + 4] + b"\x01" + der[at + 5 :]

    fields.wrap = wrap


@odd("outer-extra-element")
def _(fields: Fields) -> None:
    fields.wrap = lambda der: seq(der[4:], NULL)


def with_change(base: Fields, change: Change) -> Fields:
    """A copy of the parts with the change made."""
    copied = replace(base, extensions=dict(base.extensions))
    change(copied)
    return copied
