"""The TCP ports of the product and of the machines around it.

Sources: Cisco Expressway IP Port Usage guide; cluster and administrator guides; RFC 3261 (SIP), RFC 6120 (XMPP), RFC 5425
(syslog). See docs/sources.md.
"""

from __future__ import annotations

from typing import Final

DNS: Final = 53
HTTP: Final = 80  # challenges of an ACME CA, CRLs and OCSP answers
HTTPS: Final = 443  # administration, external policy service, Web Bridge of a Meeting Server
LDAPS: Final = 636
SSH_TUNNEL: Final = 2222  # C to E, beside a Unified Communications traversal zone
CLUSTER_RECOVERY: Final = 4371
CLUSTER: Final = 4372  # cluster database synchronisation over TLS
SIP: Final = 5060
SIP_TLS: Final = 5061
SIP_MUTUAL_TLS: Final = 5062  # Expressway-E, where Mutual TLS mode is on: every caller shows a certificate
SIP_OAUTH: Final = 5091  # Unified CM, for clients of Mobile and Remote Access that have a token
XMPP_CLIENT: Final = 5222
XMPP_SERVER: Final = 5269
SYSLOG_TLS: Final = 6514
TFTP_HTTPS: Final = 6971  # Unified CM, headset configuration; it asks for a client certificate
TFTP_SECURE: Final = 6972  # Unified CM, configuration files; it asks for a client certificate
XCP: Final = 7400  # XMPP from Expressway-C to IM&P and to Expressway-E
FILE_TRANSFER: Final = 7336  # IM&P
MESSAGE_WAITING: Final = 7443  # Unity Connection, message waiting indicator over TLS; 7080 is the same without
FIRST_TRAVERSAL: Final = 7001  # one more for each further traversal zone
UC_HTTPS: Final = 8443  # Unified CM, IM&P and Unity Connection inside, Mobile and Remote Access outside
MRA: Final = UC_HTTPS

TRAVERSAL: Final = range(FIRST_TRAVERSAL, 7100)
# Ports on which the product or its neighbours listen: the end of a connection that has one is the server.
KNOWN: Final = frozenset(
    {
        HTTP, HTTPS, LDAPS, SSH_TUNNEL, CLUSTER_RECOVERY, CLUSTER, SIP, SIP_TLS, XMPP_CLIENT, XMPP_SERVER, SYSLOG_TLS,
        UC_HTTPS, *TRAVERSAL,
        # SSH, LDAP, syslog, H.323, older cluster ports, SIP (mutual TLS, OAuth), XMPP, TFTP, file transfer, XCP, MWI, AXL
        22, 389, 514, 1719, 1720, 4369, 5062, 5065, 5090, 5091, 5223, 6970, 6971, 6972, 7336, 7400, 7443, 8080, 8191, 9043,
    }
)  # fmt: skip
# What scanners of the internet try all day.
SCANNED: Final = frozenset({22, HTTP, HTTPS, 1720, SIP, SIP_TLS, XMPP_CLIENT, XMPP_SERVER, UC_HTTPS})


def carries_sip(port: int) -> bool:
    """Return True for ports on which the product speaks SIP over TLS: 5061, 5062, 5091, and 7001 to 7999 for traversal zones."""
    other = {FILE_TRANSFER, XCP, MESSAGE_WAITING}
    return port in {SIP_TLS, SIP_MUTUAL_TLS, SIP_OAUTH} or (FIRST_TRAVERSAL <= port < 8000 and port not in other)
