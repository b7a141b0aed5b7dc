"""Counterparts of certificates: the same names, dates and mistakes, other keys, and the same verdict everywhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID
from pydantic import TypeAdapter

from pkikit.design.csr import fast_key
from pkikit.design.legs import legs_of
from pkikit.errors import EncodingError, InputError
from pkikit.issue.authority import create_root
from pkikit.issue.lookalike import signers
from pkikit.issue.lookalike.engine import Lookalikes, reissue
from pkikit.issue.lookalike.keys import key_ring
from pkikit.issue.lookalike.keys.key_sources import FreshKeys, SeededKeys
from pkikit.issue.lookalike.originals import Originals, Unchanged
from pkikit.issue.lookalike.rekeyed_world import rekeyed_world
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.linting.lint import lint_certificate
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import is_issued_by, key_kind, key_of
from pkikit.model.trace import Outcome
from pkikit.model.world import Party, World
from pkikit.reading import der, load_certificate
from pkikit.reading.odd.odd_object import OddObject
from pkikit.reading.signatures import NOT_SIGNED, verify_signature, verify_with
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import craft
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Fault
from tests.support.odd_cases import CERTIFICATES
from tests.support.odd_der import lab
from tests.support.worlds import AT, CASES, Case, WorldBuilder, issued

# `cryptography` gives such a certificate back without the bytes behind it, so nobody can keep them.
LOST = {"trailing-bytes"}
SHA256_RSA = der.oid("1.2.840.113549.1.1.11")
OLD = {"md5": der.oid("1.2.840.113549.1.1.4"), "sha1": der.oid("1.2.840.113549.1.1.5")}


@pytest.fixture(autouse=True)
def quiet() -> Iterable[None]:
    """`cryptography` warns of odd serial numbers, countries and old digests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def odd_certificates() -> dict[str, tuple[x509.Certificate, ...]]:
    """Leaf, issuing CA and root by the oddity of the leaf or of the issuing CA."""
    found = {}
    for label in sorted(CERTIFICATES.keys() - LOST):
        for place in ("leaf", "issuing"):
            made = lab(**{place: CERTIFICATES[label]})
            try:
                found[f"{label}, {place}"] = tuple(map(load_certificate, (made.leaf, made.issuing, made.root)))
            except (ValueError, EncodingError):  # nobody reads it
                continue
    return found


def reissued(*certificates: x509.Certificate, **options: Any) -> Lookalikes:
    return reissue(Originals(certificates=certificates), **options)


def test_odd_certificates_keep_what_is_odd_about_them() -> None:
    """Kind of object, oddities, kind and size of the key, length, findings and issuers stay; the keys do not."""
    every = odd_certificates()
    made = reissued(*(c for three in every.values() for c in three))
    use = CertificateUse(at=AT)
    assert len(every) > 300
    for label, three in every.items():
        new = tuple(map(made.certificate, three))
        for before, after in zip(three, new, strict=True):
            assert type(after) is type(before), label
            if isinstance(before, OddObject) and isinstance(after, OddObject):
                assert (after.oddities, after.unreadable) == (before.oddities, before.unreadable), label
            assert key_kind(after) == key_kind(before), label
            assert key_of(after) != key_of(before), label
            assert len(after.public_bytes(Encoding.DER)) == len(before.public_bytes(Encoding.DER)), label
        for below, above in ((0, 1), (1, 2), (2, 2), (0, 2)):
            assert is_issued_by(new[below], new[above]) == is_issued_by(three[below], three[above]), label
        rules = [[f.rule for f in lint_certificate(c, use).findings] for c in (three[0], new[0])]
        assert rules[0] == rules[1], label


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_counterparts_of_a_broken_world_get_the_same_verdict(case: Case) -> None:
    """Each connection has the same outcome, refusing side and causes; what is down is dialled, too."""
    world = case.broken(WorldBuilder()).world
    other = rekeyed_world(world)
    dialler = MemoryDialler(other, AT)
    dialled_up = False
    for leg in legs_of(world.deployment):
        before, after = (judge_leg(leg, w, AT) for w in (world, other))
        assert (after.accepted, after.rejected_by, after.causes) == (before.accepted, before.rejected_by, before.causes)
        if not before.accepted or not dialled_up:
            dialled_up = dialled_up or before.accepted
            assert (dialler.dial(leg).outcome is Outcome.ACCEPTED) == before.accepted, leg.id
    assert not {*map(key_of, world.known_certificates)} & {*map(key_of, other.known_certificates)}


