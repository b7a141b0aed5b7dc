"""Sessions as a learner misuses them: cells out of order, names misspelt, a lab that is closed. One sentence each."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from workbook import LabSession, legs, open_lab, picture, trace
from workbook.session import DEPLOYMENTS

from pkikit.errors import InputError
from simulator.errors import LabError
from tests.support.labs import QUICK
from tests.support.places import ROOT
from tests.support.wait import LONG, eventually
from tests.support.worlds import C1, E1

FOLDER = ROOT / "notebooks"


@pytest.fixture
def lab() -> Iterator[LabSession]:
    session = open_lab("clustered-mra", QUICK)
    yield session
    session.close()


def test_opening_a_lab_again_replaces_it(lab: LabSession) -> None:
    """Running the first cell twice leaves one lab."""
    again = open_lab(str(DEPLOYMENTS / "single-pair.yaml"), QUICK)
    with pytest.raises(LabError, match="closed"):
        lab.check()
    assert again.check().accepted
    again.close()
    again.close()


def test_mistake_is_reported_with_one_sentence(lab: LabSession) -> None:
    """Calls in the wrong order and wrong names end in one sentence."""
    with pytest.raises(InputError, match="Generate one first"):
        lab.sign(C1)
    for call in (lab.layout, lab.generate_csr, lab.sign):
        with pytest.raises(InputError, match="there are c1"):
            call("c9.corp.example.com")
    with pytest.raises(InputError, match="close to it: zone:uc-traversal"):
        lab.check().leg("zone:uc-traversal:c1>e1")


def test_session_output_hides_the_key_and_describes_its_picture(lab: LabSession) -> None:
    """Whatever a cell ends in: no private key, and a picture that says in words what it shows."""
    lab.generate_csr(E1)
    credential = lab.sign(E1)
    report = lab.check()
    shown = [
        repr(lab),
        repr(credential),
        repr(lab.threaded.world),
        legs(report).to_html(),
        trace(report.legs[0]).to_html(),
    ]
    drawn = picture(lab, report)
    assert all("PRIVATE" not in text and "RSAPrivate" not in text for text in [*shown, drawn.svg])
    assert "✔ all up: Expressway-C – Expressway-E, UC traversal: 4 of 4 up" in repr(drawn)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_mistake_in_a_cell_prints_one_line_and_fails_the_cell() -> None:
    """In a real kernel: no traceback, one line on stderr, and the cell counts as failed."""
    cell = nbformat.v4.new_code_cell('from workbook import open_lab\nlab = open_lab("nowhere")')
    notebook = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=LONG, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = notebook.cells[0].outputs
    assert [o.output_type for o in outputs] == ["stream"]
    assert outputs[0].text.startswith("✘ There is no deployment 'nowhere'. Choose one of clustered-full, clustered-mra")
    assert outputs[0].text.count("\n") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["from workbook import start", 'start("06")', "legs(report.down)"], "✘ legs does not exist yet: run the cells above"),
        (["from workbook import open_lab\nlab = open_lab('single-pair')", "report.down"], "✘ report does not exist yet"),
        (["from workbook import open_lab\nlab = open_lab('single-pair')", "assert not lab.check().accepted"], "✘ this check fails now"),
        (["from workbook import start\nstart('06')", "len(5)"], None),
    ],
)  # fmt: skip
def test_cell_out_of_order_is_reported_with_one_sentence(cells: list[str], told: str | None) -> None:
    """What is not there yet, and a claim that is not so any more: one sentence. A mistake in Python keeps its traceback."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=LONG, resources={"metadata": {"path": str(FOLDER)}}).execute()
    (output,) = notebook.cells[-1].outputs
    if told is None:
        assert output.output_type == "error"
    else:
        assert output.output_type == "stream"
        assert output.text.startswith(told)
        assert output.text.count("\n") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_notebook_with_every_cell_run_twice_still_works() -> None:
    """A notebook whose cells are each run twice ends as it should, or says in a sentence what is not so any more."""
    notebook = nbformat.read(FOLDER / "06-load-chain-and-trust.ipynb", as_version=4)
    notebook.cells = [copy for cell in notebook.cells if cell.cell_type == "code" for copy in (cell, deepcopy(cell))]
    client = NotebookClient(notebook, timeout=LONG, allow_errors=True, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    for cell in notebook.cells:
        for output in cell.outputs:
            assert output.output_type != "error", (cell.source, output.get("evalue"))
            assert output.get("name") != "stderr" or output.text.startswith("✘"), output


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_killed_kernel_leaves_no_child_and_the_next_orders() -> None:
    """kill -9 while Pebble is asked: no child is left, and the next kernel orders as if nothing had been."""
    manager = KernelManager()
    manager.start_kernel(cwd=str(FOLDER))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=LONG)
    client.execute_interactive(
        "from workbook import open_lab\nlab = open_lab()\nlab.start_acme()\nNone",
        output_hook=lambda _: None,
        timeout=LONG,
    )
    kernel = manager.provisioner.pid  # type: ignore[union-attr]
    children = [int(pid) for pid in _run("ps", "-o", "pid=", "--ppid", str(kernel)).split()]
    assert any("pebble" in _run("ps", "-o", "args=", "-p", str(child)) for child in children)
    order = client.execute("lab.acme_sign('e1.example.com')")
    while (message := client.get_iopub_msg(timeout=LONG))["msg_type"] != "execute_input":
        assert message["parent_header"]
    assert message["parent_header"]["msg_id"] == order  # the kernel is at work on it
    os.kill(kernel, signal.SIGKILL)
    manager.provisioner.process.wait(timeout=LONG)  # type: ignore[union-attr]
    eventually(
        lambda: (
            not any(
                Path(f"/proc/{child}").exists() and "pebble" in _run("ps", "-o", "args=", "-p", str(child))
                for child in children
            )
        ),
        "Pebble lives on",
    )
    client.stop_channels()
    manager.cleanup_resources()
    cells = ["from workbook import open_lab\nlab = open_lab()\nlab.acme_sign('e1.example.com')\nNone"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=LONG, resources={"metadata": {"path": str(FOLDER)}}).execute()


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout
