"""New kinds of parties in the running lab: real TLS over sockets, with DNS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dns.message
import dns.query
import pytest

from pkikit.model.deployment import deployment_from
from pkikit.model.parties import LegKind
from simulator.services.dns import DnsServer
from simulator.threaded import ThreadedLab
from tests.support.labs import IMPATIENT
from tests.support.wait import LONG
from tests.support.worlds import E1, E2, deployment

CUC, CMS, JOIN = "cuc1.corp.example.com", "cms1.corp.example.com", "join.example.com"
KEYS: dict[str, Any] = {
    "version": "X15.5",
    "unity_connection": [{"name": "cuc", "nodes": [CUC]}],
    "meeting_servers": [{"name": "cms", "join_host": JOIN, "nodes": [CMS]}],
}


@pytest.mark.parametrize("pages", [True, False])
def test_every_leg_of_new_parties_comes_up(pages: bool) -> None:
    """Voicemail and meetings beside MRA: every leg is dialled and accepted, and broken nodes fail alone."""
    wanted = deployment_from({**deployment().model_dump(mode="json"), **KEYS})
    with ThreadedLab(wanted, settings=replace(IMPATIENT, pages=pages)) as lab:
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
        assert {LegKind.UNITY_CONNECTION, LegKind.WEB_BRIDGE, LegKind.WEB_PROXY} <= {
            leg.leg.kind for leg in report.legs if leg.trace is not None
        }
        for node in (CUC, CMS):
            lab.break_("reissue", party=node, ends_in_days=-1, begins_in_days=-400)
        lab.break_("reissue", party=E1, without=[JOIN])
        down = lab.check().down
    assert {(leg.leg.kind, leg.leg.server, leg.causes[0]) for leg in down} == {
        (LegKind.UNITY_CONNECTION, CUC, "validity.expired"),
        (LegKind.MESSAGE_WAITING, CUC, "validity.expired"),
        (LegKind.WEB_BRIDGE, CMS, "validity.expired"),
        (LegKind.WEB_PROXY, E1, "names.join-url-missing"),
    }


def test_names_of_new_parties_are_found_on_their_side_only() -> None:
    """C finds a Web Bridge by SRV inside; outside the Join URL leads to Expressway-E, and nothing else is known."""
    wanted = deployment_from({**deployment().model_dump(mode="json"), **KEYS})
    with ThreadedLab(wanted, settings=replace(IMPATIENT, pages=False)) as lab:
        inside, outside, record = lab.network.dns, lab.network.outside_dns, f"_cms-web._tls.{JOIN}"
        assert _ask(inside, record, "SRV") == [f"10 10 443 {CMS}."]
        assert _ask(outside, record, "SRV") == []
        assert _ask(inside, CUC, "A") == [lab.plan.by_name[CUC]]
        assert _ask(outside, CUC, "A") == []
        assert _ask(outside, JOIN, "A") == sorted(lab.plan.by_name[peer] for peer in (E1, E2))


def _ask(server: DnsServer, name: str, kind: str) -> list[str]:
    answer = dns.query.udp(dns.message.make_query(name, kind), server.address, port=server.port, timeout=LONG)
    return sorted(str(record) for records in answer.answer for record in records)
