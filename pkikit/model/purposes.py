"""Which purpose each side of a connection asks for in the other's certificate.

A client asks for serverAuth. A server that wants a certificate asks for clientAuth, with two exceptions: cluster links from
X15.4 on, and inbound SIP TLS of X15.5 whose `ExtendedKeyUsage Checking Mode` is off (Cisco TAC 225482 and 225693).
"""

from __future__ import annotations

from collections.abc import Mapping

from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, Protocol, Purpose
from pkikit.model.parties import LegKind
from pkikit.model.tables.features import CLUSTER_WITHOUT_CLIENT_AUTH, EKU_CHECKING_MODE


def checks_client_auth(deployment: Deployment, fqdn: str, changed: Mapping[str, bool]) -> bool:
    """Return True if a machine asks the callers of its SIP TLS ports for clientAuth.

    changed: by the name of a cluster, or the FQDN of another machine; what is not there is as the deployment has it.
    """
    cluster = deployment.cluster_of(fqdn)
    if cluster is None:
        return changed.get(fqdn, True)
    return changed.get(cluster.name, cluster.eku_checking) or not deployment.product_version.has(EKU_CHECKING_MODE)


def asked_of_client(leg: Leg, deployment: Deployment, changed: Mapping[str, bool]) -> Purpose | None:
    """Return the purpose that the server of a leg asks for in its client's certificate; None if it asks for none.

    Args:
        leg: a leg whose server wants a certificate.
        deployment: decides by its version and its switches.
        changed: the switches that differ from the deployment, as in `checks_client_auth`.

    Returns:
        CLIENT as a rule. SERVER where an Expressway skips the check: it then asks for serverAuth if purposes are listed. None
        on cluster links from X15.4 on, and where a machine outside skips the check: no document says what it does instead.
    """
    if leg.kind is LegKind.CLUSTER and deployment.product_version.has(CLUSTER_WITHOUT_CLIENT_AUTH):
        return None
    if leg.protocol is not Protocol.SIP_TLS or checks_client_auth(deployment, leg.server, changed):
        return Purpose.CLIENT
    return Purpose.SERVER if deployment.cluster_of(leg.server) is not None else None


def needs_client_auth(leg: Leg, fqdn: str, deployment: Deployment) -> bool:
    """Return True if the certificate that `fqdn` shows on a leg must contain clientAuth, as the deployment is configured."""
    if leg.registration and fqdn == leg.server:
        return True
    return (
        fqdn == leg.client
        and leg.mutual
        and not leg.permissive
        and asked_of_client(leg, deployment, {}) is Purpose.CLIENT
    )
