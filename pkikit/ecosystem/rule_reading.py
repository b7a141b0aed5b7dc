"""Read rules strictly: an unknown key, a step out of order, an overlap or a missing source is an error with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pkikit.ecosystem.ecosystem_rule import Audience, EcosystemRule, Source, State, Step, Subject, Unit, Value
from pkikit.errors import InputError
from pkikit.text import did_you_mean, listed, printable

YEARS = range(1995, 2101)  # outside of these a date is a typing mistake
_MOST_RULES, _MOST_STEPS, _LONGEST = 500, 60, 600
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RULE = ("id", "title", "says", "short", "decides", "concerns", "unit", "source", "guess", "steps")
_STEP = ("from", "until", "value", "says", "short", "source", "guess")
_SOURCE = ("document", "section", "url", "via")


def rules_of(data: object, *, where: str, sources: Mapping[str, Source] | None = None) -> tuple[EcosystemRule, ...]:
    """Read the rules of one file.

    Args:
        data: what the YAML says: `about`, `rules`, and `sources` that rules name.
        where: the file, for messages.
        sources: further sources that rules may name.

    Returns:
        The rules, in the order of the file.

    Raises:
        InputError: the first mistake: the rule, what is wrong and what is allowed.
    """
    top = fields_of(data, ("about", "sources", "rules"), ("about", "rules"), where)
    subject = _choice(top["about"], Subject, f"{where}: about")
    known = {**(sources or {}), **sources_of(top.get("sources"), where)}
    entries = _bounded_list(top["rules"], _MOST_RULES, f"{where}: rules")
    found = [_rule(entry, subject, known, where=where, number=number) for number, entry in enumerate(entries, start=1)]
    seen: set[str] = set()
    for rule in found:
        if rule.id in seen:
            raise InputError("there are two rules with this id", where=f"{where}: rule {rule.id}")
        seen.add(rule.id)
    return tuple(found)


def _rule(entry: object, subject: Subject, known: Mapping[str, Source], *, where: str, number: int) -> EcosystemRule:
    place = f"{where}: rule {number}"
    fields = fields_of(entry, _RULE, ("id", "title", "decides", "concerns", "unit", "steps"), place)
    name = text_of(fields["id"], f"{place}: id")
    if not _ID.fullmatch(name):
        raise InputError("an id has lower-case letters, digits and single hyphens", where=f"{place}: id")
    place = f"{where}: rule {name}"
    unit = _choice(fields["unit"], Unit, f"{place}: unit")
    steps = _bounded_list(fields["steps"], _MOST_STEPS, f"{place}: steps")
    rule = EcosystemRule(
        id=name,
        subject=subject,
        title=text_of(fields["title"], f"{place}: title"),
        decides=text_of(fields["decides"], f"{place}: decides"),
        audience=_choice(fields["concerns"], Audience, f"{place}: concerns"),
        unit=unit,
        steps=tuple(_step(s, fields, unit, known, f"{place}: step {n}") for n, s in enumerate(steps, start=1)),
    )
    if not rule.steps:
        raise InputError("has no steps: give at least one", where=place)
    for earlier, later in zip(rule.steps, rule.steps[1:], strict=False):
        if later.begins <= earlier.begins:
            said = f"the step from {later.begins:%Y-%m-%d} comes behind the one from {earlier.begins:%Y-%m-%d}"
            raise InputError(f"{said}: put steps in order of time, one for each day", where=place)
        if earlier.ends is not None and earlier.ends > later.begins:
            said = f"the step until {earlier.ends:%Y-%m-%d} overlaps the one from {later.begins:%Y-%m-%d}"
            raise InputError(said, where=place)
    return rule


def _step(entry: object, rule: Mapping[str, Any], unit: Unit, known: Mapping[str, Source], place: str) -> Step:
    fields = fields_of(entry, _STEP, ("from", "value"), place)
    begins = _day(fields["from"], f"{place}: from")
    ends = _day(fields["until"], f"{place}: until") if "until" in fields else None
    if ends is not None and ends <= begins:
        raise InputError("until is not later than from", where=place)
    value = _value(fields["value"], unit, f"{place}: value")
    own = {key for key in ("source", "guess") if key in fields}
    source, guess = origin_of(fields if own else rule, known, place)
    says = fields.get("says", rule.get("says"))
    if says is None:
        raise InputError("says is missing, here and at the rule", where=place)
    return Step(
        begins=begins,
        ends=ends,
        value=value,
        says=text_of(says, f"{place}: says").replace("{value}", _in_words(value, unit)),
        short=text_of(fields.get("short", rule.get("short", "")), f"{place}: short", empty=True)
        .replace("{value}", _in_words(value, unit)),
        source=source,
        guess=guess,
    )  # fmt: skip


def origin_of(fields: Mapping[str, Any], known: Mapping[str, Source], place: str) -> tuple[Source | None, str]:
    """Read where a fact is from.

    Args:
        fields: an entry with `source` or `guess`.
        known: the sources that it may name.
        place: the entry, for messages.

    Returns:
        (the source, the reason of a guess): one of them.

    Raises:
        InputError: both, none, or one that cannot be read.
    """
    source, guess = fields.get("source"), fields.get("guess")
    if (source is None) == (guess is None):
        raise InputError("give a source, or guess: the reason why there is none; not both", where=place)
    if source is not None:
        return _source(source, known, f"{place}: source"), ""
    return None, text_of(guess, f"{place}: guess")


def sources_of(found: object, where: str) -> dict[str, Source]:
    """Read the sources that entries of a file name.

    Args:
        found: name to source; None if the file has none.
        where: the file, for messages.

    Returns:
        The sources by name.

    Raises:
        InputError: the first mistake.
    """
    entries = _any_mapping(found if found is not None else {}, f"{where}: sources")
    return {name: _source(entry, {}, f"{where}: source {printable(name, 60)}") for name, entry in entries.items()}


def _in_words(value: Value, unit: Unit) -> str:
    return str(value) if unit is Unit.STATE else f"{value} {unit}"


def _value(found: object, unit: Unit, place: str) -> Value:
    if unit is Unit.STATE:
        return str(_choice(found, State, place).value)
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= 100_000:
        raise InputError(f"write a whole number of {unit}, 1 to 100000", where=place)
    return found


def _source(entry: object, known: Mapping[str, Source], place: str) -> Source:
    if isinstance(entry, str):
        if entry in known:
            return known[entry]
        there = listed(sorted(known), at_most=12) or "none"
        raise InputError(
            f"no source {printable(entry, 60)!r}: there are {there}.{did_you_mean(entry, known)}", where=place
        )
    if isinstance(entry, Mapping) and "of" in entry:  # a section of a source that several rules name
        fields = fields_of(entry, ("of", "section"), ("of", "section"), place)
        whole = _source(text_of(fields["of"], f"{place}: of"), known, place)
        return Source(
            document=whole.document,
            section=text_of(fields["section"], f"{place}: section"),
            url=whole.url,
            via=whole.via,
        )
    fields = fields_of(entry, _SOURCE, ("document",), place)
    url = text_of(fields.get("url", ""), f"{place}: url", empty=True)
    if url and not url.startswith(("https://", "http://")):
        raise InputError("an address begins with https://", where=place)
    return Source(
        document=text_of(fields["document"], f"{place}: document"),
        section=text_of(fields.get("section", ""), f"{place}: section", empty=True),
        url=url,
        via=text_of(fields.get("via", ""), f"{place}: via", empty=True),
    )


def fields_of(found: object, allowed: tuple[str, ...], needed: tuple[str, ...], place: str) -> Mapping[str, Any]:
    """Read keys with values.

    Args:
        found: what should be a mapping.
        allowed: the keys that are known.
        needed: those that must be there.
        place: where it is, for messages.

    Returns:
        The mapping.

    Raises:
        InputError: another value, an unknown key, or a missing one.
    """
    fields = _any_mapping(found, place)
    for key in fields:
        if key not in allowed:
            said = f"{printable(key, 60)!r} is not known: there are {', '.join(allowed)}"
            raise InputError(f"{said}.{did_you_mean(key, allowed)}", where=place)
    missing = [key for key in needed if key not in fields]
    if missing:
        raise InputError(f"{listed(missing)} {'are' if missing[1:] else 'is'} missing", where=place)
    return fields


def _any_mapping(found: object, place: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping) or not all(isinstance(key, str) for key in found):
        raise InputError("write keys with values (key: value)", where=place)
    return found


def list_of(found: object, place: str, most: int = _MOST_RULES) -> list[object]:
    """Return a list, or raise `InputError` with its place."""
    return _bounded_list(found, most, place)


def _bounded_list(found: object, most: int, place: str) -> list[object]:
    if not isinstance(found, list):
        raise InputError("write a list (- …)", where=place)
    if len(found) > most:
        raise InputError(f"has {len(found)} entries: {most} are allowed", where=place)
    return found


def text_of(found: object, place: str, *, empty: bool = False) -> str:
    """Read a text and join its lines.

    Args:
        found: what should be a text.
        place: where it is, for messages.
        empty: it may be empty.

    Returns:
        The text.

    Raises:
        InputError: another value, an empty one, or one that is too long.
    """
    if not isinstance(found, str) or (not found.strip() and not empty):
        raise InputError("write a text", where=place)
    if len(found) > _LONGEST:
        raise InputError(f"has {len(found)} characters: {_LONGEST} are allowed", where=place)
    return " ".join(found.split())


def _choice(found: object, kind: Any, place: str) -> Any:
    known = [member.value for member in kind]
    if found not in known:
        said = f"{printable(str(found), 60)!r} is not known: there are {', '.join(known)}"
        raise InputError(f"{said}.{did_you_mean(str(found)[:60], known)}", where=place)
    return kind(found)


def _day(found: object, place: str) -> datetime:
    if isinstance(found, datetime) or not isinstance(found, date):
        raise InputError("write a day, as 2027-03-15", where=place)
    if found.year not in YEARS:
        raise InputError(f"the year {found.year} is outside {YEARS[0]} to {YEARS[-1]}", where=place)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
