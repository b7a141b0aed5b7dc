"""The wheel by itself: in an empty environment, outside the repository, with the packages of the base install alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.readme import readme_python
from tests.support.wait import LONG
from tests.support.wheel import ROOT, BareEnvironment, build_wheel, install_bare


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> BareEnvironment:
    return install_bare(wheel, tmp_path_factory.mktemp("bare") / "environment")


def deployment(bare: BareEnvironment) -> str:
    """A deployment that the wheel ships."""
    return str(bare.packages / "simulator" / "deployments" / "clustered-mra.yaml")


def test_base_install_is_about_twenty_packages(bare: BareEnvironment) -> None:
    """No lab, no notebooks, no data frames."""
    base = {name.lower() for name in bare.base}
    assert 15 <= len(base) <= 24, sorted(base)
    assert not base & {"acme", "aiohttp", "anyio", "ipywidgets", "jupyterlab", "numpy", "pandas", "pyarrow", "requests"}


def test_wheel_has_everything_that_is_not_python(wheel: Path) -> None:
    """Cases, templates, deployments, the course with its solutions, types, the licence; and no file of a learner."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for pattern, target in {
        "simulator/clinic/cases/*.yaml": "simulator/clinic/cases",
        "simulator/peer/pages/templates/*": "simulator/peer/pages/templates",
        "notebooks/deployments/*.yaml": "simulator/deployments",
        "notebooks/deployments/*.schema.json": "simulator/deployments",
        "docs/schemas/[!d]*.schema.json": "pkikit/schemas",
        "notebooks/*.ipynb": "workbook/notebooks",
        "notebooks/dashboards/*.ipynb": "workbook/notebooks/dashboards",
        "notebooks/solutions/*.yaml": "workbook/notebooks/solutions",
        "notebooks/workbook/course/*.yaml": "workbook/course",
        "pkikit/py.typed": "pkikit",
        "simulator/py.typed": "simulator",
        "notebooks/workbook/py.typed": "workbook",
    }.items():
        wanted = {f"{target}/{path.name}" for path in ROOT.glob(pattern) if path.is_file()}
        assert wanted, pattern
        assert wanted <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    installed = {name for name in names if ".dist-info" not in name}
    shared = {name for name in installed if ".data/" in name}  # JupyterLab's settings
    assert {name.partition("/")[0] for name in installed - shared} == {"pkikit", "simulator", "workbook"}
    assert {Path(name).suffix for name in shared} == {".json"}
    assert {Path(name).suffix for name in installed - shared} == {
        ".bin", ".css", ".html", ".ipynb", ".json", ".md", ".py", ".txt", ".typed", ".yaml",
    }  # fmt: skip


def test_commands_that_decide_work_in_the_base_install(bare: BareEnvironment, tmp_path: Path) -> None:
    """A request, a CA, a certificate, and the two questions about it."""
    plan = deployment(bare)
    for command in (
        ["pkikit", "--help"],
        ["pkikit", "--version"],
        ["pkikit", "rules", "validity.expired"],
        ["pkikit", "san", plan, "--peer", "e1.example.com"],
        ["pkikit", "csr", plan, "--peer", "e1.example.com", "--out", "request"],
        ["pkikit", "lint", "request/request.pem", "--as", "csr", "--deployment", plan, "--peer", "e1.example.com"],
        ["pkikit", "ca", "init", "ca"],
        ["pkikit", "ca", "issue", "ca", "request/request.pem", "--out", "e1.pem"],
        ["pkikit", "lint", "e1.pem", "--deployment", plan, "--peer", "e1.example.com"],
        ["pkikit", "verify", "e1.pem", "--trust", "ca/ca.pem", "--name", "e1.example.com"],
        ["pkikit", "explore", plan, "--out", "designs.csv"],
        ["expressway-sim", "--help"],
        ["expressway-sim", "schema"],
    ):
        done = bare.run(*command, cwd=tmp_path)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert done.stdout
    (tmp_path / "notebooks" / "deployments").mkdir(parents=True)
    (tmp_path / "notebooks" / "deployments" / "clustered-mra.yaml").write_bytes(Path(plan).read_bytes())
    (tmp_path / "ca").rename(tmp_path / "my-ca")
    explained = bare.run("python", "-c", readme_python()[0], cwd=tmp_path)
    assert explained.returncode == 0, explained.stderr
    assert "Not accepted: 1 error" in explained.stdout
    refused = bare.run("pkikit", "verify", "e1.pem", "--trust", "my-ca/ca.pem", "--name", "x.example.com", cwd=tmp_path)
    assert refused.returncode == 1


