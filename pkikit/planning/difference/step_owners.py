"""Who does a step, and how long it takes from asking until it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from pkikit.model.parties import PartyGroup, PartyKind, Side
from pkikit.planning.steps import YOU, Owner

# Days from asking until it is done. Ours: no document states them, and a team replaces them by its own.
LEAD_DAYS: Mapping[str, int] = MappingProxyType(
    {
        PartyKind.UNIFIED_CM.value: 2,
        PartyKind.IM_PRESENCE.value: 2,
        PartyKind.UNITY_CONNECTION.value: 2,
        PartyKind.MEETING_SERVER.value: 2,
        PartyKind.SERVER.value: 3,
        PartyKind.NEIGHBOUR.value: 10,
        PartyKind.PARTNER.value: 10,
        PartyKind.CLIENT.value: 5,
        "dns": 1,
    }
)
_TEAMS: Mapping[PartyKind, str] = MappingProxyType(
    {
        PartyKind.UNIFIED_CM: "administrators of Unified CM",
        PartyKind.IM_PRESENCE: "administrators of IM and Presence",
        PartyKind.UNITY_CONNECTION: "administrators of Unity Connection",
        PartyKind.MEETING_SERVER: "administrators of Meeting Server",
        PartyKind.SERVER: "administrators of servers inside",
        PartyKind.CLIENT: "administrators of clients",
    }
)
DNS_OWNER = Owner(name="administrators of DNS", lead=timedelta(days=LEAD_DAYS["dns"]), ours=False)


def owner_of(group: PartyGroup, fqdn: str) -> Owner:
    """Return who changes something on a machine.

    Args:
        group: the machine's group.
        fqdn: the machine; partners and neighbours outside are named by it.

    Returns:
        The owner, with a lead time that is ours.
    """
    if group.kind is PartyKind.EXPRESSWAY:
        return YOU
    name = _TEAMS.get(group.kind)
    lead = LEAD_DAYS[group.kind.value]
    if group.kind is PartyKind.PARTNER:
        name = f"partner {group.name}"
    elif name is None:
        name = f"administrators of {fqdn}" if group.side is Side.INSIDE else f"partner {fqdn}"
    return Owner(name=name, lead=timedelta(days=lead), ours=False)
