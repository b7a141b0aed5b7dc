"""Logs of the product: who dialled, whose certificate, which peer; messages and DEBUG text; wrapped and glued records."""

from __future__ import annotations

import itertools
import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkikit.errors import InputError
from pkikit.judge.diagnose import rank
from pkikit.judge.log_text import LogDiagnosis, LogReader, diagnose_lines, diagnose_text
from pkikit.judge.logs import groups
from pkikit.judge.logs.index import PhraseIndex
from pkikit.judge.phrases import Phrase

C, E = "10.20.0.5", "10.30.0.9"


def event(
    detail: str,
    *,
    inbound: bool = False,
    client: str = C,
    port: int = 7001,
    source: int = 27001,
    second: int = 10,
    more: str = "",
) -> str:
    """A line of the event log of the machine that was dialled (inbound) or that dialled."""
    host, way = ("vcse1", "Inbound") if inbound else ("vcsc1", "Outbound")
    return (
        f'2026-10-02T08:15:{second:02}.250+00:00 {host} tvcs: Event="{way} TLS Negotiation Error" Service="SIP" '
        f'Src-ip="{client}" Src-port="{source}" Dst-ip="{E}" Dst-port="{port}" Detail="{detail}" Protocol="TLS" {more}'
        f'Level="1" UTCTime="2026-10-02 08:15:{second:02},250"'
    )


def read(*lines: str) -> LogDiagnosis:
    return diagnose_lines("\n".join(lines).split("\n"), where="vcs.log")


PURPOSE = {
    "unsupported certificate purpose": True,
    "unsuitable certificate purpose": True,
    "sslv3 alert unsupported certificate": False,
}


@pytest.mark.parametrize(("detail", "inbound"), list(itertools.product(PURPOSE, (True, False))))
def test_who_dialled_decides_which_purpose_is_missing(detail: str, inbound: bool) -> None:
    """A local error is about the far certificate, an alert about the own one; the dialled end needs serverAuth."""
    found = read(event(detail, inbound=inbound))
    about_client = PURPOSE[detail] == inbound
    assert found.causes == ("eku.client-auth-missing" if about_client else "eku.server-auth-missing",)
    (finding,) = found.verdict.findings
    assert finding.fix.startswith(
        (C if inbound else f"vcsc1 ({C})") if about_client else (f"vcse1 ({E})" if inbound else E)
    )


@pytest.mark.parametrize("inbound", [True, False])
@pytest.mark.parametrize(
    ("detail", "refuses"), [("tlsv1 alert unknown ca", "far"), ("self signed certificate in certificate chain", "own")]
)
def test_the_fix_names_the_machine_and_the_list(detail: str, refuses: str, inbound: bool) -> None:
    """The CA certificate goes into the list of the machine that refused."""
    found = read(event(detail, inbound=inbound))
    assert found.causes == ("trust.issuer-unknown",)
    own, far = (f"vcse1 ({E})", C) if inbound else (f"vcsc1 ({C})", E)
    verifier, owner = (far, own) if refuses == "far" else (own, far)
    fix = found.verdict.findings[0].fix
    assert fix.startswith(f"On {verifier}, append")
    assert f"{owner}'s certificate" in fix
    assert "Trusted CA certificate" in fix


def test_lines_without_direction_learn_it_from_the_log() -> None:
    """network.tcp has no Inbound; the addresses that events show as the machine's own decide."""
    tcp = (
        f'2026-10-02T08:15:11.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:11,250" Module="network.tcp" Level="DEBUG":  '
        f'Src-ip="{C}" Src-port="27009" Dst-ip="{E}" Dst-port="7001" Detail="TCP Connection Closed" '
        'Reason="unsupported certificate purpose"'
    )
    assert read(tcp, event("certificate has expired", inbound=True)).causes == (
        "validity.expired",
        "eku.client-auth-missing",
    )


def test_the_two_ends_of_one_connection_are_one_cause() -> None:
    """An archive of both machines: C reads the alert that E sent; one finding, on the connection."""
    found = read(event("tlsv1 alert unknown ca"), event("unable to get local issuer certificate", inbound=True))
    assert found.causes == ("trust.issuer-unknown",)
    assert [g["count"] for g in found.groups] == [1]


