"""Words and numbers in names and texts: each gets another one, the same everywhere; case, digits and order stay."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib.resources import files

from pkikit.anonymise.naming.known_words import KEPT
from pkikit.anonymise.naming.secret import Secret

TOKEN = re.compile(r"[^\W_]+")
_WORD_AND_NUMBER = re.compile(r"([^\W\d_]+)([0-9]*)\Z")
_NUMBER_AND_WORD = re.compile(r"([0-9]+)([^\W\d_]*)\Z")
WORD_LENGTH = 4  # shorter words tell nothing
_KEPT_DIGITS = 2  # the numbers of machines
_ACCENTS = str.maketrans("aeiou", "äéíöü")
_LOWER, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
_HEX = re.compile(r"(?=[0-9a-fA-F]*[0-9])[0-9a-fA-F]{8,}\Z")


def word_list() -> tuple[str, ...]:
    """Return the words that take the place of others: plants, animals and things."""
    return tuple((files("pkikit.anonymise.naming") / "words.txt").read_text(encoding="utf-8").split())


class Tokens:
    """Which word takes the place of which. Different words get different ones, whatever their case."""

    def __init__(self, secret: Secret, avoid: Collection[str] = (), shorter: int = 0) -> None:
        """Prepare the words.

        Args:
            secret: makes the choices.
            avoid: words of the originals, in lower case: none of them becomes a new word.
            shorter: choose words that are shorter than the originals by so many letters, because a limit requires it.
        """
        self._secret, self._shorter = secret, shorter
        taken = {*avoid, *KEPT}
        parts = [word for word in avoid if len(word) >= WORD_LENGTH]
        self._free = [w for w in word_list() if w not in taken and not any(part in w for part in parts)]
        self._parts = tuple(self._free)
        self._taken = set(taken)
        self._words: dict[str, str] = {}
        self._opaque: dict[str, str] = {}

    def text(self, text: str, *, keep: bool = True) -> str:
        """Return a text with other words and numbers; everything between them stays.

        Args:
            text: the original.
            keep: words of the product and of certificates stay.

        Returns:
            The new text.
        """
        return TOKEN.sub(lambda found: self.token(found[0], keep=keep), text)

    def token(self, token: str, *, keep: bool = True) -> str:
        """Return what takes the place of one run of letters and digits."""
        if keep and token.lower() in KEPT:
            return token
        if _HEX.match(token):
            return self._other_characters(token)
        if found := _WORD_AND_NUMBER.match(token):
            return self._word(found[1], keep=keep) + self._number(found[2])
        if found := _NUMBER_AND_WORD.match(token):
            return self._number(found[1]) + (self._word(found[2], keep=keep) if found[2] else "")
        return self._other_characters(token)

    def _word(self, word: str, *, keep: bool) -> str:
        lower = word.lower()
        if keep and (len(word) == 1 or lower in KEPT):
            return word
        if lower not in self._words:
            self._words[lower] = self._chosen(lower)
        return _in_case_of(word, self._words[lower])

    def _chosen(self, word: str) -> str:
        """Return a free word of about that length; two or more together if it is long, or if none is left."""
        wanted, number = max(2, len(word) - self._shorter), 0
        while True:
            found = self._of_length(word, wanted, number)
            found = found if word.isascii() else _accented(found)
            if found not in self._taken:
                self._taken.add(found)
                if found in self._free:
                    self._free.remove(found)
                return found
            number += 1

    def _of_length(self, word: str, wanted: int, number: int) -> str:
        original = f"{word}|{number}".encode()
        if wanted < 4 and self._shorter:
            return "".join(_LOWER[b % 26] for b in self._secret.data("letters", original, wanted + number // 50))
        if wanted <= 10 and self._free:
            distance = min(abs(len(free) - wanted) for free in self._free)
            near = [free for free in self._free if abs(len(free) - wanted) <= max(distance, min(number, 1))]
            return near[self._secret.number("word", original, len(near))]
        found = ""
        while len(found) < min(wanted, 60) - 2:
            left = max(3, min(wanted, 60) - len(found))
            distance = min(abs(min(len(word), 8) - left) for word in self._parts)
            near = [word for word in self._parts if abs(min(len(word), 8) - left) <= distance]
            found += near[self._secret.number(f"part {len(found)}", original, len(near))]
        return found

    def _number(self, digits: str) -> str:
        return digits if len(digits) <= _KEPT_DIGITS else self._other_characters(digits)

    def _other_characters(self, token: str) -> str:
        """Return other letters and digits in the same places: for identifiers that are not words."""
        if token.lower() not in self._opaque:
            known, number = set(self._opaque.values()), 0
            while (made := self._scrambled(token.lower(), number)) in known or made == token.lower():
                number += 1
            self._opaque[token.lower()] = made
        made = self._opaque[token.lower()]
        return "".join(new.upper() if old.isupper() else new for old, new in zip(token, made, strict=True))

    def _scrambled(self, token: str, number: int) -> str:
        chosen = self._secret.data("identifier", f"{token}|{number}".encode(), len(token))
        letters = "abcdef" if _HEX.match(token) else _LOWER
        made = []
        for place, (old, byte) in enumerate(zip(token, chosen, strict=True)):
            if old.isascii() and old.isdigit():
                made.append(_DIGITS[1 + byte % 9] if place == 0 and old != "0" else _DIGITS[byte % 10])
            else:
                made.append(letters[byte % len(letters)])
        return "".join(made)


def _accented(word: str) -> str:
    """Return a word with an accent on its first vowel, so that it is as little ASCII as the original."""
    place = next((i for i, letter in enumerate(word) if letter in "aeiou"), None)
    return f"{word}ö" if place is None else word[:place] + word[place].translate(_ACCENTS) + word[place + 1 :]


def _in_case_of(original: str, word: str) -> str:
    if original.isupper() and len(original) > 1:
        return word.upper()
    if original[:1].isupper():
        return word.capitalize()
    return word
