"""Checks of one server certificate (guide: "Points to be Aware", "Certificate Generation Overview", appendix 1)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.checks.check import Check
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import (
    critical_oids,
    extension,
    format_time,
    is_self_signed,
    is_unreadable,
    key_kind,
    oid_name,
    presented_names,
    unreadable_dates,
)
from pkikit.model.certificates.public_key import digest_name
from pkikit.model.findings import Evidence
from pkikit.model.tables.features import ELLIPTIC_KEYS
from pkikit.rules.certificate_rules import (
    AFTER_2050,
    CLIENT_AUTH_MISSING,
    DIGEST_UNSUPPORTED,
    EKU_CRITICAL,
    EXPIRED,
    KEY_TOO_LONG,
    KEY_TOO_SHORT,
    KEY_TYPE_UNTESTED,
    NOT_YET_VALID,
    OID_UNSUPPORTED,
    SERVER_AUTH_MISSING,
)
from pkikit.rules.name_rules import COMMON_NAME_ONLY, IP_ADDRESS_USED, WILDCARD_UNSUPPORTED
from pkikit.values.names import is_ip_address

MAX_RSA, MIN_RSA, MIN_EC = 4096, 2048, 224
WEAK_DIGESTS = {"md5", "sha1", "unknown"}
_LAST_SAFE_YEAR = 2049

# The jurisdiction attributes of extended validation: beyond the standard attributes, the guide allows these three only.
_EV_JURISDICTION = tuple(f"1.3.6.1.4.1.311.60.2.1.{n}" for n in (1, 2, 3))
# Attributes of a name that OpenSSL prints by a name, not by its number; `tests/interop` compares with openssl itself.
# X.520 selected attributes, then RFC 4519 and RFC 4524 (userId, mail, domainComponent), then PKCS #9.
DECODED_ATTRIBUTES = frozenset(
    (
        *(f"2.5.4.{n}" for n in (*range(3, 55), 65, 72, 97)),
        *(f"0.9.2342.19200300.100.1.{n}" for n in (1, 3, 25)),
        *(f"1.2.840.113549.1.9.{n}" for n in (1, 2, 7, 8)),
        *_EV_JURISDICTION,
    )
)
MAX_SHOWN = 50  # pieces of evidence in one finding: a hostile certificate may hold thousands of names


def expired(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the certificate has ended."""
    if use.at.replace(microsecond=0) > certificate.not_valid_after_utc:
        yield Evidence(
            label="not after",
            expected=f"after {format_time(use.at)}",
            seen=format_time(certificate.not_valid_after_utc),
            where="validity",
            says=f"The certificate expired at {format_time(certificate.not_valid_after_utc)} "
            f"(checked for {format_time(use.at)}).",
        )


