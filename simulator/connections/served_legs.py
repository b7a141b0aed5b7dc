"""The connections that end at one machine: on which ports, from which addresses, and what each port asks of its callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkikit.model.leg import Leg
from simulator.connections.admission import Admission, admission_of, admission_of_strangers
from simulator.wire.registrar import Registrar


@dataclass(frozen=True, kw_only=True)
class ServedLegs:
    """What comes in at one machine.

    Attributes:
        legs: by the product's port, one that ends there.
        known: how each known caller is treated, by port and address.
        strangers: how every other caller is treated, by port.
        registrar: the phones that register here.
        addresses: of all known callers.
        lab_addresses: of all machines of the lab.
    """

    legs: Mapping[int, Leg]
    known: Mapping[tuple[int, str], Admission]
    strangers: Mapping[int, Admission]
    registrar: Registrar
    addresses: frozenset[str]
    lab_addresses: frozenset[str]

    @classmethod
    def of(cls, fqdn: str, legs: Iterable[Leg], by_name: Mapping[str, str], elsewhere: frozenset[int]) -> ServedLegs:
        """Return what comes in at a machine. Registrations use the connection of their zone, and its admission.

        Args:
            fqdn: the machine.
            legs: all connections of the deployment.
            by_name: the address of each machine.
            elsewhere: ports of this machine that another part of the lab serves.
        """
        served = [leg for leg in legs if leg.server == fqdn and leg.port not in elsewhere and not leg.registration]
        known = {(leg.port, by_name[leg.client]): admission_of(leg) for leg in served if not leg.phone}
        by_port = {leg.port: leg for leg in served}
        return cls(
            legs=by_port,
            known=known,
            strangers={port: admission_of_strangers([leg for leg in served if leg.port == port]) for port in by_port},
            registrar=Registrar.of(served),
            addresses=frozenset(address for _, address in known),
            lab_addresses=frozenset(by_name.values()),
        )

    @property
    def ports(self) -> tuple[int, ...]:
        """The product's ports, each once."""
        return tuple(self.legs)
