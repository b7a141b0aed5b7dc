"""The design wizard: its inputs lead to a card, errors name fields by their labels, everything typed is escaped."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest
import workbook as w

from pkikit.explore.advice.plain_answers import answers_from
from pkikit.model.deployment import parse_deployment

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_wizard_recommends_and_hands_out_a_deployment_file_that_loads() -> None:
    """Verdict first; the link holds the whole file; names and CSR values have a button each."""
    panel = w.design_wizard(at=NOW)
    shown = panel.result.value
    assert shown.index("Recommended for X15.5") < shown.index("Why this design") < shown.index("Alternative 1")
    assert shown.index("By hand, this") < shown.index("Why this design") < shown.index("Renewals by hand")
    row = shown.partition("To get there from today<br>")[2].partition("</tr>")[0]
    assert re.findall(r"<td>(\d+) steps, (\d+) restarts, \d+ connections? refused</td>", row)[0] == ("8", "2")
    (data,) = re.findall(r'download="deployment.yaml" href="data:text/plain;base64,([^"]+)"', shown)
    assert parse_deployment(base64.b64decode(data).decode()).version == "X15.5"
    assert shown.count(">Copy names<") == shown.count(">Copy CSR values<") == 2


def test_wizard_says_which_answer_prevents_every_design() -> None:
    """The refusal replaces the card, with the nearest answer that works."""
    panel = w.design_wizard(at=NOW)
    panel.inputs["mutual"].value = True
    assert "Private CA outside" in panel.result.value.partition("</h4>")[0]
    assert "Recommended for" not in panel.result.value
    panel.inputs["trust"].value = "partners"
    assert "Recommended for" in panel.result.value


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("edge_peers", 7, "Expressway-E peers: 7 is out of range; a cluster has 1 to 6 peers"),
        ("domains", "exam ple.com", "Registration domains: &#x27;exam ple.com&#x27; contains a space"),
        ("core_fqdn", "<script>x</script>", "Expressway-C FQDN: "),
        ("edge_fqdn", "", "Expressway-E FQDN: is empty"),
    ],
)
def test_wizard_names_a_field_by_its_label(field: str, value: object, said: str) -> None:
    """One sentence, escaped; the number that was typed stays as it is."""
    panel = w.design_wizard(answers_from(["core-peers=1"]), at=NOW)
    panel.inputs[field].value = value
    assert said in panel.result.value
    assert "<script>" not in panel.result.value
    assert panel.inputs[field].value == value


def test_san_designer_groups_peers_and_says_what_is_out_of_range() -> None:
    """One table for peers that differ in their own name; seven peers are refused, not made six."""
    panel = w.san_designer()
    assert panel.result.value.count("<table>") == 2
    assert "e1.example.com and e2.example.com (each with its own name)" in panel.result.value
    panel.inputs["peers"].value = 7
    assert "Peers per cluster: 7 is out of range" in panel.result.value
