"""Bytes of any form into objects: PEM with whatever is around it, DER, PKCS#7, PKCS#12, base64 alone, zip and gzip.

Nothing here raises anything but EncodingError.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import warnings
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

from pkikit.errors import EncodingError
from pkikit.files.archives import GZIP, ZIP, unpack
from pkikit.files.contents import MAX_OBJECTS, Collector, FileContents, Passphrase
from pkikit.model.facts import UNREADABLE, leaf_first
from pkikit.model.names import printable
from pkikit.reading import load_certificate, load_crl, load_ocsp, load_pkcs7, load_request

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----(.*?)-----END \1-----", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+={0,2}\s*\Z")
# SEQUENCE { INTEGER 3, SEQUENCE …: a PFX (RFC 7292 §4) announces itself, which a wrong passphrase does not undo.
_PFX = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|[\x81-\x84].{1,4}?)\x02\x01\x03\x30", re.DOTALL)
_KINDS = {
    "certificates": "a certificate",
    "requests": "a certificate request",
    "crls": "a CRL",
    "ocsp_answers": "an OCSP answer",
    "keys": "a private key",
    "other_keys": "a private key",
}


def parse(data: bytes, *, where: str, passphrase: Passphrase | None = None) -> FileContents:
    """Everything in these bytes, whatever their form; a passphrase is asked for only when one is needed."""
    with warnings.catch_warnings():
        # What the library finds odd in a certificate (a negative serial number) is for the rules to tell, not for stderr.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        if data.startswith((GZIP, ZIP)):
            return _parse_archive(data, where, passphrase)
        return _parse_plain(data, where, passphrase)


def _parse_plain(data: bytes, where: str, passphrase: Passphrase | None) -> FileContents:
    text = _as_ascii_text(data)
    collector = Collector(where, passphrase)
    if b"-----BEGIN " in text:
        _parse_pem(text, collector)
        return collector.contents("pem")
    if _BASE64.match(text):
        with contextlib.suppress(binascii.Error):
            decoded = base64.b64decode(b"".join(text.split()), validate=True)
            if decoded.startswith(b"\x30"):
                _parse_der(decoded, collector)
                collector.note("is base64 without the BEGIN and END lines, which the product needs")
                return collector.contents("base64")
    return collector.contents(_parse_der(data, collector))


def _parse_archive(data: bytes, where: str, passphrase: Passphrase | None) -> FileContents:
    """Every member of an archive, as the product reads CRL archives; members that hold nothing are noted."""
    form = "gzip" if data.startswith(GZIP) else "zip"
    collector = Collector(where, passphrase)
    for name, member in unpack(data, where):
        try:
            found = _parse_plain(member, f"{where}:{printable(name)}", passphrase)
        except EncodingError as error:
            collector.note(str(error))
            continue
        for kind in collector.found:
            collector.found[kind] += getattr(found, kind)
        collector.add("notes")
    if not collector.count():
        told = f": {collector.found['notes'][0]}" if collector.found["notes"] else ""
        raise EncodingError(f"is a {form} archive with nothing in it that can be read{told}", where=where)
    return collector.contents(form)


def _as_ascii_text(data: bytes) -> bytes:
    """UTF-16 (with BOM) as Windows editors save it, and UTF-8 BOMs, brought down to bytes that PEM is made of."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-16").encode("ascii", "replace")
    return data.removeprefix(b"\xef\xbb\xbf")


def _parse_pem(text: bytes, collector: Collector) -> None:
    number = 0
    for number, matched in enumerate(_BLOCK.finditer(text), start=1):
        if number > MAX_OBJECTS:
            raise EncodingError(f"holds more than {MAX_OBJECTS} objects", where=collector.where)
        label = matched.group(1).decode("ascii")
        line = text.count(b"\n", 0, matched.start()) + 1 if number < 100 else 0
        try:
            _take_block(collector, label, matched.group(0))
        except EncodingError:
            raise
        except UNREADABLE:
            _take_mislabelled(collector, label, matched.group(2), number, line)
    opened = text.count(b"-----BEGIN ")
    if number != opened:
        raise EncodingError(
            f"{opened} blocks begin and {number} end: the file is cut off or a line is damaged", where=collector.where
        )


