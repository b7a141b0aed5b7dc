"""Build the wheel and the sdist: `python deploy/release/build_dist.py [FOLDER]`, by default `dist`; `make dist` calls it.

The same commit gives the same bytes, in every folder, time zone and umask. Only what git knows is taken, with the changes
that you have not committed yet. The wheel is built from the sdist, as every installer does, and compared with the wheel
of the checkout. Needs hatchling and git, and no network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 300.0


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=TIMEOUT)
    return done.stdout


def epoch() -> str:
    """The time that every file of the archives gets: that of the last commit, in seconds."""
    return os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct").strip()


def copy_tracked(folder: Path) -> None:
    """Copy every tracked file that is still there."""
    for name in _git("ls-files", "-z").split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _build(kind: str, source: Path, folder: Path, seconds: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**kept, "SOURCE_DATE_EPOCH": seconds, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True, timeout=TIMEOUT)
    (made,) = folder.iterdir()
    return made


def build(folder: Path) -> list[Path]:
    """Build both into a folder. Raises ValueError if the sdist lacks something that the wheel of the checkout has."""
    seconds = epoch()
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        copy_tracked(room / "source")
        sdist = _build("sdist", room / "source", room / "sdist", seconds)
        with tarfile.open(sdist) as archive:
            archive.extractall(room / "unpacked", filter="data")
        (unpacked,) = (room / "unpacked").iterdir()
        wheel = _build("wheel", unpacked, room / "wheel", seconds)
        direct = _build("wheel", room / "source", room / "direct", seconds)
        if wheel.read_bytes() != direct.read_bytes():
            raise ValueError(f"the wheel of {sdist.name} is not the wheel of the checkout")
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copyfile(made, folder / made.name)) for made in (sdist, wheel)]


def main() -> None:
    """Build, and print the SHA-256 of each file, as `sha256sum` does."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    if _git("status", "--porcelain", "--untracked-files=no"):
        print(
            "dist: some tracked files have changes that are not committed; the files have these changes",
            file=sys.stderr,
        )
    try:
        for made in build(folder):
            print(f"{hashlib.sha256(made.read_bytes()).hexdigest()}  {made}")
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace") if isinstance(error.stderr, bytes) else error.stderr or ""
        sys.exit(f"dist: {' '.join(error.cmd[:4])} ended with code {error.returncode}: {said.strip()[-2000:]}")
    except (OSError, ValueError) as error:
        sys.exit(f"dist: {error}")


if __name__ == "__main__":
    main()
