"""Alarms of Expressway by id and title (Administrator Guide X15.0, alarm list), as the event log and the web page show them."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.judge.phrases.phrase import Phrase

_SOURCE = "Expressway Administrator Guide X15.0, alarms list"

# id, title, rule ("" where the alarm reports no failed connection), what its text says
_ALARMS: tuple[tuple[str, str, str, str], ...] = (
    ("15022", "Restart required", "", "Domain certificate configuration has been changed"),
    ("15024", "Crypto device failure", "key.unreadable", "The test with the crypto device failed"),
    ("15025", "HSM disenrollment failure", "", "The HSM could not be removed"),
    ("15026", "HSM enrollment failure", "", "The HSM could not be enrolled"),
    ("15027", "HSM failure", "key.unreadable", "The HSM needs attention"),
    ("15028", "Restart required", "", "The server certificate and private key have been changed"),
    ("15029", "Failed to send Crash Report", "", "A crash report could not be sent"),
    ("15031", "HSM TLP not installed", "", "The HSM TLP is not installed"),
    ("20004", "Cluster communication failure", "cluster.link-down", "The system is unable to communicate with one or more of the cluster peers"),
    ("20006", "Cluster database communication failure", "cluster.link-down", "The database is unable to replicate with one or more of the cluster peers"),
    ("20020", "Restart required", "", "The TLS verification configuration does not match the active status"),
    ("20021", "Cluster communication failure", "cluster.link-down", "Unable to establish a TCP connection with e2.example.com on ports 4371, 4372"),
    ("25011", "Restart required", "", "The HTTPS service has been changed"),
    ("25026", "Restart required", "", "The web administration port has been changed"),
    ("15032", "Unified CM server unavailable", "net.unreachable", "Unified CM configuration for publisher includes unavailable servers"),
    ("20016", "Cluster replication error", "cluster.link-down", "The primary peer is unreachable"),
    ("25002", "Date and time not validated", "clock.not-synchronised", "The system is unable to obtain the correct time and date from an NTP server"),
    ("25020", "NTP client failure", "clock.not-synchronised", "The system is unable to run the NTP client"),
    ("25021", "NTP server not available", "clock.not-synchronised", "The system is unable to contact an NTP server"),
    ("25022", "Time not synchronized over traversal zone", "clock.not-synchronised", "The system time of this server is different from that on a server on the other side of a SIP traversal zone"),
    ("30042", "Smart license communication error", "net.unreachable", "The system failed to communicate with Cisco Smart Software Manager"),
    ("35009", "TMS Provisioning Extension services communication failure", "net.unreachable", "The Expressway is unable to communicate with the TMS Provisioning Extension services"),
    ("35012", "Failed to connect to LDAP server", "net.unreachable", "Failed to connect to the LDAP server for H.350 device authentication"),
    ("25028", "HSM box connectivity issue", "net.unreachable", "The HSM box cannot be reached"),
    ("25030", "Reverse DNS Lookup failed", "dns.name-unresolved", "The reverse DNS lookup of the Expressway-E address failed"),
    ("25031", "Certificate verification failed", "names.reference-not-presented", "FQDN in PTR record for address 192.0.2.10 does not match with SAN entries presented in certificate"),
    ("35013", "Unified Communications SSH tunnel failure", "tunnel.link-down", "The system cannot communicate with one or more remote hosts: e1.example.com"),
    ("35014", "Unified Communications SSH tunnel notification failure", "tunnel.link-down", "The system cannot communicate with one or more remote hosts: e1.example.com"),
    ("35016", "SAML metadata has been modified", "", "The server certificate has been changed"),
    ("40001", "Security alert", "revocation.crl-unavailable", "No CRL distribution points have been defined for automatic updates"),
    ("40002", "Security alert", "revocation.crl-unavailable", "Automatic updating of CRL files has failed"),
    ("40004", "Certificate-based authentication required", "", "Certificate-based authentication is not in use"),
    ("40006", "Security alert", "revocation.crl-unavailable", "Unable to download CRL update"),
    ("40007", "Security alert", "revocation.crl-unavailable", "Failed to find configuration file for CRL automatic updates"),
    ("40009", "Restart required", "", "The HTTPS client certificates validation mode has been changed"),
    ("40013", "HTTPS client certificate validation disabled", "", "HTTPS client certificate validation is disabled"),
    ("40016", "Encryption required", "", "The login account LDAP server is not configured to use TLS"),
    ("40019", "External manager has certificate checking disabled", "", "Certificate checking of the external manager is off"),
    ("40020", "Security alert", "", "The connection to the Active Directory service is not using TLS encryption"),
    ("40024", "CRL checking required", "", "The login account LDAP server CRL checking is not set to All"),
    ("40027", "Security alert", "", "The connection to TMS Provisioning Extension is not using TLS"),
    ("40029", "LDAP server CA certificate is missing", "trust.issuer-unknown", "A CA certificate is needed for the TLS connection to the LDAP server"),
    ("40033", "Configuration warning", "", "Default Zone access rules are enabled, but SIP over UDP or TCP is too"),
    ("40036", "Delegated credential checking error", "net.unreachable", "The traversal zone of a domain cannot be reached"),
    ("40037", "Delegated credential checking error", "net.unreachable", "A traversal zone cannot be reached"),
    ("40038", "Delegated credential checking configuration error", "", "TLS verify mode is off on a traversal server zone"),
    ("40039", "Delegated credential checking configuration error", "", "TLS verify mode is off on a traversal client zone"),
    ("40040", "Unified Communications configuration error", "deployment.verification-off", "TLS verify mode is not enabled on a traversal zone configured for Unified Communications services"),
    ("40043", "Unified Communications configuration error", "", "Media encryption is not enforced on a traversal zone configured for Unified Communications services"),
    ("40044", "System reset required", "", "FIPS140-2 mode has been enabled"),
    ("40045", "Restart required", "", "FIPS140-2 mode has been disabled"),
    ("40048", "Unified Communications configuration error", "tls.not-tls", "Unified Communications services are enabled but SIP TLS is disabled"),
    ("40049", "Cluster TLS permissive", "", "Cluster TLS verification mode permits invalid certificates"),
    ("40051", "CMS not Identified by Server Certificate", "names.reference-not-presented", "The CMS address is not in the server certificate of the Expressway-E"),
    ("40052", "Certificate error", "names.common-name-missing", "Server certificate does not have a Common Name (CN) attribute"),
    ("40053", "Invalid Cipher config", "tls.cipher-mismatch", "Entries of the cipher list are not valid in FIPS mode"),
    ("40054", "Token decryption failure", "", "The OAuth token of Unified CM cannot be decrypted"),
    ("40061", "ACME auto-sign failure", "acme.order-failed", "The ACME auto-sign of the server certificate failed"),
    ("40062", "ACME auto-sign failure", "acme.order-failed", "The ACME auto-sign of SNI domains example.com failed"),
    ("40063", "ACME auto-deploy failure", "acme.pending-not-deployed", "The ACME auto-deploy of the server certificate failed"),
    ("40064", "ACME auto-deploy failure", "acme.pending-not-deployed", "The ACME auto-deploy of SNI domains failed"),
    ("40066", "HSM certificate is not used", "", "An HSM certificate is installed and not in use"),
    ("40068", "Server certificate validity", "validity.expired", "Server certificate expires today"),
    ("40069", "Server certificate validity", "", "Server certificate expires in 20 days"),
)  # fmt: skip


# Alarms about other things than connections: known, so that they don't count as failures that nobody explains.
_OTHERS = """
10005 Unsuitable hardware warning|15004 15010 15011 15017 15019 Application failed|15005 Database failure
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


