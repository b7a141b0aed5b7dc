"""The alarms of Expressway: what the lab raises and what logs are searched for, in one table.

Titles are the product's; reasons and actions are in our words. Source: Cisco Expressway Administrator Guide X15.0, "Alarms
Reference". The alarms of X15.5 were not found, so its client store has none of the product's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SOURCE = "Cisco Expressway Administrator Guide X15.0, Alarms Reference"
OURS = "ours: the product's list (X15.0) has no such alarm"
SEVERITIES = ("Critical", "Alert", "Error", "Warning", "Notice")  # the product's words, the most severe first


@dataclass(frozen=True, kw_only=True)
class AlarmKind:
    """An alarm as the document describes it.

    id: the product's number; empty for an alarm that only the lab has.
    severity: one of SEVERITIES; None where the document gives none.
    reason: when it is raised. action: the document's solution; None where the document gives none.
    rule: the id of the rule that diagnose reports for it; empty if no connection failed because of it.
    not_modelled: why the lab never raises it; empty if it does.
    remark: what the document leaves open and the lab decides.
    """

    id: str
    title: str
    severity: str | None
    reason: str
    action: str | None
    rule: str = ""
    not_modelled: str = ""
    remark: str = ""
    source: str = SOURCE

    @property
    def is_ours(self) -> bool:
        """True for an alarm that the product's documents do not have."""
        return not self.id

    @property
    def rank(self) -> int:
        """The place in the order of severities; an alarm without one comes last."""
        return SEVERITIES.index(self.severity) if self.severity in SEVERITIES else len(SEVERITIES)


_INFERRED = "inferred: the document does not say which failures of the connections between peers raise which alarm"
_REMARKS = {
    "20004": _INFERRED,
    "20006": _INFERRED,
    "20021": _INFERRED,
    "35014": "inferred: the lab raises it if TCP 2222 does not answer, and 35013 for every failed tunnel",
    "40051": "inferred: the document does not say on which Expressway it is raised; the lab raises it on Expressway-E",
    "40069": "ours: the document does not say how many days before the end it is raised; the lab takes 21",
}

