"""The `expressway-sim` command, and `python -m simulator`."""

from pkikit import startup


def main() -> None:
    """Entry point: everything else is imported once Ctrl-C and the standard streams are taken care of."""
    startup.begin("expressway-sim")
    from simulator.commands import cli

    cli.main()


if __name__ == "__main__":
    main()
