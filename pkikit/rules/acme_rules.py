"""Rules about ACME on Expressway-E: before an order, and about what the CA answers."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.features import ACME
from pkikit.rules.rule import Rule, Subject

_ACME = "X12.5 guide, 'Using ACME on Expressway-E'"
_VERSIONS = ACME.span

HTTP_UNREACHABLE = Rule(
    id="acme.http-01-unreachable",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="Every peer of the Expressway-E answers on port 80 from the internet while an order runs.",
    source=f"{_ACME}; RFC 8555 §8.3",
    fix="Open inbound TCP port 80 to every Expressway-E peer in the firewall, and in the firewall rules of the "
    "Expressway itself.",
    versions=_VERSIONS,
)
DNS_MISSING = Rule(
    id="acme.dns-missing",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="Every name of the request, domains included, has an A record in public DNS that points to Expressway-E peers.",
    source=f"{_ACME}: 'Common Configuration'; X14.0.1 guide, 'Prerequisites'",
    fix="In public DNS, add A records for the name with the addresses of the Expressway-E peers, or leave the name out of the "
    "request. If the record of a domain must point to another web server, request collab-edge.DOMAIN instead, and give that "
    "name an A record.",
    versions=_VERSIONS,
)
NAME_NOT_PUBLIC = Rule(
    id="acme.name-not-public",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="A request for ACME has only public names: no internal domain, no single label, no public suffix, no "
    "IP address and no wildcard. The packaged public suffix list "
    "decides which top-level domains are public; the finding states its date.",
    source=f"{_ACME}; CA/Browser Forum BR §4.2.2 (internal names); publicsuffix.org",
    fix="Leave the name out of the request. For connections inside, use a certificate of a private CA.",
    versions=_VERSIONS,
)
COMMON_NAME_LONG = Rule(
    id="acme.common-name-long",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="The common name has at most 64 characters. A CA leaves a longer one out, or refuses the order.",
    source="RFC 5280, appendix A.1 (ub-common-name); CA/Browser Forum BR §7.1.2.7",
    fix="Give the peer a shorter FQDN. The SAN takes long names, the common name does not.",
    versions=_VERSIONS,
)
APEX_NAME = Rule(
    id="acme.apex-name",
    severity=Severity.INFO,
    applies_to=(Subject.ACME,),
    requirement="A name that is a whole domain resolves to Expressway-E in public DNS. Often it resolves to a web "
    "server instead.",
    source=f"{_ACME}: 'Common Configuration' (apex domains, for business-to-business calls)",
    fix="Ask the owner of the domain's A records. For MRA, the format CollabEdgeDNS avoids the question.",
    versions=_VERSIONS,
)
CAA_FORBIDS = Rule(
    id="acme.caa-forbids",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="The CAA records of every name allow the CA, and the method http-01, or there are none.",
    source="RFC 8659 §4; RFC 8657 §4 (validationmethods)",
    fix='Add the CA to the CAA records of the domain (0 issue "…"), or order from a CA that they list.',
    versions=_VERSIONS,
)
RATE_LIMITED = Rule(
    id="acme.rate-limited",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="Orders stay within the limits that the CA sets for names and certificates.",
    source="RFC 8555 §6.6; Let's Encrypt, 'Rate Limits'",
    fix="Wait until the time that the CA states, or order for fewer names. Rehearse with the staging directory of the CA.",
    versions=_VERSIONS,
)
PENDING = Rule(
    id="acme.pending-not-deployed",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="A signed certificate is deployed before the one in use expires. Signing changes nothing on the Expressway.",
    source=f"{_ACME}: 'How it Works'",
    fix=f"Click 'Deploy Pending Cert' under {pages.SERVER_CERTIFICATE}, or turn on the ACME automated scheduler.",
    versions=_VERSIONS,
)
ORDER_FAILED = Rule(
    id="acme.order-failed",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="The CA accepts and finishes the order.",
    source="RFC 8555 §6.7, §7.1.6",
    fix="Read the problem document of the CA: it says what is wrong with the order. Correct that, then order again.",
    versions=_VERSIONS,
)
ACCOUNT_REFUSED = Rule(
    id="acme.account-refused",
    severity=Severity.ERROR,
    applies_to=(Subject.ACME,),
    requirement="The CA knows the ACME account and its contact, and the account accepts the terms of service.",
    source="RFC 8555 §7.3",
    fix="Check the ACME provider's settings: e-mail address, terms of service, and the account binding if the CA asks for one.",
    versions=_VERSIONS,
)
CA_NOT_IN_LISTS = Rule(
    id="acme.ca-not-in-lists",
    severity=Severity.WARNING,
    applies_to=(Subject.ACME,),
    requirement="The root and the intermediates of the ACME CA are in the trusted CA list of every Expressway-E peer, and of "
    "every Expressway-C that traverses to it.",
    source="X14.0.1 guide, 'Using ACME on Expressway-E': 'Prerequisites'",
    fix=f"Append the root and the intermediate of the CA under {pages.TRUSTED_CA}, before the certificate is deployed.",
    versions=_VERSIONS,
)
RULES = (
    HTTP_UNREACHABLE,
    DNS_MISSING,
    NAME_NOT_PUBLIC,
    COMMON_NAME_LONG,
    APEX_NAME,
    CAA_FORBIDS,
    RATE_LIMITED,
    PENDING,
    ORDER_FAILED,
    ACCOUNT_REFUSED,
    CA_NOT_IN_LISTS,
)
