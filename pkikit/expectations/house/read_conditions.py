"""Conditions and facts from YAML values, with one sentence for what they cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from pkikit.errors import InputError
from pkikit.expectations.house.conditions import (
    OPERATORS,
    Alike,
    Compared,
    Condition,
    Every,
    Matcher,
    Members,
    Not,
    OneOf,
    Some,
    Test,
)
from pkikit.expectations.house.fact_list import FACTS, About, Fact, Kind, Value
from pkikit.expectations.house.globs import MAX_GLOB, MAX_TEXT, Glob
from pkikit.text import did_you_mean, printable

MAX_DEPTH = 10
_COMPARISON = re.compile(r"(>=|<=|!=|>|<|=) ?(-?[0-9]{1,9}|[0-9]{4}-[0-9]{2}-[0-9]{2})")
_JOINED: dict[object, Callable[[tuple[Condition, ...]], Condition]] = {"all": Every, "any": Some}
_LISTS = ("has", "lacks", "only", "count")
Path = tuple[str | int, ...]


class RuleProblem(InputError):
    """What is wrong with a rule, and where: the path below the rule."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


def read_condition(given: Any, about: About, path: Path, depth: int = 0) -> Condition:
    """Read a condition.

    Args:
        given: a mapping of facts to what they should be, with `all`, `any` and `not` for what is joined.
        about: decides which facts there are.
        path: where it is, for messages.
        depth: how many conditions it is in.

    Returns:
        The condition: everything in it must hold.

    Raises:
        RuleProblem: it is not a condition.
    """
    if not isinstance(given, dict) or not given:
        raise RuleProblem(f"write facts and what they should be ({{fact: value}}), not {shown(given)}", path)
    if depth > MAX_DEPTH:
        raise RuleProblem(f"has more than {MAX_DEPTH} conditions in each other", path)
    parts: list[Condition] = []
    for key, value in given.items():
        here = (*path, str(key))
        if key == "not":
            parts.append(Not(read_condition(value, about, here, depth + 1)))
        elif key in _JOINED:
            if not isinstance(value, list) or not value:
                raise RuleProblem(f"{key} joins conditions: write a list of them", here)
            joined = (read_condition(one, about, (*here, i), depth + 1) for i, one in enumerate(value))
            parts.append(_JOINED[key](tuple(joined)))
        else:
            fact = fact_of(key, about, here)
            parts.append(Test(fact, _matcher(fact, value, here), shown(value)))
    return Every(tuple(parts))


def fact_of(name: object, about: About, path: Path) -> Fact:
    """Return a fact by its name.

    Args:
        name: as the file has it.
        about: decides which facts there are.
        path: where it is, for messages.

    Returns:
        The fact.

    Raises:
        RuleProblem: there is none; the message has the closest one.
    """
    facts = FACTS[about]
    if isinstance(name, str) and name in facts:
        return facts[name]
    word = printable(str(name), 60)
    elsewhere = [other.value for other, known in FACTS.items() if word in known and other is not about]
    hint = f" It is a fact about {' or '.join(elsewhere)}." if elsewhere else did_you_mean(word, facts)
    known = "" if hint else f" There are {', '.join(facts)}."
    raise RuleProblem(f"there is no fact {word!r} about {about.value}.{hint}{known}", path)


def read_value(fact: Fact, given: Any, path: Path) -> Value:
    """Read the value of a fact in an example.

    Args:
        fact: the fact.
        given: as the file has it.
        path: where it is, for messages.

    Returns:
        The value.

    Raises:
        RuleProblem: the fact cannot have it.
    """
    match fact.kind:
        case Kind.YES_NO if isinstance(given, bool):
            return given
        case Kind.NUMBER if type(given) is int:
            return given
        case Kind.DAY if (day := _day(given)) is not None:
            return day
        case Kind.WORD:
            return _word(fact, given, path)
        case Kind.TEXT if isinstance(given, str):
            return given[:MAX_TEXT]
        case Kind.LIST if isinstance(given, list) and all(isinstance(one, str) for one in given):
            return tuple(one[:MAX_TEXT] for one in given)
        case _:
            pass
    allowed = {
        Kind.YES_NO: "yes or no", Kind.NUMBER: "a whole number", Kind.DAY: "a day, as 2027-01-01", Kind.TEXT: "a text",
        Kind.LIST: "a list of texts",
    }[fact.kind]  # fmt: skip
    raise RuleProblem(f"{fact.name} is {allowed}, not {shown(given)}", path)


