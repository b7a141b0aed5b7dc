"""Rules over names that somebody looks for; `judge.verify` and `judge.lint` find the breaches."""

from __future__ import annotations

from pkikit.judge.registry import Subject, declare
from pkikit.model.findings import Severity

_UC = "X12.5 guide, 'Server Certificate Requirements for Unified Communications'"
_REORDER = "Generate a new CSR with this name, have it signed, upload the certificate and restart."


def _name_rule(rule_id: str, requirement: str, source: str = _UC, fix: str = _REORDER) -> str:
    return declare(rule_id, Severity.ERROR, on=Subject.NAMES, requirement=requirement, source=source, fix=fix)


REFERENCE = _name_rule(
    "names.reference-not-presented",
    "The name that the verifier looks for is in the certificate of the other side.",
    "X12.5 guide, appendix 1 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'; RFC 5922 §7.1",
    "Compare the configured peer address or TLS verify subject name with the certificate's SAN, and correct whichever is wrong.",
)
CLUSTER = _name_rule(
    "names.cluster-fqdn-missing",
    "The certificate of a clustered peer holds the FQDN of the cluster.",
    "X12.5 guide, 'Overview of Certificate Use on the Expressway'",
)
PEER = _name_rule(
    "names.peer-fqdn-missing",
    "The certificate of a peer holds the peer's own FQDN.",
    "X12.5 guide, 'Overview of Certificate Use on the Expressway'",
)
REGISTRATION = _name_rule(
    "names.registration-domain-missing",
    "Expressway-E's certificate holds every Unified CM registration domain, for MRA.",
)
COLLAB_EDGE = _name_rule(
    "names.collab-edge-missing",
    "With CollabEdgeDNS, Expressway-E's certificate holds collab-edge.<domain> for every registration domain.",
)
FEDERATION = _name_rule(
    "names.federation-domain-missing", "Expressway-E's certificate holds every XMPP federation domain."
)
CHAT_ALIAS = _name_rule(
    "names.chat-alias-missing",
    "With federated group chat, the certificates of C and E hold every chat node alias, the same list on both.",
)
PROFILE = _name_rule(
    "names.security-profile-missing",
    "Expressway-C's certificate holds the name of every phone security profile that is configured for encrypted TLS.",
)
SIP_DOMAIN = _name_rule(
    "names.sip-domain-missing",
    "Where B2B callers verify, Expressway-E's certificate holds every SIP domain that they dial.",
    "RFC 5922 §7.1; administrator guide X15.0, DNS zones ('TLS verify subject name')",
)
NODE = _name_rule(
    "names.node-fqdn-missing",
    "Certificates of Unified CM and IM&P hold the FQDN of every node that they serve, multi-server ones too.",
    "X12.5 guide, 'Cisco Unified Communications Manager Certificates' (CSCus47235); CSCve56019 for IM&P",
    "Generate the multi-server request again with all nodes in it, have it signed, upload it on the publisher.",
)
