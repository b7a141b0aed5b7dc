"""`pkikit`: certificate decisions on the command line. The commands themselves are in `pkikit.commands`.

Python imports a command when somebody calls or lists it, so a light command does not pay for the heavy ones.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from pkikit.commands.terminal import console
from pkikit.commands.terminal.parameters import Command, lighten

# Command → module in this package, and the function or group in it; in the order of the help.
COMMANDS = MappingProxyType({
    "import": ("deployments.bring", "bring"),
    "san": ("deployments.design", "san"),
    "csr": ("deployments.design", "csr"),
    "decode": ("inspection.files", "decode"),
    "convert": ("inspection.files", "convert"),
    "lint": ("inspection.lint", "lint"),
    "guard": ("inspection.repository", "guard"),
    "verify": ("inspection.judge", "verify"),
    "match": ("inspection.judge", "match"),
    "rules": ("inspection.judge", "rules"),
    "diagnose": ("inspection.diagnose", "diagnose"),
    "probe": ("inspection.diagnose", "probe"),
    "doctor": ("inspection.doctor", "doctor"),
    "report": ("deployments.report", "report"),
    "plan": ("deployments.plan", "plan"),
    "explore": ("deployments.explore", "explore"),
    "fleet": ("deployments.fleet", "fleet"),
    "eku-audit": ("inspection.eku", "eku_audit"),
    "timeline": ("inspection.rule_timeline", "timeline"),
    "anonymise": ("deployments.anonymise", "anonymise"),
    "acme": ("issuing.acme", "acme"),
    "ca": ("issuing.ca", "ca"),
    "adcs": ("issuing.ca", "adcs"),
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


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = LazyCommands()

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, with the light conversion."""
        return lighten(super().get_params(ctx))


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
