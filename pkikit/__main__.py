"""The `pkikit` command, and `python -m pkikit`."""

from pkikit import startup


def main() -> None:
    """Entry point: everything else is imported once Ctrl-C and the standard streams are taken care of."""
    startup.begin("pkikit")
    from pkikit.commands import cli

    cli.main()


if __name__ == "__main__":
    main()
