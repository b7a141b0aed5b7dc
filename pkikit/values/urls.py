"""URLs of http and https: one strict reading, for URLs that people type and for URLs in certificates.

RFC 3986 allows ASCII only, and an extension that holds a URL is an IA5String (RFC 5280 §4.2.1.13). A strict reading
prevents two parsers from seeing two hosts: only some of them turn digits and dots outside ASCII into `127.0.0.1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from pkikit.errors import InputError
from pkikit.values.names import parse_dns_name, printable

MAX_URL = 2000
_PORTS = {"http": 80, "https": 443}
_ALLOWED = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+\Z")
# RFC 6052 and RFC 8215: the last four bytes are the IPv4 address that the translator dials.
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# 6to4 (RFC 7526) and Teredo (RFC 4380) carry an IPv4 address of the sender's choice; nobody publishes CRLs there.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


@dataclass(frozen=True, kw_only=True)
class WebUrl:
    """The parts of a URL. host: without brackets, as written; port: the port to connect to."""

    text: str
    scheme: str
    host: str
    port: int


def parse_web_url(text: str) -> WebUrl:
    """Split an http or https URL into its parts.

    Args:
        text: the URL.

    Returns:
        Its parts.

    Raises:
        InputError: the text is not such a URL: another scheme, a user name, a character outside ASCII, no host.
    """
    where = printable(text, 80)
    if len(text) > MAX_URL:
        raise InputError(f"a URL of {len(text)} characters is too long; {MAX_URL} are allowed", where=where)
    if not _ALLOWED.match(text):
        hint = "" if text.isascii() else "; write the host name in its xn-- form and percent-encode the rest"
        raise InputError(f"is not a URL: it has characters that a URL cannot have{hint}", where=where)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        bracketed = parts.netloc.rpartition("@")[2].startswith("[")
    except ValueError:
        raise InputError("is not a URL", where=where) from None
    if parts.scheme not in _PORTS or parts.username is not None:
        raise InputError("only http and https URLs without user names are allowed", where=where)
    if not _is_host(host, bracketed=bracketed) or port == 0:
        raise InputError("is not a URL: its host or port cannot be used", where=where)
    return WebUrl(text=text, scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme])


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed or _literal(host) is not None:
        return bracketed == isinstance(_literal(host), IPv6Address) and "%" not in host
    try:
        parse_dns_name(host)
    except InputError:
        return False
    return True


def is_web_url(text: str) -> bool:
    """Return True if `parse_web_url` accepts the text."""
    try:
        parse_web_url(text)
    except InputError:
        return False
    return True


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_same_host(one: str, other: str) -> bool:
    """Return True if both are the same name, or the same address in any spelling."""
    literal = _literal(one)
    return literal == _literal(other) if literal else one.lower() == other.lower()


def is_public_address(text: str) -> bool:
    """Return True for an address of the public internet; False for every address that leads, or may lead, inside.

    An IPv6 address that carries an IPv4 address is as public as that IPv4 address.
    """
    address = _literal(text)
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public_address(str(IPv4Address(address.packed[-4:])))
        if address not in _GLOBAL_UNICAST or any(address in tunnel for tunnel in _TUNNELS) or address.scope_id:
            return False
    return address is not None and address.is_global and not address.is_multicast
