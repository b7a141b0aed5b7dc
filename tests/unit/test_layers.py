"""The import contracts of pyproject.toml: they hold, and each of them catches an import that goes upwards."""

from __future__ import annotations

from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

from tests.support.places import ROOT

PYPROJECT = ROOT / "pyproject.toml"
CONFIGURATION = read_configuration(str(PYPROJECT))
KINDS: dict[str, type[Contract]] = {
    "layers": LayersContract, "forbidden": ForbiddenContract, "acyclic_siblings": AcyclicSiblingsContract,
}  # fmt: skip


def _contract(options: dict[str, Any]) -> Contract:
    return KINDS[options["type"]](options["name"], CONFIGURATION["session_options"], options)


def _wrong_import(options: dict[str, Any]) -> tuple[str, str]:
    """(importer, imported): one import that the contract must refuse."""
    if options["type"] == "forbidden":
        return options["source_modules"][0], options["forbidden_modules"][0]
    if options["type"] == "acyclic_siblings":
        return "pkikit.model.tables.features", "pkikit.model.version"  # version imports features
    container = options.get("containers", [""])[0]
    top, bottom = (options["layers"][i].split(" | ")[0].split(" : ")[0].strip("()") for i in (0, -1))
    return tuple(f"{container}.{layer}" if container else layer for layer in (bottom, top))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pkikit", "simulator", "workbook", include_external_packages=True)


@pytest.mark.parametrize("options", CONFIGURATION["contracts_options"], ids=lambda options: options["name"])
def test_contract_holds_and_catches_a_wrong_import(options: dict[str, Any], graph: grimp.ImportGraph) -> None:
    """The contract is kept today, and broken as soon as one module imports what it must not."""
    contract = _contract(options)
    assert contract.check(graph, verbose=False).kept
    importer, imported = _wrong_import(options)
    graph.add_import(importer=importer, imported=imported)
    try:
        assert not contract.check(graph, verbose=False).kept
    finally:
        graph.remove_import(importer=importer, imported=imported)


@pytest.mark.parametrize("container", ["pkikit", "pkikit.judge", "simulator", "simulator.peer", "workbook"])
def test_room_without_a_layer_breaks_the_contract(container: str, graph: grimp.ImportGraph) -> None:
    """A new room has to be given its place: the contract names a module that no layer names."""
    (options,) = (o for o in CONFIGURATION["contracts_options"] if o.get("containers") == [container])
    graph.add_module(f"{container}.newroom")
    try:
        assert not _contract(options).check(graph, verbose=False).kept
    finally:
        graph.remove_module(f"{container}.newroom")


def test_imports_by_name_are_the_known_ones() -> None:
    """import-linter reads import statements alone, so a call of `import_module` could pass every contract."""
    found = {
        str(path.relative_to(ROOT))
        for package in ("pkikit", "simulator", "notebooks/workbook")
        for path in (ROOT / package).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("import_module", "__import__("))
    }
    assert found == {"pkikit/__init__.py", "pkikit/commands/cli.py", "simulator/__init__.py"}
