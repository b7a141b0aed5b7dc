"""What a file is when it is no log: recognised by its first bytes, said in a few words, with what to give instead."""

from __future__ import annotations

import re

from pkikit.files.archives import GZIP, ZIP

_INSTEAD = "give a log, or what openssl, curl or another tool printed"
_DECODE = "pkikit decode and pkikit lint read it; here " + _INSTEAD
# (offset, first bytes, what it is, what to do)
_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x0a\x0d\x0d\x0a", "a packet capture (pcapng)", "open it with tshark, and give what tshark prints"),
    (0, b"\xd4\xc3\xb2\xa1", "a packet capture (pcap)", "open it with tshark, and give what tshark prints"),
    (0, b"\xa1\xb2\xc3\xd4", "a packet capture (pcap)", "open it with tshark, and give what tshark prints"),
    (0, b"\x4d\x3c\xb2\xa1", "a packet capture (pcap)", "open it with tshark, and give what tshark prints"),
    (0, b"\xa1\xb2\x3c\x4d", "a packet capture (pcap)", "open it with tshark, and give what tshark prints"),
    (0, b"\x89PNG", "an image (PNG)", "give the log as text, not a picture of it"),
    (0, b"\xff\xd8\xff", "an image (JPEG)", "give the log as text, not a picture of it"),
    (0, b"GIF8", "an image (GIF)", "give the log as text, not a picture of it"),
    (0, b"BM", "an image (BMP)", "give the log as text, not a picture of it"),
    (8, b"WEBP", "an image (WebP)", "give the log as text, not a picture of it"),
    (0, b"%PDF", "a PDF document", "copy the lines of the log from it into a text file"),
    (0, b"\xd0\xcf\x11\xe0", "a document of Microsoft Office or Outlook", "copy the lines of the log into a text file"),
    (0, b"{\\rtf", "a document in rich text", "save it as plain text"),
    (0, b"\x7fELF", "a program or core dump (ELF)", "give the log of the time of the crash"),
    (0, b"MZ", "a Windows program", _INSTEAD),
    (0, b"ElfFile\x00", "a Windows event log (EVTX)", "export it as text from the Event Viewer"),
    (0, b"\xfe\xed\xfe\xed", "a Java keystore", "keytool -list reads it; here " + _INSTEAD),
    (0, b"SQLite format 3", "an SQLite database", _INSTEAD),
    (0, b"Salted__", "an encrypted file (an Expressway backup, for example)", "give the diagnostic log instead"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first, or pack it as zip"),
    (0, b"Rar!", "a RAR archive", "unpack it first, or pack it as zip"),
    (0, b"\x28\xb5\x2f\xfd", "a file compressed with zstd", "unpack it first, or compress it with gzip"),
    (0, b"PAR1", "a Parquet table", _INSTEAD),
    (0, b"\x30\x82", "binary ASN.1 (a certificate, key, CRL or PKCS#12 store)", _DECODE),
    (0, b"\x30\x80", "binary ASN.1 (PKCS#7 or PKCS#12)", _DECODE),
)  # fmt: skip
_TEXT_KINDS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"), "a private key", _DECODE + "; keep the key to yourself"),
    (re.compile(r"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----"), "a certificate signing request", _DECODE),
    (re.compile(r"-----BEGIN X509 CRL-----"), "a certificate revocation list", _DECODE),
    (re.compile(r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----"), "a certificate in PEM", _DECODE),
    (re.compile(r"-----BEGIN "), "a PEM file", _DECODE),
    (re.compile(r"^Certificate:\s+Data:", re.MULTILINE), "the text of a certificate", "pkikit lint reads the PEM file"),
    (re.compile(r"^(?:CLIENT_RANDOM|CLIENT_TRAFFIC_SECRET_0|SERVER_HANDSHAKE_TRAFFIC_SECRET) ", re.MULTILINE),
     "a TLS key log", "give it to Wireshark together with the capture; keep it to yourself"),
    (re.compile(r"^\s*\*[cs]? ?x?(?:Configuration|Status)\b", re.MULTILINE | re.IGNORECASE),
     "an xConfiguration or xStatus dump", "give the diagnostic log of the same archive (loggingsnapshot_….txt)"),
    (re.compile(r"^\s*(?:clusters|zones|unified_cm|im_presence)\s*:", re.MULTILINE), "a deployment file",
     "pkikit san and expressway-sim check read it; here " + _INSTEAD),
    (re.compile(r"\A\s*<(?:!DOCTYPE html|html)\b", re.IGNORECASE), "a web page (HTML)", "save the log as text"),
    (re.compile(r"\A\s*<[?!A-Za-z]"), "XML", _INSTEAD),
    (re.compile(r"\A\s*[\[{]"), "JSON, but not a trace or a report of pkikit", _INSTEAD),
    (re.compile(r"\A(?:---\s*\n)?(?:[ \t]*#[^\n]*\n)*[A-Za-z_][\w-]*:[^\n]{0,80}\n(?:[ \t]*-[^\n]*\n)*[ \t]*[\w-]+:(?:\s|\Z)"),
     "YAML", _INSTEAD),
    (re.compile(r"\A[^\n,;]{1,80}[,;][^\n]*\n[^\n,;]{1,200}[,;]"), "a table (CSV)", _INSTEAD),
)  # fmt: skip

_DOCUMENTS = frozenset({"XML", "a web page (HTML)", "a deployment file", "an xConfiguration or xStatus dump"})


def binary_kind(head: bytes) -> tuple[str, str] | None:
    """(what it is, what to do) for a file that is not text, by its first bytes; None for text and for archives."""
    if head.startswith((GZIP, ZIP)):
        return None
    for offset, magic, what, instead in _MAGIC:
        if head[offset : offset + len(magic)] == magic and (magic not in {b"BM", b"MZ"} or b"\x00" in head[:64]):
            return what, instead
    return None


def text_kind(head: str) -> tuple[str, str]:
    """(what it is, what to do) for a text in which nothing was recognised, by its first characters."""
    return next(
        ((what, instead) for pattern, what, instead in _TEXT_KINDS if pattern.search(head)),
        ("text", _INSTEAD + " about a connection that failed"),
    )


def is_document(head: str) -> bool:
    """True for a text that is no log, though words such as "error" may stand in it: XML, HTML, a deployment, a dump."""
    return text_kind(head)[0] in _DOCUMENTS


def looks_binary(head: bytes) -> bool:
    """True for bytes that are no text in any encoding that is read."""
    sample = head.replace(bytes(8), b"")[:4096]  # a log that a power failure cut has runs of zeros in it
    if head and not sample:
        return True
    odd = sum(1 for byte in sample if byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b\x08")
    return odd * 10 > len(sample)
