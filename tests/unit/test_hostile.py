"""Hostile input: a saved corpus, cut, doubled and mutated files, and what is only large. A finding or one sentence, in bounded time."""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given, settings
from hypothesis import strategies as st

from pkikit.design.csr import fast_key
from pkikit.design.san import design_sans
from pkikit.errors import EncodingError
from pkikit.files import parse
from pkikit.files.contents import FileContents
from pkikit.issue.authority import ca_name, create_root
from pkikit.judge.linting.lint import lint_authority, lint_certificate, lint_trust_list
from pkikit.judge.paths.trust import build_path
from pkikit.judge.questions import CertificateUse
from pkikit.judge.revocation.revocation_status import judge_revocation
from pkikit.judge.verify import verify_certificate
from pkikit.model.deployment import Revocation
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from pkikit.view.description import describe_contents
from simulator.world.craft import DAY, craft
from tests.support.cli import run
from tests.support.odd import der_with_serial
from tests.support.worlds import AT, E1, deployment

CORPUS = sorted((Path(__file__).parents[1] / "vectors" / "hostile").iterdir())
GOOD = craft((E1, "cluster-e.example.com"), None, at=AT).leaf.public_bytes(Encoding.DER)
USE = CertificateUse(at=AT, layout=design_sans(deployment(), E1))
# Seconds of this process's own work: far above what any of this needs, and no business of other programs.
PATIENCE = 60.0


