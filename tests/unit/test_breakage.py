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


def test_unknown_fault_is_one_sentence_that_lists_the_known_ones() -> None:
    """Whatever its fields are, the sentence names the fault and what is allowed."""
    with pytest.raises(InputError, match=r"cannot make the fault 'nonsense': .*'reissue'") as refused:
        fault_of("nonsense", name="e1.example.com")
    assert "\n" not in str(refused.value)


def test_fault_without_a_needed_field_names_the_field() -> None:
    """The sentence says which field is missing."""
    with pytest.raises(InputError, match="cannot make the fault 'caa': authority: Field required"):
        fault_of("caa", name="e1.example.com")
