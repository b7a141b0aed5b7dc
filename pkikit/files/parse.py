"""Bytes of any encoding into objects: PEM inside other text, DER, PKCS#7, PKCS#12, bare base64, zip and gzip.

Every error that this module raises is an EncodingError.
"""

from __future__ import annotations

import base64
import contextlib
import re
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_private_key,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)
from cryptography.utils import CryptographyDeprecationWarning

from pkikit.errors import MAX_WHERE, EncodingError
from pkikit.files.archives import GZIP, ZIP, unpack
from pkikit.files.contents import Collector, FileContents, NoPassphrase, Passphrase
from pkikit.files.encodings.der_length import first_value
from pkikit.files.encodings.openssl_pem import Block, read_as_openssl
from pkikit.files.encodings.pem_in_text import MAX_REPAIR, PemText, bare_base64, looks_like_pem, pem_blocks
from pkikit.files.pkcs12.effort import refuse_costly_store
from pkikit.files.pkcs12.odd_pkcs12 import open_odd_store
from pkikit.files.recognition.identify import identify, identify_der
from pkikit.files.recognition.magic import unicode_form
from pkikit.model.certificates.facts import leaf_first
from pkikit.reading import load_certificate, load_crl, load_ocsp, load_pkcs7, load_request
from pkikit.reading.unreadable import UNREADABLE
from pkikit.rules.file_rules import NOT_PEM
from pkikit.text import printable

# SEQUENCE { INTEGER 3, SEQUENCE …: a PFX (RFC 7292 §4) announces itself, which a wrong passphrase does not undo.
_PFX = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|[\x81-\x84].{1,4}?)\x02\x01\x03\x30", re.DOTALL)
_T = TypeVar("_T")
_UNREADABLE: tuple[type[Exception], ...] = (EncodingError, *UNREADABLE)
_CONTAINERS = {"pkcs7": "a PKCS#7 bundle", "pkcs12": "a PKCS#12 store"}
_KINDS = {
    "certificates": "a certificate",
    "requests": "a certificate request",
    "crls": "a CRL",
    "ocsp_answers": "an OCSP answer",
    "keys": "a private key",
    "other_keys": "a private key",
}


# What a page or an interface takes: a trusted CA list of a thousand certificates has some 2 MB.
MAX_UPLOAD = 4 * 1024 * 1024


def parse(
    data: bytes,
    *,
    where: str,
    passphrase: Passphrase | None = None,
    keep_encrypted: bool = False,
    open_stores: bool = True,
    limit: int | None = None,
    check_keys: bool = True,
) -> FileContents:
    """Read everything in these bytes, whatever their encoding.

    Args:
        data: the bytes of a file.
        where: the name of the file, for messages.
        passphrase: is asked only if something is encrypted.
        keep_encrypted: count an encrypted private key if there is no passphrase, instead of refusing the file.
        open_stores: False if a PKCS#12 store is refused anyway; then no work goes into opening it.
        limit: the largest number of bytes that is read.
        check_keys: check that the numbers of an RSA private key fit together. False only where nobody will sign with it.

    Returns:
        The objects, by kind.

    Raises:
        EncodingError: the bytes hold nothing usable, or too much; the message says what they are.
    """
    where = printable(where, MAX_WHERE)
    if limit is not None and len(data) > limit:
        raise EncodingError(f"is larger than {limit // 1024} KB, the most that is taken", where=where)
    if not data.strip():
        raise EncodingError("is empty", where=where)
    with warnings.catch_warnings():
        # Rules report what the library finds odd in a certificate (a negative serial number); keep it off stderr.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        collector = Collector(
            where, passphrase, keep_encrypted=keep_encrypted, open_stores=open_stores, check_keys=check_keys
        )
        if data.startswith((GZIP, ZIP)):
            return _parse_archive(data, collector)
        return _parse_plain(data, collector)


def _parse_plain(data: bytes, collector: Collector) -> FileContents:
    unicode = unicode_form(data)
    text = _as_bytes(data, unicode) if unicode else data.removeprefix(b"\xef\xbb\xbf")
    if looks_like_pem(text):
        _parse_pem(text, collector)
        return collector.contents("utf-16" if unicode else "pem", data)
    decoded = bare_base64(text)
    if decoded is not None and decoded.startswith(b"\x30"):
        _parse_der(decoded, collector)
        collector.note("is base64 without the BEGIN and END lines, which the product needs")
        return collector.contents("base64", data)
    return collector.contents(_parse_der(data, collector), data)


