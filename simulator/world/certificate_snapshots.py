"""What Unified CM and its relatives tell about their certificates, as their certificate management API answers.

The snapshot of one server: its certificates by service, and its lists of CAs. The form is that of
`GET /platformcom/api/v1/certmgr/config/snapshot/server`, which Unified CM, IM and Presence and Unity Connection have.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.certificates.canonical_name import common_name
from pkikit.model.certificates.credential import Credential
from pkikit.model.parties import PartyGroup, PartyKind
from pkikit.model.world import Party, World

_ANSWERING = frozenset({PartyKind.UNIFIED_CM, PartyKind.IM_PRESENCE, PartyKind.UNITY_CONNECTION})


def certificate_snapshots(world: World) -> dict[str, bytes]:
    """Return the answer of each node that has such an API, by the name of a file. It has no private key.

    Args:
        world: the machines with what they show and trust now.
    """
    groups = [group for group in world.deployment.groups if group.kind in _ANSWERING]
    return {
        f"certificate-snapshot_{fqdn}.json": _encoded(snapshot_of(world.parties[fqdn], group))
        for group in groups
        for fqdn in group.members
    }


def snapshot_of(party: Party, group: PartyGroup) -> dict[str, Any]:
    """Return the snapshot of one node.

    Args:
        party: the node.
        group: its cluster, which says what certificates its nodes have.

    Returns:
        The document. A certificate is followed by the intermediates that the node sends with it, which is ours.
    """
    identities, trusts = [], []
    for made in group.certificates:
        here = party.as_server(made.ports[0]) if made.ports else party
        identities.append({"service": made.service, "certificate": _shown(here.credential), "csr": ""})
        trusts.append({"service": made.service, "certificate_data": [*_listed(here.trusted_ca_list)]})
    return {
        "trackingId": str(uuid.uuid5(uuid.NAMESPACE_DNS, party.fqdn)),
        "server": party.fqdn,
        "identities": identities,
        "trusts": trusts,
        "revokedCertificates": [],
    }


def _shown(credential: Credential | None) -> str:
    return "" if credential is None else credential.pem().decode("ascii")


def _listed(trusted: Iterable[x509.Certificate]) -> Iterable[Mapping[str, str]]:
    for number, certificate in enumerate(trusted, start=1):
        name = (common_name(certificate.subject) or f"certificate {number}").replace(" ", "_")
        yield {"filename": f"{name}.pem", "certificate": certificate.public_bytes(Encoding.PEM).decode("ascii")}


def _encoded(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
