"""Rules about one server certificate, request or CA certificate by itself."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.features import SHA_2_SIGNATURES, UPLOAD_WARNINGS
from pkikit.rules.rule import Rule, Step, Subject

_AWARE = "X12.5 guide, 'Points to be Aware'"
_TROUBLE = "X12.5 guide, appendix 1"
_UPLOAD = "X14.0 guide, 'Loading Certificates and Keys Onto Expressway' (warnings from X8.10)"

EXPIRED = Rule(
    id="validity.expired",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="A certificate and every CA above it are in their validity period when the certificate is used.",
    source=_AWARE,
    fix="Renew the certificate that has expired. If its end date is in the future, correct the clock (NTP) of the machine "
    "that refuses it.",
    openssl=(10,),
    alerts=(45,),
    step=Step.VALIDITY,
)
NOT_YET_VALID = Rule(
    id="validity.not-yet-valid",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="A certificate is not used before its notBefore date.",
    source="X12.5 guide, appendix 1 'SIP TLS Negotiation Failures'",
    fix="Compare the clock of the machine that refuses the certificate with NTP. If it is right, wait until notBefore, or "
    "have the certificate reissued.",
    openssl=(9,),
    step=Step.VALIDITY,
)
AFTER_2050 = Rule(
    id="validity.after-2050",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.CA),
    requirement="Certificates end before 2050. From 2050 on, X.509 writes dates in another form, and the guide expects "
    "operational problems with it.",
    source=_AWARE,
    fix="Have the certificate issued with an end date in 2049 or earlier.",
    step=Step.VALIDITY,
)
CLIENT_AUTH_MISSING = Rule(
    id="eku.client-auth-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.PATH),
    requirement="A certificate that a machine shows as TLS client on mutual TLS allows clientAuth. Before X15.5 that is the only "
    "certificate; from X15.5 on, it is the one of the client store. Before X15.5, Expressway refuses to load a server "
    "certificate without it (X15.4 has a switch on Expressway-E); before X15.4, Expressway-C also asks for it in the "
    "certificate of "
    "Expressway-E when MRA registers. Cluster links ask for it until X15.3. From X15.5 on, ExtendedKeyUsage Checking Mode can "
    "switch the check of inbound SIP TLS off; SSH tunnels ask for it whatever the mode is.",
    source="X12.5 guide, 'Certificate Generation Overview'; Cisco TAC 225482 and 225693. They contradict each other: a note of "
    "225693 asks for it in the server certificate of Expressway-C, its success case has none there (we follow the case); a "
    "table of 225482 calls the traversal zone unidirectional, its text and 225693 show C's certificate refused by E (we "
    "take the zone as mutual); the X14.0 guide says that an upload is not prevented (we refuse it, as the MRA guide X15.0 says). "
    "That SSH tunnels ask for it before X15.5 too, and that cluster links of X15.5 do not, is inferred",
    fix="Request serverAuth and clientAuth, and have the certificate signed by a CA that keeps both. Public CAs no longer do. "
    "From X15.5 on, you can upload a separate client certificate of a private CA.",
    openssl=(26,),
    alerts=(43,),
    step=Step.PURPOSE,
)
SERVER_AUTH_MISSING = Rule(
    id="eku.server-auth-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.PATH),
    requirement="A server certificate allows serverAuth. With ExtendedKeyUsage Checking Mode off (X15.5), so does the "
    "certificate of a SIP client that lists purposes.",
    source="X12.5 guide, 'Creating a CSR Using Expressway'; Cisco TAC 225693 ('the server EKU is checked if it is present', "
    "read as: refused if purposes are listed and serverAuth is not among them; inferred)",
    fix="Request serverAuth and clientAuth, and have the certificate signed by a CA (with AD CS: by a template) that keeps both.",
    openssl=(26,),
    step=Step.PURPOSE,
)
EKU_CRITICAL = Rule(
    id="eku.critical",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="The extended key usage is not marked critical. OpenSSL accepts it, but Unified CCX refuses a Unified CM "
    "certificate with any critical extension other than key usage and basic constraints. No document says what "
    "Expressway does with it.",
    source="Cisco TAC, Unified CCX solution certificates, 'Invalid User ID/Password'; RFC 5280 §4.2.1.12",
    fix="Have the certificate reissued with an extended key usage that is not critical.",
    step=Step.PURPOSE,
)
KEY_TOO_LONG = Rule(
    id="key.too-long",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.CA),
    requirement="RSA keys have at most 4096 bits. SIP TLS zones may not come up with 8192 bits.",
    source="X12.5 guide, appendix 1 'Certificates with Key Length of 8192 Bits'",
    fix="Generate a request with a key of 2048 or 4096 bits, and have a new certificate issued.",
    step=Step.KEY,
)
KEY_TOO_SHORT = Rule(
    id="key.too-short",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.CA, Subject.PATH),
    requirement="RSA keys have at least 2048 bits, elliptic keys at least 224.",
    source="OpenSSL security level 2; X14.0 guide, 'Loading Certificates and Keys Onto Expressway' (acceptable level of "
    "security); X12.5 guide, 'Creating a CSR Using Expressway' (2048 and 4096 are offered)",
    fix="Generate a request with a key of 2048 or 4096 bits, and have a new certificate issued.",
    openssl=(66, 67),
    step=Step.KEY,
)
KEY_TYPE_UNTESTED = Rule(
    id="key.type-untested",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.CA),
    requirement="Keys are RSA, or elliptic (ECDSA) from X14.3 on. The product is not tested with other kinds.",
    source=f"{_AWARE}; X15.4 guide, 'Certificate Generation Overview' (ECDSA from X14.3 on)",
    fix="Request a certificate with an RSA key of 2048 or 4096 bits. It works with every version and every peer.",
    step=Step.KEY,
)
DIGEST_UNSUPPORTED = Rule(
    id="signature.digest-unsupported",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.CA, Subject.PATH),
    requirement="Certificates are signed with SHA-256 or better. The signature of a root does not count: nobody "
    "verifies it.",
    source="X12.5 guide, 'Creating a CSR Using Expressway' (no SHA-1 from X8.10 on); OpenSSL security level 2 "
    "(X509_verify_cert, check_auth_level)",
    fix="Have the certificate reissued with SHA-256, SHA-384 or SHA-512.",
    versions=SHA_2_SIGNATURES.span,
    openssl=(68, 76),
    step=Step.SIGNATURE,
)
OID_UNSUPPORTED = Rule(
    id="oid.unsupported",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST, Subject.CA),
    requirement="OpenSSL decodes every attribute in the names of subject and issuer. An attribute that it prints as a number "
    "makes the SSH tunnels between Expressway-C and Expressway-E fail. Extensions do not matter here.",
    source=f"{_TROUBLE} 'Issues with SSH Failures and Unsupported OIDs'; 'Points to be Aware' (EV jurisdiction)",
    fix="Have the certificate reissued without these attributes. If the attribute is in the issuer's name, choose "
    "another issuing CA.",
)
KEY_IDENTIFIERS_ABSENT = Rule(
    id="certificate.key-identifiers-absent",
    severity=Severity.INFO,
    applies_to=(Subject.CERTIFICATE, Subject.CA),
    requirement="A certificate has the identifiers of its own key and of its issuer's key. Without them, two CAs with one name "
    "and different keys look the same.",
    source="RFC 5280 §4.2.1.1, §4.2.1.2",
    fix="Nothing fails now. Have the next certificate issued with both identifiers.",
)
VERSION_OLD = Rule(
    id="certificate.version-old",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.CA),
    requirement="Certificates are X.509 version 3. Older versions have no extensions, and so no SAN, no purposes and no "
    "BasicConstraints.",
    source="RFC 5280 §4.1.2.1",
    fix="Have the certificate reissued by a CA that writes version 3.",
)
MAY_SIGN = Rule(
    id="certificate.may-sign",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="A server certificate must not sign certificates.",
    source="RFC 5280 §4.2.1.3",
    fix="Have the certificate reissued with the key usages digitalSignature and keyEncipherment only.",
)
CA_KEY_USAGE_MISSING = Rule(
    id="ca.key-usage-missing",
    severity=Severity.WARNING,
    applies_to=(Subject.CA,),
    requirement="The key usage of a CA certificate allows it to sign certificates and CRLs.",
    source="RFC 5280 §4.2.1.3",
    fix="Have the CA certificate reissued with keyCertSign and cRLSign.",
    step=Step.AUTHORITY,
)
EKU_ABSENT = Rule(
    id="eku.absent",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="A server certificate lists its purposes. Without a list every purpose is allowed. No document says whether the "
    "upload accepts it; the MRA guide X15.0 says that a certificate without clientAuth is refused.",
    source="MRA guide X15.0, 'Requirements'; RFC 5280 §4.2.1.12; ours",
    fix="Have the certificate issued with the extended key usages serverAuth and clientAuth.",
    versions=UPLOAD_WARNINGS.span,
    step=Step.PURPOSE,
)
TEMPORARY_CERTIFICATE = Rule(
    id="upload.temporary-certificate",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE,),
    requirement="The certificate that a new installation makes for itself, signed by its own temporary CA, is replaced before "
    "use.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Generate a request on the Expressway, have it signed by a CA that the other machines trust, and upload the "
    "certificate.",
)
SERIAL_INVALID = Rule(
    id="certificate.serial-invalid",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.CA),
    requirement="A serial number is positive and has at most 20 octets.",
    source="RFC 5280 §4.1.2.2",
    fix="Ask the CA to reissue the certificate. Some tools refuse it, and revocation lists may miss it.",
)
CHAIN_INCOMPLETE = Rule(
    id="upload.chain-incomplete",
    severity=Severity.WARNING,
    applies_to=(Subject.UPLOAD,),
    requirement="The Expressway's own trusted CA list has every CA of the server certificate's chain when the certificate is "
    "uploaded.",
    source=_UPLOAD,
    fix=f"First append the missing CA certificates under {pages.TRUSTED_CA}. Then upload the server certificate.",
    versions=UPLOAD_WARNINGS.span,
)
RULES = (
    EXPIRED,
    NOT_YET_VALID,
    AFTER_2050,
    CLIENT_AUTH_MISSING,
    SERVER_AUTH_MISSING,
    EKU_CRITICAL,
    KEY_TOO_LONG,
    KEY_TOO_SHORT,
    KEY_TYPE_UNTESTED,
    DIGEST_UNSUPPORTED,
    OID_UNSUPPORTED,
    KEY_IDENTIFIERS_ABSENT,
    VERSION_OLD,
    MAY_SIGN,
    CA_KEY_USAGE_MISSING,
    EKU_ABSENT,
    TEMPORARY_CERTIFICATE,
    SERIAL_INVALID,
    CHAIN_INCOMPLETE,
)
