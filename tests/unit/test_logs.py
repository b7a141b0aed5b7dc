"""Logs of the product: who dialled, whose certificate was refused, which peer matters; failures that nobody can explain."""

from __future__ import annotations

import itertools

import pytest

from pkikit.judge.logs import groups
from pkikit.judge.logs.index import PhraseIndex
from pkikit.judge.logs.log_text import LogReader
from pkikit.judge.phrases import Phrase
from pkikit.rules.catalogue import rule_of
from tests.support.logs import C, E, event, read

PURPOSE = {
    "unsupported certificate purpose": True,
    "unsuitable certificate purpose": True,
    "sslv3 alert unsupported certificate": False,
}


@pytest.mark.parametrize(("detail", "inbound"), list(itertools.product(PURPOSE, (True, False))))
def test_missing_purpose_depends_on_the_dialling_side(detail: str, inbound: bool) -> None:
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
def test_fix_of_an_unknown_issuer_names_the_refusing_machine(detail: str, refuses: str, inbound: bool) -> None:
    """The CA certificate goes into the list of the machine that refused."""
    found = read(event(detail, inbound=inbound))
    assert found.causes == ("trust.issuer-unknown",)
    own, far = (f"vcse1 ({E})", C) if inbound else (f"vcsc1 ({C})", E)
    verifier, owner = (far, own) if refuses == "far" else (own, far)
    fix = found.verdict.findings[0].fix
    assert fix.startswith(f"On {verifier}, append")
    assert f"{owner}'s certificate" in fix
    assert "Trusted CA certificate" in fix


def test_line_without_direction_takes_it_from_the_other_events() -> None:
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


def test_both_ends_of_a_connection_give_one_cause() -> None:
    """An archive of both machines: C reads the alert that E sent; one finding, on the connection."""
    found = read(event("tlsv1 alert unknown ca"), event("unable to get local issuer certificate", inbound=True))
    assert found.causes == ("trust.issuer-unknown",)
    assert [g["count"] for g in found.groups] == [1]


def test_common_name_in_a_log_is_the_dialled_name() -> None:
    """Common-name shows what the dialling side looked for; blanks after = and inside quotes do no harm."""
    line = event("x", more='Common-name= " 10.30.0.9 " ').replace(
        'Detail="x"', 'Detail = " Peer\'s TLS certificate identity was unacceptable "'
    )
    assert read(line).causes == ("names.ip-address-used",)
    assert read(line.replace('10.30.0.9 "', 'vcse1.example.net "')).causes == ("names.reference-not-presented",)


SCANS = ("wrong version number", "no shared cipher", "http request", "unsupported protocol")


def test_configured_peer_ranks_before_scanners() -> None:
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
def test_outbound_peer_ranks_before_scanners(port: int) -> None:
    """Outbound is configured, whatever the port."""
    peer = [event("no shared cipher", port=port, source=27_000 + n) for n in range(2)]
    scans = [event("wrong version number", inbound=True, client=f"198.51.100.{n}", port=5061) for n in range(30)]
    assert read(*scans, *peer).causes == ("tls.cipher-mismatch", "tls.not-tls")


