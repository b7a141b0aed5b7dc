"""The settings of the product that concern certificates: `xConfiguration` keys, allowed values and defaults.

One table for everybody: `pkikit.design.xconfiguration` fills it with the values of a deployment (for the dump of a diagnostic
archive), and the documentation lists it. Source unless a row says otherwise: Cisco Expressway Administrator Guide X15.0,
"Command Reference - xConfiguration".
"""

from __future__ import annotations

from dataclasses import dataclass

from pkikit.model.tables.features import (
    CSRF_PROTECTION,
    CSRF_PROTECTION_ON,
    EVERY_VERSION,
    LONGER_DH_KEYS,
    RSA_SIGNATURES_FIRST,
    SERVER_ONLY_SWITCH,
    TWO_STORES,
    VERIFY_ORIGIN_SWITCH,
    Certainty,
    Feature,
)
from pkikit.model.tables.ssh_algorithms import SSH_ALGORITHMS, SSH_CIPHER

_REFERENCE = "administrator guide X15.0, command reference"
ON_OFF = "On/Off"
_CIPHERS = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One `xConfiguration` key.

    Attributes:
        key: the words of the key, without `xConfiguration`; `[n]` is an index.
        allowed: the values as the document writes them.
        default: the documented default; empty text is a default, None means that no document states one.
        changed_by: the feature that brought this default; None if it was always the same.
        before: the default of versions without `changed_by`.
        versions: the versions that have the key.
        certainty: of the default.
        modelled_by: the key of the deployment file that decides it, such as `revocation/checking`; empty if none does.
        why_not: what the lab does instead, if no key of the deployment file decides it.
        needs_restart: the document says that a change takes effect after a restart.
        edge_only: only Expressway-E has the key.
        core_only: only Expressway-C has the key.
        source: the document, and how documents contradict each other.
    """

    key: str
    allowed: str = ON_OFF
    default: str | None
    changed_by: Feature | None = None
    before: str | None = None
    versions: str = EVERY_VERSION
    certainty: Certainty = Certainty.STATED
    modelled_by: str = ""
    why_not: str = ""
    needs_restart: bool = False
    edge_only: bool = False
    core_only: bool = False
    source: str = _REFERENCE


_REVOCATION = "SIP TLS Certificate Revocation Checking"
_CVS = "XCP TLS Certificate CVS"
_TLS_STACK = "the lab's TLS stack decides: TLS 1.2 and 1.3, suites of OpenSSL's security level 2"
_XCP = "the lab verifies XCP connections as by default, without revocation"
_FIXED_PORT = "the lab listens on the default port"
_ACCOUNTS = "the lab's pages have accounts of their own"
_MANAGER = "in the lab, TMS dials the peers, and no peer dials TMS"
_TAC_EKU = "Cisco TAC 225693"

REVOCATION: tuple[Setting, ...] = (
    Setting(key=f"{_REVOCATION} Mode", default="Off", modelled_by="revocation/checking"),
    Setting(key=f"{_REVOCATION} OCSP Mode", default="On", modelled_by="revocation/use_ocsp"),
    Setting(key=f"{_REVOCATION} CRL Mode", default="On", modelled_by="revocation/use_crls"),
    Setting(key=f"{_REVOCATION} CRL Network Fetch Mode", default="On", modelled_by="revocation/cdp_download"),
    Setting(
        key=f"{_REVOCATION} Source Inaccessibility Behavior",
        allowed="Ignore/Fail",
        default="Fail",
        certainty=Certainty.UNCERTAIN,
        modelled_by="revocation/fallback",
        source=f"{_REFERENCE}: default Fail (treat as revoked); contradicts the web page of the X8 guides ('Fallback "
        "behavior'), whose default is 'Treat as not revoked'. A deployment file without `fallback` follows the page",
    ),
)
PURPOSES: tuple[Setting, ...] = (
    Setting(
        key="SIP TLS Certificate ExtendedKeyUsage Checking Mode",
        default="On",
        versions=TWO_STORES.span,
        modelled_by="clusters[]/eku_checking",
        source=f"{_TAC_EKU}: on C and on E; acts on inbound SIP TLS alone",
    ),
    Setting(
        key=f"{_CVS} EnableServerEkuUpload",
        default=None,
        versions=SERVER_ONLY_SWITCH.span,
        edge_only=True,
        modelled_by="clusters[]/server_eku_upload",
        source="Cisco TAC 225482; deprecated in X15.5 by Cisco TAC 225693. No document states a default; Off is inferred",
    ),
)
ORIGINS: tuple[Setting, ...] = (
    Setting(
        key="EdgeConfigServer VerifyOriginServer",
        default="On",
        versions=VERIFY_ORIGIN_SWITCH.span,
        core_only=True,
        modelled_by="clusters[]/verify_origin_server",
        source=VERIFY_ORIGIN_SWITCH.source,
    ),
)
XCP: tuple[Setting, ...] = (
    Setting(key=f"{_CVS} EnableCvs", default="On", why_not=_XCP),
    Setting(key=f"{_CVS} VerifyHostname", default="On", why_not=_XCP),
    Setting(key=f"{_CVS} CertificateRevocationCheck", default="Off", why_not=_XCP),
    Setting(key=f"{_CVS} ConvertIpToHostname", default="On", why_not="XCP peers have names in the lab"),
    Setting(key=f"{_CVS} CrlNetworkFetchEnabled", default="On", why_not=_XCP),
    Setting(key=f"{_CVS} FailOnInaccessibleSource", default="On", why_not=_XCP),
    Setting(key=f"{_CVS} UseCrl", default="On", why_not=_XCP),
    Setting(key=f"{_CVS} UseOcsp", default="On", why_not=_XCP),
)
SIP: tuple[Setting, ...] = (
    Setting(key="SIP TLS Mode", default="On", why_not="the lab speaks SIP over TLS alone"),
    Setting(key="SIP TLS Port", allowed="1024..65534", default="5061", why_not=_FIXED_PORT),
    Setting(key="SIP TCP Mode", default="Off", why_not="the lab speaks SIP over TLS alone"),
    Setting(key="SIP TCP Port", allowed="1024..65534", default="5060", why_not="the lab speaks SIP over TLS alone"),
    Setting(key="SIP UDP Mode", default="Off", why_not="the lab speaks SIP over TLS alone"),
    Setting(key="SIP TCP Outbound Port Start", allowed="1024..65534", default="25000", why_not="the system chooses"),
    Setting(key="SIP TCP Outbound Port End", allowed="1024..65534", default="29999", why_not="the system chooses"),
    Setting(
        key="SIP Advanced SipTlsVersions",
        allowed="TLSv1, TLSv1.1, TLSv1.2, joined by colons; TLSv1.3 as well in later X15 releases",
        default="TLSv1:TLSv1.1:TLSv1.2",
        why_not=_TLS_STACK,
        source=f"{_REFERENCE}; Cisco TAC 225476 for TLSv1.3",
    ),
    Setting(
        key="SIP Advanced SipTlsDhKeySize",
        allowed="1024/2048/3072",
        default="2048",
        changed_by=LONGER_DH_KEYS,
        before="1024",
        certainty=Certainty.UNCERTAIN,
        why_not="the lab's suites exchange keys on elliptic curves",
        needs_restart=True,
        source=f"{_REFERENCE}: 1024; administrator guide X15.5, change history: 2048 from X14.3 on, which the table follows",
    ),
    Setting(
        key="SIP Advanced TlsSignatureAlgoPrefRsa",
        default=None,
        versions=RSA_SIGNATURES_FIRST.span,
        why_not=_TLS_STACK,
        source="Cisco TAC 225476: with TLSv1.3 on the SIP interface alone; no document states a default",
    ),
)
_ZONE = "Zones Zone [n]"
ZONES: tuple[Setting, ...] = (
    Setting(key=f"{_ZONE} Neighbor SIP TLS Verify Mode", default="Off", modelled_by="zones[]/tls_verify"),
    Setting(key=f"{_ZONE} Neighbor SIP Port", allowed="1024..65534", default="5061", why_not=_FIXED_PORT),
    Setting(key=f"{_ZONE} Neighbor SIP Transport", allowed="UDP/TCP/TLS", default="TLS", why_not="TLS in the lab"),
    Setting(key=f"{_ZONE} Neighbor Monitor", allowed="Yes/No", default="Yes", why_not="always, by OPTIONS"),
    Setting(
        key=f"{_ZONE} TraversalClient SIP TLS Verify Mode",
        default="Off",
        modelled_by="zones[]/tls_verify",
        source=f"{_REFERENCE}; for Unified Communications traversal it is always On. A traversal zone in a deployment file "
        "without `tls_verify` has it on, which is ours",
    ),
    Setting(
        key=f"{_ZONE} TraversalClient RetryInterval",
        allowed="1..65534",
        default="120",
        why_not="the lab tries again after a quarter of a second, then ever more seldom, up to 15 seconds",
    ),
    Setting(key=f"{_ZONE} TraversalServer SIP TLS Verify Mode", default="Off", modelled_by="zones[]/tls_verify"),
    Setting(
        key=f"{_ZONE} TraversalServer SIP TLS Verify Subject Name",
        allowed="S: 0,128",
        default="",
        modelled_by="zones[]/tls_verify_subject_name",
    ),
    Setting(
        key=f"{_ZONE} TraversalServer SIP Port",
        allowed="1024..65534",
        default="7001",
        why_not="7001 for the first traversal zone of the deployment, one more for each further zone",
    ),
    Setting(key=f"{_ZONE} DNS SIP TLS Verify Mode", default="Off", modelled_by="zones[]/tls_verify"),
    Setting(
        key=f"{_ZONE} DNS SIP TLS Verify Subject Name",
        allowed="S: 0..128",
        default="",
        modelled_by="zones[]/tls_verify_subject_name",
        source=f"{_REFERENCE}: empty is the domain of the URI; the chapter 'Zones and Neighbors' says that a name must be given",
    ),
    Setting(
        key=f"{_ZONE} DNS SIP TLS Verify InboundClassification",
        default="Off",
        certainty=Certainty.INFERRED,
        modelled_by="zones[]/inbound_mapping",
        source="Cisco TAC 212475 (a dump; the page calls it 'TLS verify inbound mapping'); no document states the default",
    ),
    Setting(
        key=f"{_ZONE} DNS SIP Default Transport",
        allowed="UDP/TCP/TLS",
        default="UDP",
        why_not="the lab calls over TLS, as SRV records _sips._tcp say",
    ),
    Setting(key="Zones DefaultZone SIP TLS Verify Mode", default="Off", modelled_by="zones[]/mutual_tls"),
)
SERVERS: tuple[Setting, ...] = (
    Setting(
        key="Login Remote LDAP CRLCheck",
        allowed="None/Peer/All",
        default="None",
        why_not="the lab reads the CRLs in the trusted CA file, and accepts a certificate without one",
    ),
    Setting(
        key="Login Remote LDAP Encryption",
        allowed="Off/TLS",
        default="TLS",
        why_not="a server of type ldap is dialled by TLS",
    ),
    Setting(
        key="Login Remote LDAP Server Port", allowed="1..65534", default="389", why_not="the lab dials 636 (LDAPS)"
    ),
    Setting(key="Remote Syslog [n] Crlcheck", default="Off", why_not="never, as by default"),
    Setting(
        key="Remote Syslog [n] Mode",
        allowed="bsd/ietf/ietf_secure/user_defined",
        default="bsd",
        why_not="a server of type syslog has the mode ietf_secure",
    ),
    Setting(
        key="Remote Syslog [n] Transport",
        allowed="udp/tcp/tls",
        default="udp",
        why_not="a server of type syslog has the transport tls",
    ),
    Setting(
        key="Remote Syslog [n] Port",
        allowed="1..65535",
        default="514",
        why_not="6514, as the document suggests for TLS",
    ),
    Setting(
        key="Registration RestrictionPolicy Service TLS Verify Mode",
        default="On",
        why_not="a server of type policy is one of `Policy Services`",
    ),
    Setting(key="Policy Services Service [n] TLS Verify Mode", default="On", modelled_by="servers[]/tls_verify"),
    Setting(
        key="Policy Services Service [n] Protocol", allowed="HTTP/HTTPS", default="HTTPS", why_not="HTTPS in the lab"
    ),
    Setting(key="ExternalManager Protocol", allowed="HTTP/HTTPS", default="HTTPS", why_not=_MANAGER),
    Setting(key="ExternalManager Server Certificate Verification Mode", default="On", why_not=_MANAGER),
    Setting(
        key="Registration RestrictionPolicy Service TLS CRLCheck Mode",
        default="Off",
        why_not="the lab reads the CRLs that were uploaded",
    ),
)


def _ciphers(service: str, end: str, *, restart: bool = False) -> Setting:
    return Setting(
        key=f"Ciphers {service}Ciphers Value",
        allowed="S: 0,2048, a cipher list of OpenSSL",
        default=_CIPHERS + end,
        why_not=_TLS_STACK,
        needs_restart=restart,
    )


def _protocol(service: str) -> Setting:
    return Setting(
        key=f"Ciphers {service}Protocol Value",
        allowed="minTLSv1.0/minTLSv1.1/minTLSv1.2",
        default="minTLSv1.2",
        why_not=_TLS_STACK,
    )


_KEY_TYPES = ",".join(SSH_ALGORITHMS)
CIPHERS: tuple[Setting, ...] = (
    _ciphers("SIPTLS", "+ADH", restart=True),
    _ciphers("HTTPS", "!aNULL"),
    _ciphers("SMTPTLS", "!aNULL"),
    _ciphers("ReverseProxyTLS", "!aNULL"),
    _ciphers("UcClientTLS", "!aNULL"),
    _ciphers("XCPTLS", "!aNULL", restart=True),
    *(_protocol(service) for service in ("HTTPS", "SMTPTLS", "ReverseProxyTLS", "UcClientTLS", "XCPTLS")),
    Setting(
        key="Ciphers sshd_pfwd_ciphers Value",
        allowed="S: 0,2048, as openssh writes it",
        default=SSH_CIPHER,
        why_not="the lab's tunnels use the default",
    ),
    Setting(
        key="Ciphers sshd_pfwd_pubkeyalgorithms Value",
        allowed=_KEY_TYPES,
        default=_KEY_TYPES,
        modelled_by="clusters[]/ssh_key_algorithms",
    ),
)
MANAGEMENT: tuple[Setting, ...] = (
    Setting(
        key="Security CSRFProtection Status",
        allowed="Enabled/Disabled",
        default="Enabled",
        changed_by=CSRF_PROTECTION_ON,
        before="Disabled",
        versions=CSRF_PROTECTION.span,
        certainty=Certainty.UNCERTAIN,
        why_not=_ACCOUNTS,
        source="administrator guide X15.0: Disabled; its X15.2 edition, republished: Enabled",
    ),
    Setting(key="Management Interface Port", allowed="1..65535", default="443", why_not=_FIXED_PORT),
    Setting(key="Management Interface HstsMode", default="On", why_not=_ACCOUNTS),
    Setting(key="Log Level", allowed="1..4", default="1", modelled_by="clusters[]/log_level"),
)
MOBILE: tuple[Setting, ...] = (
    Setting(key="CollaborationEdge JabbercEnabled", default=None, modelled_by="jabber_guest"),
    Setting(
        key="CollaborationEdge AllowOnboardingOverMra",
        default=None,
        why_not="a deployment with servers of `cloud_services` has it on",
    ),
)
ACCOUNTS: tuple[Setting, ...] = (
    Setting(
        key="Authentication Account Admin Account [n] AccessAPI", default="On", modelled_by="clusters[]/api_access"
    ),
)

SETTINGS: tuple[Setting, ...] = (
    *REVOCATION,
    *PURPOSES,
    *ORIGINS,
    *XCP,
    *SIP,
    *ZONES,
    *SERVERS,
    *CIPHERS,
    *MANAGEMENT,
    *MOBILE,
    *ACCOUNTS,
)
