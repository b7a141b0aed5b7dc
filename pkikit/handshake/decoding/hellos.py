"""The hellos of TLS and their extensions, in plain names.

Sources: RFC 8446 §4 and the IANA registries of TLS extensions, groups and signature schemes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from pkikit.handshake.decoding.protection import Undecodable
from pkikit.handshake.decoding.suites import RENEGOTIATION_SIGNAL, suite_title
from pkikit.handshake.decoding.tls_bytes import MAX_SHOWN, Bytes, Field, listed, shown
from pkikit.reading.der import children, content, read_oid
from pkikit.reading.unreadable import UNREADABLE

VERSIONS = MappingProxyType(
    {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
)
# The random of a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3).
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
GROUPS = MappingProxyType(
    {23: "P-256", 24: "P-384", 25: "P-521", 29: "X25519", 30: "X448", 256: "ffdhe2048", 257: "ffdhe3072",
     258: "ffdhe4096", 259: "ffdhe6144", 260: "ffdhe8192", 4587: "SecP256r1MLKEM768", 4588: "X25519MLKEM768",
     4589: "SecP384r1MLKEM1024", 4590: "curveSM2MLKEM768", 41: "curveSM2", 512: "ML-KEM-512",
     513: "ML-KEM-768", 514: "ML-KEM-1024"}
)  # fmt: skip
SCHEMES = MappingProxyType(
    {0x0401: "RSA PKCS#1 SHA-256", 0x0501: "RSA PKCS#1 SHA-384", 0x0601: "RSA PKCS#1 SHA-512", 0x0403: "ECDSA P-256 SHA-256",
     0x0503: "ECDSA P-384 SHA-384", 0x0603: "ECDSA P-521 SHA-512", 0x0804: "RSA-PSS SHA-256", 0x0805: "RSA-PSS SHA-384",
     0x0806: "RSA-PSS SHA-512", 0x0807: "Ed25519", 0x0808: "Ed448", 0x0809: "RSA-PSS (PSS key) SHA-256",
     0x080A: "RSA-PSS (PSS key) SHA-384", 0x080B: "RSA-PSS (PSS key) SHA-512", 0x0201: "RSA PKCS#1 SHA-1",
     0x0203: "ECDSA SHA-1", 0x0301: "RSA SHA-224", 0x0303: "ECDSA SHA-224", 0x0904: "ML-DSA-44", 0x0905: "ML-DSA-65",
     0x0906: "ML-DSA-87", 0x081A: "ECDSA brainpoolP256 SHA-256", 0x081B: "ECDSA brainpoolP384 SHA-384",
     0x081C: "ECDSA brainpoolP512 SHA-512"}
)  # fmt: skip
_SERVER_NAME = "Server name (SNI)"
_MAX_NAME, _MAX_NAMES = 1024, 500
_KEY_MODES = {0: "without a new key exchange", 1: "with a new key exchange"}


@dataclass(frozen=True, kw_only=True)
class Hello:
    """A ClientHello or ServerHello.

    version: the highest that is offered, or the one chosen. retry: the server asks again. versions, suites, server_name:
    what a client offers, and the name that it dials.
    """

    version: int
    random: bytes
    suite: int
    mac_last: bool
    retry: bool
    fields: tuple[Field, ...]
    versions: tuple[int, ...] = ()
    suites: tuple[int, ...] = ()
    server_name: str = ""


def version_title(number: int) -> str:
    """Return the name of a protocol version, or its number."""
    return VERSIONS.get(number, f"0x{number:04x}")


def scheme_title(number: int) -> str:
    """Return the name of a signature scheme, or its number."""
    return SCHEMES.get(number, f"0x{number:04x}")


def group_title(number: int) -> str:
    """Return the name of a group, or its number."""
    return GROUPS.get(number, f"0x{number:04x}")


def is_grease(number: int) -> bool:
    """Return True for a value that means nothing and must be ignored (RFC 8701)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def client_hello(body: Bytes) -> Hello:
    """Read a ClientHello.

    Args:
        body: the message without type and length.

    Returns:
        Its parts, and its fields in plain names.

    Raises:
        Undecodable: it is cut off or malformed.
    """
    version, random = body.number(2), body.take(32)
    session = body.vector(1)
    suites = [n for n in body.vector(2).numbers(2) if not is_grease(n)]
    body.vector(1)  # compression methods
    found = _extensions(body)
    offered = _numbers(found.get(43), 1) or [version]
    told = [suite_title(n) for n in suites if n != RENEGOTIATION_SIGNAL]
    known = [name for name in told if not name.startswith("0x")]
    unnamed = len(told) - len(known)
    more = f", and {unnamed} others" if unnamed else ""
    fields = [
        *_extension_fields({0: found.pop(0)} if 0 in found else {}, _CLIENT),
        ("Offered versions", listed([version_title(n) for n in offered if not is_grease(n)])),
        ("Offered cipher suites", listed(known) + more),
        *_extension_fields(found, _CLIENT),
        ("Client random", random.hex()),
        (
            "Session to resume",
            "none" if not len(session) else f"{len(session)} bytes (only for old firewalls in TLS 1.3)",
        ),
    ]
    named = fields[0][1] if fields[0][0] == _SERVER_NAME else ""
    return Hello(
        version=max(offered), random=random, suite=0, mac_last=False, retry=False, fields=tuple(fields),
        versions=tuple(n for n in offered if not is_grease(n)), suites=tuple(suites), server_name=named,
    )  # fmt: skip


