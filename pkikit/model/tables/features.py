"""The one table of product versions: which there are, and what changes between them.

A new version of the product is a change of this file alone: `NEWEST`, and a `Feature` for each thing that it brings or
takes away. Code asks `version.has(TWO_STORES)` and never compares numbers. Help texts, messages and docs/versions.md are
made from here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

OLDEST, NEWEST = "X8.1", "X15.5"
DEFAULT_VERSION = NEWEST  # of a deployment, a command or a question that names none
# Those that people are asked about: each brings a change of certificates, or many run it (ours).
ASKED_VERSIONS = ("X12.5", "X12.7", "X14.0", "X14.2", "X14.3", "X15.0", "X15.2", "X15.4", NEWEST)
USUAL_VERSION = "X15.2"  # the answer before somebody gives one (ours)
GUIDE_VERSION = "X12.5"  # of the certificate guide that the notebooks and docs/guide.md follow
VERSION_RANGE = f"{OLDEST} to {NEWEST}"
EVERY_VERSION = f"{OLDEST}-"


class Certainty(enum.StrEnum):
    """How sure a fact is: a document states it, it follows from stated facts, or the document is thin or contradicted."""

    STATED = "stated"
    INFERRED = "inferred"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One thing that depends on the version of the product.

    Attributes:
        title: what a version with the feature does, as a sentence.
        since: the first version that has it; None when the oldest has it.
        until: the last version that has it, with all of its maintenance releases; None when the newest has it.
        source: the document that states it, and where documents contradict each other, how.
        certainty: of its weakest part; the source then says which part that is.
    """

    title: str
    since: str | None = None
    until: str | None = None
    source: str
    certainty: Certainty = Certainty.STATED

    @property
    def first(self) -> str:
        """The first version that has it."""
        return self.since or OLDEST

    @property
    def span(self) -> str:
        """The versions as rules write them: `X8.5.2-X8.9`, `X12.5-` or `X8.1-X8.9`."""
        return f"{self.first}-{self.until or ''}"


_HISTORY = "X12.5 guide, change history"
_LOADING = "X14.0 guide, 'Loading Certificates and Keys Onto Expressway'"

