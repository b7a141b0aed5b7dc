"""Rules about revocation."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.rules.rule import Rule, Step, Subject

_SIP = "X12.5 guide, 'Configuring Revocation Checking for SIP TLS Connections'"
_FALLBACK = (
    f"{_SIP}. Which fallback is the default: the command reference X15.0 says Fail (treat as revoked), the web page of the "
    "X8 guides 'Treat as not revoked'; a deployment file without `fallback` follows the page"
)
_SOURCES = "X12.5 guide, 'Managing Certificate Revocation Lists': 'Certificate Revocation Sources'"

REVOKED = Rule(
    id="revocation.revoked",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="A certificate is not revoked by its CA.",
    source=f"{_SIP}; RFC 5280 §6.3",
    fix="Request a new certificate with a new key, and find out why the old one was revoked.",
    openssl=(23,),
    alerts=(44,),
    step=Step.REVOCATION,
)
CRL_EXPIRED = Rule(
    id="revocation.crl-expired",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="The CRL of a CA is renewed before it expires. While it is expired, all certificates of that CA count as "
    "revoked.",
    source=_SOURCES,
    fix="Load a current CRL of that CA, and set up automatic updates every day.",
    openssl=(12,),
    step=Step.REVOCATION,
)
CRL_UNAVAILABLE = Rule(
    id="revocation.crl-unavailable",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="There is a CRL for every CA of the chain. Without one, the fallback behaviour decides.",
    source=_FALLBACK,
    fix="Upload the CRL of that CA or make its distribution point reachable; or set the fallback to 'treat as not revoked'.",
    openssl=(3, 11, 15, 16, 44),
    step=Step.REVOCATION,
)
CRL_UNTRUSTED = Rule(
    id="revocation.crl-untrusted",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="A CRL is signed by the CA whose certificates it lists, with a key that may sign CRLs.",
    source="RFC 5280 §6.3.3",
    fix="Get the CRL again from the CA. This one was signed by another CA, or was changed.",
    openssl=(8, 5, 33, 35, 54),
    step=Step.REVOCATION,
)
CRL_UNSUPPORTED = Rule(
    id="revocation.crl-unsupported",
    severity=Severity.WARNING,
    applies_to=(Subject.REVOCATION,),
    requirement="CRLs are complete and direct. Delta, indirect and partial CRLs are not enough.",
    source="RFC 5280 §5.2.4, §5.2.5",
    fix="Load the complete CRL of the CA as well.",
    step=Step.REVOCATION,
)
CRL_CRITICAL = Rule(
    id="revocation.crl-critical-extension",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="A CRL and its entries have no critical extension that OpenSSL does not understand: it refuses what "
    "such a CRL covers.",
    source="RFC 5280 §5.2, §5.3; OpenSSL, crypto/x509/x_crl.c and x509_vfy.c (error 36); measured",
    fix="Have the CA publish its CRL without that critical extension, and load the new CRL in place of the old one.",
    openssl=(36,),
    step=Step.REVOCATION,
)
OCSP_UNAVAILABLE = Rule(
    id="revocation.ocsp-unavailable",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="The OCSP responder of a certificate answers in time, about that certificate. Otherwise the fallback behaviour "
    "decides.",
    source=_FALLBACK,
    fix="Let the Expressway reach the responder through the firewall. If the responder does not know the certificate, ask the CA "
    "why. Or use CRLs instead.",
    openssl=(73, 75, 98, 99, 100),
    step=Step.REVOCATION,
)
OCSP_UNTRUSTED = Rule(
    id="revocation.ocsp-untrusted",
    severity=Severity.ERROR,
    applies_to=(Subject.REVOCATION,),
    requirement="An OCSP answer is signed, with SHA-256 or better, by the issuing CA or by a responder that this CA "
    "has authorised.",
    source="RFC 6960 §4.2.2.2; X12.5 guide, 'Configuring Revocation Checking for SIP TLS Connections' (SHA-256)",
    fix="Have the CA issue the responder's certificate with the OCSPSigning purpose and sign with SHA-256.",
    openssl=(74, 96, 97),
    alerts=(113,),
    step=Step.REVOCATION,
)
NOT_CONSULTED = Rule(
    id="revocation.source-not-consulted",
    severity=Severity.WARNING,
    applies_to=(Subject.REVOCATION,),
    requirement="A revocation counts only if it is in a source that this service reads.",
    source=_SOURCES,
    fix="Put the CRL where the service reads it: for LDAP, into the trusted CA file; for policy services, upload it manually.",
    step=Step.REVOCATION,
)
RULES = (
    REVOKED,
    CRL_EXPIRED,
    CRL_UNAVAILABLE,
    CRL_UNTRUSTED,
    CRL_CRITICAL,
    CRL_UNSUPPORTED,
    OCSP_UNAVAILABLE,
    OCSP_UNTRUSTED,
    NOT_CONSULTED,
)
