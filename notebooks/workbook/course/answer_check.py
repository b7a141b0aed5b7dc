"""Checks answers to exercises with the engine's own findings; never raises, whatever the answer is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.values.names import parse_dns_name, printable


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Right or not, with one line per name that is missing, superfluous or not a name at all."""

    right: bool
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def check_sans(answer: object, layout: SanLayout) -> Answer:
    """Compare a learner's list of SANs with the layout of a peer."""
    return check_names(
        answer,
        {entry.value: f"{entry.reason} ({entry.rule})" for entry in layout.entries},
        right=f"these are the {len(layout.entries)} names of {layout.owner}",
        needless=f"is nothing that {layout.owner} needs",
    )


def check_names(answer: object, wanted: Mapping[str, str], *, right: str, needless: str) -> Answer:
    """Compare a learner's list of names with the required ones, each with the reason to show if it is missing."""
    given, lines = _parse_items(answer, parse_dns_name)
    if given is None:
        return Answer(right=False, lines=("Write the names as a list, as in ['a.example.com', 'b.example.com'].",))
    lines += [f"✘ missing: a name for this reason: {reason}" for name, reason in wanted.items() if name not in given]
    lines += [f"✘ needless: {printable(name)} {needless}" for name in sorted(given - wanted.keys())]
    return Answer(right=False, lines=tuple(lines)) if lines else Answer(right=True, lines=(f"✔ right: {right}",))


def check_choice(answer: object, options: Mapping[str, str], *, right: Collection[str], because: str) -> Answer:
    """Compare a learner's choice among options (each wrong one with its explanation) with the right ones."""
    given, lines = _parse_items(answer, str)
    if given is None:
        return Answer(right=False, lines=(f"Write a list of these: {', '.join(options)}.",))
    unknown = sorted(given - options.keys())
    lines += [f"✘ {printable(word)} is none of {', '.join(options)}" for word in unknown[:20]]
    lines += [f"✘ {word}: {options[word]}" for word in options if word in given and word not in right]
    missing = len(set(right) - given)
    if missing:
        lines.append(f"✘ {missing} more belong there" if given else "✘ nothing is chosen yet")
    return Answer(right=False, lines=tuple(lines)) if lines else Answer(right=True, lines=(f"✔ right: {because}",))


def _parse_items(answer: object, read: Callable[[str], str]) -> tuple[set[str] | None, list[str]]:
    """Return (the answer's items, what cannot be read of it); None if the answer is not a list."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    if not isinstance(answer, list | tuple | set | frozenset):
        return None, []
    given: set[str] = set()
    lines: list[str] = []
    for item in list(answer)[:200]:
        try:
            given.add(read(str(item)[:1000]))
        except InputError as error:
            lines.append(f"✘ {error.message}")
    return given, lines


def pairs(answer: object) -> list[tuple[str, str]] | None:
    """Return the answer as (action, target) pairs, bounded; None if it is not a list of pairs."""
    if not isinstance(answer, list | tuple):
        return None
    if len(answer) == 2 and all(isinstance(part, str) for part in answer):
        answer = [answer]
    found = []
    for item in answer[:20]:
        if not isinstance(item, list | tuple) or len(item) != 2:
            return None
        found.append((str(item[0])[:200], str(item[1])[:200]))
    return found