CLUSTER_TLS = Feature(
    title="The peers of a cluster talk over TLS, and verify each other permissively (the default) or enforcing; before, over "
    "IPsec.",
    since="X8.8",
    source="Cisco Expressway IP Port Usage guide X15.0, 'Clustering Connections'; Cisco TAC 217230",
)
SHA_2_REQUESTS = Feature(
    title="The page for requests offers SHA-256, SHA-384 and SHA-512; SHA-256 is the default.",
    since="X8.5.1",
    source=_HISTORY,
)
WEAK_REQUESTS = Feature(
    title="The page for requests offers SHA-1 and RSA keys of 1024 bits.",
    until="X8.9",
    source="X12.5 guide, 'Creating a CSR Using Expressway' and change history",
)
SAN_LENGTH_LIMIT = Feature(
    title="All subject alternative names of a request have at most 999 characters together.",
    since="X8.5.2",
    until="X8.9",
    source=f"{_HISTORY} (X8.5.2; lifted with X8.10); X8.8 guide, appendix 1",
)
SHA_2_SIGNATURES = Feature(
    title="Certificates are signed with SHA-256 or better; older versions made SHA-1 requests themselves.",
    since="X8.10",
    source="X12.5 guide, 'Creating a CSR Using Expressway' (no SHA-1 from X8.10 on)",
)
UPLOAD_WARNINGS = Feature(
    title="The upload of a server certificate warns: no common name, weak signature, CA not in the trusted CA list.",
    since="X8.10",
    source=f"{_LOADING} (warnings from X8.10)",
)
SECURITY_MENU = Feature(
    title="The certificate pages are below Maintenance > Security; before, below Maintenance > Security certificates.",
    since="X8.10",
    source="X15.4 guide, change history (July 2017); administrator guides X8.x for the older name",
)
PEER_AS_COMMON_NAME = Feature(
    title="A clustered peer with a certificate for itself has its own FQDN as common name, not that of the cluster.",
    until="X8.11",
    source="X8.x guides and X12.5 guide, 'Overview of Certificate Use on the Expressway'",
)
ACME = Feature(
    title="Expressway-E orders its certificate from Let's Encrypt by ACME.",
    since="X12.5",
    source="X12.5 guide, 'Using ACME on Expressway-E'",
)
NAMES_IN_SAN = Feature(
    title="The documents want the name of an Expressway in the SAN; the common name alone is not enough.",
    since="X12.5",
    source="X12.5 guide, appendix 1, and cluster guide X12.5; the certificate guide itself leaves the SAN of a single "
    "Expressway blank, and the CLI reference X15.0 accepts the common name or the SAN",
)
UNIQUE_CA_NAMES = Feature(
    title="Two CA certificates with one common name in the trusted CA list can break logins through an identity provider.",
    since="X14.0",
    source=_LOADING,
)
FQDN_PROFILES = Feature(
    title="Names of phone security profiles are FQDNs.",
    since="X12.6",
    source="X15.4 and X15.5 guides, change history and 'Managing the Expressway Server Certificate'",
)
SIP_OAUTH = Feature(
    title="Clients outside can register with Unified CM by SIP OAuth (port 5091).",
    since="X12.5",
    source="Cisco TAC 215572, 'Components Used'",
)
IM_PRESENCE_ASKS = Feature(
    title="IM&P asks for Expressway-C's certificate on XMPP 7400: the CA must be in cup-xmpp-trust.",
    since="X14.0.2",
    source="MRA guide X15.0, 'Certificate Exchange Requirements' (cup-xmpp-trust and tomcat-trust). The port, and that it "
    "begins where it begins on Unified CM, are inferred",
    certainty=Certainty.INFERRED,
)
TRAFFIC_SERVER_PRESENTS = Feature(
    title="The traffic server shows Expressway-C's certificate where Unified CM asks for one (TFTP 6971 and 6972): the CA must "
    "be in tomcat-trust and CallManager-trust of Unified CM, in non-secure mode too.",
    since="X14.0.2",
    source="Cisco TAC 225476 and 217743 (CSCvz45074, CSCvz20720); MRA guide X15.0, 'Certificate Exchange Requirements'",
)
TRAFFIC_SERVER_VERIFIES = Feature(
    title="The traffic server verifies chain and names of Unified CM, IM&P, Unity Connection and Meeting Server for MRA, also "
    "where TLS verify mode is off.",
    since="X14.0.8",
    source="Cisco TAC 225476. The release note of X14.2 (CSCwc69661), TAC 217743 and 218018 and the MRA guide X15.0 say from "
    "X14.2 on",
)
VERIFY_ORIGIN_SWITCH = Feature(
    title="A switch of the CLI on Expressway-C turns that verification off "
    "(`xConfiguration EdgeConfigServer VerifyOriginServer: OFF`).",
    since="X14.2",
    source="Release note X14.2.5, 'TLS Verification Mode'; MRA guide X15.0, 'Certificate Exchange Requirements'",
)
ELLIPTIC_KEYS = Feature(
    title="Elliptic (ECDSA) keys are supported.",
    since="X14.3",
    source="X15.4 guide, 'Certificate Generation Overview'",
)
UPLOAD_NEEDS_CLIENT_AUTH = Feature(
    title="The upload of a server certificate without clientAuth is refused; X15.4 has a switch for that on Expressway-E.",
    until="X15.4",
    source="Cisco TAC 225482 (FAQ); MRA guide X15.0, 'Requirements'. The X14.0 guide says that an upload is not prevented, "
    "which we read as being about the criteria that it warns of. FN74362 and TAC 225482 lift the restriction on "
    "Expressway-E alone, while the FAQ on clusters speaks of any node",
)
SERVICE_NEEDS_BOTH = Feature(
    title="When Mobile and Remote Access registers, Expressway-C asks for both purposes in the certificate that "
    "Expressway-E sends in a SIP SERVICE message.",
    until="X15.3",
    source="Cisco TAC 225482 (FAQ)",
)
CLUSTER_WITHOUT_CLIENT_AUTH = Feature(
    title="Cluster links do not ask for clientAuth, also where cluster TLS verification is enforced.",
    since="X15.4",
    source="Cisco TAC 225482 (FAQ on clusters); that X15.5 keeps it is inferred",
    certainty=Certainty.INFERRED,
)
SERVER_ONLY_SWITCH = Feature(
    title="A switch of the CLI on Expressway-E accepts the upload of a server certificate without clientAuth "
    "(`xConfiguration XCP TLS Certificate CVS EnableServerEkuUpload: On`).",
    since="X15.4",
    until="X15.4",
    source="Cisco TAC 225482: on Expressway-E, the command does not run on Expressway-C; deprecated in X15.5 by Cisco TAC "
    "225693. That the switch is off by default is inferred",
    certainty=Certainty.INFERRED,
)
TWO_STORES = Feature(
    title="Expressway has two certificate stores: it shows the client certificate where it opens a connection, and the "
    "server certificate where it accepts one. Each needs the extended key usage of its own role only.",
    since="X15.5",
    source="Cisco TAC 225693; X15.5 guide, 'Managing Expressway Certificates'. A note of TAC 225693 asks for clientAuth in "
    "the server certificate of Expressway-C, and its success case has none there: we follow the case",
)
EKU_CHECKING_MODE = Feature(
    title="A switch turns off the check for clientAuth of inbound SIP TLS "
    "(`xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode`, default On).",
    since="X15.5",
    source="Cisco TAC 225693. Off: serverAuth is asked for where the certificate lists purposes; names, chain and dates "
    "count as before (TAC 225482, FAQ; dates and chain are inferred, and that the change needs no restart)",
    certainty=Certainty.INFERRED,
)

