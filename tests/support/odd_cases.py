"""The oddities: a label and what it does to the parts of a certificate. `tests.support.odd_der` puts the parts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.odd_der import (
    AIA,
    AKI,
    BC,
    BMP,
    CN,
    CRLDP,
    EKU,
    HOST,
    IA5,
    IAN,
    KU,
    NC,
    NULL,
    NUMERIC,
    OU,
    POLICIES,
    PRINTABLE,
    SAN,
    SHA256_ECDSA,
    SHA256_RSA,
    SKI,
    T61,
    UNIVERSAL,
    UTF8,
    VISIBLE,
    C,
    Change,
    Fields,
    O,
    attribute,
    extension,
    general_names,
    integer,
    key_number,
    name,
    oid,
    seq,
    tlv,
)
from tests.support.odd_extensions import EXTENSION_VALUES

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


for _label, (_dotted, _body) in EXTENSION_VALUES.items():

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


# OpenSSL does not read these; a strict parser does, and a rule reports them.
REFUSED_BY_OPENSSL_ALONE = {"name-visible", "name-bmp-surrogate", "name-octet-string"}
