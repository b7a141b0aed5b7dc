"""Pipelines for real: docs/pipeline.md command by command, pre-commit in a fresh repository, the steps of action and template."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from junitparser import JUnitXml

from tests.support.certs_folder import write_certs
from tests.support.places import ROOT
from tests.support.wait import LONG
from tests.support.wheel import build_wheel
from tests.support.worlds import C1, CLUSTER_C, DEPLOYMENTS, WorldBuilder

pytestmark = pytest.mark.needs("git", "bash")
GUIDE, HOOKS, ACTION = ROOT / "docs" / "pipeline.md", ROOT / ".pre-commit-hooks.yaml", ROOT / "action.yml"
TEMPLATE = ROOT / "deploy" / "gitlab" / "certificates.gitlab-ci.yml"
WORKFLOW = ROOT / "deploy" / "github" / "certificates.yml"
BIN = Path(sys.executable).parent


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """An empty folder for a repository; `pkikit` and `expressway-sim` are this checkout's, and `../notebooks` is there."""
    (tmp_path / "repository").mkdir()
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    (tmp_path / "bin").mkdir()
    for name, module in (("pkikit", "pkikit"), ("expressway-sim", "simulator")):
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        script.chmod(0o755)
    return tmp_path / "repository"


def bash(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script, as somebody with an empty git configuration."""
    environment = {
        **os.environ,
        "PATH": f"{folder.parent / 'bin'}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "NO_COLOR": "1",
        **more,
    }
    for leaking in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        environment.pop(leaking, None)
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=LONG
    )


def hook_repository(folder: Path) -> tuple[Path, str]:
    """A repository with the hooks, as a clone of this project is, and its commit."""
    folder.mkdir()
    shutil.copy(HOOKS, folder)
    commit = "git init -q . && git add -A && git -c user.name=a -c user.email=a@example.com commit -q -m hooks && git rev-parse HEAD"
    done = bash(commit, folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.strip()


def configuration(desk: Path) -> str:
    """The configuration of pre-commit that the guide shows, for the hooks of this checkout."""
    (block,) = (b for b in re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text(), re.M | re.S) if b.startswith("repos:"))
    hooks, commit = hook_repository(desk.parent / "hooks")
    return block.replace("https://github.com/OWNER/REPOSITORY", str(hooks)).replace("v1.0.0", commit)


def test_guide_is_followed_command_by_command(desk: Path) -> None:
    """Every command runs, in order, and prints the lines that the guide shows; a line with a cross comes with a no."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    for part in (p for block in blocks for p in re.split(r"^\$ ", block, flags=re.M)[1:]):
        command, *lines = part.splitlines()
        if command == "git add .":
            (desk / ".pre-commit-config.yaml").write_text(configuration(desk))
        done = bash(command, desk)
        says_no = any(line.startswith("✘") or line.endswith("Failed") for line in lines) or " > " in command
        assert done.returncode == int(says_no), f"{command}\n{done.stdout}{done.stderr}"
        printed = [" ".join(line.split()) for line in done.stdout.splitlines()]
        shown = [" ".join(line.split()) for line in lines]
        assert [line for line in shown if not any(p.startswith(line) for p in printed)] == [], done.stdout
    assert re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S) == [
        'pip wheel --wheel-dir wheels "expressway-certificate-lab[lab]"\n'
    ]  # the only one that needs the internet
    for report in ("guard.sarif", "lint.sarif", "check.sarif"):
        assert json.loads((desk.parent / report).read_text())["version"] == "2.1.0"
    (entry,) = json.loads((desk.parent / "check.sarif").read_text())["runs"]
    assert {r["kind"] for r in entry["results"]} == {"fail", "open"}


def test_fresh_repository_refuses_a_missing_name_and_takes_the_near_miss(desk: Path) -> None:
    """`pre-commit run`: the same certificate without, then with the name of its cluster."""
    (desk / ".pre-commit-config.yaml").write_text(configuration(desk))
    shutil.copy(DEPLOYMENTS / "clustered-mra.yaml", desk / "deployment.yaml")
    write_certs(WorldBuilder().reissue(C1, without=(CLUSTER_C,)).world, desk / "certificates", [C1])
    refused = bash("git init -q . && git add -A && pre-commit run", desk)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "names.cluster-fqdn-missing" in refused.stdout
    assert re.findall(r"^(\w.*?)\.+Failed", refused.stdout, re.M) == ["names in certificates"]
    write_certs(WorldBuilder().world, desk / "certificates", [C1])
    taken = bash("git add -A && pre-commit run pkikit-names", desk)
    assert taken.returncode == 0, taken.stdout
    assert re.findall(r"^(\w.*?)\.+Passed", taken.stdout, re.M) == ["names in certificates"]


@pytest.mark.parametrize(
    ("schema", "file"), [("github-actions", ACTION), ("github-workflows", WORKFLOW), ("gitlab-ci", TEMPLATE)]
)
def test_recipes_follow_their_schemas(schema: str, file: Path) -> None:
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", f"vendor.{schema}", str(file)])
    assert done.exit_code == 0, done.output