def test_an_address_that_was_dialled() -> None:
    """Common-name shows what the dialling side looked for; blanks after = and inside quotes do no harm."""
    line = event("x", more='Common-name= " 10.30.0.9 " ').replace(
        'Detail="x"', 'Detail = " Peer\'s TLS certificate identity was unacceptable "'
    )
    assert read(line).causes == ("names.ip-address-used",)
    assert read(line.replace('10.30.0.9 "', 'vcse1.example.net "')).causes == ("names.reference-not-presented",)


SCANS = ("wrong version number", "no shared cipher", "http request", "unsupported protocol")


def test_a_configured_peer_outranks_scanners() -> None:
    """Hundreds of strangers on 5061, three failures of a peer on another port: the peer comes first."""
    scans = [
        event(SCANS[n % 4], inbound=True, client=f"203.0.113.{n % 200}", port=5061, source=40_000 + n)
        for n in range(400)
    ]
    peer = [event("certificate has expired", inbound=True, source=27_000 + n, second=20 + n) for n in range(3)]
    found = read(*scans[:200], *peer, *scans[200:])
    assert found.causes[0] == "validity.expired"
    assert set(found.causes[1:]) == {"tls.not-tls", "tls.cipher-mismatch", "tls.protocol-mismatch"}
    first = found.groups[0]
    assert (first["client"], first["port"], first["count"], first["direction"]) == (C, 7001, 3, "inbound")
    assert first["first"] < first["last"]
    assert "nothing to fix" in next(f.fix for f in found.verdict.findings if f.rule == "tls.not-tls")


@pytest.mark.parametrize("port", [5061, 2222, 8443, 4372, 6972])
def test_a_peer_that_is_dialled_outranks_scanners(port: int) -> None:
    """Outbound is configured, whatever the port."""
    peer = [event("no shared cipher", port=port, source=27_000 + n) for n in range(2)]
    scans = [event("wrong version number", inbound=True, client=f"198.51.100.{n}", port=5061) for n in range(30)]
    assert read(*scans, *peer).causes == ("tls.cipher-mismatch", "tls.not-tls")


