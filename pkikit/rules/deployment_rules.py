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
    requirement="The TLS verify subject name of a traversal zone is in the certificate of every client peer.",
    source=_ZONES,
    fix="Set it to the FQDN of the Expressway-C cluster, or of the peer if there is only one.",
)
PEER_ADDRESS_NOT_DESIGNED = Rule(
    id="zone.peer-address-not-designed",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Each peer address of a traversal zone is in the certificate of that peer.",
    source=_ZONES,
    fix="Enter the FQDN of each Expressway-E peer as peer address.",
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
    requirement="Chat node aliases are only for federated group chat, and that needs a federation domain.",
    source="X12.5 guide, 'Server Certificate Requirements for Unified Communications'",
    fix="Add the federation domains, or remove the aliases.",
)
B2B_DOMAIN_NOT_DESIGNED = Rule(
    id="deployment.b2b-domain-not-designed",
    severity=Severity.INFO,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="A caller that dials one of your SIP domains over TLS looks for that domain in Expressway-E's certificate.",
    source="RFC 5922 §7.1; X12.5 guide, 'Using ACME on Expressway-E' (B2B)",
    fix="Set sip_domains_in_certificate: on, or accept that strict callers will not connect.",
)
VERIFICATION_OFF = Rule(
    id="deployment.verification-off",
    severity=Severity.WARNING,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Certificates are verified where the product can: with TLS verify mode off, any machine that answers is trusted.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; administrator guide, zones",
    fix="Switch TLS verify mode on once the other side's CA is trusted and its names are right.",
)
COMMON_NAME_TOO_LONG = Rule(
    id="deployment.common-name-too-long",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="The FQDN that becomes the common name has at most 64 characters.",
    source="X.520 ub-common-name; RFC 5280 appendix A.1",
    fix="Choose a shorter FQDN for the cluster, or for the Expressway if it is not clustered.",
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