def server_hello(body: Bytes) -> Hello:
    """Read a ServerHello or HelloRetryRequest.

    Args:
        body: the message without type and length.

    Returns:
        Its parts, and its fields in plain names.

    Raises:
        Undecodable: it is cut off or malformed.
    """
    version, random = body.number(2), body.take(32)
    body.vector(1)
    suite = body.number(2)
    body.number(1)
    found = _extensions(body)
    chosen = int.from_bytes(found[43][:2]) if 43 in found else version
    fields = [
        ("Chosen version", version_title(chosen)),
        ("Chosen cipher suite", suite_title(suite)),
        *_extension_fields(found, _SERVER),
        ("Server random", random.hex()),
    ]
    return Hello(
        version=chosen, random=random, suite=suite, mac_last=22 in found, retry=random == RETRY, fields=tuple(fields)
    )


def extension_fields(body: Bytes) -> list[Field]:
    """Read a list of extensions (EncryptedExtensions, CertificateRequest, NewSessionTicket) into plain fields.

    Args:
        body: the list, with its length in front.

    Returns:
        The fields.

    Raises:
        Undecodable: the list is cut off.
    """
    return _extension_fields(_extensions(body), _CLIENT)


def _extensions(body: Bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if len(body):
        listing = body.vector(2)
        while len(listing):
            number = listing.number(2)
            found[number] = listing.vector(2).rest()
    return found


def _numbers(data: bytes | None, length: int, size: int = 2) -> list[int]:
    """Return the numbers of a vector; none if there is no such extension."""
    return [] if data is None else list(Bytes(data).vector(length).numbers(size))


def _server_names(data: bytes) -> str:
    if not data:
        return "accepted"
    listing, names = Bytes(data).vector(2), []
    while len(listing):
        listing.number(1)
        names.append(shown(listing.vector(2).rest()))
    return listed(names)


def _protocols(data: bytes) -> str:
    listing, names = Bytes(data).vector(2), []
    while len(listing):
        names.append(shown(listing.vector(1).rest()))
    return listed(names)


def _shares(data: bytes) -> str:
    listing, groups = Bytes(data).vector(2), []
    while len(listing):
        groups.append(listing.number(2))
        listing.vector(2)
    return listed([group_title(n) for n in groups if not is_grease(n)])


def authorities(listing: Bytes) -> list[str]:
    """Return the names of CAs in a list of DER names; one that cannot be read says so. Names that are not shown are empty."""
    names: list[str] = []
    while len(listing) and len(names) < _MAX_NAMES:
        name = listing.vector(2).rest()
        names.append(authority_title(name) if len(names) < MAX_SHOWN else "")
    return names


@lru_cache(maxsize=4096)
def authority_title(der: bytes) -> str:
    """Return a DER name as text, the most specific part first."""
    if len(der) > _MAX_NAME:
        return f"a name of {len(der)} bytes"
    try:
        parts = [children(pair) for group in children(der) for pair in children(group)]
        told = [f"{_oid_title(oid)}={shown(content(value))}" for oid, value in parts]
    except UNREADABLE:
        return f"a name of {len(der)} bytes that cannot be read"
    return ",".join(reversed(told)) or "a name without parts"


def _oid_title(oid: bytes) -> str:
    dotted = read_oid(oid)
    return {"2.5.4.3": "CN", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C", "2.5.4.7": "L"}.get(dotted, dotted)


_Reader = Callable[[bytes], str]
_READERS: Mapping[int, tuple[str, _Reader]] = {
    0: (_SERVER_NAME, _server_names),
    5: ("Wants the OCSP status", lambda _: "yes"),
    10: ("Groups for the key exchange", lambda d: listed([group_title(n) for n in _numbers(d, 2) if not is_grease(n)])),
    11: ("Point formats", lambda d: f"{len(_numbers(d, 1, 1))}"),
    13: (
        "Signature schemes it can check",
        lambda d: listed([scheme_title(n) for n in _numbers(d, 2) if not is_grease(n)]),
    ),
    16: ("Application protocols (ALPN)", _protocols),
    22: ("MAC after encryption", lambda _: "yes"),
    23: ("Extended master secret", lambda _: "yes"),
    35: ("Session ticket", lambda _: "supported"),
    45: ("Resumption", lambda d: listed([_KEY_MODES.get(n, str(n)) for n in _numbers(d, 1, 1)])),
    47: ("Certificate authorities", lambda d: listed(authorities(Bytes(d).vector(2)))),
    50: ("Signature schemes in certificates", lambda d: listed([scheme_title(n) for n in _numbers(d, 2)])),
    65281: ("Secure renegotiation", lambda _: "yes"),
}
_CLIENT: Mapping[int, tuple[str, _Reader]] = {**_READERS, 51: ("Key shares sent along", _shares)}
_SERVER: Mapping[int, tuple[str, _Reader]] = {
    **_READERS,
    51: ("Group of the key exchange", lambda d: group_title(int.from_bytes(d[:2]))),
}


def _extension_fields(found: Mapping[int, bytes], readers: Mapping[int, tuple[str, _Reader]]) -> list[Field]:
    return list(_told(found, readers))


def _told(found: Mapping[int, bytes], readers: Mapping[int, tuple[str, _Reader]]) -> Iterator[Field]:
    unknown = []
    for number, data in found.items():
        if number == 43:
            continue  # the version, which is told first
        if number not in readers:
            unknown.append(str(number))
            continue
        name, read = readers[number]
        try:
            yield name, read(data) or "empty"
        except Undecodable as error:
            yield name, f"not decoded: {error}"
    others = [n for n in unknown if not is_grease(int(n))]
    if others:
        yield "Other extensions (by number)", listed(others)
