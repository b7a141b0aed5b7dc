"""Rules over one server certificate (guide: "Points to be Aware", "Certificate Generation Overview", appendix 1)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import Subject, rule
from pkikit.model.certificates.facts import (
    critical_oids,
    digest_name,
    extension,
    is_self_signed,
    is_unreadable,
    key_kind,
    oid_name,
    shown_time,
)
from pkikit.model.certificates.oddities import unreadable_dates
from pkikit.model.features import ELLIPTIC_KEYS
from pkikit.model.findings import Evidence, Severity
from pkikit.values.names import is_ip_address

_AWARE = "X12.5 guide, 'Points to be Aware'"
_TROUBLE = "X12.5 guide, appendix 1"
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


@rule(
    "validity.expired",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A certificate and every CA above it are valid when the certificate is used.",
    source=_AWARE,
    fix="Renew the certificate that has expired. If its end date is still to come, correct the clock (NTP) of the machine "
    "that refuses it.",
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
    requirement="A certificate is not used before its notBefore date.",
    source="X12.5 guide, appendix 1 'SIP TLS Negotiation Failures'",
    fix="Compare the clock of the machine that refuses the certificate with NTP. If it is right, wait until notBefore, or "
    "have the certificate reissued.",
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
    requirement="Certificates end before 2050. From then on X.509 writes dates in another form, which the guide expects to cause "
    "operational problems.",
    source=_AWARE,
    fix="Have the certificate issued with an end date in 2049 or earlier.",
)
def after_2050(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if certificate.not_valid_after_utc.year > _LAST_SAFE_YEAR and not unreadable_dates(certificate):
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
    if usage is None and is_unreadable(certificate, x509.ExtendedKeyUsage):
        return "unreadable"
    return ", ".join(oid_name(oid) for oid in usage or ()) or "none"


@rule(
    "eku.client-auth-missing",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A certificate that is used for mutual TLS allows clientAuth as well as serverAuth. Before X15.4, Expressway "
    "refuses the upload without clientAuth.",
    source="X12.5 guide, 'Certificate Generation Overview'; Cisco TAC 225482",
    fix="Request both purposes, and have the certificate signed by a CA that keeps both: public CAs no longer do. From "
    "X15.5 on, a client certificate of a private CA can be uploaded beside the server certificate.",
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
    fix="Request both purposes, and have the certificate signed by a CA (AD CS: a certificate template) that keeps both.",
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
    "eku.critical",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="The extended key usage is not marked critical. OpenSSL accepts it, but Unified CCX refuses a Unified CM "
    "certificate in which another extension than key usage or basic constraints is critical. No document tells what "
    "Expressway does with it.",
    source="Cisco TAC, Unified CCX solution certificates, 'Invalid User ID/Password'; RFC 5280 §4.2.1.12",
    fix="Have the certificate reissued with an extended key usage that is not critical.",
)
def eku_critical(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if is_critical(certificate, x509.ExtendedKeyUsage):
        yield Evidence(label="extended key usage", expected="not critical", seen="critical", where="extendedKeyUsage")


def is_critical(certificate: x509.Certificate | x509.CertificateSigningRequest, kind: type[x509.ExtensionType]) -> bool:
    """True when the extension is there and marked critical, readable or not."""
    return kind.oid.dotted_string in critical_oids(certificate)


@rule(
    "names.wildcard-unsupported",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="A server certificate lists each host and domain by its full name. Expressway does not support wildcards.",
    source=_AWARE,
    fix="Request a certificate that lists every name: `pkikit san DEPLOYMENT` prints them.",
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
    requirement="Peers are addressed by FQDN. An IP address matches no dNSName; it matches an iPAddress entry of the SAN, which "
    "the guides advise against.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; X14.0.1 guide, 'SIP TLS Negotiation Failures on "
    "Neighbor and Traversal Zones'; RFC 5922 §7.1",
    fix="Enter the FQDN as peer address in the zone, and have the certificate issued with that FQDN as dNSName.",
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
    requirement="The name in the common name is a dNSName of the SAN, too. RFC 5922 lets the common name count only in a "
    "certificate without SAN names, and HTTPS clients never read it. Cisco's documents contradict each other: the certificate "
    "guide leaves the SAN of a single Expressway blank; its troubleshooting chapter and the zone documents want the name in "
    "the SAN; the command reference X15.0 accepts both. This rule follows RFC 5922 and warns from X12.5 on.",
    source="X14.0.1 guide, 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'; RFC 5922 §7.1; RFC 9525 §1.2",
    fix="Add the common name to the SAN: enter it under 'Additional alternative names' when you generate the request.",
    versions="X12.5-",
)
def common_name_only(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if is_unreadable(certificate, x509.SubjectAlternativeName):
        return  # nobody knows whether the SAN repeats it; `chain.extension-unreadable` reports the SAN
    names = presented_names(certificate)
    name = names.common_name
    if not name or name in names.dns or name in names.wildcards or name in names.sip:
        return
    if names.has_san_identity and _is_multi_server(name):
        return
    seen = names.shown() if names.all_names else ("a SAN without dNSName" if names.has_san else "no SAN")
    yield Evidence(label="subjectAltName", expected=f"dNSName {name}", seen=seen, where="subjectAltName")


def _is_multi_server(common_name: str) -> bool:
    """True for `HOST-ms.DOMAIN`, which Unified CM writes into a multi-server request; nobody dials that name (TAC 118731)."""
    return common_name.partition(".")[0].endswith("-ms")


@rule(
    "key.too-long",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="RSA keys have at most 4096 bits. SIP TLS zones may not come up with 8192 bits.",
    source="X12.5 guide, appendix 1 'Certificates with Key Length of 8192 Bits'",
    fix="Generate a request with a key of 2048 or 4096 bits, and have a new certificate issued.",
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
    requirement="RSA keys have at least 2048 bits, elliptic keys at least 224.",
    source="OpenSSL security level 2; X14.0 guide, 'Loading Certificates and Keys Onto Expressway' (acceptable level of "
    "security); X12.5 guide, 'Creating a CSR Using Expressway' (2048 and 4096 are offered)",
    fix="Generate a request with a key of 2048 or 4096 bits, and have a new certificate issued.",
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
    requirement="Keys are RSA, or elliptic (ECDSA) from X14.3 on. The product is not tested with other kinds.",
    source=f"{_AWARE}; X15.4 guide, 'Certificate Generation Overview' (ECDSA from X14.3 on)",
    fix="Request a certificate with an RSA key of 2048 or 4096 bits. It works with every version and every peer.",
)
def key_type(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
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


@rule(
    "signature.digest-unsupported",
    Severity.ERROR,
    on=Subject.CERTIFICATE,
    requirement="Certificates are signed with SHA-256 or better. The signature of a root is not looked at, since nobody verifies "
    "it.",
    source="X12.5 guide, 'Creating a CSR Using Expressway' (no SHA-1 from X8.10 on); OpenSSL security level 2 "
    "(X509_verify_cert, check_auth_level)",
    fix="Have the certificate reissued with SHA-256, SHA-384 or SHA-512.",
    versions="X8.10-",
)
def weak_digest(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.is_request or not is_root(certificate):
        yield from digest_evidence(certificate)


def is_root(certificate: x509.Certificate) -> bool:
    """True for a self-signed CA certificate: a trust anchor, whose signature nobody verifies."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca and is_self_signed(certificate)


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
    requirement="OpenSSL decodes every attribute in the names of subject and issuer. An attribute that it prints as a number "
    "makes the SSH tunnels between Expressway-C and Expressway-E fail. Extensions do not matter here.",
    source=f"{_TROUBLE} 'Issues with SSH Failures and Unsupported OIDs'; 'Points to be Aware' (EV jurisdiction)",
    fix="Have the certificate reissued without these attributes. If the issuer's name holds one, choose another issuing CA.",
)
def unsupported_oids(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    yield from name_oids(certificate)


def name_oids(certificate: x509.Certificate) -> Iterator[Evidence]:
    """Evidence for each attribute of subject and issuer that OpenSSL prints as a number; SSH tunnels fail over these.

    A self-issued certificate has one name, which is looked at once.
    """
    names = [("subject", certificate.subject)]
    if certificate.issuer != certificate.subject:
        names.append(("issuer", certificate.issuer))
    found = (
        Evidence(label=f"{where} OID", expected="a standard attribute", seen=attribute.oid.dotted_string, where=where)
        for where, name in names
        for attribute in name
        if attribute.oid.dotted_string not in DECODED_ATTRIBUTES
    )
    yield from islice(found, MAX_SHOWN)