def _parse_archive(data: bytes, collector: Collector) -> FileContents:
    """Read every member of an archive, as the product reads CRL archives; note members that hold nothing.

    Args:
        data: the archive.
        collector: gathers the objects.

    Returns:
        The objects of all members.

    Raises:
        EncodingError: no member holds anything usable.
    """
    form = "gzip" if data.startswith(GZIP) else "zip"
    for name, member in unpack(data, collector.where):
        inner = collector.inner(f"{collector.where}:{printable(name)}")
        try:
            found = _parse_plain(member, inner)
        except EncodingError as error:
            collector.note(str(error))
            continue
        for kind in collector.found:
            collector.found[kind] += getattr(found, kind)
        collector.encrypted_keys += found.encrypted_keys
        collector.add("notes")
    if not collector.count():
        first = f": {collector.found['notes'][0]}" if collector.found["notes"] else ""
        raise EncodingError(f"is a {form} archive with nothing in it that can be read{first}", where=collector.where)
    return collector.contents(form, data)


def _as_bytes(data: bytes, unicode: str) -> bytes:
    """Reduce UTF-16 and UTF-32, as Windows editors save them, to the bytes that PEM consists of."""
    return data.decode(unicode, "replace").lstrip("\ufeff").encode("ascii", "replace")


def _parse_pem(text: bytes, collector: Collector) -> None:
    """Read every block; if that fails, at least the blocks that OpenSSL finds.

    Args:
        text: the PEM text.
        collector: gathers the objects.

    Raises:
        EncodingError: a block is damaged and OpenSSL finds no other one.
        NoPassphrase: a block is encrypted, and nobody can be asked for the passphrase.
    """
    before = collector.inner()
    try:
        for block in pem_blocks(text, collector.where):
            _take(collector, block)
        if not collector.count() and collector.found["notes"]:
            raise EncodingError(collector.found["notes"][0], where=collector.where)
    except NoPassphrase:
        raise
    except EncodingError:
        if len(text) > MAX_REPAIR:
            raise
        reading = read_as_openssl(text)
        if reading.fault is not None or not reading.blocks:
            raise
        with contextlib.suppress(EncodingError):
            for number, found in enumerate(reading.blocks, start=1):
                _take(before, _rewrite(found, number))
            if before.count():
                collector.found, collector.encrypted_keys = before.found, before.encrypted_keys
                return
        raise


def _rewrite(block: Block, number: int) -> PemText:
    return PemText(
        label=block.label.encode("ascii", "replace").decode("ascii"), header=block.header.strip(),
        body=base64.encodebytes(block.der), number=number, line=block.line,
    )  # fmt: skip


def _take(collector: Collector, block: PemText) -> None:
    try:
        _take_block(collector, block)
    except EncodingError:
        raise
    except UNREADABLE:
        _take_mislabelled(collector, block)


def _take_block(collector: Collector, block: PemText) -> None:
    label = block.label
    match label:
        case "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE":
            # Behind a trusted certificate OpenSSL writes what it is trusted for.
            collector.add(
                "certificates", _load(load_certificate, first_value(block.der()), collector.where, block.place)
            )
        case "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST":
            collector.add("requests", _load(load_request, first_value(block.der()), collector.where, block.place))
        case "X509 CRL":
            collector.add("crls", _load(load_crl, first_value(block.der()), collector.where, block.place))
        case "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA":
            collector.add("certificates", *_load(_bundle, block.der(), collector.where, block.place))
            collector.note(f"{block.place} is a PKCS#7 bundle; the product takes certificates one by one")
        case "PKCS12":
            _parse_pkcs12(block.der(), collector)
            collector.note(f"{block.place} is a PKCS#12 store, which the product does not take")
        case "OPENSSH PRIVATE KEY":
            collector.note(
                "contains a private key in the OpenSSH form, which the product does not take: ssh-keygen -p -m PEM -f FILE "
                "writes it as PEM"
            )
        case _ if label.endswith("PRIVATE KEY"):
            collector.load_key(block.pem(), load_pem_private_key, block.der())
        case _ if label.endswith(("PARAMETERS", "PUBLIC KEY")):
            pass  # openssl writes these beside a key; they say nothing that the key does not
        case _ if label.startswith(("PGP ", "SSH ")):
            collector.note(f"contains a block {label}, which belongs to {label[:3]}, not to TLS")
        case _:
            _take_unknown(collector, block)


def _load(load: Callable[[bytes], _T], der: bytes, where: str, place: str = "") -> _T:
    """Load one object; errors get the name of the file and the place in it.

    Args:
        load: a loader of `pkikit.reading`.
        der: the DER of the object.
        where: the name of the file.
        place: the place in the file; "" if the file is the object.

    Returns:
        The object.

    Raises:
        EncodingError: the loader refuses the bytes.
    """
    try:
        return load(der)
    except EncodingError as error:
        raise EncodingError(f"{place} {error.message}".strip(), where=where, rule=error.rule) from None


def _take_unknown(collector: Collector, block: PemText) -> None:
    """Handle a label that OpenSSL does not know: skip the block as OpenSSL does, unless it holds an object after all."""
    inner = collector.inner()
    try:
        form = _parse_der(block.der(), inner)
    except _UNREADABLE:
        collector.note(
            f"contains a block labelled {printable(block.label)}, which a certificate does not need; it is skipped"
        )
        return
    _take_over(collector, inner, block, form)


