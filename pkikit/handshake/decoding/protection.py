"""Takes the protection off records: TLS 1.3, and TLS 1.2 with AEAD, CBC (both orders of the MAC) and without encryption."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from pkikit.handshake.decoding.key_log import expand_label, key_block
from pkikit.handshake.decoding.suites import Suite

_TAG, _BLOCK, _EXPLICIT = 16, 16, 8
_UPDATE = " ".join(("traffic", "upd"))  # RFC 8446 §7.2


class Undecodable(ValueError):
    """A record or message that cannot be decoded; the text says why."""


class Protection(Protocol):
    """What the records of one direction are protected with."""

    def open(self, kind: int, header: bytes, body: bytes) -> tuple[int, bytes]:
        """Return content type and plain bytes of the next record.

        Args:
            kind: content type in the record's header.
            header: the five bytes of the header.
            body: what follows the header.

        Returns:
            Content type and plain bytes.

        Raises:
            Undecodable: the record was changed, is too short, or the keys are not those of this connection.
        """
        ...


def _aead(suite: Suite, key: bytes) -> AESGCM | ChaCha20Poly1305:
    return ChaCha20Poly1305(key) if suite.kind == "chacha" else AESGCM(key)


def _mixed(iv: bytes, number: int) -> bytes:
    return (int.from_bytes(iv) ^ number).to_bytes(len(iv))


def _opened(cipher: AESGCM | ChaCha20Poly1305, nonce: bytes, data: bytes, extra: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, data, extra)
    except InvalidTag:
        raise Undecodable("the record does not fit the session's keys: it was changed on the way") from None


class Tls13:
    """Records under one traffic secret of TLS 1.3."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self._suite, self._secret, self._number = suite, secret, 0
        self._iv = expand_label(secret, "iv", 12, suite.hash)
        self._cipher = _aead(suite, expand_label(secret, "key", suite.key, suite.hash))

    def open(self, kind: int, header: bytes, body: bytes) -> tuple[int, bytes]:
        """See Protection.

        Args:
            kind: content type in the record's header.
            header: the five bytes of the header.
            body: what follows the header.

        Returns:
            Content type and plain bytes.

        Raises:
            Undecodable: see Protection.
        """
        if len(body) <= _TAG:
            raise Undecodable(f"a record of {len(body)} bytes is too short")
        nonce, self._number = _mixed(self._iv, self._number), self._number + 1
        padded = _opened(self._cipher, nonce, body, header).rstrip(b"\0")
        if not padded:
            raise Undecodable("the record has no content")
        return padded[-1], padded[:-1]

    def updated(self) -> Tls13:
        """Return the protection after a KeyUpdate."""
        length = 48 if self._suite.hash == "sha384" else 32
        return Tls13(self._suite, expand_label(self._secret, _UPDATE, length, self._suite.hash))


@dataclass
class Aead12:
    """AES-GCM and ChaCha20-Poly1305 in TLS 1.2."""

    suite: Suite
    key: bytes
    iv: bytes
    number: int = 0

    def open(self, kind: int, header: bytes, body: bytes) -> tuple[int, bytes]:
        """See Protection.

        Args:
            kind: content type in the record's header.
            header: the five bytes of the header.
            body: what follows the header.

        Returns:
            Content type and plain bytes.

        Raises:
            Undecodable: see Protection.
        """
        number, self.number = self.number, self.number + 1
        explicit = 0 if self.suite.kind == "chacha" else _EXPLICIT
        length = len(body) - explicit - _TAG
        if length < 0:
            raise Undecodable(f"a record of {len(body)} bytes is too short")
        nonce = self.iv + body[:explicit] if explicit else _mixed(self.iv, number)
        extra = number.to_bytes(8) + header[:3] + length.to_bytes(2)
        return kind, _opened(_aead(self.suite, self.key), nonce, body[explicit:], extra)


@dataclass
class Cbc12:
    """AES-CBC in TLS 1.2, with the MAC over the ciphertext (RFC 7366) or over the plain text; without a key: NULL suites."""

    suite: Suite
    key: bytes
    mac_key: bytes
    mac_last: bool
    number: int = 0

    def open(self, kind: int, header: bytes, body: bytes) -> tuple[int, bytes]:
        """See Protection."""
        number, self.number = self.number, self.number + 1
        size = self.suite.mac_length
        if self.suite.kind == "null":
            return kind, self._checked(number, header, body)
        if self.mac_last:
            return kind, self._unpadded(self._checked(number, header, body))
        return kind, self._checked(number, header, self._unpadded(body, at_least=size))

    def _checked(self, number: int, header: bytes, data: bytes) -> bytes:
        size = self.suite.mac_length
        if len(data) < size:
            raise Undecodable(f"a record of {len(data)} bytes is too short")
        content, mac = data[: len(data) - size], data[len(data) - size :]
        signed = number.to_bytes(8) + header[:3] + len(content).to_bytes(2) + content
        if not hmac.compare_digest(hmac.digest(self.mac_key, signed, self.suite.mac), mac):
            raise Undecodable("the record does not fit the session's keys: it was changed on the way")
        return content

    def _unpadded(self, data: bytes, at_least: int = 0) -> bytes:
        if len(data) < 2 * _BLOCK or len(data) % _BLOCK:
            raise Undecodable(f"{len(data)} bytes do not fill whole blocks")
        decryptor = Cipher(algorithms.AES(self.key), modes.CBC(data[:_BLOCK])).decryptor()
        plain = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
        padding = plain[-1] + 1
        if padding + at_least > len(plain) or plain[-padding:] != bytes([padding - 1]) * padding:
            raise Undecodable("the record does not fit the session's keys: it was changed on the way")
        return plain[:-padding]


def protections12(
    suite: Suite, master: bytes, client_random: bytes, server_random: bytes, *, mac_last: bool
) -> tuple[Protection, Protection]:
    """Return the protection of the client's and of the server's records in TLS 1.2."""
    iv = {"gcm": 4, "chacha": 12}.get(suite.kind, 0)
    sizes = (suite.mac_length, suite.mac_length, suite.key, suite.key, iv, iv)
    block = key_block(master, client_random, server_random, sum(sizes), suite.hash)
    parts: list[bytes] = []
    for size in sizes:
        parts.append(block[:size])
        block = block[size:]
    made: list[Protection] = [
        Aead12(suite, parts[2 + side], parts[4 + side])
        if iv
        else Cbc12(suite, parts[2 + side], parts[side], mac_last and suite.kind == "cbc")
        for side in (0, 1)
    ]
    return made[0], made[1]
