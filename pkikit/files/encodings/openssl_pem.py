"""What OpenSSL 3 reads of a PEM file: a model of `PEM_read_bio`, as a pure function on bytes.

OpenSSL decides line by line: BEGIN and END are at the start of a line, blanks at the end of a line do not matter, a
colon starts a header, an empty line ends one, and the base64 text ends at the first hyphen. One damaged block ends the
reading of the whole file. The product reads its files with OpenSSL, so these rules decide an upload.

Sources: crypto/pem/pem_lib.c and crypto/evp/encode.c of OpenSSL 1.1.1 and 3.0; tests/interop/test_openssl_pem.py compares.
"""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

BEGIN, END, TAIL = b"-----BEGIN ", b"-----END ", b"-----"
CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
# Only the first certificate of a chain, and those of a trusted CA list, may carry this label.
TRUSTED_LABEL = "TRUSTED CERTIFICATE"

_MAX_LINE = 254  # OpenSSL takes a longer line for several lines
_BOM = b"\xef\xbb\xbf"
_BLANKS = bytes(range(33)) + bytes(
    range(128, 256)
)  # a C char is signed: everything from 0x80 up is below the blank too
_FULL_LINE = 64
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\t\n\r ]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}\Z")


class Fault(enum.StrEnum):
    """Why OpenSSL stops in the middle of a block."""

    NO_END = "the END line is missing"
    WRONG_END = "the END line does not match the BEGIN line"
    EMPTY_LINE = "an empty line is inside the block"
    HEADER = "a line with a colon is inside the block"
    LONG_LINE = "a line is longer than 64 characters after an empty line"
    SHORT_LINE = "a line is shorter than 64 characters after an empty line"
    NOT_BASE64 = "the text between BEGIN and END is not base64"
    NOTHING_INSIDE = "nothing is between BEGIN and END"


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block as OpenSSL reads it. line: the line of its BEGIN, counted from 1."""

    label: str
    header: bytes
    der: bytes
    line: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All blocks up to the end of the file or the first fault.

    fault_line: where OpenSSL stops. fault_begin: where the block with the fault begins. Both are counted from 1.
    """

    blocks: tuple[Block, ...]
    fault: Fault | None = None
    fault_line: int = 0
    fault_begin: int = 0


class _Stop(Exception):
    def __init__(self, fault: Fault, line: int) -> None:
        super().__init__(fault)
        self.fault, self.line = fault, line


def read_as_openssl(data: bytes) -> Reading:
    """Return the blocks that OpenSSL reads, in linear time."""
    lines = _lines(data)
    blocks: list[Block] = []
    start = 0
    try:
        while (opened := _next_begin(lines)) is not None:
            start = opened[1]
            blocks.append(_block(*opened, lines))
    except _Stop as stop:
        return Reading(blocks=tuple(blocks), fault=stop.fault, fault_line=stop.line, fault_begin=start)
    return Reading(blocks=tuple(blocks))


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line) as BIO_gets splits the text."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        for first in range(0, len(line) or 1, _MAX_LINE):
            yield number, line[first : first + _MAX_LINE]


def _next_begin(lines: Iterator[tuple[int, bytes]]) -> tuple[str, int] | None:
    first = True
    for number, raw in lines:
        # A byte order mark is skipped where the search for a BEGIN line starts, and only there.
        line = (raw.removeprefix(_BOM) if first else raw).rstrip(_BLANKS)
        first = False
        if line.startswith(BEGIN) and line.endswith(TAIL) and len(line) >= len(BEGIN) + len(TAIL):
            return _until_nul(line[len(BEGIN) : -len(TAIL)]).decode("latin-1"), number
    return None


def _until_nul(line: bytes) -> bytes:
    return line.partition(b"\0")[0]


def _as_c_string(line: bytes) -> bytes:
    """Return the line as C sees it: a NUL cuts off the rest and the line end."""
    return _until_nul(line) if b"\0" in line else line + b"\n"


def _block(label: str, start: int, lines: Iterator[tuple[int, bytes]]) -> Block:
    end = END + label.encode("latin-1") + TAIL
    header: list[bytes] = []
    body: list[bytes] = []
    in_header, after_header, last, colon = False, False, False, 0
    number = start
    for number, raw in lines:
        if not in_header and not after_header and b":" in raw:
            in_header, colon = True, number
        line = raw.rstrip(_BLANKS)
        if not line:
            if after_header:
                raise _Stop(Fault.EMPTY_LINE, number)
            after_header = True
        elif line.startswith(END):
            if _until_nul(line) != end:
                raise _Stop(Fault.WRONG_END, number)
            break
        elif last:
            raise _Stop(Fault.SHORT_LINE, number - 1)
        else:
            (body if after_header else header).append(_as_c_string(line))
            if after_header and len(line) > _FULL_LINE:
                raise _Stop(Fault.LONG_LINE, number)
            last = after_header and len(line) < _FULL_LINE
    else:
        raise _Stop(Fault.NO_END, start)
    if not in_header and not after_header:
        header, body = [], header
    der = _decode(b"".join(body))
    if der is None:
        raise _Stop(Fault.NOT_BASE64, start)
    if not der:
        odd = Fault.HEADER if colon else Fault.EMPTY_LINE if header else Fault.NOTHING_INSIDE
        raise _Stop(odd, colon or start)
    return Block(label=label, header=b"".join(header), der=der, line=start)


def _decode(text: bytes) -> bytes | None:
    """Decode like EVP_DecodeUpdate and EVP_DecodeFinal: the bytes up to the first hyphen; None if OpenSSL sees an error."""
    text = text.partition(b"-")[0]
    if _NOT_BASE64.search(text):
        return None
    letters = text.translate(None, b"\t\n\r ")
    if len(letters) % 4 or not _BASE64.match(letters):
        return None
    return base64.b64decode(letters)