def signed_by(key: Any, issuer: x509.Name, subject: Any, **how: Any) -> x509.Certificate:
    """A certificate for `subject`, with any key and digest."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "e1.example.com")])
    builder = x509.CertificateBuilder(
        issuer,
        name,
        subject.public_key(),
        7,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2057, 1, 1, tzinfo=UTC),
    )
    digest = how.pop("digest", hashes.SHA256())
    if digest is None or digest.name not in OLD:
        return builder.sign(key, digest, **how)
    # The builder makes no such signatures any more.
    made = builder.sign(key, hashes.SHA256())
    tbs = made.tbs_certificate_bytes.replace(SHA256_RSA, OLD[digest.name])
    algorithm = der.element(der.SEQUENCE, OLD[digest.name], der.element(der.NULL))
    signature = key.sign(tbs, padding.PKCS1v15(), digest)
    return load_certificate(der.element(der.SEQUENCE, tbs, algorithm, der.element(der.BIT_STRING, b"\0", signature)))


def key_cases() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Keys of CAs with the way in which they sign."""
    r2048, r1024 = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(3, 1024)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return {
        "rsa": (r2048, {}),
        "md5": (r1024, {"digest": hashes.MD5()}),
        "sha1": (r1024, {"digest": hashes.SHA1()}),
        "pss": (r2048, {"rsa_padding": pss}),
        "p384": (ec.generate_private_key(ec.SECP384R1()), {"digest": hashes.SHA384()}),
        "ed25519": (ed25519.Ed25519PrivateKey.generate(), {"digest": None}),
        "ed448": (ed448.Ed448PrivateKey.generate(), {"digest": None}),
        "dsa": (dsa.generate_private_key(1024), {}),
    }


@pytest.mark.parametrize("source", [FreshKeys(), SeededKeys(b"7")], ids=["fresh", "seeded"])
def test_every_kind_of_key_signs_what_it_signed(source: FreshKeys | SeededKeys) -> None:
    """The counterpart's signature verifies by the same algorithm; RSA-1024, MD5, PSS and Edwards curves included."""
    for label, (key, how) in key_cases().items():
        root = craft((), None, at=AT, common_name=f"{label} root", ca=True).leaf
        top = signed_by(fast_key(), root.subject, key)
        leaf = signed_by(key, top.subject, fast_key(), **how)
        made = reissued(top, leaf, source=source)
        new_top, new_leaf = made.certificate(top), made.certificate(leaf)
        assert verifies(leaf, top), label
        assert verifies(new_leaf, new_top), label
        assert not verifies(new_leaf, top), label
        assert new_leaf.signature_algorithm_oid == leaf.signature_algorithm_oid
        assert new_leaf.not_valid_after_utc.year == 2057


