"""The recipes for a class: they parse, say what docs/class.md says, and JupyterHub itself takes its configuration."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from traitlets.config import Config

from simulator.pebble_options import PebbleVersion
from simulator.services.pebble_program import cached_program
from tests.support.places import ROOT
from tests.support.site import assemble, linked
from tests.support.wheel import build_wheel


def hub(monkeypatch: pytest.MonkeyPatch, *, local: bool) -> tuple[Config, dict[str, Any]]:
    """(configuration, the file's own names)."""
    monkeypatch.setenv("EXPRESSWAY_LAB_SPAWNER", "local" if local else "")
    config, path = Config(), ROOT / "deploy" / "jupyterhub_config.py"
    names: dict[str, Any] = {"get_config": lambda: config, "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return config, names


def test_hub_limits_servers_culls_idle_ones_and_requires_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits for each learner, idle servers culled, nobody in without a group."""
    config, _ = hub(monkeypatch, local=False)
    assert config.Spawner.mem_limit == "1G"
    assert config.Spawner.cpu_limit == 1.0
    assert config.Authenticator.allowed_groups == {"learners"}
    assert config.JupyterHub.bind_url.startswith("http://127.0.0.1")
    assert importlib.util.find_spec(config.JupyterHub.services[0]["command"][2]) is not None
    assert any("cull_idle_timeout" in a for a in config.Spawner.args)


def test_jupyterhub_gives_every_learner_the_one_pebble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where docs/class.md has `deploy/get_pebble.py` put it: the cache of the checkout."""
    assert (
        "XDG_CACHE_HOME=$PWD/.cache .venv/bin/python deploy/get_pebble.py 2.4" in (ROOT / "docs/class.md").read_text()
    )
    _, names = hub(monkeypatch, local=False)
    assert names["PEBBLE"] == cached_program(PebbleVersion.V2_4, ROOT / ".cache" / "expressway-certificate-lab")
    monkeypatch.setattr(Path, "is_file", lambda path: path == names["PEBBLE"])
    config, _ = hub(monkeypatch, local=False)
    assert config.Spawner.environment == {"EXPRESSWAY_LAB_PEBBLE": str(names["PEBBLE"])}


class User:
    name = "learner"


class Spawner:
    """What the hook sees of JupyterHub's."""

    def __init__(self, notebook_dir: str) -> None:
        self.notebook_dir, self.user = notebook_dir, User()


def test_course_is_copied_once_and_keeps_the_learners_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A copy of every notebook; what the learner has changed stays."""
    config, names = hub(monkeypatch, local=True)
    names["give_course"](Spawner(str(tmp_path / "{username}")))
    home = tmp_path / "learner"
    assert len(list(home.glob("*.ipynb"))) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    assert (home / "deployments" / "single-pair.yaml").is_file()
    (home / "00-meet-the-lab.ipynb").write_text("mine")
    names["give_course"](Spawner(str(tmp_path / "{username}")))
    assert (home / "00-meet-the-lab.ipynb").read_text() == "mine"
    assert not (home / "solutions").exists()
    assert config.JupyterHub.spawner_class == "simple"


NOBODY = 65534


@pytest.fixture
def machine() -> Iterator[Path]:
    """A folder that every user of the machine can enter, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def learners_home(monkeypatch: pytest.MonkeyPatch, machine: Path) -> Path:
    """The home of a learner on a server of many people: another user than the Hub, which is root."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a process of another user")
    home = machine / "home" / "learner"
    home.mkdir(parents=True)
    home.parent.chmod(0o755)
    os.chown(home, NOBODY, NOBODY)
    account = pwd.struct_passwd(("learner", "x", NOBODY, NOBODY, "", str(home), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {"learner": account}[name])
    monkeypatch.setattr(os, "getgrouplist", lambda name, group: [group])
    monkeypatch.setenv("HOME", str(machine / "root"))
    return home


def copied(names: dict[str, Any], config: Config, monkeypatch: pytest.MonkeyPatch, machine: Path) -> None:
    """Run the hook as the Hub does. The checkout and its Python are root's here, so both are put where all may read."""
    course = machine / "checkout"
    if not course.exists():
        (course / "deploy").mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "give_course.py", course / "deploy")
        (course / "notebooks" / "deployments").mkdir(parents=True)
        (course / "notebooks" / "00-meet-the-lab.ipynb").write_text("{}")
        (course / "notebooks" / "deployments" / "single-pair.yaml").write_text("name: x")
        for made in (course, *course.rglob("*")):  # whatever the umask is
            made.chmod(0o755 if made.is_dir() else 0o644)
    monkeypatch.setitem(names, "COPY", course / "deploy" / "give_course.py")
    monkeypatch.setattr(names["sys"], "executable", "/usr/bin/python3")
    names["give_course"](Spawner(config.Spawner.notebook_dir))


@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="the learner needs a Python of the system")
def test_copied_course_belongs_to_the_learner(
    monkeypatch: pytest.MonkeyPatch, learners_home: Path, machine: Path
) -> None:
    """With PAM and systemd: in the learner's home, not in the Hub's, and the learner's own."""
    config, names = hub(monkeypatch, local=False)
    copied(names, config, monkeypatch, machine)
    folder = learners_home / "expressway-lab"
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert {p.name for p in files} == {"00-meet-the-lab.ipynb", "single-pair.yaml"}
    assert {p.stat().st_uid for p in (folder, *files)} == {NOBODY}
    assert not (machine / "root").exists()


