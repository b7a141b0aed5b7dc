"""The extras of pyproject.toml, what the code imports, and what `pkikit.extras` says about it: one story."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pkikit.errors import InputError
from pkikit.extras import EXTRA_OF, PROJECT, MissingExtra, optional_packages
from tests.support.places import ROOT

PACKAGES = {"pkikit": ROOT / "pkikit", "simulator": ROOT / "simulator", "workbook": ROOT / "notebooks" / "workbook"}
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Module to the package that we name and that brings it.
BROUGHT = {
    "distributed": "dask",
    "multidict": "aiohttp",
    "yarl": "aiohttp",
    "urllib3": "requests",
    "IPython": "ipywidgets",
    "traitlets": "ipywidgets",
    "pydantic_core": "pydantic",
}


def distributions_of(extra: str) -> set[str]:
    """The distributions that an extra adds, with those of the extras of ours that it includes."""
    found = set()
    for requirement in map(Requirement, METADATA["optional-dependencies"][extra]):
        if canonicalize_name(requirement.name) == PROJECT:
            found |= {name for inner in requirement.extras for name in distributions_of(inner)}
        else:
            found.add(canonicalize_name(requirement.name))
    return found


BASE = {canonicalize_name(Requirement(line).name) for line in METADATA["dependencies"]}


installed_modules = cache(packages_distributions)


def distribution_of(module: str) -> str:
    if module in BROUGHT:
        return BROUGHT[module]
    return canonicalize_name(installed_modules()[module][0])


def imported_modules(folder: Path) -> set[str]:
    """The top-level modules of other projects that the files in a folder import, also inside functions."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - PACKAGES.keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_are_in_the_base_or_in_the_extra_that_the_sentence_names(package: str) -> None:
    """A module is in the base, or `EXTRA_OF` names an extra that really installs it."""
    modules = imported_modules(PACKAGES[package])
    assert modules
    beyond = {module for module in modules if distribution_of(module) not in BASE}
    assert beyond <= set(EXTRA_OF)
    wrong = {m: EXTRA_OF[m] for m in beyond if distribution_of(m) not in distributions_of(EXTRA_OF[m])}
    assert wrong == {}


def test_every_module_of_the_table_is_imported_somewhere() -> None:
    everything = {module for folder in PACKAGES.values() for module in imported_modules(folder)}
    assert set(EXTRA_OF) <= everything


def test_base_is_small_and_imported() -> None:
    """The base has no package that `pkikit` doesn't import itself."""
    assert {distribution_of(m) for m in imported_modules(PACKAGES["pkikit"])} >= BASE
    assert len(BASE) <= 12


def test_dev_holds_every_extra() -> None:
    names = set(METADATA["optional-dependencies"]) - {"dev"}
    assert {name for extra in names for name in distributions_of(extra)} <= distributions_of("dev")


@pytest.mark.parametrize("recipe", ["Makefile", "deploy/Dockerfile", "binder/postBuild"])
def test_every_recipe_installs_what_the_project_promises(recipe: str) -> None:
    """`make lab`, the image and Binder: the lab, the course, and the packages that the project promises by name."""
    found = re.findall(
        r"pip install .*\[([a-z,]*workbook[a-z,]*|[a-z,]*class[a-z,]*)\]", (ROOT / recipe).read_text(encoding="utf-8")
    )
    assert found
    for listed in found:  # the Makefile also installs a release
        installed = BASE.union(*(distributions_of(extra) for extra in listed.split(",")))
        assert installed >= BASE.union(*(distributions_of(extra) for extra in ("lab", "workbook", "explore")))
        assert installed >= {"acme", "aiohttp", "cryptography", "ipywidgets", "jupyterlab", "nbval", "pandas"}


def test_missing_module_of_an_extra_becomes_one_sentence() -> None:
    with pytest.raises(MissingExtra) as caught, optional_packages():
        raise ModuleNotFoundError("No module named 'dns.resolver'", name="dns.resolver")
    assert str(caught.value) == (
        "the Python module dns is not installed; install it with: pip install 'expressway-certificate-lab[acme]'"
    )
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ImportError)


@pytest.mark.parametrize("name", ["pkikit.nowhere", "json.nowhere", None])
def test_other_failed_imports_pass_unchanged(name: str | None) -> None:
    with pytest.raises(ModuleNotFoundError, match="lost"), optional_packages():
        raise ModuleNotFoundError("lost", name=name)


def test_bounded_packages_are_installed_within_their_bounds() -> None:
    """What we use without a promise has an upper bound, and the tested version is below it."""
    bounded = {
        r.name: r for r in map(Requirement, METADATA["dependencies"] + METADATA["optional-dependencies"]["acme"])
    }
    pinned = dict(
        re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for name in ("acme", "cryptography", "pyopenssl", "typer"):
        assert any(s.operator == "<" for s in bounded[name].specifier), name
        assert pinned[name] in bounded[name].specifier


def test_classifiers_are_known_and_name_the_oldest_python() -> None:
    from trove_classifiers import classifiers

    assert set(METADATA["classifiers"]) <= classifiers
    oldest = METADATA["requires-python"].removeprefix(">=")
    named = [c.rpartition(" ")[2] for c in METADATA["classifiers"] if re.search(r":: 3\.\d+$", c)]
    assert named[0] == oldest
