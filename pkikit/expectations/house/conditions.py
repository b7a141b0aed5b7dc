"""Conditions as values: true, false, or not known because a fact is not known (Kleene's logic)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from pkikit.expectations.house.fact_list import Fact, Facts, Value
from pkikit.expectations.house.globs import Glob

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip


class Condition(Protocol):
    """What can hold of facts."""

    def holds(self, facts: Facts) -> bool | None:
        """Return whether it holds; None if a fact that decides it is not known."""

    def tests(self) -> Iterator[Test]:
        """Yield every test of a fact in it."""


class Matcher(Protocol):
    """What a test compares the value of a fact with."""

    def accepts(self, value: Value) -> bool:
        """Return True if the value is as it should be."""


@dataclass(frozen=True)
class OneOf:
    """The value is one of these: yes or no, numbers, words."""

    values: tuple[Value, ...]

    def accepts(self, value: Value) -> bool:
        """Return True if it is one of them."""
        return value in self.values


@dataclass(frozen=True)
class Compared:
    """A number or a day, compared with another one."""

    sign: str
    limit: int | float | date

    def accepts(self, value: Value) -> bool:
        """Return True if the comparison holds."""
        return OPERATORS[self.sign](value, self.limit)


@dataclass(frozen=True)
class Alike:
    """A text that matches one of the patterns."""

    globs: tuple[Glob, ...]

    def accepts(self, value: Value) -> bool:
        """Return True if one matches."""
        return any(glob.matches(str(value)) for glob in self.globs)


@dataclass(frozen=True)
class Members:
    """A list of texts: what it has, lacks, has only, and how many they are. None: does not matter."""

    has: Alike | None = None
    lacks: Alike | None = None
    only: Alike | None = None
    count: Compared | OneOf | None = None

    def accepts(self, value: Value) -> bool:
        """Return True if everything that matters is so."""
        texts = value if isinstance(value, tuple) else ()
        return (
            (self.has is None or any(map(self.has.accepts, texts)))
            and (self.lacks is None or not any(map(self.lacks.accepts, texts)))
            and (self.only is None or all(map(self.only.accepts, texts)))
            and (self.count is None or self.count.accepts(len(texts)))
        )


@dataclass(frozen=True)
class Test:
    """A test of one fact; `written` is what the file says."""

    __test__ = False  # pytest collects classes of this name

    fact: Fact
    matcher: Matcher
    written: str

    def holds(self, facts: Facts) -> bool | None:
        """Return whether the fact is as it should be; None if it is not known."""
        value = facts.get(self.fact.name)
        return None if value is None else self.matcher.accepts(value)

    def tests(self) -> Iterator[Test]:
        """Yield this test."""
        yield self


@dataclass(frozen=True)
class Every:
    """All parts hold."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool | None:
        """Return False if a part does not hold; else None if one is not known."""
        found = [part.holds(facts) for part in self.parts]
        return False if False in found else None if None in found else True

    def tests(self) -> Iterator[Test]:
        """Yield the tests of all parts."""
        for part in self.parts:
            yield from part.tests()


@dataclass(frozen=True)
class Some:
    """One part holds."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool | None:
        """Return True if a part holds; else None if one is not known."""
        found = [part.holds(facts) for part in self.parts]
        return True if True in found else None if None in found else False

    def tests(self) -> Iterator[Test]:
        """Yield the tests of all parts."""
        for part in self.parts:
            yield from part.tests()


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Condition

    def holds(self, facts: Facts) -> bool | None:
        """Return the opposite; None stays None."""
        found = self.part.holds(facts)
        return None if found is None else not found

    def tests(self) -> Iterator[Test]:
        """Yield the tests of the part."""
        yield from self.part.tests()


def unknown_in(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Return the facts that a condition asks for and that are not known, each once."""
    return tuple(dict.fromkeys(t.fact.name for t in condition.tests() if facts.get(t.fact.name) is None))
