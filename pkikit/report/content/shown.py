"""Which certificate a machine shows on a connection, if that is known from what somebody gave."""

from __future__ import annotations

from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import Leg
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import World


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
