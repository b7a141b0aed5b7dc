"""Pebble, Let's Encrypt's test CA, as a program on this machine: one of two generations, found or fetched.

Found in this order: what the caller says → the environment → PATH (2.4 only: the program does not tell its version) → our
cache → Debian's package, downloaded and unpacked without root, from the release that has that version → a Go toolchain →
an error that says what to install.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import LabError
from simulator.pebble_options import PebbleVersion

_DOWNLOAD_TIMEOUT = 120.0


def cache_directory() -> Path:
    """Where a downloaded Pebble is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "expressway-certificate-lab"


def locate_pebble(
    wanted: Path | None = None, *, version: PebbleVersion = PebbleVersion.V2_4, cache: Path | None = None
) -> Path:
    """The Pebble program, or a LabError that says what to install. Downloads at most once."""
    said = os.environ.get(version.environment)
    named = wanted or (Path(said) if said else None)
    if named is not None:
        if os.access(named, os.X_OK) and named.is_file():
            return named
        raise LabError(f"Pebble is not at {named}; {version.help}")
    on_path = shutil.which("pebble") if version is PebbleVersion.V2_4 else None
    if on_path:
        return Path(on_path)
    home = (cache or cache_directory()) / f"pebble-{version.value}"
    cached = home / "usr" / "bin" / "pebble"
    if cached.is_file():
        return cached
    attempts: tuple[Callable[[PebbleVersion, Path], Path | None], ...] = (_from_debian, _from_go)
    for attempt in attempts:
        found = attempt(version, home)
        if found is not None:
            return found
    raise LabError(f"Pebble {version.value}, the ACME CA of the lab, is not on this machine; {version.help}")


def _run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str | None:
    """What a program prints; None when it fails or takes too long."""
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, timeout=_DOWNLOAD_TIMEOUT, check=False, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


@dataclass(frozen=True)
class _Apt:
    """`apt-get` with lists of its own (the machine's are not touched), for one release; none: the machine's sources."""

    work: Path
    sources: str = field(default="")

    def prepare(self) -> tuple[str, ...]:
        """The options, once the folders that they name are there."""
        (self.work / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (self.work / "apt" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        options = ["-o", f"Dir::State::lists={self.work / 'lists'}", "-o", f"Dir::Cache={self.work / 'apt'}"]
        if self.sources:
            listed = self.work / "release.sources"
            listed.write_text(self.sources, encoding="utf-8")
            options += ["-o", f"Dir::Etc::sourcelist={listed}", "-o", "Dir::Etc::sourceparts=-"]
        return tuple(options)


def _from_debian(version: PebbleVersion, home: Path) -> Path | None:
    """`apt-get download` and `dpkg-deb -x`: neither needs root. Signatures are verified as apt always does."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    home.parent.mkdir(parents=True, exist_ok=True)
    for number, fetched in enumerate(_downloads(version)):
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=f".{number}-") as scratch:
            work = Path(scratch)
            package = fetched(work)
            if package is None or not (_run("dpkg-deb", "-f", str(package), "Version", cwd=work) or "").startswith(
                f"{version.value}."
            ):
                continue
            if _run("dpkg-deb", "-x", str(package), str(work / "pebble"), cwd=work) is None:
                continue
            found = home / "usr" / "bin" / "pebble"
            if not found.is_file():  # else another process was quicker
                shutil.rmtree(home, ignore_errors=True)
                with contextlib.suppress(OSError):
                    (work / "pebble").rename(home)
        return found if found.is_file() else None
    return None


def _downloads(version: PebbleVersion) -> Iterator[Callable[[Path], Path | None]]:
    """Ways to get the package, the cheapest first: the machine's lists, its sources read anew, other releases of them."""
    yield lambda work: _download(work, ())
    yield lambda work: _download(work, _Apt(work).prepare(), update=True)
    for release in version.releases:
        for archive in _archives():
            sources = f"Types: deb\nURIs: {archive}\nSuites: {release}\nComponents: main\n{_SIGNED_BY}"
            yield lambda work, sources=sources: _download(work, _Apt(work, sources).prepare(), update=True)  # type: ignore[misc]


_SIGNED_BY = "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"


def _archives() -> Iterable[str]:
    """The archives of Debian itself that this machine uses, by its own configuration."""
    listed = _run(
        "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", cwd=Path("/")
    )
    return dict.fromkeys(line for line in (listed or "").splitlines() if "security" not in line)


def _download(work: Path, options: tuple[str, ...], *, update: bool = False) -> Path | None:
    if update and _run("apt-get", *options, "update", cwd=work) is None:
        return None
    if _run("apt-get", *options, "download", "pebble", cwd=work) is None:
        return None
    return next(work.glob("pebble_*.deb"), None)


def _from_go(version: PebbleVersion, home: Path) -> Path | None:
    if not shutil.which("go"):
        return None
    target = home / "usr" / "bin"
    target.mkdir(parents=True, exist_ok=True)
    module = f"github.com/letsencrypt/pebble/v2/cmd/pebble@v{version.value}.0"
    _run("go", "install", module, cwd=target, env={**os.environ, "GOBIN": str(target)})
    found = target / "pebble"
    return found if found.is_file() else None
