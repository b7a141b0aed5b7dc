"""Rules over the extensions of every certificate of a path: what cannot be read or is not understood is not accepted."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.judge.constraints import violations
from pkikit.judge.registry import Subject, rule
from pkikit.judge.rules.chain import PathQuestion
from pkikit.judge.trust import CertificatePath
from pkikit.model.facts import UNREADABLE, key_kind, oid_name, title
from pkikit.model.findings import Evidence, Severity
from pkikit.model.names import printable

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
    requirement="Every extension of every certificate can be read, and stands there once.",
    source="RFC 5280 §4.2",
    fix="Have the certificate reissued; whoever made it wrote something else than its extensions say.",
)
def unreadable(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for index, certificate in enumerate(path.certificates):
        try:
            _ = list(certificate.extensions)
        except UNREADABLE as error:
            position = path.position(index)
            seen = printable(str(error), 120)
            yield Evidence(label=f"extensions of the {position}", expected="readable", seen=seen, where=position)


@rule(
    "chain.critical-extension-unknown",
    Severity.ERROR,
    on=Subject.PATH,
    requirement="Every critical extension is one that the verifier understands.",
    source="RFC 5280 §4.2; OpenSSL, X509_supported_extension",
    fix="Have the certificate reissued without the extension, or with it not critical.",
)
def critical_unknown(path: CertificatePath, question: PathQuestion | None = None) -> Iterator[Evidence]:
    for index, certificate in enumerate(path.certificates):
        try:
            critical = [e.oid for e in certificate.extensions if e.critical]
        except UNREADABLE:
            continue  # chain.extension-unreadable tells
        for oid in critical:
            if oid.dotted_string not in _UNDERSTOOD:
                position = path.position(index)
                yield Evidence(
                    label=f"critical extension of the {position}",
                    expected="one that is understood",
                    seen=oid_name(oid),
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
