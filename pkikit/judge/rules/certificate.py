"""Rules over one server certificate (guide: "Points to be Aware", "Certificate Generation Overview", appendix 1)."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pkikit.judge.names import presented_names
from pkikit.judge.registry import Subject, rule
from pkikit.judge.use import CertificateUse
from pkikit.model.facts import KNOWN_EXTENSIONS, digest_name, extension, extension_oids, key_kind, oid_name, shown_time
from pkikit.model.findings import Evidence, Severity
from pkikit.model.names import is_ip_address

_AWARE = "X12.5 guide, 'Points to be Aware'"
MAX_RSA, MIN_RSA, MIN_EC = 4096, 2048, 224
WEAK_DIGESTS = {"md5", "sha1", "unknown"}
_LAST_SAFE_YEAR = 2049

# Microsoft's EV jurisdiction OIDs: the only ones beyond the standard subject attributes that the product handles.
_EV_JURISDICTION = {f"1.3.6.1.4.1.311.60.2.1.{n}" for n in (1, 2, 3)}
# What AD CS writes into every certificate, and the guide's own appendices 5 and 6 lead to.
_MICROSOFT_EXTENSIONS = {f"1.3.6.1.4.1.311.{n}" for n in ("20.2", "21.1", "21.2", "21.7", "21.10", "25.2")}
SUPPORTED_SUBJECT_OIDS = {
    oid.dotted_string
    for oid in (
        NameOID.COMMON_NAME,
        NameOID.SURNAME,
        NameOID.SERIAL_NUMBER,
        NameOID.COUNTRY_NAME,
        NameOID.LOCALITY_NAME,
        NameOID.STATE_OR_PROVINCE_NAME,
        NameOID.STREET_ADDRESS,
        NameOID.ORGANIZATION_NAME,
        NameOID.ORGANIZATIONAL_UNIT_NAME,
        NameOID.TITLE,
        NameOID.BUSINESS_CATEGORY,
        NameOID.POSTAL_CODE,
        NameOID.GIVEN_NAME,
        NameOID.INITIALS,
        NameOID.GENERATION_QUALIFIER,
        NameOID.DN_QUALIFIER,
        NameOID.PSEUDONYM,
        NameOID.USER_ID,
        NameOID.DOMAIN_COMPONENT,
        NameOID.EMAIL_ADDRESS,
        NameOID.ORGANIZATION_IDENTIFIER,
    )
} | _EV_JURISDICTION


@rule(
    "validity.expired",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A certificate is within its validity when it is used, and so is every CA above it.",
    source=_AWARE,
    fix="Renew the certificate that expired; if it has not, set the clock of the verifier right.",
)
def expired(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.at.replace(microsecond=0) > certificate.not_valid_after_utc:
        yield Evidence(
            label="not after",
            expected=f"after {shown_time(use.at)}",
            seen=shown_time(certificate.not_valid_after_utc),
            where="validity",
        )


@rule(
    "validity.not-yet-valid",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A certificate is used only from its notBefore on.",
    source="X12.5 guide, appendix 1 'SIP TLS Negotiation Failures'",
    fix="Compare the verifier's clock with NTP; if it is right, wait until notBefore or have the certificate reissued.",
)
def not_yet_valid(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.at < certificate.not_valid_before_utc:
        yield Evidence(
            label="not before",
            expected=f"before {shown_time(use.at)}",
            seen=shown_time(certificate.not_valid_before_utc),
            where="validity",
        )


@rule(
    "validity.after-2050",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="Certificates end before 2050, where X.509 changes its way of writing dates.",
    source=_AWARE,
    fix="Have it issued with an end date in 2049 or earlier.",
)
def after_2050(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if certificate.not_valid_after_utc.year > _LAST_SAFE_YEAR:
        yield Evidence(
            label="not after",
            expected="2049 or earlier",
            seen=shown_time(certificate.not_valid_after_utc),
            where="validity",
        )


def may_sign(certificate: x509.Certificate, *, as_server: bool = False) -> bool:
    """True when the key usage lets TLS use the key, as OpenSSL asks: of a server it may also be encrypted to."""
    usage = extension(certificate, x509.KeyUsage)
    if usage is None:
        return True
    return usage.digital_signature or usage.key_agreement or (as_server and usage.key_encipherment)


def allows(certificate: x509.Certificate | x509.CertificateSigningRequest, purpose: x509.ObjectIdentifier) -> bool:
    """True when the EKU extension is absent or lists the purpose; anyExtendedKeyUsage does not count (as in OpenSSL)."""
    usage = extension(certificate, x509.ExtendedKeyUsage)
    return usage is None or purpose in list(usage)


def shown_ekus(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """The EKUs by name."""
    usage = extension(certificate, x509.ExtendedKeyUsage)
    return ", ".join(oid_name(oid) for oid in usage or ()) or "none"


@rule(
    "eku.client-auth-missing",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A server certificate used for mutual TLS allows clientAuth as well as serverAuth.",
    source="X12.5 guide, 'Certificate Generation Overview'",
    fix="Request both EKUs and have it signed by a CA profile that keeps both.",
)
def client_auth_missing(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if not allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        yield Evidence(
            label="extended key usage",
            expected="clientAuth",
            seen=shown_ekus(certificate),
            where="extendedKeyUsage",
        )


@rule(
    "eku.server-auth-missing",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A server certificate allows serverAuth.",
    source="X12.5 guide, 'Creating a CSR Using Expressway'",
    fix="Request both EKUs and have it signed by a CA profile that keeps both.",
)
def server_auth_missing(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if not allows(certificate, ExtendedKeyUsageOID.SERVER_AUTH):
        yield Evidence(
            label="extended key usage",
            expected="serverAuth",
            seen=shown_ekus(certificate),
            where="extendedKeyUsage",
        )


@rule(
    "names.wildcard-unsupported",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A server certificate names each host and domain; wildcards are not supported.",
    source=_AWARE,
    fix="Order a certificate that lists every name of the SAN layout.",
)
def wildcard(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    names = presented_names(certificate)
    for seen in (*names.wildcards, *([names.common_name] if names.common_name.startswith("*.") else [])):
        yield Evidence(
            label="name",
            expected="a full name",
            seen=seen,
            where="subjectAltName" if seen in names.wildcards else "subject",
        )


@rule(
    "names.ip-address-used",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="Peers are addressed and named by FQDN; an IP address matches no dNSName.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; RFC 5922 §7.1",
    fix="Configure the peer address as FQDN, and put that FQDN into the certificate.",
)
def ip_address(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    names = presented_names(certificate)
    as_dns = [n for n in names.unusable if is_ip_address(n)]
    for seen in (*names.ip, *as_dns):
        yield Evidence(label="name", expected="an FQDN", seen=seen, where="subjectAltName")


@rule(
    "names.common-name-only",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="The FQDN stands in the SAN too; CAs refuse and clients of today ignore a name that is only in the common name.",
    source="X12.5 guide, 'Overview of Certificate Use' (SAN left blank when not clustered); RFC 9525 §1.2",
    fix="Repeat the FQDN as dNSName in the SAN.",
)
def common_name_only(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    names = presented_names(certificate)
    if not names.has_san_identity and names.common_name:
        yield Evidence(
            label="subjectAltName",
            expected=f"dNSName {names.common_name}",
            seen="empty",
            where="subjectAltName",
        )


@rule(
    "key.too-long",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="RSA keys are at most 4096 bits; 8192-bit keys fail in practice.",
    source="X12.5 guide, appendix 1 'Certificates with Key Length of 8192 Bits'",
    fix="Generate a key of 2048 or 4096 bits and request a new certificate.",
)
def key_too_long(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    kind, bits = key_kind(certificate)
    if kind in {"RSA", "DSA"} and bits > MAX_RSA:
        yield Evidence(
            label="key length",
            expected=f"at most {MAX_RSA} bits",
            seen=f"{kind} {bits} bits",
            where="subjectPublicKey",
        )


@rule(
    "key.too-short",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="RSA keys have at least 2048 bits, elliptic ones at least 224.",
    source="EXPRESSWAY §3 and §4 (upload warning); OpenSSL security level 2",
    fix="Generate a key of 2048 or 4096 bits and request a new certificate.",
)
def key_too_short(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    yield from weak_key(certificate)


def weak_key(certificate: x509.Certificate | x509.CertificateSigningRequest) -> Iterator[Evidence]:
    """Evidence when the key is shorter than OpenSSL's security level 2 takes."""
    kind, bits = key_kind(certificate)
    least = MIN_EC if kind == "EC" else MIN_RSA
    if kind in {"RSA", "DSA", "EC"} and bits < least:
        yield Evidence(
            label="key length",
            expected=f"at least {least} bits",
            seen=f"{kind} {bits} bits",
            where="subjectPublicKey",
        )


