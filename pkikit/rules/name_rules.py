"""Rules about names that a verifier looks for in a certificate."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables.features import NAMES_IN_SAN, UPLOAD_WARNINGS
from pkikit.rules.rule import Rule, Step, Subject

_REORDER = "Generate a new CSR with this name, have it signed, upload the certificate and restart."
_UC = "X12.5 guide, 'Server Certificate Requirements for Unified Communications'"
_AWARE = "X12.5 guide, 'Points to be Aware'"
_UPLOAD = "X14.0 guide, 'Loading Certificates and Keys Onto Expressway' (warnings from X8.10)"

REFERENCE = Rule(
    id="names.reference-not-presented",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="The name that the verifier looks for is in the certificate of the other side.",
    source="X12.5 guide, appendix 1 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'; RFC 5922 §7.1. The command "
    "reference X15.0 says common name or SAN, the MRA guide 'the SAN attribute, not the CN'; we follow the RFC: the common "
    "name counts only without any SAN",
    fix="Compare the configured peer address or TLS verify subject name with the certificate's SAN, and correct "
    "whichever is wrong.",
    openssl=(62, 63),
    step=Step.NAMES,
)
CLUSTER = Rule(
    id="names.cluster-fqdn-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="The certificate of a clustered peer has the FQDN of the cluster.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'",
    fix=_REORDER,
    step=Step.NAMES,
)
PEER = Rule(
    id="names.peer-fqdn-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="The certificate of a peer has the peer's own FQDN.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'",
    fix=_REORDER,
    step=Step.NAMES,
)
REGISTRATION = Rule(
    id="names.registration-domain-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="Expressway-E's certificate has every Unified CM registration domain, for MRA.",
    source=f"{_UC}. Cisco TAC 213872 advises these domains for Expressway-C too; the guide does not, and no check asks for them",
    fix=_REORDER,
    step=Step.NAMES,
)
COLLAB_EDGE = Rule(
    id="names.collab-edge-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="With CollabEdgeDNS, Expressway-E's certificate has collab-edge.<domain> for every registration domain.",
    source=_UC,
    fix=_REORDER,
    step=Step.NAMES,
)
FEDERATION = Rule(
    id="names.federation-domain-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="Expressway-E's certificate has every XMPP federation domain.",
    source=_UC,
    fix=_REORDER,
    step=Step.NAMES,
)
CHAT_ALIAS = Rule(
    id="names.chat-alias-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="With federated group chat, the certificates of C and E have every chat node alias, the same list on both.",
    source=_UC,
    fix=_REORDER,
    step=Step.NAMES,
)
PROFILE = Rule(
    id="names.security-profile-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="Expressway-C's certificate has the name of every phone security profile that is configured for encrypted TLS. "
    "A phone needs only its own profile.",
    source=f"{_UC}; Cisco TAC 211304 for the second sentence",
    fix=_REORDER,
    step=Step.NAMES,
)
SIP_DOMAIN = Rule(
    id="names.sip-domain-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="Where B2B callers verify, Expressway-E's certificate has every SIP domain that they dial.",
    source="RFC 5922 §7.1; administrator guide X15.0, DNS zones ('TLS verify subject name')",
    fix=_REORDER,
    step=Step.NAMES,
)
JOIN_URL = Rule(
    id="names.join-url-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="Expressway-E's certificate has the host of the Join URL, for the Meeting Server web proxy.",
    source="Cisco TAC 210800, 'Configure CMS WebRTC or Web App Proxy over Expressway'; alarm 40051 of X15.0",
    fix=_REORDER,
    step=Step.NAMES,
)
NODE = Rule(
    id="names.node-fqdn-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.NAMES,),
    requirement="Certificates of Unified CM and IM&P have the FQDN of every node that they serve, also if it is a multi-server "
    "certificate.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates' (CSCus47235); CSCve56019 for IM&P",
    fix="Generate the multi-server request again with all nodes, have it signed, and upload the certificate on the publisher.",
    step=Step.NAMES,
)
WILDCARD_UNSUPPORTED = Rule(
    id="names.wildcard-unsupported",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="A server certificate lists each host and domain by its full name. Expressway does not support wildcards.",
    source=_AWARE,
    fix="Request a certificate that lists every name: `pkikit san DEPLOYMENT` prints them.",
    step=Step.NAMES,
    order=1,
)
IP_ADDRESS_USED = Rule(
    id="names.ip-address-used",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="Peers are addressed by FQDN. An IP address never matches a dNSName. It matches an iPAddress entry of the "
    "SAN, which the guides advise against.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; X14.0.1 guide, 'SIP TLS Negotiation Failures on "
    "Neighbor and Traversal Zones'; RFC 5922 §7.1",
    fix="Enter the FQDN as peer address in the zone, and have the certificate issued with that FQDN as dNSName.",
    openssl=(64,),
    step=Step.NAMES,
    order=2,
)
COMMON_NAME_ONLY = Rule(
    id="names.common-name-only",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="The common name is also a dNSName of the SAN. RFC 5922 lets the common name count only in a "
    "certificate without SAN names, and HTTPS clients never read it. Cisco's documents contradict each other: the certificate "
    "guide leaves the SAN of a single Expressway blank; its troubleshooting chapter and the zone documents want the name in "
    "the SAN; the command reference X15.0 accepts both. This rule follows RFC 5922 and warns from X12.5 on.",
    source="X14.0.1 guide, 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'; RFC 5922 §7.1; RFC 9525 §1.2",
    fix="Add the common name to the SAN: enter it under 'Additional alternative names' when you generate the request.",
    versions=NAMES_IN_SAN.span,
    step=Step.NAMES,
)
NAMES_UNUSABLE = Rule(
    id="names.unusable",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="Every dNSName is a domain name, and every SIP URI is a SIP domain. Anything else matches nothing.",
    source="RFC 5280 §4.2.1.6; RFC 1034 §3.5",
    fix="Have the certificate reissued with the name written as letters, digits, hyphens and dots.",
    step=Step.NAMES,
)
COMMON_NAME_MISSING = Rule(
    id="names.common-name-missing",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="A server certificate has a common name. MRA, Jabber Guest and the Meeting Server web proxy do not work without "
    "one; the upload warns, and alarm 40052 is raised.",
    source=_UPLOAD,
    fix="Generate a request with the FQDN of the Expressway, or of its cluster, as common name, and have a new "
    "certificate issued.",
    versions=UPLOAD_WARNINGS.span,
    step=Step.NAMES,
)
COMMON_NAME_UNEXPECTED = Rule(
    id="names.common-name-unexpected",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="The common name is the FQDN of the Expressway. On a clustered Expressway it is the FQDN of the cluster (before "
    "X9, of the peer).",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; X8.x guides, same chapter",
    fix="Nothing to do as long as the SAN has the names. Generate the next request with this common name.",
    step=Step.NAMES,
)
INTERNAL_DOMAIN = Rule(
    id="names.internal-domain",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="The certificate of Expressway-E has only public names. Clients outside do not look for others, and public CAs "
    "do "
    "not issue for them.",
    source="X12.5 guide, 'Expressway-E server certificate requirements' (private domains need not be there)",
    fix="Leave the private name out of the next request. Only the domains that clients use outside have to be in the "
    "certificate.",
    step=Step.NAMES,
)
XMPP_ADDRESS_FORM = Rule(
    id="names.xmpp-address-form",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="XMPP federation domains are dNSNames. A CA may not support the XMPPAddress form, and later versions may not "
    "either.",
    source="X12.5 guide, 'Expressway-E server certificate requirements'",
    fix="Choose the format DNS for the federation domains on the request page, and have a new certificate issued.",
    step=Step.NAMES,
)
SRV_NAME_UNUSABLE = Rule(
    id="names.srv-name-unusable",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="A SRVName of the SAN is `_collab-edge._tls.DOMAIN`, as an IA5String: endpoints do not look for another service.",
    source="Cisco TAC 211304 (issue 3: 'corresponding SRVName'); RFC 4985 §2",
    fix="Leave the SRVName out, and have the registration domain entered as dNSName: format DNS or CollabEdgeDNS on the "
    "request page.",
    step=Step.NAMES,
)
SRV_NAME_ONLY = Rule(
    id="names.srv-name-only",
    severity=Severity.WARNING,
    applies_to=(Subject.CERTIFICATE, Subject.REQUEST),
    requirement="A registration domain is in the SAN as dNSName: the domain itself or collab-edge.DOMAIN. Endpoints of the X8 "
    "time accept the SRVName _collab-edge._tls.DOMAIN in its place; later request pages do not offer it, and public CAs may "
    "not sign it.",
    source="X12.5 guide, 'Expressway-E server certificate requirements'; Cisco TAC 211304; CA/Browser Forum BR §7.1.2.7.12",
    fix="Request the next certificate with the format DNS or CollabEdgeDNS for the registration domains.",
    step=Step.NAMES,
)
RULES = (
    REFERENCE,
    CLUSTER,
    PEER,
    REGISTRATION,
    COLLAB_EDGE,
    FEDERATION,
    CHAT_ALIAS,
    PROFILE,
    SIP_DOMAIN,
    JOIN_URL,
    NODE,
    WILDCARD_UNSUPPORTED,
    IP_ADDRESS_USED,
    COMMON_NAME_ONLY,
    NAMES_UNUSABLE,
    COMMON_NAME_MISSING,
    COMMON_NAME_UNEXPECTED,
    INTERNAL_DOMAIN,
    XMPP_ADDRESS_FORM,
    SRV_NAME_UNUSABLE,
    SRV_NAME_ONLY,
)
