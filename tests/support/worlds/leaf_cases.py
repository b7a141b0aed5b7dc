"""Broken worlds about a certificate's validity, purposes and key."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.design.csr import fast_key, make_key
from pkikit.issue.authority import create_root
from pkikit.model.certificates.credential import Credential, PrivateKey
from simulator.world.craft import BOTH, CLIENT, DAY, SERVER
from tests.support.worlds.builder import WorldBuilder
from tests.support.worlds.case import Case
from tests.support.worlds.deployments import (
    AT,
    C1,
    E1,
    E2,
)
from tests.support.worlds.leg_filters import as_server, judging, presenting, wanting_client_auth


def _expired_root(builder: WorldBuilder, ends: timedelta) -> WorldBuilder:
    root = create_root("Old Root CA", at=AT - 4000 * DAY, lifetime=4000 * DAY + ends)
    middle = root.intermediate("Old Issuing CA", at=AT - 100 * DAY)
    return builder.reissue(E1, by=middle).trust((root.certificate,))


def _intermediate(builder: WorldBuilder, lifetime: timedelta) -> WorldBuilder:
    root = create_root("Second Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Second Issuing CA", at=AT - 50 * DAY, lifetime=lifetime)
    return builder.reissue(E1, by=middle).trust((root.certificate,))


def _eku_of_intermediate(builder: WorldBuilder, ekus: tuple[x509.ObjectIdentifier, ...]) -> WorldBuilder:
    root = create_root("Seventh Root CA", at=AT - 100 * DAY)
    middle = root.intermediate("Seventh Issuing CA", at=AT - 50 * DAY, extra=[x509.ExtendedKeyUsage(ekus)])
    return builder.reissue(E1, by=middle).trust((root.certificate,))


def _cross_signed_expired(builder: WorldBuilder) -> WorldBuilder:
    """The chain sent ends in an expired cross-certificate; the list holds the new root of that name itself."""
    old = create_root("Veteran Root CA", at=AT - 4000 * DAY, lifetime=3000 * DAY)
    key = fast_key()
    new = create_root("Fresh Root CA", at=AT - 100 * DAY, key=key)
    cross = old.intermediate("Fresh Root CA", at=AT - 3500 * DAY, key=key, lifetime=2500 * DAY, path_length=None)
    middle = new.intermediate("Fresh Issuing CA", at=AT - 50 * DAY)
    return builder.reissue(E1, by=middle, chain=(middle.certificate, cross.certificate)).trust((new.certificate,))


@cache
def _rsa_key() -> PrivateKey:
    return make_key()


def _rsa_1024(builder: WorldBuilder, bits: int) -> WorldBuilder:
    return builder.reissue(E1, key=rsa.generate_private_key(public_exponent=65537, key_size=bits))


LEAF_CASES: tuple[Case, ...] = (
    Case(
        "key-usage-of-a-ca",
        lambda b: b.reissue(E1, can_sign=True, key=_rsa_key()),  # with ECDSA the server would not even begin
        "key.usage-unsuitable",
        presenting(E1),
        lambda b: b.reissue(E1, usage=False),
    ),
    Case(
        "leaf-expired",
        lambda b: b.reissue(C1, ends=timedelta(seconds=-1)),
        "validity.expired",
        presenting(C1),
        lambda b: b.reissue(C1, ends=timedelta(seconds=1)),
    ),
    Case(
        "leaf-not-yet-valid",
        lambda b: b.reissue(C1, begins=timedelta(seconds=1)),
        "validity.not-yet-valid",
        presenting(C1),
        lambda b: b.reissue(C1, begins=timedelta(seconds=-1)),
    ),
    Case(
        "intermediate-expired",
        lambda b: _intermediate(b, 49 * DAY),
        "validity.expired",
        presenting(E1),
        lambda b: _intermediate(b, 51 * DAY),
    ),
    Case(
        "root-expired",
        lambda b: _expired_root(b, -DAY),
        "validity.expired",
        presenting(E1),
        _cross_signed_expired,
    ),
    Case(
        "clock-two-days-behind",
        lambda b: b.clock(E2, -2 * DAY),
        "validity.not-yet-valid",
        judging(E2),
        lambda b: b.clock(E2, timedelta(hours=-20)),
    ),
    Case(
        "server-auth-only-on-c",
        lambda b: b.reissue(C1, ekus=(SERVER,)),
        "eku.client-auth-missing",
        wanting_client_auth(C1),
        lambda b: b.reissue(C1, ekus=None),
    ),
    Case(
        "server-auth-only-on-e",
        lambda b: b.reissue(E1, ekus=(SERVER,)),
        "eku.client-auth-missing",
        wanting_client_auth(E1),
        lambda b: b.reissue(E1, ekus=(CLIENT, SERVER)),
    ),
    Case(
        "client-auth-only-on-e",
        lambda b: b.reissue(E1, ekus=(CLIENT,)),
        "eku.server-auth-missing",
        as_server(E1),
        lambda b: b.reissue(E1, ekus=BOTH),
    ),
    Case(
        "issuing-ca-limited-to-server-auth",
        lambda b: _eku_of_intermediate(b, (SERVER,)),
        "eku.client-auth-missing",
        wanting_client_auth(E1),
        lambda b: _eku_of_intermediate(b, BOTH),
    ),
    Case(
        "request-discarded-before-the-answer",
        lambda b: b.give(E1, Credential(chain=b.world.parties[E1].credential.chain, key=fast_key())),  # type: ignore[union-attr]
        "key.mismatch",
        lambda leg: leg.server == E1 or (leg.client == E1 and leg.mutual),
        lambda b: b.reissue(E1),
    ),
    Case(
        "key-of-1024-bits",
        lambda b: _rsa_1024(b, 1024),
        "key.too-short",
        lambda leg: leg.server == E1 or (leg.client == E1 and leg.mutual),
        lambda b: _rsa_1024(b, 2048),
    ),
)
