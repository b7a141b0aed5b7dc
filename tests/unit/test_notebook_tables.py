"""What notebooks show of tables and values: left-aligned, short connections, states with a mark, never Python."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from workbook.models.what_if import judged
from workbook.session import load
from workbook.tables.display import describe_deployment, describe_leg_report, install, to_html, to_text
from workbook.tables.render import legs
from workbook.tables.sentences import Lines, facts, say, summary

from pkikit.view.connections.check_report import CheckReport
from tests.support.worlds.deployments import AT, deployment, issued

C1_E1, C2_E1 = (
    "zone:uc-traversal:c1.corp.example.com>e1.example.com",
    "zone:uc-traversal:c2.corp.example.com>e1.example.com",
)


@pytest.fixture(scope="module")
def report() -> CheckReport:
    return judged(issued().world, AT)


def test_connection_table_has_short_names_and_a_legend(report: CheckReport) -> None:
    """Ids stay in the data; people read c1 → e1, and the legend has the full names."""
    frame = legs([leg for leg in report.legs if leg.leg.id in (C1_E1, C2_E1)])
    assert C1_E1 in frame.index
    text = to_text(frame).splitlines()
    assert text[0].split() == ["connection", "state", "refused", "by", "cause"]
    assert text[1].startswith("c1 → e1 (UC traversal)  ✔ up")
    assert text[3] == "(c1 = c1.corp.example.com, e1 = e1.example.com, c2 = c2.corp.example.com)"
    html = to_html(frame)
    assert html.count("<thead>") == html.count("<tr>") - 2 == 1
    assert "text-align:left" in html


def test_tables_show_no_python_values_and_escape_what_they_hold() -> None:
    """No True, no NaN, no float with ten digits, no markup from a cell; two levels of columns become one header."""
    frame = pd.DataFrame({("a", "b"): [True, False], ("a", "c"): [None, 0.123456], ("x", ""): ["<b>", "✘ no"]})
    text, html = to_text(frame), to_html(frame)
    assert text.splitlines()[0].split() == ["a", "b", "a", "c", "x"]
    assert ("yes" in text, "no" in text, "0.12" in text, "nan" in text) == (True, True, True, False)
    assert "&lt;b&gt;" in html
    assert to_text(pd.DataFrame()) == "Nothing to show."
    assert "and 100 more rows" in to_text(pd.DataFrame({"n": range(300)}))
    assert to_text(facts({"key": "RSA", "names": ("a", "b")})) == "key    RSA\nnames  a, b"


def test_results_are_sentences(report: CheckReport) -> None:
    """Singular and plural, no quotes, no brackets."""
    assert repr(summary(report)) == f"{len(report.legs)} of {len(report.legs)} connections are up."
    assert repr(summary(report.legs[:1])) == "1 of 1 connection is up."
    assert repr(say("x")) == "x"
    assert repr(Lines(["a", "b"])) == "a\nb"
    assert describe_deployment(deployment()).endswith("4 Expressway peers and 4 other machines.")
    assert describe_leg_report(report.leg(C1_E1)) == "c1 → e1 (UC traversal): ✔ up"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_kernel_shows_values_this_way(shell: InteractiveShell, report: CheckReport) -> None:
    """Installed into the kernel: tables, deployments, connections and reports."""
    install()
    shown = shell.display_formatter.format  # type: ignore[union-attr]
    assert shown(pd.DataFrame({"leg": ["down"]}))[0]["text/plain"] == "connection\n✘ down"
    assert shown(load("single-pair"))[0]["text/plain"].startswith("Deployment single-pair")
    assert "text/html" in shown(pd.DataFrame({"leg": ["down"]}))[0]
    assert shown(report)[0]["text/plain"].endswith("connections are up.")
