"""Warnings on legs that are up: reported with their legs, and not a reason to refuse."""

from __future__ import annotations

import io
import ipaddress

import pytest
from cryptography import x509
from rich.console import Console

from pkikit.commands.deployments.check_text import print_report
from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.findings import Severity
from pkikit.model.parties import LegKind
from pkikit.model.trace import Side
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import BOTH, DAY
from tests.support.worlds import (
    AT,
    C1,
    CASES,
    CLUSTER_C,
    E1,
    E2,
    PARTNER,
    WorldBuilder,
    deployment,
    presenting,
    stranger,
)

FAR = 30 * 365 * DAY


def report(builder: WorldBuilder) -> CheckReport:
    """Every leg judged and dialled."""
    dialler = MemoryDialler(builder.world, AT)
    legs = (
        LegReport(leg=leg, verdict=judge_leg(leg, builder.world, AT), trace=dialler.dial(leg))
        for leg in legs_of(builder.world.deployment)
    )
    return CheckReport(deployment=builder.world.deployment.name, at=AT, legs=tuple(legs))


def printed(of: CheckReport) -> str:
    out = io.StringIO()
    print_report(Console(file=out, width=200, soft_wrap=True), of, deployment())
    return out.getvalue()


@pytest.mark.fires("validity.after-2050")
@pytest.mark.near_miss("validity.expired")
def test_end_date_after_2049_warns_on_every_leg_that_presents_it() -> None:
    """Every leg is up, the legs that show the certificate carry the warning, in JSON and for people."""
    found = report(WorldBuilder().reissue(E1, ends=FAR))
    assert found.accepted
    document = found.to_json()
    assert document["accepted"] is True
    for leg, entry in zip(found.legs, document["legs"], strict=True):
        rules = {f["rule"] for f in entry["findings"]}
        assert ("validity.after-2050" in rules) is presenting(E1)(leg.leg), leg.leg.id
        assert entry["causes"] == []
        assert all(f["severity"] == "warning" for f in entry["findings"])
    [(warning, legs)] = [pair for pair in found.warnings if pair[0].rule == "validity.after-2050"]
    assert set(legs) == {leg.leg.id for leg in found.legs if presenting(E1)(leg.leg)}
    assert warning.severity is Severity.WARNING
    text = printed(found)
    assert "validity.after-2050" in text
    assert text.count("WARNING") == len(found.warnings), "each warning once, not once a leg"


@pytest.mark.near_miss("validity.after-2050", "names.unusable", "eku.critical", "names.common-name-only")
def test_report_of_a_sound_world_has_no_warning() -> None:
    """A sound world prints no warning."""
    found = report(WorldBuilder())
    assert found.accepted
    assert found.warnings == ()
    assert "WARNING" not in printed(found)


@pytest.mark.fires("names.ip-address-used", "names.common-name-only", "names.unusable", "eku.critical")
def test_leg_that_is_up_reports_its_warning() -> None:
    """A peer address written as IP, a certificate without SAN, a spoilt name and a critical EKU: up, each with its warning."""
    address = x509.IPAddress(ipaddress.ip_address("192.0.2.11"))
    builder = WorldBuilder().deploy(addresses={E1: "192.0.2.11"}, zones__0__peer_addresses=["192.0.2.11", E2])
    spoilt = x509.DNSName(f"{E1}.")
    builder = builder.reissue(
        E1, general=(address, spoilt), ekus=None, critical=(x509.ExtendedKeyUsage(BOTH),)
    ).reissue(PARTNER, names=(), common_name=PARTNER)
    found = report(builder)
    assert found.accepted, [leg.causes for leg in found.down]
    assert {w.rule for w, _ in found.warnings} == {
        "names.ip-address-used", "names.common-name-only", "names.unusable", "eku.critical",
    }  # fmt: skip


@pytest.mark.fires("names.peer-fqdn-missing", "validity.after-2050")
def test_leg_that_is_down_lists_its_warning_apart_from_its_cause() -> None:
    """A leg that is down keeps its cause; the warning is beside it and is not a cause."""
    found = report(WorldBuilder().reissue(E1, ends=FAR, without=(E1,)))
    assert not found.accepted
    assert {cause for leg in found.down for cause in leg.causes} == {"names.peer-fqdn-missing"}
    assert "validity.after-2050" in {w.rule for w, _ in found.warnings}


