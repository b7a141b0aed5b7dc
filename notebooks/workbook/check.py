"""Exercises answer with findings of the same engine, never with a traceback, whatever the answer is."""

from __future__ import annotations

from dataclasses import dataclass

from pkikit.design.san import SanLayout
from pkikit.errors import InputError
from pkikit.model.names import parse_dns_name, printable


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Right or not, with one line per name that is missing, needless or no name at all."""

    right: bool
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)


def check_sans(answer: object, layout: SanLayout) -> Answer:
    """Compare a learner's list of SANs with the layout of a peer."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    if not isinstance(answer, list | tuple | set | frozenset):
        return Answer(right=False, lines=("Write the names as a list, as in ['a.example.com', 'b.example.com'].",))
    lines: list[str] = []
    given: set[str] = set()
    for item in list(answer)[:200]:
        try:
            given.add(parse_dns_name(str(item)))
        except InputError as error:
            lines.append(f"✘ {error.message}")
    wanted = {entry.value: entry for entry in layout.entries}
    for name, entry in wanted.items():
        if name not in given:
            lines.append(f"✘ missing: a name for this reason: {entry.reason} ({entry.rule})")
    lines += [
        f"✘ needless: {printable(name)} is nothing that {layout.owner} needs" for name in sorted(given - wanted.keys())
    ]
    if not lines:
        return Answer(right=True, lines=(f"✔ right: these are the {len(wanted)} names of {layout.owner}",))
    return Answer(right=False, lines=tuple(lines))
