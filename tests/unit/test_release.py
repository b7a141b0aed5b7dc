"""What a release is made of agrees with itself: versions, citation, workflows, and the recipe for conda."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema.validators import validator_for

import pkikit
from tests.support.places import ROOT
from tests.support.wait import LONG

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def version_program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("version_program", ROOT / "deploy" / "release" / "version.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


@pytest.fixture
def copy(version_program: ModuleType, tmp_path: Path) -> Path:
    """The files that state the version, in a folder where they may change."""
    for name in (*version_program.PLACES, "pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_version_is_the_same_in_every_file_that_states_it(version_program: ModuleType) -> None:
    assert version_program.current() == pkikit.__version__
    assert version_program.main(["show"]) == pkikit.__version__
    with pytest.raises(ValueError, match=r"the tag v9\.9\.9 is not v"):
        version_program.main(["check", "v9.9.9"])


def test_version_that_one_file_lacks_is_named(version_program: ModuleType, copy: Path) -> None:
    citation = copy / "CITATION.cff"
    citation.write_text(re.sub(r"(?m)^version: .*$", "version: 7.7.7", citation.read_text(encoding="utf-8")))
    with pytest.raises(ValueError, match=r"CITATION\.cff says 7\.7\.7"):
        version_program.current(copy)


def test_cut_writes_the_version_everywhere_and_dates_the_changelog(version_program: ModuleType, copy: Path) -> None:
    """A release, and the next one: beta until 1.0.0, one section each, and what is unreleased stays on top."""
    changelog = copy / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(
        text.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Something new.\n", 1), encoding="utf-8"
    )
    version_program.cut("9.0.0", date(2030, 1, 2), copy)
    assert version_program.current(copy) == "9.0.0"
    assert "Development Status :: 5 - Production/Stable" in (copy / "pyproject.toml").read_text(encoding="utf-8")
    assert yaml.safe_load((copy / "CITATION.cff").read_text(encoding="utf-8"))["date-released"] == date(2030, 1, 2)
    assert version_program.notes("9.0.0", copy) == "- Something new.\n"
    with pytest.raises(ValueError, match="has a section 9"):
        version_program.cut("9.0.0", date(2030, 1, 3), copy)
    with pytest.raises(ValueError, match="is not a version"):
        version_program.cut("v1", date(2030, 1, 3), copy)
    version_program.cut("9.1.0rc1", date(2030, 2, 2), copy)
    assert version_program.current(copy) == "9.1.0rc1"
    with pytest.raises(ValueError, match="nothing in its section"):
        version_program.notes("9.1.0rc1", copy)
    with pytest.raises(ValueError, match="has no section"):
        version_program.notes("3.0.0", copy)


def test_citation_and_workflows_match_their_public_schemas() -> None:
    """Those that check-jsonschema ships; no network."""
    for name, files in (
        ("vendor.citation-file-format", [ROOT / "CITATION.cff"]),
        ("vendor.github-workflows", WORKFLOWS),
    ):
        schema = get_builtin_schema(name)
        validator = validator_for(schema)(schema)
        for path in files:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
            named = {
                "on" if key is True else key: value for key, value in values.items()
            }  # YAML 1.1 reads `on` as true
            values = json.loads(json.dumps(named, default=str))  # and dates as dates
            assert [error.message for error in validator.iter_errors(values)] == []
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["license"] == project()["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project()["authors"]]


def test_workflows_have_no_finding_of_zizmor() -> None:
    """The strictest audit: pinned actions, least permissions, no input inside a shell line."""
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--persona=pedantic", *WORKFLOWS],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_pin_actions_and_know_no_secret() -> None:
    """Each action by its full commit, with its version as a comment; only steps that sign or publish may write."""
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        uses = re.findall(r"uses: (\S+)(.*)", text)
        assert uses
        assert [u for u in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", u[0])] == []
        assert [u for u in uses if not re.fullmatch(r" # v\d+(\.\d+)+", u[1])] == []
        assert "secrets." not in text
        assert yaml.safe_load(text)["permissions"] == {}
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
    writing = {name: {k for k, v in job["permissions"].items() if v == "write"} for name, job in release.items()}
    assert writing == {
        "build": set(),
        "attest": {"attestations", "id-token"},
        "pypi": {"id-token"},
        "github": {"contents"},
    }


def test_workflows_run_targets_of_the_makefile_and_every_tested_python() -> None:
    """What a workflow runs, everybody can run; each Python of the classifiers is tested."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    called = set(re.findall(r"run: (?:sudo )?make ([\w-]+)", "\n".join(texts.values())))
    assert called == {"release-files", "test", "test-python", "tools"}
    assert called <= targets
    named = set(re.findall(r"Python :: (3\.\d+)", "\n".join(project()["classifiers"])))
    jobs = yaml.safe_load(texts["ci.yml"])["jobs"]
    tested = {jobs["everything"]["steps"][1]["with"]["python-version"], *jobs["unit"]["strategy"]["matrix"]["python"]}
    assert named <= tested


def conda(requirement: str) -> str:
    """A requirement of pip as conda writes it. dask's extra is part of conda's package."""
    name, bounds = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?([^;]*)(?:;.*)?", requirement).groups()  # type: ignore[union-attr]
    return f"{name.lower()} {bounds.strip()}"


def test_conda_recipe_has_the_dependencies_of_the_project() -> None:
    """The base is required; anyone who adds a package of an extra gets the tested range."""
    recipe = yaml.safe_load((ROOT / "deploy" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    needs = recipe["requirements"]
    assert needs["run"] == ["python >=${{ python_min }}", *map(conda, project()["dependencies"])]
    assert project()["requires-python"] == f">={recipe['context']['python_min']}"
    extras = project()["optional-dependencies"]
    wanted = chain.from_iterable(extras[name] for name in ("acme", "capture", "explore", "lab", "png", "workbook"))
    assert needs["run_constraints"] == sorted(
        {conda(line) for line in wanted if not line.startswith(project()["name"])}
    )
    scripts = {f"{name} = {target}" for name, target in project()["scripts"].items()}
    assert set(recipe["build"]["python"]["entry_points"]) == scripts
    assert recipe["package"]["name"] == project()["name"]


def test_release_gives_the_index_two_files_and_the_release_all_of_them(tmp_path: Path) -> None:
    """The shell steps after the build, as the runner starts them; `gh` is a program that prints what it was given."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
    made = {"a-1.0.0.tar.gz", "a-1.0.0-py3-none-any.whl", "sbom.cdx.json", "SHA256SUMS", "notes.md"}
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin" / "gh"
    gh.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    gh.chmod(0o755)
    printed = ""
    for job, folder in (("pypi", "release"), ("github", "dist")):
        for name in made:
            (tmp_path / job / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / job / folder / name).touch()
        (step,) = (step for step in jobs[job]["steps"] if "run" in step)
        printed = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            cwd=tmp_path / job,
            env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "TAG": "v1.0.0"},
            capture_output=True,
            text=True,
            check=True,
            timeout=LONG,
        ).stdout
    assert {path.name for path in (tmp_path / "pypi" / "dist").iterdir()} == {n for n in made if n.startswith("a-")}
    assert printed.split()[:3] == ["release", "create", "v1.0.0"]
    assert {Path(word).name for word in printed.split() if word.startswith("dist/")} == made
