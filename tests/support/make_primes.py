"""`python -m tests.support.make_primes`: a new list of primes for `pkikit anonymise`, from RSA keys that OpenSSL makes.

Why a list: the same seed must give the same bytes, and OpenSSL makes no key from a seed. A search for primes in Python takes
about half a second for each RSA-2048 key and holds the interpreter's lock. Another list gives other bytes for every seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.anonymise.pooled_keys import SIZES
from tests.support.places import ROOT

FILE = ROOT / "pkikit" / "anonymise" / "primes.bin"


def new_primes(bits: int, count: int) -> Iterator[int]:
    """Yield so many different primes of so many bits; the product of any two has twice as many bits."""
    found: set[int] = set()
    while len(found) < count:
        numbers = rsa.generate_private_key(65537, 2 * bits).private_numbers()
        for prime in {numbers.p, numbers.q} - found:
            if len(found) < count:
                found.add(prime)
                yield prime


def main() -> None:
    """Write the list."""
    data = (p.to_bytes(bits // 8, "big") for bits in sorted(SIZES) for p in new_primes(bits, SIZES[bits]))
    FILE.write_bytes(b"".join(data))


if __name__ == "__main__":
    main()
