"""`python -m tests.support.notebooks [pytest's options]`: the notebooks as regression tests, here and elsewhere.

Every output is compared strictly, twice: as the machine is, and in Tokyo with a locale whose decimals and letters differ.
What learners did on this machine is neither read nor changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.places import ROOT

# Turkish: a comma in decimals, and an i that is no ASCII letter in capitals.
ELSEWHERE = "tr_TR.UTF-8"


def locale_folder(folder: Path) -> dict[str, str]:
    """The environment of a machine elsewhere; the locale is made here, so that none has to be installed."""
    subprocess.run(
        ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(folder / ELSEWHERE)], check=True, capture_output=True
    )
    return {"TZ": "Asia/Tokyo", "LOCPATH": str(folder), "LC_ALL": ELSEWHERE, "LANG": ELSEWHERE}


def run(options: Sequence[str], environment: Mapping[str, str]) -> int:
    """nbval over all notebooks; returns pytest's exit code."""
    found = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks" / "dashboards").glob("*.ipynb")]
    notebooks = sorted(str(p.relative_to(ROOT)) for p in found)
    command = [sys.executable, "-m", "pytest", *options, "--dist", "loadfile", "--nbval", *notebooks,
               "--nbval-sanitize-with", "notebooks/nbval-sanitize.cfg"]  # fmt: skip
    with tempfile.TemporaryDirectory() as state:
        return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment, "XDG_STATE_HOME": state}).returncode


def main(options: Sequence[str]) -> int:
    """Both runs; without the sources of locales (Debian: locales) the second keeps the locale, and under CI fails."""
    here = run(options, {})
    with tempfile.TemporaryDirectory() as folder:
        try:
            elsewhere = locale_folder(Path(folder))
        except (OSError, subprocess.CalledProcessError):
            if os.environ.get("CI") == "true":
                print("no locale could be made: apt-get install locales", file=sys.stderr)
                return 1
            print("no locale could be made (apt-get install locales): the second run changes the time zone only")
            elsewhere = {"TZ": "Asia/Tokyo"}
        return here or run(options, elsewhere)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