def test_a_peer_that_fails_after_thousands_of_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept apart is bounded; strangers share an entry then, and the peer still comes first."""
    monkeypatch.setattr(groups, "MAX_ENTRIES", 50)
    scans = [
        event("wrong version number", inbound=True, client=f"203.0.{n // 250}.{n % 250}", port=5061) for n in range(600)
    ]
    found = read(*scans, event("certificate has expired", inbound=True))
    assert found.causes == ("validity.expired", "tls.not-tls")
    assert any(g["client"] == groups.OTHERS and g["count"] >= 1 for g in found.groups)
    lines = [event(f"no such thing {n:b}x".translate(str.maketrans("01", "ab")), port=7001 + n) for n in range(300)]
    assert read(*lines).left_out == 200


def test_addresses_of_ipv6() -> None:
    """Brackets around the address where a port follows."""
    line = event("certificate has expired").replace(E, "2001:db8::9")
    assert read(line).verdict.findings[0].subject == f"vcsc1 ({C}) → [2001:db8::9]:7001"


def test_scanners_alone_are_reported() -> None:
    """Nothing else in the log: they are the answer."""
    found = read(event("wrong version number", inbound=True, client="198.51.100.4", port=5061))
    assert found.causes == ("tls.not-tls",)


def test_one_slip_does_not_outrank_what_fails_all_day() -> None:
    """A single refused connection before twenty failures of a certificate."""
    slip = event("certificate has expired", port=2222)
    peer = [event("Peer's TLS certificate identity was unacceptable", source=25_000 + n) for n in range(20)]
    assert read(slip, *peer).causes == ("names.reference-not-presented", "validity.expired")


def test_several_lines_about_one_connection_count_once() -> None:
    """Event, developer.ssl and network.tcp tell of the same port of the client."""
    ssl = (
        '2026-10-02T08:15:10.250+00:00 vcse1 tvcs: UTCTime="2026-10-02 08:15:10,250" Module="developer.ssl" Level="ERROR" '
        'CodeLocation="ppcmains/ssl/ttssl/ttssl_openssl.cpp(68)" Method="::TTSSLErrorOutput" Thread="0x7f": TTSSL_continueHandshake: '
        f'Failed to establish SSL connection iResult="0" error="1" bServer="true" localAddress="[\'IPv4\'\'TCP\'\'{E}:7001\']" '
        f"remoteAddress=\"['IPv4''TCP''{C}:27001']\" ssl_error_reason=\"error:14094415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired\""
    )
    found = read(
        event("sslv3 alert certificate expired", inbound=True),
        ssl,
        event("sslv3 alert certificate expired", inbound=True, source=27002),
    )
    assert found.causes == ("validity.expired",)
    assert [g["count"] for g in found.groups] == [2]


def test_a_handshake_that_succeeded_is_no_all_clear_for_a_log() -> None:
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
def test_messages_and_debug_text_are_no_failures(lines: str) -> None:
    """What a message quotes, what DEBUG text mentions, what ends every connection: nothing is concluded."""
    with pytest.raises(InputError, match="report"):
        diagnose_text(lines, where="vcs.log")


def test_records_after_a_message_are_read() -> None:
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
def test_records_in_every_dress(change: object) -> None:
    """Relayed, wrapped, quoted in other ways, with blanks, glued: the same failure on the same connection."""
    assert callable(change)
    found = read(change(event("tlsv1 alert unknown ca")))
    assert found.causes == ("trust.issuer-unknown",)
    group = found.groups[0]
    assert (group["server"], group["port"], group["direction"]) == (E, 7001, "outbound")
    assert group["client"] in {C, f"vcsc1 ({C})", f"relay ({C})"}


def test_records_without_a_prefix_stay_apart() -> None:
    """Copied without time and host: an event, then a line of network.tcp."""
    first = event("certificate has expired").partition("tvcs: ")[2].partition(" UTCTime")[0]
    second = 'Module="network.tcp" Level="ERROR":  Src-ip="10.20.0.5" Src-port="27921" Dst-ip="192.0.2.8" Dst-port="2222" Detail="TCP Connection Failed"'
    assert set(read(first, second).causes) == set(read(second, first).causes) == {"validity.expired", "net.unreachable"}


@pytest.mark.fires("diagnose.failure-unexplained")
def test_failures_that_nobody_can_explain_are_listed() -> None:
    """With their count and the lines; the log is no all-clear."""
    lines = [event(f"flux capacitor {n} out of range", source=27_000 + n) for n in range(7)]
    found = read(*lines, "something else")
    assert found.causes == ("diagnose.failure-unexplained",)
    (finding,) = found.verdict.findings
    assert finding.message.startswith("7 failures that pkikit cannot explain")
    assert "flux capacitor" in finding.evidence[0].seen
    assert found.groups[0]["count"] == 7


@pytest.mark.near_miss("diagnose.failure-unexplained")
def test_an_explained_failure_is_not_unexplained() -> None:
    """The same line with a reason from the table."""
    assert "diagnose.failure-unexplained" not in {
        f.rule for f in read(event("certificate has expired")).verdict.findings
    }


@pytest.mark.fires("diagnose.failure-unexplained")
def test_other_failures_beside_a_cause_are_told_without_weight() -> None:
    """Printed lines that only look like failures are listed as information."""
    found = read("curl: (60) SSL certificate problem: certificate has expired", "ERROR upload failed: 17 jobs")
    assert found.causes == ("validity.expired",)
    assert [f.severity.value for f in found.verdict.findings] == ["error", "info"]


SYMPTOMS = {
    "cluster.link-down": (
        (
            '2026-10-02T08:15:09.250+00:00 vcse1 alarm: Level="WARN" Event="Alarm Raised" Id="20004" UUID="3b" Severity="warning" '
            'Detail="Cluster communication failure: The system is unable to communicate with one or more of the cluster peers"'
        ),
        (
            '2026-10-02T08:15:09.250+00:00 vcse1 alarm: Level="WARN" Event="Alarm Lowered" Id="20004" UUID="3b" Severity="warning" '
            'Detail="Cluster communication failure: The system is unable to communicate with one or more of the cluster peers"'
        ),
    ),
    "tls.certificate-refused": (event("sslv3 alert bad certificate"), event("sslv3 alert certificate expired")),
    "net.connection-cut": (event("No SSL error available, probably remote disconnect"), event("http request")),
    "sip.credentials-refused": (
        (
            '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: Event="Authentication Failed" Service="SIP" Src-ip="10.20.0.5" Src-port="25723" '
            'Detail="Incorrect authentication credential for user" Protocol="TLS" Method="OPTIONS" Level="1"'
        ),
        '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: Event="Authentication Succeeded" Service="SIP" Src-ip="10.20.0.5" Level="1"',
    ),
}


@pytest.mark.parametrize(
    "rule", [pytest.param(r, marks=[pytest.mark.fires(r), pytest.mark.near_miss(r)]) for r in SYMPTOMS]
)
def test_the_rules_of_connections(rule: str) -> None:
    """Each fires on its line, and not on the line that looks like it."""
    fires, near_miss = SYMPTOMS[rule]
    assert read(fires).causes == (rule,)
    other = read(near_miss)
    assert rule in other.verdict.checked
    assert rule not in {f.rule for f in other.verdict.findings}


def test_symptoms_come_after_reasons() -> None:
    """A cluster alarm and refusals without a reason beside one with a reason, on the same tier."""
    found = read(
        SYMPTOMS["cluster.link-down"][0],
        event("sslv3 alert bad certificate"),
        event("certificate has expired", port=4372),
    )
    assert found.causes == ("validity.expired", "tls.certificate-refused", "cluster.link-down")
    assert sorted(found.causes, key=rank) == list(found.causes)


def test_tools_show_which_end_they_are() -> None:
    """s_client dials, so a wrong purpose is the server's."""
    text = "CONNECTED(00000003)\nverify error:num=26:unsupported certificate purpose\nVerify return code: 26 (unsupported certificate purpose)"
    assert read(text).causes == ("eku.server-auth-missing",)


