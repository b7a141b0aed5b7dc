"""`fleet`: many deployments at once. Each command has its module."""

from __future__ import annotations

import typer

from pkikit.commands.deployments.fleet_audit import audit
from pkikit.commands.deployments.fleet_make import make
from pkikit.commands.terminal.parameters import Command, Group

fleet = typer.Typer(
    name="fleet",
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Audit many deployments, or make some for practice.",
)
fleet.command("audit", cls=Command)(audit)
fleet.command("make", cls=Command)(make)