def test_front_door_works_in_the_base_install(bare: BareEnvironment, tmp_path: Path) -> None:
    """Every public name of `pkikit` can be had without an extra, and the functions answer."""
    script = (
        "import pkikit, sys\n"
        "assert all(getattr(pkikit, name) is not None for name in pkikit.__all__)\n"
        "plan = pkikit.load_deployment(sys.argv[1])\n"
        "print(pkikit.__file__)\n"
        "print(*(entry.value for entry in pkikit.san(plan, 'e1.example.com')))\n"
        "print(pkikit.lint(plan).accepted)\n"
    )
    done = bare.run("python", "-c", script, deployment(bare), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file, names, accepted = done.stdout.splitlines()
    assert file == str(bare.packages / "pkikit" / "__init__.py")
    assert "e1.example.com" in names.split()
    assert accepted == "True"


def test_probe_dials_in_the_base_install(bare: BareEnvironment, tmp_path: Path) -> None:
    """Nobody listens there, and that is a diagnosis, not a missing package."""
    done = bare.run("pkikit", "probe", "127.0.0.1:1", "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [
        (["pkikit", "acme", "preflight", "PLAN", "--peer", "e1.example.com"], "dns", "acme"),
        (["pkikit", "explore", "PLAN", "--out", "designs.parquet"], "pyarrow", "explore"),
        (["pkikit", "explore", "PLAN", "--scheduler", "tcp://127.0.0.1:1"], "distributed", "explore"),
        (["expressway-sim", "check", "PLAN"], r"\w+", "lab"),
        (["expressway-sim", "up", "PLAN"], r"\w+", "lab"),
        (["expressway-sim", "travel", "PLAN"], r"\w+", "lab"),
        (["expressway-sim", "clinic", "INC-0346", "--solve"], r"\w+", "lab"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_missing_extra_is_one_sentence(
    bare: BareEnvironment, tmp_path: Path, command: list[str], module: str, extra: str
) -> None:
    """Exit code 2, and the command that installs what is missing."""
    done = bare.run(*(deployment(bare) if word == "PLAN" else word for word in command), cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    sentence = (
        rf"{command[0]}: the Python module {module} is not installed; "
        rf"install it with: pip install 'expressway-certificate-lab\[{extra}\]'\n"
    )
    assert re.fullmatch(sentence, done.stderr), done.stderr
    assert not list(tmp_path.iterdir())


def test_lab_in_python_names_the_extra_that_is_missing(bare: BareEnvironment, tmp_path: Path) -> None:
    """`from simulator import Lab` in the base install ends in the sentence, not in a missing module."""
    done = bare.run("python", "-c", "from simulator import Lab", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(
        r"MissingExtra: the Python module \w+ is not installed; install it with: "
        r"pip install 'expressway-certificate-lab\[lab\]'$",
        done.stderr.rstrip(),
    )


@pytest.mark.parametrize(
    ("statement", "extra"),
    [
        ("import workbook", "workbook"),
        ("from simulator import Lab", "lab"),
        ("import simulator; simulator.AsyncLab", "lab"),
    ],
)
def test_import_names_the_extra_that_is_missing(
    bare: BareEnvironment, tmp_path: Path, statement: str, extra: str
) -> None:
    done = bare.run("python", "-c", statement, cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(
        r"MissingExtra: the Python module \w+ is not installed; install it with: "
        rf"pip install 'expressway-certificate-lab\[{extra}\]'$",
        done.stderr.rstrip(),
    )


def test_course_and_cases_come_from_the_wheel(bare: BareEnvironment, tmp_path: Path) -> None:
    """With all packages at hand, the wheel's own workbook finds its lessons, its cases and its deployments."""
    told = (
        "import json, workbook\n"
        "from pathlib import Path\n"
        "from simulator.clinic.case import cases, deployments_folder\n"
        "from workbook.course.lessons import course_folder, lessons\n"
        "print(json.dumps([workbook.__file__, str(course_folder()), str(deployments_folder()),"
        " [lesson.file for lesson in lessons()], len(list(cases()))]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(bare.packages)},
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stderr
    package, course, deployments, files, number_of_cases = json.loads(done.stdout)
    assert package == str(bare.packages / "workbook" / "__init__.py")
    assert course == str(bare.packages / "workbook" / "notebooks")
    assert deployments == str(bare.packages / "simulator" / "deployments")
    assert files == sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    assert number_of_cases == len(list((ROOT / "simulator" / "clinic" / "cases").glob("*.yaml")))