def _take_block(collector: Collector, label: str, block: bytes) -> None:
    block = b"\n".join(line.strip() for line in block.splitlines())
    match label:
        case "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE":
            collector.add("certificates", load_certificate(_der_of(block)))
        case "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST":
            collector.add("requests", load_request(_der_of(block)))
        case "X509 CRL":
            collector.add("crls", load_crl(_der_of(block)))
        case "PKCS7" | "CMS":
            collector.add("certificates", *leaf_first(load_pkcs7(_der_of(block))))
            collector.note("holds a PKCS#7 bundle, where the product takes certificates one by one")
        case _ if label.endswith("PRIVATE KEY"):
            collector.load_key(block, load_pem_private_key)
        case "EC PARAMETERS" | "DH PARAMETERS" | "PUBLIC KEY":
            pass  # openssl writes these beside a key; they say nothing that the key does not
        case _:
            raise EncodingError(
                f"a block is labelled {printable(label)}, which is nothing that a certificate needs",
                where=collector.where,
            )


def _der_of(block: bytes) -> bytes:
    """The bytes between the BEGIN and END lines; binascii.Error (a ValueError) where they are not base64."""
    return base64.b64decode(b"".join(block.split(b"-----")[2].split()), validate=True)


def _take_mislabelled(collector: Collector, label: str, body: bytes, number: int, line: int) -> None:
    """A block that is not what its label says: read it as what it is and say so, or say that it is nothing."""
    place = f"block {number}" + (f" (line {line})" if line else "")
    inner = Collector(collector.where, collector.passphrase)
    try:
        _parse_der(base64.b64decode(b"".join(body.split()), validate=True), inner)
    except (EncodingError, binascii.Error):
        raise EncodingError(
            f"{place} is labelled {label} but does not hold one, or not whole", where=collector.where
        ) from None
    for kind, objects in inner.found.items():
        if objects:
            collector.add(kind, *objects)
    kind = next((k for k in _KINDS if inner.found[k]), "")
    collector.note(
        f"{place} is labelled {label} but holds {_KINDS.get(kind, 'something else')}; the product refuses it"
    )


_DER_FORMS: tuple[tuple[Callable[[bytes], Any], str], ...] = (
    (load_certificate, "certificates"),
    (load_request, "requests"),
    (load_crl, "crls"),
    (load_ocsp, "ocsp_answers"),
)


def _parse_der(data: bytes, collector: Collector) -> str:
    """One object of DER; the form that it was in."""
    if not data.startswith(b"\x30"):
        shown = "text" if data.isascii() and b"\x00" not in data else "binary data"
        raise EncodingError(f"is neither PEM nor DER, but {shown}", where=collector.where, rule="encoding.not-pem")
    if _PFX.match(data[:16]):
        _parse_pkcs12(data, collector)
        return "pkcs12"
    for load, kind in _DER_FORMS:
        with contextlib.suppress(*UNREADABLE):
            collector.add(kind, load(data))
            return "der"
    with contextlib.suppress(*UNREADABLE):
        collector.add("certificates", *leaf_first(load_pkcs7(data)))
        return "pkcs7"
    with contextlib.suppress(ValueError, UnsupportedAlgorithm):
        collector.load_key(data, load_der_private_key)
        return "der"
    raise EncodingError(
        "is binary, but no certificate, request, CRL, OCSP answer, PKCS#7, PKCS#12 or key; or it is cut off",
        where=collector.where,
    )


def _parse_pkcs12(data: bytes, collector: Collector) -> None:
    store = None
    for without in (None, b""):  # some tools write "no passphrase" as none, some as an empty one
        with contextlib.suppress(ValueError, TypeError):
            store = pkcs12.load_pkcs12(data, without)
            break
    try:
        if store is None:
            store = collector.decrypt("PKCS#12 store", lambda passphrase: pkcs12.load_pkcs12(data, passphrase))
    except UnsupportedAlgorithm as error:
        raise EncodingError(f"is a PKCS#12 store in an old encryption: {error}", where=collector.where) from None
    if store.key is not None:
        collector.add_key(store.key)
    own = [store.cert.certificate] if store.cert is not None else []
    collector.add("certificates", *own, *(c.certificate for c in store.additional_certs))
