"""Rules about the certificates of a path, and about a certificate beside the machine that presents it."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.rules.rule import Rule, Step, Subject

_RFC = "RFC 5280 §6.1"

BASIC_CONSTRAINTS_MISSING = Rule(
    id="ca.basic-constraints-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.CA, Subject.PATH),
    requirement="Every CA certificate has the BasicConstraints extension.",
    source="X12.5 guide, 'Points to be Aware'",
    fix="Have the CA certificate reissued with BasicConstraints CA:TRUE, and the certificates below it too.",
    step=Step.AUTHORITY,
    order=1,
)
NOT_A_CA = Rule(
    id="ca.not-a-ca",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="Only CA certificates sign certificates.",
    source=_RFC,
    fix="Have the certificate signed by a CA. It was signed with a certificate that is not a CA's.",
    openssl=(24, 32, 79),
    step=Step.AUTHORITY,
)
PATH_LENGTH_EXCEEDED = Rule(
    id="ca.path-length-exceeded",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="The chain has no more CAs below a CA than that CA's path length allows.",
    source=_RFC,
    fix="Have the certificate signed by a higher CA, or have the upper CA reissued with a longer path length.",
    openssl=(25,),
    step=Step.AUTHORITY,
)
KEY_USAGE_UNSUITABLE = Rule(
    id="key.usage-unsuitable",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.PATH),
    requirement="If a server certificate has a key usage, it includes digitalSignature.",
    source="RFC 5280 §4.2.1.3; OpenSSL, crypto/x509/v3_purp.c",
    fix="Request a certificate with digitalSignature (and keyEncipherment for RSA). Do not use a CA's own certificate.",
    openssl=(39, 26),
    step=Step.KEY,
)
KEY_MISMATCH = Rule(
    id="key.mismatch",
    severity=Severity.ERROR,
    applies_to=(Subject.PRESENTED, Subject.ANSWER, Subject.FILE),
    requirement="The private key of a peer belongs to its server certificate.",
    source="X12.5 guide, 'Server Certificates and Clustered Systems'; upload check",
    fix="Upload the certificate that was issued for this peer's own request, or generate a new request and have it signed.",
    step=Step.OWN_CERTIFICATE,
    order=2,
)
SWAPPED = Rule(
    id="cluster.peer-certificate-swapped",
    severity=Severity.ERROR,
    applies_to=(Subject.PRESENTED,),
    requirement="Each peer of a cluster has the certificate that was issued for it, not another peer's.",
    source="X12.5 guide, 'Server Certificates and Clustered Systems'",
    fix="Upload to each peer the certificate that was issued for its own request.",
    step=Step.OWN_CERTIFICATE,
    order=1,
)
NAME_CONSTRAINT_VIOLATED = Rule(
    id="ca.name-constraint-violated",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="A CA with name constraints signs only names that they allow.",
    source="RFC 5280 §4.2.1.10",
    fix="Have the certificate signed by a CA that may issue for this name, or leave the name out.",
    openssl=(47, 48, 49, 51, 52, 53),
    step=Step.AUTHORITY,
)
EXTENSION_UNREADABLE = Rule(
    id="chain.extension-unreadable",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="OpenSSL can read every extension that it uses, and each of them is in the certificate once.",
    source="RFC 5280 §4.2; OpenSSL, EXFLAG_INVALID (crypto/x509/v3_purp.c)",
    fix="Have the CA reissue the certificate. The extension is malformed, so verifiers refuse the certificate.",
    openssl=(41, 42),
)
PART_UNREADABLE = Rule(
    id="certificate.part-unreadable",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="pkikit can read every part of the certificate that a verifier looks at.",
    source="ours: no verdict about what cannot be read",
    fix="Have the CA reissue the certificate as RFC 5280 asks, or check it with the OpenSSL version of the product.",
)
DATES_UNREADABLE = Rule(
    id="validity.unreadable",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="Dates have seconds and end in Z; OpenSSL refuses a certificate with any other form of date.",
    source="RFC 5280 §4.1.2.5; OpenSSL, X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD and …_NOT_AFTER_FIELD",
    fix="Have the CA reissue the certificate with dates in the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ.",
    step=Step.VALIDITY,
)
OPENSSL_CANNOT_READ = Rule(
    id="certificate.openssl-cannot-read",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="OpenSSL, and so the product, can read the certificate.",
    source="OpenSSL, d2i_X509 (B_ASN1_PRINTABLE: what the values of a name may be)",
    fix="Have the CA reissue the certificate with UTF8String or PrintableString in its names.",
)
ENCODING_ODD = Rule(
    id="certificate.encoding-odd",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="A certificate is written as X.509 says. OpenSSL ignores some mistakes; other software does not.",
    source="X.690 §10 and §11 (DER); RFC 5280 §4.1 and appendix A",
    fix="Nothing fails in OpenSSL, nor in the product. Ask the CA to correct its software before the next renewal.",
)
CRITICAL_EXTENSION_UNKNOWN = Rule(
    id="chain.critical-extension-unknown",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="Every critical extension is one that the verifier understands.",
    source="RFC 5280 §4.2; OpenSSL, X509_supported_extension",
    fix="Have the certificate reissued without the extension, or with it not critical.",
    openssl=(34,),
)
KEY_UNREADABLE = Rule(
    id="key.unreadable",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.CA, Subject.PATH),
    requirement="Every public key of the chain is of a known type. Elliptic-curve keys are on a named curve.",
    source="RFC 5480 §2.1.1; OpenSSL, X509_V_ERR_EC_KEY_EXPLICIT_PARAMS",
    fix="Have the certificate reissued for an RSA key of 2048 or 4096 bits.",
    openssl=(94,),
    step=Step.KEY,
)
RULES = (
    BASIC_CONSTRAINTS_MISSING,
    NOT_A_CA,
    PATH_LENGTH_EXCEEDED,
    KEY_USAGE_UNSUITABLE,
    KEY_MISMATCH,
    SWAPPED,
    NAME_CONSTRAINT_VIOLATED,
    EXTENSION_UNREADABLE,
    PART_UNREADABLE,
    DATES_UNREADABLE,
    OPENSSL_CANNOT_READ,
    ENCODING_ODD,
    CRITICAL_EXTENSION_UNKNOWN,
    KEY_UNREADABLE,
)
