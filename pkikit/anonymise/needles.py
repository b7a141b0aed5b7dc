"""What must not occur in the result: every name, word, number, key and address of the originals, and how it is looked for.

The search knows nothing of how names are replaced: it takes apart whatever DER it is given, so that a part that somebody forgot
to replace is found.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from pkikit.anonymise.elements.replaced_numbers import is_public
from pkikit.anonymise.naming.known_words import KEPT
from pkikit.anonymise.naming.replaced_addresses import is_kept
from pkikit.anonymise.naming.tokens import TOKEN, WORD_LENGTH
from pkikit.issue.lookalike.originals import Originals, der_of
from pkikit.judge.checks.certificate_checks import DECODED_ATTRIBUTES
from pkikit.reading import der
from pkikit.reading.unreadable import UNREADABLE

_LONG_ENOUGH = 8  # bytes that two objects do not share by chance
_TEXTS = {0x0C: "utf-8", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
_ADDRESS = re.compile(
    r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])|(?<![\w:])[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?![\w:])"
)
_PEM = re.compile(rb"-----BEGIN [^-]+-----([A-Za-z0-9+/=\s]+)-----END [^-]+-----")
_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_RESERVED = frozenset({"example.com", "example.net", "example.org"})
_MAX_DEPTH = 40


def objects_of(originals: Originals) -> list[bytes]:
    """Return every certificate, CRL and OCSP answer in DER."""
    found = [der_of(certificate) for certificate in originals.every_certificate()]
    return [*found, *map(der_of, originals.crls), *map(der_of, originals.answers)]


@dataclass(frozen=True)
class Leaves:
    """The parts of DER objects that have no parts: texts, long runs of bytes, addresses, and OIDs that few use."""

    texts: frozenset[str]
    blobs: frozenset[bytes]
    addresses: frozenset[str]

    @classmethod
    def of(cls, objects: Iterable[bytes]) -> Leaves:
        """Take objects apart."""
        texts: set[str] = set()
        blobs: set[bytes] = set()
        addresses: set[str] = set()
        for element in (leaf for data in objects for leaf in _leaves(data, 0)):
            body = element[1]
            if element[0] == der.OID:
                numbers = _oid(body)
                if not is_public(numbers) and numbers not in DECODED_ATTRIBUTES and len(body) >= _LONG_ENOUGH:
                    blobs.add(body)
            elif (text := _text(*element)) is not None:
                texts.add(text)
            elif element[0] & 0xC0 == 0x80 and len(body) in {4, 8, 16, 32}:
                addresses.update(_addresses(body))
            elif element[0] not in {der.UTC_TIME, der.GENERALIZED_TIME} and len(body.strip(b"\0")) >= _LONG_ENOUGH:
                blobs.add(body.strip(b"\0"))
        return cls(texts=frozenset(texts), blobs=frozenset(blobs), addresses=frozenset(addresses))


def _leaves(data: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, bytes) of each part without parts; also of what is inside an OCTET STRING."""
    try:
        while data and depth < _MAX_DEPTH:
            element, data = der.split(data)
            kind = element[0]
            if kind & 0x20 and kind & 0xDF not in range(0x0C, 0x1F):
                for part in der.children(element):
                    yield from _leaves(part, depth + 1)
                continue
            body = der.content(element)
            inside = body[1:] if kind == der.BIT_STRING else body
            if kind in {der.OCTETS, der.BIT_STRING} and _is_der(inside):
                yield from _leaves(inside, depth + 1)
            else:
                yield kind & 0xDF, inside
    except UNREADABLE:
        yield 0, data


def _is_der(data: bytes) -> bool:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        return False
    try:
        _, rest = der.split(data)
    except UNREADABLE:
        return False
    return not rest


