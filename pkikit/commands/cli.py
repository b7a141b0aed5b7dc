"""`pkikit`: certificate decisions on the command line. The commands themselves are in `pkikit.commands`.

Python imports a command when somebody calls or lists it, so a light command does not pay for the heavy ones.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command, get_group

from pkikit.commands import console

# Command → module in this package, and the function or group in it; in the order of the help.
COMMANDS = MappingProxyType({
    "san": ("design", "san"),
    "csr": ("design", "csr"),
    "decode": ("files", "decode"),
    "convert": ("files", "convert"),
    "lint": ("lint", "lint"),
    "verify": ("judge", "verify"),
    "match": ("judge", "match"),
    "rules": ("judge", "rules"),
    "diagnose": ("diagnose", "diagnose"),
    "probe": ("diagnose", "probe"),
    "explore": ("explore", "explore"),
    "eku-audit": ("eku", "eku_audit"),
    "acme": ("acme", "acme"),
    "ca": ("ca", "ca"),
    "adcs": ("ca", "adcs"),
})  # fmt: skip


class LazyCommands(MutableMapping[str, Any]):
    """Maps names to commands; imports and builds a command when somebody asks for it."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            module, attribute = COMMANDS[name]
            self._built[name] = _build(name, getattr(import_module(f"pkikit.commands.{module}"), attribute))
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Argument(TyperArgument):
    def process_value(self, ctx: Any, value: Any) -> Any:
        return _keep_typed(self, ctx, value) if _needs_no_conversion(self, value) else super().process_value(ctx, value)


class _Option(TyperOption):
    def process_value(self, ctx: Any, value: Any) -> Any:
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


def _lighten(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if type(parameter) is TyperArgument:
            parameter.__class__ = _Argument
        elif type(parameter) is TyperOption:
            parameter.__class__ = _Option
    return parameters


class Command(TyperCommand):
    """A command whose parameters skip the conversion that they do not need."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, with the light conversion."""
        return _lighten(super().get_params(ctx))


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = LazyCommands()

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, with the light conversion."""
        return _lighten(super().get_params(ctx))


def _build(name: str, found: Any) -> Any:
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name, cls=Command)(found)
    return get_command(alone)


app = typer.Typer(
    name="pkikit",
    cls=Commands,
    help="Check, design and troubleshoot certificates for Cisco Expressway.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(console.version_option)


def main() -> None:
    """Run the console script."""
    console.run(app, "pkikit")