def not_yet_valid(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the certificate has not started."""
    if use.at < certificate.not_valid_before_utc:
        yield Evidence(
            label="not before",
            expected=f"before {format_time(use.at)}",
            seen=format_time(certificate.not_valid_before_utc),
            where="validity",
            says=f"The certificate is valid from {format_time(certificate.not_valid_before_utc)} on, "
            f"not yet at {format_time(use.at)}.",
        )


def after_2050(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the certificate ends after 2049."""
    if certificate.not_valid_after_utc.year > _LAST_SAFE_YEAR and not unreadable_dates(certificate):
        yield Evidence(
            label="not after",
            expected="2049 or earlier",
            seen=format_time(certificate.not_valid_after_utc),
            where="validity",
            says=f"The certificate ends at {format_time(certificate.not_valid_after_utc)}, after 2049.",
        )


def may_sign(certificate: x509.Certificate, *, as_server: bool = False) -> bool:
    """True when the key usage lets TLS use the key, as OpenSSL asks; for a server, key encipherment is enough too."""
    usage = extension(certificate, x509.KeyUsage)
    if usage is None:
        return True
    return usage.digital_signature or usage.key_agreement or (as_server and usage.key_encipherment)


def allows(certificate: x509.Certificate | x509.CertificateSigningRequest, purpose: x509.ObjectIdentifier) -> bool:
    """True when the EKU extension is absent or lists the purpose; anyExtendedKeyUsage does not count (as in OpenSSL)."""
    usage = extension(certificate, x509.ExtendedKeyUsage)
    return usage is None or purpose in list(usage)


def format_ekus(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return the EKUs by name."""
    usage = extension(certificate, x509.ExtendedKeyUsage)
    if usage is None and is_unreadable(certificate, x509.ExtendedKeyUsage):
        return "unreadable"
    return ", ".join(oid_name(oid) for oid in usage or ()) or "none"


def lacks_purpose(whose: str, holder: x509.Certificate | x509.CertificateSigningRequest, purpose: str) -> str:
    """Return the sentence about a certificate or request that lists purposes without this one."""
    has = format_ekus(holder)
    if has in {"none", "unreadable"}:
        return f"{whose} does not allow {purpose}: its extended key usage is {'empty' if has == 'none' else has}."
    return f"{whose} allows only {has}, not {purpose}."


def client_auth_missing(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the extended key usage leaves out clientAuth."""
    if not allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        yield Evidence(
            label="extended key usage",
            expected="clientAuth",
            seen=format_ekus(certificate),
            where="extendedKeyUsage",
            says=lacks_purpose("The certificate", certificate, "clientAuth"),
        )


def server_auth_missing(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the extended key usage leaves out serverAuth."""
    if not allows(certificate, ExtendedKeyUsageOID.SERVER_AUTH):
        yield Evidence(
            label="extended key usage",
            expected="serverAuth",
            seen=format_ekus(certificate),
            where="extendedKeyUsage",
            says=lacks_purpose("The certificate", certificate, "serverAuth"),
        )


def eku_critical(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the extended key usage is critical."""
    if is_critical(certificate, x509.ExtendedKeyUsage):
        yield Evidence(label="extended key usage", expected="not critical", seen="critical", where="extendedKeyUsage")


def is_critical(certificate: x509.Certificate | x509.CertificateSigningRequest, kind: type[x509.ExtensionType]) -> bool:
    """True when the extension exists and is critical, readable or not."""
    return kind.oid.dotted_string in critical_oids(certificate)


def wildcard(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each wildcard among SAN and common name."""
    names = presented_names(certificate)
    for seen in (*names.wildcards, *([names.common_name] if names.common_name.startswith("*.") else [])):
        yield Evidence(
            label="name",
            expected="a full name",
            seen=seen,
            where="subjectAltName" if seen in names.wildcards else "subject",
            says=f"{seen} is a wildcard, and Expressway does not support wildcards.",
        )


def ip_address(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each IP address in the SAN, also one written as dNSName."""
    names = presented_names(certificate)
    as_dns = [n for n in names.unusable if is_ip_address(n)]
    for seen in (*names.ip, *as_dns):
        says = f"The SAN has the IP address {seen}. Peers are addressed by FQDN."
        yield Evidence(label="name", expected="an FQDN", seen=seen, where="subjectAltName", says=says)


def common_name_only(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the common name is not in the SAN."""
    if is_unreadable(certificate, x509.SubjectAlternativeName):
        return  # nobody knows whether the SAN repeats it; `chain.extension-unreadable` reports the SAN
    names = presented_names(certificate)
    name = names.common_name
    if not name or name in names.dns or name in names.wildcards or name in names.sip:
        return
    if names.has_san_identity and _is_multi_server(name):
        return
    seen = names.describe() if names.all_names else ("a SAN without dNSName" if names.has_san else "no SAN")
    says = (
        f"The common name {name} is not in the SAN (it has {seen})."
        if names.all_names
        else (f"The common name is {name}, and the certificate has {seen}.")
    )
    yield Evidence(label="subjectAltName", expected=f"dNSName {name}", seen=seen, where="subjectAltName", says=says)


def _is_multi_server(common_name: str) -> bool:
    """True for `HOST-ms.DOMAIN`, which Unified CM writes into a multi-server request; nobody dials that name (TAC 118731)."""
    return common_name.partition(".")[0].endswith("-ms")


def key_too_long(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that an RSA or DSA key is longer than Expressway supports."""
    kind, bits = key_kind(certificate)
    if kind in {"RSA", "DSA"} and bits > MAX_RSA:
        yield Evidence(
            label="key length",
            expected=f"at most {MAX_RSA} bits",
            seen=f"{kind} {bits} bits",
            where="subjectPublicKey",
            says=f"The {kind} key has {bits} bits; Expressway supports at most {MAX_RSA}.",
        )


def key_too_short(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the key is shorter than OpenSSL's security level 2 accepts."""
    yield from weak_key(certificate)


def weak_key(certificate: x509.Certificate | x509.CertificateSigningRequest) -> Iterator[Evidence]:
    """Evidence that the key is shorter than OpenSSL's security level 2 accepts."""
    kind, bits = key_kind(certificate)
    least = MIN_EC if kind == "EC" else MIN_RSA
    if kind in {"RSA", "DSA", "EC"} and bits < least:
        yield Evidence(
            label="key length",
            expected=f"at least {least} bits",
            seen=f"{kind} {bits} bits",
            where="subjectPublicKey",
            says=f"The {kind} key has only {bits} bits; {least} is the minimum.",
        )


def key_type(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the kind of key is not tested with the product version."""
    kind, bits = key_kind(certificate)
    if kind in {"RSA", "unreadable"}:
        return
    elliptic = use.version.has(ELLIPTIC_KEYS)
    if kind != "EC" or not elliptic:
        yield Evidence(
            label=f"key type for {use.version}",
            expected="RSA or EC" if elliptic else f"RSA (EC from {ELLIPTIC_KEYS.first} on)",
            seen=f"{kind} {bits} bits" if bits else kind,
            where="subjectPublicKey",
        )


def weak_digest(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that a weak digest protects the certificate's signature; roots do not count."""
    if use.is_request or not is_root(certificate):
        yield from digest_evidence(certificate)


def is_root(certificate: x509.Certificate) -> bool:
    """True for a self-signed CA certificate: a trust anchor, whose signature nobody verifies."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca and is_self_signed(certificate)


def digest_evidence(certificate: x509.Certificate) -> Iterator[Evidence]:
    """Evidence that a weak digest protects the certificate's signature."""
    digest = digest_name(certificate)
    if digest in WEAK_DIGESTS:
        yield Evidence(
            label="signature digest",
            expected="sha256, sha384 or sha512",
            seen=digest,
            where="signatureAlgorithm",
        )


def unsupported_oids(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each attribute of subject and issuer that OpenSSL prints as a number."""
    yield from name_oids(certificate)


def name_oids(certificate: x509.Certificate) -> Iterator[Evidence]:
    """Evidence for each attribute of subject and issuer that OpenSSL prints as a number; SSH tunnels fail over these.

    A self-issued certificate has one name, which counts once.
    """
    yield from subject_oids(certificate)
    if certificate.issuer != certificate.subject:
        yield from _unknown_attributes("issuer", certificate.issuer)


def subject_oids(certificate: x509.Certificate) -> Iterator[Evidence]:
    """Evidence for each attribute of the subject alone that OpenSSL prints as a number."""
    yield from _unknown_attributes("subject", certificate.subject)


def _unknown_attributes(where: str, name: x509.Name) -> Iterator[Evidence]:
    found = (a.oid.dotted_string for a in name if a.oid.dotted_string not in DECODED_ATTRIBUTES)
    for oid in islice(found, MAX_SHOWN):
        says = f"The {where} of the certificate has the attribute {oid}. Only standard attributes are supported."
        yield Evidence(label=f"{where} OID", expected="a standard attribute", seen=oid, where=where, says=says)


CHECKS = (
    Check(EXPIRED, expired),
    Check(NOT_YET_VALID, not_yet_valid),
    Check(AFTER_2050, after_2050),
    Check(CLIENT_AUTH_MISSING, client_auth_missing),
    Check(SERVER_AUTH_MISSING, server_auth_missing),
    Check(EKU_CRITICAL, eku_critical),
    Check(WILDCARD_UNSUPPORTED, wildcard),
    Check(IP_ADDRESS_USED, ip_address),
    Check(COMMON_NAME_ONLY, common_name_only),
    Check(KEY_TOO_LONG, key_too_long),
    Check(KEY_TOO_SHORT, key_too_short),
    Check(KEY_TYPE_UNTESTED, key_type),
    Check(DIGEST_UNSUPPORTED, weak_digest),
    Check(OID_UNSUPPORTED, unsupported_oids),
)
