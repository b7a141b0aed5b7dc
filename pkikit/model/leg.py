"""A leg: one TLS connection of a deployment. Who dials whom, which name each side looks for, who presents a certificate."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pkikit.model.parties import LegKind


class Protocol(enum.StrEnum):
    """The protocol inside the TLS connection; SSH has keys and certificates of its own instead of TLS."""

    SIP_TLS = "sip-tls"
    HTTPS = "https"
    XMPP = "xmpp"
    LDAPS = "ldaps"
    SYSLOG = "syslog-tls"
    SSH = "ssh"


class Purpose(enum.StrEnum):
    """The role in which a certificate is presented."""

    SERVER = "server"
    CLIENT = "client"


class Consumer(enum.StrEnum):
    """The service that judges; each reads other sources."""

    SIP_TLS = "SIP TLS"
    HTTPS = "HTTPS with client certificates"
    LDAP = "LDAP"
    POLICY = "external policy service"
    SSH = "SSH tunnels"
    XCP = "XMPP (XCP)"


@dataclass(frozen=True, kw_only=True)
class NameCheck:
    """One side looks for one of `any_of` in the other's certificate.

    sip: the connection carries SIP, so SIP URIs count and hide dNSNames (RFC 5922 §7.1).
    services: SRVNames of the SAN that count as well, such as `_collab-edge._tls.example.com`.
    binding: without the name, the connection fails; otherwise it only goes on in another way, which `why` says.
    """

    any_of: tuple[str, ...]
    why: str
    sip: bool = True
    services: tuple[str, ...] = ()
    binding: bool = True


@dataclass(frozen=True, kw_only=True)
class Leg:
    """`client` dials `reference_name`, which is `server`; the checks say what each looks for in the other's certificate.

    kind, group: what the leg belongs to: the cluster, the zone, the Unified CM cluster, the domain or the server of that name.
    id: `kind:group:client>server`, unless another leg has that id already.
    permissive: both sides verify and note what they find, and the link stays up (cluster TLS, permissive).
    always_verified: no setting of the product turns the verification off.
    discovered_by: the SRV record by which the client finds the server, where it does not dial a configured address.
    consumer: which service of the peer judges the server; each reads other revocation sources.
    client_list, server_list: the name of the list of CAs that this side reads here, on a machine that has several.
    """

    kind: LegKind
    group: str
    client: str
    server: str
    protocol: Protocol
    port: int
    reference_name: str
    mutual: bool
    client_verifies: bool = True
    permissive: bool = False
    always_verified: bool = False
    discovered_by: str = ""
    client_list: str = ""
    server_list: str = ""
    consumer: Consumer = Consumer.SIP_TLS
    server_name_checks: tuple[NameCheck, ...] = ()
    client_name_checks: tuple[NameCheck, ...] = ()
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", f"{self.relation}:{self.client}>{self.server}")

    @property
    def relation(self) -> str:
        """The kind and the group as text: `zone:uc-traversal`."""
        return f"{self.kind}:{self.group}"

    @property
    def zone(self) -> str | None:
        """The name of the zone that the leg belongs to; None if it belongs to none."""
        return self.group if self.kind is LegKind.ZONE else None

    @property
    def registration(self) -> bool:
        """True where Mobile and Remote Access registers over the connection of the zone in `group`.

        The client then also asks for clientAuth in the server's certificate (SIP SERVICE, before X15.4: Cisco TAC 225482).
        """
        return self.kind is LegKind.MRA_REGISTRATION

    @property
    def phone(self) -> str:
        """The phone outside that registers over the leg, when the server reads the client's name checks; empty for others."""
        return self.group if self.kind is LegKind.PHONE else ""

    @property
    def server_consumer(self) -> Consumer:
        """The service that judges the client: XCP's own on its connections, SIP TLS on all others."""
        return Consumer.XCP if self.consumer is Consumer.XCP else Consumer.SIP_TLS

    def presents(self, fqdn: str) -> tuple[NameCheck, ...]:
        """Return the name checks that the certificate of `fqdn` must pass on this leg, and no other leg has for it."""
        found: tuple[NameCheck, ...] = ()
        if self.registration:
            return found  # the zone's own leg has them
        if fqdn == self.server and self.client_verifies:
            found += self.server_name_checks
        if fqdn == self.client and self.mutual:
            found += self.client_name_checks
        return found


def machines_of_id(leg_id: str) -> tuple[str, str]:
    """Return the client and the server that the id of a leg names."""
    client, _, server = leg_id.rpartition(":")[2].partition(">")
    return client, server.partition("@")[0]


def renamed_id(leg_id: str, names: Mapping[str, str]) -> str:
    """Return the id that a leg has when machines have other names.

    Args:
        leg_id: its id.
        names: the other name of each machine that has one.

    Returns:
        The id.
    """
    relation, _, ends = leg_id.rpartition(":")
    client, _, server = ends.partition(">")
    server, at, address = server.partition("@")  # the address is there if two of them lead to one server
    client, server, address = (names.get(name, name) for name in (client, server, address))
    return f"{relation}:{client}>{server}{at}{address}"
