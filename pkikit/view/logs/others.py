"""How the machines around Expressway log a failed connection, each in its own form.

Documented: Expressway's traffic server (Cisco TAC 218018) and XCP router (TAC 117811), Unified CM's SDL trace (TAC 211304),
Jabber (TAC 221845, 223101), video endpoints (TAC 211304). The lines of tomcat (Unified CM, IM&P, Unity Connection) are those of
Java, and the reasons beside `validTLSConnection` are OpenSSL's: no Cisco document prints them, so their frame is ours. Every
other machine has lines like Expressway's, with the process `lab`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pkikit.model.parties import PartyKind
from pkikit.values.other_names import COLLAB_EDGE
from pkikit.view.logs.event_lines import comma_time, line_time

_ALERT = re.compile(r"(?:sslv3|tlsv1|tlsv13) alert (.+)")
_VOS = frozenset({PartyKind.UNIFIED_CM, PartyKind.IM_PRESENCE, PartyKind.UNITY_CONNECTION})


@dataclass(frozen=True, kw_only=True)
class FailedConnection:
    """A connection that one machine gave up, as its log needs it.

    at: when. host, other: the machine that writes and the other one. address, port: of the other machine; the port dialled.
    inbound: the other machine dialled. detail: the reason in the words of Expressway. code: OpenSSL's verification error.
    looked_for: names that the other side's certificate lacks. presented: the name of that certificate.
    dialled: the name dialled; empty for inbound connections. sip: whether SIP is inside.
    """

    at: datetime
    host: str
    other: str
    address: str
    port: int
    inbound: bool
    detail: str
    code: int = 0
    looked_for: tuple[str, ...] = ()
    presented: str = ""
    dialled: str = ""
    sip: bool = True

    @property
    def verify_error(self) -> str:
        """OpenSSL's verification error as its tools print it."""
        return f"verify error:num={self.code}:{self.detail}"


def other_lines(kind: PartyKind, failed: FailedConnection) -> str:
    """Return the lines of this machine's log about a failed connection; empty if its log looks like Expressway's.

    Args:
        kind: what the machine is.
        failed: what happened.

    Returns:
        The lines, without the end of the last.
    """
    if kind in _VOS:
        return _sdl(failed) if failed.sip and kind is PartyKind.UNIFIED_CM else _tomcat(failed)
    if kind is PartyKind.CLIENT:
        return _endpoint(failed) if failed.sip else _jabber(failed)
    return ""


def traffic_server_line(failed: FailedConnection) -> str:
    """Return the line of Expressway's traffic server about a machine inside that it does not accept (Cisco TAC 218018).

    Args:
        failed: what happened; `dialled` is the name looked for.

    Returns:
        The line, without its end.
    """
    where = f"server={failed.dialled}({failed.address})"
    if failed.looked_for:
        said = f"WARNING: SNI ({failed.dialled}) not in certificate. Action=Terminate {where}"
    elif failed.code:
        error = f"Action=Terminate Error={failed.detail} {where} depth=0"
        said = f"WARNING: Core server certificate verification failed for ({failed.dialled}). {error}"
    else:
        said = f"ERROR: SSL connection failed for '{failed.dialled}': {failed.detail}"
    return f"{_start(failed.at, failed.host)} traffic_server[14242]: [ET_NET 2] {said}"


def xcp_line(at: datetime, host: str, address: str, port: int) -> str:
    """Return the line of Expressway's XCP router about a machine that does not answer (Cisco TAC 117811).

    Args:
        at: when.
        host: the Expressway.
        address: of the machine that does not answer.
        port: that it dialled.

    Returns:
        The line, without its end.
    """
    utc = f'UTCTime="{comma_time(at)}"'
    detail = f"Unable to connect to host '{address}', port {port}:(111) Connection refused"
    return (
        f'{_start(at, host)} XCP_JABBERD[23843]: {utc} ThreadID="139747212576512" Module="Jabber" Level="ERROR"'
        f' CodeLocation="mio.c:1121" Detail="{detail}"'
    )


def _start(at: datetime, host: str) -> str:
    return f"{line_time(at)} {host.partition('.')[0]}"