LONGER_DH_KEYS = Feature(
    title="`xConfiguration SIP Advanced SipTlsDhKeySize` is 2048 by default, not 1024.",
    since="X14.3",
    source="administrator guide X15.5, change history (corrected in X15.2); uncertain, since the command reference X15.0 still "
    "says 1024",
    certainty=Certainty.UNCERTAIN,
)
RSA_SIGNATURES_FIRST = Feature(
    title="`xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa` prefers RSA signatures in TLS 1.3.",
    since="X15.2",
    source="Cisco TAC 225476",
)
_INTERFACES = "administrator guide X15.0, 'Expressway Interfaces'"
REST_API = Feature(
    title="Scripts configure an Expressway by a REST API, below `/api/provisioning` and `/api/v1/provisioning`.",
    since="X8.8",
    source="REST API Summary Guide X14.2, change history",
)
REST_DOMAIN_CERTIFICATES = Feature(
    title="The REST API has calls for domain certificates.",
    since="X8.10",
    source="REST API Summary Guide X14.2, change history (phase three)",
)
CSRF_HEADER = Feature(
    title="Seven POST calls of the REST API want a header `X-CSRF-Header`, with any value.",
    since="X14.2",
    source=f"{_INTERFACES} ('About the API'). The answer without the header is not stated; 403 is uncertain",
    certainty=Certainty.UNCERTAIN,
)
CSRF_PROTECTION = Feature(
    title="`xConfiguration Security CSRFProtection Status` makes CDB REST, XMLPut and SOAP want that header too.",
    since="X15.0",
    source=_INTERFACES,
)
CSRF_PROTECTION_ON = Feature(
    title="`xConfiguration Security CSRFProtection Status` is Enabled by default.",
    since="X15.2",
    source="administrator guide X15.5, change history of February 2025 (X15.2); the guide of X15.0 says Disabled, "
    "and we follow both: the history corrects the text for X15.2",
)

FEATURES: tuple[Feature, ...] = (
    CLUSTER_TLS,
    SHA_2_REQUESTS,
    WEAK_REQUESTS,
    SAN_LENGTH_LIMIT,
    SHA_2_SIGNATURES,
    UPLOAD_WARNINGS,
    SECURITY_MENU,
    PEER_AS_COMMON_NAME,
    ACME,
    NAMES_IN_SAN,
    UNIQUE_CA_NAMES,
    FQDN_PROFILES,
    SIP_OAUTH,
    IM_PRESENCE_ASKS,
    TRAFFIC_SERVER_PRESENTS,
    TRAFFIC_SERVER_VERIFIES,
    VERIFY_ORIGIN_SWITCH,
    ELLIPTIC_KEYS,
    LONGER_DH_KEYS,
    RSA_SIGNATURES_FIRST,
    UPLOAD_NEEDS_CLIENT_AUTH,
    SERVICE_NEEDS_BOTH,
    CLUSTER_WITHOUT_CLIENT_AUTH,
    SERVER_ONLY_SWITCH,
    TWO_STORES,
    REST_API,
    REST_DOMAIN_CERTIFICATES,
    CSRF_HEADER,
    CSRF_PROTECTION,
    CSRF_PROTECTION_ON,
    EKU_CHECKING_MODE,
)
