"""Compute a value of an object once and keep it while the object is in use."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Generic, Self, TypeVar, overload

_H = TypeVar("_H")
_V = TypeVar("_V")
MOST = 1024  # objects that one function keeps


def once_per_object(function: Callable[[_H], _V]) -> Callable[[_H], _V]:
    """Keep the result of a function for the objects that it was last called with; `MOST` of them at most.

    Objects are compared by identity. `lru_cache` computes the hash of its argument, and hashing a certificate takes an
    eighth of the time of parsing it: too much for a value that every rule asks for.
    """
    # Two halves: when the newer is full, it becomes the older, and what was in the older and not asked for is forgotten.
    newer: dict[int, tuple[_H, _V]] = {}
    older: dict[int, tuple[_H, _V]] = {}

    @wraps(function)
    def call(holder: _H) -> _V:
        nonlocal newer, older
        entry = newer.get(id(holder))
        # The object is kept with its value, so no other object can have its id meanwhile.
        if entry is not None and entry[0] is holder:
            return entry[1]
        entry = older.get(id(holder))
        if entry is None or entry[0] is not holder:
            entry = (holder, function(holder))
        if len(newer) >= MOST // 2:
            newer, older = {}, newer
        newer[id(holder)] = entry
        return entry[1]

    return call


class lazy_property(Generic[_H, _V]):  # noqa: N801 (used as a decorator, as `property`)
    """A property that is computed when it is asked for first, and then an attribute of the object.

    As `functools.cached_property`, without its lock (Python 3.11): two threads may compute one value twice, to no harm.
    """

    def __init__(self, function: Callable[[_H], _V]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, holder: None, owner: type) -> Self: ...
    @overload
    def __get__(self, holder: _H, owner: type) -> _V: ...
    def __get__(self, holder: _H | None, owner: type) -> Self | _V:
        if holder is None:
            return self
        value = holder.__dict__[self._name] = self._function(holder)
        return value
