"""One sentence for what is wrong with a document: where, and what is allowed. It never repeats a value: that may be a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic
from pydantic_core import PydanticCustomError

from pkikit.errors import InputError
from pkikit.text import printable

_LONGEST_PLACE = 200
_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be a text",
    "string_unicode": "must be a text of Unicode characters",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "is neither true nor false",
    "bool_parsing": "must be on or off",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be an object",
    "mapping_type": "must be an object",
    "model_type": "must be an object",
}


def refuse(sentence: str) -> PydanticCustomError:
    """Return the error that our validators raise: one sentence, without the value."""
    return PydanticCustomError("ours", "{sentence}", {"sentence": sentence})


def problem_of(error: pydantic.ValidationError) -> tuple[str, str]:
    """Return (where in the document, what is wrong) of the first error. An unknown key comes before a missing one."""
    errors = error.errors(include_url=False, include_input=False)
    first: Any = min(errors, key=lambda e: e["type"] != "ours")
    return place_of(first["loc"]), _sentence(first)


_ModelT = TypeVar("_ModelT", bound=pydantic.BaseModel)


def validate_as(model: type[_ModelT], values: Mapping[str, Any]) -> _ModelT:
    """Return values from outside as a model.

    Args:
        model: the pydantic model.
        values: the values by name.

    Returns:
        The model.

    Raises:
        InputError: a value is wrong; the message names the first one.
    """
    unknown = next((name for name in values if name not in model.model_fields), None)
    if unknown is not None:
        allowed = ", ".join(model.model_fields) or "none"
        raise InputError(f"{printable(str(unknown), 60)!r} is not known; allowed are {allowed}")
    try:
        return model.model_validate(values)
    except pydantic.ValidationError as error:
        place, sentence = problem_of(error)
        raise InputError(sentence, where=place) from None


def sentence_of(error: pydantic.ValidationError) -> str:
    """Return the first error as one sentence."""
    place, sentence = problem_of(error)
    return f"{place}: {sentence}" if place else sentence


def place_of(parts: tuple[str | int, ...]) -> str:
    """Return a place such as `steps[3].name`. Parts in angle brackets belong to our schema, not to the document."""
    place = ""
    for part in parts:
        if isinstance(part, int):
            place += f"[{part}]"
        elif not part.startswith("<"):
            place += f".{part}" if place else part
    return printable(place, _LONGEST_PLACE)


def _sentence(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in {"enum", "literal_error"}:
        return f"is not known; allowed are {_list(context['expected'])}"
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    message = str(context.get("error") or error["msg"])
    return printable(message if kind in {"ours", "value_error"} else message[:1].lower() + message[1:], 300)


def _list(expected: str) -> str:
    """Return "'a', 'b' or 'c'", as pydantic writes it, as "a, b, c"."""
    return expected.replace(" or ", ", ").replace("'", "")