# Number, title, severity, reason, action, rule of diagnose, why the lab does not raise it.
_ROWS: tuple[tuple[str, str, str | None, str, str | None, str, str], ...] = (
    ("15022", "Restart required", "Warning", "Domain certificate configuration has been changed", "Restart the system", "", ""),
    ("15024", "Crypto device failure", "Critical", "The test with the crypto device failed", "See the HSM configuration page", "key.unreadable", "the lab has no HSM"),
    ("15025", "HSM disenrollment failure", "Error", "The HSM could not be removed", "See the HSM configuration page", "", "the lab has no HSM"),
    ("15026", "HSM enrollment failure", "Error", "The HSM could not be enrolled", "See the HSM configuration page", "", "the lab has no HSM"),
    ("15027", "HSM failure", "Critical", "The HSM needs attention", "See the HSM configuration page", "key.unreadable", "the lab has no HSM"),
    ("15028", "Restart required", "Warning", "The server certificate and private key have been changed", "Restart the Expressway to make this change effective", "", ""),
    ("15029", "Failed to send Crash Report", None, "A crash report could not be sent", "Check the connectivity to the crash report server, that its certificate is not expired or revoked, and that the trust store has its CA chain", "", "the lab sends no crash reports"),
    ("15031", "HSM TLP not installed", "Error", "The HSM TLP is not installed", "See the Upgrade page", "", "the lab has no HSM"),
    ("15032", "Unified CM server unavailable", "Warning", "Unified CM configuration for publisher includes unavailable servers", "See the event log, correct the issue and refresh the servers", "net.unreachable", "the lab discovers no Unified CM servers"),
    ("20004", "Cluster communication failure", "Warning", "The system is unable to communicate with one or more of the cluster peers", "Check the clustering configuration", "cluster.link-down", ""),
    ("20006", "Cluster database communication failure", "Warning", "The database is unable to replicate with one or more of the cluster peers", "Check the clustering configuration and restart", "cluster.link-down", ""),
    ("20016", "Cluster replication error", "Warning", "The primary peer is unreachable", "Check the list of peers of this cluster", "cluster.link-down", "the lab has no primary peer that replicates"),
    ("20020", "Restart required", "Warning", "The TLS verification configuration does not match the active status", "Restart the system", "", "the cluster TLS mode of a running lab does not change; another deployment file starts another lab"),
    ("20021", "Cluster communication failure", "Warning", "Unable to establish a TCP connection with the peers on the ports named", "Check the port reference guide", "cluster.link-down", ""),
    ("25002", "Date and time not validated", "Warning", "The system is unable to obtain the correct time and date from an NTP server", "Check the time configuration", "clock.not-synchronised", "the lab's clocks need no NTP server"),
    ("25011", "Restart required", "Warning", "The HTTPS service has been changed", "Restart the system", "", "no page of the lab changes the HTTPS service"),
    ("25020", "NTP client failure", "Warning", "The system is unable to run the NTP client", "Check the NTP status", "clock.not-synchronised", "the lab's clocks need no NTP server"),
    ("25021", "NTP server not available", "Warning", "The system is unable to contact an NTP server", "Check the time configuration and status, and DNS", "clock.not-synchronised", "the lab's clocks need no NTP server"),
    ("25022", "Time not synchronized over traversal zone", "Warning", "The system time of this server is different from that on a server on the other side of a SIP traversal zone", "Give all systems the same time; a change may take some time to work", "clock.not-synchronised", "the lab's SIP carries no time"),
    ("25026", "Restart required", "Warning", "The web administration port has been changed", "Restart the system", "", "no page of the lab changes the web administration port"),
    ("25028", "HSM box connectivity issue", "Alert", "The HSM box cannot be reached", "See the HSM configuration page", "net.unreachable", "the lab has no HSM"),
    ("25030", "Reverse DNS Lookup failed", "Error", "The reverse DNS lookup of Expressway-E's address failed; this can make MRA logins fail", "Give the address a PTR record in DNS", "dns.name-unresolved", ""),
    ("25031", "Certificate verification failed", "Error", "The FQDN in the PTR record of Expressway-E's address is not among the SANs of its certificate", "Give the address exactly one PTR record, to an FQDN that is in the SAN of Expressway-E's certificate", "names.reference-not-presented", ""),
    ("30042", "Smart license communication error", "Error", "The system failed to communicate with Cisco Smart Software Manager", "Check the connectivity to Cisco Smart Software Manager", "net.unreachable", "the lab has no licences"),
    ("35009", "TMS Provisioning Extension services communication failure", "Warning", "The Expressway is unable to communicate with the TMS Provisioning Extension services", "See the failed service on the TMS Provisioning Extension status page", "net.unreachable", "the lab has no TMS Provisioning Extension"),
    ("35012", "Failed to connect to LDAP server", "Warning", "Failed to connect to the LDAP server for H.350 device authentication", "Check the H.350 directory configuration", "net.unreachable", "the lab has no H.350 directory"),
    ("35013", "Unified Communications SSH tunnel failure", "Warning", "The system cannot communicate with one or more remote hosts", "See the event log, and check that the traversal zone between Expressway-C and Expressway-E is active", "tunnel.link-down", ""),
    ("35014", "Unified Communications SSH tunnel notification failure", "Warning", "The system cannot communicate with one or more remote hosts", "Let the firewall pass Expressway-C's ephemeral ports to TCP 2222 of Expressway-E", "tunnel.link-down", ""),
    ("35016", "SAML metadata has been modified", "Warning", "The server certificate has been changed", "Export the SAML metadata and import it on the identity provider", "", "the lab has no SAML single sign-on"),
    ("40001", "Security alert", "Warning", "No CRL distribution points have been defined for automatic updates", "Check the CRL configuration", "revocation.crl-unavailable", "in the lab, automatic updates without a distribution point are off"),
    ("40002", "Security alert", "Warning", "Automatic updating of CRL files has failed", "If it persists, contact your Cisco representative", "revocation.crl-unavailable", ""),
    ("40004", "Certificate-based authentication required", "Warning", "Certificate-based authentication is not in use", "Configure client certificate-based security", "", "the lab has no advanced account security mode"),
    ("40006", "Security alert", "Warning", "Unable to download CRL update", "Check the CRL distribution points and the event log", "revocation.crl-unavailable", ""),
    ("40007", "Security alert", "Warning", "Failed to find configuration file for CRL automatic updates", "If it persists, contact your Cisco representative", "revocation.crl-unavailable", "the lab's automatic updates have no configuration file that could be missing"),
    ("40009", "Restart required", "Warning", "The HTTPS client certificates validation mode has been changed", "Restart the system", "", "no page of the lab changes the validation of HTTPS client certificates"),
    ("40013", "HTTPS client certificate validation disabled", "Warning", "HTTPS client certificate validation is disabled", "Configure HTTPS client certificate validation", "", "the lab has no advanced account security mode"),
    ("40016", "Encryption required", "Warning", "The login account LDAP server is not configured to use TLS", "Configure the LDAP server of login accounts", "", "the lab has no advanced account security mode"),
    ("40019", "External manager has certificate checking disabled", "Warning", "Certificate checking of the external manager is off", "Configure the external manager", "", "the lab has no advanced account security mode"),
    ("40020", "Security alert", "Warning", "The connection to the Active Directory service is not using TLS encryption", "Configure the connection to the Active Directory service", "", "the lab has no Active Directory service"),
    ("40024", "CRL checking required", "Warning", "The login account LDAP server CRL checking is not set to All", "Configure the LDAP server of login accounts", "", "the lab has no advanced account security mode"),
    ("40027", "Security alert", "Warning", "The connection to TMS Provisioning Extension is not using TLS", "Configure the connection to the TMS Provisioning Extension", "", "the lab has no TMS Provisioning Extension"),
    ("40029", "LDAP server CA certificate is missing", "Warning", "A CA certificate is needed for the TLS connection to the LDAP server", "Upload a valid CA certificate", "trust.issuer-unknown", "the lab's peers have one trusted CA list for all services"),
    ("40033", "Configuration warning", "Warning", "Default Zone access rules are enabled, but SIP over UDP or TCP is too", "Disable UDP and TCP on the SIP page, or the access rules of the Default Zone", "", "the lab has no Default Zone access rules"),
    ("40036", "Delegated credential checking error", "Warning", "The traversal zone of a domain cannot be reached", "Check the domain, its traversal server zone, and the traversal client", "net.unreachable", "the lab has no delegated credential checking"),
    ("40037", "Delegated credential checking error", "Warning", "A traversal zone cannot be reached", "Check the traversal client zone and the traversal server", "net.unreachable", "the lab has no delegated credential checking"),
    ("40038", "Delegated credential checking configuration error", "Warning", "TLS verify mode is off on a traversal server zone", "Enable TLS verify mode on the traversal server zone of the domain", "", "the lab has no delegated credential checking"),
    ("40039", "Delegated credential checking configuration error", "Warning", "TLS verify mode is off on a traversal client zone", "Enable TLS verify mode on the traversal client zone", "", "the lab has no delegated credential checking"),
    ("40040", "Unified Communications configuration error", "Warning", "TLS verify mode is not enabled on a traversal zone configured for Unified Communications services", "Enable TLS verify mode on the traversal zone, and check the system at the other end", "deployment.verification-off", ""),
    ("40043", "Unified Communications configuration error", "Warning", "Media encryption is not enforced on a traversal zone configured for Unified Communications services", "Set the media encryption of the traversal zone to Force encrypted", "", "the lab has no media"),
    ("40044", "System reset required", "Warning", "FIPS140-2 mode has been enabled", "Clear all alarms, take a backup, then reset the system", "", "the lab has no FIPS 140-2 mode"),
    ("40045", "Restart required", "Warning", "FIPS140-2 mode has been disabled", "Restart the system", "", "the lab has no FIPS 140-2 mode"),
    ("40048", "Unified Communications configuration error", "Warning", "Unified Communications services are enabled but SIP TLS is disabled", "Set SIP TLS mode to On on the SIP page", "tls.not-tls", ""),
    ("40049", "Cluster TLS permissive", "Notice", "Cluster TLS verification mode permits invalid certificates", "Set the TLS verification mode of the cluster to Enforcing", "", ""),
    ("40051", "CMS not Identified by Server Certificate", None, "The CMS address is not in the server certificate of the Expressway-E", "Make the address on Expressway-C and the SAN of Expressway-E's certificate the same: another certificate, or another address", "names.join-url-missing", ""),
    ("40052", "Certificate error", None, "Server certificate does not have a Common Name (CN) attribute", "Update the certificate", "names.common-name-missing", ""),
    ("40053", "Invalid Cipher config", None, "Entries of the cipher list are not valid in FIPS mode", "Change the cipher entries on the ciphers page", "tls.cipher-mismatch", "the lab has no FIPS 140-2 mode"),
    ("40054", "Token decryption failure", "Warning", "The OAuth token of Unified CM cannot be decrypted", "Refresh the Unified CM configuration", "", "the lab has no OAuth tokens"),
    ("40061", "ACME auto-sign failure", "Warning", "The ACME auto-sign of the server certificate failed", "See the server certificate page", "acme.order-failed", ""),
    ("40062", "ACME auto-sign failure", "Warning", "The ACME auto-sign of SNI domains failed", "See the domain certificates page", "acme.order-failed", ""),
    ("40063", "ACME auto-deploy failure", "Warning", "The ACME auto-deploy of the server certificate failed", "See the server certificate page", "acme.pending-not-deployed", ""),
    ("40064", "ACME auto-deploy failure", "Warning", "The ACME auto-deploy of SNI domains failed", "See the domain certificates page", "acme.pending-not-deployed", ""),
    ("40066", "HSM certificate is not used", "Alert", "An HSM certificate is installed and not in use", "See the HSM configuration page", "", "the lab has no HSM"),
    ("40068", "Server certificate validity", "Critical", "The server certificate has expired, or expires today", "Create and upload a new server certificate", "validity.expired", ""),
    ("40069", "Server certificate validity", "Alert", "The server certificate expires in a number of days", "It is recommended to create and upload a new server certificate", "", ""),
)  # fmt: skip

