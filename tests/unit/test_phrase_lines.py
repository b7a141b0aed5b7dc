"""The phrase table against lines that are not its own examples: harmless ones, variants, and both sides of its own rules."""

from __future__ import annotations

import pytest

from pkikit.judge.logs.log_text import diagnose_lines

STAMP = "2026-11-20T10:00:10.100+00:00 exwe01"
UTC = 'UTCTime="2026-11-20 10:00:10,100"'
ENDS = 'Src-ip="10.0.10.2" Src-port="27001" Dst-ip="10.0.30.2" Dst-port="7001"'

HARMLESS = [
    # Expressway
    f'{STAMP} tvcs: {UTC} Module="network.tcp" Level="DEBUG": {ENDS} Detail="TCP Connecting"',
    f'{STAMP} tvcs: {UTC} Module="network.tcp" Level="DEBUG": {ENDS} Detail="TCP Connection Established"',
    f'{STAMP} tvcs: {UTC} Module="network.tcp" Level="DEBUG": {ENDS} Detail="TCP Connection Closed" Reason="Got EOF on socket"',
    f'{STAMP} tvcs: {UTC} Module="developer.ssl" Level="INFO" Method="::ttssl_continueHandshake":  Detail="Handshake in progress" Reason="want read/write"',
    f'{STAMP} tvcs: {UTC} Module="developer.zone.zonemgr" Level="DEBUG": Detail="Searched for DNS Zones by Subject Name" Found="True"',
    f'{STAMP} tvcs: Event="Call Connected" Service="SIP" {ENDS} Call-serial-number="1" Protocol="TLS" Auth="NO" Level="1" {UTC}',
    f'{STAMP} tvcs: Event="Registration Accepted" Service="SIP" {ENDS} Protocol="TLS" Level="1" {UTC}',
    f'{STAMP} tvcs: Event="System Configuration Changed" Node="clusterdb" Detail="xconfiguration certificate verify failed action - changed to: ignore" Level="1" {UTC}',
    f'{STAMP} alarm: Level="INFO" Event="Alarm Lowered" Id="20004" Detail="Cluster communication failure" {UTC}',
    f'{STAMP} alarm: Level="WARN" Event="Alarm Raised" Id="15028" Severity="warning" Detail="Restart required: The server certificate and private key have been changed" {UTC}',
    f'{STAMP} alarm: Level="NOTICE" Event="Alarm Raised" Id="40049" Severity="notice" Detail="Cluster TLS permissive: Cluster TLS verification mode permits invalid certificates" {UTC}',
    # SIP bodies
    "Subject: the certificate",
    'Warning: 399 e1.example.com "no errors"',
    "SIP/2.0 200 OK",
    "Via: SIP/2.0/TLS 10.0.10.2:27001;branch=z9hG4bK1;received=10.0.30.2;rport=27001",
    "Server: TANDBERG/4135 (X14.3.2)",
    # tools that succeed
    "* ALPN: server did not agree on a protocol. Uses default.",
    "* TLSv1.3 (OUT), TLS alert, close notify (256):",
    "* Connection #0 to host e1.example.com left intact",
    "HTTP request sent, awaiting response... 200 OK",
    "SSL handshake has read 4711 bytes and written 307 bytes",
    "Verify this certificate by hand",
    "Cipher is TLS_AES_256_GCM_SHA384",
    "- Description: (TLS1.3-X.509)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)",
    "Trust this certificate? [no]:  yes",
    "ChainContext.dwErrorStatus = 0",
    "    Revocation checking: off",
    "[INFO] [e1.example.com] acme: Trying to solve HTTP-01",
    "[INFO] [e1.example.com] The server validated our request",
    "  101  4.020934  10.0.10.2 → 10.0.30.2  TLSv1.2 73 Alert (Level: Warning, Description: Close Notify)",
    "  103  4.220934  10.0.10.2 → 10.0.30.2  TLSv1.2 571 Client Hello",
    # words of the table in prose
    "The operator was told about the unknown protocol of the meeting.",
    "Please send the HTTP request again after lunch.",
    "DEBUG no errors found, 0 failures",
    "certificate expires in 300 days",
    "An internal error code of zero means success.",
]  # fmt: skip


