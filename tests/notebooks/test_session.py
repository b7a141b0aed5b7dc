"""Sessions as a learner misuses them: cells out of order, names misspelt, a lab that is closed. One sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from workbook import LabSession, legs, open_lab, picture, trace
from workbook.session import DEPLOYMENTS

from pkikit.errors import InputError
from simulator.errors import LabError
from simulator.settings import LabSettings
from tests.support.worlds import C1, E1

FOLDER = Path(__file__).parents[2] / "notebooks"
FAST = LabSettings(rsa=False)


@pytest.fixture
def lab() -> Iterator[LabSession]:
    session = open_lab("clustered-mra", FAST)
    yield session
    session.close()


def test_opening_again_replaces_the_lab(lab: LabSession) -> None:
    """Running the first cell twice leaves one lab."""
    again = open_lab(str(DEPLOYMENTS / "single-pair.yaml"), FAST)
    with pytest.raises(LabError, match="closed"):
        lab.check()
    assert again.check().accepted
    again.close()
    again.close()


def test_one_sentence_for_each_mistake(lab: LabSession) -> None:
    """Wrong order, wrong names."""
    with pytest.raises(InputError, match="generate one first"):
        lab.sign(C1)
    for call in (lab.layout, lab.generate_csr, lab.sign):
        with pytest.raises(InputError, match="there are c1"):
            call("c9.corp.example.com")
    with pytest.raises(InputError, match="close to it: zone:uc-traversal"):
        lab.check().leg("zone:uc-traversal:c1>e1")


def test_a_session_shows_no_key(lab: LabSession) -> None:
    """Whatever a cell ends in: no private key, and a picture that says in words what it shows."""
    lab.generate_csr(E1)
    credential = lab.sign(E1)
    report = lab.check()
    shown = [
        repr(lab),
        repr(credential),
        repr(lab.threaded.lab.world),
        legs(report).to_html(),
        trace(report.legs[0]).to_html(),
    ]
    drawn = picture(lab, report)
    assert all("PRIVATE" not in text and "RSAPrivate" not in text for text in [*shown, drawn.svg])
    assert "✔ c1.corp.example.com – e1.example.com: 2 of 2 legs up" not in drawn.text
    assert "✔ c1.corp.example.com – e1.example.com: 1 of 1 legs up" in repr(drawn)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_mistake_in_a_cell_is_a_sentence_and_still_an_error() -> None:
    """In a real kernel: no traceback, one line on stderr, and the cell counts as failed."""
    cell = nbformat.v4.new_code_cell('from workbook import open_lab\nlab = open_lab("nowhere")')
    notebook = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = notebook.cells[0].outputs
    assert [o.output_type for o in outputs] == ["stream"]
    assert outputs[0].text.startswith("✘ there is no deployment 'nowhere': shipped are clustered-full, clustered-mra")
    assert outputs[0].text.count("\n") == 1
