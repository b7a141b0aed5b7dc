"""PEM blocks inside any text: indented, on one line, without line ends between them, quoted in a mail or in JSON.

This module reads more than the product does; `pkikit.files.encodings.openssl_pem` models the product. Both take linear time.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from pkikit.errors import EncodingError
from pkikit.text import printable

MAX_BLOCKS = 10_000
MAX_REPAIR = 4 * 1024 * 1024  # bytes; a larger damaged block or file is refused without a second look
# The closing dashes are only looked at: in `-----END A-----BEGIN A-----` they are the opening dashes of the next line too.
_MARK = re.compile(rb"-----(BEGIN|END) ([A-Za-z0-9 #._]{1,60})(?=-----)")
_ANY_MARK = b"-----BEGIN "
# How a line of a mail is quoted, and how JSON and shell scripts write a line end.
_QUOTE = re.compile(rb"^[ \t>|]+", re.MULTILINE)
_ESCAPED_LINE_END = re.compile(rb"\\[rn]|`[rn]")
_HEADER = re.compile(rb"\A[ \t>\r\n]*(?:[A-Za-z][A-Za-z0-9-]{0,40}:[^\r\n]*(?:\r\n|\r|\n))+", re.MULTILINE)
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, kw_only=True)
class PemText:
    """One block as text. number, line: counted from 1."""

    label: str
    header: bytes
    body: bytes
    number: int
    line: int

    @property
    def place(self) -> str:
        """Which block this is, for a message."""
        return f"block {self.number} (line {self.line})"

    def der(self) -> bytes:
        """Decode the block.

        Returns:
            Its bytes.

        Raises:
            Error: (`binascii.Error`, a ValueError) the text is not base64.
        """
        whole = bare_base64(self.body)
        if whole is not None and whole.startswith(b"\x30"):
            return whole
        # Their lines may have something after BEGIN or before END; then all that matters is in between.
        lines = self.body.strip().splitlines() if len(self.body) < MAX_REPAIR else []
        parts = (lines[1:], lines[:-1], lines[1:-1]) if len(lines) > 2 else ()
        found = [d for d in (whole, *(bare_base64(b"".join(part)) for part in parts)) if d is not None]
        if not found:
            raise binascii.Error("not base64")
        return next((d for d in found if d.startswith(b"\x30")), found[0])

    def der_or_none(self) -> bytes | None:
        """Return the bytes of the block; None if the text is not base64."""
        try:
            return self.der()
        except binascii.Error:
            return None

    def pem(self) -> bytes:
        """The block in the usual form, with its header, for a library that reads PEM itself."""
        label = self.label.encode("ascii")
        lines = base64.encodebytes(self.der()).split()
        header = b"\n".join(line.strip() for line in self.header.split(b"\n")).strip() + b"\n\n" if self.header else b""
        return b"".join(
            (b"-----BEGIN ", label, b"-----\n", header, b"\n".join(lines), b"\n-----END ", label, b"-----\n")
        )


def looks_like_pem(text: bytes) -> bool:
    """Return True if the text contains a BEGIN line, whatever follows it."""
    return _ANY_MARK in text


def pem_blocks(text: bytes, where: str) -> Iterator[PemText]:
    """Yield every block of the text.

    Args:
        text: the text, as bytes.
        where: the name of the file, for messages.

    Yields:
        One block after the other.

    Raises:
        EncodingError: a block begins and does not end, or ends and did not begin, or there are too many.
    """
    label, start, start_line, number = b"", -1, 0, 0
    line, counted = 1, 0
    for mark in _MARK.finditer(text):
        kind, name = mark[1], mark[2].strip()
        line += text.count(b"\n", counted, mark.start()) or text.count(b"\r", counted, mark.start())
        counted = mark.start()
        if kind == b"BEGIN":
            if start >= 0:
                _refuse_unfinished(label, start_line, where)
            label, start, start_line = name, mark.end() + 5, line
            number += 1
            if number > MAX_BLOCKS:
                raise EncodingError(f"contains more than {MAX_BLOCKS} objects", where=where)
        elif start < 0:
            raise EncodingError(
                f"line {line} ends a block {printable(name.decode('ascii'))} that does not begin: the file is cut off "
                "or a line is damaged", where=where,
            )  # fmt: skip
        elif name != label:
            raise EncodingError(
                f"the block {label.decode('ascii')} that begins in line {start_line} ends as {name.decode('ascii')} "
                f"in line {line}", where=where,
            )  # fmt: skip
        else:
            yield _block(label, text[start : mark.start()], number, start_line)
            start = -1
    if start >= 0:
        _refuse_unfinished(label, start_line, where)
    if not number:
        raise EncodingError("contains a BEGIN line that is damaged or cut off", where=where)


def _refuse_unfinished(label: bytes, line: int, where: str) -> NoReturn:
    raise EncodingError(
        f"the block {label.decode('ascii')} that begins in line {line} does not end: the file is cut off or a line is "
        "damaged",
        where=where,
    )


def _block(label: bytes, inside: bytes, number: int, line: int) -> PemText:
    # Most blocks hold nothing of this, and a trusted CA list has thousands of them.
    if b"\\" in inside or b"`" in inside:
        inside = _ESCAPED_LINE_END.sub(b"\n", inside)
    headed = _HEADER.match(inside) if b":" in inside else None
    header = headed[0] if headed else b""
    body = inside[len(header) :]
    if b">" in body or b"|" in body:
        body = _QUOTE.sub(b"", body)
    return PemText(
        label=label.decode("ascii"), header=header.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(), body=body,
        number=number, line=line,
    )  # fmt: skip


def bare_base64(text: bytes) -> bytes | None:
    """Return the bytes of a text that is nothing but base64; None for any other text."""
    letters = text.translate(None, b" \t\r\n\v\f")  # split() would make a list many times the size of the text
    inner = letters.rstrip(b"=")
    if not inner or len(letters) - len(inner) > 2 or len(inner) % 4 == 1 or inner.translate(None, _ALPHABET):
        return None
    return base64.b64decode(inner + b"=" * (-len(inner) % 4))