def verifies(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        if child.signature_algorithm_oid == SignatureAlgorithmOID.RSA_WITH_MD5:  # the library reads no more of it
            verify_with(
                issuer.public_key(), child.signature, child.tbs_certificate_bytes, padding.PKCS1v15(), hashes.MD5()
            )
        else:
            verify_signature(child, issuer)
    except NOT_SIGNED:
        return False
    return True


def test_same_seed_gives_the_same_bytes() -> None:
    """Two runs with one seed agree in every byte, and another seed agrees in no key."""
    chain = craft(("e1.example.com",), create_root("Root", at=AT), at=AT).chain
    certificates = (*chain, signed_by(*_pss()))
    seeds = [reissued(*certificates, source=SeededKeys(seed)) for seed in (b"1", b"1", b"2")]
    one, same, other = ([made.certificate(c).public_bytes(Encoding.DER) for c in certificates] for made in seeds)
    assert one == same
    assert not set(one) & set(other)


def _pss() -> tuple[Any, x509.Name, Any]:
    key = rsa.generate_private_key(65537, 1024)
    return key, x509.Name([]), key


def test_absent_issuer_gets_one_stand_in_for_name_and_identifier() -> None:
    """Two leaves of one absent CA are signed by one key; no certificate of the set has it."""
    authority = create_root("Absent CA", at=AT)
    leaves = [craft((f"e{n}.example.com",), authority, at=AT).leaf for n in (1, 2)]
    namesake = create_root("Absent CA", at=AT).certificate
    made = reissued(*leaves, namesake)
    absent = {made.signer_of(leaf) for leaf in leaves}
    assert len(absent) == 1
    assert isinstance(absent.pop(), key_ring.Absent)
    assert not any(is_issued_by(made.certificate(leaf), made.certificate(namesake)) for leaf in leaves)


def test_transform_changes_what_it_likes_before_the_signature() -> None:
    """Names that a transform replaces are in the new certificate, which its issuer signed."""

    class Renamed(Unchanged):
        def certificate(self, signed_part: bytes) -> bytes:
            return signed_part.replace(b"e1.example.com", b"x9.example.net").replace(b"Root", b"Bush")

    root = create_root("Root", at=AT)
    leaf = craft(("e1.example.com",), root, at=AT).leaf
    made = reissued(leaf, root.certificate, transform=Renamed())
    assert b"x9.example.net" in made.certificate(leaf).public_bytes(Encoding.DER)
    assert is_issued_by(made.certificate(leaf), made.certificate(root.certificate))


def test_hostile_sets_are_refused_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many keys to make, or too many signatures to check."""
    key = rsa.generate_private_key(65537, 1024)
    root = craft((), None, at=AT, common_name="A", ca=True, key=key).leaf
    monkeypatch.setattr(key_ring, "MAX_WORK", 0)
    with pytest.raises(InputError, match="1 new private key, as much work"):
        reissued(root)
    monkeypatch.setattr(signers, "MAX_CHECKS", 0)
    with pytest.raises(InputError, match="checks of signatures"):
        reissued(root)


E1_NAME, C1_NAME, UCM1_NAME = "e1.example.com", "c1.corp.example.com", "ucm1.corp.example.com"
FAULTS: dict[str, list[dict[str, Any]]] = {
    "no clientAuth": [{"fault": "reissue", "party": E1_NAME, "purposes": "server"}],
    "expired": [{"fault": "reissue", "party": E1_NAME, "begins_in_days": -90, "ends_in_days": -1}],
    "not yet valid": [{"fault": "reissue", "party": E1_NAME, "begins_in_days": 2}],
    "name missing": [{"fault": "reissue", "party": C1_NAME, "without": ["cluster-c.corp.example.com"]}],
    "stranger's CA": [{"fault": "reissue", "party": E1_NAME, "by": "stranger"}],
    "self-signed": [{"fault": "reissue", "party": UCM1_NAME, "by": "itself"}],
    "CallManager self-signed": [
        {"fault": "reissue", "party": UCM1_NAME, "by": "itself", "port": 5061, "trusted_by": [C1_NAME]},
        {"fault": "reissue", "party": UCM1_NAME, "by": "itself", "trusted_by": [C1_NAME]},
    ],
    "leaf only": [{"fault": "reissue", "party": E1_NAME, "by": "new-intermediate", "send": "leaf"}],
    "expired intermediate": [{"fault": "reissue", "party": E1_NAME, "by": "expired-intermediate"}],
    "no basic constraints": [{"fault": "reissue", "party": E1_NAME, "by": "no-basic-constraints"}],
    "leaf as CA": [{"fault": "reissue", "party": E1_NAME, "by": "end-entity"}],
    "path too long": [{"fault": "reissue", "party": E1_NAME, "by": "no-intermediate-below"}],
    "odd subject": [{"fault": "reissue", "party": E1_NAME, "subject_oid": "1.2.3.4"}],
    "weak key": [{"fault": "reissue", "party": E1_NAME, "key": "rsa-1024"}],
    "trusts a stranger only": [{"fault": "trust", "party": C1_NAME, "change": "only-stranger"}],
    "clock": [{"fault": "clock", "party": C1_NAME, "hours": -20_000}],
    "swap": [{"fault": "swap", "left": E1_NAME, "right": C1_NAME}],
    "swap without keys": [{"fault": "swap", "left": E1_NAME, "right": C1_NAME, "keys": False}],
    "new key": [{"fault": "new-key", "party": E1_NAME}],
    "revoked": [{"fault": "revoke", "party": E1_NAME}],
    "old CRL": [{"fault": "revoke", "party": None, "crl_age_days": 30}],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_counterparts_fail_as_the_originals_do(faults: list[dict[str, Any]]) -> None:
    """Each fault that concerns certificates: what is judged of the originals happens in handshakes of the counterparts."""
    made = issued()
    read = [TypeAdapter[Fault](Fault).validate_python(fault) for fault in faults]
    same_handshakes(FaultContext(made, AT, rsa=False).apply(read, made.world))


@pytest.mark.parametrize("name", ["single-pair", "clustered-full"])
def test_counterparts_of_a_shipped_deployment_come_up(name: str) -> None:
    """Every connection of the smallest and of the largest one."""
    same_handshakes(issued(name).world)


def same_handshakes(world: World) -> None:
    """Judge the originals without their keys, dial the counterparts; each side that refuses has the same first cause."""
    bare = replace(world, parties={n: without_keys(p) for n, p in world.parties.items()})
    other = rekeyed_world(world if has_mismatches(world) else bare)
    dialler = MemoryDialler(other, AT)
    for leg in legs_of(world.deployment):
        before, after = judge_leg(leg, world, AT), judge_leg(leg, other, AT)
        trace = dialler.dial(leg)
        assert (trace.outcome is Outcome.ACCEPTED) == before.accepted, leg.id
        assert (after.rejected_by, after.causes) == (before.rejected_by, before.causes), leg.id
        if before.by_client.accepted or before.by_server.accepted:
            assert trace.rejected_by == before.rejected_by, leg.id


def has_mismatches(world: World) -> bool:
    return any(c.key and not c.key_matches for party in world.parties.values() for c in party.credentials)


def without_keys(party: Party) -> Party:
    def bare(held: Credential | None) -> Credential | None:
        return None if held is None else Credential(chain=held.chain)

    services = {port: Credential(chain=held.chain) for port, held in party.services.items()}
    return replace(party, credential=bare(party.credential), client=bare(party.client), services=services)