def _take_mislabelled(collector: Collector, block: PemText) -> None:
    """Read a block as the object that it holds if its label names another kind, and note the label.

    Args:
        collector: gathers the objects.
        block: the block.

    Raises:
        EncodingError: the block holds no known object.
    """
    inner = collector.inner()
    try:
        form = _parse_der(block.der(), inner)
    except _UNREADABLE:
        raise EncodingError(
            f"{block.place} is labelled {block.label} but does not contain one, or not whole", where=collector.where
        ) from None
    _take_over(collector, inner, block, form)


def _take_over(collector: Collector, inner: Collector, block: PemText, form: str) -> None:
    for kind, objects in inner.found.items():
        if objects:
            collector.add(kind, *objects)
    collector.encrypted_keys += inner.encrypted_keys
    kind = next((k for k in _KINDS if inner.found[k]), "")
    what = _CONTAINERS.get(form) or _KINDS.get(kind, "an encrypted private key")
    collector.note(f"{block.place} is labelled {block.label} but contains {what}")


_DER_FORMS: tuple[tuple[Callable[[bytes], Any], str], ...] = (
    (load_certificate, "certificates"),
    (load_request, "requests"),
    (load_crl, "crls"),
    (load_ocsp, "ocsp_answers"),
)


def _parse_der(data: bytes, collector: Collector) -> str:
    """Read one object of DER.

    Args:
        data: the bytes.
        collector: gathers the objects.

    Returns:
        The form: der, pkcs7 or pkcs12.

    Raises:
        EncodingError: the bytes are not a known object.
    """
    if not data.startswith(b"\x30"):
        raise EncodingError(identify(data), where=collector.where, rule=NOT_PEM.id)
    if _PFX.match(data[:16]):
        _parse_pkcs12(data, collector)
        return "pkcs12"
    value = first_value(data)
    for load, kind in _DER_FORMS:
        with contextlib.suppress(*UNREADABLE):
            collector.add(kind, _load(load, value, collector.where))
            _parse_rest(data[len(value) :], load, kind, collector)
            return "der"
    with contextlib.suppress(*UNREADABLE):
        collector.add("certificates", *_load(_bundle, data, collector.where))
        return "pkcs7"
    with contextlib.suppress(ValueError, UnsupportedAlgorithm):
        collector.load_key(data, load_der_private_key, data)
        return "der"
    raise EncodingError(identify_der(data), where=collector.where)


def _bundle(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PKCS#7 bundle, leaf first. The library reads BER, which streaming programs write."""
    try:
        return leaf_first(load_pkcs7(data))
    except UNREADABLE:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "falling back to parsing as BER"
            return leaf_first(pkcs7.load_der_pkcs7_certificates(data))


def _parse_rest(data: bytes, load: Callable[[bytes], Any], kind: str, collector: Collector) -> None:
    """Read what follows a DER object in its file: more objects of its kind, or bytes that OpenSSL ignores."""
    while data.startswith(b"\x30"):
        value = first_value(data)
        try:
            collector.add(kind, _load(load, value, collector.where))
        except UNREADABLE:
            break
        data = data[len(value) :]
    if data.strip(b"\0\r\n\t "):
        collector.note(f"{len(data)} bytes follow the last object that can be read; they are skipped")


def _parse_pkcs12(data: bytes, collector: Collector) -> None:
    if not collector.open_stores:
        raise EncodingError(
            "is a PKCS#12 store (.pfx, .p12), not PEM. Take certificate and key out of it with pkikit convert FILE --to pem "
            "--out NEW.pem",
            where=collector.where,
            rule=NOT_PEM.id,
        )

    def load(passphrase: bytes | None) -> Any:
        refuse_costly_store(data, collector.where, (passphrase or b"",))
        try:
            store = pkcs12.load_pkcs12(data, passphrase)
        except ValueError as error:
            # A certificate that it refuses, in a store that the passphrase opens: `cryptography` names the part.
            if "parsing asn1" not in str(error):
                raise
            return open_odd_store(data, passphrase)
        own = [store.cert.certificate] if store.cert is not None else []
        listed = [*own, *(c.certificate for c in store.additional_certs)]
        return [store.key] if store.key is not None else [], [c.public_bytes(Encoding.DER) for c in listed]

    store = None
    for without in (None, b""):  # some tools write "no passphrase" as none, some as an empty one
        with contextlib.suppress(ValueError, TypeError):
            store = load(without)
            break
    try:
        if store is None:
            store = collector.decrypt("PKCS#12 store", load)
    except UnsupportedAlgorithm as error:
        raise EncodingError(f"is a PKCS#12 store in an old encryption: {error}", where=collector.where) from None
    keys, certificates = store
    for key in keys:
        collector.add_key(key)
    collector.add("certificates", *(_load(load_certificate, c, collector.where) for c in certificates))
