"""Rules over the extensions of every certificate of a path: what cannot be read or is not understood is not accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from cryptography import x509

from pkikit.judge.constraints import violations
from pkikit.judge.registry import Subject, rule
from pkikit.judge.rules.chain_rules import PathQuestion
from pkikit.judge.trust import CertificatePath
from pkikit.model.certificates.facts import critical_oids, key_kind, odd_extensions, oid_name, title
from pkikit.model.certificates.oddities import lost_parts, oddities, refusal_of, refused_though_parsed, unreadable_dates
from pkikit.model.findings import Evidence, Severity
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


@rule(
    "ca.name-constraint-violated",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="A CA with name constraints signs only names inside them.",
    source="RFC 5280 §4.2.1.10",
    fix="Have it signed by a CA that may issue for this name, or leave the name out.",
)
def name_constraints(path: CertificatePath, question: PathQuestion) -> Iterator[Evidence]:
    for found in violations(path.certificates):
        yield Evidence(
            label=f"names that {title(found.authority)} may sign",
            expected=found.allowed,
            seen=found.name,
            where="nameConstraints",
        )


@rule(
    "chain.extension-unreadable",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="OpenSSL can read every extension that it uses, and each of them is in the certificate once.",
    source="RFC 5280 §4.2; OpenSSL, EXFLAG_INVALID (crypto/x509/v3_purp.c)",
    fix="Have the CA reissue the certificate. The CA wrote the extension wrong, so verifiers refuse the certificate.",
)
def unreadable(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for position, (oid, seen) in _placed(path, _refused):
        label = f"extension {oid_name(x509.ObjectIdentifier(oid))} of the {position}"
        yield Evidence(label=label, expected="readable", seen=seen, where=position)


def _placed(path: CertificatePath, facts: Callable[[x509.Certificate], Iterable[_T]]) -> Iterator[tuple[str, _T]]:
    """(position, fact) for each fact about each certificate of the path."""
    for index, certificate in enumerate(path.certificates):
        for fact in facts(certificate):
            yield path.position(index), fact


def _refused(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    """(OID, what is wrong with it), once for each kind of extension."""
    yield from dict.fromkeys((e.oid, e.oddity) for e in odd_extensions(certificate) if e.refused)
    yield from refused_though_parsed(certificate)
    for lost in lost_parts(certificate):
        if lost.startswith("the list of extensions"):
            yield "2.5.29", lost


@rule(
    "certificate.part-unreadable",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="pkikit can read every part of the certificate that a verifier looks at.",
    source="ours: no verdict about what cannot be read",
    fix="Have the CA reissue the certificate as RFC 5280 asks, or judge it with OpenSSL on the product's version.",
)
def part_unreadable(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for position, lost in _placed(path, lost_parts):
        yield Evidence(label=f"{lost} of the {position}", expected="readable", seen="not readable", where=position)


@rule(
    "validity.unreadable",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Dates have seconds and end in Z; OpenSSL refuses a certificate with any other form of date.",
    source="RFC 5280 §4.1.2.5; OpenSSL, X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD and …_NOT_AFTER_FIELD",
    fix="Have the CA reissue the certificate with dates in the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ.",
)
def dates_unreadable(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for position, (label, written) in _placed(path, unreadable_dates):
        shown = printable(written, 60) or "nothing"
        yield Evidence(label=f"{label} of the {position}", expected="YYMMDDHHMMSSZ", seen=shown, where=position)


@rule(
    "certificate.openssl-cannot-read",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="OpenSSL, and so the product, can read the certificate.",
    source="OpenSSL, d2i_X509 (B_ASN1_PRINTABLE: what the values of a name may be)",
    fix="Have the CA reissue the certificate with UTF8String or PrintableString in its names.",
)
def openssl_cannot_read(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for index, certificate in enumerate(path.certificates):
        reason = refusal_of(certificate)
        if reason:
            position = path.position(index)
            yield Evidence(
                label=f"names of the {position}", expected="text that OpenSSL reads", seen=reason, where=position
            )


@rule(
    "certificate.encoding-odd",
    Severity.WARNING,
    on=Subject.PATH,
    requirement="A certificate is written as X.509 says. OpenSSL passes over some mistakes; other software does not.",
    source="X.690 §10 and §11 (DER); RFC 5280 §4.1 and appendix A",
    fix="Nothing fails in OpenSSL and so in the product. Ask the CA to correct its software before the next renewal.",
)
def encoding_odd(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for index, certificate in enumerate(path.certificates):
        for seen in oddities(certificate):
            position = path.position(index)
            yield Evidence(label=f"encoding of the {position}", expected="as X.509 says", seen=seen, where=position)
        for oid, seen in dict.fromkeys((e.oid, e.oddity) for e in odd_extensions(certificate) if not e.refused):
            position = path.position(index)
            label = f"extension {oid_name(x509.ObjectIdentifier(oid))} of the {position}"
            yield Evidence(label=label, expected="as its standard says", seen=seen, where=position)


@rule(
    "chain.critical-extension-unknown",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Every critical extension is one that the verifier understands.",
    source="RFC 5280 §4.2; OpenSSL, X509_supported_extension",
    fix="Have the certificate reissued without the extension, or with it not critical.",
)
def critical_unknown(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for position, oid in _placed(path, critical_oids):
        if oid not in _UNDERSTOOD:
            yield Evidence(
                label=f"critical extension of the {position}",
                expected="one that is understood",
                seen=oid_name(x509.ObjectIdentifier(oid)),
                where=position,
            )


@rule(
    "key.unreadable",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Every public key of the path is of a known kind, elliptic ones on a named curve.",
    source="RFC 5480 §2.1.1; OpenSSL, X509_V_ERR_EC_KEY_EXPLICIT_PARAMS",
    fix="Have the certificate reissued for an RSA key of 2048 or 4096 bits.",
)
def key_unreadable(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for index, certificate in enumerate(path.certificates):
        if key_kind(certificate)[0] == "unreadable":
            position = path.position(index)
            yield Evidence(label=f"public key of the {position}", expected="RSA, or EC on a named curve",
                           seen="cannot be read", where=position)  # fmt: skip
