"""What an owner promises is kept, broken with the first date, or not assessed with what is missing; never more than is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from pkikit.expectations.expectation import Expectation, Outcome, all_kept, verdict_of
from pkikit.expectations.judge_expectations import judge_expectations
from pkikit.judge.legs.known_parts import State
from pkikit.model.deployment import parse_deployment
from pkikit.model.world import World
from pkikit.worlds.world_files import world_of_files
from tests.support.worlds import AT, C1, DEPLOYMENTS, E1, E2, UCM1, WorldBuilder

TEXT = (DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8")
PUBLIC = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)])
SOON = timedelta(days=30)


def judged(builder: WorldBuilder | World, promise: str, **options: object) -> Expectation:
    """The one expectation of clustered-mra with this promise; the verdict over it is made, as commands do."""
    world = builder.world if isinstance(builder, WorldBuilder) else builder
    promising = replace(world, deployment=parse_deployment(f"{TEXT}expect:\n  {promise}\n"))
    (found,) = judge_expectations(promising, at=AT, **options)  # type: ignore[arg-type]
    verdict = verdict_of("clustered-mra", [found])
    assert verdict.accepted is (found.outcome is not Outcome.BROKEN)
    assert all_kept([found]) is (found.outcome is Outcome.KEPT)
    return found


@pytest.mark.fires("expect.service-down")
def test_service_that_ends_too_early_is_broken_with_date_connection_cause_and_fix() -> None:
    """Both edges end in a month: MRA goes down a second later, and the promise says which certificate to renew."""
    builder = WorldBuilder().reissue(E1, ends=SOON).reissue(E2, ends=2 * SOON)
    found = judged(builder, "services: {mra: {days: 90}}")
    assert found.outcome is Outcome.BROKEN
    assert found.first_break is not None
    assert found.first_break.at == AT + 2 * SOON + timedelta(seconds=1)
    assert found.first_break.cause == "validity.expired"
    assert "zone:uc-traversal:c1.corp.example.com>e2.example.com" in found.first_break.connections
    assert "Renew" in found.first_break.fix
    (finding,) = found.findings
    assert "MRA is down on cluster edge from 2027-01-23 12:00 UTC on" in finding.message
    assert finding.fix == found.first_break.fix
    document = found.to_json()
    assert document["state"] == "broken"
    assert document["first_break"]["at"] == "2027-01-23T12:00:01Z"


@pytest.mark.near_miss("expect.service-down", "expect.not-assessed", "expect.nothing-promised")
def test_service_that_ends_after_the_promise_is_kept() -> None:
    """One edge is enough, and the other one ends a second after the promise."""
    ends = datetime(2027, 1, 23, 23, 59, 59, tzinfo=UTC) - AT
    builder = WorldBuilder().reissue(E1, ends=SOON).reissue(E2, ends=ends)
    assert judged(builder, "services: {mra: {until: 2027-01-23}}").outcome is Outcome.KEPT
    assert judged(builder, "services: {mra: {until: 2027-01-24}}").outcome is Outcome.BROKEN


def test_tolerance_asks_whether_a_service_survives_any_peer() -> None:
    """With one edge expired there is no second way: the promise breaks, and the sentence says without which peer."""
    builder = WorldBuilder().reissue(E1, ends=SOON)
    found = judged(builder, "services: {mra: {days: 60, peers_down: 1}}")
    assert found.first_break is not None
    assert found.first_break.at == AT + SOON + timedelta(seconds=1)
    assert "if e2 is down" in found.findings[0].message
    assert judged(WorldBuilder(), "services: {mra: {days: 60, peers_down: 1}}").outcome is Outcome.KEPT
    two = judged(WorldBuilder(), "services: {mra: {peers_down: 2}}")
    assert two.first_break is not None
    assert two.first_break.at == AT
    assert "if c1 and c2 are down" in two.findings[0].message
    assert "further peer" in two.first_break.fix


def test_every_peer_is_more_than_the_cluster() -> None:
    """A cluster offers a service as long as one peer does."""
    builder = WorldBuilder().reissue(E1, ends=SOON)
    assert judged(builder, "services: {mra: {days: 60}}").outcome is Outcome.KEPT
    found = judged(builder, "services: {mra: {days: 60, every_peer: on}}")
    assert "MRA is down on e1.example.com" in found.findings[0].message


def test_connection_that_comes_back_and_goes_down_again_is_seen() -> None:
    """E1 begins tomorrow and ends in two months, e2 ends in one: MRA is down from the end of e1 on, and not before."""
    builder = WorldBuilder().reissue(E1, begins=timedelta(days=1), ends=2 * SOON).reissue(E2, ends=SOON)
    found = judged(builder, "services: {mra: {days: 90}}")
    assert found.first_break is not None
    assert found.first_break.at == AT + 2 * SOON + timedelta(seconds=1)


@pytest.mark.fires("expect.nothing-promised")
@pytest.mark.parametrize("promise", [
    "services: {b2b: {}}", "services: {mra: {clusters: [core]}}", "services: {mra: {until: 2026-11-23}}",
    "connections: {kind: ldap}", "connections: {zone: partner, until: 2026-11-23}",
    "public_ca: {never_on: [meeting-server]}", "keys: {rsa: 4096, of: [partner]}",
])  # fmt: skip
def test_promise_about_nothing_is_not_a_yes(promise: str) -> None:
    """A service, a connection or machines that the deployment does not have, and a day that is past."""
    found = judged(WorldBuilder(), promise)
    assert found.outcome is Outcome.NOT_ASSESSED
    assert found.missing
    assert [f.severity.value for f in found.findings] == ["warning"]


@pytest.mark.fires("expect.not-assessed")
@pytest.mark.parametrize("promise", [
    "services: {mra: {}}", "connections: {zone: uc-traversal}", "keys: {rsa: 3072}", "public_ca: {never_on: [core]}",
    "lifetime: {days_left: 1}",
])  # fmt: skip
def test_missing_files_are_not_assessed_and_named(promise: str) -> None:
    """Of a deployment file alone, nobody knows anything about certificates."""
    found = judged(world_of_files(WorldBuilder().world.deployment, None), promise, partial=True)
    assert found.outcome is Outcome.NOT_ASSESSED
    assert any("certificate of c1.corp.example.com" in lack for lack in found.missing)
    assert [f.severity.value for f in found.findings] == ["info"]


def test_broken_promise_is_broken_whatever_else_is_missing() -> None:
    """One certificate is known and breaks it: nothing else matters."""
    builder = WorldBuilder()
    alone = world_of_files(builder.world.deployment, None).with_party(builder.world.parties[E1])
    found = judged(alone, "keys: {ec: [P-384]}", partial=True)
    assert found.outcome is Outcome.BROKEN
    assert found.missing == ()


@pytest.mark.fires("expect.connection-down")
def test_connection_down_is_told_once_for_each_cause() -> None:
    """Two connections end with one certificate: one finding, with both."""
    found = judged(WorldBuilder().reissue(E1, ends=SOON), "connections: {zone: uc-traversal, days: 60}")
    (finding,) = found.findings
    assert [piece.where.rpartition(":")[2] for piece in finding.evidence] == [f"{C1}>{E1}", f"c2.corp.example.com>{E1}"]
    assert "c1 → e1 (UC traversal) is down from 2026-12-24 12:00 UTC on by validity.expired" in finding.message
    assert found.first_break is not None
    assert found.first_break.cause == "validity.expired"


@pytest.mark.near_miss("expect.connection-down", "expect.connection-not-mutual")
def test_connections_of_other_machines_do_not_matter() -> None:
    """Between core and edge, without e2, and from both sides."""
    builder = WorldBuilder().reissue(E2, ends=SOON)
    for between in (f"[core, {E1}]", f"[{E1}, expressway-c]"):
        promise = f"connections: {{between: {between}, kind: zone, mutual: on, days: 60}}"
        assert judged(builder, promise).outcome is Outcome.KEPT


@pytest.mark.fires("expect.connection-not-mutual")
def test_one_sided_connection_is_not_mutual() -> None:
    """Settings decide it: no certificate is needed for this answer."""
    nothing = world_of_files(WorldBuilder().world.deployment, None)
    found = judged(
        nothing, f"connections: {{between: [core, {UCM1}], kind: ucm-https, up: off, mutual: on}}", partial=True
    )
    assert found.outcome is Outcome.BROKEN
    assert "ucm1 does not ask for a certificate" in found.findings[0].message


def test_handshakes_win_over_the_judgement_of_now() -> None:
    """What was dialled and failed is down now, whatever the files say."""
    leg = "zone:uc-traversal:c1.corp.example.com>e1.example.com"
    found = judged(WorldBuilder(), "connections: {zone: uc-traversal}", now={leg: State.DOWN})
    assert found.first_break is not None
    assert (found.first_break.at, found.first_break.connections) == (AT, (leg,))
    assert found.first_break.cause == "expect.connection-down"


@pytest.mark.fires("expect.key-not-as-promised")
def test_key_on_another_curve_is_not_as_promised() -> None:
    """The lab's keys are on P-256; the finding names the machine, the curve and what was promised."""
    found = judged(WorldBuilder(), f"keys: {{ec: [P-384, P-521], of: [{E1}]}}")
    (finding,) = found.findings
    assert finding.subject == E1
    assert finding.message == (
        "The server certificate of e1.example.com has an EC key on P-256; promised is P-384 or P-521."
    )


