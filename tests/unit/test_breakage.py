"""Faults by name and fields, as case files and notebooks write them."""

from __future__ import annotations

import pytest

from pkikit.errors import InputError
from simulator.world.breakage import fault_of
from simulator.world.faults import Caa


def test_fault_with_a_field_called_name_is_made() -> None:
    """Faults of DNS and CAA are about a name: the field must not collide with the fault's own name."""
    fault = fault_of("caa", name="e1.example.com", authority="other-ca.example")
    assert isinstance(fault, Caa)
    assert fault.name == "e1.example.com"


def test_fault_that_there_is_not_is_one_sentence() -> None:
    """An unknown fault says so, whatever its fields are."""
    with pytest.raises(InputError, match="'nonsense' is no fault"):
        fault_of("nonsense", name="e1.example.com")