def test_peer_failing_after_thousands_of_strangers_ranks_first(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_ipv6_address_in_a_log_is_read() -> None:
    """Brackets around the address where a port follows."""
    line = event("certificate has expired").replace(E, "2001:db8::9")
    assert read(line).verdict.findings[0].subject == f"vcsc1 ({C}) → [2001:db8::9]:7001"


def test_register_attempts_of_strangers_are_scanners() -> None:
    """REGISTER from the Internet; a peer of the zone asks with OPTIONS."""
    guess = (
        '2026-10-02T08:15:09.250+00:00 vcse1 tvcs: Event="Authentication Failed" Service="SIP" Src-ip="{}" Src-port="5060" '
        'Detail="Incorrect authentication credential for user" Protocol="UDP" Method="{}" Level="1"'
    )
    guesses = [guess.format(f"198.51.100.{n}", "REGISTER") for n in range(40)]
    found = read(*guesses, event("sslv3 alert bad certificate", inbound=True))
    assert found.causes == ("tls.certificate-refused", "sip.credentials-refused")
    assert len(found.verdict.findings) == 2
    peer = read(*guesses, guess.format("203.0.113.4", "OPTIONS"))
    assert peer.groups[0]["client"] == "203.0.113.4"


def test_scanners_are_the_answer_when_nothing_else_failed() -> None:
    """Nothing else in the log: they are the answer."""
    found = read(event("wrong version number", inbound=True, client="198.51.100.4", port=5061))
    assert found.causes == ("tls.not-tls",)


def test_single_failure_ranks_after_a_repeated_one() -> None:
    """A single refused connection before twenty failures of a certificate."""
    slip = event("certificate has expired", port=2222)
    peer = [event("Peer's TLS certificate identity was unacceptable", source=25_000 + n) for n in range(20)]
    assert read(slip, *peer).causes == ("names.reference-not-presented", "validity.expired")


def test_lines_about_one_connection_count_once() -> None:
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


@pytest.mark.fires("diagnose.failure-unexplained")
def test_unexplained_failures_are_listed_with_their_lines() -> None:
    """With their count and the lines; the log is no all-clear."""
    lines = [event(f"flux capacitor {n} out of range", source=27_000 + n) for n in range(7)]
    found = read(*lines, "something else")
    assert found.causes == ("diagnose.failure-unexplained",)
    (finding,) = found.verdict.findings
    assert finding.message.startswith("7 failures that pkikit cannot explain")
    assert "flux capacitor" in finding.evidence[0].seen
    assert found.groups[0]["count"] == 7


@pytest.mark.near_miss("diagnose.failure-unexplained")
def test_explained_failure_is_not_listed_as_unexplained() -> None:
    """The same line with a reason from the table."""
    assert "diagnose.failure-unexplained" not in {
        f.rule for f in read(event("certificate has expired")).verdict.findings
    }


@pytest.mark.fires("diagnose.failure-unexplained")
def test_failures_beside_a_cause_are_information() -> None:
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
def test_connection_rule_fires_on_its_line_only(rule: str) -> None:
    """Each fires on its line, and not on the line that looks like it."""
    fires, near_miss = SYMPTOMS[rule]
    assert read(fires).causes == (rule,)
    other = read(near_miss)
    assert rule in other.verdict.checked
    assert rule not in {f.rule for f in other.verdict.findings}


def test_symptom_ranks_after_a_reason() -> None:
    """A cluster alarm and refusals without a reason beside one with a reason, on the same tier."""
    found = read(
        SYMPTOMS["cluster.link-down"][0],
        event("sslv3 alert bad certificate"),
        event("certificate has expired", port=4372),
    )
    assert found.causes == ("validity.expired", "tls.certificate-refused", "cluster.link-down")
    assert sorted(found.causes, key=lambda cause: rule_of(cause).rank) == list(found.causes)


def test_wrong_purpose_in_s_client_output_is_the_servers() -> None:
    """s_client dials, so a wrong purpose is the server's."""
    text = "CONNECTED(00000003)\nverify error:num=26:unsupported certificate purpose\nVerify return code: 26 (unsupported certificate purpose)"
    assert read(text).causes == ("eku.server-auth-missing",)


def test_archive_members_give_one_answer_with_their_lines() -> None:
    """The evidence names the member and its own line."""
    reader = LogReader("snapshot.tar.gz")
    reader.read(["nothing", event("certificate has expired")], "loggingsnapshot_1.txt")
    reader.read([event("certificate has expired", source=27005)], "loggingsnapshot_2.txt")
    found = reader.diagnosis()
    assert found.groups[0]["count"] == 2
    assert found.verdict.findings[0].evidence[0].label.startswith("loggingsnapshot_1.txt line 2")


def test_phrase_without_a_word_is_refused_by_the_index() -> None:
    """A row without a word of letters or digits could never be found."""
    with pytest.raises(ValueError, match="no word"):
        PhraseIndex([Phrase(text="→", rule="", example="→", source="x")])


@pytest.mark.parametrize(
    "line",
    [
        "curl: (60) SSL: no alternative certificate subject name matches target host name 'e9.example.com'",
        "curl: (60) SSL: certificate subject name 'other.example.net' does not match target host name 'e9.example.com'",
        "ssl.SSLCertVerificationError: Hostname mismatch, certificate is not valid for 'e9.example.com'. (_ssl.c:1006)",
        "java.security.cert.CertificateException: No subject alternative DNS name matching e9.example.com found.",
        "tls: failed to verify certificate: x509: certificate is valid for a.example.com, b.example.com, not e9.example.com",
    ],
)
def test_fix_of_a_name_mismatch_contains_the_wanted_name(line: str) -> None:
    """Programs write the wanted name into their message."""
    (finding,) = read(line).verdict.findings
    assert finding.rule == "names.reference-not-presented"
    assert "(e9.example.com)" in finding.fix
    assert "other.example.net" not in finding.fix


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x509: certificate signed by unknown authority", ("On the machine that refuses", "Trusted CA certificate")),
        ("15716.23 PROV    ProvisionRequest failed: 4 (Couldn't resolve host name)", ("A record", "DNS server")),
        ("curl: (6) Could not resolve host: e9.example.com", ("A record", "DNS server")),
        ("139:error:141A318A:SSL routines:tls_process_ske_dhe:dh key too small:ssl/statem/statem_clnt.c:2150:",
         ("Maintenance > Security > Ciphers", "2048 bits")),
    ],
)  # fmt: skip
def test_fix_without_a_known_machine_says_where_to_look(line: str, words: tuple[str, ...]) -> None:
    """The fix says which machine to look for, and the page or list."""
    (finding,) = read(line).verdict.findings
    assert all(word in finding.fix for word in words), finding.fix
    assert "{" not in finding.fix
