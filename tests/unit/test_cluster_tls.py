"""Links between the peers of a cluster: permissive by default, enforced on request, IPsec before X8.8."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pkikit.commands.cli import app
from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.legs.legs_served import services_of
from pkikit.model.certificates.credential import Credential
from pkikit.model.findings import Severity
from pkikit.model.leg import Leg
from pkikit.model.parties import Cluster, LegKind
from pkikit.model.trace import CertificateJudged, NameJudged, Outcome, Permitted
from pkikit.model.world import World
from simulator.wire.memory import MemoryDialler
from tests.support.worlds import AT, C1, C2, DEPLOYMENTS, WorldBuilder, changed, deployment, stranger


def cluster_legs(world: World) -> list[Leg]:
    return [leg for leg in legs_of(world.deployment) if leg.kind is LegKind.CLUSTER and leg.group == "core"]


def permissive() -> WorldBuilder:
    return WorldBuilder().deploy(clusters__0__cluster_tls="permissive")


BROKEN = {
    "stranger": (lambda b: b.reissue(C1, by=stranger()), "trust.issuer-unknown"),
    "name": (lambda b: b.reissue(C1, without=(C1,)), "names.peer-fqdn-missing"),
    "expired": (lambda b: b.reissue(C1, ends=timedelta(seconds=-1)), "validity.expired"),
}


@pytest.mark.product("F-12")
@pytest.mark.parametrize("broken", BROKEN)
def test_permissive_link_verifies_notes_and_stays_up(broken: str) -> None:
    """C2 finds what is wrong with C1's certificate in both directions; it is a warning, and both judges keep the link up."""
    breaks, rule = BROKEN[broken]
    world = breaks(permissive()).world
    for leg in cluster_legs(world):
        verdict, trace = judge_leg(leg, world, AT), MemoryDialler(world, AT).dial(leg)
        assert verdict.accepted
        assert trace.outcome is Outcome.ACCEPTED
        assert {f.rule for f in verdict.findings if f.severity is Severity.WARNING} == {rule}
        noted = [s.detail for s in trace.steps if isinstance(s.detail, Permitted)]
        assert noted
        refused = [
            s
            for s in trace.steps
            if (isinstance(s.detail, CertificateJudged) and s.detail.code)
            or (isinstance(s.detail, NameJudged) and not s.detail.matched)
        ]
        assert refused, "both sides really verify"


@pytest.mark.parametrize("broken", BROKEN)
def test_enforced_link_fails_for_the_same_certificate(broken: str) -> None:
    """The same worlds, enforced: the link is down for the same reason, for both judges."""
    breaks, rule = BROKEN[broken]
    world = breaks(WorldBuilder().deploy(clusters__0__cluster_tls="enforce")).world
    for leg in cluster_legs(world):
        verdict, trace = judge_leg(leg, world, AT), MemoryDialler(world, AT).dial(leg)
        assert verdict.causes == (rule,)
        assert trace.outcome is Outcome.REJECTED


def test_permissive_link_needs_a_server_that_can_present_a_certificate() -> None:
    """Nothing permits a handshake without a certificate of the server; a client that cannot load its own is let in."""
    builder = permissive()
    credential = builder.world.parties[C1].credential
    assert credential is not None
    other = builder.world.parties[C2].credential
    assert other is not None
    world = builder.give(C1, Credential(chain=credential.chain, key=other.key)).world
    up = {}
    for leg in cluster_legs(world):
        verdict, trace = judge_leg(leg, world, AT), MemoryDialler(world, AT).dial(leg)
        assert verdict.accepted == (trace.outcome is Outcome.ACCEPTED), leg.id
        up[leg.server] = verdict.accepted
    assert up == {C1: False, C2: True}


@pytest.mark.product("P2-1")
def test_cluster_is_permissive_unless_the_file_says_otherwise_and_shipped_ones_say_so() -> None:
    """The product's default; every shipped deployment states the mode of each cluster."""
    assert Cluster.model_validate({"name": "a", "role": "expressway-c", "peers": [C1]}).cluster_tls == "permissive"
    for path in DEPLOYMENTS.glob("*.yaml"):
        text = path.read_text("utf-8")
        assert text.count("cluster_tls:") == text.count("role: expressway-"), path.name


@pytest.mark.parametrize(("version", "legs"), [("X8.7", 0), ("X8.8", 2), ("X15.5", 2)])
@pytest.mark.product("F-12")
def test_peers_talk_over_tls_from_x8_8_on(version: str, legs: int) -> None:
    """Before, IPsec: there is no TLS connection that a certificate could break."""
    world = replace(WorldBuilder().world, deployment=changed(version=version))
    found = cluster_legs(world)
    assert len(found) == legs
    assert {(leg.port, leg.mutual) for leg in found} <= {(4372, True)}


def test_upload_for_a_permissive_cluster_breaks_no_link() -> None:
    """Before an upload, the link counts as served, with the breach as a warning."""
    world = permissive().reissue(C1, without=(C1,)).world
    credential = world.parties[C1].credential
    assert credential is not None
    served = services_of(world.deployment, C1, credential.chain, at=AT)
    links = [s for s in served if s.leg.kind is LegKind.CLUSTER]
    assert links
    assert all(s.verdict.accepted and s.verdict.findings for s in links)
    assert deployment().clusters[0].cluster_tls == "enforce"


def test_file_that_leaves_cluster_tls_open_gets_a_line_with_the_default(tmp_path: Path) -> None:
    """On standard error, with the names of the clusters; a file that states it gets none."""
    text = (DEPLOYMENTS / "clustered-mra.yaml").read_text(encoding="utf-8")
    silent = tmp_path / "silent.yaml"
    silent.write_text("\n".join(line for line in text.splitlines() if "cluster_tls" not in line), encoding="utf-8")
    runner = CliRunner()
    said = runner.invoke(app, ["san", str(silent)]).stderr
    assert said.endswith(
        "silent.yaml: cluster_tls is not given for core, edge, so it is permissive, as on the product; "
        "write cluster_tls: enforce or permissive\n"
    )
    assert runner.invoke(app, ["san", str(DEPLOYMENTS / "clustered-mra.yaml")]).stderr == ""
