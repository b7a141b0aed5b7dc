"""What restores a connection after the end of clientAuth.

Sources: Cisco TAC 225693 (X15.5: its conditions and test cases), TAC 225482 (X15.4), FN74362. See docs/sources.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, Protocol
from pkikit.model.parties import LegKind, Role
from pkikit.model.tables.features import EKU_CHECKING_MODE, SERVER_ONLY_SWITCH, TWO_STORES, Feature


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One remedy for one connection: does it restore the connection, and what does it take?"""

    id: str
    works: bool
    needs: str

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `remedies`."""
        return {"id": self.id, "works": self.works, "needs": self.needs}


def remedies_for(deployment: Deployment, leg: Leg, presenter: str) -> tuple[Remedy, ...]:
    """Return the remedies for a leg on which the certificate of `presenter` lacks clientAuth.

    Each works or not for this leg; whether it is worth its price is for the reader to say.
    """
    return (
        Remedy(
            id="private-ca",
            works=True,
            needs="the far side trusts the private root; so must clients outside, where they see the same certificate",
        ),
        _upload_switch(deployment, leg),
        _two_stores(deployment, leg, ours=deployment.cluster_of(presenter) is not None),
        _checking_mode(deployment, leg),
        _verify_off(leg),
    )


def _upgrade(deployment: Deployment, feature: Feature) -> str:
    version = deployment.product_version
    return "" if version.has(feature) else f"upgrade from {version} to {feature.first}; "


def _upload_switch(deployment: Deployment, leg: Leg) -> Remedy:
    """X15.4: the upload, cluster links and MRA registrations change; every other verifier still wants clientAuth."""
    change = _upgrade(deployment, SERVER_ONLY_SWITCH) or f"{deployment.product_version} has it; "
    if leg.registration:
        works, needs = True, f"{change}C then asks only for serverAuth when MRA registers"
    elif leg.kind is LegKind.CLUSTER:
        works, needs = True, f"{change}cluster links then ask for no clientAuth"
    elif deployment.role_of(leg.client) is Role.EXPRESSWAY_E:
        works = False
        needs = (
            "the CLI switch of X15.4 lets the upload through on Expressway-E; the far side still refuses it as client"
        )
    else:
        works, needs = False, "only Expressway-E has that switch"
    return Remedy(id="server-only-upload-x15.4", works=works, needs=needs)


def _two_stores(deployment: Deployment, leg: Leg, *, ours: bool) -> Remedy:
    needs = _upgrade(deployment, TWO_STORES)
    if leg.registration:
        needs += "C then asks only for serverAuth when MRA registers"
    else:
        needs += "a client certificate with clientAuth, whose CA the far side trusts"
    return Remedy(id="two-stores-x15.5", works=ours, needs=needs)


def _checking_mode(deployment: Deployment, leg: Leg) -> Remedy:
    """X15.5's switch: only inbound SIP TLS of an Expressway, never an SSH tunnel (Cisco TAC 225693, condition 2)."""
    upgrade = _upgrade(deployment, EKU_CHECKING_MODE)
    acceptor = deployment.cluster_of(leg.server)
    if leg.registration or leg.kind is LegKind.CLUSTER:
        works, needs = True, f"{upgrade}the newer version asks for no clientAuth there, whatever the switch is"
    elif leg.protocol is Protocol.SSH:
        works, needs = False, "SSH tunnels ask for clientAuth whatever the switch is"
    elif leg.protocol is not Protocol.SIP_TLS:
        works, needs = False, "the switch concerns SIP TLS only"
    elif acceptor is None:
        works, needs = False, "the far side decides; the switch of Expressway changes nothing there"
    else:
        works = True
        needs = f"{upgrade}ExtendedKeyUsage Checking Mode: Off on {acceptor.name}; callers then need no clientAuth"
    return Remedy(id="checking-mode-off-x15.5", works=works, needs=needs)


def _verify_off(leg: Leg) -> Remedy:
    if leg.always_verified:
        return Remedy(id="verify-off", works=False, needs="TLS verify mode is always on there")
    needs = "the far side no longer asks for a certificate, so anybody can pretend to be this machine"
    return Remedy(id="verify-off", works=True, needs=needs)
