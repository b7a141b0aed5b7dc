"""How much work a passphrase would cost, read from the bytes before any of it is done.

An encrypted key or a PKCS#12 store states how often its passphrase must be hashed. A file of 800 bytes could make a
computer work for 20 minutes, so this module refuses a count that is far above what any tool writes.

Sources: RFC 7292 §4 (PKCS#12), RFC 8018 appendix A (PBES1, PBES2, PBKDF2), RFC 7914 §7 (scrypt), RFC 9579 (PBMAC1).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ

from pkikit.errors import EncodingError
from pkikit.files.pkcs12.peek import RC2_40, can_peek, plaintexts
from pkikit.files.pkcs12.structure import (
    DATA,
    ENCRYPTED_DATA,
    NESTED_BAG,
    SHROUDED_KEY_BAG,
    AuthenticatedSafe,
    EncryptedData,
    EncryptedPrivateKeyInfo,
    Pfx,
    SafeContents,
)

MAX_ITERATIONS = 1_000_000  # openssl writes 2,048, Windows 2,000, Java 10,000, careful people 600,000
MAX_TOTAL = 5 * MAX_ITERATIONS  # all the objects of one store together
MAX_SCRYPT_MEMORY = 64 * 1024 * 1024  # OpenSSL itself stops at 32 MB
MAX_SCRYPT_WORK = 1 << 22  # N * r * p; openssl writes 2^17
MAX_SIZE = 4 * 1024 * 1024  # of one store: ASN.1 is read in Python here
MAX_DEPTH = 8  # of bags in bags

_PBES1 = ("1.2.840.113549.1.5.", "1.2.840.113549.1.12.1.")
_PBKDF2, _PBES2, _PBMAC1 = (f"1.2.840.113549.1.5.{n}" for n in (12, 13, 14))
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_BROKEN = (
    PyAsn1Error, RecursionError, ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError,
)  # fmt: skip


class _Effort:
    """Adds up the cost of one object, and refuses it as soon as the sum is too high."""

    def __init__(self, where: str, what: str) -> None:
        self.where, self.what, self.total = where, what, 0

    def refuse(self, why: str) -> EncodingError:
        return EncodingError(why, where=self.where)

    def add(self, algorithm: Any) -> None:
        """Add the cost of one AlgorithmIdentifier."""
        oid = str(algorithm["algorithm"])
        if not algorithm["parameters"].isValue:
            return
        self._add_parts(oid, _parts(decoder.decode(bytes(algorithm["parameters"]))[0]))

    def _add_parts(self, oid: str, parts: list[Any]) -> None:
        if oid in {_PBES2, _PBMAC1}:
            for part in parts:
                inner = _parts(part)
                if len(inner) > 1:
                    self._add_parts(str(inner[0]), _parts(inner[1]))
        elif oid == _SCRYPT:
            self._add_scrypt(parts)
        elif oid.startswith(_PBES1):
            for part in parts[1:2]:
                self.add_count(int(part))

    def add_count(self, count: int) -> None:
        """Add this many rounds of hashing."""
        self.total += max(count, 0)
        if count > MAX_ITERATIONS or self.total > MAX_TOTAL:
            asked, most = (count, MAX_ITERATIONS) if count > MAX_ITERATIONS else (self.total, MAX_TOTAL)
            raise self.refuse(
                f"asks for {asked:,} rounds of hashing to open its {self.what}; at most {most:,} are done here. "
                "Export it again with the usual number"
            )

    def _add_scrypt(self, parts: list[Any]) -> None:
        numbers = [int(part) for part in parts[1:4]]
        cost, size, parallel = (*numbers, 1, 1, 1)[:3]
        if len(numbers) < 3 or min(numbers) < 1:
            raise self.refuse(f"contains a {self.what} whose scrypt parameters make no sense")
        if 128 * cost * size > MAX_SCRYPT_MEMORY or cost * size * parallel > MAX_SCRYPT_WORK:
            raise self.refuse(
                f"asks for scrypt with N={cost:,}, r={size:,}, p={parallel:,} to open its {self.what}, which is more "
                "than is done here. Export it again with the usual numbers"
            )


def refuse_costly_key(der: bytes, where: str) -> None:
    """Do nothing if opening this private key costs a bearable amount of work, or none.

    Args:
        der: the encrypted or plain key.
        where: the name of the file, for messages.

    Raises:
        EncodingError: it costs too much.
    """
    try:
        read = decoder.decode(der, asn1Spec=EncryptedPrivateKeyInfo())[0]
    except _BROKEN:
        return  # a key that is not encrypted, or nothing that a library would open
    _guard(_Effort(where, "private key"), lambda effort: effort.add(read["encryptionAlgorithm"]))


def refuse_costly_store(der: bytes, where: str, passphrases: Sequence[bytes] = ()) -> None:
    """Do nothing if opening this PKCS#12 store costs a bearable amount of work.

    Args:
        der: the store.
        where: the name of the file, for messages.
        passphrases: the passphrases that will be tried. The cost of what they open is counted, too: an encrypted part may
            contain an encrypted key.

    Raises:
        EncodingError: it costs too much, or its structure cannot be read well enough to know.
    """
    if len(der) > MAX_SIZE:
        raise EncodingError(
            f"is a PKCS#12 store of more than {MAX_SIZE // 1024 // 1024} MB, the most that is read", where=where
        )
    _guard(_Effort(where, "PKCS#12 store"), lambda effort: _walk_store(der, effort, passphrases))


def _guard(effort: _Effort, walk: Callable[[_Effort], None]) -> None:
    try:
        walk(effort)
    except EncodingError:
        raise
    except _BROKEN:
        raise effort.refuse(f"contains a {effort.what} that is damaged or cut off") from None


def _walk_store(der: bytes, effort: _Effort, passphrases: Sequence[bytes]) -> None:
    store = decoder.decode(der, asn1Spec=Pfx())[0]
    if store["macData"].isValue:
        effort.add_count(int(store["macData"]["iterations"]))
        effort.add(store["macData"]["mac"]["digestAlgorithm"])
    if str(store["authSafe"]["contentType"]) != DATA:
        raise effort.refuse("is a signed PKCS#12 store, which no tool reads: export it with a passphrase")
    for content in decoder.decode(_octets(store["authSafe"]["content"]), asn1Spec=AuthenticatedSafe())[0]:
        kind = str(content["contentType"])
        if kind == DATA:
            _walk_bags(_octets(content["content"]), effort, 0)
        elif kind == ENCRYPTED_DATA:
            inner = decoder.decode(bytes(content["content"]), asn1Spec=EncryptedData())[0]
            effort.add(inner["encryptedContentInfo"]["contentEncryptionAlgorithm"])
            _walk_encrypted(inner["encryptedContentInfo"], effort, passphrases)


def _walk_encrypted(content: Any, effort: _Effort, passphrases: Sequence[bytes]) -> None:
    """Count what is inside an encrypted part; the cost of the part itself is known to be bearable by now."""
    algorithm, hidden = content["contentEncryptionAlgorithm"], content["encryptedContent"]
    oid = str(algorithm["algorithm"])
    if not passphrases or not hidden.isValue or oid == RC2_40:
        return
    if not can_peek(oid):
        raise effort.refuse(f"is a PKCS#12 store in an encryption that is not read here ({oid})")
    for plain in plaintexts(oid, bytes(algorithm["parameters"]), bytes(hidden), passphrases):
        with contextlib.suppress(PyAsn1Error):  # a wrong passphrase gives anything
            _walk_bags(plain, effort, 0)


def _walk_bags(der: bytes, effort: _Effort, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise effort.refuse("is a PKCS#12 store with bags in bags, more than any tool writes")
    for bag in decoder.decode(der, asn1Spec=SafeContents())[0]:
        kind, value = str(bag["bagId"]), bytes(bag["bagValue"])
        if kind == SHROUDED_KEY_BAG:
            effort.add(decoder.decode(value, asn1Spec=EncryptedPrivateKeyInfo())[0]["encryptionAlgorithm"])
        elif kind == NESTED_BAG:
            _walk_bags(value, effort, depth + 1)


def _octets(value: Any) -> bytes:
    """Return the bytes of an OCTET STRING; BER may have cut it into pieces."""
    return bytes(decoder.decode(bytes(value), asn1Spec=univ.OctetString())[0])


def _parts(node: Any) -> list[Any]:
    return list(getattr(node, "components", ()))
