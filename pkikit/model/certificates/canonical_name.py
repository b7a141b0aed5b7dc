"""Distinguished names: their parts, how a person reads them, and how OpenSSL compares them."""

from __future__ import annotations

import re
import string

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.reading.unreadable import UNREADABLE
from pkikit.text import printable

CanonicalName = tuple[tuple[tuple[str, str], ...], ...]


def common_name(name: x509.Name) -> str:
    """Return the last common name of a distinguished name, or an empty string."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[-1].value) if found else ""


def organisation(name: x509.Name) -> str:
    """Return the organisation of a distinguished name, or an empty string."""
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def format_name(name: x509.Name) -> str:
    """Return a distinguished name on one line, escaped; never raises."""
    try:
        return printable(name.rfc4514_string()) or "(empty)"
    except UNREADABLE:
        return "(cannot be read)"


def canonical(name: x509.Name) -> CanonicalName:
    """Return a distinguished name as OpenSSL compares it: case of ASCII letters and spaces do not matter (x_name.c)."""
    return tuple(tuple(sorted((a.oid.dotted_string, _fold(a.value)) for a in rdn)) for rdn in name.rdns)


def _fold(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return " ".join(value.split() if value.isascii() else _ASCII_SPACE.split(value.strip(" \t\n\v\f\r"))).translate(
        _LOWER
    )


_ASCII_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
