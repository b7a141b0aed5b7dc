"""Lines into records: quoted messages and DEBUG text, wrapped and glued lines, broken logs, linear time."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.errors import InputError
from pkikit.judge.logs.log_text import diagnose_lines, diagnose_text
from tests.support.logs import C, E, event, read


def test_log_with_one_successful_handshake_has_no_verdict() -> None:
    """developer.ssl tells of single handshakes at DEBUG: one that failed counts, one that succeeded proves nothing."""
    line = (
        '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:09,250" Module="developer.ssl" Level="DEBUG" '
        'CodeLocation="x(1997)" Method="::ttssl_continueHandshake" Thread="0x7f": Detail="{}" Reason="{}"'
    )
    good = line.format("Handshake succeeded", "none")
    for bad in (line.format("Handshake Failed", "want error ssl"), line.format("Negotiation of Q failed", "no idea")):
        assert read(good, bad, good).causes
    with pytest.raises(InputError, match="none of them reports"):
        diagnose_text(good, where="vcs.log")


SIP = """2026-10-02T08:15:09.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:09,250" Module="network.sip" Level="DEBUG":  Action="Received" Local-ip="10.30.0.9" Local-port="7001" Src-ip="10.20.0.5" Src-port="27001" Msg-Hash="77"
SIPMSG:
|SIP/2.0 488 Not Acceptable Here
Via: SIP/2.0/TLS 10.20.0.5:5061;branch=z9hG4bK1
Reason: SIP;cause=488;text="certificate has expired"
Warning: 399 10.20.0.5 "TLS error: unable to get local issuer certificate"
X-Note: tlsv1 alert unknown ca
Content-Length: 40

