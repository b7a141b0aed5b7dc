"""Errors in a cell as one sentence: ours always, Python's if a learner can do something about it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from IPython.core.getipython import get_ipython

from pkikit.errors import PkikitError
from pkikit.values.names import printable

ABOVE = "run the cells above this one first (Run › Run All Above Selected Cell)"
FROM_TOP = "choose Kernel › Restart Kernel and Run All Cells"


def tell_plainly() -> None:
    """In this kernel, show errors that a person can fix as one sentence instead of a traceback; the cell still fails."""
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((PkikitError, NameError, AssertionError), _print_sentence)  # type: ignore[no-untyped-call]


def _print_sentence(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType | None, tb_offset: Any = None
) -> None:
    sentence = sentence_of(error, in_cell=_in_cell(trace))
    if sentence is None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    else:
        print(f"✘ {sentence}", file=sys.stderr)


def sentence_of(error: BaseException, *, in_cell: bool) -> str | None:
    """Return the sentence; None for an error that learners cannot fix, which keeps its traceback.

    in_cell: the error comes from the cell's own lines, as if cells are run out of order or twice.
    """
    match error:
        case PkikitError():
            return str(error)
        case NameError(name=str(name)) if in_cell:
            return f"{printable(name)} does not exist yet: {ABOVE}"
        case AssertionError() if in_cell:
            return f"this check fails now, because another cell has changed the lab: {FROM_TOP}"
        case _:
            return None


def _in_cell(trace: TracebackType | None) -> bool:
    """Return True if the innermost frame is a cell's, not a module's."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "__main__"