def _line(number: str, title: str, text: str) -> str:
    return (
        f'2026-11-20T10:00:10.100+00:00 exwe01 alarm: Level="WARN" Event="Alarm Raised" Id="{number}"'
        f' UUID="0f96695e-d954-4f6f-85c1-2ef1eae6f764" Severity="warning" Detail="{title}: {text}"'
        ' UTCTime="2026-11-20 10:00:10,100"'
    )


# Titles whose words other programs use, too.
_COMMON = frozenset(
    ("Certificate error", "Certificate verification failed", "Cluster replication error", "Configuration warning")
)


def _text(title: str, rule: str, text: str) -> str:
    """Return the title, if all alarms with it mean the same failure; else title and text.

    A harmless title must not stand alone: other programs use "configuration error", too, and a harmless row hides a line.
    """
    meanings = {other for _, known, other, _ in _ALARMS if known == title}
    alone = rule and len(meanings) == 1 and title not in _COMMON
    return (title if alone else f"{title}: {text}").lower()


def _harmless() -> Iterator[Phrase]:
    for entry in _OTHERS.replace("\n", "|").split("|"):
        words = entry.split()
        numbers = [word for word in words if word.isdigit() and len(word) == 5]
        title = " ".join(words[len(numbers) :])
        for number in numbers:
            text = f"alarm {number}"
            yield Phrase(
                text=f"{title}: {text}".lower(),
                rule="",
                example=_line(number, title, text),
                source=_SOURCE,
                alarm=number,
            )


EXPRESSWAY_ALARMS: tuple[Phrase, ...] = (
    *(
        Phrase(
            text=_text(title, rule, text), rule=rule, example=_line(number, title, text), source=_SOURCE, alarm=number
        )
        for number, title, rule, text in _ALARMS
    ),
    *_harmless(),
)
