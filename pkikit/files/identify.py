"""What a file is that holds nothing to read, and what to provide instead: one sentence, so that nobody has to guess."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from pkikit.files.der import outer_length

_LOOK = 4096  # so much of a text decides

_PEM = "Provide the certificate in PEM: text that begins with -----BEGIN CERTIFICATE-----."
_KEYSTORE = "Export the certificate in PEM: keytool -exportcert -rfc -alias NAME -keystore FILE."
_PASTED = "Paste the lines from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE----- into a plain text file."
_NOT_DASHES = re.compile(
    "[\u2010-\u2015\u2212-]{1,10} ?BEGIN (?:X509 |TRUSTED |NEW )?(?:CERTIFICATE|[A-Z ]{0,20}PRIVATE KEY)"
)

# How binary files begin; the first that fits counts.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\xfe\xed\xfe\xed", "a Java keystore (JKS)", _KEYSTORE),
    (b"\xce\xce\xce\xce", "a Java keystore (JCEKS)", _KEYSTORE),
    (b"\x00\x00\x00\x00CERT", "a serialized certificate store of Windows (.sst)", "Export it as PKCS#7 or Base-64."),
    (b"%PDF-", "a PDF document", _PEM),
    (b"\x89PNG", "an image (PNG)", _PEM),
    (b"\xff\xd8\xff", "an image (JPEG)", _PEM),
    (b"GIF8", "an image (GIF)", _PEM),
    (b"BM", "an image (BMP)", _PEM),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document or a saved Outlook mail", "Save the attachment itself."),
    (b"{\\rtf", "a formatted text (RTF)", "Save it as plain text."),
    (b"\xd4\xc3\xb2\xa1", "a packet capture", "Provide the certificate that is to be judged."),
    (b"\xa1\xb2\xc3\xd4", "a packet capture", "Provide the certificate that is to be judged."),
    (b"\x0a\x0d\x0d\x0a", "a packet capture", "Provide the certificate that is to be judged."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it and provide the file that is in it."),
    (b"Rar!", "a RAR archive", "Unpack it and provide the file that is in it."),
    (b"BZh", "a bzip2 file", "Unpack it and provide the file that is in it."),
    (b"\xfd7zXZ", "an xz file", "Unpack it and provide the file that is in it."),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "Unpack it and provide the file that is in it."),
    (b"Salted__", "a file that openssl enc encrypted", "Decrypt it first."),
    (b"SQLite format 3", "an SQLite database (an NSS certificate store?)", "Export the certificate: certutil -L -a."),
    (b"\x7fELF", "a program", _PEM),
    (b"MZ", "a Windows program", _PEM),
    (b"bplist00", "a property list of macOS", _PEM),
    (b"PuTTY-User-Key-File-", "a private key of PuTTY", "Export it in PuTTYgen: Conversions > Export OpenSSH key."),
)

_TEXTS: tuple[tuple[str, str, str], ...] = (
    (r"\s*(?:<!doctype html|<html|<head|<body)", "an HTML page, perhaps the error page of a web server or of AD CS",
     "Open it in a browser to see what it says, and download the certificate as Base 64."),
    (r"\s*<\?xml|\s*<[a-z][\w:.-]*(?:\s[^<>]{0,500})?>", "an XML document", _PEM),
    (r"---- BEGIN SSH2 |(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S{1,40}|sk-\S{1,60}) AAAA", "an SSH public key",
     _PEM),
    (r"-----BEGIN SSH SIGNATURE|untrusted comment:", "a signature of another program", _PEM),
    (r"(?:[^\n]*\n){0,20}?Certificate:[ \t\r]*\n[ \t]*Data:", "the printed form of a certificate (openssl x509 -text)",
     "The certificate itself is not in it: print it with openssl x509 -in FILE, without -noout."),
    (r"(?:[^\n]*\n){0,20}?Certificate Request:[ \t\r]*\n[ \t]*Data:", "the printed form of a request (openssl req -text)",
     "The request itself is not in it: print it with openssl req -in FILE, without -noout."),
    (r"(?:[^\n]*\n){0,40}?[ \t]*(?:certificate(?: self-signed| ca)? [0-9A-F]{2,40}[ \t\r]*\n[ \t]*(?:[0-9A-F]{8} )+|crypto pki )",
     "a configuration of Cisco IOS, with the certificate in hexadecimal",
     "Export it in PEM: crypto pki export NAME pem terminal."),
    (r"(?:[^\n]*\n){0,40}?\*[ces] x(?:Configuration|Status)\b|(?:[^\n]*\n){0,5}?x[Cc]onfiguration ",
     "an Expressway configuration dump", "Download the certificate: Maintenance > Security > Server certificate."),
    (r"(?:[^\n]*\n){0,20}?[^\n]{0,300}(?:\b(?:Event|Module|Level|UTCTime)=\"| tvcs: )", "an Expressway log",
     "Ask about a log with pkikit diagnose."),
    (r"(?:[^\n]*\n){0,40}?[ \t]*(?:CONNECTED\([0-9A-F]+\)|Certificate chain[ \t\r]*\n|depth=\d|Verify return code)",
     "the output of openssl without the certificate", "Ask about it with pkikit diagnose, or add -showcerts."),
    (r"(?:[^\n]*\n){0,40}?[ \t]*(?:[\w.-]{1,80}[#>] ?show |Current configuration|Building configuration)",
     "the output of a network device", _PASTED),
    (r"(?:(?:Received|Return-Path|From|To|Subject|Date|MIME-Version|Message-ID|X-[\w-]+|DKIM-Signature): [^\n]*\n)",
     "an e-mail", "Save its attachment by itself."),
    (r"Windows Registry Editor|REGEDIT4", "a Windows registry export", _PEM),
    (r"dn::? ", "an LDIF file", _PEM),
    (r"[0-9A-Fa-f]{2}(?:[ :]?[0-9A-Fa-f]{2}){30,}", "a certificate or other data in hexadecimal",
     "Turn it back into bytes (xxd -r -p), then convert those to PEM."),
    (r"(?:#[^\n]*\n|[ \t\r]*\n)*(?:---[ \t\r]*\n)?(?:name|version|clusters|zones|domains):(?: |\n)", "a deployment file (YAML)",
     "Judge it with pkikit lint FILE.yaml."),
    (r"(?:#[^\n]*\n|[ \t\r]*\n)*(?:---[ \t\r]*\n)?[A-Za-z_][\w .-]{0,60}:(?: [^\n]*)?\n(?:[ -][^\n]*\n|[A-Za-z_][\w .-]{0,60}:)",
     "a YAML document", _PEM),
)  # fmt: skip


def identify(data: bytes) -> str:
    """A sentence without a subject: "is a PDF document. Provide …", for bytes that are neither PEM nor DER."""
    for magic, kind, advice in _MAGIC:
        if data.startswith(magic):
            return f"is {kind}. {advice}"
    text = as_text(data)
    if text is None:
        return f"is neither PEM nor DER, but binary data of a kind that is not known here. {_PEM}"
    if _NOT_DASHES.search(text[:_LOOK]):
        return (
            "is neither PEM nor DER, but text with a BEGIN line whose hyphens are damaged: "
            "five plain hyphens stand before and after its words. Write them again, or copy the file once more."
        )
    if _is_json(text):
        return f"is a JSON document. {_PEM}"
    head = text[:_LOOK].lstrip("\ufeff")
    for pattern, kind, advice in _TEXTS:
        if re.match(pattern, head, re.IGNORECASE if "html" in pattern else 0):
            return f"is {kind}. {advice}"
    return f"is neither PEM nor DER, but text. {_PEM}"


def as_text(data: bytes) -> str | None:
    """The text of a file in UTF-8 or UTF-16, with or without byte order mark; None for binary data."""
    encoding = unicode_form(data) or "utf-8-sig"
    try:
        text = data[: 4 * _LOOK].decode(encoding, "ignore" if len(data) > 4 * _LOOK else "strict")
    except UnicodeDecodeError:
        text = data[: 4 * _LOOK].decode("cp1252", "replace")
    odd = sum(1 for c in text if not c.isprintable() and c not in "\r\n\t\f\x1b\ufeff")
    return None if odd * 20 > len(text) else text


_UNICODE: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def unicode_form(data: bytes) -> str | None:
    """`utf-16`, `utf-32` or such, where every character takes two or four bytes; None for any other file."""
    for mark, name in _UNICODE:
        if data.startswith(mark):
            return name
    start = data[:400]
    if len(start) >= 4:
        for name, zeros, letters in (
            ("utf-32-le", (1, 2, 3), 0), ("utf-32-be", (0, 1, 2), 3), ("utf-16-le", (1,), 0), ("utf-16-be", (0,), 1),
        ):  # fmt: skip
            width = 4 if "32" in name else 2
            cut = start[: len(start) // width * width]
            if not any(any(cut[z::width]) for z in zeros) and all(cut[letters::width]):
                return name
    return None


def _is_json(text: str) -> bool:
    head = text.lstrip("\ufeff \t\r\n")
    if not head.startswith(("{", "[")):
        return False
    try:
        json.JSONDecoder().raw_decode(head)
    except (ValueError, RecursionError):
        return re.match(r'[\[{]\s*(?:[{\["]|\d|true|false|null)', head) is not None
    return True


_DER_OIDS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", "an encrypted message (CMS EnvelopedData, .p7m)", "Decrypt it first."),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "a PKCS#7 or CMS file in which no certificate can be read",
     "Ask for the certificate in PEM."),
    (b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04", "a time stamp", _PEM),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d", "an encrypted private key",
     "Decrypt it: pkikit convert asks for the passphrase."),
)  # fmt: skip


def identify_der(data: bytes) -> str:
    """The same for bytes that begin as DER does and are none of the objects that are read."""
    length = outer_length(data)
    if length is not None and length > len(data):
        return f"is binary (DER) and cut off: it announces {length} bytes and has {len(data)}. Fetch the file again."
    for oid, kind, advice in _DER_OIDS:
        if oid in data[:64]:
            return f"is {kind}. {advice}"
    for load, kind, advice in _public_kinds():
        try:
            load(data)
        except Exception:  # noqa: S112 - whatever the library raises, it is not that kind
            continue
        return f"is {kind}. {advice}"
    return (
        "is binary (DER), but not a certificate, request, CRL, OCSP answer, PKCS#7, PKCS#12 or private key, "
        f"or it is damaged. {_PEM}"
    )


def _public_kinds() -> tuple[tuple[Callable[[bytes], object], str, str], ...]:
    from cryptography.hazmat.primitives.serialization import load_der_parameters, load_der_public_key
    from cryptography.x509 import ocsp

    return (
        (load_der_public_key, "a public key, not a certificate", _PEM),
        (ocsp.load_der_ocsp_request, "an OCSP request, not an answer", "Provide the answer of the responder."),
        (load_der_parameters, "a set of DH parameters, not a certificate", _PEM),
    )
