"""Reasons of the operating system (strerror, gai_strerror), which every program prints, and alerts without a prefix."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import ALERT_RULES, alert_row

_C = "glibc and macOS: strerror(3), gai_strerror(3)"


def _plain(words: str, rule: str) -> Phrase:
    return Phrase(text=words, rule=rule, source=_C, example=f"connect to e1.example.com: {words}")


def _alert(number: int, words: str) -> Phrase:
    example = f"TLS: alert {words} received from 10.0.10.2"
    return alert_row(number, f"alert {words}", example, "RFC 8446 section 6, names of the alerts in words")


COMMON: tuple[Phrase, ...] = (
    _plain("connection refused", "net.unreachable"),
    _plain("connection timed out", "net.unreachable"),
    _plain("no route to host", "net.unreachable"),
    _plain("network is unreachable", "net.unreachable"),
    _plain("host is down", "net.unreachable"),
    _plain("name or service not known", "dns.name-unresolved"),
    _plain("no address associated with hostname", "dns.name-unresolved"),
    _plain("temporary failure in name resolution", "dns.name-unresolved"),
    _plain("nodename nor servname provided", "dns.name-unresolved"),
    _plain("could not resolve", "dns.name-unresolved"),
    _plain("connection reset by peer", "net.connection-cut"),
    _plain("broken pipe", "net.connection-cut"),
    Phrase(
        text="subject name mismatch",
        rule="names.reference-not-presented",
        whose=Whose.THEIRS,
        example="TLS: subject name mismatch",
        source="TAC 213872",
    ),
    *(
        _alert(number, words)
        for number, words in {
            42: "bad certificate", 43: "unsupported certificate", 44: "certificate revoked", 45: "certificate expired",
            46: "certificate unknown", 48: "unknown ca", 40: "handshake failure", 70: "protocol version",
            71: "insufficient security", 116: "certificate required",
        }.items()
        if number in ALERT_RULES
    ),
)  # fmt: skip
