"""Preflight says beforehand what the CA then does: over a generated set of broken worlds, and on the pages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pkikit.errors import AcmeProblem
from pkikit.judge.linting.preflight import problem_findings
from pkikit.model.world import World
from simulator.pebble_options import PebbleOptions, PebbleVersion
from simulator.peer.acme.service import AcmeService
from simulator.services.lab_ca import IDENTITY
from simulator.threaded import ThreadedLab
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Block, Caa, Dns, Fault, Partition, Point, StaleAaaa
from tests.support.labs import FAST, lab_of
from tests.support.worlds import CLUSTER_E, E1, E2, PARTNER, changed, deployment

SINGLE: dict[str, Fault] = {
    "block-e1": Block(fault="block", party=E1, port=80),
    "block-e2": Block(fault="block", party=E2, port=80),
    "no-domain": Dns(fault="dns", names=("example.com",)),
    "no-own-name": Dns(fault="dns", names=(E1,)),
    "cluster-to-e1": Point(fault="point", name=CLUSTER_E, to=(E1,)),
    "cluster-to-e2": Point(fault="point", name=CLUSTER_E, to=(E2,)),
    "domain-to-e1": Point(fault="point", name="example.com", to=(E1,)),
    "domain-elsewhere": Point(fault="point", name="example.com", to=(PARTNER,)),
    "stale-aaaa": StaleAaaa(fault="stale-aaaa", name=CLUSTER_E),
    "caa-other": Caa(fault="caa", name="example.com", authority="ca.example.net"),
    "caa-ours": Caa(fault="caa", name="example.com", authority=IDENTITY),
    "caa-on-one-name": Caa(fault="caa", name=E1, authority="ca.example.net"),
    "cut": Partition(fault="partition", between=(E1,), **{"and": (E2,)}),
}


@pytest.fixture(scope="module", params=list(PebbleVersion), ids=lambda v: v.value)
def lab(request: pytest.FixtureRequest) -> Iterator[ThreadedLab]:
    settings = replace(FAST, acme=PebbleOptions(version=request.param))
    with ThreadedLab(deployment(), settings=settings) as running:
        acme = running.start_acme()
        running.run(lambda: acme.prepare(E1, provider="staging"))
        yield running


def acme_of(lab: ThreadedLab) -> AcmeService:
    return lab.acme


@pytest.fixture
def well(lab: ThreadedLab) -> Iterator[World]:
    before = lab.world
    yield before
    lab.change(before)


def compare(lab: ThreadedLab, faults: tuple[Fault, ...]) -> None:
    """The same yes or no; and what the CA objects to is among what was said beforehand."""
    inner = lab.lab
    lab.do(inner.change, FaultContext(inner.issued, inner.clock.now(), rsa=False).apply(faults, inner.world))
    verdict = lab.run(acme_of(lab).preflight, E1)
    # Another account each time: told to reuse no proof, Pebble still does once in a hundred.
    lab.run(inner.peers[E1].change_acme, lambda acme: replace(acme, account=None))
    problem = _problem_of(lab)
    assert verdict.accepted is (problem is None), (problem, verdict.errors)
    if problem is None:
        return
    objected = problem_findings(problem.type, problem.detail, problem.subproblems, owner=E1)
    said, rules = {f.rule for f in verdict.errors}, {f.rule for f in objected}
    if rules == {"acme.http-01-unreachable"}:
        rules |= {"acme.dns-missing"}  # the CA sees a refused connection where DNS leads it astray
    assert rules & said, (problem, said)
    told = {e.label for f in objected for e in f.evidence}
    labels = {e.label for f in verdict.errors for e in f.evidence}
    if not labels & {f"port 80 of {E1}", f"port 80 of {E2}"}:
        assert told <= labels, (told, labels)


def _problem_of(lab: ThreadedLab) -> AcmeProblem | None:
    try:
        lab.run(acme_of(lab).sign, E1)
    except AcmeProblem as problem:
        return problem
    return None


@pytest.mark.parametrize("name", ["", *SINGLE])
def test_preflight_predicts_the_order_with_one_fault(lab: ThreadedLab, well: World, name: str) -> None:
    """For each broken world and the valid one, preflight and the order agree."""
    compare(lab, (SINGLE[name],) if name else ())


PAIRS = [p for p in itertools.combinations(SINGLE, 2) if {s.split("-")[0] for s in p} != {"cluster"}]


@pytest.mark.parametrize("pair", PAIRS[::3], ids="+".join)
def test_preflight_predicts_the_order_with_two_faults(lab: ThreadedLab, well: World, pair: tuple[str, str]) -> None:
    """Every third pair of them: what hides what, and what makes up for what."""
    compare(lab, tuple(SINGLE[name] for name in pair))


def test_preflight_predicts_names_that_the_ca_refuses() -> None:
    """An internal registration domain, too many names, no certificate left: said beforehand, refused then."""
    for data, rule in (
        ({"domains__registration": ["corp.local"]}, "acme.name-not-public"),
        ({"domains__registration": [f"d{n}.example.com" for n in range(101)]}, "acme.rate-limited"),
    ):
        with ThreadedLab(changed(**data), settings=FAST) as lab:
            acme = lab.start_acme()
            lab.run(acme.prepare, E1)
            verdict = lab.run(acme.preflight, E1)
            assert rule in [f.rule for f in verdict.errors]
            with pytest.raises(AcmeProblem):
                lab.run(acme.sign, E1)
    with lab_of(settings=FAST) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        for _ in range(5):
            assert lab.run(acme.preflight, E1).accepted
            lab.run(acme.sign, E1)
        assert [f.rule for f in lab.run(acme.preflight, E1).errors] == ["acme.rate-limited"]


def test_preflight_closes_its_virtual_hosts(lab: ThreadedLab, well: World) -> None:
    """The virtual hosts are open while port 80 is dialled, and closed afterwards."""
    import socket

    lab.run(acme_of(lab).preflight, E1)
    with socket.socket() as probe:
        assert probe.connect_ex((lab.plan.by_name[E1], 10080)) != 0


@pytest.mark.product("P3-6")
def test_preflight_warns_of_lists_that_lack_the_ca() -> None:
    """After Sign, E's cluster and the traversal C need root and intermediate; with both in the lists, no warning."""
    with lab_of(settings=FAST) as lab:
        acme = lab.start_acme()
        lab.run(acme.prepare, E1)
        pending = lab.run(acme.sign, E1)
        (found,) = lab.run(acme.preflight, E1).findings
        assert found.rule == "acme.ca-not-in-lists"
        assert {e.where for e in found.evidence} == set(lab.deployment.peers)
        lab.trust([lab.run(acme.ca.root), *pending.chain[1:]])
        assert lab.run(acme.preflight, E1).findings == ()