@pytest.mark.parametrize("line", HARMLESS)
def test_harmless_line_is_not_a_cause(line: str) -> None:
    """Neither a cause nor a failure that is called unexplained."""
    assert diagnose_lines([line], where="x").causes == ()


EVENT = '{stamp} tvcs: Event="{way} TLS Negotiation Error" Service="SIP" {ends} Detail="{detail}" Protocol="TLS" Level="1" {utc}'


def event(detail: str, way: str = "Inbound") -> str:
    """A line of the event log."""
    return EVENT.format(stamp=STAMP, way=way, ends=ENDS, detail=detail, utc=UTC)


OTHERS = [
    # the reason that follows the name of the function that failed
    ('nginx: [emerg] SSL_CTX_use_PrivateKey_file("/etc/key.pem") failed (SSL: error:0B080074:x509 certificate routines:X509_check_private_key:key values mismatch)', "key.mismatch"),
    # Expressway, as pages print it, with and without blanks
    (event(" No SSL error available, probably remote disconnect "), "net.connection-cut"),
    (event("sslv3 alert bad certificate"), "tls.certificate-refused"),
    (event("tlsv1 alert protocol version"), "tls.protocol-mismatch"),
    (event("certificate has expired"), "validity.expired"),
    (event("unable to get local issuer certificate"), "trust.issuer-unknown"),
    (event("http request"), "tls.not-tls"),
    (event("wrong version number"), "tls.not-tls"),
    (event("no shared cipher", "Outbound"), "tls.cipher-mismatch"),
    (f'{STAMP} alarm: Level="ERROR" Event="Alarm Raised" Id="40068" Severity="critical" Detail="Server certificate validity" {UTC}', "validity.expired"),
    (f'{STAMP} alarm: Level="WARN" Event="Alarm Raised" Id="35013" Severity="warning" Detail="something else" {UTC}', "tunnel.link-down"),
    # OpenSSL of several versions
    ("140285:error:14094410:SSL routines:SSL3_READ_BYTES:sslv3 alert handshake failure:s3_pkt.c:1259:SSL alert number 40", "tls.cipher-mismatch"),
    ("00D7:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:ssl/record/rec_layer_s3.c:916:SSL alert number 42", "tls.certificate-refused"),
    ("00D7:error:0A000458:SSL routines:ssl3_read_bytes:tlsv1 unrecognized name:ssl/record/rec_layer_s3.c:1600:SSL alert number 112", "tls.server-name-unknown"),
    ("00D7:error:0A00018E:SSL routines:SSL_CTX_use_certificate:ca md too weak:ssl/ssl_rsa.c:221:", "signature.digest-unsupported"),
    ("00D7:error:0A000152:SSL routines:final_renegotiate:unsafe legacy renegotiation disabled:ssl/statem/extensions.c:946:", "tls.renegotiation-refused"),
    ("write:errno=104", "net.connection-cut"),
    # other programs
    ("curl: (60) SSL: no alternative certificate subject name matches target ipv4 address '192.0.2.10'", "names.reference-not-presented"),
    ("curl: (35) error:0A00010B:SSL routines::wrong version number", "tls.not-tls"),
    ("Get \"https://e1.example.com\": tls: failed to verify certificate: x509: certificate is valid for a.example.com, b.example.com, not e1.example.com", "names.reference-not-presented"),
    ("Caused by: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target", "trust.issuer-unknown"),
    ("requests.exceptions.SSLError: HTTPSConnectionPool(host='e1.example.com', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)')))", "validity.expired"),
    ("INFO : handshake error 336151576 on incoming connection 21 from 10.0.30.2:42976 to 10.0.40.5:5061", "trust.issuer-unknown"),
    ("SSL SSL_ERROR_SSL (Handshake): Level: 0 err: <336151576> <SSL routines-ssl3_read_bytes-tlsv1 alert unknown ca> len: 0", "trust.issuer-unknown"),
    ("schannel: next InitializeSecurityContext failed: Unknown error (0x80092013) - The revocation function was unable to check revocation because the revocation server was offline.", "revocation.crl-unavailable"),
    ('{"type":"urn:ietf:params:acme:error:rateLimited","detail":"Error creating new order :: too many certificates already issued","status":429}', "acme.rate-limited"),
]  # fmt: skip


