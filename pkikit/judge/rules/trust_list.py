"""Rules over a trusted CA list and over each CA certificate in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from pkikit.judge.registry import Subject, rule
from pkikit.judge.rules.upload import is_temporary
from pkikit.judge.trust import Anchor, build_path, effective_trust
from pkikit.judge.use import CertificateUse
from pkikit.model.facts import common_name, distinguished, extension, title
from pkikit.model.findings import Evidence, Severity
from pkikit.model.names import printable


@rule(
    "trust-list.same-subject",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="A trusted CA list holds no two self-signed certificates with one subject: only the first is used.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
)
def same_subject(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for dropped in effective_trust(certificates)[1]:
        yield Evidence(label="subject", expected="once", seen=distinguished(dropped.subject), where="trusted CA list")


@rule(
    "trust-list.leaf-in-list",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="A trusted CA list holds CA certificates; a server certificate in it trusts nobody but itself.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'",
    fix="Append the CA that signed it instead.",
)
def leaf_in_list(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for certificate in certificates:
        constraints = extension(certificate, x509.BasicConstraints)
        if constraints is not None and not constraints.ca:
            yield Evidence(label="certificate", expected="a CA", seen=title(certificate), where="trusted CA list")


@rule(
    "trust-list.same-common-name",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="No two CA certificates of the list have one common name: logins through an identity provider may fail.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Delete the one that is no longer needed; give a renewed CA another common name.",
    versions="X14.0-",
)
def same_common_name(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    seen: dict[str, x509.Certificate] = {}
    for certificate in certificates:
        name = common_name(certificate.subject)
        first = seen.setdefault(name, certificate) if name else certificate
        if first != certificate:
            yield Evidence(
                label=f"common name {printable(name)}", expected="once", seen="twice", where="trusted CA list"
            )


@rule(
    "trust-list.root-absent",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="An intermediate of the list is of use only together with the root above it.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'; RFC 5280 §6.1",
    fix="Append the root (and what lies between).",
)
def root_absent(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for certificate in certificates:
        path = build_path(certificate, sent=(), trusted_ca_list=certificates, at=use.at)
        if path.anchor is not Anchor.TRUSTED:
            above = distinguished(path.certificates[-1].issuer)
            yield Evidence(
                label=f"issuer of {title(certificate)}", expected=above, seen="not in the list", where="trusted CA list"
            )


@rule(
    "trust-list.temporary-ca",
    Severity.INFO,
    on=Subject.TRUST_LIST,
    requirement="The temporary CA of a new installation is taken out once real certificates are in use.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Replace the list with the CAs that you trust.",
)
def temporary_ca(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for certificate in certificates:
        if is_temporary(certificate.subject):
            seen = distinguished(certificate.subject)
            yield Evidence(label="CA", expected="one that you chose", seen=seen, where="trusted CA list")
