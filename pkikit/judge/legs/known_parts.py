"""What is known about a connection when somebody gave the files of some machines only: its state, and what is missing."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import Leg
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import World


class State(enum.StrEnum):
    """What is known about a connection or a service."""

    UP = "up"
    DOWN = "down"
    NOT_ASSESSED = "not-assessed"

    @property
    def mark(self) -> str:
        """The sign in front of it."""
        return {State.UP: "✔", State.DOWN: "✘", State.NOT_ASSESSED: "?"}[self]

    @property
    def words(self) -> str:
        """The state for people."""
        return self.value.replace("-", " ")


class Part(enum.StrEnum):
    """What nobody gave about a machine."""

    CERTIFICATE = "certificate"
    CLIENT = "client certificate"
    LIST = "trusted CA list"
    REVOCATION = "revocation status"


@dataclass(frozen=True, kw_only=True, order=True)
class Lack:
    """A part that is missing for a connection.

    Attributes:
        machine: whose part it is.
        part: the certificate that it presents, the list that it reads, or the CRLs and OCSP answers that it needs.
        service: the service of the machine that it belongs to, as `CallManager`; empty if it has one for everything.
    """

    machine: str
    part: Part
    service: str = ""

    def __str__(self) -> str:
        """What is missing, for people: `CallManager certificate of cucm1.example.com`."""
        return f"{self.service} {self.part} of {self.machine}".lstrip()

    def to_json(self) -> dict[str, str]:
        """Return one entry of `missing`."""
        return {"machine": self.machine, "part": self.part.value, "service": self.service}


class Assumption(enum.StrEnum):
    """What a refusal rests on, where the certificate that is refused is missing."""

    COPIED = "copied"
    NO_ADDRESS = "no-address"

    def says(self, machine: str) -> str:
        """Return the assumption about a machine's certificate in two sentences."""
        if self is Assumption.COPIED:
            what = f"The client certificate of {machine} is missing. It is assumed to be the server certificate"
            return f"{what}, as an upgrade to {TWO_STORES.first} leaves it."
        return f"The certificate of {machine} is missing. It is assumed to have no IP address in it."


@dataclass(frozen=True, kw_only=True)
class Look:
    """One side of a connection that looks at the other's certificate.

    Attributes:
        verifier: the machine that looks.
        presenter: the machine that shows the certificate.
        lacks: what is missing for an answer; empty if there is one.
        accepts: the answer; None if there is none.
        assumes: what a refusal rests on; None if it is certain.
    """

    verifier: str
    presenter: str
    lacks: tuple[Lack, ...]
    accepts: bool | None
    assumes: Assumption | None = None


def shown_by_server(world: World, leg: Leg) -> Credential | None:
    """Return the certificate that the dialled machine shows.

    The one certificate of a folder is that of the machine's first service; nothing is known of the others.

    Args:
        world: has only what somebody gave.
        leg: the connection.

    Returns:
        The certificate; None if nobody gave it.
    """
    if _is_of_another_service(world, leg.server, leg.port):
        return None
    return world.parties[leg.server].as_server(leg.port, leg.reference_name).credential


def shown_by_client(world: World, leg: Leg) -> Credential | None:
    """Return the certificate that the dialling machine shows; an Expressway with two stores, that of the second one.

    Args:
        world: has only what somebody gave.
        leg: the connection.

    Returns:
        The certificate; None if nobody gave it.
    """
    party = world.parties[leg.client]
    if has_two_stores(world, leg.client) and party.client is None:
        return None
    if party.client is None and _is_of_another_service(world, leg.client, leg.port):
        return None
    return party.as_client(leg.port).credential


def has_two_stores(world: World, fqdn: str) -> bool:
    """Return True for an Expressway with a store of its own for its client certificate.

    Args:
        world: has the product version.
        fqdn: the machine.

    Returns:
        Whether it has two stores.
    """
    deployment = world.deployment
    return deployment.product_version.has(TWO_STORES) and deployment.cluster_of(fqdn) is not None


def service_at(world: World, fqdn: str, port: int) -> str:
    """Return the service whose certificate a machine shows at a port; empty if it has one certificate for everything.

    Args:
        world: has the machine.
        fqdn: its name.
        port: the port.

    Returns:
        As `CallManager`.
    """
    services = world.deployment.group_of(fqdn).certificates
    if len(services) < 2:
        return ""
    return next((s.service for s in services if port in s.ports), services[0].service)


def _is_of_another_service(world: World, fqdn: str, port: int) -> bool:
    """Return True if the certificate at a port is that of a service for which nobody gave one."""
    services = world.deployment.group_of(fqdn).certificates
    return any(port in s.ports and port not in world.parties[fqdn].services for s in services[1:])