ALARMS: Mapping[str, AlarmKind] = MappingProxyType(
    {
        number: AlarmKind(
            id=number, title=title, severity=severity, reason=reason, action=action, rule=rule, not_modelled=why,
            remark=_REMARKS.get(number, ""),
        )
        for number, title, severity, reason, action, rule, why in _ROWS
    }
)  # fmt: skip


def _ours(title: str, severity: str, reason: str, action: str) -> AlarmKind:
    return AlarmKind(id="", title=title, severity=severity, reason=reason, action=action, source=OURS, remark=OURS)


TEMPORARY_CERTIFICATE = _ours(
    "Temporary server certificate", "Warning", "The certificate of the installation is in use",
    "Replace it with a certificate of a trusted CA",
)  # fmt: skip
ACME_PENDING = _ours(
    "ACME certificate pending", "Warning", "A certificate was signed and is not deployed; the current one stays in use",
    "Deploy it on the server certificate page",
)  # fmt: skip
ACME_FAILED = _ours(
    "ACME order failed", "Error", "An order that an administrator started failed", "See the server certificate page"
)
CLIENT_EXPIRED = _ours(
    "Client certificate validity", "Critical", "The client certificate has expired, or expires today",
    "Upload a new client certificate",
)  # fmt: skip
CA_EXPIRED = _ours(
    "Trusted CA certificate expired", "Warning", "A certificate of the trusted CA list has expired",
    "Append the CA's new certificate",
)  # fmt: skip
CRL_EXPIRED = _ours(
    "CRL expired", "Error", "A CRL is older than its next update; the certificates of its CA count as revoked",
    "Upload a current CRL",
)  # fmt: skip
ZONE_FAILED = _ours(
    "Zone failed", "Error", "No connection of the zone is active", "See the zone's status and the event log"
)
OUR_ALARMS = (TEMPORARY_CERTIFICATE, ACME_PENDING, ACME_FAILED, CLIENT_EXPIRED, CA_EXPIRED, CRL_EXPIRED, ZONE_FAILED)

