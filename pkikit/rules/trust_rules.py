"""Rules about where a path ends, and about the trusted CA list that it ends in."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables.features import UNIQUE_CA_NAMES
from pkikit.rules.rule import Rule, Step, Subject

TRUST_LIST_CHANGE = (
    "SIP TLS uses a changed trusted CA list at once. For Mobile and Remote Access, XCP and the SSH tunnels, restart the "
    "Expressway to be sure: Cisco's documents contradict each other."
)  # MRA guides X12.5 and X15.0: restart; the certificate guide asks for none, and the list of alarms has none
_TRUST = "X12.5 guide, 'Managing the Trusted CA Certificate List'"
_SAME_NAME = (
    "X12.5 guide, 'Cisco Unified Communications Manager Certificates' and 'IM and Presence Service Certificates'"
)
_VFY = "RFC 5280 §6.1; OpenSSL, crypto/x509/x509_vfy.c"

LIST_SAME_SUBJECT = Rule(
    id="trust-list.same-subject",
    severity=Severity.WARNING,
    applies_to=(Subject.TRUST_LIST,),
    requirement="A trusted CA list does not have two self-signed certificates with the same subject and different keys. The "
    "product "
    "uses only the first.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
)
LEAF_IN_LIST = Rule(
    id="trust-list.leaf-in-list",
    severity=Severity.WARNING,
    applies_to=(Subject.TRUST_LIST,),
    requirement="A trusted CA list has only CA certificates. A server certificate in it is not a CA, so nothing else becomes "
    "trusted.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'",
    fix="Append the CA that signed it, and remove the server certificate.",
)
LIST_SAME_COMMON_NAME = Rule(
    id="trust-list.same-common-name",
    severity=Severity.WARNING,
    applies_to=(Subject.TRUST_LIST,),
    requirement="All CA certificates of the list have different common names. Otherwise logins through an identity provider "
    "may fail.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Delete the one that is no longer needed. Ask the CA to give a successor another common name.",
    versions=UNIQUE_CA_NAMES.span,
)
ROOT_ABSENT = Rule(
    id="trust-list.root-absent",
    severity=Severity.WARNING,
    applies_to=(Subject.TRUST_LIST,),
    requirement="For every intermediate in the list, the root above it is in the list too. Without the root it is useless.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'; RFC 5280 §6.1",
    fix="Append the root and the CAs between it and the intermediate.",
)
LIST_CROSS_SIGNED_COPY = Rule(
    id="trust-list.cross-signed-copy",
    severity=Severity.WARNING,
    applies_to=(Subject.TRUST_LIST,),
    requirement="A cross-signed copy of a root does not come before the root itself. OpenSSL takes the first of the two, and "
    "does "
    "not try the other when the copy leads to a root that is absent or has expired.",
    source="OpenSSL, crypto/x509/x509_vfy.c; measured (tests/interop/test_paths_openssl.py)",
    fix="Remove the cross-signed copy from the list. The self-signed root is in it, and is enough.",
)
TEMPORARY_CA = Rule(
    id="trust-list.temporary-ca",
    severity=Severity.INFO,
    applies_to=(Subject.TRUST_LIST,),
    requirement="The temporary CA of a new installation is removed once real certificates are in use.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Replace the list with the CAs that you trust.",
)
ISSUER_UNKNOWN = Rule(
    id="trust.issuer-unknown",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="The root of the chain is in the trusted CA list of the machine that verifies.",
    source=_TRUST,
    fix=f"Append the root of the other side's CA to the trusted CA list of the machine that refuses. {TRUST_LIST_CHANGE}",
    openssl=(2, 19, 20, 29),
    alerts=(48,),
    step=Step.TRUST,
    order=5,
)
INTERMEDIATE_MISSING = Rule(
    id="trust.intermediate-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="Every intermediate between certificate and root is sent with the certificate, or is in the "
    "trusted CA list of the machine that verifies.",
    source=_TRUST,
    fix="Append the intermediate to the file of the server certificate (or to the trusted CA list of its peer), or to the list "
    "of "
    "the machine that verifies. "
    f"{TRUST_LIST_CHANGE}",
    openssl=(21,),
    step=Step.TRUST,
    order=4,
)
SELF_SIGNED_LEAF = Rule(
    id="trust.self-signed-leaf",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="A self-signed server certificate is in the trusted CA list of the machine that verifies.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix=f"Have it signed by a CA, or append it to the trusted CA list of the machine that verifies. {TRUST_LIST_CHANGE}",
    openssl=(18,),
    step=Step.TRUST,
    order=3,
)
SAME_SUBJECT_AMBIGUOUS = Rule(
    id="trust.same-subject-ambiguous",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="All self-signed certificates of the trusted CA list have different subjects. The product uses only the first "
    "of two.",
    source=_SAME_NAME,
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
    step=Step.TRUST,
    order=1,
)
CHAIN_SIGNATURE_INVALID = Rule(
    id="trust.chain-signature-invalid",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="Each certificate is signed with the key of the certificate above it.",
    source=_VFY,
    fix="Find the CA certificate that signed it. There is one with that name, but it has another key.",
    openssl=(4, 7, 30, 31, 77),
    step=Step.TRUST,
)
CROSS_SIGNED_COPY = Rule(
    id="trust.cross-signed-copy",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="No certificate of the trusted CA list sends the path away from a root that is in the list.",
    source=_VFY + "; measured",
    fix="Remove the cross-signed copy from the trusted CA list.",
    step=Step.TRUST,
    order=2,
)
CHAIN_TOO_LONG = Rule(
    id="trust.chain-too-long",
    severity=Severity.ERROR,
    applies_to=(Subject.PATH,),
    requirement="A chain has at most 100 CAs between leaf and anchor.",
    source=_VFY,
    fix="Look for CA certificates that certify each other in a circle, and remove one of them from the list or the chain.",
    openssl=(22,),
    step=Step.TRUST,
)
RULES = (
    LIST_SAME_SUBJECT,
    LEAF_IN_LIST,
    LIST_SAME_COMMON_NAME,
    ROOT_ABSENT,
    LIST_CROSS_SIGNED_COPY,
    TEMPORARY_CA,
    ISSUER_UNKNOWN,
    INTERMEDIATE_MISSING,
    SELF_SIGNED_LEAF,
    SAME_SUBJECT_AMBIGUOUS,
    CHAIN_SIGNATURE_INVALID,
    CROSS_SIGNED_COPY,
    CHAIN_TOO_LONG,
)
