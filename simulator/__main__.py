"""The `expressway-sim` command, and `python -m simulator`."""

from pkikit import startup


def main() -> None:
    """Run the command. It imports everything else after Ctrl-C and the standard streams are set up."""
    startup.begin("expressway-sim")
    from simulator.commands import cli

    cli.main()


if __name__ == "__main__":
    main()
