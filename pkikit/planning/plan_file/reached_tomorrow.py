"""Whether the steps of a plan lead to tomorrow's machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pkikit.model.world import Party, World
from pkikit.planning.change import Change
from pkikit.worlds.world_folder import group_in


def reached_tomorrow(change: Change) -> World:
    """Return the machines after all steps: tomorrow's, or where parts of machines are unknown, as near as steps lead.

    Args:
        change: the steps.

    Returns:
        The world.
    """
    after = change.world(frozenset(change.by_key))
    return after if any(True for _ in differences(after, change.tomorrow)) else change.tomorrow


def differences(after: World, tomorrow: World) -> Iterator[str]:
    """Yield where the machines after all steps are not those of tomorrow.

    Args:
        after: the machines after all steps.
        tomorrow: as they should be.

    Yields:
        One sentence for each machine.
    """
    if after.deployment != tomorrow.deployment:
        yield "steps: the configuration after all steps is not that of tomorrow; a step is missing, or was changed"
    for fqdn, party in tomorrow.parties.items():
        found = after.parties.get(fqdn)
        if found is None:
            yield f"steps: tomorrow has the machine {fqdn}, and no step adds it"
            continue
        if _shown(found, after) != _shown(party, tomorrow):
            yield f"steps: after all steps {fqdn} has another certificate than tomorrow; a step is missing, or was changed"
        elif _lists(after, fqdn) != _lists(tomorrow, fqdn):
            yield f"steps: after all steps {fqdn} trusts other CAs than tomorrow; a step is missing, or was changed"


def _shown(party: Party, world: World) -> tuple[object, ...]:
    """Return what a machine presents, wherever it does."""
    ports = [port for made in group_in(party.fqdn, world.deployment).certificates for port in made.ports]
    services = [party.services.get(port, party.credential) for port in ports]
    return (party.credential, party.client, services, dict(party.domains))


def _lists(world: World, fqdn: str) -> Mapping[str, frozenset[object]]:
    return {name: frozenset(listed) for name, listed in world.lists_of(fqdn).items()}
