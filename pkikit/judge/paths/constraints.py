"""Name constraints of the CAs of a path, applied to every name below them (RFC 5280 §4.2.1.10, as OpenSSL does it).

This covers every kind of name: dNSName, iPAddress, rfc822Name, URI, directoryName (the subject too), otherName.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from pkikit.model.certificates.canonical_name import canonical, format_name
from pkikit.model.certificates.facts import extension, is_self_issued
from pkikit.values.names import printable

# OpenSSL's NAME_CHECK_MAX. A certificate that needs more comparisons is an attack.
MAX_COMPARISONS = 1 << 20
_IA5 = _ASN1Type.IA5String
# An e-mail address in UTF-8 (RFC 8398). OpenSSL compares it with rfc822Name constraints; pkikit refuses it, to be safe.
_SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One name that a CA may not sign; `allowed` says what it may."""

    authority: x509.Certificate
    name: str
    allowed: str


def violations(path: Sequence[x509.Certificate]) -> Iterator[Violation]:
    """Return each name below a constrained CA that it may not sign; leaf first in `path`."""
    for index, authority in enumerate(path[1:], start=1):
        constraints = extension(authority, x509.NameConstraints)
        if constraints is None:
            continue
        for depth, below in enumerate(path[:index]):
            if depth and is_self_issued(below):
                continue  # RFC 5280 §6.1.3 (b): the constraints do not apply to a self-issued intermediate
            yield from _of_certificate(below, depth == 0, constraints, authority)


def _of_certificate(
    certificate: x509.Certificate, is_leaf: bool, constraints: x509.NameConstraints, authority: x509.Certificate
) -> Iterator[Violation]:
    permitted, excluded = constraints.permitted_subtrees or [], constraints.excluded_subtrees or []
    names = list(_names(certificate, is_leaf))
    if len(names) * (len(permitted) + len(excluded)) > MAX_COMPARISONS:
        yield Violation(authority=authority, name=f"{len(names)} names", allowed="so few that they can be compared")
        return
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        if attribute._type is not _IA5:  # OpenSSL refuses it, whatever the constraints cover
            yield Violation(authority=authority, name=printable(str(attribute.value)), allowed="an IA5String")
    for name in names:
        allowed = _find_allowed(name, permitted, excluded)
        if allowed:
            yield Violation(authority=authority, name=_show_name(name), allowed=allowed)


def _find_allowed(
    name: x509.GeneralName, permitted: Sequence[x509.GeneralName], excluded: Sequence[x509.GeneralName]
) -> str:
    """Return what is allowed instead of the name (OpenSSL's nc_match); empty when the name is fine."""
    for subtrees, forbidden in ((permitted, False), (excluded, True)):
        own_kind = [s for s in subtrees if _same_kind(name, s)]
        places = {_place(name, s) for s in own_kind}
        if _Place.UNREADABLE in places:
            return "a name that can be compared with the constraint"
        if forbidden and _Place.INSIDE in places:
            return f"not {_list_names(own_kind)}"
        if not forbidden and own_kind and _Place.INSIDE not in places:
            return _list_names(own_kind)
    return ""


def _same_kind(name: x509.GeneralName, subtree: x509.GeneralName) -> bool:
    if isinstance(name, x509.OtherName) and name.type_id.dotted_string == _SMTP_UTF8_MAILBOX:
        return isinstance(subtree, x509.RFC822Name)
    if isinstance(name, x509.OtherName) and isinstance(subtree, x509.OtherName):
        return name.type_id == subtree.type_id
    return type(name) is type(subtree)


def _names(certificate: x509.Certificate, is_leaf: bool) -> Iterator[x509.GeneralName]:
    """Return the names that OpenSSL compares: subject, its e-mail addresses, SAN; for a leaf without dNSName its CNs too."""
    if certificate.subject:
        yield x509.DirectoryName(certificate.subject)
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield x509.RFC822Name._init_without_validation(str(attribute.value))
    alternative = list(extension(certificate, x509.SubjectAlternativeName) or ())
    yield from alternative
    if is_leaf and not any(isinstance(n, x509.DNSName) for n in alternative):
        for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            text = str(attribute.value).rstrip("\0")
            if looks_like_host(text):
                yield x509.DNSName._init_without_validation(text)


# What cn2dnsid of v3_ncons.c takes for a host name: two labels or more, hyphens inside them only. An IP address is one too.
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_]|-(?!\.)|\.(?![.-]))*\Z")


def looks_like_host(text: str) -> bool:
    """True when OpenSSL applies dNSName constraints to a common name."""
    return "." in text and text[-1] not in ".-" and _HOST.match(text) is not None


class _Place(enum.Enum):
    """Where a name is, seen from a subtree."""

    INSIDE = enum.auto()
    OUTSIDE = enum.auto()
    UNREADABLE = enum.auto()


def _place(name: x509.GeneralName, subtree: x509.GeneralName) -> _Place:
    match name, subtree:
        case x509.DNSName(value=value), x509.DNSName(value=base):
            inside = _below(value.lower(), base.lower())
        case x509.IPAddress(value=value), x509.IPAddress(value=base):
            inside = _in_network(value, base)
        case x509.RFC822Name(value=value), x509.RFC822Name(value=base):
            if "@" not in value:
                return _Place.UNREADABLE
            inside = _mailbox_within(value, base)
        case x509.UniformResourceIdentifier(value=value), x509.UniformResourceIdentifier(value=base):
            host = _host(value)
            if not host:
                return _Place.UNREADABLE  # a sip: URI has no "//", so OpenSSL refuses it here
            inside = _host_within(host, base.lower())
        case x509.DirectoryName(value=value), x509.DirectoryName(value=base):
            wanted = canonical(base)
            inside = canonical(value)[: len(wanted)] == wanted
        case _:
            return _Place.UNREADABLE
    return _Place.INSIDE if inside else _Place.OUTSIDE


def _below(name: str, base: str) -> bool:
    """True when the name ends with the base, and a label begins there."""
    if not name.endswith(base):
        return False
    return len(name) == len(base) or not base or base.startswith(".") or name[-len(base) - 1] == "."


def _in_network(value: object, base: object) -> bool:
    if isinstance(value, ipaddress.IPv4Address) and isinstance(base, ipaddress.IPv4Network):
        return value in base
    return isinstance(value, ipaddress.IPv6Address) and isinstance(base, ipaddress.IPv6Network) and value in base


def _mailbox_within(value: str, base: str) -> bool:
    local, _, host = value.rpartition("@")
    if "@" in base:
        wanted, _, of = base.rpartition("@")
        return (not wanted or local == wanted) and host.lower() == of.lower()
    return _host_within(host.lower(), base.lower())


def _host_within(host: str, base: str) -> bool:
    """Compare hosts of mailboxes and URIs: a leading dot means hosts below the base, no dot means that host."""
    return host.endswith(base) and len(host) > len(base) if base.startswith(".") else host == base


def _host(uri: str) -> str:
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", uri):
        return ""
    try:
        return (urlsplit(uri).hostname or "").lower()
    except ValueError:
        return ""


def _show_name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return format_name(name.value)
    return printable(str(getattr(name, "value", name)))


def _list_names(subtrees: Sequence[x509.GeneralName]) -> str:
    return ", ".join(_show_name(s) for s in subtrees[:8]) + (" …" if len(subtrees) > 8 else "")
