"""Rules on how a certificate is made, beyond what Cisco documents; most come from the comparison with pkilint."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import Subject, rule
from pkikit.model.certificates.facts import extension, has_extension, is_self_issued, is_unreadable
from pkikit.model.findings import Evidence, Severity


@rule(
    "names.unusable",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="Every dNSName is a domain name, and every SIP URI is a SIP domain. Anything else matches nothing.",
    source="RFC 5280 §4.2.1.6; RFC 1034 §3.5",
    fix="Have the certificate reissued with the name written as letters, digits, hyphens and dots.",
)
def unusable_names(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    for entry in presented_names(certificate).refused[:50]:
        yield Evidence(
            label="name", expected="a domain name", seen=f"{entry.name!r}, which {entry.reason}", where="subjectAltName"
        )


@rule(
    "certificate.key-identifiers-absent",
    Severity.INFO,
    on=Subject.CERTIFICATE,
    requirement="A certificate holds the identifiers of its own key and of its issuer's key. Without them, two CAs with one name "
    "and different keys look the same.",
    source="RFC 5280 §4.2.1.1, §4.2.1.2",
    fix="Nothing fails because of it. Have the next certificate issued with both identifiers.",
)
def key_identifiers(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.is_request:
        return
    absent = [] if has_extension(certificate, x509.SubjectKeyIdentifier) else ["subjectKeyIdentifier"]
    if not has_extension(certificate, x509.AuthorityKeyIdentifier) and not is_self_issued(certificate):
        absent.append("authorityKeyIdentifier")
    for name in absent:
        yield Evidence(label="key identifier", expected=name, seen="absent", where="extensions")
    above = extension(certificate, x509.AuthorityKeyIdentifier)
    if above is not None and above.key_identifier is None:
        seen = "present, without the key identifier"
        yield Evidence(label="key identifier", expected="authorityKeyIdentifier", seen=seen, where="extensions")


@rule(
    "certificate.version-old",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="Certificates are X.509 version 3. Older versions have no extensions, and so no SAN, no purposes and no "
    "BasicConstraints.",
    source="RFC 5280 §4.1.2.1",
    fix="Have the certificate reissued by a CA that writes version 3.",
)
def old_version(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if not use.is_request and certificate.version is not x509.Version.v3:
        yield Evidence(label="version", expected="v3", seen=certificate.version.name, where="version")


@rule(
    "certificate.may-sign",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="A server certificate must not sign certificates.",
    source="RFC 5280 §4.2.1.3",
    fix="Have the certificate reissued with the key usages digitalSignature and keyEncipherment only.",
)
def may_sign(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    is_ca = constraints is not None and constraints.ca
    if usage is not None and usage.key_cert_sign and not is_ca:
        yield Evidence(label="key usage", expected="no keyCertSign", seen="keyCertSign", where="keyUsage")


@rule(
    "ca.key-usage-missing",
    Severity.WARNING,
    on=Subject.CA,
    requirement="The key usage of a CA certificate allows it to sign certificates and CRLs.",
    source="RFC 5280 §4.2.1.3",
    fix="Have the CA certificate reissued with keyCertSign and cRLSign.",
)
def ca_key_usage(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    usage = extension(certificate, x509.KeyUsage)
    if usage is None:
        if not is_unreadable(certificate, x509.KeyUsage):
            yield Evidence(label="key usage", expected="keyCertSign, cRLSign", seen="absent", where="keyUsage")
        return
    for name, allowed in (("keyCertSign", usage.key_cert_sign), ("cRLSign", usage.crl_sign)):
        if not allowed:
            yield Evidence(label="key usage", expected=name, seen="not there", where="keyUsage")
