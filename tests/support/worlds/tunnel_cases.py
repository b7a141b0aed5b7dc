"""Broken worlds about SSH tunnels. Every other leg of them is up, the traversal zone of the same peers too."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ObjectIdentifier

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, ca_name
from simulator.world.craft import DAY, craft
from tests.support.worlds.builder import WorldBuilder
from tests.support.worlds.case import Case
from tests.support.worlds.deployments import AT, C1, E1
from tests.support.worlds.leg_filters import zone

P256, P384 = "x509v3-ecdsa-sha2-nistp256", "x509v3-ecdsa-sha2-nistp384"


def _new_intermediate(builder: WorldBuilder, *, on_lists: bool) -> WorldBuilder:
    """E1's certificate was renewed below a new intermediate, which it sends; with `on_lists` every list has it."""
    middle = builder.root.intermediate("New Issuing CA", at=AT - 50 * DAY)
    renewed = builder.reissue(E1, by=middle)
    return renewed.trust(middle.intermediates) if on_lists else renewed


def _odd_issuer(builder: WorldBuilder, oid: str) -> WorldBuilder:
    """E1's certificate comes from a root whose own name holds an attribute with this OID."""
    name = x509.Name([x509.NameAttribute(ObjectIdentifier(oid), "DE"), *ca_name("Odd Root CA")])
    key = fast_key()
    root = craft((), None, at=AT - 50 * DAY, key=key, subject=name, ca=True, ekus=None, can_sign=True, ends=900 * DAY)
    authority = Authority(certificate=root.leaf, key=key)
    return builder.reissue(E1, by=authority).trust((authority.certificate,))


def _allows(builder: WorldBuilder, cluster: int, *algorithms: str) -> WorldBuilder:
    return builder.deploy(**{f"clusters__{cluster}__ssh_key_algorithms": list(algorithms)})


def _on_curve(builder: WorldBuilder, fqdn: str, curve: ec.EllipticCurve) -> WorldBuilder:
    return builder.reissue(fqdn, key=ec.generate_private_key(curve))


TUNNEL_CASES: tuple[Case, ...] = (
    Case(
        "renewed-below-a-new-intermediate",
        lambda b: _new_intermediate(b, on_lists=False),
        "trust.intermediate-missing",
        lambda leg: leg.id.startswith("tunnel:") and leg.server == E1,
        lambda b: _new_intermediate(b, on_lists=True),
    ),
    Case(
        "foreign-oid-in-the-name-of-the-issuer",
        lambda b: _odd_issuer(b, "1.3.6.1.4.1.55555.2"),
        "oid.unsupported",
        lambda leg: leg.id.startswith("tunnel:") and leg.server == E1,
        lambda b: _odd_issuer(b, "1.3.6.1.4.1.311.60.2.1.3"),
    ),
    Case(
        "foreign-oid-in-the-name-of-c",
        lambda b: b.reissue(C1, subject=_odd_subject("1.3.6.1.4.1.55555.2")),
        "oid.unsupported",
        lambda leg: leg.id.startswith("tunnel:") and leg.client == C1,
        lambda b: b.reissue(C1, subject=_odd_subject("1.3.6.1.4.1.311.60.2.1.3")),
    ),
    Case(
        "key-type-that-e-does-not-allow",
        lambda b: _allows(b, 1, P384),
        "ssh.algorithm-mismatch",
        zone("tunnel:"),
        lambda b: _allows(b, 1, P256, P384),
    ),
    Case(
        "key-type-that-c-does-not-allow",
        lambda b: _allows(b, 0, P384),
        "ssh.algorithm-mismatch",
        zone("tunnel:"),
        lambda b: _allows(b, 0, P384, P256),
    ),
    Case(
        "key-of-c-on-a-curve-that-e-does-not-allow",
        lambda b: _on_curve(_allows(b, 1, P256), C1, ec.SECP384R1()),
        "ssh.algorithm-mismatch",
        lambda leg: leg.id.startswith("tunnel:") and leg.client == C1,
        lambda b: _on_curve(_allows(b, 1, P256, P384), C1, ec.SECP384R1()),
    ),
)


def _odd_subject(oid: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(ObjectIdentifier(oid), "DE"), *ca_name("c1.corp.example.com")])
