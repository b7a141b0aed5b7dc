"""The house in order: one set of dependencies, generated documents fresh, files small, notebooks in shape, README executed."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from workbook.course.lessons import Lesson, lessons, sections

from tests.support.cli import run, run_inside
from tests.support.generate_docs import DOCS, GENERATED, PLANS, minutes_of
from tests.support.places import ROOT
from tests.support.readme import README, Shown, readme_commands, readme_python
from tests.support.record import RECORDING, SCENES
from tests.support.wait import LONG

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))


def tracked() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in done.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def requirements() -> set[str]:
    """Every requirement of the base and of all extras; the extras of ours that others include are left out."""
    listed = [*project()["dependencies"], *chain.from_iterable(project()["optional-dependencies"].values())]
    return {line for line in listed if not line.startswith(project()["name"])}


# What the project promises by name to everybody who installs it as README or environment.yml says.
PROMISED = {"acme", "aiohttp", "cryptography", "ipywidgets", "jupyterlab", "nbval", "pandas"}


def test_environment_yml_installs_the_project_and_everything_it_names() -> None:
    """conda users get this project with all extras; the packages that are listed have the ranges of pyproject.toml."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip[:2] == ["-c constraints.txt", "-e .[dev]"], "the environment would not hold the project"
    assert set(pip[2:]) == {r for r in requirements() if re.split(r"[\[><=;]", r)[0] in PROMISED}
    assert len(pip) == 2 + len(PROMISED)
    python = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    named = [int(minor) for c in project()["classifiers"] for minor in re.findall(r"Python :: 3\.(\d+)$", c)]
    assert python == f"python{project()['requires-python']},<3.{max(named) + 1}", "conda would take an untested Python"


def test_constraints_pin_every_requirement() -> None:
    """Nothing is installed at a version that was not tested."""
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {re.split(r"[\[><=;]", r)[0].lower().replace("_", "-") for r in requirements()} <= pinned


@pytest.mark.parametrize("name", GENERATED)
def test_generated_documents_match_the_code(name: str) -> None:
    """`make docs` was run after the last change."""
    assert (DOCS / name).read_text(encoding="utf-8") == GENERATED[name]()


