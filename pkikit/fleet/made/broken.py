"""What a fault breaks: the cause, the time, and the connections, as they follow from how the fault is made.

Nothing here judges a certificate. Who presents a certificate to whom and which names are looked for is in the connections of the
deployment; the rest is known because the fault was made that way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkikit.fleet.audit_records import SOON
from pkikit.fleet.made.customer import DAY, Customer
from pkikit.model.leg import Consumer, Leg, NameCheck, Protocol
from pkikit.model.purposes import needs_client_auth
from pkikit.rules.rule import Rule

Which = Callable[[Leg], bool]
SECOND, NEXT = timedelta(seconds=1), timedelta(microseconds=1)  # a CRL counts until its last second begins


@dataclass(frozen=True, kw_only=True)
class Broken:
    """What a fault breaks.

    Attributes:
        machine: the machine that has the fault.
        cause: the rule that is breached.
        which: says of a connection whether it breaks.
        since: the date that breaks it, in the past too; None if no date does.
    """

    machine: str
    cause: Rule
    which: Which
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A kind of fault.

    Attributes:
        name: its name in the truth.
        says: what was done, in one sentence.
        make: changes a deployment and returns what that breaks; None if the deployment has nothing to which it applies.
    """

    name: str
    says: str
    make: Callable[[Customer], Broken | None]


def presenting(machine: str) -> Which:
    """Return a filter for connections on which somebody verifies a certificate of this machine."""
    return lambda leg: (leg.server == machine and leg.client_verifies) or (leg.client == machine and leg.mutual)


def judging(machine: str) -> Which:
    """Return a filter for connections on which this machine verifies somebody's certificate."""
    return lambda leg: (leg.client == machine and leg.client_verifies) or (leg.server == machine and leg.mutual)


def in_tunnels(machine: str) -> Which:
    """Return a filter for SSH tunnels on which the other end verifies a certificate of this machine."""
    return lambda leg: leg.protocol is Protocol.SSH and presenting(machine)(leg)


def as_server(machine: str) -> Which:
    """Return a filter for connections on which this machine is a server that is verified."""
    return lambda leg: leg.server == machine and leg.client_verifies


def wanting_client_auth(made: Customer) -> Callable[[str], Which]:
    """Return, for a machine, a filter for connections on which its certificate must have clientAuth."""
    deployment = made.shape.deployment
    return lambda machine: lambda leg: needs_client_auth(leg, machine, deployment)


def checked_for_revocation(made: Customer, machine: str | None = None) -> Which:
    """Return a filter for connections on which a peer looks for the certificate in a CRL.

    Args:
        made: the deployment.
        machine: whose certificate; None for anybody's.

    Returns:
        The filter.
    """
    peers = made.shape.deployment.peers

    def which(leg: Leg) -> bool:
        if leg.consumer in {Consumer.SSH, Consumer.XCP, Consumer.LDAP}:
            return False  # they do not read the CRLs that somebody uploaded
        by_client = leg.client in peers and leg.client_verifies and machine in {None, leg.server}
        by_server = leg.server in peers and leg.mutual and machine in {None, leg.client}
        return by_client or by_server

    return which


def lacking(machine: str, names: Iterable[str]) -> Which:
    """Return a filter for connections on which somebody looks in vain for a name in the certificate of this machine.

    Args:
        machine: the machine.
        names: all names that its certificate has.

    Returns:
        The filter.
    """
    has = frozenset(names)

    def which(leg: Leg) -> bool:
        return any(check.binding and not has & {*check.any_of, *check.services} for check in checks_of(leg, machine))

    return which


def checks_of(leg: Leg, machine: str) -> tuple[NameCheck, ...]:
    """Return the names that the other side looks for in the certificate of this machine."""
    of_server = leg.server_name_checks if leg.server == machine and leg.client_verifies else ()
    of_client = leg.client_name_checks if leg.client == machine and leg.mutual else ()
    return (*of_server, *of_client)


def broken_legs(made: Customer, broken: Broken) -> tuple[Leg, ...]:
    """Return the connections that a fault breaks; a permissive link stays up."""
    return tuple(leg for leg in made.legs if broken.which(leg) and not leg.permissive)


def pick(made: Customer, filter_of: Callable[[str], Which], among: Iterable[str] | None = None) -> str | None:
    """Choose a machine for a fault.

    Args:
        made: the deployment.
        filter_of: the connections that would break, by machine.
        among: the machines in question; None for all that show a certificate.

    Returns:
        A machine with at least one such connection; None without any.
    """
    fitting = [
        machine
        for machine in (made.machines if among is None else among)
        if any(filter_of(machine)(leg) and not leg.permissive for leg in made.legs)
    ]
    return made.choose.choice(fitting) if fitting else None


def some_day(made: Customer) -> datetime:
    """Return a time that an audit calls soon; not the first day, so that it is also soon for an audit some hours later."""
    return made.at + made.choose.randrange(DAY // SECOND, (SOON - DAY) // SECOND) * SECOND
