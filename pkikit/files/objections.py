"""Would the product read this file? OpenSSL's answer for the same bytes, and how to save the file correctly.

`pkikit` itself reads far more. This module compares what pkikit finds with what OpenSSL finds
(`pkikit.files.encodings.openssl_pem`); each difference is an objection, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkikit.errors import EncodingError
from pkikit.files.contents import FileContents
from pkikit.files.encodings.der_length import first_value
from pkikit.files.encodings.openssl_pem import (
    BEGIN,
    CERTIFICATE_LABELS,
    END,
    TAIL,
    TRUSTED_LABEL,
    Block,
    Fault,
    Reading,
    read_as_openssl,
)
from pkikit.files.encodings.pem_in_text import PemText, pem_blocks
from pkikit.model.certificates.bundle import bundle_of
from pkikit.model.certificates.facts import title
from pkikit.model.certificates.objection import Objection
from pkikit.rules.file_rules import KEY_NEWLINE, LEAF_FIRST, MALFORMED, NOT_PEM
from pkikit.text import printable

_MAX = 20  # objections to one file
_OLD_LINE = 76  # OpenSSL 1.0.2 refuses longer ones

_FORMS = {
    "der": "DER (binary)",
    "pkcs7": "a PKCS#7 bundle (.p7b)",
    "pkcs12": "a PKCS#12 store (.pfx, .p12)",
    "base64": "base64 without the BEGIN and END lines",
    "utf-16": 'text in UTF-16 ("Unicode" in Windows editors)',
    "zip": "a zip archive",
    "gzip": "a gzip file",
}
_BY_HAND = {
    "pkcs7": "openssl pkcs7 -print_certs -in FILE -out NEW.pem (with -inform der for a binary one)",
    "pkcs12": "openssl pkcs12 -in FILE -nodes -out NEW.pem",
    "base64": "add a line -----BEGIN {label}----- before it and a line -----END {label}----- after it",
    "utf-16": 'save it again in the editor with the encoding "ANSI" or "UTF-8"',
}


def product_objections(contents: FileContents) -> tuple[Objection, ...]:
    """Return the reasons why the product does not read this file, or not all of it; empty if it does."""
    if contents.form != "pem":
        return (_other_form(contents),)
    found = list(_pem_objections(contents))
    return tuple(dict.fromkeys(found))[:_MAX]


def refuse_unreadable(contents: FileContents) -> None:
    """Do nothing if the product reads the file.

    Args:
        contents: what the file holds.

    Raises:
        EncodingError: the product does not read it; the message is the first objection.
    """
    objection = next((o for o in product_objections(contents) if not o.is_remark), None)
    if objection is not None:
        raise EncodingError(f"{objection.sentence()}. {objection.fix}", where=contents.where, rule=objection.rule)


def refuse_wrong_order(contents: FileContents) -> None:
    """Do nothing if the server certificate comes first.

    Args:
        contents: what the file holds.

    Raises:
        EncodingError: another certificate comes first; the rule is `upload.leaf-not-first`.
    """
    bundle = bundle_of(contents.certificates, is_server=True)
    if not bundle.leaf_is_first and bundle.leaf is not None:
        raise EncodingError(
            f"the server certificate {title(bundle.leaf)} has to come first, but {title(contents.certificates[0])} does. "
            "Put the certificates in order (pkikit convert does)", where=contents.where, rule=LEAF_FIRST.id,
        )  # fmt: skip


def refuse_without_newline(contents: FileContents) -> None:
    """Do nothing if a private key file ends with a line end.

    Args:
        contents: what the file holds.

    Raises:
        EncodingError: the last line has no line end; the rule is `key.no-trailing-newline`.
    """
    if not contents.ends_in_newline:
        raise EncodingError(
            "the private key file does not end with a line end. Expressway takes such a file, and Mobile and Remote Access "
            "fails later (guide, appendix 1); that this lab refuses it at once is ours. Add a newline after the last line",
            where=contents.where, rule=KEY_NEWLINE.id,
        )  # fmt: skip


def _other_form(contents: FileContents) -> Objection:
    command, label = _tool(contents)
    by_hand = _BY_HAND.get(contents.form, "").format(label=label)
    if contents.form == "der" and command:
        by_hand = f"openssl {command} -inform der -in FILE -out NEW.pem"
    return Objection(
        rule=NOT_PEM.id, place="file", expected="PEM", seen=f"{_FORMS[contents.form]}, not PEM",
        fix=_convert(contents) + (f" By hand: {by_hand}." if by_hand else ""),
    )  # fmt: skip


def _tool(contents: FileContents) -> tuple[str, str]:
    """Return (command of openssl, PEM label) for what the file holds; no command if openssl has none for it."""
    for found, command, label in (
        (contents.certificates, "x509", "CERTIFICATE"),
        (contents.requests, "req", "CERTIFICATE REQUEST"),
        (contents.crls, "crl", "X509 CRL"),
        (contents.keys or contents.encrypted_keys, "pkey", "PRIVATE KEY"),
    ):
        if found:
            return command, label
    return "", "CERTIFICATE"


def _convert(contents: FileContents) -> str:
    name = "FILE" if " " in contents.where else printable(contents.where)
    return f"Save it correctly with pkikit convert {name} --to pem --out NEW.pem, and upload NEW.pem."


def _pem_objections(contents: FileContents) -> Iterator[Objection]:
    data, fix = contents.data, _convert(contents)
    reading = read_as_openssl(data)
    lines = data.split(b"\n")
    lone_returns = _LONE_RETURN.search(data) is not None
    seen_lines = {block.line for block in reading.blocks}

    def report_line(line: int, expected: str, seen: str) -> Objection:
        return Objection(rule=MALFORMED.id, place=f"line {line}", expected=expected, seen=seen, fix=fix)

    if b"\0" in data:
        # OpenSSL takes such a line from memory and stops at it in a file.
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        yield report_line(line, "text", "the line has a NUL byte")
    if reading.fault is not None:
        line, expected, seen = _why_stopped(reading, lines, lone_returns)
        yield report_line(line, expected, seen)
    for block in _all_blocks(contents):
        stopped = reading.fault is not None and block.line >= reading.fault_begin
        if block.line not in seen_lines and not stopped:
            yield report_line(block.line, "-----BEGIN …----- at the start of a line of its own",
                            _why_unseen(lines, block, lone_returns))  # fmt: skip
    yield from _block_objections(contents, reading)
    yield from _remarks(contents, lines)


_LONE_RETURN = re.compile(rb"\r(?![\r\n]|\Z)")


def _all_blocks(contents: FileContents) -> list[PemText]:
    try:
        return list(pem_blocks(contents.data.removeprefix(b"\xef\xbb\xbf"), contents.where))
    except EncodingError:
        return []  # then it was read as OpenSSL reads it


def _why_stopped(reading: Reading, lines: list[bytes], lone_returns: bool) -> tuple[int, str, str]:
    """Return (line, what is expected, what is there) for the fault at which OpenSSL stops reading the file."""
    fault, number = reading.fault, reading.fault_line
    assert fault is not None  # the caller looked
    line = lines[number - 1].strip() if 0 < number <= len(lines) else b""
    if lone_returns:
        return number, "lines that end in LF or CR LF", "the lines end only in CR, as on a classic Mac"
    if fault in {Fault.WRONG_END, Fault.NO_END}:
        end = next((i for i, text in enumerate(lines, start=1) if i >= number and END in text), number)
        text = lines[end - 1].strip()
        if text.startswith(END) and BEGIN in text:
            return end, "a line end between END and BEGIN", "the END line and the next BEGIN line are one line"
        if text.startswith(END) and not text.endswith(TAIL):
            return end, "nothing after the END line", "something follows the END line"
        if END in lines[end - 1] and not lines[end - 1].startswith(END):
            return end, "-----END …----- at the start of a line", _before(lines[end - 1], END)
    if fault is Fault.NOT_BASE64:
        odd = _odd_line(lines, number)
        if odd == number:
            return odd, "whole base64", "a piece of the base64 text is missing (its length is not a multiple of four)"
        return odd, "base64", f"{fault.value}: {printable(lines[odd - 1].decode('latin-1').strip()[:40])!r}"
    if fault is Fault.HEADER:
        return number, "base64", f"{fault.value}: {printable(line.decode('latin-1')[:40])!r}"
    return number, "a whole block from BEGIN to END", fault.value


def _odd_line(lines: list[bytes], start: int) -> int:
    """Return the first line after BEGIN that is not base64; the BEGIN line itself if each line looks right."""
    for number in range(start + 1, len(lines) + 1):
        text = lines[number - 1].strip()
        if text.startswith(END):
            break
        if re.search(rb"[^A-Za-z0-9+/=]", text):
            return number
    return start


def _before(line: bytes, mark: bytes) -> str:
    """Describe what precedes a BEGIN or END line."""
    word = mark.strip(b"- ").decode("ascii")
    text = line.split(mark)[0]
    if not text.strip():
        return f"blanks are before the {word} line (it is indented)"
    if TAIL in text:
        return f"the {word} line follows another BEGIN or END on one line"
    return f"{printable(text.decode('latin-1').strip()[-30:])!r} is before the {word} line"


def _why_unseen(lines: list[bytes], block: PemText, lone_returns: bool) -> str:
    """Explain why OpenSSL does not see a block that is there."""
    if lone_returns:
        return "the lines end only in CR, as on a classic Mac"
    line = lines[block.line - 1] if block.line <= len(lines) else b""
    begin = BEGIN + block.label.encode("ascii") + TAIL
    if END in line:
        return "the whole block is on one line"
    if not line.startswith(BEGIN):
        return _before(line, BEGIN)
    if line.rstrip() != begin:
        return "something follows the BEGIN line"
    return "OpenSSL does not see this block"


def _block_objections(contents: FileContents, reading: Reading) -> Iterator[Objection]:
    """Yield an objection for each block that OpenSSL reads as PEM, but not as the object it should be."""
    certificates = 0
    keep_finding = {block.line: block for block in _all_blocks(contents)}
    for number, block in enumerate(reading.blocks, start=1):
        place = f"block {number} (line {block.line})"
        if block.label in CERTIFICATE_LABELS or block.label == TRUSTED_LABEL:
            certificates += 1
        if block.label == TRUSTED_LABEL:
            yield Objection(
                rule=NOT_PEM.id, place=place, expected="BEGIN CERTIFICATE", seen="labelled BEGIN TRUSTED CERTIFICATE, which "
                + ("OpenSSL skips after the first certificate" if certificates > 1 else "not every program reads"),
                fix=_convert(contents), is_remark=certificates == 1,
            )  # fmt: skip
        elif block.label in {"PKCS7", "CMS", "PKCS #7 SIGNED DATA"}:
            yield Objection(rule=NOT_PEM.id, place=place, expected="one certificate a block",
                            seen="a PKCS#7 bundle, which OpenSSL skips", fix=_convert(contents))  # fmt: skip
        elif block.label in CERTIFICATE_LABELS and (seen := _not_the_certificate(block, keep_finding)):
            yield Objection(rule=MALFORMED.id, place=place, expected="one certificate and nothing else", seen=seen,
                            fix=_convert(contents))  # fmt: skip
        elif block.label in CERTIFICATE_LABELS and block.header.strip():
            yield Objection(rule=MALFORMED.id, place=place, expected="nothing but base64",
                            seen="a header or an empty line is inside the block", fix=_convert(contents))  # fmt: skip
    for note in contents.notes:
        if " is labelled " in note:
            yield Objection(rule=MALFORMED.id, place="file", expected="blocks that contain what their labels say",
                            seen=note, fix=_convert(contents))  # fmt: skip


def _not_the_certificate(block: Block, keep_finding: dict[int, PemText]) -> str:
    """Explain what is wrong with the bytes that OpenSSL takes for a certificate; empty if pkikit read the same ones."""
    found = keep_finding.get(block.line)
    # Where the text is not base64 for us, the file was read as OpenSSL reads it.
    if found is not None and (found.der_or_none() or block.der) != block.der:
        return "text that OpenSSL takes for a part of the certificate is inside the block"
    if first_value(block.der) != block.der:
        return "further bytes follow the certificate in its block"
    return ""


def _remarks(contents: FileContents, lines: list[bytes]) -> Iterator[Objection]:
    """Yield what OpenSSL 3 reads and older versions refuse; no public document says which version the product contains."""
    if contents.data.startswith(b"\xef\xbb\xbf"):
        yield Objection(
            rule=MALFORMED.id, place="file", expected="-----BEGIN as the first characters",
            seen="a file with a byte order mark before its text, which OpenSSL 1.1.1 and older refuse", fix=_convert(contents),
            is_remark=True,
        )  # fmt: skip
    long = next((n for n, line in enumerate(lines, start=1) if len(line) > _OLD_LINE and _LONG.match(line)), None)
    if long is not None:
        yield Objection(
            rule=MALFORMED.id, place=f"line {long}", expected="lines of 64 characters",
            seen="the base64 lines are longer than 76 characters, which OpenSSL 1.0.2 and older refuse",
            fix=_convert(contents), is_remark=True,
        )  # fmt: skip


_LONG = re.compile(rb"[A-Za-z0-9+/=]{77,}\r?\Z")
