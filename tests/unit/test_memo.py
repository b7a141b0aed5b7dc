"""Values that are computed once for each object, and how often lint reads a certificate."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.legs import legs_of
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.certificate_facts import CertificateFacts, Facts, facts_of
from pkikit.model.certificates.facts import presented_names, serial_number
from pkikit.values.memo import MOST, once_per_object
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY, craft
from tests.support.odd import der_with_serial
from tests.support.worlds import AT, CLUSTER_E, E1, deployment


class Box:
    """Compares equal to every other."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box)

    def __hash__(self) -> int:
        return 1


def test_memo_computes_once_per_object() -> None:
    """By identity: equal objects are different ones."""
    asked: list[Box] = []

    @once_per_object
    def value(box: Box) -> int:
        asked.append(box)
        return len(asked)

    one, other = Box(), Box()
    assert [value(one), value(other), value(one), value(other)] == [1, 2, 1, 2]
    assert value.__name__ == "value"


def test_memo_forgets_old_values() -> None:
    """Old values are forgotten, and computed again when they are asked for."""
    calls = 0

    @once_per_object
    def value(box: Box) -> int:
        nonlocal calls
        calls += 1
        return calls

    boxes = [Box() for _ in range(MOST + 1)]
    assert [value(box) for box in boxes] == list(range(1, MOST + 2))
    assert value(boxes[-1]) == MOST + 1
    assert value(boxes[0]) == MOST + 2


def test_memo_does_not_keep_an_error() -> None:
    """After an error the value is computed again."""
    outcomes = iter([ValueError("not yet"), 7])

    @once_per_object
    def value(box: Box) -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    box = Box()
    with pytest.raises(ValueError, match="not yet"):
        value(box)
    assert value(box) == 7


READ = ("names", "values", "subject", "issuer", "title", "key", "key_kind", "is_self_signed", "refusal")


class Readings:
    """How often each fact of each certificate was read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: Counter[tuple[str, bytes]] = Counter()
        for fact in READ:
            described = next(kind.__dict__[fact] for kind in (CertificateFacts, Facts) if fact in kind.__dict__)
            monkeypatch.setattr(described, "_function", self._counting(fact, described._function))

    def _counting(self, fact: str, read: Callable[[CertificateFacts], object]) -> Callable[[CertificateFacts], object]:
        def counting(facts: CertificateFacts) -> object:
            self.of[fact, facts.holder.public_bytes(Encoding.DER)] += 1
            return read(facts)

        return counting


def test_lint_reads_each_fact_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen rules ask for the names and the extensions."""
    made = craft((E1, CLUSTER_E), None, at=AT, common_name=E1).leaf
    fresh = x509.load_der_x509_certificate(made.public_bytes(Encoding.DER))
    readings = Readings(monkeypatch)
    lint_certificate(fresh, CertificateUse(at=AT))
    assert {fact for fact, _ in readings.of} >= {"names", "values", "title"}
    assert set(readings.of.values()) == {1}


def test_judged_connection_reads_each_fact_of_a_certificate_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides ask about chain, names, purposes and form of the same certificates; a second time nothing is read."""
    world = issue_world(deployment(), at=AT - DAY, rsa=False).world
    leg = next(leg for leg in legs_of(world.deployment) if leg.mutual)
    readings = Readings(monkeypatch)
    assert judge_leg(leg, world, AT).accepted
    shown = [party.credential for party in (world.parties[leg.server], world.parties[leg.client])]
    assert all(readings.of["names", one.leaf.public_bytes(Encoding.DER)] == 1 for one in shown if one is not None)
    assert {fact for fact, _ in readings.of} == set(READ)
    assert set(readings.of.values()) == {1}
    judge_leg(leg, world, AT)
    assert set(readings.of.values()) == {1}


def test_facts_are_forgotten_when_other_certificates_are_asked_about() -> None:
    """The table is bounded: what nobody asks about any more is freed."""
    first = facts_of(craft((E1,), None, at=AT).leaf)
    forgotten = weakref.ref(first)
    del first
    gc.collect()
    assert forgotten() is not None
    der = craft((E1,), None, at=AT).leaf.public_bytes(Encoding.DER)
    for _ in range(MOST + 1):
        facts_of(x509.load_der_x509_certificate(der))
    gc.collect()
    assert forgotten() is None


def test_facts_of_one_object_are_one_value() -> None:
    """So every judge shares what another one has read."""
    leaf = craft((E1,), None, at=AT).leaf
    assert facts_of(leaf) is facts_of(leaf)
    assert presented_names(leaf) is presented_names(leaf)


@pytest.mark.parametrize("serial", [1, 0x7F, 0x80, 0xFF, 0x7A6B5C4D3E2F1A0B, 2**158, 2**159 - 1])
def test_serial_number_is_read_with_and_without_leading_zero(serial: int) -> None:
    """The short way to a positive number gives the same as the long one."""
    assert serial_number(craft((E1,), None, at=AT, serial=serial).leaf) == serial


def test_negative_serial_number_is_read_without_a_warning() -> None:
    """Warnings are errors in this test run."""
    assert serial_number(der_with_serial(-0x7A6B5C4D3E2F1A0B)) == -0x7A6B5C4D3E2F1A0B
