"""Which binary format a file has, by its first bytes, and which encoding a text has: one table for certificate files and logs."""

from __future__ import annotations

from dataclasses import dataclass

PEM_INSTEAD = "Provide the certificate in PEM: text that begins with -----BEGIN CERTIFICATE-----."
_KEYSTORE = "Export the certificate in PEM: keytool -exportcert -rfc -alias NAME -keystore FILE."
_THE_ONE = "Provide the certificate that is to be judged."
_UNPACK = "Unpack it and provide the file that is in it."
INSTEAD = "give a log, or what openssl, curl or another tool printed"
DECODE = "pkikit doctor says what is in it and what is wrong; here " + INSTEAD
_TSHARK = "open it with tshark, and give what tshark prints"
_NO_PICTURE = "give the log as text, not a picture of it"
_REPACK = "unpack it first, or pack it as zip"


@dataclass(frozen=True)
class Magic:
    """One binary format.

    for_certificate, for_log: what to provide instead if a certificate or a log is needed; "" if pkikit reads the bytes in
    another way there.
    """

    first: bytes
    what: str
    for_certificate: str
    for_log: str
    offset: int = 0

    def fits(self, data: bytes) -> bool:
        """Return True if a file begins like this. Two letters alone prove nothing: text may begin with them, too."""
        found = data[self.offset : self.offset + len(self.first)] == self.first
        return found and (len(self.first) > 2 or not self.first.isalpha() or b"\0" in data[:64])


_PCAPNG, _PCAPS = (
    b"\x0a\x0d\x0d\x0a",
    (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"),
)
_CAPTURES = frozenset({_PCAPNG, *_PCAPS})
_MAGIC = (
    Magic(_PCAPNG, "a packet capture (pcapng)", _THE_ONE, _TSHARK),
    *(Magic(first, "a packet capture (pcap)", _THE_ONE, _TSHARK) for first in _PCAPS),
    Magic(b"\x89PNG", "an image (PNG)", PEM_INSTEAD, _NO_PICTURE),
    Magic(b"\xff\xd8\xff", "an image (JPEG)", PEM_INSTEAD, _NO_PICTURE),
    Magic(b"GIF8", "an image (GIF)", PEM_INSTEAD, _NO_PICTURE),
    Magic(b"BM", "an image (BMP)", PEM_INSTEAD, _NO_PICTURE),
    Magic(b"WEBP", "an image (WebP)", PEM_INSTEAD, _NO_PICTURE, offset=8),
    Magic(b"%PDF", "a PDF document", PEM_INSTEAD, "copy the lines of the log from it into a text file"),
    Magic(b"\xd0\xcf\x11\xe0", "a document of Microsoft Office or a saved Outlook mail", "Save the attachment itself.",
          "copy the lines of the log into a text file"),
    Magic(b"{\\rtf", "a formatted text (RTF)", "Save it as plain text.", "save it as plain text"),
    Magic(b"\x7fELF", "a program or core dump (ELF)", PEM_INSTEAD, "give the log of the time of the crash"),
    Magic(b"MZ", "a Windows program", PEM_INSTEAD, INSTEAD),
    Magic(b"ElfFile\x00", "a Windows event log (EVTX)", PEM_INSTEAD, "export it as text from the Event Viewer"),
    Magic(b"\xfe\xed\xfe\xed", "a Java keystore (JKS)", _KEYSTORE, "keytool -list reads it; here " + INSTEAD),
    Magic(b"\xce\xce\xce\xce", "a Java keystore (JCEKS)", _KEYSTORE, "keytool -list reads it; here " + INSTEAD),
    Magic(b"\x00\x00\x00\x00CERT", "a serialized certificate store of Windows (.sst)", "Export it as PKCS#7 or Base-64.",
          INSTEAD),
    Magic(b"SQLite format 3", "an SQLite database (an NSS certificate store?)", "Export the certificate: certutil -L -a.",
          INSTEAD),
    Magic(b"Salted__", "an encrypted file (openssl enc; an Expressway backup, for example)", "Decrypt it first.",
          "give the diagnostic log instead"),
    Magic(b"PuTTY-User-Key-File-", "a private key of PuTTY", "Export it in PuTTYgen: Conversions > Export OpenSSH key.",
          INSTEAD + "; keep the key to yourself"),
    Magic(b"bplist00", "a property list of macOS", PEM_INSTEAD, INSTEAD),
    Magic(b"PAR1", "a Parquet table", PEM_INSTEAD, INSTEAD),
    Magic(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK, _REPACK),
    Magic(b"Rar!", "a RAR archive", _UNPACK, _REPACK),
    Magic(b"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK, "unpack it first, or compress it with gzip"),
    Magic(b"BZh", "a bzip2 file", _UNPACK, ""),
    Magic(b"\xfd7zXZ", "an xz file", _UNPACK, ""),
    Magic(b"\x30\x82", "binary ASN.1 (a certificate, key, CRL or PKCS#12 store)", "", DECODE),
    Magic(b"\x30\x80", "binary ASN.1 (PKCS#7 or PKCS#12)", "", DECODE),
)  # fmt: skip


def magic_of(data: bytes) -> Magic | None:
    """Return the format of a binary file, by its first bytes; None for text and for unknown formats."""
    return next((magic for magic in _MAGIC if magic.fits(data)), None)


_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def unicode_form(data: bytes) -> str | None:
    """Return `utf-16`, `utf-32` and so on if every character takes two or four bytes; None for any other file."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[: min(len(data), 2000) // 4 * 4]
    if not sample:
        return None
    for name, letter in (("utf-32-le", 0), ("utf-32-be", 3)):
        if all(sample[letter::4]) and not any(any(sample[i::4]) for i in range(4) if i != letter):
            return name
    # Of Latin text in UTF-16 nearly every second byte is 0; a few characters of other scripts change nothing.
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd * 10 > len(sample) * 3 and even * 10 < len(sample):
        return "utf-16-le"
    if even * 10 > len(sample) * 3 and odd * 10 < len(sample):
        return "utf-16-be"
    return None


def is_capture(head: bytes) -> bool:
    """Return True for the first bytes of a packet capture (pcap or pcapng)."""
    return head[:4] in _CAPTURES
