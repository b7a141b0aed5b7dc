"""New kinds of parties in the running lab: real TLS over sockets, with DNS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pkikit.model.deployment import deployment_from
from pkikit.model.parties import LegKind
from simulator.settings import LabSettings
from simulator.threaded import ThreadedLab
from tests.support.worlds import deployment

FAST = LabSettings(rsa=False, unanswered=0.2)
CUC = "cuc1.corp.example.com"
KEYS: dict[str, Any] = {"unity_connection": [{"name": "cuc", "nodes": [CUC]}]}


@pytest.mark.parametrize("pages", [True, False])
def test_every_leg_of_new_parties_comes_up(pages: bool) -> None:
    """Voicemail beside MRA: every leg is dialled and accepted, and a broken node fails alone."""
    wanted = deployment_from({**deployment().model_dump(mode="json"), **KEYS})
    with ThreadedLab(wanted, settings=replace(FAST, pages=pages)) as lab:
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
        assert {LegKind.UNITY_CONNECTION} <= {leg.leg.kind for leg in report.legs if leg.trace is not None}
        lab.break_("reissue", party=CUC, ends_in_days=-1, begins_in_days=-400)
        down = lab.check().down
    assert {(leg.leg.server, leg.causes[0]) for leg in down} == {(CUC, "validity.expired")}
