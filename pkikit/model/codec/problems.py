"""One sentence for what is wrong with a document: where, and what is allowed. It never repeats a value: that may be a key."""

from __future__ import annotations

from typing import Any

import pydantic
from pydantic_core import PydanticCustomError

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
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be an object",
    "mapping_type": "must be an object",
}


def refuse(sentence: str) -> PydanticCustomError:
    """The error that a validator of ours raises: one sentence, without the value."""
    return PydanticCustomError("ours", "{sentence}", {"sentence": sentence})


def problem_of(error: pydantic.ValidationError) -> tuple[str, str]:
    """(where in the document, what is wrong) of the first error. An unknown key comes before what it left missing."""
    errors = error.errors(include_url=False, include_input=False)
    first: Any = min(errors, key=lambda e: e["type"] != "ours")
    return place_of(first["loc"]), _sentence(first)


def sentence_of(error: pydantic.ValidationError) -> str:
    """The first error as one sentence."""
    place, sentence = problem_of(error)
    return f"{place}: {sentence}" if place else sentence


def place_of(parts: tuple[str | int, ...]) -> str:
    """`steps[3].name`. Parts in angle brackets are steps of our own schema that no document has."""
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
        return f"must be {context['expected']}"
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    message = str(context.get("error") or error["msg"])
    return printable(message if kind in {"ours", "value_error"} else message[:1].lower() + message[1:], 300)
