"""Compute a value of an object once and keep it while the object is in use."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

_H = TypeVar("_H")
_V = TypeVar("_V")
MOST = 256  # objects that one function keeps


def once_per_object(function: Callable[[_H], _V]) -> Callable[[_H], _V]:
    """Keep the result of a function for the last few hundred objects that it was called with.

    Objects are told apart by identity. `lru_cache` computes the hash of its argument, and hashing a certificate takes an
    eighth of the time of parsing it: too much for a value that every rule asks for.
    """
    kept: dict[int, tuple[_H, _V]] = {}

    @wraps(function)
    def remembered(holder: _H) -> _V:
        entry = kept.get(id(holder))
        # The object is kept with its value, so no other object can have its id meanwhile.
        if entry is not None and entry[0] is holder:
            return entry[1]
        value = function(holder)
        if len(kept) >= MOST:
            kept.clear()
        kept[id(holder)] = (holder, value)
        return value

    return remembered
