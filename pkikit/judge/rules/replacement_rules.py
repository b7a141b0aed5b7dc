"""Rules about a certificate beside the one that it replaces; `judge.replacement` finds the breaches.

No document lists these differences: the rules are ours, and each states whom the difference concerns.
"""

from __future__ import annotations

from pkikit.judge.registry import Subject, declare
from pkikit.model.findings import Severity

_RENEW = "ours; X12.5 guide, 'Loading a Server Certificate and Private Key Onto Expressway'"
_TRUSTED = "Maintenance > Security > Trusted CA certificate"


def _declare(rule_id: str, severity: Severity, requirement: str, fix: str, source: str = _RENEW) -> str:
    return declare(
        f"replacement.{rule_id}", severity, on=Subject.REPLACEMENT, requirement=requirement, source=source, fix=fix
    )


SAME_CERTIFICATE = _declare(
    "same-certificate",
    Severity.WARNING,
    "The new file holds another certificate than the old one.",
    "Download the certificate that the CA issued last, and compare the serial numbers.",
)
NAME_REMOVED = _declare(
    "name-removed",
    Severity.WARNING,
    "The new certificate holds every name of the old one that somebody looks for.",
    "Have the certificate reissued with the name, unless nobody looks for it any more. `pkikit lint NEW --request OLD "
    "--deployment FILE --peer FQDN` lists the connections that need it.",
    "ours; X12.5 guide, 'Overview of Certificate Use on the Expressway'",
)
NAME_ADDED = _declare(
    "name-added",
    Severity.INFO,
    "A name that is new in the certificate is one that this machine answers to.",
    "Nothing to do if you asked for the name. Otherwise ask the CA who did.",
)
SUBJECT_CHANGED = _declare(
    "subject-changed",
    Severity.WARNING,
    "The subject stays the same. MRA, Jabber Guest and the Meeting Server web proxy need a common name, and Unified CM "
    "compares the X.509 subject name of its SIP trunk security profile with it.",
    "Enter the new common name in the 'X.509 Subject Name' of the SIP trunk security profiles in Unified CM, or have the "
    "certificate reissued with the old subject.",
    "X14.0 guide, 'Loading Certificates and Keys Onto Expressway'; Unified CM security guide, SIP trunk security profile",
)
ISSUER_CHANGED = _declare(
    "issuer-changed",
    Severity.WARNING,
    "Every machine that verifies this certificate trusts the CA that signed it: the peers of the cluster, the other side of "
    "each zone, Unified CM and IM&P, and the clients outside.",
    f"Before you upload, append the new root and its intermediates on every Expressway ({_TRUSTED}), in tomcat-trust and "
    "CallManager-trust of Unified CM, and at the far side of each zone that verifies. Keep the old CA until the last old "
    "certificate is replaced.",
    "ours; X12.5 guide, 'Managing the Trusted CA Certificate List'; Cisco TAC 225476 for Unified CM",
)
KEY_KEPT = _declare(
    "key-kept",
    Severity.INFO,
    "A new certificate normally has a new key; one for the old key works as well.",
    "Nothing to do. If the old key may be known to others, generate a new request, and have the old certificate revoked.",
)
KEY_CHANGED = _declare(
    "key-changed",
    Severity.INFO,
    "The private key on the machine belongs to the new certificate.",
    "Upload the certificate on the machine that generated the request, or upload the new private key together with it.",
)
ALGORITHM_CHANGED = _declare(
    "algorithm-changed",
    Severity.INFO,
    "Key type, key length and signature digest stay at least as strong, and every peer supports them.",
    "Check that every peer supports the new algorithm; EC keys need X14.3 or later on both sides. Otherwise request a "
    "certificate with the old one.",
    "ours; X15.4 guide, 'Certificate Generation Overview' (ECDSA from X14.3 on)",
)
SERIAL_REUSED = _declare(
    "serial-reused",
    Severity.WARNING,
    "A CA gives each certificate a serial number of its own: revoking one would revoke both.",
    "Tell the CA, and have the certificate reissued.",
    "RFC 5280 §4.1.2.2",
)
VALIDITY_WORSE = _declare(
    "validity-worse",
    Severity.WARNING,
    "The new certificate is valid before the old one ends, and ends later.",
    "Check that you did not swap the two files. Otherwise have the certificate reissued with later dates.",
)
LIFETIME_CHANGED = _declare(
    "lifetime-changed",
    Severity.INFO,
    "The lifetime tells when to renew: a shorter one needs an earlier reminder.",
    "Enter the new end date where you track renewals.",
)
REPLACEMENT = (
    SAME_CERTIFICATE, NAME_REMOVED, NAME_ADDED, SUBJECT_CHANGED, ISSUER_CHANGED, KEY_KEPT, KEY_CHANGED, ALGORITHM_CHANGED,
    SERIAL_REUSED, VALIDITY_WORSE, LIFETIME_CHANGED,
)  # fmt: skip
