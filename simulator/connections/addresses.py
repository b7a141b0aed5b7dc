"""Every party gets its own loopback address: 127.<net>.<group>.<member>, with the same ports everywhere.

A bound socket reserves a net as long as the lab runs, so two labs never share one, and a killed process releases it.
"""

from __future__ import annotations

import errno
import itertools
import socket
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyKind
from simulator.errors import LabError

FIRST_NET, LAST_NET = 10, 249
_LOCK_PORT = 4369
SERVICE_GROUP = 0  # 127.net.0.x: DNS, Pebble and the lock
# Groups of a net, and addresses of a group.
GROUPS = MEMBERS = 254
_NOTHING: Mapping[str, str] = MappingProxyType({})


class AddressPlan:
    """Names to addresses. `by_name` follows machines that are new or renamed; the net is reserved until `close`."""

    def __init__(self, deployment: Deployment, net: int | None = None) -> None:
        """net: the second octet; None takes a free one.

        Raises:
            LabError: the net is taken or does not exist, or the deployment has more parties than a net has addresses.
        """
        addresses_of(deployment, FIRST_NET)  # before a net is taken
        self._lock, self.net = _hold(net)
        self._by_name = dict(addresses_of(deployment, self.net))
        self.by_name: Mapping[str, str] = MappingProxyType(self._by_name)

    def follow(self, names: Iterable[str], renamed: Mapping[str, str] = _NOTHING) -> None:
        """Give an address to each machine that has none yet. Addresses stay; a renamed machine keeps its own.

        Args:
            names: the machines that there are now.
            renamed: the new name of each renamed machine, by its old name.

        Raises:
            LabError: the net has no free address.
        """
        for before, after in renamed.items():
            if before in self._by_name:
                self._by_name[after] = self._by_name.pop(before)
        new = [name for name in names if name not in self._by_name]
        if new:
            free = _free(set(self._by_name.values()), self.net)
            for name in new:
                address = next(free, None)
                if address is None:
                    raise LabError(f"the lab has no address left for {name}")
                self._by_name[name] = address

    def service(self, number: int) -> str:
        """Return an address for a service of the lab itself."""
        return f"127.{self.net}.{SERVICE_GROUP}.{number}"

    def close(self) -> None:
        """Release the net."""
        self._lock.close()


def _free(taken: set[str], net: int) -> Iterator[str]:
    """Yield the free addresses of a net, from its end: the start belongs to the machines of the deployment file."""
    for group in range(GROUPS, SERVICE_GROUP, -1):
        for member in range(1, MEMBERS + 1):
            address = f"127.{net}.{group}.{member}"
            if address not in taken:
                yield address


def addresses_of(deployment: Deployment, net: int) -> Mapping[str, str]:
    """Return the address of each machine in a net.

    Raises:
        LabError: the deployment has more parties than a net has addresses.
    """
    places = _places(deployment)
    return MappingProxyType({name: f"127.{net}.{group}.{member}" for name, (group, member) in places.items()})


def _places(deployment: Deployment) -> dict[str, tuple[int, int]]:
    """Return a group and a number in it for each party. A kind with more members than a group holds takes several groups."""
    kinds: list[tuple[str, ...]] = []
    for kind in PartyKind:
        found = [group.members for group in deployment.groups if group.kind is kind]
        # A kind that shares a block keeps its place without members too, so that a file that grows keeps its addresses.
        kinds += found if kind.is_clustered else [tuple(itertools.chain.from_iterable(found))]
    parties = tuple(dict.fromkeys(name for names in kinds for name in names))
    if len(parties) > GROUPS * MEMBERS:
        raise LabError(
            f"{deployment.name} has {len(parties)} machines; the lab has addresses for {GROUPS * MEMBERS} of them"
        )
    groups = [names[start : start + MEMBERS] for names in kinds for start in range(0, max(1, len(names)), MEMBERS)]
    if len(groups) > GROUPS:  # many small groups: side by side, without a group for each
        groups = [parties[start : start + MEMBERS] for start in range(0, len(parties), MEMBERS)]
    return {
        name: (group, member)
        for group, names in enumerate(groups, start=1)
        for member, name in enumerate(names, start=1)
    }


def _hold(net: int | None) -> tuple[socket.socket, int]:
    if net is not None and not 1 <= net <= 254:
        raise LabError(f"net {net}: the lab's addresses are 127.1.x.y to 127.254.x.y")
    for candidate in [net] if net is not None else range(FIRST_NET, LAST_NET + 1):
        lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            lock.bind((f"127.{candidate}.0.1", _LOCK_PORT))
            lock.listen(1)
        except OSError as error:
            lock.close()
            if error.errno == errno.EADDRNOTAVAIL:
                raise LabError(
                    f"127.{candidate}.0.1 is not an address of this machine; on macOS add aliases first: "
                    f"sudo ifconfig lo0 alias 127.{candidate}.0.1 (and one for each machine)"
                ) from None
            continue
        return lock, candidate
    taken = (
        f"127.{net}.0.1 is used by another lab"
        if net is not None
        else "every net from 127.10 to 127.249 is used by another lab"
    )
    raise LabError(f"{taken}; stop it, or choose another net")
