"""Alarms of Expressway by id and title (Administrator Guide X15.0, alarm list), as the event log and the web page show them."""

from __future__ import annotations

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
    ("20021", "Cluster communication failure", "cluster.link-down", "No TCP connection with e2.example.com on 4371, 4372"),
    ("25011", "Restart required", "", "The HTTPS service has been changed"),
    ("25026", "Restart required", "", "The web administration port has been changed"),
    ("25028", "HSM box connectivity issue", "net.unreachable", "The HSM box cannot be reached"),
    ("25030", "Reverse DNS Lookup failed", "dns.name-unresolved", "The reverse DNS lookup of the Expressway-E address failed"),
    ("25031", "Certificate verification failed", "names.reference-not-presented", "The FQDN from the reverse DNS lookup is not in the Expressway-E certificate"),
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
    ("40052", "Certificate error", "names.common-name-missing", "The server certificate has no common name"),
    ("40053", "Invalid Cipher config", "tls.cipher-mismatch", "Entries of the cipher list are not valid in FIPS mode"),
    ("40054", "Token decryption failure", "", "The OAuth token of Unified CM cannot be decrypted"),
    ("40061", "ACME auto-sign failure", "acme.order-failed", "The ACME auto-sign of the server certificate failed"),
    ("40062", "ACME auto-sign failure", "acme.order-failed", "The ACME auto-sign of SNI domains example.com failed"),
    ("40063", "ACME auto-deploy failure", "acme.pending-not-deployed", "The ACME auto-deploy of the server certificate failed"),
    ("40064", "ACME auto-deploy failure", "acme.pending-not-deployed", "The ACME auto-deploy of SNI domains failed"),
    ("40066", "HSM certificate is not used", "", "An HSM certificate is installed and not in use"),
    ("40068", "Server certificate validity", "validity.expired", "The server certificate has expired or expires today"),
    ("40069", "Server certificate validity", "", "The server certificate expires in 20 days"),
)  # fmt: skip


def _line(number: str, title: str, text: str) -> str:
    return (
        f'2026-11-20T10:00:10.100+00:00 exwe01 alarm: Level="WARN" Event="Alarm Raised" Id="{number}"'
        f' UUID="0f96695e-d954-4f6f-85c1-2ef1eae6f764" Severity="warning" Detail="{title}: {text}"'
        ' UTCTime="2026-11-20 10:00:10,100"'
    )


# Titles whose words other programs use, too.
_COMMON = frozenset(
    ("Certificate error", "Certificate verification failed", "Configuration warning", "Encryption required")
)


def _texts() -> tuple[str, ...]:
    """The title, where all alarms that have it mean the same and this is the first of them; else title and text."""
    meanings: dict[str, set[str]] = {}
    for _, title, rule, _ in _ALARMS:
        meanings.setdefault(title, set()).add(rule)
    used: set[str] = set()
    found = []
    for _, title, _, text in _ALARMS:
        alone = len(meanings[title]) == 1 and title not in used | _COMMON
        used.add(title)
        found.append((title if alone else f"{title}: {text}").lower())
    return tuple(found)


EXPRESSWAY_ALARMS: tuple[Phrase, ...] = tuple(
    Phrase(text=words, rule=rule, example=_line(number, title, text), source=_SOURCE, alarm=number)
    for words, (number, title, rule, text) in zip(_texts(), _ALARMS, strict=True)
)