def _sdl(failed: FailedConnection) -> str:
    """Unified CM's SDL trace: the names that it received and expected, then the failure of the device."""
    clock = f"{failed.at:%H:%M:%S}.{failed.at.microsecond // 1000:03}"
    lines = []
    if failed.looked_for:
        wrong = "SIPStationD(18400) - validTLSConnection:TLS InvalidX509NameInCertificate"
        received, expected = failed.presented, ", ".join(failed.looked_for)
        lines += [
            f"{wrong}, Rcvd={received}, Expected={expected}. Will check SAN the next",
            f"{wrong} Error , did not find matching SAN either, Rcvd={received}, Expected={expected}",
        ]
    elif failed.code:
        lines.append(f"SIPTcp - SSL handshake with {failed.other} failed, {failed.verify_error}")
    else:
        lines.append(f"SIPTcp - SSL handshake with {failed.other} failed: {failed.detail}")
    lines.append(
        "ConnectionFailure - Unified CM failed to open a TLS connection for the indicated device"
        f" Device Name:{failed.other} IP Address:{failed.address} IPV6Address: Device type:584"
        f" Reason code:{2 if failed.looked_for else 1} App ID:Cisco CallManager Cluster ID:StandAloneCluster"
        f" Node ID:{failed.host.partition('.')[0]}"
    )
    return "\n".join(f"08080021.{43 + n:03} |{clock} |AppInfo  |{line}" for n, line in enumerate(lines))


def _tomcat(failed: FailedConnection) -> str:
    """Java's words for what tomcat saw; it judges no certificate of a caller."""
    alert = _ALERT.fullmatch(failed.detail)
    stamp = comma_time(failed.at)
    if alert is not None:
        reason = f"Received fatal alert: {alert[1].replace(' ', '_')}"
    elif failed.code:
        reason = failed.verify_error
    else:
        reason = "Remote host terminated the handshake" if "remote disconnect" in failed.detail else failed.detail
    way = f"from {failed.address}" if failed.inbound else f"to {failed.dialled}:{failed.port}"
    return f"{stamp} ERROR [http-nio-{failed.port}-exec-1] {way} - javax.net.ssl.SSLHandshakeException: {reason}"


def _jabber(failed: FailedConnection) -> str:
    """Jabber's log: the verification of the certificate, then the failed request."""
    stamp = comma_time(failed.at)
    judged = (
        f"{stamp} INFO  [0x6d4ab000] [mmon/PlatformVerificationHandler.cpp(38)] [csf.cert]"
        " [handlePlatformVerificationResultSynchronously]"
    )
    request = (
        f"{stamp} ERROR [0x00002fd0] [ls/src/http/BasicHttpClientImpl.cpp(568)] [csf.httpclient] [csf::http::executeImpl] - "
        "There was an issue performing the call to curl_easy_perform for request #0: "
    )
    if failed.looked_for:
        return f"{judged} - Verification result : FAILURE reason : [CN_NO_MATCH]\n{request}CERTIFICATE_VALIDATION_ERROR"
    if failed.code:
        # Jabber's own word for the reason is not documented, so the words of the library stay beside it.
        reason = failed.verify_error
        return f"{judged} - Verification result : FAILURE reason : [UNKNOWN] {reason}\n{request}CERTIFICATE_VALIDATION_ERROR"
    return f"{request}SSL_CONNECT_ERROR: {failed.detail}"


def _endpoint(failed: FailedConnection) -> str:
    """The log of a TC-based video endpoint."""
    clock = f"{failed.at.hour * 3600 + failed.at.minute * 60 + failed.at.second}.{failed.at.microsecond // 10_000:02}"
    if failed.looked_for:
        domain = failed.looked_for[0]
        return (
            f"{clock} CertificateVerification ERROR: [verify_edge_domain_in_san]: Edge TLS verification failed: Edge domain"
            f" '{domain}' and corresponding SRVName '{COLLAB_EDGE}.{domain}' not found in certificate SAN list"
        )
    reason = failed.verify_error if failed.code else failed.detail
    return f"{clock} HttpClient     SSL certificate problem: {reason}"
