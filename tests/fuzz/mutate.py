"""Mutations: of bytes, of the tree that DER is, of lines of text, and of values in JSON or YAML."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

MAX_INPUT = 64 * 1024
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, 10**30, "", "\ud800", "\x1b[31m", "²", "xn--\x00", "a" * 5000, [], {}, [[[]]], {"": {}},
    "http://①②⑦.0.0.1/", "9999-12-31T23:59:59Z", "../../etc/passwd",
)  # fmt: skip
ODD_BYTES = (
    b"\x00",
    b"\xff" * 8,
    b"\x80",
    b"\x1b[31m",
    b"\r",
    b"-----BEGIN ",
    b"-----END ",
    b"\xed\xa0\x80",
    b"A" * 4000,
)


class Mutator:
    """Makes inputs from real objects; the same random numbers make the same inputs."""

    def __init__(self, seeds: Sequence[bytes], randomness: random.Random) -> None:
        self.seeds, self.random = list(seeds), randomness

    def make(self) -> bytes:
        """One input: a seed, changed in one to four places."""
        data = self.random.choice(self.seeds)
        for _ in range(self.random.choice((1, 1, 1, 2, 4))):
            data = self.random.choice(self._ways(data))(data)
        return data[:MAX_INPUT]

    def _ways(self, data: bytes) -> list[Callable[[bytes], bytes]]:
        ways: list[Callable[[bytes], bytes]] = [self._octets, self._cut, self._splice]
        if data[:1] == b"\x30":
            ways += [self._tree] * 6
        if b"-----BEGIN " in data:
            ways += [self._inside_pem] * 4
        if data[:1] in b"{[" or b": " in data:
            ways += [self._value] * 3
        if b"\n" in data:
            ways += [self._lines] * 2
        return ways

    def _octets(self, data: bytes) -> bytes:
        changed = bytearray(data or b"\0")
        place = self.random.randrange(len(changed))
        match self.random.randrange(4):
            case 0:
                changed[place] ^= 1 << self.random.randrange(8)
            case 1:
                changed[place] = self.random.randrange(256)
            case 2:
                changed[place:place] = self.random.choice(ODD_BYTES)
            case _:
                del changed[place : place + self.random.choice((1, 2, 16, 200))]
        return bytes(changed)

    def _cut(self, data: bytes) -> bytes:
        return data[: self.random.randrange(len(data) + 1)]

    def _splice(self, data: bytes) -> bytes:
        other = self.random.choice(self.seeds)
        return data[: self.random.randrange(len(data) + 1)] + other[self.random.randrange(len(other) + 1) :]

    def _tree(self, der: bytes) -> bytes:
        nodes = _nodes(der)
        if not nodes:
            return self._octets(der)
        path, tag, content = self.random.choice(nodes)
        match self.random.randrange(7):
            case 0:
                replaced = b""
            case 1:
                replaced = _tlv(tag, content) * 2
            case 2:
                replaced = _tlv(bytes([self.random.randrange(256)]), content)
            case 3:
                replaced = _tlv(tag, b"")
            case 4:
                replaced = _tlv(tag, self._octets(content))
            case 5:
                _, other_tag, other = self.random.choice(_nodes(self.random.choice(self.seeds)) or nodes)
                replaced = _tlv(other_tag, other)
            case _:
                replaced = tag + b"\x80" + content + b"\0\0"  # the indefinite length of BER
        return _rebuilt(der, path, replaced)

    def _inside_pem(self, text: bytes) -> bytes:
        blocks = list(re.finditer(rb"-----BEGIN [^-]+-----\n([A-Za-z0-9+/=\n]+)-----END", text))
        if not blocks:
            return self._lines(text)
        block = self.random.choice(blocks)
        try:
            der = self._tree(base64.b64decode(block.group(1)))
        except ValueError:
            return self._octets(text)
        return text[: block.start(1)] + base64.encodebytes(der) + text[block.end(1) :]

    def _lines(self, text: bytes) -> bytes:
        lines = text.splitlines(keepends=True) or [b""]
        place = self.random.randrange(len(lines))
        match self.random.randrange(4):
            case 0:
                lines[place:place] = [lines[self.random.randrange(len(lines))]] * self.random.choice((1, 50))
            case 1:
                del lines[place]
            case 2:
                self.random.shuffle(lines)
            case _:
                lines[place] = self._octets(lines[place])
        return b"".join(lines)

    def _value(self, text: bytes) -> bytes:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            odd = str(self.random.choice(ODD_VALUES)).encode("utf-8", "surrogatepass")
            found = list(re.finditer(rb": *([^\n,}\]]+)", text))
            if not found:
                return self._octets(text)
            place = self.random.choice(found)
            return text[: place.start(1)] + odd + text[place.end(1) :]
        return json.dumps(self._replaced(document)).encode()

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self.random.random() < 0.8:
            key = self.random.choice(list(value))
            if self.random.random() < 0.1:
                return {k: v for k, v in value.items() if k != key} | {str(self.random.choice(ODD_VALUES)): 1}
            return value | {key: self._replaced(value[key])}
        if isinstance(value, list) and value and self.random.random() < 0.8:
            place = self.random.randrange(len(value))
            return [*value[:place], self._replaced(value[place]), *value[place + 1 :]]
        return self.random.choice(ODD_VALUES)


def _tlv(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return tag + bytes([size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + bytes([0x80 | len(octets)]) + octets + content


def _read(data: bytes, start: int) -> tuple[int, int] | None:
    """(start, end) of the content of the element at `start`; None where there is none."""
    if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
        return None
    size, begin = data[start + 1], start + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or begin + count > len(data):
            return None
        size, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    return (begin, begin + size) if begin + size <= len(data) else None


Path = tuple[tuple[int, int], ...]


def _nodes(der: bytes) -> list[tuple[Path, bytes, bytes]]:
    """(path of (start, end) from the root, tag, content) of every element."""
    found: list[tuple[Path, bytes, bytes]] = []
    left: list[tuple[int, int, Path]] = [(0, len(der), ())]
    while left and len(found) < 2000:
        start, end, above = left.pop()
        while start < end:
            content = _read(der[:end], start)
            if content is None:
                break
            path = (*above, (start, content[1]))
            found.append((path, der[start : start + 1], der[content[0] : content[1]]))
            if der[start] & 0x20 and len(path) < 30:
                left.append((*content, path))
            start = content[1]
    return found


def _rebuilt(der: bytes, path: Path, replaced: bytes) -> bytes:
    """The same tree with one element replaced and every length above it put right."""
    start, end = path[-1]
    for (outer_start, outer_end), (inner_start, inner_end) in zip(reversed(path[:-1]), reversed(path[1:]), strict=True):
        content = _read(der, outer_start)
        assert content is not None  # it was read before
        inner = der[content[0] : inner_start] + replaced + der[inner_end:outer_end]
        replaced, start, end = _tlv(der[outer_start : outer_start + 1], inner), outer_start, outer_end
    return der[:start] + replaced + der[end:]
