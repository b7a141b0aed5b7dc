"""What the name of a file says: which part of a diagnostic archive it is, of which host, and from when."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import PurePosixPath


class Part(enum.StrEnum):
    """What a file is by its name."""

    CONFIGURATION = "configuration"
    STATUS = "status"
    TRUSTED = "trusted CA list"
    SERVER = "server certificate"
    CLIENT = "client certificate"
    REVOCATION = "certificate revocation list"
    LOG = "log"
    CAPTURE = "packet capture"
    KEY = "private key"
    BACKUP = "backup"
    NEITHER = ""


@dataclass(frozen=True, kw_only=True)
class FileName:
    """What a name says.

    host: the host part; "" if there is none.
    stamp: the time as digits, to compare; "" if there is none.
    service: of a list for one service (`trust-tomcat.pem`).
    """

    part: Part
    host: str = ""
    stamp: str = ""
    service: str = ""


_STAMP = (
    r"(?:[_-](?P<stamp>\d{4}[-_.]?\d{2}[-_.]?\d{2}(?:[-_T .]*\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2})?)?Z?))?"
    r"(?:[ _]?\(\d{1,3}\))?"
)
_PATTERNS = tuple(
    (re.compile(rf"^(?:{begin})[_-](?P<host>.+?){_STAMP}\.(?:{ends})$", re.IGNORECASE), part)
    for begin, ends, part in (
        ("loggingsnapshot|diagnostic_log|diagnosticlog", "txt|log", Part.LOG),
        ("xconf_dump|xconf|xconfiguration|xconfig", "txt|xml|log", Part.CONFIGURATION),
        ("xstat_dump|xstat|xstatus", "txt|xml|log", Part.STATUS),
        ("ca|trusted|trust|trustedca", "pem|crt|cer|der|p7b", Part.TRUSTED),
        ("server", "pem|crt|cer|der|p7b", Part.SERVER),
        ("client", "pem|crt|cer|der|p7b", Part.CLIENT),
        (r"(?:eth\d+_)?diagnostic_logging_tcpdump\d*|tcpdump\d*", r"pcap\d*|pcapng|cap", Part.CAPTURE),
    )
)
_PLAIN = {
    "cert.pem": Part.SERVER, "server.pem": Part.SERVER, "trust.pem": Part.TRUSTED, "ca.pem": Part.TRUSTED,
    "client.pem": Part.CLIENT, "crl.pem": Part.REVOCATION, "key.pem": Part.KEY, "client-key.pem": Part.KEY,
    "privkey.pem": Part.KEY,
}  # fmt: skip
_SERVICE_LIST = re.compile(r"^trust-([A-Za-z][\w-]{0,40})\.pem$")
_BACKUP = re.compile(r"backup.*\.(?:enc|tar\.gz\.enc)$|\.tar\.gz\.enc$|\.enc$", re.IGNORECASE)
# Members of archives and folders that are passed over without a look.
_PASSED = (
    ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".docx", ".xlsx", ".pptx", ".doc", ".xls", ".mp4", ".html", ".htm", ".css", ".js",
    ".core", ".iso", ".ova", ".vmdk", ".exe", ".py", ".ics", ".svg", ".db", ".sqlite",
)  # fmt: skip
# What macOS and Windows put into archives and folders.
_SYSTEM = re.compile(r"(?:^|[/\\])(?:__MACOSX[/\\]|\._[^/\\]*$|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_MAX_NAME = 300
_CAPTURES = (".pcap", ".pcapng", ".cap")


def part_of(path: str) -> FileName:
    """Read the name of a file.

    Args:
        path: the path of the file, or of a member of an archive.

    Returns:
        What the name says.
    """
    name = _last(path)
    lowered = name.lower()
    if _BACKUP.search(lowered):
        return FileName(part=Part.BACKUP)
    if lowered in _PLAIN:
        return FileName(part=_PLAIN[lowered])
    if (service := _SERVICE_LIST.match(name)) is not None:
        return FileName(part=Part.TRUSTED, service=service[1])
    for pattern, part in _PATTERNS:
        if (found := pattern.match(name)) is not None:
            stamp = re.sub(r"\D", "", found["stamp"] or "")
            return FileName(part=part, host=found["host"].lower(), stamp=stamp)
    if lowered.endswith(_CAPTURES):
        return FileName(part=Part.CAPTURE)
    return FileName(part=Part.NEITHER)


def _last(path: str) -> str:
    return PurePosixPath(path[-_MAX_NAME:].replace("\\", "/")).name


def is_passed(path: str) -> bool:
    """Return True for a file that is not read, by its name: a log of an Expressway, a capture, a picture, a private key."""
    return passed_kind(path) != ""


def passed_kind(path: str) -> str:
    """Return what a file is that is not read, by its name; "" for one that is."""
    if _SYSTEM.search(path[-_MAX_NAME:]):
        return "file of an operating system"
    part = part_of(path).part
    if part in {Part.LOG, Part.CAPTURE, Part.KEY, Part.BACKUP}:
        return part
    return "not a file that import reads" if path.lower().endswith(_PASSED) else ""
