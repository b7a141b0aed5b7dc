"""Unusual worlds that are valid: every leg comes up."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from cryptography import x509

from pkikit.issue.authority import create_root
from simulator.world.craft import DAY
from tests.support.worlds.builder import WorldBuilder, stranger
from tests.support.worlds.case import unchanged
from tests.support.worlds.deployments import (
    AT,
    C1,
    E1,
    E2,
    PARTNER,
)


def _renewed_root(builder: WorldBuilder) -> WorldBuilder:
    """A root that has ended before its renewed copy: one key, one name."""
    ended = create_root("Eleventh Root CA", at=AT - 4000 * DAY, lifetime=3900 * DAY)
    renewed = create_root("Eleventh Root CA", at=AT - 100 * DAY, key=ended.key)
    return builder.reissue(E1, by=renewed).trust((ended.certificate, renewed.certificate))


GOOD: dict[str, Callable[[WorldBuilder], WorldBuilder]] = {
    "as-issued": unchanged,
    "chain-in-the-wrong-order-with-the-root": lambda b: b.reissue(
        E1, chain=(b.authority.root, *b.authority.intermediates)
    ),
    "an-unrelated-certificate-in-the-chain": lambda b: b.reissue(
        E1, chain=(stranger().certificate, *b.authority.intermediates)
    ),
    "neighbour-not-verified": lambda b: b.deploy(zones__1__tls_verify=False).reissue(PARTNER, by=stranger("Nobody")),
    "permissive-cluster": lambda b: b.deploy(clusters__0__cluster_tls="permissive").reissue(C1, without=(C1,)),
    "renewed-root-beside-its-expired-copy": _renewed_root,
    "peer-address-is-an-ip-that-the-certificate-holds": lambda b: b.deploy(
        addresses={E1: "192.0.2.11"}, zones__0__peer_addresses=["192.0.2.11", E2]
    ).reissue(E1, general=(x509.IPAddress(ipaddress.ip_address("192.0.2.11")),)),
    "self-signed-root-twice-in-the-list": lambda b: b.trust((b.authority.root, b.authority.root)),
}