def test_harmless_phrase_does_not_hide_a_failure() -> None:
    """Titles of harmless alarms are words that other programs use for real failures."""
    for line in (
        "2026-11-20 10:00:10 ERROR TLS configuration error: the certificate could not be used",
        "2026-11-20 10:00:10 ERROR application failed: TLS handshake with the peer was aborted",
        "2026-11-20 10:00:10 ERROR security alert: the certificate of the peer was rejected",
    ):
        assert diagnose_lines([line], where="x").causes


@pytest.mark.parametrize(("line", "rule"), OTHERS)
def test_phrase_is_found_in_another_line(line: str, rule: str) -> None:
    """The wording counts, not the line around it."""
    assert diagnose_lines([line], where="x").causes[:1] == (rule,)


# Rule, a line that it answers, and one that only looks alike.
OWN_RULES = [
    ("tls.handshake-failed", "00D7:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:SSL alert number 80", "* TLSv1.3 (IN), TLS alert, close notify (256):"),
    ("tls.server-name-unknown", "remote error: tls: unrecognized name", "remote error: tls: handshake failure"),
    ("tls.renegotiation-refused", "error:0A000152:SSL routines::unsafe legacy renegotiation disabled", "Secure Renegotiation IS NOT supported"),
    ("tunnel.link-down", f'{STAMP} alarm: Level="WARN" Event="Alarm Raised" Id="35014" Detail="Unified Communications SSH tunnel notification failure" {UTC}',
     f'{STAMP} alarm: Level="INFO" Event="Alarm Lowered" Id="35014" Detail="Unified Communications SSH tunnel notification failure" {UTC}'),
    ("ssh.algorithm-mismatch", "Unable to negotiate with 10.0.30.2 port 2222: no matching host key type found. Their offer: ssh-rsa", "debug1: kex: host key algorithm: rsa-sha2-512"),
    ("ssh.key-refused", "jdoe@e1.example.com: Permission denied (publickey).", "debug1: Authentications that can continue: publickey"),
    ("access.credentials-refused", "ldap_bind: Invalid credentials (49)", "ldap_bind: Success (0)"),
    ("clock.not-synchronised", f'{STAMP} tvcs: Event="External Server Communication Failure" Reason="NTP server not responding" Service="NTP" Detail="name:10.0.0.9" Level="1" {UTC}',
     f'{STAMP} tvcs: Event="External Server Communications Restored" Service="NTP" Detail="name:10.0.0.9" Level="1" {UTC}'),
    ("acme.order-failed", "Some challenges have failed.", "Successfully received certificate."),
    ("acme.account-refused", '{"type": "urn:ietf:params:acme:error:externalAccountRequired"}', '{"type": "urn:ietf:params:acme:error:badNonce"}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "line"), [pytest.param(rule, line, marks=pytest.mark.fires(rule), id=rule) for rule, line, _ in OWN_RULES]
)
def test_phrase_rule_fires_on_its_line(rule: str, line: str) -> None:
    """The finding of the rule has a fix."""
    found = [f for f in diagnose_lines([line], where="x").verdict.findings if f.rule == rule]
    assert found
    assert found[0].fix


@pytest.mark.parametrize(
    ("rule", "line"),
    [pytest.param(rule, line, marks=pytest.mark.near_miss(rule), id=rule) for rule, _, line in OWN_RULES],
)
def test_phrase_rule_does_not_fire_on_a_similar_line(rule: str, line: str) -> None:
    """The rule is asked about a line that only looks alike."""
    verdict = diagnose_lines([line], where="x").verdict
    assert rule in verdict.checked
    assert rule not in {f.rule for f in verdict.findings}
