"""Cipher suites by number: the names of OpenSSL, and what is needed to decrypt a record.

Sources: the IANA registry of TLS cipher suites; RFC 5246, 5288, 5289, 7905 and 8446.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["gcm", "chacha", "cbc", "null"]
_MAC_LENGTHS: Final = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}

NAMES: Mapping[int, str] = MappingProxyType(
    {
        0x1301: "TLS_AES_128_GCM_SHA256", 0x1302: "TLS_AES_256_GCM_SHA384", 0x1303: "TLS_CHACHA20_POLY1305_SHA256",
        0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256", 0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384",
        0xC02F: "ECDHE-RSA-AES128-GCM-SHA256", 0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
        0xCCA8: "ECDHE-RSA-CHACHA20-POLY1305", 0xCCA9: "ECDHE-ECDSA-CHACHA20-POLY1305",
        0xCCAA: "DHE-RSA-CHACHA20-POLY1305",
        0xC023: "ECDHE-ECDSA-AES128-SHA256", 0xC024: "ECDHE-ECDSA-AES256-SHA384",
        0xC027: "ECDHE-RSA-AES128-SHA256", 0xC028: "ECDHE-RSA-AES256-SHA384",
        0xC009: "ECDHE-ECDSA-AES128-SHA", 0xC00A: "ECDHE-ECDSA-AES256-SHA",
        0xC013: "ECDHE-RSA-AES128-SHA", 0xC014: "ECDHE-RSA-AES256-SHA",
        0x009C: "AES128-GCM-SHA256", 0x009D: "AES256-GCM-SHA384", 0x002F: "AES128-SHA", 0x0035: "AES256-SHA",
        0x003C: "AES128-SHA256", 0x003D: "AES256-SHA256",
        0x009E: "DHE-RSA-AES128-GCM-SHA256", 0x009F: "DHE-RSA-AES256-GCM-SHA384", 0x0033: "DHE-RSA-AES128-SHA",
        0x0039: "DHE-RSA-AES256-SHA", 0x0067: "DHE-RSA-AES128-SHA256", 0x006B: "DHE-RSA-AES256-SHA256",
        0xC006: "ECDHE-ECDSA-NULL-SHA", 0xC010: "ECDHE-RSA-NULL-SHA", 0x003B: "NULL-SHA256", 0x0002: "NULL-SHA",
        0x0001: "NULL-MD5",
    }
)  # fmt: skip
RENEGOTIATION_SIGNAL: Final = 0x00FF  # in the list of suites, and no suite (RFC 5746)


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What a suite does to records.

    hash: of the key schedule. mac: of each record; empty where the cipher authenticates by itself. key: bytes of a key.
    """

    name: str
    kind: Kind
    hash: str
    mac: str = ""
    key: int = 0

    @property
    def mac_length(self) -> int:
        """Bytes of a record's MAC."""
        return _MAC_LENGTHS.get(self.mac, 0)


def suite_of(number: int) -> Suite | None:
    """Return the suite with this number; None if its records cannot be decrypted."""
    name = NAMES.get(number)
    if name is None:
        return None
    last = name.replace("_", "-").rsplit("-", 1)[1]
    schedule = "sha384" if last == "SHA384" else "sha256"
    key = 32 if "256-" in name.replace("_", "-") or "CHACHA" in name else 16
    if "CHACHA" in name:
        return Suite(name=name, kind="chacha", hash=schedule, key=32)
    if "GCM" in name:
        return Suite(name=name, kind="gcm", hash=schedule, key=key)
    mac = {"SHA": "sha1", "MD5": "md5"}.get(last, last.lower())
    if "NULL" in name:
        return Suite(name=name, kind="null", hash=schedule, mac=mac)
    return Suite(name=name, kind="cbc", hash=schedule, mac=mac, key=key)


def suite_title(number: int) -> str:
    """Return the name of a suite, or its number."""
    return NAMES.get(number, f"0x{number:04x}")
