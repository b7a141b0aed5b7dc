"""Which names exist in the public DNS, so that a public CA may issue a certificate for them.

Sources: the public suffix list (publicsuffix.org, its ICANN part), packaged in `publicsuffixlist`: nothing is fetched.
Special-use names: RFC 6761 (test, invalid, localhost, example), RFC 6762 (local), RFC 7686 (onion), RFC 9476 (alt),
ICANN's reservation of `internal` (2024); reverse zones below `arpa`: CA/Browser Forum BR §4.2.2.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

SPECIAL_USE = {
    "test": "RFC 6761", "invalid": "RFC 6761", "localhost": "RFC 6761", "example": "RFC 6761", "local": "RFC 6762",
    "onion": "RFC 7686", "alt": "RFC 9476", "internal": "reserved by ICANN", "arpa": "infrastructure of the DNS",
}  # fmt: skip


@cache
def _suffixes() -> PublicSuffixList:
    """Read the packaged list at first use: it takes some 30 ms, which most commands need not spend."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False, only_icann=True)


@cache
def list_date() -> str:
    """Return the date of the packaged list, such as `2026-10-23`; empty if the package's version does not contain one.

    This list does not know a top-level domain that was added to the DNS later.
    """
    from importlib.metadata import version

    dated = re.search(r"\.(\d{4})(\d{2})(\d{2})\Z", version("publicsuffixlist"))
    return "-".join(dated.groups()) if dated else ""


@lru_cache(maxsize=8192)
def why_internal(name: str) -> str:
    """Explain why a name cannot be in the public DNS; return an empty string if it can.

    Args:
        name: a normalised name (`parse_dns_name`) without wildcard.

    Returns:
        One clause for a message, or an empty string.
    """
    top = name.rpartition(".")[2]
    if "." not in name:
        return "a single label, without a domain"
    if top in SPECIAL_USE:
        return f"below .{top}, which is not a public domain ({SPECIAL_USE[top]})"
    if _suffixes().publicsuffix(name) is None:
        dated = list_date()
        return f"below .{top}, which is not a public top-level domain (public suffix list{f' of {dated}' if dated else ''})"
    return ""


def is_internal(name: str) -> bool:
    """Return True for a name that the public DNS cannot have: a single label, a special-use name, an unknown top-level domain."""
    return bool(why_internal(name))


@lru_cache(maxsize=8192)
def public_suffix(name: str) -> str:
    """Return the public suffix of a name, such as `co.uk`; empty for an internal name."""
    return "" if is_internal(name) else _suffixes().publicsuffix(name) or ""


@lru_cache(maxsize=8192)
def why_not_issued(name: str) -> str:
    """Explain why no public CA issues a certificate for a name; return an empty string if one may.

    Public CAs refuse internal names and names that are public suffixes themselves, such as co.uk.
    """
    why = why_internal(name)
    if not why and _suffixes().privatesuffix(name) is None:
        return "a public suffix itself, below which others register their domains"
    return why
