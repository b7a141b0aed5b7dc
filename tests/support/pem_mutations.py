"""PEM files damaged in the ways that editors, mails and people damage them; the same ones in every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

_PIECES = (
    b"\n", b"\r", b"\r\n", b" ", b"\t", b"\0", b"-", b"-----", b"=", b"==", b":", b"\n\n", b"\xef\xbb\xbf", b"\x80", b"\xa0\n",
    b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----", b"-----BEGIN ", b"-----END ", b"-----BEGIN -----\n",
    b"A" * 300, b"x: y\n\n", b"QUJD", b"A", b"\f", b"!", b"> ", b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
)  # fmt: skip
_LINE_ENDS = (b"\r\n", b"\r", b" \n", b"\n\n", b"", b"\n ", b"\t\n", b"\\n")


def _insert(data: bytes, seeds: tuple[bytes, ...], r: random.Random) -> bytes:
    at = r.randint(0, len(data))
    return data[:at] + r.choice(_PIECES) + data[at:]


def _cut(data: bytes, seeds: tuple[bytes, ...], r: random.Random) -> bytes:
    at = r.randint(0, len(data))
    return data[:at] + data[at + r.randint(0, 80) :]


def _line(data: bytes, seeds: tuple[bytes, ...], r: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = r.randrange(len(lines))
    match r.randrange(4):
        case 0:
            lines[at] = r.choice(_PIECES) + lines[at]
        case 1:
            lines[at] += r.choice(_PIECES)
        case 2:
            lines.insert(at, r.choice((*_PIECES, *lines)))
        case _:
            del lines[at]
    return b"\n".join(lines)


def _line_ends(data: bytes, seeds: tuple[bytes, ...], r: random.Random) -> bytes:
    return data.replace(b"\n", r.choice(_LINE_ENDS), r.choice((1, 2, -1)))


def _append(data: bytes, seeds: tuple[bytes, ...], r: random.Random) -> bytes:
    return data + r.choice(seeds)


def mutations(seeds: tuple[bytes, ...], count: int, *, first: int = 0) -> Iterator[bytes]:
    """So many damaged files; number n is the same whenever the seeds are."""
    ways: tuple[Callable[[bytes, tuple[bytes, ...], random.Random], bytes], ...] = (
        _insert, _insert, _cut, _line, _line, _line, _line_ends, _append,
    )  # fmt: skip
    for number in range(first, first + count):
        r = random.Random(number)
        data = r.choice(seeds)
        for _ in range(r.randint(1, 4)):
            data = r.choice(ways)(data, seeds, r)
        yield data
