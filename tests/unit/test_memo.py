"""Values that are computed once for each object, and how often lint reads a certificate."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.judge import name_matching
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.facts import serial_number
from pkikit.values.memo import MOST, once_per_object
from simulator.world.forge import forge
from tests.support.odd import der_with_serial
from tests.support.worlds import AT, CLUSTER_E, E1


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
    """The next time it is tried again."""
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


def test_lint_reads_the_san_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen rules ask for them."""
    read: list[x509.GeneralName] = []
    original = name_matching._read_entry

    def counting(name: x509.GeneralName) -> tuple[str, str] | None:
        read.append(name)
        return original(name)

    monkeypatch.setattr(name_matching, "_read_entry", counting)
    made = forge((E1, CLUSTER_E), None, at=AT, common_name=E1).leaf
    fresh = x509.load_der_x509_certificate(made.public_bytes(Encoding.DER))
    lint_certificate(fresh, CertificateUse(at=AT))
    assert len(read) == 2


@pytest.mark.parametrize("serial", [1, 0x7F, 0x80, 0xFF, 0x7A6B5C4D3E2F1A0B, 2**158, 2**159 - 1])
def test_serial_number_is_read_with_and_without_leading_zero(serial: int) -> None:
    """The short way to a positive number gives the same as the long one."""
    assert serial_number(forge((E1,), None, at=AT, serial=serial).leaf) == serial


def test_negative_serial_number_is_read_without_a_warning() -> None:
    """Warnings are errors in this test run."""
    assert serial_number(der_with_serial(-0x7A6B5C4D3E2F1A0B)) == -0x7A6B5C4D3E2F1A0B