def judged(contents: FileContents) -> None:
    """Everything that is ever done with a certificate, on each of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        json.dumps(describe_contents(contents, AT))
        lint_trust_list(contents.certificates, USE)
        for certificate in contents.certificates:
            lint_certificate(certificate, USE)
            lint_authority(certificate, USE)
            checks = [NameCheck(any_of=(E1,), why="test")]
            arguments = {"trusted_ca_list": contents.certificates, "purpose": Purpose.SERVER, "at": AT}
            verify_certificate(certificate, sent=contents.certificates, name_checks=checks, **arguments)  # type: ignore[arg-type]
            path = build_path(certificate, sent=(), trusted_ca_list=contents.certificates, at=AT)
            data = NOTHING_HELD.with_crls(CrlSource.MANUAL, contents.crls)
            judge_revocation(path, RevocationQuestion(settings=Revocation(checking=True), data=data), AT)


def bounded(data: bytes) -> FileContents | None:
    began = time.process_time()
    contents, said = None, "x: read"
    try:
        contents = parse(data, where="x")
    except EncodingError as error:
        said = str(error)
    assert said.startswith("x")
    assert said.isprintable()
    if contents is not None:
        judged(contents)
    assert time.process_time() - began < PATIENCE
    return contents


def test_hostile_corpus_is_complete() -> None:
    """Files that a checkout lost must not look like files that passed."""
    assert len(CORPUS) >= 20


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.name)
def test_hostile_corpus_is_answered_by_library_and_command(path: Path) -> None:
    """Every file of tests/vectors/hostile, through the library and through the command line."""
    bounded(path.read_bytes())
    for command in ("decode", "lint"):
        done = run("pkikit", command, str(path))
        assert done.returncode in {0, 1, 2}
        assert "Traceback" not in done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert done.returncode != 2 or done.stderr.count("\n") == 1


@settings(max_examples=150, deadline=None)
@given(st.integers(1, len(GOOD) - 1))
def test_certificate_cut_at_any_byte_is_refused(length: int) -> None:
    """A certificate cut at any byte is refused, never half read."""
    assert bounded(GOOD[:length]) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=5))
def test_certificate_overwritten_in_places_is_read_or_refused(patches: list[tuple[int, bytes]]) -> None:
    """Several places of a certificate are overwritten at once."""
    der = bytearray(GOOD)
    for position, patch in patches:
        der[position : position + len(patch)] = patch
    bounded(bytes(der))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    """Random bytes never raise anything but the documented errors."""
    bounded(data)


def test_certificate_with_ten_thousand_names_is_judged_with_bounded_output() -> None:
    """Read, listed up to a bound, linted and matched."""
    many = [f"host-{n}.example.com" for n in range(10_000)]
    leaf = craft(many, None, at=AT).leaf
    contents = bounded(leaf.public_bytes(Encoding.DER))
    assert contents is not None
    (facts,) = describe_contents(contents, AT)
    assert facts["san_count"] == 10_000
    assert len(json.dumps(facts)) < 40_000
    verdict = lint_certificate(leaf, USE)
    assert all(len(e.seen) < 2_000 for f in verdict.findings for e in f.evidence)


def test_certificate_with_a_16384_bit_key_is_judged() -> None:
    """No peer can use such a key; a rule reports it at little cost."""
    numbers = rsa.RSAPublicNumbers(65537, (1 << 16383) + 12345 * 2 + 1)
    root = create_root("Large Root CA", at=AT - DAY)
    builder = (
        x509.CertificateBuilder()
        .subject_name(ca_name(E1))
        .issuer_name(root.certificate.subject)
        .public_key(numbers.public_key())
        .serial_number(5)
        .not_valid_before(AT - DAY)
        .not_valid_after(AT + DAY)
    )
    leaf = builder.sign(root.key, hashes.SHA256())
    assert bounded(leaf.public_bytes(Encoding.DER)) is not None
    assert "key.too-long" in {f.rule for f in lint_certificate(leaf, USE).errors}


def test_path_search_ends_when_issuers_form_a_loop() -> None:
    """Two CAs that signed each other, and a chain of a thousand: the search for a root ends."""
    keys = [fast_key(), fast_key()]
    a, b = create_root("Loop A", at=AT - DAY, key=keys[0]), create_root("Loop B", at=AT - DAY, key=keys[1])
    cross = (
        a.intermediate("Loop B", at=AT - DAY, key=keys[1], path_length=None).certificate,
        b.intermediate("Loop A", at=AT - DAY, key=keys[0], path_length=None).certificate,
    )
    leaf = craft((E1,), a, at=AT, chain=()).leaf
    began = time.process_time()
    verdict = verify_certificate(leaf, sent=cross, trusted_ca_list=(), purpose=Purpose.SERVER, at=AT, known=cross)
    assert not verdict.accepted
    authority, sent = create_root("Deep", at=AT - DAY), []
    for n in range(300):
        authority = authority.intermediate(f"Deep {n}", at=AT - DAY, key=keys[0], path_length=None)
        sent.append(authority.certificate)
    deep = craft((E1,), authority, at=AT, chain=()).leaf
    verdict = verify_certificate(deep, sent=sent, trusted_ca_list=(), purpose=Purpose.SERVER, at=AT, known=sent)
    assert not verdict.accepted
    assert time.process_time() - began < PATIENCE


def test_path_search_bounds_signature_checks_of_namesakes() -> None:
    """A thousand CAs with one subject and another key each: every signature is tried at most a few times."""
    key = fast_key()
    twins = [create_root("Twin Root CA", at=AT - DAY, key=fast_key()).certificate for _ in range(300)]
    mine = create_root("Twin Root CA", at=AT - DAY, key=key)
    leaf = craft((E1,), mine, at=AT, chain=(), identifiers=False).leaf
    began = time.process_time()
    verify_certificate(leaf, sent=twins, trusted_ca_list=tuple(twins), purpose=Purpose.SERVER, at=AT, known=twins)
    assert time.process_time() - began < PATIENCE


def test_crl_with_a_negative_serial_number_is_searched() -> None:
    """Looked for one by one, since the library refuses to look it up."""
    root = create_root("Root CA", at=AT - DAY)
    leaf = der_with_serial(-0x7A6B5C4D3E2F1A0B)
    path = build_path(leaf, sent=(), trusted_ca_list=(leaf,), at=AT)
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, [root.crl([5], at=AT)])
    judge_revocation(path, RevocationQuestion(settings=Revocation(checking=True), data=data), AT)


def test_decode_lists_a_file_given_twice_once(tmp_path: Path) -> None:
    """A file that is named twice appears once in the answer."""
    (tmp_path / "a.der").write_bytes(GOOD)
    done = run("pkikit", "decode", str(tmp_path / "a.der"), str(tmp_path / "a.der"), "--json")
    assert len(json.loads(done.stdout)["objects"]) == 1