def test_python_files_stay_below_the_line_limit() -> None:
    """400 lines at most: past that a file has two subjects."""
    long = {
        str(p.relative_to(ROOT)): n
        for p in tracked()
        if p.suffix == ".py" and (n := len(p.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


# One subject, in rooms for different work: the command and what answers it, the value and its document, the errors of a package,
# what a changed certificate forces and the change that a plan orders.
SHARED_NAMES = {
    "__init__", "__main__", "change", "cli", "diagnose", "errors", "findings", "lint", "plan", "rehearse", "trace",
}  # fmt: skip


def test_python_files_with_one_name_have_one_subject() -> None:
    """A name that is used twice sends a reader to the wrong tab."""
    ours = [
        p
        for p in tracked()
        if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in {"pkikit", "simulator", "notebooks"}
    ]
    twice = {name for name, n in Counter(p.stem for p in ours).items() if n > 1}
    assert twice <= SHARED_NAMES


def _imported(path: Path) -> set[str]:
    """The full names of the modules, and of the names in them, that a Python file imports anywhere."""
    package = path.relative_to(ROOT).with_suffix("").parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: -node.level]) if node.level else ""
            module = ".".join(part for part in (above, node.module) if part)
            found |= {module, *(f"{module}.{name.name}" for name in node.names)}
    return found


def test_no_file_imports_a_test_module() -> None:
    """What two tests need is in tests/support, or in a fixture: each test file can be read and run alone."""
    imports = {str(p.relative_to(ROOT)): _imported(p) for p in tracked() if p.suffix == ".py"}
    assert "tests.support.wait" in imports["tests/unit/test_house.py"]
    tests = re.compile(r"tests\.(\w+\.)*(test_\w+|conftest)\b")
    assert {where: hits for where, names in imports.items() if (hits := {n for n in names if tests.match(n)})} == {}


def test_test_names_begin_with_their_subject() -> None:
    """`subject_condition_result`: a name that begins with an article or a question is a riddle in a list of names."""
    riddle = re.compile(r"^def test_((?:an?|the|what|who|which|it|and|there|that|of|with|without)_\w+)", re.MULTILINE)
    files = [p for p in tracked() if p.name.startswith("test_") and p.suffix == ".py"]
    assert len(files) > 100
    assert {name: p.name for p in files for name in riddle.findall(p.read_text(encoding="utf-8"))} == {}


def test_committed_files_have_no_machine_path_registry_or_key() -> None:
    """Neither where this was written nor from where packages came, and no private key."""
    forbidden = [
        re.compile(p)
        for p in (
            r"/(?:root|home|work)/[a-z]",
            r"deb\.debian\.org|pypi\.org/simple|registry\.npmjs",
            r"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\n[A-Za-z0-9+/]{60}",
        )
    ]
    for path in tracked():
        if path == Path(__file__) or path.suffix in {".png", ".gif"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for pattern in forbidden:
            assert not pattern.search(text), f"{path.relative_to(ROOT)}: {pattern.pattern}"


def test_every_rule_has_requirement_fix_and_source() -> None:
    """Every rule says what it wants, where that is written, and what fixes it."""
    from pkikit.rules.catalogue import all_rules

    for rule in all_rules():
        assert re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", rule.id)
        assert rule.requirement.endswith(".")
        assert rule.fix.endswith(".")
        assert rule.source


def test_course_map_names_exactly_the_notebooks() -> None:
    """The course map lists every notebook and no other file."""
    listed = set(
        re.findall(r"\(([0-9]{2}-[a-z0-9-]+\.ipynb)\)", (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8"))
    )
    assert listed == {p.name for p in NOTEBOOKS}


def test_course_plans_fit_into_their_hours() -> None:
    """What a plan takes is less than the hours that there are, and each plan holds the one before."""
    for plan, most in PLANS.items():
        assert most * 0.75 <= minutes_of(plan) <= most, plan
    for shorter, longer in (("half day", "one day"), ("one day", "two days")):
        assert {f.number for f in lessons() if shorter in f.plans} < {f.number for f in lessons() if longer in f.plans}
    assert {f.number for f in lessons()} >= {f"{n:02d}" for n in range(22)} | {"90", "99"}


@pytest.mark.parametrize("lesson", lessons(), ids=lambda f: f.number)
def test_section_minutes_add_up_to_the_minutes_of_the_notebook(lesson: Lesson) -> None:
    """A trainer can plan by section: each has its minutes, together they are what the notebook says, and questions are answered."""
    titles = {number: section.title for number, section in sections(lesson.number).items()}
    assert set(lesson.section_minutes) == set(titles)  # exercises take time, too
    assert sum(lesson.section_minutes.values()) == lesson.minutes
    assert len(lesson.asked) >= 2
    assert [text for text in lesson.asked if not re.fullmatch(r"[^?]+\? \S.+", text)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_has_title_summary_and_course_metadata(path: Path) -> None:
    """Number and question, time, what comes before and what one will be able to do, from its metadata; exercises; a summary."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = ["".join(c["source"]) for c in notebook["cells"]]
    course = notebook["metadata"]["course"]
    assert cells[0].startswith(f"# {path.name[:2]} · {course['question']}")
    time, before = re.search(r"^\*\*Time:\*\* (\d+) minutes\. \*\*Before:\*\* (.+)$", cells[0], re.MULTILINE).groups()  # type: ignore[union-attr]
    assert int(time) == course["minutes"]
    assert set(re.findall(r"\b\d\d\b", before)) == set(re.findall(r"\b\d\d\b", course["before"]))
    without_links = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", cells[0])
    assert all(able in without_links for able in course["able"])
    assert course["able"]
    assert course["notes"]
    assert f'start("{path.name[:2]}")' in cells[1]
    assert any("## Summary" in cell for cell in cells[-2:])
    assert re.search(r"(?i)fails|broken|forg[eo]t|down|refuse", "\n".join(cells))
    assert any("exercise" in c["metadata"].get("tags", []) for c in notebook["cells"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_executed_in_order_with_short_cells(path: Path) -> None:
    """Executed in order, no error, cells short and without definitions, no pasted PEM, steady metadata."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    assert "language_info" in notebook["metadata"]
    assert "version" not in notebook["metadata"]["language_info"]
    for cell in code:
        source = "".join(cell["source"])
        folded = cell["metadata"].get("jupyter", {}).get("source_hidden")
        assert len(source.splitlines()) <= (30 if folded else 12), source
        assert not re.search(r"^\s*(def|class|try)\b", source, re.MULTILINE), source
        # A message may name the first line of a PEM file; what follows that line in a pasted one may not be there.
        assert not re.search(
            r"-----BEGIN [A-Z ]+-----[^A-Za-z0-9]*(?:n[^A-Za-z0-9]*)?[A-Za-z0-9+/]{40}", json.dumps(cell)
        )
        assert all(o["output_type"] != "error" for o in cell["outputs"])
    if path.name != "99-the-exam.ipynb":  # nothing runs there before somebody answers
        assert any("assert" in "".join(c["source"]) for c in code)


def test_readme_python_runs(tmp_path: Path) -> None:
    """The Python of README and cheat sheet, as written, in one program, on the files that their commands make."""
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    made = [s.command for s in readme_commands() if re.match(r"pkikit (csr|ca init|ca issue) ", s.command)][:3]
    for command in made:
        subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=tmp_path, check=True, capture_output=True)
    blocks = readme_python()
    assert len(blocks) == 3
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    readme = README.read_text(encoding="utf-8")
    shown = readme.partition(blocks[0])[2].partition("```\n\n```\n")[2].partition("```")[0].splitlines()
    assert len(shown) > 4
    assert Shown(command="", lines=[line for line in shown if line != "…"]).missing_in(done.stdout) == []
    assert "cluster-e.example.com FQDN of the cluster" in done.stdout
    assert "[names.reference-not-presented]" in done.stdout
    assert "[validity.expired]" in done.stdout
    assert "connections are up" in done.stdout


# Three years in the lab, one for each lifetime: `make bench` measures them. One of them shows that the command works.
SHORTER = {"--lifetime 90,47,6": "--lifetime 90"}


def test_readme_commands_succeed_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of README and cheat sheet, as written, in one folder, one after another; it prints the lines that are shown."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    commands = readme_commands()
    assert len(commands) >= 25
    assert sum(bool(shown.lines) for shown in commands) >= 5
    for shown in commands:
        words = shown.command
        for long, short in SHORTER.items():
            words = words.replace(long, short)
        program, *arguments = shlex.split(words)
        done = run_inside("pkikit", *arguments) if program == "pkikit" else run("simulator", *arguments)
        says_no = int(any(line.startswith(("? ", "✘ ")) for line in shown.lines))
        assert done.returncode == says_no, f"{shown.command}: {done.stdout}{done.stderr}"
        assert done.stdout
        assert shown.missing_in(done.stdout) == [], shown.command


def test_readme_is_short_and_its_text_version_has_every_caption() -> None:
    """A front door is read in two minutes; who cannot see the recording reads the same."""
    readme = README.read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 150
    assert 20 <= sum(scene.seconds for scene in SCENES) <= 40
    assert RECORDING.stat().st_size < 2 * 1024 * 1024
    assert [scene.caption for scene in SCENES if scene.caption not in readme] == []
