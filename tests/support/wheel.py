"""The wheel of this project, installed beside the packages of its base install and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.places import ROOT
from tests.support.wait import LONG


def _closure(requires: Iterable[str]) -> set[str]:
    """The distributions that requirements without an extra lead to, each by its name in this environment."""
    found: set[str] = set()
    todo = [(Requirement(line), "") for line in requires]
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = distribution(requirement.name).metadata["Name"]
        if name in found and not requirement.extras:
            continue
        found.add(name)
        for line in distribution(requirement.name).requires or ():
            todo += [(Requirement(line), inner) for inner in ("", *requirement.extras)]
    return found


def build_wheel(folder: Path, *, source: Path = ROOT) -> Path:
    """Build the wheel of a checkout; needs no network, because hatchling is in the development environment."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=LONG)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class BareEnvironment:
    """A virtual environment outside the repository with the wheel and the packages of its base install."""

    folder: Path

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return next((self.folder / "lib").glob("python*")) / "site-packages"

    @property
    def base(self) -> set[str]:
        """The distributions of a base install: what the wheel requires without an extra, and what that requires."""
        (ours,) = (d for d in distributions(path=[str(self.packages)]) if d.name == "expressway-certificate-lab")
        return _closure(ours.requires or ())

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's own programs, without anything of the caller's Python."""
        program = str(self.folder / "bin" / command[0])
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            [program, *command[1:]],
            cwd=cwd,
            env={**kept, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=LONG,
            stdin=subprocess.DEVNULL,
        )


def install_bare(wheel: Path, folder: Path) -> BareEnvironment:
    """Install the wheel into a new environment. The base packages are links to those of the running environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=LONG)
    environment = BareEnvironment(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--disable-pip-version-check"]
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True, timeout=LONG)
    for name in environment.base:
        _link(name, environment.packages)
    return environment


def _link(name: str, packages: Path) -> None:
    """Link every file or folder that a distribution put into site-packages."""
    found = distribution(name)
    for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        if not (packages / top).exists():
            (packages / top).symlink_to(Path(str(found.locate_file(top))))
