"""Certificates, requests, CRLs and answers as aligned facts: labels that people read, empty facts left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pkikit.commands.terminal.layout import Value
from pkikit.errors import MAX_WHERE
from pkikit.text import counted, printable

# What a key of the documents is called; the others are their own words.
_LABELS = {
    "ca": "CA",
    "ca_file": "CA file",
    "crls": "CRLs",
    "certificate_id_digest": "CertID digest",
    "days_left": "",  # beside the end of the validity
    "eab_required": "External account needed",
    "extended_key_usage": "Key purposes",
    "kind": "",  # the heading
    "key": "Key",
    "last_update": "Issued",
    "next_update": "Next update",
    "not_after": "Valid until",
    "not_before": "Valid from",
    "san_count": "",  # they are listed
    "self_issued": "Self-issued",
    "sans": "SANs",
    "serial": "Serial",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "signature_digest": "Signed with",
    "this_update": "Issued",
    "url": "URL",
}
_SANS = {"dns": "", "sip": " (SIP URI)", "ip": " (IP address)", "unusable": " (unusable)", "other": " (other name)"}
_DIGESTS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def label_of(key: str) -> str:
    """Return what a key of a document is called for people; empty where it is shown elsewhere."""
    words = key.replace("_", " ")
    return _LABELS.get(key, f"{words[:1].upper()}{words[1:]}")


def rows_of(facts: dict[str, Any]) -> list[tuple[str, Value]]:
    """Return a described object as labels and values. A fact that is not known has no row."""
    return [
        (label, value)
        for key, raw in facts.items()
        if (label := label_of(key)) and key != "extensions" and (value := _value(key, raw, facts))
    ]


def brief_rows(facts: dict[str, Any]) -> list[tuple[str, Value]]:
    """Return what one checks first in a certificate or a request: names, purposes, validity, issuer, key."""
    first = ("subject", "sans", "extended_key_usage", "not_after", "issuer", "key", "signature_digest")
    chosen = {key: facts[key] for key in first if key in facts}
    if facts.get("subject") == facts.get("issuer"):
        del chosen["issuer"]
    return rows_of({**chosen, "days_left": facts.get("days_left")})


def extension_rows(facts: dict[str, Any]) -> list[tuple[str, Value]]:
    """Return the extensions of a described object."""
    return [
        (f"{e['name'] or e['oid']}{' (critical)' if e['critical'] else ''}", _text(e.get("error") or e["value"]))
        for e in facts.get("extensions", ())
    ]  # fmt: skip


def instant(text: str) -> str:
    """Return `2026-11-24 12:00 UTC` for an ISO-8601 time of a document."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) == 20 and text.endswith("Z") else text


def _value(key: str, raw: Any, facts: dict[str, Any]) -> Value:
    if raw is None or raw in ("", "none") or (isinstance(raw, dict | list | tuple) and not raw):
        return ""
    match raw:
        case bool():
            return "yes" if raw else "no"
        case dict() if key == "sans":
            return [f"{name}{_SANS[kind]}" for kind, names in raw.items() for name in names]
        case dict():
            return [f"{label_of(k)}: {_text(v)}" for k, v in raw.items() if v not in (None, "", [], ())]
        case list() | tuple():
            return [_text(entry) for entry in raw]
        case _:
            return _of_text(key, _text(raw), facts)


def _of_text(key: str, text: str, facts: dict[str, Any]) -> str:
    if key == "not_after":
        return f"{instant(text)}{_days(facts.get('days_left'))}"
    if key in {"sha1", "sha256"}:
        return text.replace(":", "")
    return _DIGESTS.get(text, text) if key.endswith("digest") else instant(text)


def _days(left: int | None) -> str:
    if left is None:
        return ""
    return f" ({counted(left, 'day')} left)" if left >= 0 else f" (expired {counted(-left, 'day')} ago)"


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{label_of(k)}: {_text(v)}" for k, v in value.items())
        case str() | int() | float():
            return printable(str(value), MAX_WHERE)
        case Iterable():
            return ", ".join(map(_text, value))
        case _:
            return "" if value is None else printable(str(value), MAX_WHERE)
