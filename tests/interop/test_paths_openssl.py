"""Paths: on random lists and chains, our verdict, our path and our reason are those of the OpenSSL that runs here.

Few names and keys, so that cross-signed copies, renewed and rekeyed CAs, circles and impostors of every kind come up.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from OpenSSL import SSL

from pkikit.design.csr import fast_key, make_key
from pkikit.issue.authority import Authority, ca_name, create_root
from pkikit.judge.paths.trust import build_path, effective_trust
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.credential import PrivateKey, spki
from pkikit.model.certificates.facts import END_SECOND_IS_VALID, is_valid_at
from pkikit.model.leg import Purpose
from simulator.world.craft import DAY, SERVER, craft
from tests.support.openssl import openssl
from tests.support.openssl_store import ask
from tests.support.worlds import AT

NAMES = ("A", "B", "C")
WORLDS_IN_A_BATCH, BATCHES = 60, 10
LIVES = ((-30, 90),) * 5 + ((-30, 60), (-30, -1), (-30, -2), (1, 90))
# OpenSSL's verify error, and the rules of which at least one must be among our errors.
RULES = {
    2: {
        "trust.issuer-unknown",
        "trust.intermediate-missing",
        "trust.cross-signed-copy",
        "trust.chain-signature-invalid",
    },
    7: {"trust.chain-signature-invalid"},
    9: {"validity.not-yet-valid"},
    10: {"validity.expired"},
    18: {"trust.self-signed-leaf", "trust.same-subject-ambiguous"},
    19: {"trust.issuer-unknown", "trust.same-subject-ambiguous"},
    20: {"trust.issuer-unknown", "trust.intermediate-missing", "trust.chain-signature-invalid"},
    22: {"trust.chain-too-long"},
    25: {"ca.path-length-exceeded"},
    26: {"eku.server-auth-missing", "key.usage-unsuitable"},
    79: {"ca.not-a-ca", "ca.basic-constraints-missing"},
}


@cache
def keys() -> tuple[PrivateKey, ...]:
    """Three EC keys and one RSA key, so that kinds of keys differ as well."""
    return (fast_key(), fast_key(), fast_key(), make_key(2048))


def _ca(choose: random.Random, subject: str, key: PrivateKey, issuer: str, issuer_key: PrivateKey) -> x509.Certificate:
    begins, ends = choose.choice(LIVES)
    above = None if (subject, key) == (issuer, issuer_key) else _named(issuer, issuer_key)
    return craft(
        (), above, at=AT, subject=ca_name(subject), key=key, ekus=None, ca=choose.random() < 0.93,
        can_sign=choose.random() < 0.9, identifiers=choose.random() < 0.66, begins=begins * DAY, ends=ends * DAY,
        serial=choose.randrange(1, 1 << 60),
    ).leaf  # fmt: skip


@cache
def _named(name: str, key: PrivateKey) -> Authority:
    made = craft((), None, at=AT, subject=ca_name(name), key=key, ca=True, can_sign=True, ekus=None)
    return Authority(certificate=made.leaf, key=key)


def world(seed: int) -> tuple[x509.Certificate, tuple[x509.Certificate, ...], tuple[x509.Certificate, ...]]:
    """(leaf, what is sent, trusted CA list)."""
    choose = random.Random(seed)
    pool = []
    for _ in range(choose.randrange(3, 9)):
        own = choose.choice(NAMES), choose.choice(keys())
        above = own if choose.random() < 0.4 else (choose.choice(NAMES), choose.choice(keys()))
        pool.append(_ca(choose, *own, *above))
    issuer = choose.choice(pool)
    key = next(k for k in keys() if spki(k.public_key()) == spki(issuer.public_key()))
    if choose.random() < 0.1:
        leaf = choose.choice(pool)
    else:
        by = Authority(certificate=issuer, key=key)
        leaf = craft(("a.example.com",), by, at=AT, identifiers=choose.random() < 0.6, ekus=(SERVER,)).leaf
    sent, listed = ([c for c in pool if choose.random() < 0.5] for _ in range(2))
    choose.shuffle(sent)
    choose.shuffle(listed)
    return leaf, tuple(sent), tuple(listed)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_path_is_judged_as_by_openssl(batch: int) -> None:
    """One answer, one path where it is accepted, and a reason that fits OpenSSL's error number where it is not."""
    for seed in range(batch * WORLDS_IN_A_BATCH, (batch + 1) * WORLDS_IN_A_BATCH):
        leaf, sent, listed = world(seed)
        verdict = verify_certificate(leaf, sent=sent, trusted_ca_list=listed, purpose=Purpose.SERVER, at=AT)
        errors = {f.rule for f in verdict.errors}
        # The product's own rule, that only the first of two namesakes is used, is applied before OpenSSL is asked.
        answer = ask(leaf, sent=sent, trusted=effective_trust(listed)[0], at=AT)
        assert verdict.accepted == answer.accepted, (seed, answer, errors)
        if answer.accepted:
            path = build_path(leaf, sent=sent, trusted_ca_list=listed, at=AT)
            assert path.certificates == answer.chain, seed
        else:
            assert errors & (RULES[answer.code] | {"trust.same-subject-ambiguous"}), (seed, answer, errors)
        # OpenSSL with the whole list answers otherwise only where two namesakes are in it, and we say so, at least as a warning.
        if ask(leaf, sent=sent, trusted=listed, at=AT).accepted != verdict.accepted:
            assert "trust.same-subject-ambiguous" in {f.rule for f in verdict.findings}, (seed, errors)


