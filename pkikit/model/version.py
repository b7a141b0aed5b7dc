"""Product versions: X8.1 to X15.5, ordered. Rules carry the span of versions that they hold for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from pkikit.errors import InputError

OLDEST, NEWEST = (8, 1), (15, 5)
_FORM = re.compile(r"X(\d{1,2})\.(\d{1,2})(?:\.(\d{1,2}))?\Z")


@total_ordering
@dataclass(frozen=True)
class ProductVersion:
    """An Expressway software version, compared number by number."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> ProductVersion:
        """Read `X12.5` or `X8.11.1`."""
        matched = _FORM.match(text.strip().upper())
        numbers = tuple(int(n) for n in matched.groups() if n is not None) if matched else ()
        if not OLDEST <= numbers[:2] <= NEWEST:
            raise InputError(f"{text[:40]!r} is not a product version: write X8.1 to X15.5, as X12.5")
        return cls(numbers)

    def __lt__(self, other: ProductVersion) -> bool:
        return self.numbers < other.numbers

    def __str__(self) -> str:
        return "X" + ".".join(map(str, self.numbers))

    def within(self, span: str) -> bool:
        """Return True inside a span such as `X8.10-`, `-X8.9` or `X14.2-X15.5`; both ends are included."""
        first, _, last = span.partition("-")
        if first and self < ProductVersion.parse(first):
            return False
        return not last or self.numbers[:2] <= ProductVersion.parse(last).numbers[:2]
