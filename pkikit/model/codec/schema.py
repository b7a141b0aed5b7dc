"""From a dataclass to a `pydantic` schema: every field, by its type. No value class knows of it."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import GetCoreSchemaHandler, WrapSerializer
from pydantic_core import core_schema
from pydantic_core.core_schema import CoreSchema

from pkikit.model.codec.leaves import KEY_KINDS, LEAVES, PRIVATE_KEY
from pkikit.model.codec.problems import refuse
from pkikit.model.findings import IN_DOCUMENTS

_SORTED = WrapSerializer(lambda value, write: sorted(write(value)))
_AS_DICT = WrapSerializer(lambda value, write: write(dict(value)))
# The key that says which of several dataclasses an object is.
KIND = "kind"


def document_type(
    hint: Any,
    leaves: Mapping[Any, Any] = LEAVES,
    *,
    flat: Mapping[type, str] | None = None,
    ignore_unknown: bool = False,
) -> Any:
    """Return the type that `pydantic` can read and write in the place of `hint`.

    Args:
        hint: a type of a value: a dataclass, a container, a leaf.
        leaves: what replaces types that JSON lacks, by type.
        flat: for a dataclass, the field whose members are written beside its own instead of below it.
        ignore_unknown: ignore keys that are not fields, instead of refusing them.

    Returns:
        The type.
    """

    def stored(hint: Any) -> Any:
        if hint in leaves:
            return leaves[hint]
        if is_dataclass(hint) and isinstance(hint, type):
            return Annotated[hint, _Fields(stored, (flat or {}).get(hint), ignore_unknown=ignore_unknown)]
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in {Union, types.UnionType}:
            return _union(arguments, stored)
        if origin in {frozenset, set}:
            return Annotated[origin[stored(arguments[0])], _SORTED]
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            key = arguments[0]  # a key of an object is a text, so a number is read from it
            return Annotated[dict[key, stored(arguments[1])], _AS_DICT]  # type: ignore[valid-type,misc]
        if origin is tuple:
            return tuple[tuple(a if a is ... else stored(a) for a in arguments)]  # type: ignore[misc]
        return hint

    return stored(hint)


def _union(arguments: tuple[Any, ...], stored: Callable[[Any], Any]) -> Any:
    left = set(arguments)
    kinds = tuple(a for a in arguments if is_dataclass(a))
    found: list[Any] = []
    if left >= KEY_KINDS:
        left -= KEY_KINDS
        found.append(PRIVATE_KEY)
    if len(kinds) > 1:
        left -= set(kinds)
        found.append(Annotated[Any, _Tagged(kinds, stored)])
    found += [stored(a) for a in arguments if a in left]
    return Union[tuple(found)]  # noqa: UP007  # the members are known only here


def _require_object(value: Any, names: tuple[str, ...]) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise refuse(f"must be an object with {', '.join(names) or 'nothing in it'}")
    return value


def _known_keys(names: tuple[str, ...], *, tagged: bool, ignore_unknown: bool) -> Callable[[Any], Any]:
    """A validator that refuses keys which are not fields, and names those that are."""

    def check(value: Any) -> Any:
        members = _require_object(value, names)
        given = {k: v for k, v in members.items() if (k in names if ignore_unknown else not (tagged and k == KIND))}
        unknown = next((k for k in given if k not in names), None)
        if unknown is not None:
            raise refuse(f"{str(unknown)[:60]!r} is not known; allowed are {', '.join(names)}")
        return given

    return check


class _Fields:
    """The schema of one dataclass."""

    def __init__(
        self,
        stored: Callable[[Any], Any],
        flat: str | None = None,
        *,
        tagged: bool = False,
        ignore_unknown: bool = False,
    ) -> None:
        """flat: the field whose members are written beside the others. tagged: the object has the key `kind`, too."""
        self._stored, self._flat, self._tagged, self._ignore_unknown = stored, flat, tagged, ignore_unknown

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        hints = get_type_hints(source)
        listed = []
        for field in fields(source):
            schema = handler.generate_schema(self._stored(hints[field.name]))
            if field.default is not MISSING:
                schema = core_schema.with_default_schema(schema, default=field.default)
            elif field.default_factory is not MISSING:
                schema = core_schema.with_default_schema(schema, default_factory=field.default_factory)
            alias = f"<{field.name}>" if field.name == self._flat else None
            written = field.metadata.get(IN_DOCUMENTS, True)
            listed.append(
                core_schema.dataclass_field(
                    field.name, schema, kw_only=True, validation_alias=alias, init=written,
                    serialization_exclude=not written,
                )
            )  # fmt: skip
        names = tuple(f.name for f in fields(source) if f.metadata.get(IN_DOCUMENTS, True))
        built = core_schema.dataclass_schema(
            source, core_schema.dataclass_args_schema(source.__name__, listed), list(names),
            post_init=hasattr(source, "__post_init__"),
        )  # fmt: skip
        if self._flat is not None:
            return self._flatten(built, tuple(n for n in names if n != self._flat))
        check = _known_keys(names, tagged=self._tagged, ignore_unknown=self._ignore_unknown)
        return core_schema.no_info_before_validator_function(check, built)

    def _flatten(self, built: CoreSchema, own: tuple[str, ...]) -> CoreSchema:
        """The members of one field beside the others."""
        flat = self._flat

        def split(value: Any) -> dict[str, Any]:
            members = _require_object(value, (*own, KIND))
            rest = {k: v for k, v in members.items() if k not in own}
            return {**{k: members[k] for k in own if k in members}, f"<{flat}>": rest}

        def merge(value: Any, write: Any) -> dict[str, Any]:
            written = write(value)
            rest = written.pop(flat)
            return {**written, **rest}

        return core_schema.no_info_before_validator_function(
            split, built, serialization=core_schema.wrap_serializer_function_ser_schema(merge, schema=built)
        )


class _Tagged:
    """The schema of one of several dataclasses; the key `kind` has the name of its class."""

    def __init__(self, kinds: tuple[Any, ...], stored: Callable[[Any], Any]) -> None:
        self._kinds, self._stored = kinds, stored

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        names = tuple(kind.__name__ for kind in self._kinds)
        choices = {
            f"<{kind.__name__}>": handler.generate_schema(Annotated[kind, _Fields(self._stored, tagged=True)])
            for kind in self._kinds
        }

        def choose(value: Any) -> str:
            if not isinstance(value, dict):
                return f"<{type(value).__name__}>"  # a value that is written
            return f"<{value.get(KIND)}>"

        def check(value: Any) -> Any:
            kind = _require_object(value, (KIND,)).get(KIND)
            if kind not in names:
                raise refuse(f"has no known kind; there are {', '.join(names)}")
            return value

        def write(value: Any, inner: Any) -> dict[str, Any]:
            return {KIND: type(value).__name__, **inner(value)}

        union = core_schema.tagged_union_schema(choices, choose)
        return core_schema.no_info_before_validator_function(
            check, union, serialization=core_schema.wrap_serializer_function_ser_schema(write, schema=union)
        )
