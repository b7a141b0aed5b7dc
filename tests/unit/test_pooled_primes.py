"""The list of primes that the keys of anonymised cases are made of."""

from __future__ import annotations

import itertools

import pytest

from pkikit.anonymise.pooled_keys import SIZES, primes
from tests.support.make_primes import FILE, new_primes

_BASES = (2, 3, 5, 7)


def _is_probable_prime(number: int) -> bool:
    """Miller and Rabin's test with a few bases: nobody chose these numbers to pass it."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in _BASES:
        power = pow(base, odd, number)
        if power in {1, number - 1}:
            continue
        if not any((power := pow(power, 2, number)) == number - 1 for _ in range(twos - 1)):
            return False
    return True


@pytest.mark.parametrize("bits", SIZES)
def test_list_has_different_primes_whose_products_have_the_full_length(bits: int) -> None:
    found = primes(bits)
    assert len(set(found)) == SIZES[bits]
    assert all(_is_probable_prime(number) for number in found)
    assert {(p * q).bit_length() for p, q in itertools.combinations(found, 2)} == {2 * bits}


def test_file_has_the_numbers_of_the_list_and_nothing_else() -> None:
    assert FILE.stat().st_size == sum(bits // 8 * count for bits, count in SIZES.items())


def test_script_makes_a_list_of_that_form() -> None:
    found = list(new_primes(512, 3))
    assert len(set(found)) == 3
    assert all(_is_probable_prime(number) and number.bit_length() == 512 for number in found)
    assert not _is_probable_prime(found[0] * found[1])
