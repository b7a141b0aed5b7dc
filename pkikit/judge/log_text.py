"""What operators already have: lines of the product's event log, the text of `openssl s_client` and `openssl verify`.

Each line that says why something failed becomes a finding whose evidence is that line. Wordings: OpenSSL's error strings
of 1.0 to 3.x (x509_txt.c, ssl_err.c) and the product's log as TAC documents and forums quote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkikit.judge.diagnose import ALERTS, VERIFY_CODES, rank_causes
from pkikit.judge.openssl_codes import VERIFY_ERROR_NAMES
from pkikit.judge.registry import finding
from pkikit.model.findings import Evidence, Finding, Verdict
from pkikit.model.names import printable

MAX_LINES = 200_000
_CODE = re.compile(
    r"(?:verify return code|verification error code|verify error:\s*num|^error|\berror\b)[:=\s]*(\d{1,3})\b"
    r"(?=\s*\(|:|\s+at\s+\d+\s+depth)",
    re.IGNORECASE,
)
_EVENT = re.compile(r'Event="(?P<event>[^"]{1,80})"')
_FIELD = re.compile(r'(?P<name>[A-Za-z][A-Za-z_-]{1,30})="(?P<value>[^"]{0,400})"')
# Phrases in lower case, the special before the general; OpenSSL's own wordings come from its table below.
_PHRASES: tuple[tuple[str, str], ...] = (
    ("sslv3 alert certificate expired", "validity.expired"),
    ("alert certificate expired", "validity.expired"),
    ("alert certificate revoked", "revocation.revoked"),
    ("alert unknown ca", "trust.issuer-unknown"),
    ("alert certificate required", "tls.certificate-required"),
    ("peer did not return a certificate", "tls.certificate-required"),
    ("alert unsupported certificate", "eku.client-auth-missing"),
    ("tlsv1 alert protocol version", "tls.protocol-mismatch"),
    ("unsupported protocol", "tls.protocol-mismatch"),
    ("no protocols available", "tls.protocol-mismatch"),
    ("no shared cipher", "tls.cipher-mismatch"),
    ("alert handshake failure", "tls.cipher-mismatch"),
    ("alert insufficient security", "tls.cipher-mismatch"),
    ("wrong version number", "tls.not-tls"),
    ("unknown protocol", "tls.not-tls"),
    ("http request", "tls.not-tls"),
    ("packet length too long", "tls.not-tls"),
    ("record layer failure", "tls.not-tls"),
    ("hostname mismatch", "names.reference-not-presented"),
    ("identity was unacceptable", "names.reference-not-presented"),
    ("subject name mismatch", "names.reference-not-presented"),
    ("unsuitable certificate purpose", "eku.client-auth-missing"),
    ("unsupported certificate purpose", "eku.client-auth-missing"),
    ("self-signed certificate in certificate chain", "trust.issuer-unknown"),
    ("self signed certificate in certificate chain", "trust.issuer-unknown"),
    ("self signed certificate", "trust.self-signed-leaf"),
    ("key values mismatch", "key.mismatch"),
    ("ee key too small", "key.too-short"),
    ("ca key too small", "key.too-short"),
    ("ca md too weak", "signature.digest-unsupported"),
    ("md too weak", "signature.digest-unsupported"),
    ("connection refused", "net.unreachable"),
    ("connection timed out", "net.unreachable"),
    ("no route to host", "net.unreachable"),
    ("connect:errno=", "net.unreachable"),
    ("name or service not known", "dns.name-unresolved"),
    ("nodename nor servname", "dns.name-unresolved"),
    ("could not resolve", "dns.name-unresolved"),
)
_OPENSSL = tuple(
    (name.lower(), VERIFY_CODES[code])
    for code, name in sorted(VERIFY_ERROR_NAMES.items(), key=lambda pair: -len(pair[1]))
    if code in VERIFY_CODES
)


def diagnose_text(text: str, *, where: str) -> tuple[Verdict, tuple[str, ...]]:
    """(verdict, causes) of a log or a tool's output. No line that says why: accepted, with nothing found."""
    by_rule: dict[str, list[Evidence]] = {}
    for number, line in enumerate(text.splitlines()[:MAX_LINES], start=1):
        for rule_id, said, who in _read(line):
            evidence = Evidence(label=f"line {number}{who}", expected="no failure", seen=said, where=where)
            known = by_rule.setdefault(rule_id, [])
            if len(known) < 20:
                known.append(evidence)
    findings: tuple[Finding, ...] = tuple(finding(rule_id, where, evidence) for rule_id, evidence in by_rule.items())
    verdict = Verdict(
        question=f"what made the connections of {where} fail?",
        findings=findings,
        checked=tuple(sorted(CHECKED)),
    )
    return verdict, rank_causes(findings)


CHECKED = (
    {rule for _, rule in _PHRASES} | set(VERIFY_CODES.values()) | set(ALERTS.values()) | {"eku.server-auth-missing"}
)


def _read(line: str) -> Iterator[tuple[str, str, str]]:
    """(rule id, what was said, who said it) of one line; at most one."""
    event = _EVENT.search(line)
    fields = {m["name"].lower(): m["value"] for m in _FIELD.finditer(line)} if event else {}
    if event and "error" not in event["event"].lower() and "fail" not in event["event"].lower():
        return
    detail = fields.get("detail", fields.get("reason", "")) if event else line
    rule_id = _rule_of(detail)
    if rule_id:
        ends = [fields[k] for k in ("src-ip", "src_ip", "dst-ip", "dst_ip", "dst-port", "dst_port") if k in fields]
        yield rule_id, printable(detail.strip(), 160), f" ({' → '.join(ends)})" if ends else ""


def _rule_of(detail: str) -> str:
    code = _CODE.search(detail)
    if code is not None:
        number = int(code.group(1))
        if number == 26:
            return "eku.server-auth-missing" if "sslserver" in detail else "eku.client-auth-missing"
        if number == 62:
            return "names.reference-not-presented"
        if number in VERIFY_CODES:
            return VERIFY_CODES[number]
        if number == 0:
            return ""
    lowered = detail.lower()
    return next((rule for phrase, rule in (*_PHRASES, *_OPENSSL) if phrase in lowered), "")