def _text(kind: int, body: bytes) -> str | None:
    is_string = kind in {0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1B, 0x1C, 0x1E}
    if not is_string and not (kind & 0xC0 == 0x80 and body and all(32 <= b < 127 for b in body)):
        return None
    try:
        return body.decode(_TEXTS.get(kind, "latin-1"))
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _addresses(body: bytes) -> Iterator[str]:
    address = ipaddress.ip_address(body if len(body) in {4, 16} else body[: len(body) // 2])
    if not is_kept(address):
        yield address.compressed


def _oid(body: bytes) -> str:
    try:
        return der.read_oid(der.element(der.OID, body))
    except UNREADABLE:
        return ""


@dataclass(frozen=True, kw_only=True)
class Needles:
    """What must not occur.

    words: of names and texts, in lower case, those that many use left out. names: domain names, texts and e-mail addresses.
    addresses: IP addresses as text. blobs: serial numbers, keys, identifiers, signatures and digests.
    """

    words: frozenset[str]
    names: frozenset[str]
    addresses: frozenset[str]
    blobs: frozenset[bytes]

    @classmethod
    def of(cls, texts: Iterable[str], objects: Iterable[bytes]) -> Needles:
        """Collect what must not occur.

        Args:
            texts: the values of the deployment file, and names of files.
            objects: certificates, CRLs and OCSP answers in DER.

        Returns:
            The needles.
        """
        known = tuple(objects)
        leaves = Leaves.of(known)
        written = {unquote(text).lower() for text in (*texts, *leaves.texts)}
        addresses = set(leaves.addresses)
        for text in written:
            addresses.update(_addresses_in(text))
        words = {word for text in written - addresses for word in _words(text)}
        digests = {
            hashlib.new(name, data, usedforsecurity=False).digest() for data in known for name in ("sha1", "sha256")
        }
        return cls(
            words=frozenset(words),
            names=frozenset(name for text in written for name in _names(text, words)),
            addresses=frozenset(addresses),
            blobs=leaves.blobs | digests,
        )

    def found_in(self, path: str, data: bytes, *, ours: frozenset[str] = frozenset()) -> str:
        """Return what occurs in a file, as one sentence; empty if nothing does.

        Args:
            path: its name, which is searched, too.
            data: its bytes.
            ours: words of our own sentences in it, which say nothing about anybody.

        Returns:
            The first thing that was found.
        """
        hidden = [_decoded(block) for block in _PEM.findall(data)]
        leaves = Leaves.of(hidden)
        plain = _PEM.sub(b" ", data)
        texts = [path, plain.decode("utf-8", "replace"), *leaves.texts]
        text = "\n".join(unquote(t) for t in texts).lower()
        found = (
            self._word_in(text, ours)
            or self._address_in(text, leaves.addresses)
            or self._bytes_in([data, *hidden], text)
        )
        return f"{found} is still in {path}" if found else ""

    def _word_in(self, text: str, ours: frozenset[str]) -> str:
        kept = KEPT | ours
        rest = TOKEN.sub(lambda token: " " if token[0] in kept else token[0], text)
        sought = sorted(word for word in self.words if word not in ours)
        for word in sought:
            if word in rest:
                return f"the word {word!r}"
        return next((f"{name!r}" for name in sorted(self.names) if name in text), "")

    def _address_in(self, text: str, packed: frozenset[str]) -> str:
        for address in sorted(self.addresses):
            forms = (address, ".".join(reversed(address.split(".")))) if "." in address else (address,)
            if address in packed or any(
                re.search(rf"(?<![\w.:]){re.escape(form)}(?![\w:]|\.\d)", text) for form in forms
            ):
                return f"the address {address}"
        return ""

    def _bytes_in(self, raw: list[bytes], text: str) -> str:
        together = b"\0\0".join(raw)
        folded = together.lower()
        for blob in self.blobs:
            if blob in together or blob.hex() in text:
                return f"a number or key ({blob[:8].hex()}…)"
        for form in self._wide:
            if form in folded:
                return "a name in UTF-16"
        return ""

    @cached_property
    def _wide(self) -> tuple[bytes, ...]:
        """The words in the two encodings that hide them from a search for text."""
        return tuple(word.encode(codec) for word in self.words for codec in ("utf-16-le", "utf-16-be"))


def _decoded(block: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(block.split()))
    except binascii.Error:
        return b""


def _addresses_in(text: str) -> Iterator[str]:
    for found in _ADDRESS.findall(text):
        try:
            address = ipaddress.ip_address(found)
        except ValueError:
            continue
        if not is_kept(address):
            yield address.compressed


def _words(text: str) -> Iterator[str]:
    for token in TOKEN.findall(text):
        letters = token.rstrip("0123456789").lstrip("0123456789").lower()
        if letters.isalpha() and len(letters) >= WORD_LENGTH and letters not in KEPT:
            yield letters
        elif not letters.isalpha() and len(token) >= 2 * WORD_LENGTH:
            yield token.lower()


def _names(text: str, words: set[str]) -> Iterator[str]:
    """Yield the names in a text that say something: a domain name, or the whole text of an attribute."""
    for name in (text.strip(), *_NAME.findall(text)):
        said = [t.lower() for t in TOKEN.findall(name)]
        if len(name) > WORD_LENGTH and name not in _RESERVED and any(t not in KEPT and len(t) > 2 for t in said):
            yield name