@pytest.mark.near_miss("expect.key-not-as-promised")
def test_key_of_a_kind_that_is_not_promised_is_not_judged() -> None:
    """RSA of 3072 bits says nothing about keys on curves."""
    assert judged(WorldBuilder(), "keys: {rsa: '>= 3072'}").outcome is Outcome.KEPT
    assert judged(WorldBuilder(), "keys: {ec: []}").outcome is Outcome.BROKEN


@pytest.mark.fires("expect.public-ca-used")
def test_policy_of_the_forum_is_a_sign_of_a_public_ca() -> None:
    """On a machine of the promised role."""
    found = judged(WorldBuilder().reissue(C1, pointers=(PUBLIC,)), "public_ca: {never_on: [expressway-c]}")
    assert found.findings[0].subject == C1


@pytest.mark.near_miss("expect.public-ca-used")
def test_public_ca_elsewhere_is_as_promised() -> None:
    """Expressway-E may have one."""
    found = judged(WorldBuilder().reissue(E1, pointers=(PUBLIC,)), "public_ca: {never_on: [core, unified-cm]}")
    assert found.outcome is Outcome.KEPT


@pytest.mark.fires("expect.lifetime-too-long", "expect.few-days-left")
def test_lifetime_and_days_left_are_counted() -> None:
    """A certificate of 31 days, of which 30 are left."""
    builder = WorldBuilder().reissue(E1, ends=SOON)
    assert judged(builder, f"lifetime: {{at_most_days: 30, of: [{E1}]}}").outcome is Outcome.BROKEN
    assert judged(builder, f"lifetime: {{days_left: 31, of: [{E1}]}}").outcome is Outcome.BROKEN


@pytest.mark.near_miss("expect.lifetime-too-long", "expect.few-days-left")
def test_lifetime_and_days_left_at_the_limit_are_kept() -> None:
    """Exactly as many days as promised."""
    builder = WorldBuilder().reissue(E1, ends=SOON)
    assert judged(builder, f"lifetime: {{at_most_days: 31, days_left: 30, of: [{E1}]}}").outcome is Outcome.KEPT


def test_deployment_without_promises_has_no_expectations() -> None:
    """And its verdict is a yes about nothing."""
    assert judge_expectations(WorldBuilder().world, at=AT) == ()
    assert all_kept(())
