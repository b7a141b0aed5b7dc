"""Parameters of commands: help without Python's types, and no conversion of what stays text."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

# What typer prints for a type → what people read.
_TYPE = re.compile(r"<([^>]+)>")
_TYPES = {"path": "FILE", "int": "NUMBER", "int range": "NUMBER", "float": "NUMBER", "float range": "NUMBER"}


class Argument(TyperArgument):
    """An argument without Python's types in its help."""

    def get_usage_pieces(self, ctx: Any) -> list[str]:
        """Return `FILE`, `[FILE]` or `FILE...`."""
        name = self._plain
        return [name if self.required else f"[{name}]"]

    def get_help_record(self, ctx: Any) -> tuple[str, str] | None:
        """Return name and help."""
        record = super().get_help_record(ctx)
        return None if record is None else (self._plain, record[1])

    @property
    def _plain(self) -> str:
        name = (self.metavar or str(self.name).upper()).strip("[]")
        return name if self.nargs == 1 or name.endswith("...") else f"{name}..."

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return the value, converted only if it needs a conversion."""
        return _keep_typed(self, ctx, value) if _needs_no_conversion(self, value) else super().process_value(ctx, value)


class Option(TyperOption):
    """An option without Python's types in its help."""

    def get_help_record(self, ctx: Any) -> tuple[str, str] | None:
        """Return names and help."""
        record = super().get_help_record(ctx)
        return None if record is None else (_TYPE.sub(lambda m: _TYPES.get(m[1], "TEXT"), record[0]), record[1])

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return the value, converted only if it needs a conversion."""
        return _keep_typed(self, ctx, value) if _needs_no_conversion(self, value) else super().process_value(ctx, value)


def _needs_no_conversion(parameter: TyperArgument | TyperOption, value: Any) -> bool:
    """True for text that stays text, for a flag, and for an option that was left out.

    Typer converts these too, and imports pydantic for it: that takes longer than a light command.
    """
    if value is None:
        return not parameter.required and parameter.nargs == 1 and not parameter.multiple
    return type(value) is parameter.type_descriptor.annotation


def _keep_typed(parameter: TyperArgument | TyperOption, ctx: Any, value: Any) -> Any:
    return value if parameter.callback is None else parameter.callback(ctx, parameter, value)


def lighten(parameters: list[Any]) -> list[Any]:
    """Return the parameters with plain help and the light conversion."""
    for parameter in parameters:
        if type(parameter) is TyperArgument:
            parameter.__class__ = Argument
        elif type(parameter) is TyperOption:
            parameter.__class__ = Option
    return parameters


class Command(TyperCommand):
    """A command whose parameters skip the conversion that they do not need."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, with the light conversion."""
        return lighten(super().get_params(ctx))


class Group(TyperGroup):
    """A group whose commands have such parameters."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command of the group; None if there is none of that name."""
        command = super().get_command(ctx, cmd_name)
        if type(command) is TyperCommand:
            command.__class__ = Command
        return command

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, with the light conversion."""
        return lighten(super().get_params(ctx))