error 10 at 0 depth lookup: certificate has expired
|"""


@pytest.mark.parametrize(
    "lines",
    [
        SIP,
        SIP.replace("\nSIPMSG:\n", " SIPMSG: "),
        SIP.replace("SIPMSG:\n|", "HTTPMSG:\n|"),
        "\n".join(SIP.splitlines()[2:-3]).lstrip("|"),
        "\n".join(f"82850.02 SipPacket   {line}" for line in SIP.splitlines()[2:-4]).replace("|", ""),
        '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:09,250" Module="developer.cafe" Level="DEBUG": Detail="checks if the certificate has expired"',
        '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:09,250" Module="developer.cafe" Level="INFO": tlsv1 alert unknown ca is handled here',
        f'2026-10-02T08:15:09.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:09,250" Module="network.tcp" Level="DEBUG":  Src-ip="{C}" Src-port="1" Dst-ip="{E}" Dst-port="7001" Detail="TCP Connection Closed" Reason="Got EOF on socket"',
        '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: Event="Call Connected" Service="SIP" Detail="certificate has expired" Level="1"',
        '2026-10-02T08:15:09.250+00:00 vcse1 alarm: Level="WARN" Event="Alarm Lowered" Id="20004" Detail="Cluster communication failure"',
    ],
)
def test_quoted_messages_and_debug_text_are_not_failures(lines: str) -> None:
    """What a message quotes, what DEBUG text mentions, what ends every connection: nothing is concluded."""
    with pytest.raises(InputError, match="report"):
        diagnose_text(lines, where="vcs.log")


def test_record_after_a_message_dump_is_read() -> None:
    """The dump ends at its bar, or at the next record when the bar is missing."""
    assert read(SIP, event("certificate has expired")).causes == ("validity.expired",)
    assert read(SIP.removesuffix("\n|"), event("certificate has expired")).causes == ("validity.expired",)


RELAYED = [
    lambda line: f"<134>Oct  2 08:15:10 relay {line}",
    lambda line: f"<134>1 2026-10-02T08:15:10.250Z vcsc1 tvcs 812 - - {line.partition('tvcs: ')[2]}",
    lambda line: line.partition("tvcs: ")[2],
    lambda line: line.replace("tlsv1 alert", "tlsv1\n alert"),
    lambda line: line.replace(' Src-port="27001"', '\nSrc-port="27001"').replace(' Detail="', '\n  Detail="'),
    lambda line: "\n".join(textwrap.wrap(line, 100, break_long_words=False, break_on_hyphens=False)),
    lambda line: "\n".join(line[n : n + 80] for n in range(0, len(line), 80)),
    lambda line: "\n".join(line[n : n + 117] for n in range(0, len(line), 117)),
    lambda line: line.replace("unkno", "unkno\n"),
    lambda line: line.replace('"', "'"),
    lambda line: line.replace('"', '\\"'),
    lambda line: line.replace('"', "&quot;"),
    lambda line: line.replace("=", " = "),
    lambda line: line.replace('="', '= " ').replace('" ', ' " '),
    lambda line: line.replace('"', "\u201d"),
    lambda line: line.replace("Src-ip", "Src_ip").replace("Dst-ip", "Dst_ip"),
    lambda line: line.replace("tlsv1 alert unknown ca", "TLSv1  Alert   Unknown CA"),
    lambda line: f"{line} {line.replace('27001', '27002')}",
]


@pytest.mark.parametrize("change", RELAYED)
def test_record_is_recognised_in_every_quoting(change: object) -> None:
    """Relayed, wrapped, quoted in other ways, with blanks, glued: the same failure on the same connection."""
    assert callable(change)
    found = read(change(event("tlsv1 alert unknown ca")))
    assert found.causes == ("trust.issuer-unknown",)
    group = found.groups[0]
    assert (group["server"], group["port"], group["direction"]) == (E, 7001, "outbound")
    assert group["client"] in {C, f"vcsc1 ({C})", f"relay ({C})"}


def test_records_without_time_and_host_are_separated() -> None:
    """Copied without time and host: an event, then a line of network.tcp."""
    first = event("certificate has expired").partition("tvcs: ")[2].partition(" UTCTime")[0]
    second = 'Module="network.tcp" Level="ERROR":  Src-ip="10.20.0.5" Src-port="27921" Dst-ip="192.0.2.8" Dst-port="2222" Detail="TCP Connection Failed"'
    assert set(read(first, second).causes) == set(read(second, first).causes) == {"validity.expired", "net.unreachable"}


def test_records_joined_on_one_line_are_read_separately() -> None:
    """Each is read by itself: what is harmless in one hides nothing in another."""
    endpoint = (
        "82850.02 HttpClient     Connected to vcse1.example.net (192.0.2.4) port 8443 (#67) 82850.03 HttpClient     SSLv3, TLS handshake, "
        "CERT (11): 82850.04 HttpClient     SSL certificate problem: certificate has expired 82850.05 PROV ProvisionRequest failed: 4 "
        "(Peer certificate cannot be authenticated with given CA certificates)"
    )
    assert read(endpoint).causes == ("validity.expired",)
    unified_cm = (
        "08080021.043 |16:31:15.937 |AppInfo  |SIPStationD(18400) - validTLSConnection:TLS InvalidX509NameInCertificate, "
        "Rcvd=vcsc1.example.net, Expected=SEP001122334455. Will check SAN the next 08080021.044 |16:31:15.937 |AppInfo  "
        "|SIPStationD(18400) - certificate has expired"
    )
    assert read(unified_cm).causes == ("validity.expired",)


def test_traffic_server_failure_after_a_message_is_found() -> None:
    """Expressway-C dials Unified CM, which does not trust C's CA: C's certificate was refused."""
    log = (
        '2026-10-02T08:15:16.974-05:00 vcsc1 traffic_server[2030]: UTCTime="2026-10-02 13:15:16,974" Module="network.http.trafficserver" '
        'Level="DEBUG": Detail="Sending Request" Txn-id="3028" Dst-ip="10.20.0.40" Dst-port="6972" \nHTTPMSG:\n|GET /SEP.cnf.xml HTTP/1.1\n'
        " Host: ucm1.example.net:6972\n Reason: certificate has expired\n \n |\n\n"
        "2026-10-02T08:15:16.974-05:00 vcsc1 traffic_server[2030]:[ET_NET 1]ERROR:SSL connection failed for 'ucm1.example.net':"
        "error:14094418: SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca"
    )
    assert read(log).causes == ("trust.issuer-unknown",)


WORDS = ("Event=", "Module=", '"', "'", "Detail=", "SIPMSG:", "|", "SIP/2.0 200 OK", "\n", " ", "error", "alert unknown ca", "error 20 at 0 depth",
         "Src-ip=", "10.0.0.1", "&quot;", "\\\"", "https://a:1", "\x00", "\u202e", "certificate has expired", "Alarm Raised", "Id=", "20004")  # fmt: skip


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=60))
def test_shuffled_log_pieces_never_raise(parts: list[str]) -> None:
    """Pieces of logs are read in any order."""
    found = diagnose_lines("".join(parts).split("\n"), where="x")
    assert found.verdict.accepted == (not found.causes)
    assert all(e.label.isprintable() and e.seen.isprintable() for f in found.verdict.findings for e in f.evidence)


@pytest.mark.parametrize(
    "piece",
    [
        'Event="',
        "a=",
        "a = '",
        "' ",
        '="',
        "error ",
        'Event="x" a=\'b',
        "SIP/2.0 ",
        "a.b:",
        "to a ",
        "https://",
        "no error ",
        "1.",
        "|\n",
        " \n",
        'x="\n',
    ],
)
def test_log_reading_time_grows_linearly(piece: str) -> None:
    """Ten times as much text takes about ten times as long; the ratio leaves room for a busy machine."""

    def seconds(count: int) -> float:
        text = ('Event="y" Detail="' + piece * count).split("\n")
        began = time.process_time()
        diagnose_lines([line[:65_536] for line in text], where="x")
        return time.process_time() - began

    seconds(100)
    small, large = min(seconds(2_000) for _ in range(3)), seconds(20_000)
    assert large < 60 * max(small, 0.002)
