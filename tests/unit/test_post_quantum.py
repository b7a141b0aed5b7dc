"""Sizes of keys and signatures: what can be measured here is measured, and what they make of a handshake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pkikit.ecosystem.algorithm_sizes import CERTIFICATE_WITHOUT_KEY, handshake_size, shipped_sizes, sizes_of
from pkikit.ecosystem.shipped import shipped_data
from pkikit.errors import InputError
from tests.support.worlds import E1, issued

SIZES = shipped_sizes()
RAW = (Encoding.Raw, PublicFormat.Raw)


def _rsa(bits: int) -> tuple[int, int]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    signature = key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    return len(key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)), len(signature)


def _mldsa(kind: Any) -> tuple[int, int]:
    key = kind.generate()
    return len(key.public_key().public_bytes(*RAW)), len(key.sign(b"x"))


MEASURED: dict[str, Callable[[], tuple[int, int]]] = {
    "RSA 2048": lambda: _rsa(2048),
    "ML-DSA-44": lambda: _mldsa(mldsa.MLDSA44PrivateKey),
    "ML-DSA-65": lambda: _mldsa(mldsa.MLDSA65PrivateKey),
    "ML-DSA-87": lambda: _mldsa(mldsa.MLDSA87PrivateKey),
}


@pytest.mark.parametrize("name", MEASURED)
def test_size_of_a_signature_is_measured(name: str) -> None:
    known = SIZES.signature(name)
    assert MEASURED[name]() == (known.key, known.signature)


def test_size_of_an_ecdsa_signature_is_its_longest() -> None:
    """DER leaves zeros out, so a signature can be some bytes shorter."""
    key, known = ec.generate_private_key(ec.SECP256R1()), SIZES.signature("ecdsa p-256")
    assert len(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)) == known.key
    assert known.signature - 8 <= len(key.sign(b"x", ec.ECDSA(hashes.SHA256()))) <= known.signature


def test_size_of_a_key_agreement_is_measured() -> None:
    """The hybrid one sends both halves."""
    for name, kind in (("ML-KEM-768", mlkem.MLKEM768PrivateKey), ("ML-KEM-1024", mlkem.MLKEM1024PrivateKey)):
        public = kind.generate().public_key()
        _, ciphertext = public.encapsulate()
        known = SIZES.key_agreement(name)
        assert (len(public.public_bytes(*RAW)), len(ciphertext)) == (known.client, known.server)
    plain, kem, both = (SIZES.key_agreement(name) for name in ("X25519", "ML-KEM-768", "X25519MLKEM768"))
    assert len(x25519.X25519PrivateKey.generate().public_key().public_bytes(*RAW)) == plain.client
    assert (both.client, both.server) == (plain.client + kem.client, plain.server + kem.server)


def test_rest_of_a_certificate_is_about_what_the_lab_issues() -> None:
    """A certificate of the lab has no timestamps of logs, and is somewhat smaller than the estimate."""
    held = issued().world.parties[E1].credential
    assert held is not None
    leaf = held.leaf
    rest = len(leaf.public_bytes(Encoding.DER)) - len(leaf.signature)
    rest -= len(leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert CERTIFICATE_WITHOUT_KEY / 2 < rest < CERTIFICATE_WITHOUT_KEY


def test_handshake_grows_with_its_algorithms() -> None:
    """Nothing fits into one packet, today neither; ML-DSA-65 is past the first flight, SLH-DSA past one record."""
    agreement = SIZES.key_agreement("X25519MLKEM768")
    sizes = {s.name: handshake_size(s, agreement) for s in SIZES.signatures}
    today, lattice, hashed = sizes["RSA 2048"], sizes["ML-DSA-65"], sizes["SLH-DSA-128s"]
    assert [limit.name for limit in today.beyond(SIZES.limits)] == ["one Ethernet packet over UDP and IPv4"]
    assert "first flight of a TCP connection" in [limit.name for limit in lattice.beyond(SIZES.limits)]
    assert "one TLS record" not in [limit.name for limit in lattice.beyond(SIZES.limits)]
    assert "one TLS record" in [limit.name for limit in hashed.beyond(SIZES.limits)]
    assert lattice.total - today.total == 2 * (3 * (3309 - 256) + 2 * (1952 - 270))
    server_only = handshake_size(lattice.signature, agreement, mutual=False)
    assert lattice.total - server_only.total == lattice.chain + lattice.signature.signature
    assert all("message" not in limit.name for size in sizes.values() for limit in size.beyond(SIZES.limits))


@pytest.mark.parametrize(
    ("part", "key", "value", "sentence"),
    [
        ("signatures", "key", "270", "signatures, entry 1: key: write a whole number of bytes"),
        ("signatures", "post_quantum", 1, "signatures, entry 1: post_quantum: write yes or no"),
        ("signatures", "name", "RSA 3072", "signatures: a name is there twice"),
        ("limits", "of", "packet", "limits, entry 1: of: write flight or chain"),
        ("key_agreements", "colour", 1, "key_agreements, entry 1: 'colour' is not known"),
    ],
)
def test_mistake_in_the_sizes_has_its_sentence(part: str, key: str, value: object, sentence: str) -> None:
    data = shipped_data("sizes.yaml")
    data[part][0][key] = value
    with pytest.raises(InputError, match=sentence):
        sizes_of(data, where="sizes.yaml")


def test_unknown_algorithm_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InputError, match=r"no signature algorithm 'ML-DSA': there are RSA 2048.*Did you mean ML-DSA-"):
        SIZES.signature("ML-DSA")
