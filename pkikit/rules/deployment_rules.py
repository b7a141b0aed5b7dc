"""Rules about a deployment file: what cannot work, whatever certificates are bought."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.rules.rule import Rule, Subject

_ZONES = "X12.5 guide, appendix 1 'SIP TLS Negotiation Failures on Neighbor and Traversal Zones'"
_UC = "X12.5 guide, 'Expressway-E server certificate requirements'"

SUBJECT_NAME_NOT_DESIGNED = Rule(
    id="zone.subject-name-not-designed",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="The TLS verify subject name of a traversal zone is a name that every client peer's certificate holds.",
    source=_ZONES,
    fix="Set it to the FQDN of the Expressway-C cluster (of the peer, when there is only one).",
)
PEER_ADDRESS_NOT_DESIGNED = Rule(
    id="zone.peer-address-not-designed",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Each peer address of a traversal zone is a name that the certificate of the peer behind it holds.",
    source=_ZONES,
    fix="Write the FQDN of each Expressway-E peer as peer address.",
)
REGISTRATION_DOMAIN_INTERNAL = Rule(
    id="deployment.registration-domain-internal",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Registration domains are public edge domains: clients outside look them up in public DNS.",
    source=_UC,
    fix="List the edge domain that clients use outside; the domain of Unified CM inside may differ and need not be there.",
)
REGISTRATION_DOMAIN_ABSENT = Rule(
    id="deployment.registration-domain-absent",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Mobile and Remote Access has at least one registration domain: without one no client finds the Expressway-E.",
    source=_UC,
    fix="List the service discovery domains under domains.registration.",
)
CHAT_ALIASES_UNUSED = Rule(
    id="deployment.chat-aliases-unused",
    severity=Severity.WARNING,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Chat node aliases are needed for federated group chat only, so only beside a federation domain.",
    source="X12.5 guide, 'Server Certificate Requirements for Unified Communications'",
    fix="Add the federation domains, or take the aliases out.",
)
B2B_DOMAIN_NOT_DESIGNED = Rule(
    id="deployment.b2b-domain-not-designed",
    severity=Severity.INFO,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Who dials a SIP domain of ours over TLS looks for that domain in Expressway-E's certificate.",
    source="RFC 5922 §7.1; X12.5 guide, 'Using ACME on Expressway-E' (B2B)",
    fix="Set sip_domains_in_certificate: on, or accept that strict callers will not connect.",
)
VERIFICATION_OFF = Rule(
    id="deployment.verification-off",
    severity=Severity.WARNING,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Certificates are verified where the product can: with TLS verify mode off anybody who answers is believed.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; administrator guide, zones",
    fix="Switch TLS verify mode on once the other side's CA is trusted and its names are right.",
)
COMMON_NAME_TOO_LONG = Rule(
    id="deployment.common-name-too-long",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="The FQDN that becomes the common name has at most 64 characters.",
    source="X.520 ub-common-name; RFC 5280 appendix A.1",
    fix="Choose a shorter FQDN for the cluster (for the Expressway, when not clustered).",
)
RULES = (
    SUBJECT_NAME_NOT_DESIGNED,
    PEER_ADDRESS_NOT_DESIGNED,
    REGISTRATION_DOMAIN_INTERNAL,
    REGISTRATION_DOMAIN_ABSENT,
    CHAT_ALIASES_UNUSED,
    B2B_DOMAIN_NOT_DESIGNED,
    VERIFICATION_OFF,
    COMMON_NAME_TOO_LONG,
)
