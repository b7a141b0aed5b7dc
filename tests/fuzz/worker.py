"""One target in a process of its own: `python -m tests.fuzz.worker TARGET FOLDER SEED (--seconds S | --count N)`.

Prints a JSON line for each find, and one now and then that says how far it is. The input at work is in FOLDER/current, so
that the watching process finds it even when this one hangs or dies.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
import warnings
from pathlib import Path

from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import TARGETS, Run

MAX_FINDS = 20


def main() -> None:
    arguments = _arguments()
    target, folder = TARGETS[arguments.target], Path(arguments.folder)
    mutator = Mutator(target.seeds(), random.Random(arguments.seed))
    warnings.simplefilter("ignore")  # as the command line does: what libraries find odd is for the rules to say
    finds: set[str] = set()
    with target.prepared(folder) as run:
        began, done = time.monotonic(), 0
        while len(finds) < MAX_FINDS:
            if done % 50 == 0:
                _say({"done": done})
            if arguments.seconds and time.monotonic() - began >= arguments.seconds:
                break
            if arguments.count and done >= arguments.count:
                break
            data = mutator.make()
            (folder / "current").write_bytes(data)
            where = _failure(run, data)
            if where and where not in finds:
                finds.add(where)
                small = _smaller(run, data, where)
                _say({"find": where, "input": small.hex(), "traceback": _traceback(run, small)})
            done += 1
    _say({"done": done, "end": True})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=list(TARGETS))
    parser.add_argument("folder")
    parser.add_argument("seed", type=int)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--count", type=int, default=0)
    return parser.parse_args()


def _failure(run: Run, data: bytes) -> str:
    """Where and how an input breaks a promise: one find per place in the code; empty when it keeps all of them."""
    try:
        run(data)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = next(
            (f for f in reversed(frames) if "/pkikit/" in f.filename or "/simulator/" in f.filename), frames[-1]
        )
        detail = str(error)[:60] if isinstance(error, AssertionError) else ""
        return f"{type(error).__name__} {Path(ours.filename).name}:{ours.lineno} {detail}".strip()
    return ""


def _traceback(run: Run, data: bytes) -> str:
    try:
        run(data)
    except Exception:
        return traceback.format_exc()
    return ""


def _smaller(run: Run, data: bytes, where: str) -> bytes:
    """The input without the parts that the failure does not need; at most 400 tries."""
    size, tries = len(data) // 2, 400
    while size and tries > 0:
        start = 0
        while start < len(data) and tries > 0:
            shorter = data[:start] + data[start + size :]
            tries -= 1
            if _failure(run, shorter) == where:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def _say(document: dict[str, object]) -> None:
    sys.__stdout__.write(json.dumps(document) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
