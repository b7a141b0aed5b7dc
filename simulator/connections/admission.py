"""What a port asks of its callers: of the parties that it knows, and of a caller that belongs to no leg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkikit.model.leg import Consumer, Leg, NameCheck
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports


@dataclass(frozen=True, kw_only=True)
class Admission:
    """How a port treats a caller: whether it requires a certificate, and which names the certificate needs.

    permissive: what is wrong with the certificate, or a missing one, is noted and changes nothing.
    leg: a leg of the port. The world says which purpose its server asks for at the moment.
    """

    verify: bool
    leg: Leg
    permissive: bool = False
    name_checks: tuple[NameCheck, ...] = ()
    consumer: Consumer = Consumer.SIP_TLS


def admission_of(leg: Leg) -> Admission:
    """Return how the server of a leg treats the leg's client."""
    return Admission(
        leg=leg,
        verify=leg.mutual,
        permissive=leg.permissive,
        name_checks=leg.client_name_checks if leg.mutual else (),
        consumer=leg.server_consumer,
    )


def admission_of_strangers(legs: Sequence[Leg]) -> Admission:
    """Return how a port treats a caller that belongs to no leg, such as a learner's openssl.

    Traversal and cluster ports require the right certificate. On 5061 and 8443 such a caller reaches the default zone, which
    requires none.
    """
    if any(leg.port == ports.SIP_MUTUAL_TLS for leg in legs):
        return Admission(verify=True, leg=legs[0])  # every caller shows a certificate; its names only choose the zone
    always_mutual = all(leg.mutual and leg.kind in {LegKind.ZONE, LegKind.CLUSTER, LegKind.TUNNEL} for leg in legs)
    checks = {leg.client_name_checks for leg in legs}
    from_outside = any(leg.port == ports.SIP_TLS for leg in legs)
    if not always_mutual or from_outside:
        return Admission(verify=False, leg=legs[0])
    names = tuple(dict.fromkeys(n for group in checks for check in group for n in check.any_of))
    checks_of_port = (NameCheck(any_of=names, why="names that this port expects"),)
    permissive = any(leg.permissive for leg in legs)
    return Admission(verify=True, leg=legs[0], permissive=permissive, name_checks=checks_of_port)
