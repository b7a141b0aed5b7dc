"""The values of an audit without classes: what JSON and Arrow take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any


def plain(value: Any, instant: Callable[[datetime], Any]) -> Any:
    """Return a value without classes: dataclasses are objects, tuples are lists, members of an enum are their values.

    Args:
        value: a value of a record.
        instant: how a time is written.

    Returns:
        The value.
    """
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain(item, instant) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: plain(getattr(value, field.name), instant) for field in fields(value)}
    return value
