"""Cisco Expressway: event log, `network.tcp`, `developer.*`, XCP and traffic server."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import harmless, rows, successes

_HYBRID = "Cisco TAC 212475, Webex Hybrid Call Service Connect"
_MRA = "Cisco TAC 117811, Mobile and Remote Access in a Multi-Domain Deployment"
_GUIDE = "Expressway Administrator Guide X15.0, events and levels"
_ATS = "Apache Traffic Server, iocore/net/SSLClientUtils.cc, SSLNetVConnection.cc; Cisco TAC 218018"

_AT = "2026-11-20T10:00:10.100+00:00 exwe01"
_UTC = 'UTCTime="2026-11-20 10:00:10,100"'
_ENDS = 'Src-ip="10.0.10.2" Src-port="27001" Dst-ip="10.0.30.2" Dst-port="7001"'


def _event(event: str, detail: str, more: str = 'Protocol="TLS"') -> str:
    return f'{_AT} tvcs: Event="{event}" Service="SIP" {_ENDS} Detail="{detail}" {more} Level="1" {_UTC}'


def _tcp(detail: str, level: str = "DEBUG", reason: str = "") -> str:
    why = f' Reason="{reason}"' if reason else ""
    return f'{_AT} tvcs: {_UTC} Module="network.tcp" Level="{level}":  {_ENDS} Detail="{detail}"{why}'


def _ssl(text: str, level: str = "ERROR") -> str:
    return (
        f'{_AT} tvcs: {_UTC} Module="developer.ssl" Level="{level}" CodeLocation="ppcmains/ssl/ttssl/ttssl_openssl.cpp(68)"'
        f' Method="::TTSSLErrorOutput" Thread="0x7fc67c6ec700": {text}'
    )


def _failure(error: int, reason: str = "") -> str:
    why = f' ssl_error_reason="{reason}"' if reason else ""
    return _ssl(
        f'TTSSL_continueHandshake: Failed to establish SSL connection iResult="-1" error="{error}" bServer="false"'
        f" localAddress=\"['IPv4''TCP''10.0.10.2:27001']\" remoteAddress=\"['IPv4''TCP''10.0.30.2:7001']\"{why}"
    )


_NAMES = rows(
    _HYBRID,
    Whose.THEIRS,
    ("names.reference-not-presented", "peer's tls certificate identity was unacceptable", _event("Inbound TLS Negotiation Error", "Peer's TLS certificate identity was unacceptable")),
    ("names.reference-not-presented", "tls certificate identity was unacceptable", _tcp("TCP Connection Closed", reason="Peer's TLS certificate identity was unacceptable")),
)  # fmt: skip

_CUT = rows(
    _HYBRID,
    Whose.NEITHER,
    ("net.connection-cut", "no ssl error available, probably remote disconnect", _event("Outbound TLS Negotiation Error", "No SSL error available, probably remote disconnect", 'Protocol="TLS" Common-name="e1.example.com"')),
    ("net.connection-cut", "failed to establish ssl connection", _failure(5), 'error="5"'),
)  # fmt: skip

_TTSSL = rows(
    "Cisco TAC 212475 and 213872 (developer.ssl, TTSSL_continueHandshake)",
    Whose.NEITHER,
    ("tls.handshake-failed", "failed to establish ssl connection", _failure(1), 'error="1"'),
    vague=True,
)  # fmt: skip

_DEBUG = rows(
    "Cisco TAC 212475 (developer.ssl at DEBUG)",
    Whose.NEITHER,
    ("tls.handshake-failed", "handshake failed", _ssl('Detail="Handshake Failed" Reason="want error ssl"', "DEBUG"), 'module="developer.ssl"'),
    vague=True,
    any_level=True,
)  # fmt: skip

_REQUIRED = rows(
    "Cisco TAC 211304; OpenSSL 1.0, ssl/ssl_err.c: SSL_R_NO_CERTIFICATE_RETURNED",
    Whose.THEIRS,
    ("tls.certificate-required", "no certificate returned", _tcp("TCP Connection Closed", reason="no certificate returned")),
)  # fmt: skip

_NETWORK = rows(
    "Cisco Expressway, network.tcp (from memory)",
    Whose.NEITHER,
    ("net.unreachable", "tcp connection failed", _tcp("TCP Connection Failed", "ERROR")),
    any_level=True,
)  # fmt: skip

_SERVERS = rows(
    f"{_GUIDE}: External Server Communication Failure",
    Whose.NEITHER,
    ("clock.not-synchronised", "external server communication failure", f'{_AT} tvcs: Event="External Server Communication Failure" Reason="NTP server not responding" Service="NTP" Detail="name:ntp1.example.com" Level="1" {_UTC}', "ntp"),
    ("dns.name-unresolved", "external server communication failure", f'{_AT} tvcs: Event="External Server Communication Failure" Reason="DNS server not responding" Service="DNS" Detail="name:10.0.0.53" Level="1" {_UTC}', "dns"),
    ("net.unreachable", "external server communication failure", f'{_AT} tvcs: Event="External Server Communication Failure" Reason="gatekeeper timed out" Service="NeighbourGatekeeper" Dst-ip="10.0.30.2" Dst-port="1719" Detail="name:expe.example.com:1719" Protocol="UDP" Level="1" {_UTC}'),
)  # fmt: skip

# The guide writes the event's name as "External Server Communication Failure", in logs with "Communications".
_SERVERS_SEEN = rows(
    "Cisco TAC 217230 (cluster peer lost); Administrator Guide X15.0: External Server Communication Failure",
    Whose.NEITHER,
    ("net.unreachable", "external server communications failure", f'{_AT} tvcs: Event="External Server Communications Failure" Reason="gatekeeper timed out" Service="NeighbourGatekeeper" Detail="name:10.15.13.16:1719" Level="1" {_UTC}'),
    ("clock.not-synchronised", "external server communications failure", f'{_AT} tvcs: Event="External Server Communications Failure" Reason="NTP server not responding" Service="NTP" Detail="name:ntp1.example.com" Level="1" {_UTC}', "ntp"),
    ("dns.name-unresolved", "external server communications failure", f'{_AT} tvcs: Event="External Server Communications Failure" Reason="DNS server not responding" Service="DNS" Detail="name:10.0.0.53" Level="1" {_UTC}', "dns"),
)  # fmt: skip

_CLUSTER = rows(
    "Cisco TAC 217230, Expressway cluster (a peer is lost)",
    Whose.NEITHER,
    ("cluster.link-down", "inconsistent database", f'2026-11-20T10:00:10.100+00:00 expc01 {_UTC} Module="developer.clusterdb.cdb" Level="ERROR" Node="clusterdb@c1.corp.example.com" PID="<0.159.0>" Detail="Inconsistent Database" Context="from mnesia system - mnesia down" Node="clusterdb@c2.corp.example.com"', "mnesia"),
    ("cluster.link-down", "failed connecting to node", f'2026-11-20T10:00:10.100+00:00 expc01 {_UTC} Module="developer.clusterdb.synchronise" Level="WARN" Node="clusterdb@c1.corp.example.com" PID="<0.14215.425>" Detail="Failed connecting to node" Node="clusterdb@c2.corp.example.com" Reason="{{ badrpc, nodedown }}"', "clusterdb"),
    ("cluster.link-down", "processed mnesia_down event", f'2026-11-20T10:00:10.100+00:00 expc01 {_UTC} Module="developer.clusterdb.cdb" Level="INFO" Node="clusterdb@c1.corp.example.com" PID="<0.159.0>" Detail="Processed mnesia_down event from accessible node" Node="clusterdb@c2.corp.example.com"'),
    any_level=True,
)  # fmt: skip

_LOGIN = (
    *rows(
        _MRA,
        Whose.NEITHER,
        ("sip.credentials-refused", "incorrect authentication credential for user", f'{_AT} tvcs: Event="Authentication Failed" Service="SIP" Src-ip="10.0.10.2" Src-port="25723" Detail="Incorrect authentication credential for user" Protocol="TLS" Method="OPTIONS" Level="1" {_UTC}'),
        ("sip.credentials-refused", "calculated response does not match supplied response", f'{_AT} tvcs: {_UTC} Module="developer.nomodule" Level="WARN" CodeLocation="ppcmains/sip/sipproxy/SipProxyAuthentication.cpp(686)" Method="SipProxyAuthentication::checkDigestSAResponse" Thread="0x7f2485cb0700": calculated response does not match supplied response, calculatedResponse=769c8f48, response=319a0bb3'),
        ("sip.credentials-refused", "authentication credential not found in directory", f'{_AT} tvcs: {_UTC} Module="network.ldap" Level="INFO": Detail="Authentication credential not found in directory for identity: traversal"'),
        any_level=True,
    ),
    *rows(
        "Cisco TAC 211304 (edgeconfigprovisioning)",
        Whose.NEITHER,
        ("access.credentials-refused", "failed to authenticate user against server", f'{_AT} edgeconfigprovisioning: Level="INFO" Detail="Failed to authenticate user against server" Username="jdoe" Server="(\'https\', \'10.0.20.5\', 8443)" Reason="<twisted.python.failure.Failure <type \'exceptions.Exception\'>>" {_UTC}'),
        any_level=True,
    ),
    *harmless(
        _MRA,
        ("authentication credential found in directory", f'{_AT} tvcs: {_UTC} Module="network.ldap" Level="INFO": Detail="Authentication credential found in directory for identity: traversal"'),
    ),
)  # fmt: skip

_EDGE = (
    *rows(
        _ATS,
        Whose.THEIRS,
        ("tls.certificate-refused", "core server certificate verification failed", f'{_AT} traffic_server[14242]: [ET_NET 2] WARNING: Core server certificate verification failed for (ucm1.corp.example.com). Action=Terminate Error=unspecified certificate verification error server=ucm1.corp.example.com(10.0.20.5) depth=0'),
        vague=True,
    ),
    *rows(
        _ATS,
        Whose.THEIRS,
        ("names.reference-not-presented", "not in certificate. action=terminate", f"{_AT} traffic_server[14242]: [ET_NET 2] WARNING: SNI (ucm1.corp.example.com) not in certificate. Action=Terminate server=ucm1.corp.example.com(10.0.20.5)"),
        ("names.reference-not-presented", "not in certificate. action=continue", f"{_AT} traffic_server[14242]: [ET_NET 2] WARNING: SNI (ucm1.corp.example.com) not in certificate. Action=Continue server=ucm1.corp.example.com(10.0.20.5)"),
    ),
    *rows(
        _ATS,
        Whose.NEITHER,
        ("tls.handshake-failed", "ssl connection failed for", f"{_AT} traffic_server[14242]: [ET_NET 2] ERROR: SSL connection failed for 'ucm1.corp.example.com': error:1416F086:SSL routines:tls_process_server_certificate", "traffic_server"),
        vague=True,
    ),
    *harmless(
        f"{_MRA} (a SIP domain that Expressway-C does not serve)",
        ("sending http error response", f'{_AT} traffic_server[15550]: Event="Sending HTTP error response" Status="403" Reason="Forbidden" Dst-ip="10.48.79.80" Dst-port="50314"'),
    ),
)  # fmt: skip

_XCP = rows(
    _MRA,
    Whose.NEITHER,
    ("net.unreachable", "unable to connect to host", f"{_AT} XCP_JABBERD[23843]: {_UTC} ThreadID=\"139747212576512\" Module=\"Jabber\" Level=\"ERROR\" CodeLocation=\"mio.c:1121\" Detail=\"Unable to connect to host '10.48.36.171', port 7400:(111) Connection refused\"", "port"),
    ("net.unreachable", "failed to connect to component", f'{_AT} XCP_JABBERD[23843]: {_UTC} ThreadID="139747406935808" Module="Jabber" Level="ERROR" CodeLocation="base_connection.cpp:104" Detail="Failed to connect to component jabberd-port-1.expc-example-com"'),
)  # fmt: skip

_REASONS = (
    *rows(
        f"{_GUIDE}: Certificate-based authentication",
        Whose.THEIRS,
        ("tls.certificate-refused", "cba authorization failure", f'{_AT} web: Event="Admin Session CBA Authorization Failure" User="jdoe" Detail="web session" Level="1" {_UTC}'),
    ),
    *rows(
        f"{_GUIDE}: Admin Session Login Failure",
        Whose.NEITHER,
        ("access.credentials-refused", "admin session login failure", f'{_AT} web: Event="Admin Session Login Failure" User="admin" Detail="web session" Src-ip="10.0.0.9" Level="1" {_UTC}'),
    ),
)  # fmt: skip

_ORDINARY = harmless(
    _HYBRID,
    ("handshake in progress", _ssl('Detail="Handshake in progress" Reason="want read/write"', "INFO")),
    ("tcp connection established", _tcp("TCP Connection Established")),
    ("tcp connection closed", _tcp("TCP Connection Closed", reason="Got EOF on socket"), "got eof on socket"),
    ("searched for dns zones by subject name", f'{_AT} tvcs: {_UTC} Module="developer.zone.zonemgr" Level="DEBUG" CodeLocation="ppcmains/oak/zones/ZoneManager.cpp(1183)" Method="ZoneManager::getDNSZoneByTLSVerifySubjectNameList" Thread="0x7f577f0a0700":  this="0x56408ff81220"  Detail="Searched for DNS Zones by Subject Name" Found="True" Candidates="sip.example.net"', 'found="true"'),
)  # fmt: skip

# Also written for every peer that belongs to another zone, so it is the cause only where nothing else is.
_NO_ZONE = rows(
    _HYBRID,
    Whose.THEIRS,
    ("names.reference-not-presented", "searched for dns zones by subject name", f'{_AT} tvcs: {_UTC} Module="developer.zone.zonemgr" Level="DEBUG" CodeLocation="ppcmains/oak/zones/ZoneManager.cpp(1183)" Method="ZoneManager::getDNSZoneByTLSVerifySubjectNameList" Thread="0x7f577f0a0700":  this="0x56408ff81220"  Detail="Searched for DNS Zones by Subject Name" Found="False" Candidates="sip.example.net"', 'found="false"'),
    vague=True,
    any_level=True,
)  # fmt: skip

_SUCCESS = successes(
    _HYBRID,
    ("handshake succeeded", _ssl('Detail="Handshake succeeded"', "DEBUG")),
)  # fmt: skip

EXPRESSWAY: tuple[Phrase, ...] = (
    *_NAMES, *_CUT, *_TTSSL, *_DEBUG, *_REQUIRED, *_NETWORK, *_SERVERS, *_SERVERS_SEEN, *_CLUSTER, *_LOGIN, *_EDGE, *_XCP, *_REASONS,
    *_ORDINARY, *_NO_ZONE, *_SUCCESS,
)  # fmt: skip