@rule(
    "key.type-untested",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="Keys are RSA; other kinds are not tested with the product and may not work everywhere.",
    source=_AWARE,
    fix="Use an RSA key of 2048 or 4096 bits.",
)
def key_type(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    kind, bits = key_kind(certificate)
    if kind not in {"RSA", "unreadable"}:
        yield Evidence(
            label="key type",
            expected="RSA",
            seen=f"{kind} {bits} bits" if bits else kind,
            where="subjectPublicKey",
        )


@rule(
    "signature.digest-unsupported",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="Certificates are signed with SHA-256 or better; SHA-1 and MD5 are refused.",
    source="X12.5 guide, 'Creating a CSR Using Expressway' (SHA-1 gone with X8.10); OpenSSL security level 2",
    fix="Have it reissued with SHA-256, SHA-384 or SHA-512.",
    versions="X8.10-",
)
def weak_digest(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    yield from digest_evidence(certificate)


def digest_evidence(certificate: x509.Certificate) -> Iterator[Evidence]:
    """Evidence when the certificate is signed over a weak digest."""
    digest = digest_name(certificate)
    if digest in WEAK_DIGESTS:
        yield Evidence(
            label="signature digest",
            expected="sha256, sha384 or sha512",
            seen=digest,
            where="signatureAlgorithm",
        )


@rule(
    "oid.unsupported",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="The subject holds only standard attributes and the three EV jurisdiction ones; other OIDs break SSH tunnels.",
    source=f"{_AWARE}; appendix 1 'Issues with SSH Failures and Unsupported OIDs'",
    fix="Have the certificate reissued without these OIDs.",
)
def unsupported_oids(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    yield from subject_oids(certificate)
    for oid in extension_oids(certificate):
        if oid not in KNOWN_EXTENSIONS | _MICROSOFT_EXTENSIONS:
            yield Evidence(label="extension OID", expected="a standard extension", seen=oid, where="extensions")


def subject_oids(certificate: x509.Certificate) -> Iterator[Evidence]:
    """Evidence for each attribute of the subject that the product does not handle; SSH tunnels stumble over these."""
    for attribute in certificate.subject:
        if attribute.oid.dotted_string not in SUPPORTED_SUBJECT_OIDS:
            yield Evidence(
                label="subject OID",
                expected="a standard attribute",
                seen=attribute.oid.dotted_string,
                where="subject",
            )
