"""Checks answers to exercises with the engine's own findings; never raises, whatever the answer is."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.text import counted
from pkikit.values.names import is_ip_address, parse_dns_name, printable

_MOST_LINES = 200
_MARKS = ",;"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Right or not, with one line per name that is missing, not needed or not a name at all.

    empty: nothing was answered, which does not count as a try. help: hints, after wrong answers.
    """

    right: bool
    lines: tuple[str, ...]
    empty: bool = False
    help: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n".join((*self.lines, *self.help))


def no_answer(how: str) -> Answer:
    """Return the answer to nothing: how to answer, in one line."""
    return Answer(right=False, empty=True, lines=(f"No answer yet: {how}",))


def check_sans(answer: object, layout: SanLayout) -> Answer:
    """Compare a learner's list of SANs with the layout of a peer."""
    return check_names(
        answer,
        {entry.value: entry.reason for entry in layout.entries},
        right=f"These are the {counted(len(layout.entries), 'name')} of {layout.owner}.",
    )


def check_names(answer: object, wanted: Mapping[str, str], *, right: str) -> Answer:
    """Compare a learner's list of names with the required ones, each with the reason to show if it is missing."""
    given = _items(answer)
    if given is None:
        return Answer(right=False, lines=("Write the names as a list, as in ['a.example.com', 'b.example.com'].",))
    if not given:
        return no_answer("write one name per line, for example `host.example.com`.")
    found: set[str] = set()
    lines: list[str] = []
    for item in given:
        try:
            found.add(_name(item))
        except InputError as error:
            lines.append(f"✘ {error.message}")
    good = [f"✔ {name}" for name in wanted if name in found]
    lines += [
        f"✘ Not needed: {printable(name)}.{_meant(name, wanted, found)}" for name in sorted(found - wanted.keys())
    ]
    missing = [reason for name, reason in wanted.items() if name not in found]
    if not lines and not missing:
        return Answer(right=True, lines=(f"✔ Right: {right}",))
    if missing:
        lines.append(f"✘ You are still missing {counted(len(missing), 'name')}.")
    for reason, times in Counter(missing).items():
        which = "the name that covers" if times == 1 else f"{times} names that cover"
        lines.append(f'✘ Missing: {which} "{reason}".')
    return Answer(right=False, lines=(*good, *lines))


def _name(text: str) -> str:
    """Return one name in its usual spelling; raises InputError with what is wrong with the line."""
    item = text.strip()
    if any(mark in item for mark in _MARKS) or len(item.split()) > 1:
        raise InputError(f"{printable(item, 80)}: write one name per line.")
    if "*" in item:
        raise InputError(f"{printable(item, 80)}: Expressway does not support wildcards (names.wildcard-unsupported).")
    if is_ip_address(item):
        raise InputError(f"{printable(item, 80)}: an IP address is not a DNS name.")
    return parse_dns_name(item)


def _meant(name: str, wanted: Mapping[str, str], found: Collection[str]) -> str:
    near = difflib.get_close_matches(name, [w for w in wanted if w not in found], n=1, cutoff=0.9)
    return f" Did you mean {near[0]}?" if near else ""


def check_choice(
    answer: object,
    options: Mapping[str, str],
    *,
    right: Collection[str],
    because: str,
    labels: Mapping[str, str] | None = None,
) -> Answer:
    """Compare a learner's choice among options (each wrong one with its reason) with the right ones."""
    given = _items(answer)
    if given is None:
        return Answer(right=False, lines=(f"Write a list of these: {', '.join(options)}.",))
    if not given:
        return no_answer(f"choose from {', '.join(options)}.")
    chosen = set(given)
    unknown = sorted(chosen - options.keys())
    lines = [f'✘ "{printable(word, 80)}" is not one of the choices: {", ".join(options)}.' for word in unknown[:20]]
    shown = {key: key for key in options} | dict(labels or {})
    lines += [f"✘ {shown[key]}: {options[key]}" for key in options if key in chosen and key not in right]
    missing = len(set(right) - chosen)
    if missing and not unknown and (len(right) > 1 or not lines):
        lines.append(f"✘ You are still missing {counted(missing, 'answer')}.")
    return Answer(right=False, lines=tuple(lines)) if lines else Answer(right=True, lines=(f"✔ Right: {because}",))


def _items(answer: object, read: Callable[[str], str] = str) -> list[str] | None:
    """Return the answer's items as texts, bounded; None if the answer is not a list."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    if not isinstance(answer, list | tuple | set | frozenset):
        return None
    items = [read(str(item)[:1000]).strip() for item in list(answer)[:_MOST_LINES]]
    return list(dict.fromkeys(item for item in items if item))


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