def test_lines_that_a_page_has_put_into_one() -> None:
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


def test_the_traffic_server_after_a_message() -> None:
    """Expressway-C dials Unified CM, which does not trust C's CA: C's certificate was refused."""
    log = (
        '2026-10-02T08:15:16.974-05:00 vcsc1 traffic_server[2030]: UTCTime="2026-10-02 13:15:16,974" Module="network.http.trafficserver" '
        'Level="DEBUG": Detail="Sending Request" Txn-id="3028" Dst-ip="10.20.0.40" Dst-port="6972" \nHTTPMSG:\n|GET /SEP.cnf.xml HTTP/1.1\n'
        " Host: ucm1.example.net:6972\n Reason: certificate has expired\n \n |\n\n"
        "2026-10-02T08:15:16.974-05:00 vcsc1 traffic_server[2030]:[ET_NET 1]ERROR:SSL connection failed for 'ucm1.example.net':"
        "error:14094418: SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca"
    )
    assert read(log).causes == ("trust.issuer-unknown",)


def test_texts_of_several_members_are_one_answer() -> None:
    """The evidence names the member and its own line."""
    reader = LogReader("snapshot.tar.gz")
    reader.read(["nothing", event("certificate has expired")], "loggingsnapshot_1.txt")
    reader.read([event("certificate has expired", source=27005)], "loggingsnapshot_2.txt")
    found = reader.diagnosis()
    assert found.groups[0]["count"] == 2
    assert found.verdict.findings[0].evidence[0].label.startswith("loggingsnapshot_1.txt line 2")


WORDS = ("Event=", "Module=", '"', "'", "Detail=", "SIPMSG:", "|", "SIP/2.0 200 OK", "\n", " ", "error", "alert unknown ca", "error 20 at 0 depth",
         "Src-ip=", "10.0.0.1", "&quot;", "\\\"", "https://a:1", "\x00", "\u202e", "certificate has expired", "Alarm Raised", "Id=", "20004")  # fmt: skip


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=60))
def test_broken_logs_never_break_the_reader(parts: list[str]) -> None:
    """Pieces of logs in any order."""
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
def test_time_grows_with_the_length_alone(piece: str) -> None:
    """Ten times as much text takes about ten times as long; the ratio leaves room for a busy machine."""

    def seconds(count: int) -> float:
        text = ('Event="y" Detail="' + piece * count).split("\n")
        began = time.process_time()
        diagnose_lines([line[:65_536] for line in text], where="x")
        return time.process_time() - began

    seconds(100)
    small, large = min(seconds(2_000) for _ in range(3)), seconds(20_000)
    assert large < 60 * max(small, 0.002)


def test_the_index_needs_words() -> None:
    """A row without a word of letters or digits could never be found."""
    with pytest.raises(ValueError, match="no word"):
        PhraseIndex([Phrase(text="→", rule="", example="→", source="x")])
