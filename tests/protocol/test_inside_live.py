"""Unified CM, IM&P and phones in the running lab: real TLS over sockets, with the lists of each service."""

from __future__ import annotations

from typing import Any

import pytest

from pkikit.design.san import design_sans
from pkikit.model.parties import LegKind
from simulator.threaded import ThreadedLab
from tests.support.labs import FAST
from tests.support.worlds import C1, UCM1, changed

IMP1 = "imp1.corp.example.com"
DESK = "desk.profiles.corp.example.com"
KEYS: dict[str, Any] = {
    "version": "X15.5",
    "unified_cm__0__sip_oauth": True,
    "unified_cm__0__phones": [
        {"name": "SEP001122334455", "profile": DESK},
        {"name": "CSFALICE", "profile": "soft.profiles.corp.example.com"},
    ],
    "im_presence__0__file_transfer": True,
}


@pytest.mark.product("F-07", "F-09", "F-10", "P1-6", "P5-2")
def test_each_service_judges_by_its_own_list_over_sockets() -> None:
    """Everything comes up; then one list, and one profile, takes down what depends on it and nothing else."""
    with ThreadedLab(changed(**KEYS), settings=FAST) as lab:
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
        dialled = {leg.leg.kind for leg in report.legs if leg.trace is not None}
        assert {LegKind.UNIFIED_CM_TFTP, LegKind.UNIFIED_CM_OAUTH, LegKind.PHONE, LegKind.IM_PRESENCE_FILES} <= dialled
        names = [n for n in design_sans(lab.deployment, C1).dns_names if n != DESK]
        lab.break_("reissue", party=C1, names=names)
        report = lab.check()
        assert {(leg.leg.kind, leg.leg.group) for leg in report.down} == {(LegKind.PHONE, "SEP001122334455")}
        assert all(leg.agrees and leg.refused_by == leg.leg.server for leg in report.down)
        printed = [str(event) for event in lab.events.since(0)]
        assert any(f"Rcvd={C1}" in line or "Rcvd=cluster-c" in line for line in printed if f"Expected={DESK}" in line)
        rejected = [line for line in printed if 'Event="Registration Rejected"' in line]
        assert rejected
        assert all('Reason="Forbidden"' in line and 'Response-code="403"' in line for line in rejected)
        assert all("SEP001122334455" in line and 'Level="1"' in line for line in rejected)
        assert not any("Outbound TLS" in line and "403" in line for line in printed)
        lab.fix()
        lab.break_("trust", party=UCM1, change="only-stranger", service="CallManager")
        lab.break_("trust", party=IMP1, change="only-stranger", service="cup-xmpp")
        report = lab.check()
        assert all(leg.agrees for leg in report.legs)
        assert {(leg.leg.kind, leg.leg.port) for leg in report.down} == {
            (LegKind.UNIFIED_CM_SIP, 5061),
            (LegKind.UNIFIED_CM_OAUTH, 5061),
            (LegKind.UNIFIED_CM_TFTP, 6972),
            (LegKind.PHONE, 5061),
            (LegKind.IM_PRESENCE_XMPP, 7400),
        }
        lab.trust(lab.issued.root.parents or (lab.issued.root.certificate,), [UCM1, IMP1])
        assert lab.check().accepted
