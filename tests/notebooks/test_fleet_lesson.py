"""What notebook 22 uses: a made fleet, its tables, the panel, and commands beside it. nbval runs the notebook itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import workbook as w
from workbook.models.fleet_breaks import breaks_of
from workbook.models.practice_fleet import PracticeFleet

from pkikit.errors import InputError
from pkikit.fleet.finished_audit import FinishedAudit


@pytest.fixture(scope="module")
def fleet() -> PracticeFleet:
    return w.make_customers(3, broken=1, seed=5)


@pytest.fixture(scope="module")
def audited(fleet: PracticeFleet) -> FinishedAudit:
    return fleet.audit()


def test_breaks_of_one_cause_and_day_are_one_row(audited: FinishedAudit) -> None:
    """Every connection is in exactly one row, the rows come by date, and the table says the same."""
    every = breaks_of(audited, timedelta(days=4000))
    assert sum(len(one.connections) for one in every) == len(audited.audit.breaks)
    assert [one.at for one in every] == sorted(one.at for one in every)
    assert len({(one.at, one.customer, one.cause) for one in every}) == len(every)
    assert list(w.next_breaks(audited, days=4000)["breaks"]) == [one.when for one in every]
    assert w.fleet_counts(audited).startswith(f"{sum(audited.audit.counts.values())} connections of 3 customers")


def test_panel_looks_ahead_and_searches(audited: FinishedAudit) -> None:
    """Its text version says the same; what a person types is shown nowhere, and no text finds everything."""
    panel = w.fleet_panel(audited)
    soon = panel.result.value
    panel.inputs["days"].value = 1827
    assert len(panel.result.value) > len(soon)
    customer = audited.audit.records[0].folder
    panel.inputs["word"].value = f"  {customer.upper()} "
    others = [record.folder for record in audited.audit.records[1:]]
    assert customer in panel.result.value
    assert not any(f">{other}</td>" in panel.result.value for other in others)
    panel.inputs["word"].value = "<b>nobody</b>"
    assert "No row has this text." in panel.result.value
    assert "<b>nobody" not in panel.result.value


def test_promise_replaces_an_earlier_one_and_a_change_happens_once(fleet: PracticeFleet) -> None:
    name = fleet.customers[0]
    first = w.promise_table(fleet.promise(name, 'expect:\n  keys: {rsa: ">= 9000"}'))
    again = w.promise_table(fleet.promise(name, 'expect:\n  keys: {rsa: ">= 2048"}'))
    assert [*first["result"], *again["result"]] == ["✘ broken", "✔ kept"]
    for _ in range(2):
        fleet.change(name, "  registration:\n", "  registration:\n  - example.org\n")
    assert fleet.deployment(name).domains.registration.count("example.org") == 1
    with pytest.raises(InputError, match="0 times"):
        fleet.change(name, "nowhere", "not there either")
    with pytest.raises(InputError, match="no customer"):
        fleet.deployment("../..")


def test_command_beside_the_fleet_says_what_a_pipeline_does(fleet: PracticeFleet) -> None:
    """Other programs are not run, and a kernel's wish for colours is not passed on."""
    told = fleet.run("pkikit guard nowhere")
    assert told.code == 2
    assert repr(told).startswith("$ pkikit guard nowhere\n")
    assert repr(told).endswith("Exit code 2: the input cannot be used.")
    with pytest.raises(InputError, match="only pkikit"):
        fleet.run("sh -c true")


def test_hours_follow_the_issuer_and_the_version(fleet: PracticeFleet) -> None:
    """The near miss: the same customers with a budget that nobody exceeds."""
    table = w.hours_by_issuer(fleet, hours=50, version="X15.5").set_index("certificates of Expressway-E")
    assert table.loc["a public CA, loaded by hand", "by hand"] == "✘ stops in 2029"
    assert table.loc["your own CA", "by hand"] == "✔ works to 2037"
    assert w.outlook_if(fleet, "public-ca", hours=1000, version="X15.5").year is None
    one = w.outlook_if(fleet, "public-ca", fleet.customers[0], version="X15.5")
    assert one.years[3].hours < w.outlook_if(fleet, "public-ca", version="X15.5").years[3].hours


def test_rule_without_its_proof_is_refused() -> None:
    rule = """
rules:
  - id: house.short
    about: certificate
    require: {name_count: "<= 4"}
    message: "{machine} has {name_count} names."
    fix: Request fewer names.
    example: {name_count: 5}
    near_miss: {name_count: %d}
"""
    assert w.prove_rules(rule % 4) == "✔ Proved: house.short"
    assert "near miss is found too" in w.prove_rules(rule % 6)
