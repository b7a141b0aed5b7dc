"""What restores a connection after the end of clientAuth, and what stays down.

Sources: Cisco TAC 225693 (X15.5: its conditions and test cases), TAC 225482 (X15.4), FN74362. See docs/sources.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pkikit.design.services import services_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import service_states
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


@dataclass(frozen=True, kw_only=True)
class RemedyEffect:
    """What one remedy does to all connections that fail.

    Attributes:
        id: the remedy.
        restores: ids of the legs that come back.
        stays_down: ids of the legs that stay down.
        services_down: services that stay down, with where: `mra at e1.example.com`.
        needs: what it takes, each thing once.
    """

    id: str
    restores: tuple[str, ...]
    stays_down: tuple[str, ...]
    services_down: tuple[str, ...]
    needs: tuple[str, ...]

    def sentence(self) -> str:
        """Return what it restores, and what stays down, by the kind of connection."""
        total = len(self.restores) + len(self.stays_down)
        if not self.stays_down:
            return f"restores all {total}"
        kinds = Counter(leg.split(":", 1)[0] for leg in self.stays_down)
        down = ", ".join(f"{_KINDS.get(kind, kind)} ({count})" for kind, count in kinds.items())
        services = f"; services still down: {', '.join(self.services_down)}" if self.services_down else ""
        return f"restores {len(self.restores)} of {total}; still down: {down}{services}"

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `remedies` of the whole audit."""
        return {
            "id": self.id,
            "restores": list(self.restores),
            "stays_down": list(self.stays_down),
            "services_down": list(self.services_down),
            "needs": list(self.needs),
        }


_KINDS: Mapping[str, str] = {
    LegKind.TUNNEL.value: "SSH tunnel",
    LegKind.CLUSTER.value: "cluster",
    LegKind.ZONE.value: "zone",
    LegKind.XMPP.value: "federation",
    LegKind.MRA_REGISTRATION.value: "MRA registration",
    "ucm": "Unified CM",
    "ucm-tftp": "Unified CM TFTP",
}


def effects_of(deployment: Deployment, failing: Sequence[tuple[Leg, tuple[Remedy, ...]]]) -> tuple[RemedyEffect, ...]:
    """Return what each remedy does to the legs that fail, in the order of the remedies.

    Args:
        deployment: decides which services need which legs.
        failing: each leg that fails, with its remedies.

    Returns:
        One effect for each remedy.
    """
    services = services_of(deployment)
    found = []
    for remedy_id in dict.fromkeys(r.id for _, remedies in failing for r in remedies):
        works = {leg.id: any(r.works for r in remedies if r.id == remedy_id) for leg, remedies in failing}
        states = {leg: State.UP if up else State.DOWN for leg, up in works.items()}
        needs = [r.needs for _, remedies in failing for r in remedies if r.id == remedy_id and r.works]
        found.append(
            RemedyEffect(
                id=remedy_id,
                restores=tuple(leg for leg, up in works.items() if up),
                stays_down=tuple(leg for leg, up in works.items() if not up),
                services_down=tuple(
                    state.at_peer for state in service_states(services, states) if state.peer and not state.up
                ),
                needs=tuple(dict.fromkeys(needs)),
            )
        )
    return tuple(found)


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
