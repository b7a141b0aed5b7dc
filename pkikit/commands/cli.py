"""`pkikit`: certificate decisions on the command line. The commands themselves are in `pkikit.commands`."""

from __future__ import annotations

import typer

from pkikit.commands import acme, ca, console, design, diagnose, explore, files, judge, lint

app = typer.Typer(
    name="pkikit",
    help="Certificate decisions around Cisco Expressway.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(console.version_option)
for command in (
    design.san,
    design.csr,
    files.decode,
    files.convert,
    lint.lint,
    judge.verify,
    judge.match,
    judge.rules,
    diagnose.diagnose,
    diagnose.probe,
    explore.explore,
):
    app.command()(command)
app.command("eku-audit")(design.eku_audit)
app.add_typer(acme.acme)
app.add_typer(ca.ca)
app.add_typer(ca.adcs)


def main() -> None:
    """Entry point of the console script."""
    console.run(app, "pkikit")
