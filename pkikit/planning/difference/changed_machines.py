"""Which machine of tomorrow is which machine of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyGroup
from pkikit.model.world import World
from pkikit.text import listed
from pkikit.worlds.renamed_machines import machines_of


@dataclass(frozen=True, kw_only=True)
class Machines:
    """The machines of two worlds.

    Attributes:
        today: the world before.
        tomorrow: the world after.
        renamed: the FQDN tomorrow by the FQDN today, for machines whose name changes.
    """

    today: World
    tomorrow: World
    renamed: Mapping[str, str]

    def later(self, fqdn: str) -> str:
        """Return what a machine of today is called tomorrow."""
        return self.renamed.get(fqdn, fqdn)

    @property
    def both(self) -> tuple[str, ...]:
        """The machines that both worlds have, by today's FQDN."""
        return tuple(fqdn for fqdn in self.today.parties if self.later(fqdn) in self.tomorrow.parties)

    @property
    def new(self) -> tuple[str, ...]:
        """The machines that only tomorrow has, by FQDN."""
        known = {self.later(fqdn) for fqdn in self.today.parties}
        return tuple(fqdn for fqdn in self.tomorrow.parties if fqdn not in known)

    def group_of(self, fqdn: str) -> PartyGroup:
        """Return the group of a machine of today; of a machine that is new, tomorrow's.

        Args:
            fqdn: the machine, by the FQDN that it has today.

        Returns:
            Its group.

        Raises:
            InputError: neither deployment has the machine.
        """
        found = group_in(self.today.deployment, fqdn) or group_in(self.tomorrow.deployment, self.later(fqdn))
        if found is None:
            raise InputError(f"{fqdn} belongs to neither deployment")
        return found


def group_in(deployment: Deployment, fqdn: str) -> PartyGroup | None:
    """Return the group of a machine; None if this deployment lacks it."""
    return next((group for group in deployment.groups if fqdn in group.members), None)


def require_plain_renames(renamed: Mapping[str, str], today: Deployment) -> None:
    """Return if each machine gets a name that no other machine has.

    Args:
        renamed: the FQDN after, by the FQDN before.
        today: the deployment before.

    Raises:
        InputError: two machines get one name, or one gets a name that another machine has.
    """
    taken = machines_of(today)
    seen: set[str] = set()
    for old, new in renamed.items():
        if old == new:
            raise InputError(f"{old} already has that name")
        if renamed.get(new) == old:
            raise InputError(f"{old} and {new} cannot swap their names: rename one of them to a third name first")
        if new in taken or new in seen:
            raise InputError(f"{old} cannot get the name {new}: another machine has it")
        seen.add(new)


def require_common_peers(renamed: Mapping[str, str], today: Deployment, tomorrow: Deployment) -> None:
    """Return if the two deployments have an Expressway in common.

    Args:
        renamed: the FQDN after, by the FQDN before.
        today: the deployment before.
        tomorrow: the deployment after.

    Raises:
        InputError: they have none, so nothing leads from one to the other.
    """
    if not {renamed.get(peer, peer) for peer in today.peers} & set(tomorrow.peers):
        before, after = (listed(d.peers, at_most=4) for d in (today, tomorrow))
        raise InputError(f"today has {before}, and tomorrow has {after}: no Expressway is in both, so there is no plan")
