"""What a file is if it is not a log, in a few words, and what to provide instead."""

from __future__ import annotations

import re

from pkikit.files.archives import GZIP, ZIP
from pkikit.files.recognition.magic import DECODE, INSTEAD, magic_of

_TEXT_KINDS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"), "a private key", DECODE + "; keep the key to yourself"),
    (re.compile(r"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----"), "a certificate signing request", DECODE),
    (re.compile(r"-----BEGIN X509 CRL-----"), "a certificate revocation list", DECODE),
    (re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----"), "a certificate in PEM", DECODE),
    (re.compile(r"-----BEGIN "), "a PEM file", DECODE),
    (re.compile(r"^Certificate:\s+Data:", re.MULTILINE), "the text of a certificate", "pkikit lint reads the PEM file"),
    (re.compile(r"^(?:CLIENT_RANDOM|CLIENT_TRAFFIC_SECRET_0|SERVER_HANDSHAKE_TRAFFIC_SECRET) ", re.MULTILINE),
     "a TLS key log", "give it to Wireshark together with the capture; keep it to yourself"),
    (re.compile(r"^\s*\*[cs]? ?x?(?:Configuration|Status)\b", re.MULTILINE | re.IGNORECASE),
     "an xConfiguration or xStatus dump", "give the diagnostic log of the same archive (loggingsnapshot_….txt)"),
    (re.compile(r"^\s*(?:clusters|zones|unified_cm|im_presence)\s*:", re.MULTILINE), "a deployment file",
     "pkikit san and expressway-sim check read it; here " + INSTEAD),
    (re.compile(r"\A\s*<(?:!DOCTYPE html|html)\b", re.IGNORECASE), "a web page (HTML)", "save the log as text"),
    (re.compile(r"\A\s*<[?!A-Za-z]"), "XML", INSTEAD),
    (re.compile(r"\A\s*[\[{]"), "JSON, but not a trace or a report of pkikit", INSTEAD),
    (re.compile(r"\A(?:---\s*\n)?(?:[ \t]*#[^\n]*\n)*[A-Za-z_][\w-]*:[^\n]{0,80}\n(?:[ \t]*-[^\n]*\n)*[ \t]*[\w-]+:(?:\s|\Z)"),
     "YAML", INSTEAD),
    (re.compile(r"\A[^\n,;]{1,80}[,;][^\n]*\n[^\n,;]{1,200}[,;]"), "a table (CSV)", INSTEAD),
)  # fmt: skip

_DOCUMENTS = frozenset({"XML", "a web page (HTML)", "a deployment file", "an xConfiguration or xStatus dump"})


def binary_kind(head: bytes) -> tuple[str, str] | None:
    """Return (what the file is, what to do) for a binary file, by its first bytes; None for text and for archives."""
    if head.startswith((GZIP, ZIP)):
        return None
    magic = magic_of(head)
    return (magic.what, magic.for_log) if magic is not None and magic.for_log else None


def text_kind(head: str) -> tuple[str, str]:
    """Return (what the file is, what to do) for a text without any recognised line, by its first characters."""
    return next(
        ((what, instead) for pattern, what, instead in _TEXT_KINDS if pattern.search(head)),
        ("text", INSTEAD + " about a connection that failed"),
    )


def is_document(head: str) -> bool:
    """Return True for a text that is not a log, even if it contains words such as "error": XML, HTML, a deployment, a dump."""
    return text_kind(head)[0] in _DOCUMENTS


def looks_binary(head: bytes) -> bool:
    """Return True for bytes that are not text in any known encoding."""
    sample = head.replace(bytes(8), b"")[:4096]  # a log that a power failure cut has runs of zeros in it
    if head and not sample:
        return True
    odd = sum(1 for byte in sample if byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b\x08")
    return odd * 10 > len(sample)