def packages_without_ours(folder: Path) -> Path:
    """The packages of this environment, without this project."""
    folder.mkdir()
    for package in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not package.name.startswith(("expressway_certificate_lab", "_expressway", "__editable__")):
            (folder / package.name).symlink_to(package)
    return folder


def test_steps_of_action_and_template_install_offline_and_answer(desk: Path, tmp_path: Path) -> None:
    """From a folder of wheels: a no with reports and outputs; with the baseline a yes; bad input without reports."""
    wheels = tmp_path / "wheels"
    build_wheel(wheels)
    # Only our wheel is installed; what it needs comes from this environment.
    offline = {"PIP_NO_DEPS": "1", "PYTHONPATH": str(packages_without_ours(tmp_path / "packages"))}
    shutil.copy(DEPLOYMENTS / "clustered-mra.yaml", desk / "deployment.yaml")
    write_certs(WorldBuilder().reissue(C1, without=(CLUSTER_C,)).world, desk / "certificates", [C1])
    action = yaml.safe_load(ACTION.read_text())
    inputs = {name: str(given["default"]) for name, given in action["inputs"].items()}
    runner = {"RUNNER_TEMP": str(tmp_path / "runner"), "GITHUB_OUTPUT": str(tmp_path / "outputs"), **offline}
    (tmp_path / "runner").mkdir()

    def step(step_id: str, **given: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        (found,) = (s for s in action["runs"]["steps"] if s["id"] == step_id)
        values = {f"inputs.{k}": v for k, v in {**inputs, **given}.items()} | {"github.action_path": str(ROOT)}
        env = {k: re.sub(r"\$\{\{ (\S+) \}\}", lambda m: values[m[1]], str(v)) for k, v in found["env"].items()}
        assert "${{" not in found["run"]  # an input is never part of the script
        (tmp_path / "outputs").write_text("")
        done = bash(found["run"], desk, **runner, **env)
        return done, dict(line.split("=", 1) for line in (tmp_path / "outputs").read_text().splitlines())

    # pip comes from this environment, too: a copy of it in each new one takes longer than all the rest.
    (tmp_path / "bin" / "quick").write_text(
        f'#!/bin/sh\n[ "$*" = "-m venv $3" ] && exec {sys.executable} "$@" --without-pip\n'
    )
    (tmp_path / "bin" / "quick").chmod(0o755)
    installed, _ = step("install", wheels=str(wheels), python="quick")
    assert installed.returncode == 0, installed.stderr
    refused, outputs = step("run")
    assert refused.returncode == 1, refused.stderr
    assert outputs == {
        "accepted": "false",
        "exit-code": "1",
        **{form: f"pkikit-reports/pkikit.{form if form != 'junit' else 'xml'}" for form in ("sarif", "junit", "json")},
    }
    assert f"::error file=certificates/{C1}/cert.pem,line=1,title=names.cluster-fqdn-missing::" in refused.stdout
    assert JUnitXml.fromfile(str(desk / outputs["junit"])).failures == 1
    shutil.copy(desk / outputs["json"], tmp_path / "known.json")
    known, outputs = step("run", baseline=str(tmp_path / "known.json"), options="--only=names\n--verbose")
    assert (known.returncode, outputs["accepted"]) == (0, "true"), known.stderr
    unfailing, outputs = step("run", fail="false", command="lint", files=f"certificates/{C1}/cert.pem\n")
    assert unfailing.returncode == 0
    bad, outputs = step("run", fail="false", files="no such $(touch hacked) file")
    assert (bad.returncode, outputs["sarif"], outputs["exit-code"]) == (2, "", "2")
    assert not list((desk / "pkikit-reports").glob("*"))
    assert not list(desk.rglob("hacked"))
    for odd in ({"options": "--help"}, {"reports": "x\naccepted=true"}):  # no answer is not a yes
        bad, outputs = step("run", **odd)
        assert (bad.returncode, outputs.get("accepted", "false")) == (2, "false"), bad.stdout

    job: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text())[".pkikit"]
    (desk / "private.pem").write_text("-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n")
    # The environment that the action has made: pip finds everything there.
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\n[ "$2" = venv ] && ln -s {tmp_path}/runner/pkikit "$3"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    script = "\n".join(("set -e", *job["before_script"], *job["script"]))
    variables = {**job["variables"], "PKIKIT_WHEELS": str(wheels), "PKIKIT_BASELINE": str(tmp_path / "known.json")}
    done = bash(script, desk, **offline, **variables)
    assert done.returncode == 1, done.stderr
    reports = job["artifacts"]["reports"]
    assert JUnitXml.fromfile(str(desk / reports["junit"])).failures == 1
    quality = json.loads((desk / reports["codequality"]).read_text())
    assert [e["check_name"] for e in quality if e["severity"] == "critical"] == ["repository.private-key"]
    assert (desk / job["artifacts"]["paths"][0]).is_file()
