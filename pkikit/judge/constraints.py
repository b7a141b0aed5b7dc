"""Name constraints of the CAs of a path, applied to every name below them (RFC 5280 §4.2.1.10, as OpenSSL does it).

Every kind of name is looked at: dNSName, iPAddress, rfc822Name, URI, directoryName (the subject too), otherName.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from pkikit.model.facts import canonical, common_name, distinguished, extension, is_self_issued
from pkikit.model.names import is_ip_address, printable

# OpenSSL's NAME_CHECK_MAX: more comparisons than that are an attack, not a certificate.
MAX_COMPARISONS = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One name that a CA may not sign; `allowed` says what it may."""

    authority: x509.Certificate
    name: str
    allowed: str


def violations(path: Sequence[x509.Certificate]) -> Iterator[Violation]:
    """Each name below a constrained CA that it may not sign; leaf first in `path`."""
    for index, authority in enumerate(path[1:], start=1):
        constraints = extension(authority, x509.NameConstraints)
        if constraints is None:
            continue
        for depth, below in enumerate(path[:index]):
            if depth and is_self_issued(below):
                continue  # RFC 5280 §6.1.3 (b): a self-issued intermediate is not held to them
            yield from _of_certificate(below, depth == 0, constraints, authority)


def _of_certificate(
    certificate: x509.Certificate, is_leaf: bool, constraints: x509.NameConstraints, authority: x509.Certificate
) -> Iterator[Violation]:
    permitted, excluded = constraints.permitted_subtrees or [], constraints.excluded_subtrees or []
    names = list(_names(certificate, is_leaf))
    if len(names) * (len(permitted) + len(excluded)) > MAX_COMPARISONS:
        yield Violation(authority=authority, name=f"{len(names)} names", allowed="so few that they can be compared")
        return
    comparable = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier, x509.DirectoryName)
    for name in names:
        kind = type(name)
        if not isinstance(name, comparable):
            # otherName and what else has no defined comparison: where such a name meets such a constraint, neither holds.
            if any(type(s) is kind for s in (*permitted, *excluded)):
                yield Violation(authority=authority, name=_shown(name), allowed="no name of that kind")
            continue
        own_kind = [s for s in permitted if isinstance(s, kind)]
        if any(_within(name, s) for s in excluded if isinstance(s, kind)):
            yield Violation(authority=authority, name=_shown(name), allowed=f"not {_listed(excluded)}")
        elif own_kind and not any(_within(name, s) for s in own_kind):
            yield Violation(authority=authority, name=_shown(name), allowed=_listed(own_kind))


def _names(certificate: x509.Certificate, is_leaf: bool) -> Iterator[x509.GeneralName]:
    alternative = list(extension(certificate, x509.SubjectAlternativeName) or ())
    yield from alternative
    if certificate.subject:
        yield x509.DirectoryName(certificate.subject)
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield x509.RFC822Name._init_without_validation(str(attribute.value))
    name = common_name(certificate.subject)
    if is_leaf and name and not any(isinstance(n, x509.DNSName) for n in alternative) and _looks_like_dns(name):
        yield x509.DNSName._init_without_validation(name)


def _looks_like_dns(text: str) -> bool:
    return text.isascii() and "." in text and not is_ip_address(text) and all(c.isalnum() or c in "-._" for c in text)


def _within(name: x509.GeneralName, subtree: x509.GeneralName) -> bool:
    match name, subtree:
        case x509.DNSName(value=value), x509.DNSName(value=base):
            return _below(value.lower().rstrip("."), base.lower())
        case x509.IPAddress(value=value), x509.IPAddress(value=base):
            return _in_network(value, base)
        case x509.RFC822Name(value=value), x509.RFC822Name(value=base):
            return _mailbox_within(value, base)
        case x509.UniformResourceIdentifier(value=value), x509.UniformResourceIdentifier(value=base):
            return _host_within(_host(value), base.lower())
        case x509.DirectoryName(value=value), x509.DirectoryName(value=base):
            wanted = canonical(base)
            return canonical(value)[: len(wanted)] == wanted
        case _:
            return False


def _below(name: str, base: str) -> bool:
    bare = base.removeprefix(".")
    return not bare or name.endswith("." + bare) or (name == bare and not base.startswith("."))


def _in_network(value: object, base: object) -> bool:
    if isinstance(value, ipaddress.IPv4Address) and isinstance(base, ipaddress.IPv4Network):
        return value in base
    return isinstance(value, ipaddress.IPv6Address) and isinstance(base, ipaddress.IPv6Network) and value in base


def _mailbox_within(value: str, base: str) -> bool:
    local, at, host = value.rpartition("@")
    if not at:
        return False
    if "@" in base:
        wanted, _, of = base.rpartition("@")
        return local == wanted and host.lower() == of.lower()
    return _host_within(host.lower(), base.lower())


def _host_within(host: str, base: str) -> bool:
    """For mailboxes and URIs a base with a leading dot means hosts below it, one without means that host."""
    return host.endswith(base) if base.startswith(".") else host == base


def _host(uri: str) -> str:
    try:
        return (urlsplit(uri).hostname or "").lower()
    except ValueError:
        return ""


def _shown(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return distinguished(name.value)
    return printable(str(getattr(name, "value", name)))


def _listed(subtrees: Sequence[x509.GeneralName]) -> str:
    return ", ".join(_shown(s) for s in subtrees[:8]) + (" …" if len(subtrees) > 8 else "")
