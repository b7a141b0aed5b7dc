"""What the encrypted part of a PKCS#12 store contains, to count its cost before a library opens it.

An encrypted part may contain keys that are encrypted once more, with counts of their own. Nothing that is decrypted
here is kept; a library reads the store afterwards.

Sources: RFC 7292 appendix B (key derivation of PKCS#12), RFC 8018 §6.2 (PBES2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import RC2, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from pyasn1.codec.ber import decoder
from pyasn1.type import univ

_PBES2, _PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
_PRF = {"1.2.840.113549.2.7": "sha1", "1.2.840.113549.2.8": "sha224", "1.2.840.113549.2.9": "sha256",
        "1.2.840.113549.2.10": "sha384", "1.2.840.113549.2.11": "sha512"}  # fmt: skip
_AES = {"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32}
_DES_EDE3 = "1.2.840.113549.3.7"
# (how long the key is, the cipher) of the algorithms of RFC 7292 appendix C that are block ciphers.
_PKCS12: dict[str, tuple[int, Callable[[bytes], Any]]] = {
    "1.2.840.113549.1.12.1.3": (24, TripleDES),
    "1.2.840.113549.1.12.1.4": (16, lambda key: TripleDES(key + key[:8])),
    "1.2.840.113549.1.12.1.5": (16, RC2),
}
# The old default of openssl for certificates. `cryptography` opens such a store, but does not offer the cipher.
RC2_40 = "1.2.840.113549.1.12.1.6"


def can_peek(oid: str) -> bool:
    """Return True for an encryption that this module knows."""
    return oid == _PBES2 or oid in _PKCS12


def plaintexts(oid: str, parameters: bytes, ciphertext: bytes, passphrases: Sequence[bytes]) -> Iterator[bytes]:
    """Yield what the ciphertext may mean under each passphrase, except what is not ASN.1.

    The caller has counted the rounds before. Damaged input raises whatever pyasn1 and `cryptography` raise.

    Args:
        oid: the encryption algorithm.
        parameters: its parameters, as DER.
        ciphertext: the encrypted bytes.
        passphrases: the passphrases to try.

    Yields:
        One plaintext per passphrase that fits.
    """
    read = decoder.decode(parameters)[0]
    for cipher, vector in _keys(oid, list(read.components), passphrases):
        decryptor = Cipher(cipher, CBC(vector)).decryptor()
        plain = decryptor.update(ciphertext) + decryptor.finalize()
        if plain[:1] == b"\x30" and 1 <= plain[-1] <= len(vector):
            yield plain[: -plain[-1]]


def _keys(oid: str, parts: list[Any], passphrases: Sequence[bytes]) -> Iterator[tuple[Any, bytes]]:
    for passphrase in passphrases:
        if oid == _PBES2:
            yield _pbes2(parts, passphrase)
            continue
        length, cipher = _PKCS12[oid]
        salt, rounds = bytes(parts[0]), int(parts[1])
        for spelled in _bmp(passphrase):
            key = derive(spelled, salt, rounds, 1, length)
            yield cipher(key), derive(spelled, salt, rounds, 2, 8)


def _pbes2(parts: list[Any], passphrase: bytes) -> tuple[Any, bytes]:
    (kdf, how), (scheme, vector) = (list(part.components)[:2] for part in parts[:2])
    if str(kdf) != _PBKDF2:
        raise ValueError("a key derivation that is not known here")
    numbers = list(how.components)
    named = [p for p in numbers[2:] if not isinstance(p, univ.Integer)]
    digest = _PRF[str(named[0].components[0])] if named else "sha1"
    length = 24 if str(scheme) == _DES_EDE3 else _AES[str(scheme)]
    key = hashlib.pbkdf2_hmac(digest, passphrase, bytes(numbers[0]), int(numbers[1]), length)
    return (TripleDES if str(scheme) == _DES_EDE3 else AES)(key), bytes(vector)


def _bmp(passphrase: bytes) -> tuple[bytes, ...]:
    """Return the passphrase as PKCS#12 encodes it; there are two ways to encode an empty one."""
    spelled = passphrase.decode("utf-8", "surrogateescape").encode("utf-16-be", "surrogatepass") + b"\0\0"
    return (spelled,) if passphrase else (spelled, b"")


def derive(passphrase: bytes, salt: bytes, rounds: int, purpose: int, length: int) -> bytes:
    """Derive key material as RFC 7292 appendix B.2 does, with SHA-1.

    Args:
        passphrase: the encoded passphrase.
        salt: the salt.
        rounds: the number of hashing rounds.
        purpose: 1 for a key, 2 for an initialisation vector.
        length: the wanted number of bytes.

    Returns:
        `length` bytes.
    """
    block = 64
    filled = b"".join(_fill(text, block) for text in (salt, passphrase))
    made = b""
    while len(made) < length:
        digest = bytes([purpose]) * block + filled
        for _ in range(rounds):
            digest = hashlib.sha1(digest, usedforsecurity=False).digest()
        made += digest
        add = int.from_bytes(_fill(digest, block), "big") + 1
        filled = b"".join(
            ((int.from_bytes(filled[i : i + block], "big") + add) % (1 << block * 8)).to_bytes(block, "big")
            for i in range(0, len(filled), block)
        )
    return made[:length]


def _fill(text: bytes, block: int) -> bytes:
    """Repeat the text until it fills whole blocks."""
    length = -(-len(text) // block) * block
    return (text * (length // max(len(text), 1) + 1))[:length]
