"""What a file is if it is not what an import reads: one sentence, with what to provide instead."""

from __future__ import annotations

import re

from pkikit.files.recognition.kinds import looks_binary
from pkikit.files.recognition.magic import magic_of, unicode_form
from pkikit.model.tables import product_pages as pages

BACKUP = (
    "is an encrypted backup of an Expressway, and only the Expressway can decrypt it; provide the diagnostic archive of the peer "
    f"instead ({pages.DIAGNOSTIC_LOGGING})"
)
_LOOK = 8192  # characters that say what a text is
_INSTEAD = "provide the diagnostic archive of an Expressway, or its xConfiguration dump and certificates"
_IOS = (
    r"^Building configuration\.\.\.|^Current configuration : \d+ bytes|^version 1[25]\.\d|^!Command: show running-config|"
    r"^crypto pki (?:trustpoint|certificate)|^interface (?:Gigabit|Fast|TenGigabit)?Ethernet\d"
)
_SHOW_TECH = (
    r"^-{2,}\s*show (?:tech|platform|version)|^admin:\s*show tech|show tech (?:all|ccm|system)|^Active Master Version: "
)
_OTHER_PRODUCTS = tuple(
    (re.compile(pattern, re.MULTILINE), what)
    for pattern, what in (
        (_IOS, "a configuration of IOS or NX-OS"),
        (r"^: Saved$|^ASA Version \d|^: Serial Number: ", "a configuration of a Cisco ASA"),
        (_SHOW_TECH, "an output of Unified CM (show tech)"),
        (
            r"^(?:cms|acano)>|MeetingServer|acano_|^Meeting Server|callbridge",
            "a log or configuration of a Cisco Meeting Server",
        ),
        (r"TelePresence Management Suite|\bTMSAgent|tms(?:web|databasescanner|plcm)", "a log of Cisco TMS"),
        (r"^config system global|^#config-version=FG", "a configuration of a FortiGate"),
        (r"^set (?:version|system host-name) ", "a configuration of Junos"),
    )
)
_LOG = re.compile(
    r"^(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* \S+ \S+:|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ \S+:)|UTCTime=\"|\bEvent=\"|"
    r"^(?:\d+ )?\d\d:\d\d:\d\d\.\d{3} \|",
    re.MULTILINE,
)
_SETTING = re.compile(
    r"\*c[ \t]+xconf|^\W*xconf(?:ig(?:uration)?)?[ \t]+[A-Z]|^\*s [A-Z]\w*|^\*c [A-Z]", re.IGNORECASE | re.MULTILINE
)
ENDPOINT = (
    "is the configuration of a video endpoint (RoomOS, CE or TC software), not of an Expressway; provide the dump of each "
    "Expressway peer"
)


def binary_sentence(head: bytes) -> str:
    """Say what a binary file is and what to provide instead.

    Args:
        head: its first bytes.

    Returns:
        The sentence; "" for text and for certificates.
    """
    if head.startswith(b"Salted__"):
        return BACKUP
    magic = magic_of(head)
    if magic is not None and magic.for_certificate:
        return f"is {magic.what}, which has no settings or certificates in it that import reads; {_INSTEAD}"
    if head[:1] != b"\x30" and not unicode_form(head) and looks_binary(head):
        return f"is binary data of a kind that is not known; {_INSTEAD}"
    return ""


def has_settings(head: str) -> bool:
    """Return True for a text that begins with lines of `xConfiguration` or `xStatus`."""
    lowered = head.lower()  # much faster than the expression, which looks at every line
    return ("xconf" in lowered or "*s " in lowered or "*c " in lowered) and bool(_SETTING.search(head))


def is_log(head: str) -> bool:
    """Return True for a text that begins like a log and has no settings in its beginning."""
    return bool(_LOG.search(head[:_LOOK])) and not has_settings(head)


def other_product(head: str) -> str:
    """Say which other product a text is from.

    Args:
        head: its first characters.

    Returns:
        The sentence; "" if it is none that is known.
    """
    if has_settings(head):
        return ""
    found = next((what for pattern, what in _OTHER_PRODUCTS if pattern.search(head[:_LOOK])), "")
    return f"is {found}, not of an Expressway; {_INSTEAD}" if found else ""


def nothing_in_text(lines: int) -> str:
    """Say that a text has nothing in it that is read.

    Args:
        lines: how many lines it has.

    Returns:
        The sentence.
    """
    number = "1 line" if lines == 1 else f"{lines:,} lines"
    return f"has {number} of text without a setting, a status or a certificate; {_INSTEAD}"
