"""Makes legs that several kinds of parties share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, NameCheck, Protocol
from pkikit.model.parties import LegKind
from pkikit.model.tables import ports

LegSource = Callable[[Deployment], Iterator[Leg]]


def looks_for(name: str, why: str) -> tuple[NameCheck, ...]:
    """Return the check for a single name."""
    return (NameCheck(any_of=(name,), why=why),)


def https_leg(
    kind: LegKind,
    group: str,
    client: str,
    server: str,
    *,
    verify: bool,
    port: int = ports.UC_HTTPS,
    known_as: str = "",
) -> Leg:
    """Return a leg whose client presents no certificate and, if it verifies, looks for the server's own name.

    known_as: how the client knows the server, if not by its own name.
    """
    known_as = known_as or server
    return Leg(
        kind=kind,
        group=group,
        client=client,
        server=server,
        protocol=Protocol.HTTPS,
        port=port,
        reference_name=known_as,
        mutual=False,
        client_verifies=verify,
        server_name_checks=looks_for(known_as, "node name, TLS verify mode on") if verify else (),
    )
