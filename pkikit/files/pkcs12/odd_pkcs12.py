"""A PKCS#12 store with a certificate that `cryptography` refuses; because of it, `cryptography` refuses the whole store.

This module takes out the bags one by one. It opens encrypted parts as `pkikit.files.pkcs12.effort` opens them to count,
with the passphrase that `cryptography` has found right by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key
from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error

from pkikit.files.pkcs12.peek import can_peek, plaintexts
from pkikit.files.pkcs12.structure import (
    DATA,
    ENCRYPTED_DATA,
    SHROUDED_KEY_BAG,
    AuthenticatedSafe,
    EncryptedData,
    Pfx,
    SafeContents,
)
from pkikit.reading import der

_KEY_BAG, _CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.1", "1.2.840.113549.1.12.10.1.3"


def open_odd_store(data: bytes, passphrase: bytes | None) -> tuple[list[Any], list[bytes]]:
    """Open a store bag by bag.

    Args:
        data: the store.
        passphrase: the right passphrase; None if the store is not encrypted.

    Returns:
        (private keys, DER of the certificates).

    Raises:
        ValueError: the store cannot be split.
    """
    keys: list[Any] = []
    certificates: list[bytes] = []
    try:
        for kind, value in _bags(data, passphrase):
            if kind == _CERTIFICATE_BAG:
                certificates.append(der.content(der.children(der.children(value)[1])[0]))
            elif kind == _KEY_BAG:
                keys.append(load_der_private_key(value, None))
            elif kind == SHROUDED_KEY_BAG:
                keys.append(load_der_private_key(value, passphrase or b""))
    except (PyAsn1Error, LookupError, TypeError) as error:
        raise ValueError(f"the store cannot be taken apart: {error}") from None
    return keys, certificates


def _bags(data: bytes, passphrase: bytes | None) -> Iterator[tuple[str, bytes]]:
    """Yield (kind, value) of each bag, including those of encrypted parts; bags inside bags are left out."""
    store = decoder.decode(data, asn1Spec=Pfx())[0]
    for content in decoder.decode(der.content(bytes(store["authSafe"]["content"])), asn1Spec=AuthenticatedSafe())[0]:
        kind, value = str(content["contentType"]), bytes(content["content"])
        parts = [der.content(value)] if kind == DATA else _open(value, passphrase) if kind == ENCRYPTED_DATA else []
        for part in parts:
            for bag in decoder.decode(part, asn1Spec=SafeContents())[0]:
                yield str(bag["bagId"]), bytes(bag["bagValue"])


def _open(value: bytes, passphrase: bytes | None) -> list[bytes]:
    hidden = decoder.decode(value, asn1Spec=EncryptedData())[0]["encryptedContentInfo"]
    algorithm = hidden["contentEncryptionAlgorithm"]
    kind = str(algorithm["algorithm"])
    if not can_peek(kind):
        raise ValueError(f"the encryption {kind} is not read here")
    return list(
        plaintexts(kind, bytes(algorithm["parameters"]), bytes(hidden["encryptedContent"]), (passphrase or b"",))
    )
