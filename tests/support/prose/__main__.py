"""Checks the words of some files, or of all: `python -m tests.support.prose [--not-yet] [FILES]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.support.prose.reading_level import measure
from tests.support.prose.texts import files, name_of
from tests.support.prose.words import HERE, not_yet, problems_of


def main() -> int:
    """Print every problem as file:line; the exit code is 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.prose", description=__doc__)
    parser.add_argument("--not-yet", action="store_true", help="check the files of not_yet.txt too")
    parser.add_argument("--rewrite-list", action="store_true", help="take clean files out of not_yet.txt")
    parser.add_argument("--level", action="store_true", help="print the reading level of each notebook")
    parser.add_argument("files", nargs="*", type=Path, help="check these files, listed in not_yet.txt or not")
    options = parser.parse_args()
    late = not_yet()
    paths = options.files or [p for p in files() if options.not_yet or options.rewrite_list or name_of(p) not in late]
    if options.level:
        for path in paths:
            if path.suffix == ".ipynb":
                sys.stdout.write(f"{name_of(path)}: {measure(path)}\n")
        return 0
    found = problems_of(paths)
    if options.rewrite_list:
        _rewrite(late & {problem.path for problem in found})
        return 0
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    count = len(found)
    sys.stdout.write(f"{count} {'problem' if count == 1 else 'problems'} in {len(paths)} files. See docs/style.md\n")
    return 1 if found else 0


def _rewrite(still: set[str]) -> None:
    head = [row for row in (HERE / "not_yet.txt").read_text(encoding="utf-8").splitlines() if row.startswith("#")]
    (HERE / "not_yet.txt").write_text("\n".join([*head, *sorted(still)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
