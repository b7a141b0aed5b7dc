"""Rules about a certificate beside the one that it replaces.

No document lists these differences: the rules are ours, and each states whom the difference concerns.
"""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables import product_pages as pages
from pkikit.rules.rule import Rule, Subject

_RENEW = "ours; X12.5 guide, 'Loading a Server Certificate and Private Key Onto Expressway'"
_TRUSTED = pages.TRUSTED_CA

SAME_CERTIFICATE = Rule(
    id="replacement.same-certificate",
    severity=Severity.WARNING,
    applies_to=(Subject.REPLACEMENT,),
    requirement="The new file contains a different certificate than the old one.",
    source=_RENEW,
    fix="Download the certificate that the CA issued last, and compare the serial numbers.",
)
NAME_REMOVED = Rule(
    id="replacement.name-removed",
    severity=Severity.WARNING,
    applies_to=(Subject.REPLACEMENT,),
    requirement="The new certificate has every name of the old one that a machine looks for.",
    source="ours; X12.5 guide, 'Overview of Certificate Use on the Expressway'",
    fix="Have the certificate reissued with the name, unless no machine looks for it any more. `pkikit lint NEW --request OLD "
    "--deployment FILE --peer FQDN` lists the connections that need it.",
)
NAME_ADDED = Rule(
    id="replacement.name-added",
    severity=Severity.INFO,
    applies_to=(Subject.REPLACEMENT,),
    requirement="A name that is new in the certificate belongs to this machine.",
    source=_RENEW,
    fix="Nothing to do if you requested the name. Otherwise ask the CA who requested it.",
)
SUBJECT_CHANGED = Rule(
    id="replacement.subject-changed",
    severity=Severity.WARNING,
    applies_to=(Subject.REPLACEMENT,),
    requirement="The subject stays the same. MRA, Jabber Guest and the Meeting Server web proxy need a common name, "
    "and Unified CM "
    "compares the X.509 subject name of its SIP trunk security profile with it.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'; Unified CM security guide, SIP trunk security profile",
    fix="Enter the new common name in the 'X.509 Subject Name' of the SIP trunk security profiles in Unified CM, or have the "
    "certificate reissued with the old subject.",
)
ISSUER_CHANGED = Rule(
    id="replacement.issuer-changed",
    severity=Severity.WARNING,
    applies_to=(Subject.REPLACEMENT,),
    requirement="Every machine that verifies this certificate trusts the CA that signed it: the peers of the cluster, "
    "the other side of "
    "each zone, Unified CM and IM&P, and the clients outside.",
    source="ours; X12.5 guide, 'Managing the Trusted CA Certificate List'; Cisco TAC 225476 for Unified CM",
    fix=f"Before you upload, append the new root and its intermediates on every Expressway ({_TRUSTED}), in tomcat-trust and "
    "CallManager-trust of Unified CM, and at the far side of each zone that verifies. Keep the old CA until the last old "
    "certificate is replaced.",
)
KEY_KEPT = Rule(
    id="replacement.key-kept",
    severity=Severity.INFO,
    applies_to=(Subject.REPLACEMENT,),
    requirement="A new certificate normally has a new key; one for the old key works as well.",
    source=_RENEW,
    fix="Nothing to do. If somebody else may know the old key, generate a new request, and have the old certificate revoked.",
)
KEY_CHANGED = Rule(
    id="replacement.key-changed",
    severity=Severity.INFO,
    applies_to=(Subject.REPLACEMENT,),
    requirement="The private key on the machine belongs to the new certificate.",
    source=_RENEW,
    fix="Upload the certificate on the machine that generated the request, or upload the new private key together with it.",
)
ALGORITHM_CHANGED = Rule(
    id="replacement.algorithm-changed",
    severity=Severity.INFO,
    applies_to=(Subject.REPLACEMENT,),
    requirement="Key type, key length and signature digest stay at least as strong, and every peer supports them.",
    source="ours; X15.4 guide, 'Certificate Generation Overview' (ECDSA from X14.3 on)",
    fix="Check that every peer supports the new algorithm; EC keys need X14.3 or later on both sides. Otherwise request a "
    "certificate with the old one.",
)
SERIAL_REUSED = Rule(
    id="replacement.serial-reused",
    severity=Severity.WARNING,
    applies_to=(Subject.REPLACEMENT,),
    requirement="A CA gives each certificate a serial number of its own: revoking one would revoke both.",
    source="RFC 5280 §4.1.2.2",
    fix="Ask the CA to reissue the certificate.",
)
VALIDITY_WORSE = Rule(
    id="replacement.validity-worse",
    severity=Severity.WARNING,
    applies_to=(Subject.REPLACEMENT,),
    requirement="The new certificate is valid before the old one ends, and ends later.",
    source=_RENEW,
    fix="Check that you did not swap the two files. Otherwise have the certificate reissued with later dates.",
)
LIFETIME_CHANGED = Rule(
    id="replacement.lifetime-changed",
    severity=Severity.INFO,
    applies_to=(Subject.REPLACEMENT,),
    requirement="The lifetime stays the same. A shorter one needs an earlier reminder to renew.",
    source=_RENEW,
    fix="Enter the new end date where you track renewals.",
)
RULES = (
    SAME_CERTIFICATE,
    NAME_REMOVED,
    NAME_ADDED,
    SUBJECT_CHANGED,
    ISSUER_CHANGED,
    KEY_KEPT,
    KEY_CHANGED,
    ALGORITHM_CHANGED,
    SERIAL_REUSED,
    VALIDITY_WORSE,
    LIFETIME_CHANGED,
)
