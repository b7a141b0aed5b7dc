"""Checks of a certificate's form, beyond what Cisco documents; most come from the comparison with pkilint."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from pkikit.judge.checks.check import Check
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import extension, has_extension, is_self_issued, is_unreadable, presented_names
from pkikit.model.findings import Evidence
from pkikit.rules.certificate_rules import CA_KEY_USAGE_MISSING, KEY_IDENTIFIERS_ABSENT, MAY_SIGN, VERSION_OLD
from pkikit.rules.name_rules import NAMES_UNUSABLE


def unusable_names(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each entry of the SAN that cannot match any name."""
    for entry in presented_names(certificate).refused[:50]:
        yield Evidence(
            label="name", expected="a domain name", seen=f"{entry.name!r}, which {entry.reason}", where="subjectAltName"
        )


def key_identifiers(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each key identifier that is absent."""
    absent = [] if has_extension(certificate, x509.SubjectKeyIdentifier) else ["subjectKeyIdentifier"]
    if not has_extension(certificate, x509.AuthorityKeyIdentifier) and not is_self_issued(certificate):
        absent.append("authorityKeyIdentifier")
    for name in absent:
        yield Evidence(label="key identifier", expected=name, seen="absent", where="extensions")
    above = extension(certificate, x509.AuthorityKeyIdentifier)
    if above is not None and above.key_identifier is None:
        seen = "present, without the key identifier"
        yield Evidence(label="key identifier", expected="authorityKeyIdentifier", seen=seen, where="extensions")


def old_version(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the certificate is older than X.509 version 3."""
    if certificate.version is not x509.Version.v3:
        yield Evidence(label="version", expected="v3", seen=certificate.version.name, where="version")


def may_sign(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the key of a server certificate may sign certificates."""
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    is_ca = constraints is not None and constraints.ca
    if usage is not None and usage.key_cert_sign and not is_ca:
        yield Evidence(label="key usage", expected="no keyCertSign", seen="keyCertSign", where="keyUsage")


def ca_key_usage(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each key usage that a CA needs and does not have."""
    usage = extension(certificate, x509.KeyUsage)
    if usage is None:
        if not is_unreadable(certificate, x509.KeyUsage):
            yield Evidence(label="key usage", expected="keyCertSign, cRLSign", seen="absent", where="keyUsage")
        return
    for name, allowed in (("keyCertSign", usage.key_cert_sign), ("cRLSign", usage.crl_sign)):
        if not allowed:
            yield Evidence(label="key usage", expected=name, seen="not there", where="keyUsage")


CA_CHECKS = (Check(CA_KEY_USAGE_MISSING, ca_key_usage),)
CHECKS = (
    Check(NAMES_UNUSABLE, unusable_names),
    Check(KEY_IDENTIFIERS_ABSENT, key_identifiers),
    Check(VERSION_OLD, old_version),
    Check(MAY_SIGN, may_sign),
)
