"""What the first bytes of an application are: a name, and the lines that people can read."""

from __future__ import annotations

import re

from pkikit.handshake.decoding.handshake_messages import Content
from pkikit.handshake.decoding.tls_bytes import MAX_TEXT, shown

_MAX_LINES = 16
_STATUS = re.compile(r"^(SIP|HTTP)/\d\.\d (\d{3})(?: ([\x20-\x7e]{0,60}))?$")
_REQUEST = re.compile(r"^([A-Z]{3,16}) \S{1,400} (SIP|HTTP)/\d\.\d$")
_SYSLOG = re.compile(r"^\d{1,5} <\d{1,3}>")
_SECRET = re.compile(r"^(authorization|proxy-authorization|cookie|set-cookie)\s*:", re.IGNORECASE)
_LDAP = {0x60: "LDAP bind request", 0x61: "LDAP bind response", 0x42: "LDAP unbind", 0x77: "LDAP StartTLS",
         0x78: "LDAP extended response"}  # fmt: skip


def application_content(data: bytes, name: str = "Application data") -> Content:
    """Return name and lines of application data. Lines that carry a password or a session are left out."""
    text = data[: _MAX_LINES * MAX_TEXT].decode("utf-8", "replace")
    lines = text.splitlines()
    title = _title(lines[0] if lines else "", text, data)
    size = ("Length", f"{len(data)} bytes")
    if data[:1] == b"\x30":  # LDAP is binary
        return Content(name=name, title=title, fields=(size,))
    told = [shown(line.encode()) if not _SECRET.match(line) else "(a line with credentials)" for line in lines if line]
    fields = [(f"Line {n}", line) for n, line in enumerate(told[:_MAX_LINES], start=1)]
    more = [("More", f"{len(told) - _MAX_LINES} lines")] if len(told) > _MAX_LINES else []
    return Content(name=name, title=title, fields=(size, *fields, *more))


def _title(first: str, text: str, data: bytes) -> str:
    if found := _STATUS.match(first):
        return " ".join(part for part in found.groups() if part)
    if found := _REQUEST.match(first):
        return f"{found[2]} {found[1]}"
    if "<stream:stream" in text or "<starttls" in text or text.startswith("<?xml"):
        return "XMPP stream"
    if _SYSLOG.match(first):
        return "Syslog message"
    if first.startswith("SSH-"):
        return "SSH"
    if data[:1] == b"\x30":
        return next((title for tag, title in _LDAP.items() if tag in data[2:12]), "LDAP message")
    return "Application data" if data else "Application data (empty)"