def test_random_paths_cover_every_error() -> None:
    """Accepted ones and every error number that the table knows, so that agreement means something."""
    answers = Counter(
        ask(leaf, sent=sent, trusted=effective_trust(listed)[0], at=AT).code
        for leaf, sent, listed in map(world, range(WORLDS_IN_A_BATCH * BATCHES))
    )
    assert {0, 2, 7, 9, 10, 18, 19, 20, 22, 26, 79} <= answers.keys(), answers
    assert answers[0] > 30


def test_validity_ends_at_the_second_of_openssl() -> None:
    """At the exact second of notAfter we say what the OpenSSL that runs here says; one second earlier and later all agree."""
    root = create_root("Second Root CA", at=AT - DAY)
    leaf = craft(("a.example.com",), root, at=AT).leaf
    end, second = leaf.not_valid_after_utc, dt.timedelta(seconds=1)
    for at in (end - second, end, end + second):
        accepted = ask(leaf, trusted=[root.certificate], at=at).accepted
        assert is_valid_at(leaf, at) is accepted, SSL.OpenSSL_version(SSL.OPENSSL_VERSION)
        verdict = verify_certificate(leaf, trusted_ca_list=[root.certificate], purpose=Purpose.SERVER, at=at)
        assert verdict.accepted is accepted
    assert ask(leaf, trusted=[root.certificate], at=end).accepted is END_SECOND_IS_VALID


@pytest.mark.parametrize("length", [101, 102, 103])
@pytest.mark.fires("trust.chain-too-long", watched=False)
@pytest.mark.near_miss("trust.chain-too-long", watched=False)
def test_path_of_102_certificates_is_followed_and_103_is_not(length: int) -> None:
    """102 certificates are followed, 103 are not."""
    key = fast_key()
    made = [create_root("CA 0", at=AT - DAY, key=key)]
    for number in range(1, length - 1):
        made.append(made[-1].intermediate(f"CA {number}", at=AT - DAY, key=key, path_length=None))
    leaf = craft(("a.example.com",), made[-1], at=AT).leaf
    sent = [a.certificate for a in made[1:]]
    answer = ask(leaf, sent=sent, trusted=[made[0].certificate], at=AT)
    verdict = verify_certificate(leaf, sent=sent, trusted_ca_list=[made[0].certificate], purpose=Purpose.SERVER, at=AT)
    assert verdict.accepted is answer.accepted is (length <= 102)
    assert [f.rule for f in verdict.errors] == ([] if answer.accepted else ["trust.chain-too-long"])


@pytest.mark.fires("signature.digest-unsupported")
@pytest.mark.near_miss("trust.chain-signature-invalid")
@pytest.mark.parametrize("key", [("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("rsa:2048",)], ids=["EC", "RSA"])
def test_sha1_signature_is_refused_as_weak_not_wrong(key: tuple[str, ...], tmp_path: Path) -> None:
    """SHA-1 is refused as SHA-1: the key did sign. The library's own check looks at no ECDSA signature with SHA-1."""
    make = ("req", "-x509", "-nodes", "-days", "30", "-newkey")
    openssl(*make, *key, "-subj", "/CN=Weak Root CA", "-keyout", "root.key", "-out", "root.pem", cwd=tmp_path)
    openssl(
        *make, *key, "-subj", "/CN=e1.example.com", "-keyout", "leaf.key", "-out", "leaf.pem",
        "-CA", "root.pem", "-CAkey", "root.key", "-sha1", cwd=tmp_path,
    )  # fmt: skip
    leaf, root = (x509.load_pem_x509_certificate((tmp_path / f"{n}.pem").read_bytes()) for n in ("leaf", "root"))
    at = leaf.not_valid_before_utc + DAY
    verdict = verify_certificate(leaf, trusted_ca_list=[root], purpose=Purpose.SERVER, at=at)
    assert [f.rule for f in verdict.errors] == ["signature.digest-unsupported"]
