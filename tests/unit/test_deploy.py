"""The recipes for a class: they parse, say what docs/class.md says, and JupyterHub itself takes its configuration."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from traitlets.config import Config

ROOT = Path(__file__).parents[2]


def hub(monkeypatch: pytest.MonkeyPatch, *, local: bool) -> tuple[Config, dict[str, Any]]:
    """(configuration, the file's own names)."""
    monkeypatch.setenv("EXPRESSWAY_LAB_SPAWNER", "local" if local else "")
    config, path = Config(), ROOT / "deploy" / "jupyterhub_config.py"
    names: dict[str, Any] = {"get_config": lambda: config, "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return config, names


def test_jupyterhub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits for each learner, idle servers culled, nobody in without a group."""
    config, _ = hub(monkeypatch, local=False)
    assert config.Spawner.mem_limit == "1G"
    assert config.Spawner.cpu_limit == 1.0
    assert config.Authenticator.allowed_groups == {"learners"}
    assert config.JupyterHub.bind_url.startswith("http://127.0.0.1")
    assert importlib.util.find_spec(config.JupyterHub.services[0]["command"][2]) is not None
    assert any("cull_idle_timeout" in a for a in config.Spawner.args)


def test_a_learner_gets_the_course_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A copy of every notebook; what the learner has changed stays."""
    config, names = hub(monkeypatch, local=True)

    class User:
        name = "learner"

    class Spawner:
        notebook_dir, user = str(tmp_path / "{username}"), User()

    names["give_course"](Spawner())
    home = tmp_path / "learner"
    assert len(list(home.glob("*.ipynb"))) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    assert (home / "deployments" / "single-pair.yaml").is_file()
    (home / "00-meet-the-lab.ipynb").write_text("mine")
    names["give_course"](Spawner())
    assert (home / "00-meet-the-lab.ipynb").read_text() == "mine"
    assert not (home / "solutions").exists()
    assert config.JupyterHub.spawner_class == "simple"


def test_kubernetes_and_container_agree() -> None:
    """One image, one limit, one home; no network out of a pod."""
    values = yaml.safe_load((ROOT / "deploy" / "values.yaml").read_text(encoding="utf-8"))
    container = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    user = values["singleuser"]
    assert user["memory"]["limit"] == "1G"
    assert user["storage"]["homeMountPath"] == re.search(r"^WORKDIR (/srv/\S+)$", container, re.MULTILINE)[1]  # type: ignore[index]
    assert user["networkPolicy"] == {"enabled": True, "egress": []}
    assert user["image"]["name"] in container
    assert re.search(r"^USER learner$", container, re.MULTILINE)
    assert "-c constraints.txt" in container


def test_binder() -> None:
    """repo2docker's files are where it looks, and the hook is executable."""
    folder = ROOT / "binder"
    assert {p.name for p in folder.iterdir()} == {"apt.txt", "runtime.txt", "requirements.txt", "postBuild"}
    assert (folder / "postBuild").stat().st_mode & 0o111
    tools = set((folder / "apt.txt").read_text().split())
    assert tools <= {line.split("#")[0].strip() for line in (ROOT / "apt.txt").read_text().splitlines()}


def test_the_site_is_built(tmp_path: Path) -> None:
    """Every page of the navigation is there, and mkdocs has nothing to say against it."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    build(load_config(str(tmp_path / "mkdocs.yml"), strict=True, site_dir=str(tmp_path / "site")))
    for name in ("index", "guide", "rules", "cli", "class", "instructor", "architecture"):
        assert (tmp_path / "site" / f"{name}.html").stat().st_size > 5_000