@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="the learner needs a Python of the system")
def test_course_copy_writes_nothing_through_a_learners_link(
    monkeypatch: pytest.MonkeyPatch, learners_home: Path, machine: Path
) -> None:
    """A link in the learner's home to what is root's: nothing is written there, and a link is no missing file."""
    config, names = hub(monkeypatch, local=False)
    roots = machine / "roots"
    roots.mkdir()
    roots.chmod(0o755)
    folder = learners_home / "expressway-lab"
    folder.symlink_to(roots)
    with pytest.raises(RuntimeError, match=r"learner: the course cannot be copied: .*Permission denied"):
        copied(names, config, monkeypatch, machine)
    assert list(roots.iterdir()) == []
    folder.unlink()
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    (folder / "00-meet-the-lab.ipynb").symlink_to(roots / "planted")
    (folder / "deployments").symlink_to(roots)
    with pytest.raises(RuntimeError, match="Permission denied"):
        copied(names, config, monkeypatch, machine)
    assert list(roots.iterdir()) == []


def test_hub_and_server_expand_the_folder_to_the_same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub and the learner's server expand the folder each for itself; it has to name the learner."""
    config, names = hub(monkeypatch, local=False)
    assert config.Spawner.notebook_dir.startswith("~{username}/")
    assert names["COPY"] == ROOT / "deploy" / "give_course.py"


def ignored(path: str, patterns: list[str]) -> bool:
    """What .dockerignore says of a path: the last pattern that matches it or a folder above it decides."""
    parts, decision = Path(path).parts, False
    for pattern in patterns:
        wanted = Path(pattern.removeprefix("!")).parts
        if any(_matches(parts[:length], wanted) for length in range(1, len(parts) + 1)):
            decision = not pattern.startswith("!")
    return decision


