"""Product versions, ordered, and what each has. The versions and their features are facts of `pkikit.model.tables.features`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache, total_ordering

from pkikit.errors import InputError
from pkikit.model.tables.features import DEFAULT_VERSION, GUIDE_VERSION, NEWEST, OLDEST, VERSION_RANGE, Feature

_FORM = re.compile(r"X(\d{1,2})\.(\d{1,2})(?:\.(\d{1,2}))?\Z")


@total_ordering
@dataclass(frozen=True)
class ProductVersion:
    """An Expressway software version, compared number by number."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> ProductVersion:
        """Read `X12.5` or `X8.11.1`.

        Args:
            text: the version as Cisco writes it.

        Returns:
            The version.

        Raises:
            InputError: the text is not a version, or not one that the lab knows.
        """
        numbers = _numbers(text)
        if not _numbers(OLDEST) <= numbers[:2] <= _numbers(NEWEST):
            raise InputError(f"{text[:40]!r} is not a product version: write {VERSION_RANGE}, as {GUIDE_VERSION}")
        return cls(numbers)

    def __lt__(self, other: ProductVersion) -> bool:
        return self.numbers < other.numbers

    def __str__(self) -> str:
        return "X" + ".".join(map(str, self.numbers))

    def has(self, feature: Feature) -> bool:
        """Return True if this version has the feature."""
        return self.within(feature.span)

    def within(self, span: str) -> bool:
        """Return True inside a span such as `X8.10-`, `-X8.9` or `X14.2-X15.5`; both ends are included."""
        first, last = _ends(span)
        return (first is None or first <= self) and (last is None or self.numbers[:2] <= last.numbers[:2])


def default_version() -> ProductVersion:
    """Return the version for a question that does not name one."""
    return ProductVersion.parse(DEFAULT_VERSION)


def guide_version() -> ProductVersion:
    """Return the version of the certificate guide that the notebooks follow."""
    return ProductVersion.parse(GUIDE_VERSION)


@lru_cache(maxsize=256)
def _numbers(text: str) -> tuple[int, ...]:
    matched = _FORM.match(text.strip().upper())
    return tuple(int(n) for n in matched.groups() if n is not None) if matched else ()


@cache
def _ends(span: str) -> tuple[ProductVersion | None, ProductVersion | None]:
    first, _, last = span.partition("-")
    return (ProductVersion.parse(first) if first else None, ProductVersion.parse(last) if last else None)