def test_report_prints_the_answer_first_and_names_every_refusing_machine() -> None:
    """One root cause is printed once (SSH tunnels want another fix: a second one), with each machine that refuses."""
    found = report(WorldBuilder().reissue(E1, by=stranger()))
    lines = printed(found).splitlines()
    down = len(found.down)
    assert lines[0].startswith(
        f"✘ {len(found.legs) - down} of {len(found.legs)} connections up, {down} down for 2 causes: "
    )
    blocks = printed(found).split("\nERROR ")[1:]
    refusing = [
        {leg.leg.client if leg.rejected_by is Side.CLIENT else leg.leg.server for leg in found.down
         if (leg.leg.kind is LegKind.TUNNEL) is tunnel}
        for tunnel in (False, True)
    ]  # fmt: skip
    assert len(blocks) == len(refusing)
    assert all(machine in block for block, machines in zip(blocks, refusing, strict=True) for machine in machines)
    assert len(refusing[0]) > 2
    every = len(found.legs)
    assert printed(report(WorldBuilder())).startswith(f"✔ {every} of {every} connections up: ")


def test_report_merges_one_cause_on_several_machines_and_lists_each_fix() -> None:
    """E1 has a certificate of an unknown CA: every verifier refuses it, the cause is reported once, the fix names each of them."""
    checked = report(WorldBuilder().reissue(E1, by=stranger()))
    cause, tunnels = checked.root_causes()
    assert {cause.finding.rule, tunnels.finding.rule} == {"trust.issuer-unknown"}
    assert {*cause.legs, *tunnels.legs} == {leg.leg.id for leg in checked.down}
    assert all(leg.startswith("tunnel:") for leg in tunnels.legs)
    assert len(cause.refused_by) > 2
    assert all(machine in cause.fix for machine in cause.refused_by)
    assert cause.finding.message.startswith("e2, c1, c2, sip.partner and jabber refuse e1: ")


def test_report_names_who_has_the_reason_and_not_who_refuses_first() -> None:
    """C1 and the partner refuse E1, and E1 refuses C1, but only later in the handshake; nobody refuses itself."""
    one = report(WorldBuilder().reissue(E1, by=stranger())).root_causes()
    assert not any(E1 in cause.refused_by for cause in one)
    both = report(WorldBuilder().reissue(E1, by=stranger()).reissue(C1, by=stranger()))
    zone = next(leg for leg in both.down if leg.leg.id.startswith(f"zone:uc-traversal:{C1}>{E1}"))
    assert zone.refused_by == C1
    assert {machine for f in zone.findings for machine in zone.judges_of(f)} == {C1, E1}


def test_report_of_a_cause_fixed_on_one_machine_names_only_that_machine() -> None:
    """C1 lacks the cluster's name: both E peers refuse, and the new certificate of C1 is the whole work."""
    checked = report(WorldBuilder().reissue(C1, without=(CLUSTER_C,)))
    (cause,) = [c for c in checked.root_causes() if c.finding.rule == "names.cluster-fqdn-missing"]
    assert len(cause.refused_by) > 1
    assert "Do the same" not in cause.fix


def test_fix_names_a_page_only_for_an_expressway() -> None:
    """The neighbour's trusted CA list is not on a page that is known here."""
    fixes = {leg.refused_by: leg.findings[0].fix for leg in report(WorldBuilder().reissue(E1, by=stranger())).down}
    assert "Maintenance >" in fixes[C1]
    assert "Maintenance >" not in fixes[PARTNER]
    assert f"the trusted CA list of {PARTNER}" in fixes[PARTNER]


def test_peer_with_certificate_and_key_of_another_is_refused_by_name() -> None:
    """The other side refuses it; only a peer whose key does not belong to its certificate cannot use it itself."""
    case = next(case for case in CASES if case.id == "certificates-and-keys-swapped-on-e")
    text = printed(report(case.broken(WorldBuilder())))
    assert "e1 refuses e2: e1 looks for" in text
    assert "subjectAltName cannot" not in text
    assert f"Certificate of: {E2}" in text