def _matcher(fact: Fact, given: Any, path: Path) -> Matcher:
    match fact.kind:
        case Kind.YES_NO if isinstance(given, bool):
            return OneOf((given,))
        case Kind.NUMBER | Kind.DAY:
            found = _compared(given, is_day=fact.kind is Kind.DAY)
            if found is not None:
                return found
        case Kind.WORD:
            words = given if isinstance(given, list) and given else [given]
            return OneOf(tuple(_word(fact, word, path) for word in words))
        case Kind.TEXT if (globs := _globs(given)) is not None:
            return globs
        case Kind.LIST:
            return _members(fact, given, path)
        case _:
            pass
    raise RuleProblem(f"{fact.name}: write {fact.kind.value}, not {shown(given)}", path)


def _members(fact: Fact, given: Any, path: Path) -> Members:
    if not isinstance(given, dict):
        globs = _globs(given)
        if globs is None:
            raise RuleProblem(f"{fact.name}: write {fact.kind.value}, not {shown(given)}", path)
        return Members(has=globs)
    found: dict[str, Any] = {}
    for key, value in given.items():
        here = (*path, str(key))
        if key not in _LISTS:
            word = printable(str(key), 60)
            raise RuleProblem(f"a list can be asked for {', '.join(_LISTS)}, not for {word!r}", here)
        found[key] = _compared(value, is_day=False) if key == "count" else _globs(value)
        if found[key] is None:
            wanted = Kind.NUMBER.value if key == "count" else Kind.TEXT.value
            raise RuleProblem(f"{key}: write {wanted}, not {shown(value)}", here)
    if not found:
        raise RuleProblem(f"{fact.name}: write at least one of {', '.join(_LISTS)}", path)
    return Members(**found)


def _globs(given: Any) -> Alike | None:
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and len(text) <= MAX_GLOB for text in texts):
        return None
    return Alike(tuple(Glob(text) for text in texts))


def _compared(given: Any, *, is_day: bool) -> Compared | OneOf | None:
    if not is_day and type(given) is int:
        return OneOf((given,))
    if not is_day and isinstance(given, list) and given and all(type(one) is int for one in given):
        return OneOf(tuple(given))
    found = _COMPARISON.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None or found[1] not in OPERATORS:
        return None
    day = _day(found[2])
    if is_day:
        return Compared(found[1], day) if day is not None else None
    return Compared(found[1], int(found[2])) if found[2].lstrip("-").isdigit() else None


def _day(given: Any) -> date | None:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        return date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
    except ValueError:
        return None


def _word(fact: Fact, given: Any, path: Path) -> str:
    known = {word.casefold(): word for word in fact.words}
    word = known.get(given.casefold()) if isinstance(given, str) else None
    if word is None:
        meant = did_you_mean(given, fact.words) if isinstance(given, str) else ""
        raise RuleProblem(f"{fact.name} is one of {', '.join(fact.words)}, not {shown(given)}.{meant}", path)
    return word


def shown(given: Any) -> str:
    """Return a value as the file has it."""
    match given:
        case bool():
            return "yes" if given else "no"
        case None:
            return "nothing"
        case list():
            return printable(f"[{', '.join(map(shown, given))}]", 120)
        case dict():
            return printable(f"{{{', '.join(f'{key}: {shown(value)}' for key, value in given.items())}}}", 120)
        case int() if abs(given) > 10**15:
            return "a number of many digits"
        case _:
            return printable(str(given), 120)
