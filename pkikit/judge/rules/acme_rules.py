"""Rules about ACME on Expressway-E; `judge.preflight` finds the breaches before an order, the CA's problems after."""

from __future__ import annotations

from pkikit.judge.registry import Subject, declare
from pkikit.model.findings import Severity

_ACME = "X12.5 guide, 'Using ACME on Expressway-E'"
_VERSIONS = "X12.5-"


def _acme_rule(rule_id: str, requirement: str, source: str, fix: str, severity: Severity = Severity.ERROR) -> str:
    return declare(
        rule_id, severity, on=Subject.ACME, requirement=requirement, source=source, fix=fix, versions=_VERSIONS
    )


HTTP_UNREACHABLE = _acme_rule(
    "acme.http-01-unreachable",
    "Every peer of the Expressway-E answers on port 80 from the internet while an order runs.",
    f"{_ACME}; RFC 8555 §8.3",
    "Open inbound TCP port 80 to every Expressway-E peer in the firewall, and in the firewall rules of the Expressway itself.",
)
DNS_MISSING = _acme_rule(
    "acme.dns-missing",
    "Public DNS resolves every name of the request to peers of the Expressway-E.",
    f"{_ACME}: 'Common Configuration'",
    "Add A records in public DNS that lead from the name to the Expressway-E peers, or leave the name out of the request.",
)
NAME_NOT_PUBLIC = _acme_rule(
    "acme.name-not-public",
    "A request for ACME holds public names only: no internal domain, no single label, no public suffix, no IP address and no "
    "wildcard. Which top-level domains are public comes from the packaged public suffix list, whose date the finding states.",
    f"{_ACME}; CA/Browser Forum BR §4.2.2 (internal names); publicsuffix.org",
    "Leave the name out of the request. For connections inside, use a certificate of a private CA.",
)
COMMON_NAME_LONG = _acme_rule(
    "acme.common-name-long",
    "The common name has at most 64 characters. A CA leaves a longer one out, or refuses the order.",
    "RFC 5280, appendix A.1 (ub-common-name); CA/Browser Forum BR §7.1.2.7",
    "Give the peer a shorter FQDN. The SAN takes long names, the common name does not.",
)
APEX_NAME = _acme_rule(
    "acme.apex-name",
    "A name that is a whole domain resolves to Expressway-E in public DNS. Often it resolves to a web server instead.",
    f"{_ACME}: 'Common Configuration' (apex domains, for business-to-business calls)",
    "Ask the owner of the domain's A records. For MRA, the format CollabEdgeDNS avoids the question.",
    Severity.INFO,
)
CAA_FORBIDS = _acme_rule(
    "acme.caa-forbids",
    "The CAA records of every name allow the CA, and the method http-01, or there are none.",
    "RFC 8659 §4; RFC 8657 §4 (validationmethods)",
    'Add the CA to the CAA records of the domain (0 issue "…"), or order from a CA that they list.',
)
RATE_LIMITED = _acme_rule(
    "acme.rate-limited",
    "Orders stay within the limits that the CA sets for names and certificates.",
    "RFC 8555 §6.6; Let's Encrypt, 'Rate Limits'",
    "Wait until the time that the CA states, or order for fewer names. Rehearse with the staging directory of the CA.",
)
PENDING = _acme_rule(
    "acme.pending-not-deployed",
    "A signed certificate is deployed before the one in use expires. Signing alone changes nothing.",
    f"{_ACME}: 'How it Works'",
    "Click 'Deploy Pending Cert' under Maintenance > Security > Server certificate, or turn on the ACME automated scheduler.",
)
ORDER_FAILED = _acme_rule(
    "acme.order-failed",
    "The CA accepts and finishes the order.",
    "RFC 8555 §6.7, §7.1.6",
    "Read the problem document of the CA: it says what is wrong with the order. Correct that, then order again.",
)
ACCOUNT_REFUSED = _acme_rule(
    "acme.account-refused",
    "The CA knows the ACME account and its contact, and the account accepts the terms of service.",
    "RFC 8555 §7.3",
    "Check the ACME provider's settings: e-mail address, terms of service, and the account binding if the CA asks for one.",
)
