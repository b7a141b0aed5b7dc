"""Which row of the phrase table a text contains: an index by words, so that the cost does not grow with the table."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from pkikit.judge.phrases import PHRASES, Phrase
from pkikit.judge.rules.connection import UNEXPLAINED

_WORD = re.compile(r"[a-z0-9]+")
# Everything but letters and digits becomes a blank; much faster than the expression, for ASCII alone.
_SPLIT = str.maketrans({c: " " for c in map(chr, range(128)) if not c.isalnum()})
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})


def fold(text: str) -> str:
    """Lower case, plain quotes, single blanks, no blank around a field's value: the form that rows are written in."""
    lowered = " ".join(text.lower().translate(_QUOTES).split())
    if '"' in lowered and "=" in lowered:
        lowered = (
            lowered.replace(' = "', '="')
            .replace('= "', '="')
            .replace('=" ', '="')
            .replace(' " ', '" ')
            .removesuffix(' "')
        )
    return lowered


def words_of(lowered: str) -> list[str]:
    """The runs of ASCII letters and digits of a lower-case text."""
    return lowered.translate(_SPLIT).split() if lowered.isascii() else _WORD.findall(lowered)


def _weight(phrase: Phrase) -> int:
    return len(phrase.text) + sum(map(len, phrase.also))


class PhraseIndex:
    """Finds the rows that a text contains by one rare word of each row, then looks at those rows alone."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        rows = tuple(phrases)
        frequency = Counter(word for row in rows for word in set(words_of(row.text)))
        by_word: defaultdict[str, list[Phrase]] = defaultdict(list)
        for row in rows:
            if row.text:
                by_word[_anchor(row, frequency)].append(row)
        self._by_word = {word: tuple(listed) for word, listed in by_word.items()}
        self._by_alarm = {row.alarm: row for row in rows if row.alarm}
        self.anchors = frozenset(self._by_word)

    def may_match(self, lowered: str) -> bool:
        """False when no row can be in this lower-case line."""
        return not self.anchors.isdisjoint(words_of(lowered))

    def best(self, folded: str, *, only_any_level: bool = False) -> Phrase | None:
        """The row that says most about a folded text: one with a reason, exact before vague, then the longest."""
        found = [row for row in self._candidates(folded) if _holds(row, folded)]
        if only_any_level:
            found = [row for row in found if row.any_level]
        return max(found, key=lambda row: (row.rule != UNEXPLAINED, not row.vague, _weight(row)), default=None)

    def alarm(self, number: str) -> Phrase | None:
        """The row of an Expressway alarm, by its id."""
        return self._by_alarm.get(number)

    def _candidates(self, folded: str) -> Iterable[Phrase]:
        for word in self.anchors.intersection(words_of(folded)):
            yield from self._by_word[word]


def _anchor(row: Phrase, frequency: Counter[str]) -> str:
    """The word by which a row is found: rare, and not the first or last of several, which may be part of a longer word."""
    words = words_of(row.text)
    if not words:
        raise ValueError(f"the phrase {row.text!r} has no word of ASCII letters or digits")
    inner = words[1:-1] or words
    return min(inner, key=lambda word: (frequency[word], -len(word)))


def _holds(row: Phrase, folded: str) -> bool:
    return (
        row.text in folded
        and all(word in folded for word in row.also)
        and not any(word in folded for word in row.unless)
    )


@functools.cache
def index() -> PhraseIndex:
    """The index of the whole table."""
    return PhraseIndex(PHRASES)


@functools.lru_cache(maxsize=4096)
def best_phrase(folded: str, *, only_any_level: bool = False) -> Phrase | None:
    """`PhraseIndex.best` of the whole table; logs repeat their texts, so the last answers are kept."""
    return index().best(folded, only_any_level=only_any_level)
