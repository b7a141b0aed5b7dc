"""Find the row of the phrase table in a text, by an index of words, so that the cost does not grow with the table."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from pkikit.judge.phrases import PHRASES, Phrase
from pkikit.rules.connection_rules import UNEXPLAINED

# Every byte that is not an ASCII letter or digit becomes a blank: many times faster than a regular expression.
_SPLIT = bytes(c if chr(c).isascii() and chr(c).isalnum() else 32 for c in range(256))
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})
# Words of lines that report no failure.
_COMMON_WORDS = """
a action address alt an and any app are as at auth authentication call cert certificate certificates client closed
code common config connect connected connecting connection core could credential data database debug detail dns domain
dst edge eof error event expired expressway failed failure file for found from get got handshake has have host http
https id identity in info internal invalid ip is issuer it key level line local log message method module msg name
names network no not number of on openssl or peer port protocol read reason received record remote request required
response result return returned routines sent server service sip socket src ssl status step subject succeeded success
tcp the this thread time tls to trust type uds unknown url user utctime valid value verify version via warn warning
was web with write x509 zone
"""
_COMMON = frozenset(_COMMON_WORDS.encode().split())


def fold(text: str) -> str:
    """Fold a text into the form of the rows: lower case, plain quotes, single blanks, no blank around a field's value."""
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


def words_of(lowered: str) -> list[bytes]:
    """Return the runs of ASCII letters and digits of a lower-case text."""
    return lowered.encode("utf-8", "replace").translate(_SPLIT).split()


def _weight(phrase: Phrase) -> int:
    return len(phrase.text) + sum(map(len, phrase.also))


class PhraseIndex:
    """Finds the rows in a text by one rare word of each row, then looks at those rows only."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        rows = tuple(phrases)
        frequency = Counter(word for row in rows for word in set(words_of(row.text)))
        by_word: defaultdict[bytes, list[Phrase]] = defaultdict(list)
        for row in rows:
            if row.text:
                by_word[_anchor(row, frequency)].append(row)
        self._by_word = {word: tuple(listed) for word, listed in by_word.items()}
        self._by_alarm = {row.alarm: row for row in rows if row.alarm}
        self._anchors = frozenset(self._by_word)
        # A harmless row matters only where something else reports a failure.
        self._telling = self._words(lambda row: bool(row.rule) or row.success)
        self._any_level = self._words(lambda row: row.any_level)

    def _words(self, wanted: Callable[[Phrase], bool]) -> frozenset[bytes]:
        return frozenset(word for word, listed in self._by_word.items() if any(map(wanted, listed)))

    def may_match(self, lowered: str, *, only_any_level: bool = False, words: frozenset[bytes] = frozenset()) -> bool:
        """False when a lower-case line has no row that reports a failure or a success, and none of `words`.

        only_any_level: look only at rows that count at every log level.
        """
        found = words_of(lowered)
        wanted = self._any_level if only_any_level else self._telling
        return not (wanted.isdisjoint(found) and words.isdisjoint(found))

    def best(self, folded: str, *, only_any_level: bool = False) -> Phrase | None:
        """Return the most informative row in a folded text: one with a reason, exact before vague, then the longest."""
        found = [row for row in self._candidates(folded) if _holds(row, folded)]
        if only_any_level:
            found = [row for row in found if row.any_level]
        return max(found, key=lambda row: (row.rule != UNEXPLAINED.id, not row.vague, _weight(row)), default=None)

    def alarm(self, number: str) -> Phrase | None:
        """Return the row of an Expressway alarm, by its id."""
        return self._by_alarm.get(number)

    def _candidates(self, folded: str) -> Iterable[Phrase]:
        for word in self._anchors.intersection(words_of(folded)):
            yield from self._by_word[word]


def _anchor(row: Phrase, frequency: Counter[bytes]) -> bytes:
    """Choose the word by which the index finds a row: rare in the table and in logs, and preferably an inner one.

    Args:
        row: the row.
        frequency: how many rows have each word.

    Returns:
        The word.

    Raises:
        ValueError: the row has no word of ASCII letters or digits.
    """
    words = words_of(row.text)
    if not words:
        raise ValueError(f"the phrase {row.text!r} has no word of ASCII letters or digits")
    inner = frozenset(words[1:-1])

    def common(word: bytes) -> bool:
        return word in _COMMON or len(word) < 3 or (word.isdigit() and len(word) < 5)

    return min(words, key=lambda word: (common(word), frequency[word], word not in inner, -len(word)))


def _holds(row: Phrase, folded: str) -> bool:
    return (
        row.text in folded
        and all(word in folded for word in row.also)
        and not any(word in folded for word in row.unless)
    )


@functools.cache
def index() -> PhraseIndex:
    """Return the index of the whole table."""
    return PhraseIndex(PHRASES)


@functools.lru_cache(maxsize=4096)
def best_phrase(folded: str, *, only_any_level: bool = False) -> Phrase | None:
    """Call `PhraseIndex.best` on the whole table; logs repeat their texts, so this caches the last answers."""
    return index().best(folded, only_any_level=only_any_level)
