"""Fetch Pebble, the lab's ACME CA, into the cache folder: `python deploy/get_pebble.py [2.4] [2.10]`, by default both.

A version that is on this machine already is left alone. Ways to get one, in this order: Debian's package, downloaded and
unpacked without root from the release that has this version; a Go toolchain. Run it with the Python of the lab.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from simulator.errors import LabError
from simulator.pebble_options import PebbleVersion
from simulator.services.pebble_program import cached_program, locate_pebble

TIMEOUT = 120.0
RELEASES = {PebbleVersion.V2_4: ("bookworm",), PebbleVersion.V2_10: ("forky", "sid")}
"""The Debian releases that have a version."""

SIGNED_BY = "/usr/share/keyrings/debian-archive-keyring.gpg"


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str | None:
    """What a program prints; None if it fails or takes too long."""
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, timeout=TIMEOUT, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def fetch_from_debian(version: PebbleVersion) -> None:
    """`apt-get download` and `dpkg-deb -x`: neither needs root. apt verifies signatures as always."""
    home = cached_program(version).parents[2]
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    for download in downloads(version):
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".pebble-") as scratch:
            work = Path(scratch)
            package = download(work)
            if package is None or not is_version(package, version):
                continue
            if run("dpkg-deb", "-x", str(package), str(work / "pebble"), cwd=work) is None:
                continue
            if not cached_program(version).is_file():  # else another process was quicker
                shutil.rmtree(home, ignore_errors=True)
                with contextlib.suppress(OSError):
                    (work / "pebble").rename(home)
        return


def is_version(package: Path, version: PebbleVersion) -> bool:
    """True if a Debian package has a version; 2.10 is not a 2.1."""
    found = run("dpkg-deb", "-f", str(package), "Version", cwd=package.parent)
    return found is not None and found.startswith(f"{version.value}.")


def downloads(version: PebbleVersion) -> Iterator[Callable[[Path], Path | None]]:
    """Ways to get the package, the cheapest first: the machine's lists, its sources read again, other releases."""
    yield download
    yield partial(download_after_update, sources="")
    for release in RELEASES[version]:
        for archive in archives():
            sources = f"Types: deb\nURIs: {archive}\nSuites: {release}\nComponents: main\nSigned-By: {SIGNED_BY}\n"
            yield partial(download_after_update, sources=sources)


def archives() -> Iterable[str]:
    """The archives of Debian itself that this machine uses, by its own configuration."""
    command = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian")
    listed = run(*command, cwd=Path("/")) or ""
    return dict.fromkeys(line for line in listed.splitlines() if "security" not in line)


def download_after_update(work: Path, *, sources: str) -> Path | None:
    """Download with package lists in `work`, so that the machine's are not touched. No sources: those of the machine."""
    (work / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "apt" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::lists={work / 'lists'}", "-o", f"Dir::Cache={work / 'apt'}"]
    if sources:
        listed = work / "release.sources"
        listed.write_text(sources, encoding="utf-8")
        options += ["-o", f"Dir::Etc::sourcelist={listed}", "-o", "Dir::Etc::sourceparts=-"]
    if run("apt-get", *options, "update", cwd=work) is None:
        return None
    return download(work, *options)


def download(work: Path, *options: str) -> Path | None:
    """The package in `work`, or None."""
    if run("apt-get", *options, "download", "pebble", cwd=work) is None:
        return None
    return next(work.glob("pebble_*.deb"), None)


def fetch_with_go(version: PebbleVersion) -> None:
    """Build the release with a Go toolchain, if there is one."""
    if not shutil.which("go"):
        return
    folder = cached_program(version).parent
    folder.mkdir(parents=True, exist_ok=True)
    module = f"github.com/letsencrypt/pebble/v2/cmd/pebble@v{version.value}.0"
    run("go", "install", module, cwd=folder, env={**os.environ, "GOBIN": str(folder)})


def get(version: PebbleVersion) -> Path:
    """The program, fetched if it is not on this machine.

    Raises:
        LabError: no way to fetch it works here.
    """
    for fetch in (fetch_from_debian, fetch_with_go):
        with contextlib.suppress(LabError):
            return locate_pebble(version=version)
        fetch(version)
    return locate_pebble(version=version)


def main(arguments: list[str]) -> int:
    """0 if every version is on this machine now, 1 if one is not, 2 for a version that is not one of the two."""
    allowed = [version.value for version in PebbleVersion]
    if not set(arguments) <= set(allowed):
        print(f"get_pebble.py: allowed versions are {' and '.join(allowed)}", file=sys.stderr)
        return 2
    code = 0
    for version in map(PebbleVersion, arguments or allowed):
        try:
            print(f"Pebble {version.value}: {get(version)}")
        except (LabError, OSError) as error:
            print(f"get_pebble.py: {error}", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
