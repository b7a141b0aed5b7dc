"""What a file is if it does not hold a certificate, and what to provide instead, in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from pkikit.files.encodings.der_length import outer_length
from pkikit.files.recognition.magic import PEM_INSTEAD as _PEM
from pkikit.files.recognition.magic import magic_of, unicode_form
from pkikit.model.tables import product_pages as pages

_LOOK = 4096  # so much of a text decides

_PASTED = "Paste the lines from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE----- into a plain text file."
_NOT_DASHES = re.compile(
    "[\u2010-\u2015\u2212-]{1,10} ?BEGIN (?:X509 |TRUSTED |NEW )?(?:CERTIFICATE|[A-Z ]{0,20}PRIVATE KEY)"
)

_TEXTS: tuple[tuple[str, str, str], ...] = (
    (r"\s*(?:<!doctype html|<html|<head|<body)", "an HTML page, perhaps the error page of a web server or of AD CS",
     "Open it in a browser to see what it says, and download the file itself, as Base 64."),
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
     "an Expressway configuration dump", f"Download the certificate: {pages.SERVER_CERTIFICATE}."),
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
     "Check it with pkikit lint FILE.yaml."),
    (r"(?:#[^\n]*\n|[ \t\r]*\n)*(?:---[ \t\r]*\n)?[A-Za-z_][\w .-]{0,60}:(?: [^\n]*)?\n(?:[ -][^\n]*\n|[A-Za-z_][\w .-]{0,60}:)",
     "a YAML document", _PEM),
)  # fmt: skip


def identify(data: bytes) -> str:
    """Return a clause such as "is a PDF document. Provide …" for bytes that are neither PEM nor DER."""
    magic = magic_of(data)
    if magic is not None and magic.for_certificate:
        return f"is {magic.what}. {magic.for_certificate}"
    text = as_text(data)
    if text is None:
        return f"is neither PEM nor DER, but binary data of a kind that is not known here. {_PEM}"
    if _NOT_DASHES.search(text[:_LOOK]):
        return (
            "is neither PEM nor DER, but text with a BEGIN line whose hyphens are damaged: "
            "five plain hyphens belong before and after its words. Write them again, or copy the file once more."
        )
    if _is_json(text):
        return f"is a JSON document. {_PEM}"
    head = text[:_LOOK].lstrip("\ufeff")
    for pattern, kind, advice in _TEXTS:
        if re.match(pattern, head, re.IGNORECASE if "html" in pattern else 0):
            return f"is {kind}. {advice}"
    return f"is neither PEM nor DER, but text. {_PEM}"


def as_text(data: bytes) -> str | None:
    """Return the text of a file in UTF-8 or UTF-16, with or without byte order mark; None for binary data."""
    encoding = unicode_form(data) or "utf-8-sig"
    try:
        text = data[: 4 * _LOOK].decode(encoding, "ignore" if len(data) > 4 * _LOOK else "strict")
    except UnicodeDecodeError:
        text = data[: 4 * _LOOK].decode("cp1252", "replace")
    odd = sum(1 for c in text if not c.isprintable() and c not in "\r\n\t\f\x1b\ufeff")
    return None if odd * 20 > len(text) else text


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
    """Return such a clause for bytes that begin like DER but are not an object that pkikit reads."""
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
