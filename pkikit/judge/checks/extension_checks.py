"""Checks of every certificate of a path by itself: a part that nobody can read, or that OpenSSL refuses.

A single certificate is judged as a path of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from cryptography import x509

from pkikit.judge.checks.check import Check
from pkikit.judge.paths.trust import CertificatePath
from pkikit.model.certificates.facts import (
    critical_oids,
    key_kind,
    odd_extensions,
    oid_name,
    refusal_of,
    refused_though_parsed,
    unreadable_dates,
)
from pkikit.model.certificates.oddities import oddities, unreadable_parts
from pkikit.model.findings import Evidence
from pkikit.rules.chain_rules import (
    CRITICAL_EXTENSION_UNKNOWN,
    DATES_UNREADABLE,
    ENCODING_ODD,
    EXTENSION_UNREADABLE,
    KEY_UNREADABLE,
    OPENSSL_CANNOT_READ,
    PART_UNREADABLE,
)
from pkikit.values.names import printable

_T = TypeVar("_T")
# What OpenSSL understands when it is critical (X509_supported_extension); key identifiers, for one, it does not.
_UNDERSTOOD = frozenset(
    {
        "2.16.840.1.113730.1.1", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.32", "2.5.29.31", "2.5.29.37",
        "1.3.6.1.5.5.7.1.7", "1.3.6.1.5.5.7.1.8", "1.3.6.1.5.5.7.48.1.5", "2.5.29.36", "1.3.6.1.5.5.7.1.14",
        "2.5.29.30", "2.5.29.33", "2.5.29.54",
    }
)  # fmt: skip


def unreadable(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each extension that OpenSSL refuses."""
    for position, (oid, seen) in _locate(path, _find_refused):
        label = f"extension {oid_name(x509.ObjectIdentifier(oid))} of the {position}"
        yield Evidence(label=label, expected="readable", seen=seen, where=position)


def _locate(path: CertificatePath, facts: Callable[[x509.Certificate], Iterable[_T]]) -> Iterator[tuple[str, _T]]:
    """Yield (position, fact) for each fact about each certificate of the path."""
    for index, certificate in enumerate(path.certificates):
        for fact in facts(certificate):
            yield path.position(index), fact


def _find_refused(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield (OID, what is wrong with it), once for each kind of extension."""
    yield from dict.fromkeys((e.oid, e.oddity) for e in odd_extensions(certificate) if e.refused)
    yield from refused_though_parsed(certificate)
    for lost in unreadable_parts(certificate):
        if lost.startswith("the list of extensions"):
            yield "2.5.29", lost


def part_unreadable(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each part of a certificate that pkikit cannot read."""
    for position, lost in _locate(path, unreadable_parts):
        yield Evidence(label=f"{lost} of the {position}", expected="readable", seen="not readable", where=position)


def dates_unreadable(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each date in a form that OpenSSL refuses."""
    for position, (label, written) in _locate(path, unreadable_dates):
        shown = printable(written, 60) or "nothing"
        yield Evidence(label=f"{label} of the {position}", expected="YYMMDDHHMMSSZ", seen=shown, where=position)


def openssl_cannot_read(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each certificate that OpenSSL cannot load."""
    for index, certificate in enumerate(path.certificates):
        reason = refusal_of(certificate)
        if reason:
            position = path.position(index)
            yield Evidence(
                label=f"names of the {position}", expected="text that OpenSSL reads", seen=reason, where=position
            )


def encoding_odd(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each mistake of encoding that OpenSSL ignores."""
    for index, certificate in enumerate(path.certificates):
        for seen in oddities(certificate):
            position = path.position(index)
            yield Evidence(label=f"encoding of the {position}", expected="as X.509 says", seen=seen, where=position)
        for oid, seen in dict.fromkeys((e.oid, e.oddity) for e in odd_extensions(certificate) if not e.refused):
            position = path.position(index)
            label = f"extension {oid_name(x509.ObjectIdentifier(oid))} of the {position}"
            yield Evidence(label=label, expected="as its standard says", seen=seen, where=position)


def critical_unknown(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each critical extension that OpenSSL does not understand."""
    for position, oid in _locate(path, critical_oids):
        if oid not in _UNDERSTOOD:
            yield Evidence(
                label=f"critical extension of the {position}",
                expected="one that is understood",
                seen=oid_name(x509.ObjectIdentifier(oid)),
                where=position,
                says=f"The {position} has the critical extension {oid_name(x509.ObjectIdentifier(oid))}, which OpenSSL does not "
                "understand.",
            )


def key_unreadable(path: CertificatePath) -> Iterator[Evidence]:
    """Evidence for each public key that cannot be read."""
    for index, certificate in enumerate(path.certificates):
        if key_kind(certificate)[0] == "unreadable":
            position = path.position(index)
            yield Evidence(label=f"public key of the {position}", expected="RSA, or EC on a named curve",
                           seen="cannot be read", where=position)  # fmt: skip


CHECKS = (
    Check(EXTENSION_UNREADABLE, unreadable),
    Check(PART_UNREADABLE, part_unreadable),
    Check(DATES_UNREADABLE, dates_unreadable),
    Check(OPENSSL_CANNOT_READ, openssl_cannot_read),
    Check(ENCODING_ODD, encoding_odd),
    Check(CRITICAL_EXTENSION_UNKNOWN, critical_unknown),
    Check(KEY_UNREADABLE, key_unreadable),
)
