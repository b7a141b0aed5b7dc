"""`python -m tests.fuzz [TARGET …] [--seconds 60] [--seed N]`: fuzz, report, keep what was found in artifacts/fuzz."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.run import ARTIFACTS, fuzz
from tests.fuzz.targets import TARGETS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="for each target (60)")
    parser.add_argument("--seed", type=int, default=None, help="the same seed makes the same inputs")
    arguments = parser.parse_args()
    unknown = set(arguments.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}; targets are {', '.join(TARGETS)}")
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    print(f"seed {seed}, {arguments.seconds:.0f} s for each target")
    found = 0
    for name in arguments.targets or TARGETS:
        report = fuzz(name, seed=seed, seconds=arguments.seconds)
        print(f"{name:16} {report.done:8,} inputs, {len(report.finds)} finds")
        for find in report.finds:
            print(f"  {find.where}\n    {ARTIFACTS / find.name}: {len(find.data)} bytes")
        found += len(report.finds)
    sys.exit(1 if found else 0)


main()