# Alarms about other things than certificates and connections: number and title only.
_OTHERS = """10005 Unsuitable hardware warning|15004 15010 15011 15017 15019 Application failed|15005 Database failure
15006 15014 20007 25001 25006 25007 25008 25009 25010 25015 25017 25029 30025 45022 Restart required
15007 The system is busy|15008 Failed to load database|15009 Factory reset started|15012 Language pack mismatch
15013 Factory reset failed|15015 Maintenance mode|15016 Directory service database failure|15018 Boot selection mismatch
15021 Delayed Cisco XCP Router restart|15023 Restore failed|15030 Unified CM data crosscheck failure
20003 Invalid cluster configuration|20005 Invalid peer address|20018 Invalid clustering configuration
20019 Cluster name not configured|20024 Cluster configuration error|20025 Failed to synchronize database
20026 Failed to recover ClusterDB log server|25003 25004 25013 IP configuration mismatch|25016 Ethernet speed not recommended
25018 Port conflict|25019 Verbose log levels configured|25023 XMPP Federation configuration warning
25024 XMPP configuration error|25027 45024 SSLH failure|30009 TURN relays installed|30011 TURN relay licenses required
30001 30002 30003 30004 30005 30007 30010 30027 30030 30047 Capacity warning|30048 Approaching Capacity warning
30012 30013 30014 30015 License usage of lost cluster peer
30016 30017 Licenses of lost cluster peer have been taken off the license pool|30018 Provisioning licenses limit reached
30019 30020 Call license limit reached|30021 TURN relay license limit reached|30022 30023 Call capacity limit reached
30024 TURN relay capacity limit reached|30026 Approaching room system license limit
30028 Room system registrations limit reached|30029 Approaching desktop system license limit
30031 Desktop system license limit reached|30035 Smart license in Eval|30036 Smart license in overage out of compliance
30037 Smart license no provision out of compliance|30038 Smart license no provision Eval expired
30039 Smart license in overage authorization expired|30040 Smart license no provision authorization expired
30041 Smart license registration expired|30043 Smart license authorization expiring soon
30044 Smart license renew auth failed|30045 Smart license renew registration failed
30046 Smart license registration expiring soon|35004 LDAP configuration required|35015 Unified CM port conflict
35010 35011 TMS Provisioning Extension services data import failure|40003 40005 40018 40028 Insecure password in use
40011 Per-account session limit required|40012 External manager connection is using HTTP|40014 Time out period required
40015 System session limit required|40017 Incident reporting enabled|40021 Remote logging enabled|40025 SNMP enabled
40026 Reboot required|40042 40046 FIPS140-2 compliance restriction|40055 Failed to update key file
40056 fail2ban banned any IP address|40101 Absolute Time out period required|45001 Failed to load Call Policy file
45019 Insufficient media ports|45021 HSM server configuration issue|45023 Configuration error
55001 B2BUA service restart required
20008 20009 20011 20012 20014 20015 20017 Cluster replication error
25014 35001 35002 35003 35005 35007 35008 45002 45003 45006 45007 45008 45009 45012 45013 45014 45016 45017 45018 Configuration warning
40008 40022 40030 40031 40032 40034 40041 40050 40100 Security alert
55002 55003 55004 55005 55006 55007 55008 55009 55010 55011 55012 55013 55014 55015 55016 55017 55018 55019 55021 B2BUA misconfiguration
"""


def _others() -> dict[str, str]:
    found = {}
    for entry in _OTHERS.replace("\n", "|").split("|"):
        words = entry.split()
        numbers = [word for word in words if word.isdigit() and len(word) == 5]
        found.update(dict.fromkeys(numbers, " ".join(words[len(numbers) :])))
    return found


OTHER_ALARMS: Mapping[str, str] = MappingProxyType(_others())
