"""The lab's world after a change of the deployment: the same CA, and new certificates only where new names are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509

from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import presented_names
from pkikit.model.deployment import Deployment
from pkikit.model.parties import PartyGroup
from pkikit.model.world import Party, World
from pkikit.worlds.issued_world import IssuedWorld, layout_of


def following_world(
    issued: IssuedWorld, deployment: Deployment, *, at: datetime, renamed: Mapping[str, str], rsa: bool = True
) -> World:
    """Return the machines of another deployment as the same lab would run them.

    Args:
        issued: the lab today.
        deployment: the deployment after the change.
        at: when new certificates are issued.
        renamed: the FQDN after, by the FQDN before.
        rsa: make RSA keys, as the product does.

    Returns:
        The world. A certificate that has all names already stays.
    """
    before = {renamed.get(fqdn, fqdn): party for fqdn, party in issued.world.parties.items()}
    lab = _Lab(issued=issued, deployment=deployment, at=at, rsa=rsa)
    parties = {fqdn: lab.party(fqdn, group, before.get(fqdn)) for group in deployment.groups for fqdn in group.members}
    return replace(issued.world, deployment=deployment, parties=parties)


@dataclass(kw_only=True)
class _Lab:
    """The lab's CA, at work for another deployment; `made` has what peers share, by the first of them."""

    issued: IssuedWorld
    deployment: Deployment
    at: datetime
    rsa: bool
    made: dict[str, Credential] = field(default_factory=dict)

    def party(self, fqdn: str, group: PartyGroup, before: Party | None) -> Party:
        """Return a machine: as it was, with the certificates that it needs now."""
        party = before or Party(fqdn=fqdn, credential=None, trusted_ca_list=self._list_of(fqdn))
        if not group.has_certificates:
            return replace(party, fqdn=fqdn)
        services = dict(party.services)
        for made in group.certificates[1:]:
            if made.ports:
                own = self._certificate(fqdn, services.get(made.ports[0]))
                services |= dict.fromkeys(made.ports, own)
        return replace(party, fqdn=fqdn, credential=self._of_peer(fqdn, party.credential), services=services)

    def _list_of(self, fqdn: str) -> tuple[x509.Certificate, ...]:
        root, issuing = self.issued.root.certificate, self.issued.authority.certificate
        return (root, issuing) if fqdn in self.deployment.peers else (root,)

    def _of_peer(self, fqdn: str, held: Credential | None) -> Credential:
        cluster = self.deployment.cluster_of(fqdn)
        if cluster is None or cluster.certificate != "shared":
            return self._certificate(fqdn, held)
        first = cluster.peers[0]
        if first not in self.made:
            self.made[first] = self._certificate(first, held)
        return self.made[first]

    def _certificate(self, fqdn: str, held: Credential | None) -> Credential:
        layout = layout_of(self.deployment, fqdn)
        if held is not None and set(layout.dns_names) <= set(presented_names(held.leaf).dns):
            return held
        return self.issued.sign(layout, at=self.at, rsa=self.rsa)
