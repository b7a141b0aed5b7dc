"""Rules about a certificate signing request, and about the CA's answer to it."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.model.tables import product_pages as pages
from pkikit.model.tables.features import SAN_LENGTH_LIMIT
from pkikit.rules.rule import Rule, Subject

_SIGN = "X12.5 guide, appendix 6 'Authorizing a Request and Generating a Certificate'"
_VOS = "Cisco TAC 200641 ('CSR SAN and Certificate SAN does not match')"

REQUEST_SIGNATURE_INVALID = Rule(
    id="csr.signature-invalid",
    severity=Severity.ERROR,
    applies_to=(Subject.REQUEST,),
    requirement="A request is signed with its own key.",
    source="RFC 2986 §3",
    fix="Generate a new request. This one was changed after it was signed.",
)
NO_NAMES = Rule(
    id="csr.no-names",
    severity=Severity.ERROR,
    applies_to=(Subject.REQUEST,),
    requirement="A request has an FQDN of the Expressway in the common name or in the SAN.",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'",
    fix="Generate the request with the FQDN of the Expressway, or of its cluster, as common name.",
)
SAN_TOO_LONG = Rule(
    id="csr.san-too-long",
    severity=Severity.ERROR,
    applies_to=(Subject.REQUEST,),
    requirement="All subject alternative names together have at most 999 characters.",
    source="X12.5 guide, change history (X8.5.2; lifted with X8.10); X8.8 guide, appendix 1",
    fix="Leave names out, or upgrade to X8.10. The format CollabEdgeDNS does not help: it is longer.",
    versions=SAN_LENGTH_LIMIT.span,
)
PURPOSES_NOT_REQUESTED = Rule(
    id="csr.purposes-not-requested",
    severity=Severity.WARNING,
    applies_to=(Subject.REQUEST,),
    requirement="A request asks for serverAuth and clientAuth, as requests of the Expressway's own page do.",
    source="X12.5 guide, 'Creating a CSR Using Expressway'",
    fix="Generate the request on the Expressway, or add both extended key usages to the request.",
)
COUNTRY_FORM = Rule(
    id="csr.country-form",
    severity=Severity.ERROR,
    applies_to=(Subject.REQUEST,),
    requirement="The country is a code of two letters.",
    source="X12.5 guide, 'Creating a CSR Using Expressway'; RFC 5280 appendix A.1 (PrintableString of size 2)",
    fix="Enter the two-letter ISO 3166 code of the country, such as GB.",
)
NAME_DROPPED = Rule(
    id="answer.name-dropped",
    severity=Severity.ERROR,
    applies_to=(Subject.ANSWER,),
    requirement="The CA keeps every name that the request asks for. A machine that looks for a missing name refuses the "
    "certificate, and Unified CM and IM&P refuse the upload.",
    source=f"{_SIGN}; {_VOS}",
    fix="Ask the CA why it left the name out (policy, domain validation, or an AD CS template without 'Supply in the "
    "request'), and have the certificate reissued with all names. Unified CM and IM&P refuse the upload until then ('CSR SAN "
    "and Certificate SAN does not match'); on Expressway, a machine that looks for the name refuses the certificate.",
)
NAME_ADDED = Rule(
    id="answer.name-added",
    severity=Severity.WARNING,
    applies_to=(Subject.ANSWER,),
    requirement="The CA adds no names to those of the request. Unified CM and IM&P (VOS) refuse the upload of a certificate "
    "whose SANs differ from the request's. Cisco documents no such check for Expressway, which matches the names that it "
    "needs (ours).",
    source=_VOS,
    fix="Unified CM and IM&P refuse the upload ('CSR SAN and Certificate SAN does not match'): have the certificate reissued "
    "with the SANs of the request, or generate a request with an empty parent domain, which has no SANs to compare with. "
    "For Expressway: upload it, if the added name is yours.",
)
SUBJECT_CHANGED = Rule(
    id="answer.subject-changed",
    severity=Severity.WARNING,
    applies_to=(Subject.ANSWER,),
    requirement="The CA returns the subject of the request. Public CAs drop the fields that they do not validate.",
    source="X12.5 guide, 'Generate a Certificate Signing Request for ACME'; CA/Browser Forum BR §7.1.2.7",
    fix="Compare the common name: services read it. Other fields of the subject can be missing without consequences.",
)
CHAIN_ABSENT = Rule(
    id="answer.chain-absent",
    severity=Severity.INFO,
    applies_to=(Subject.ANSWER,),
    requirement="The issuer's certificate comes with the answer, or is available for the trusted CA list.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'",
    fix="Download the CA's chain as well (AD CS: 'Download certificate chain'), and append its certificates under "
    f"{pages.TRUSTED_CA}.",
)
RULES = (
    REQUEST_SIGNATURE_INVALID,
    NO_NAMES,
    SAN_TOO_LONG,
    PURPOSES_NOT_REQUESTED,
    COUNTRY_FORM,
    NAME_DROPPED,
    NAME_ADDED,
    SUBJECT_CHANGED,
    CHAIN_ABSENT,
)
