"""The version of this project, in every file that states it.

    python deploy/release/version.py show                  prints it, after all files agree
    python deploy/release/version.py check v1.0.0          the same; the tag and the changelog have it
    python deploy/release/version.py cut 1.0.0 2026-11-26  writes it everywhere and dates the changelog
    python deploy/release/version.py notes 1.0.0           prints the section of the changelog

`pkikit/__init__.py` decides; the wheel, `pkikit --version` and REST read it from there. Standard library only.
"""

import re
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "pkikit/__init__.py"
VERSION = r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?"
PLACES: dict[str, tuple[str, ...]] = {
    SOURCE: (r'^__version__ = "(V)"$',),
    "CITATION.cff": (r"^version: (V)$",),
    "deploy/conda/recipe.yaml": (r'^  version: "(V)"$',),
    "deploy/values.yaml": (r"REGISTRY/expressway-certificate-lab:(V)\b", r'^ +tag: "(V)@'),
    "deploy/progress.yaml": (r"^ +image: \S+:(V)@",),
    "deploy/Dockerfile": (r'image\.version="(V)"',),
    "deploy/Dockerfile.cli": (r'image\.version="(V)"',),
}
"""File → regular expressions, each with the version (`V`) as its group."""
STATUS = r'"Development Status :: [^"]+"'
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## [Unreleased]\n"


def status(version: str) -> str:
    """The classifier that belongs to a version: a beta until 1.0.0."""
    stable = int(version.split(".")[0]) >= 1 and not re.search(r"[a-z]", version)
    return "Development Status :: 5 - Production/Stable" if stable else "Development Status :: 4 - Beta"


def _pattern(place: str) -> re.Pattern[str]:
    return re.compile(place.replace("(V)", f"({VERSION})"), re.MULTILINE)


def stated(root: Path = ROOT) -> dict[str, set[str]]:
    """File → the versions that it states. Raises ValueError for a file without one."""
    found: dict[str, set[str]] = {}
    for name, places in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        for place in places:
            versions = set(_pattern(place).findall(text))
            if not versions:
                raise ValueError(f"{name} has no line that matches {place}")
            found.setdefault(name, set()).update(versions)
    return found


def current(root: Path = ROOT) -> str:
    """The version that all files agree on. Raises ValueError if they don't."""
    found = stated(root)
    (version,) = found[SOURCE]
    others = [f"{name} says {', '.join(sorted(said))}" for name, said in found.items() if said != {version}]
    if f'"{status(version)}"' not in (root / "pyproject.toml").read_text(encoding="utf-8"):
        others.append(f"pyproject.toml lacks the classifier {status(version)}")
    if others:
        raise ValueError(f"{SOURCE} says {version}, but {'; '.join(others)}")
    return version


def cut(version: str, day: date, root: Path = ROOT) -> list[str]:
    """Write a version everywhere, and give what is unreleased its heading. Raises ValueError before anything is written."""
    if not re.fullmatch(VERSION, version):
        raise ValueError(f"{version!r} is not a version such as 1.0.0 or 1.1.0rc1")
    stated(root)
    written: dict[str, str] = {}
    for name, places in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        for place in places:
            text = _pattern(place).sub(lambda hit: hit[0].replace(hit[1], version), text)
        written[name] = text
    undated = re.sub(r"(?m)^date-released: .*\n", "", written["CITATION.cff"])
    written["CITATION.cff"] = re.sub(r"(?m)^(version: .*)$", rf"\1\ndate-released: {day}", undated)
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    written["pyproject.toml"] = re.sub(STATUS, f'"{status(version)}"', project)
    changes = (root / CHANGELOG).read_text(encoding="utf-8")
    if f"## [{version}]" in changes:
        raise ValueError(f"{CHANGELOG} has a section {version} already")
    if UNRELEASED not in changes:
        raise ValueError(f"{CHANGELOG} has no section [Unreleased]")
    written[CHANGELOG] = changes.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {day}\n", 1)
    for name, text in written.items():
        (root / name).write_text(text, encoding="utf-8")
    return list(written)


def notes(version: str, root: Path = ROOT) -> str:
    """The section of the changelog, without its heading. Raises ValueError if there is none, or nothing in it."""
    changes = (root / CHANGELOG).read_text(encoding="utf-8")
    heading = re.search(rf"^## \[{re.escape(version)}\].*$", changes, re.MULTILINE)
    if heading is None:
        raise ValueError(f"{CHANGELOG} has no section [{version}]")
    section = re.split(r"^## \[", changes[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not section:
        raise ValueError(f"{CHANGELOG} has nothing in its section [{version}]")
    return section + "\n"


def main(arguments: list[str]) -> str:
    """Return what the command prints. Raises ValueError with one sentence."""
    match arguments:
        case ["show"]:
            return current()
        case ["check", tag]:
            if tag != f"v{current()}":
                raise ValueError(f"the tag {tag} is not v{current()}")
            notes(current())
            return current()
        case ["cut", version, day]:
            return "\n".join(f"{version}: {name}" for name in cut(version, date.fromisoformat(day)))
        case ["notes", version]:
            return notes(version).rstrip()
        case _:
            raise ValueError("say one of: show, check TAG, cut VERSION DATE, notes VERSION")


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except (OSError, ValueError) as error:
        sys.exit(f"version: {error}")