def _matches(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_matches(parts[skip:], wanted[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])


SECRETS = (
    ".git/config", ".venv/bin/python", "lab-state/lab.json", "lab-state/e1.example.com/peer.json", "lab-state/tls-keys.log",
    "my-certificates/e1.example.com/key.pem", "key.pem", "a.key", ".env", "artifacts/x", ".cache/x", "notes.txt",
    "notebooks/lab-state/lab.json", "notebooks/lab-state/e1/peer.json", "notebooks/deployments/e1/key.pem",
    "notebooks/deployments/e1.yaml/key.pem", "notebooks/key.pem", "notebooks/a.p12", "notebooks/workbook/state/peer.json",
    "notebooks/workbook/key.pem", "pkikit/tls-keys.log", "pkikit/a.key", "simulator/state/x.pem", "simulator/lab.json",
    "pkikit/__pycache__/x.pyc", "notebooks/workbook/.mypy_cache/x", "tests/unit/test_cli.py", "deploy/values.yaml",
)  # fmt: skip


def test_dockerignore_keeps_keys_and_lab_state_out_of_the_image() -> None:
    """`COPY . .` copies what .dockerignore lets through: what the image needs, no keys, no state of a lab."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert [path for path in SECRETS if not ignored(path, patterns)] == []
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    needed = {
        path
        for path in listed.split("\0")
        if path.startswith(("pkikit/", "simulator/", "notebooks/", "docs/schemas/"))
        and not path.endswith((".cfg", ".md"))
    }
    needed |= {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
    needed |= {"deploy/give_course.py", "deploy/get_pebble.py", "deploy/wheel_content.py"}
    assert sorted(path for path in needed if ignored(path, patterns)) == []
    for name in ("Dockerfile", "Dockerfile.cli"):
        container = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        copied = re.findall(r"^(?:COPY|ADD) .*", container, re.MULTILINE)
        assert copied[0] == "COPY . ."
        assert all(line.startswith("COPY --from=build /") for line in copied[1:])


def test_wheel_of_the_image_builds_from_what_dockerignore_lets_through(tmp_path: Path) -> None:
    """The first stage of the Dockerfile, without docker."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file() and not ignored(name, patterns):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    wheel = build_wheel(tmp_path / "wheel", source=tmp_path)
    assert wheel.name.startswith("expressway_certificate_lab-")
    assert {path.name for path in (tmp_path / "deploy").iterdir()} == {
        "get_pebble.py", "give_course.py", "wheel_content.py",
    }  # fmt: skip


def test_class_document_matches_the_recipes() -> None:
    """The claims of docs/class.md that are settings of the recipes."""
    text = " ".join((ROOT / "docs" / "class.md").read_text(encoding="utf-8").split())
    config = (ROOT / "deploy" / "jupyterhub_config.py").read_text(encoding="utf-8")
    for claim, setting in (
        ("1 GB and one core at most", 'mem_limit = "1G"'),
        ("group `learners`", 'allowed_groups = {"learners"}'),
        ("a `/tmp` of their own", "isolate_tmp = True"),
        ("Kernels stop after half an hour without use", "cull_idle_timeout=1800"),
        ("servers after an hour", "--timeout=3600"),
        ("`~/expressway-lab`", '"~{username}/expressway-lab"'),
    ):
        assert claim in text, claim
        assert setting in config, setting
    for claim in ("`trainer`", "HTTPS", ".dockerignore", "/opt/", "expressway-progress"):
        assert claim in text, claim


def test_commit_hook_finds_every_kind_of_private_key() -> None:
    """It finds every kind of key, in a notebook too, and no file of the project is in its way."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hook = next(h for h in config["repos"][0]["hooks"] if h["id"] == "keys")
    assert (hook["language"], hook["args"]) == ("pygrep", ["--multiline"])
    assert "exclude" not in hook
    pattern = re.compile(hook["entry"].encode(), re.MULTILINE)
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            for encryption in (NoEncryption(), BestAvailableEncryption(b"x")):
                text = key.private_bytes(Encoding.PEM, form, encryption)
                assert pattern.search(text)
                assert pattern.search(json.dumps({"source": text.decode()}).encode())
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    found = [p for p in listed.split("\0") if p and (ROOT / p).is_file() and pattern.search((ROOT / p).read_bytes())]
    assert found == []


def test_binder_files_are_in_place_and_executable() -> None:
    """repo2docker's files are where it looks, and the hook is executable."""
    folder = ROOT / "binder"
    assert {p.name for p in folder.iterdir()} == {"apt.txt", "runtime.txt", "requirements.txt", "postBuild"}
    assert (folder / "postBuild").stat().st_mode & 0o111
    tools = set((folder / "apt.txt").read_text().split())
    assert tools <= {line.split("#")[0].strip() for line in (ROOT / "apt.txt").read_text().splitlines()}


def test_documentation_site_builds_without_warnings(tmp_path: Path) -> None:
    """The navigation has every page and every notebook, each link works, and the course with its results is searchable."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    source = assemble(tmp_path / "source")
    settings = load_config(str(ROOT / "mkdocs.yml"), strict=True, docs_dir=str(source), site_dir=str(tmp_path / "site"))
    build(settings)
    for name in ("index", "guide", "rules", "cli", "class", "instructor", "architecture"):
        assert (tmp_path / "site" / f"{name}.html").stat().st_size > 5_000
    navigation = (ROOT / "mkdocs.yml").read_text()
    found = json.loads((tmp_path / "site" / "search" / "search_index.json").read_text())["docs"]
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"course/{notebook.stem}.md" in navigation
        assert any(entry["location"].startswith(f"course/{notebook.stem}.html") for entry in found)
    assert any("Lab Issuing CA" in e["text"] for e in found if "00-meet" in e["location"])  # a result, not only prose


def test_site_links_notebooks_to_pages_and_drops_links_to_code() -> None:
    """A link inside code stays as it is."""
    origin = ROOT / "notebooks" / "README.md"
    text = "[a](00-meet-the-lab.ipynb#1) [b](../docs/rules.md) [c](../pkikit/text.py) `[d](../pkikit/text.py)` [e](https://x.example/)"
    expected = "[a](00-meet-the-lab.md#1) [b](../rules.md) c `[d](../pkikit/text.py)` [e](https://x.example/)"
    assert linked(text, origin) == expected
    cell = '<a href="00-meet-the-lab.ipynb#1">a</a> <a href="../docs/rules.md">b</a> <a href="dashboards/design.ipynb">c</a>'
    assert linked(cell, origin) == '<a href="00-meet-the-lab.html#1">a</a> <a href="../rules.html">b</a> c'
