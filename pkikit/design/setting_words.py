"""The words of `xConfiguration` values and what they mean in a deployment file: one place for both directions."""

from __future__ import annotations

from typing import Any

from pkikit.model.tables.product_settings import ON_OFF, Setting

_FALLBACK = {"not-revoked": "Ignore", "revoked": "Fail"}
_ON = {"on": True, "off": False}


def word_of(value: Any) -> str:
    """Return a value of the deployment file as the product writes it."""
    if isinstance(value, bool):
        return "On" if value else "Off"
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else _FALLBACK.get(value, str(value))


def switch_of(word: str) -> bool | None:
    """Return what `On` and `Off` mean, in any case; None for another word."""
    return _ON.get(word.strip().lower())


def value_of(setting: Setting, word: str) -> Any:
    """Return what a word means in the deployment file: the reverse of `word_of`.

    Args:
        setting: a setting that a key of the deployment file decides.
        word: its value as the product writes it.

    Returns:
        The value for the deployment file; None for an empty text.

    Raises:
        ValueError: the setting does not have this value.
    """
    word = word.strip()
    if setting.allowed == ON_OFF:
        switch = switch_of(word)
        if switch is None:
            raise ValueError(word)
        return switch
    by_word = {written.lower(): value for value, written in _FALLBACK.items()}
    if setting.allowed == "/".join(_FALLBACK.values()):
        if word.lower() not in by_word:
            raise ValueError(word)
        return by_word[word.lower()]
    first, dots, last = setting.allowed.partition("..")
    if dots and first.isdigit():
        if not (word.isascii() and word.isdigit() and int(first) <= int(word[:9]) <= int(last)):
            raise ValueError(word)
        return int(word)
    if "," in setting.allowed and not setting.allowed.startswith("S:"):
        names = tuple(name.strip() for name in word.split(",") if name.strip())
        if not names or set(names) - set(setting.allowed.split(",")):
            raise ValueError(word)
        return names
    return word or None
