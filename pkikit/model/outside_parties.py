"""Parties outside that Expressway-E talks to: XMPP servers, B2B partners, services of Cisco's cloud."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pkikit.model.deployment_file.fields import FileValue, Fqdn, Label, Switch
from pkikit.model.parties import Domains, PartyGroup, PartyKind, Side
from pkikit.model.tables import ports


class Partner(FileValue):
    """A machine outside that is found by the SRV record of a domain: an XMPP server to federate with, a B2B callee."""

    domain: Fqdn
    nodes: tuple[Fqdn, ...] = Field(min_length=1)

    @property
    def service(self) -> tuple[str, int]:
        """The SRV record by which others find it, without the domain, and its port."""
        return "_xmpp-server._tcp", ports.XMPP_SERVER

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The domain's servers: each has the domain in its certificate."""
        record, port = self.service
        return PartyGroup(
            kind=PartyKind.PARTNER,
            name=self.domain,
            side=Side.OUTSIDE,
            members=self.nodes,
            services=((f"{record}.{self.domain}", port),),
            identities=(self.domain,),
        )


class B2bPartner(Partner):
    """Another company, or Webex, that is called through a DNS zone.

    dns_zone: the DNS zone to which a search rule leads calls to this domain; by default the first of the file.
    mutual_tls: the partner's servers ask for the caller's certificate, as Webex does (Cisco TAC 225693, scenario 1). With a
    `dns_zone` too, the partner calls port 5062 of Expressway-E, which asks for a certificate in turn.
    port: that Expressway-E dials. Cisco's documents show 5061 (TAC 225693) and 5062 (TAC 212475) for Webex.
    """

    dns_zone: Label | None = None
    mutual_tls: Switch = False
    port: Literal[5061, 5062] = ports.SIP_TLS

    @property
    def service(self) -> tuple[str, int]:
        """The SRV record by which a DNS zone finds the partner, and its port."""
        return "_sips._tcp", self.port


class CloudService(FileValue):
    """A service of Cisco's cloud that Expressway-E dials for onboarding by activation code, showing its client certificate.

    nodes: its servers, such as fos-a.wbx2.com and idbroker.webex.com.
    """

    name: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The service's servers."""
        return PartyGroup(kind=PartyKind.PARTNER, name=self.name, side=Side.OUTSIDE, members=self.nodes)
