"""Rules about revocation; `judge.revocation` finds the breaches."""

from __future__ import annotations

from pkikit.judge.registry import Subject, declare
from pkikit.model.findings import Severity

_SOURCES = "X12.5 guide, 'Managing Certificate Revocation Lists': 'Certificate Revocation Sources'"
_SIP = "X12.5 guide, 'Configuring Revocation Checking for SIP TLS Connections'"


def _declared(rule_id: str, requirement: str, source: str, fix: str, severity: Severity = Severity.ERROR) -> str:
    return declare(
        rule_id, severity, on=Subject.REVOCATION, requirement=requirement, source=source, fix=fix, versions="X8.1-"
    )


REVOKED = _declared(
    "revocation.revoked",
    "A certificate that its CA has revoked is not accepted.",
    f"{_SIP}; RFC 5280 §6.3",
    "Request a new certificate for its holder, with a new key; find out why the old one was revoked.",
)
CRL_EXPIRED = _declared(
    "revocation.crl-expired",
    "The CRL of a CA is renewed before it expires: once expired, all certificates of that CA count as revoked.",
    _SOURCES,
    "Load a current CRL of that CA, and have it downloaded every day from then on.",
)
CRL_UNAVAILABLE = _declared(
    "revocation.crl-unavailable",
    "For every CA of the chain there is a CRL; without one the fallback behaviour decides.",
    _SIP,
    "Upload the CRL of that CA or make its distribution point reachable; or set the fallback to 'treat as not revoked'.",
)
CRL_UNTRUSTED = _declared(
    "revocation.crl-untrusted",
    "A CRL is signed by the CA whose certificates it lists, with a key that may sign CRLs.",
    "RFC 5280 §6.3.3",
    "Fetch the CRL again from the CA itself; this one was signed by somebody else, or was changed.",
)
CRL_UNSUPPORTED = _declared(
    "revocation.crl-unsupported",
    "CRLs are complete and direct: a delta CRL, an indirect or a partial one says too little.",
    "RFC 5280 §5.2.4, §5.2.5",
    "Load the complete CRL of the CA beside it.",
    Severity.WARNING,
)
CRL_CRITICAL = _declared(
    "revocation.crl-critical-extension",
    "A CRL and its entries have no critical extension that OpenSSL does not understand: it refuses what such a CRL covers.",
    "RFC 5280 §5.2, §5.3; OpenSSL, crypto/x509/x_crl.c and x509_vfy.c (error 36); measured",
    "Have the CA publish its CRL without that critical extension, and load the new CRL in place of the old one.",
)
OCSP_UNAVAILABLE = _declared(
    "revocation.ocsp-unavailable",
    "The responder that a certificate names answers, in time and about it; otherwise the fallback behaviour decides.",
    _SIP,
    "Open the way from the Expressway to the responder, or ask the CA why it does not know the certificate; or use CRLs instead.",
)
OCSP_UNTRUSTED = _declared(
    "revocation.ocsp-untrusted",
    "An OCSP answer is signed, with SHA-256 or better, by the issuing CA or by a responder that this CA has authorised.",
    "RFC 6960 §4.2.2.2; X12.5 guide, 'Configuring Revocation Checking for SIP TLS Connections' (SHA-256)",
    "Have the CA issue the responder's certificate with the OCSPSigning purpose and sign with SHA-256.",
)
NOT_CONSULTED = _declared(
    "revocation.source-not-consulted",
    "A revocation counts only where it stands in a source that this service reads.",
    _SOURCES,
    "Put the CRL where the service reads it: for LDAP into the trusted CA file, for policy services as manual upload.",
    Severity.WARNING,
)
