"""What each remedy restores of the connections that fail without clientAuth, and what stays down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pkikit.design.services import services_of
from pkikit.judge.legs.eku_remedies import Remedy
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.service_state import service_states
from pkikit.judge.legs.sunset import LegAudit, Status
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind


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


def remedy_effects(deployment: Deployment, legs: Sequence[LegAudit]) -> tuple[RemedyEffect, ...]:
    """Return what each remedy restores of the connections that fail, and what stays down."""
    return effects_of(deployment, [(leg.leg, leg.remedies) for leg in legs if leg.status is Status.FAILS])
