"""What a command says about a wrong command line: what is missing, how it is called, what was probably meant."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pkikit.errors import InputError, PkikitError
from pkikit.text import close_to, printable


def in_words(error: Any) -> str:
    """Return what is wrong with a command line, how the command is called, and an example of it.

    Args:
        error: what the parser raised.

    Returns:
        One sentence, and below it usage and example if a parameter is missing; for a group without a command its help.
    """
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    parameter = getattr(error, "param", None)
    if type(error).__name__ == "NoSuchOption":
        near = list(error.possibilities or ())[:1]
        return f"No such option {error.option_name}.{f' Did you mean {near[0]}?' if near else ''}"
    if context is None or parameter is None or type(error).__name__ != "MissingParameter":
        return " ".join(str(error.format_message()).split())
    parameters = context.command.get_params(context)
    needed = [_written(p) for p in parameters if p.required]
    lines = [
        f"{context.command_path}: Missing {'option ' if _is_option(parameter) else ''}{_written(parameter)}",
        f"Usage: {' '.join((context.command_path, *needed))} [OPTIONS]",
    ]
    return "\n".join(lines + _example(context.command.help or ""))


def _is_option(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "option")


def _written(parameter: Any) -> str:
    """Return a parameter as one types it: `CERT`, `--trust FILE`."""
    metavar = parameter.metavar or (parameter.type.name if _is_option(parameter) else parameter.name).upper()
    return f"{max(parameter.opts, key=len)} {metavar}" if _is_option(parameter) else str(metavar)


def _example(text: str) -> list[str]:
    examples = text.split("Example:")[1:2]  # one is enough here; --help has them all
    return [f"Example: {' '.join(example.split())}" for example in examples]


# A reader of a file names the line too: `net.yaml, line 5`.
_LINE = re.compile(r", line \d+$")


def with_near_file(error: PkikitError) -> str:
    """Return the sentence of an error; of a file that does not exist, with the file that was probably meant."""
    sentence = str(error)
    if not isinstance(error, InputError) or not error.where:
        return sentence
    try:
        path = Path(_LINE.sub("", error.where))
        archive = Path(error.where.partition(": ")[0])  # of a member of an archive: `archive.zip: member`
        if os.path.lexists(path) or archive.is_file() or not path.parent.is_dir():
            return sentence
        beside = {entry.name: entry for entry in path.parent.iterdir()}
    except (OSError, ValueError):
        return sentence
    meant = close_to(path.name, beside)
    return f"{sentence}. Did you mean {printable(str(beside[meant]))}?" if meant else sentence
