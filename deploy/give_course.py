"""Copy the course into a learner's folder: `python give_course.py FOLDER`. Run it as the learner.

What is there already is left alone, whatever it is: the learner's work, and links to somewhere else. Standard library
only, so that any Python of the machine will do.
"""

import os
import shutil
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1] / "notebooks"


def copy_course(folder: Path) -> None:
    """Copy every notebook and the deployments that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (
        *COURSE.glob("*.ipynb"),
        *COURSE.glob("deployments/*.yaml"),
        *COURSE.glob("deployments/*.schema.json"),
    ):
        target = folder / source.relative_to(COURSE)
        target.parent.mkdir(exist_ok=True)
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    try:
        # O_EXCL does not follow a link, not even one that leads nowhere.
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return
    with os.fdopen(number, "wb") as written, source.open("rb") as read:
        shutil.copyfileobj(read, written)


if __name__ == "__main__":
    try:
        copy_course(Path(sys.argv[1]))
    except OSError as error:
        sys.exit(f"the course cannot be copied: {error}")
