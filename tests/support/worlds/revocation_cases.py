"""Broken worlds about revocation: CRLs, distribution points and OCSP answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from simulator.world.craft import BOTH, DAY, craft
from tests.support.worlds.builder import WorldBuilder
from tests.support.worlds.case import Case
from tests.support.worlds.deployments import (
    AT,
    E1,
    deployment,
)
from tests.support.worlds.leg_filters import by_peers, presenting

RESPONDER, CDP = "http://ocsp.example.com/", "http://crl.example.com/stranger.crl"


def checked(
    builder: WorldBuilder,
    *,
    fallback: str = "not-revoked",
    revoked: tuple[int, ...] = (),
    age: timedelta = timedelta(0),
    signer: Authority | None = None,
    **settings: Any,
) -> WorldBuilder:
    """Revocation checking on, every peer has the CRLs of the lab's two CAs as manual upload; nothing is published."""
    builder.world = replace(builder.world, published={})
    builder.deploy(
        revocation__checking=True,
        revocation__fallback=fallback,
        **{f"revocation__{k}": v for k, v in settings.items()},
    )
    crls = [(signer or builder.authority).crl(revoked, at=AT - age), builder.root.crl(at=AT)]
    held = NOTHING_HELD.with_crls(CrlSource.MANUAL, crls)
    for peer in builder.world.deployment.peers:
        builder.world = builder.world.with_party(replace(builder.world.parties[peer], held=held))
    return builder


def publish(builder: WorldBuilder, url: str, data: RevocationData) -> WorldBuilder:
    builder.world = replace(builder.world, published={**builder.world.published, url: data})
    return builder


def serial_of(builder: WorldBuilder, fqdn: str) -> int:
    credential = builder.world.parties[fqdn].credential
    assert credential is not None
    return credential.leaf.serial_number


def _crl_from_a_cdp(builder: WorldBuilder, *, served: bool) -> WorldBuilder:
    """E1's certificate is from another CA, whose CRL only its distribution point has."""
    builder = checked(builder, fallback="revoked")
    other = _one_level("Elsewhere")
    builder.reissue(E1, by=other, pointers=Profile(crl_url=CDP).pointers()).trust((other.certificate,))
    return publish(builder, CDP, NOTHING_HELD.with_crls(CrlSource.CDP, [other.crl(at=AT)])) if served else builder


@cache
def _one_level(name: str) -> Authority:
    return create_root(f"{name} Root CA", at=AT - 400 * DAY, organisation=name)


def _ocsp(
    builder: WorldBuilder,
    *,
    good: bool = True,
    authorised: bool = True,
    answers: bool = True,
    fallback: str = "revoked",
    age: timedelta = timedelta(0),
) -> WorldBuilder:
    """E1 names a responder, whose answer a delegated signer of the CA signs; the CRL at hand says good."""
    builder = checked(builder, fallback=fallback, age=DAY)
    builder.reissue(E1, pointers=Profile(ocsp_url=RESPONDER).pointers())
    credential = builder.world.parties[E1].credential
    assert credential is not None
    purposes = (ExtendedKeyUsageOID.OCSP_SIGNING,) if authorised else BOTH
    signer = craft(("ocsp.example.com",), builder.authority, at=AT, ekus=purposes)
    assert signer.key is not None
    status = ocsp.OCSPCertStatus.GOOD if good else ocsp.OCSPCertStatus.REVOKED
    answer = builder.authority.ocsp_answer(
        credential.leaf, at=AT - age, status=status, signer=(signer.leaf, signer.key)
    )
    return publish(builder, RESPONDER, NOTHING_HELD.with_answers([answer])) if answers else builder


REVOCATION_CASES: tuple[Case, ...] = (
    Case(
        "revoked-in-the-crl",
        lambda b: checked(b, revoked=(serial_of(b, E1),)),
        "revocation.revoked",
        by_peers(presenting(E1), E1),
        lambda b: checked(b, revoked=(serial_of(b, E1) + 1,)),
    ),
    Case(
        "revoked-but-nobody-checks",
        lambda b: checked(b, revoked=(serial_of(b, E1),)),
        "revocation.revoked",
        by_peers(presenting(E1), E1),
        lambda b: checked(b, revoked=(serial_of(b, E1),)).deploy(revocation__checking=False),
    ),
    Case(
        "crl-expired",
        lambda b: checked(b, age=8 * DAY),
        "revocation.crl-expired",
        lambda leg: any(by_peers(presenting(p), p)(leg) for p in deployment().parties),
        lambda b: checked(b, age=6 * DAY),
    ),
    Case(
        "crl-signed-by-another-key",
        lambda b: checked(b, fallback="revoked", signer=replace(b.authority, key=fast_key())),
        "revocation.crl-untrusted",
        lambda leg: any(by_peers(presenting(p), p)(leg) for p in deployment().parties),
        lambda b: checked(b, fallback="not-revoked", signer=replace(b.authority, key=fast_key())),
    ),
    Case(
        "distribution-point-unreachable-and-fallback-revoked",
        lambda b: _crl_from_a_cdp(b, served=False),
        "revocation.crl-unavailable",
        by_peers(presenting(E1), E1),
        lambda b: _crl_from_a_cdp(b, served=True),
    ),
    Case(
        "distribution-point-not-to-be-used",
        lambda b: _crl_from_a_cdp(b, served=True).deploy(
            revocation__checking=True, revocation__fallback="revoked", revocation__cdp_download=False
        ),
        "revocation.crl-unavailable",
        by_peers(presenting(E1), E1),
        lambda b: _crl_from_a_cdp(b, served=False).deploy(
            revocation__checking=True, revocation__fallback="not-revoked"
        ),
    ),
    Case(
        "ocsp-says-revoked-and-the-older-crl-says-good",
        lambda b: _ocsp(b, good=False),
        "revocation.revoked",
        by_peers(presenting(E1), E1),
        lambda b: _ocsp(b, good=True),
    ),
    Case(
        "ocsp-answer-signed-by-nobody-authorised",
        lambda b: _ocsp(b, authorised=False),
        "revocation.ocsp-untrusted",
        by_peers(presenting(E1), E1),
        lambda b: _ocsp(b, authorised=False, fallback="not-revoked"),
    ),
    Case(
        "ocsp-responder-silent-and-fallback-revoked",
        lambda b: _ocsp(b, answers=False),
        "revocation.ocsp-unavailable",
        by_peers(presenting(E1), E1),
        lambda b: _ocsp(b, answers=False, fallback="not-revoked"),
    ),
    Case(
        "ocsp-answer-stale",
        lambda b: _ocsp(b, age=2 * DAY),
        "revocation.ocsp-unavailable",
        by_peers(presenting(E1), E1),
        lambda b: _ocsp(b, age=timedelta(hours=23)),
    ),
)
