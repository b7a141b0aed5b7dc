"""The parties of a deployment: who they are, on which side, and by which names others find and know them.

Everything that differs by the kind of a party is a value here. Addresses, DNS, pictures, SAN layouts and the lab's
certificates are worked out from `PartyGroup`, so a new kind of party needs its class here, its key in `Deployment`, and its
legs.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field

from pkikit.model.deployment_file.fields import MAX_PEERS, FileValue, Fqdn, Label, Switch
from pkikit.model.tables.log_events import DEFAULT_LEVEL, LEVELS
from pkikit.model.tables.ssh_algorithms import SSH_ALGORITHMS, SshAlgorithm

MRA = "Mobile and Remote Access"
TOMCAT, CALL_MANAGER, CUP_XMPP = "tomcat", "CallManager", "cup-xmpp"  # services of Unified CM and IM&P


class Side(enum.StrEnum):
    """Where a party is, from inside to outside."""

    INSIDE = "inside"
    CORE = "core"
    EDGE = "edge"
    OUTSIDE = "outside"


class PartyKind(enum.StrEnum):
    """What a party is, in the order in which the lab assigns addresses."""

    EXPRESSWAY = "expressway"
    UNIFIED_CM = "unified-cm"
    IM_PRESENCE = "im-presence"
    UNITY_CONNECTION = "unity-connection"
    MEETING_SERVER = "meeting-server"
    NEIGHBOUR = "neighbour"
    CLIENT = "client"
    PARTNER = "partner"
    SERVER = "server"

    @property
    def is_clustered(self) -> bool:
        """True for clusters that the people who run the Expressways run too.

        They take a private root without being asked, and each has a block of addresses. All other kinds share one block.
        """
        return self not in {PartyKind.NEIGHBOUR, PartyKind.CLIENT, PartyKind.PARTNER, PartyKind.SERVER}


class LegKind(enum.StrEnum):
    """What a leg belongs to. The value is the first part of the leg's id."""

    CLUSTER = "cluster"
    ZONE = "zone"
    TUNNEL = "tunnel"
    UNIFIED_CM_SIP = "ucm"
    UNIFIED_CM_HTTPS = "ucm-https"
    UNIFIED_CM_TFTP = "ucm-tftp"
    UNIFIED_CM_OAUTH = "ucm-oauth"
    PHONE = "phone"
    IM_PRESENCE_HTTPS = "imp-https"
    IM_PRESENCE_XMPP = "imp-xmpp"
    IM_PRESENCE_FILES = "imp-files"
    UNITY_CONNECTION = "unity"
    MESSAGE_WAITING = "unity-mwi"
    WEB_BRIDGE = "web-bridge"
    WEB_PROXY = "web-proxy"
    XCP = "xcp"
    MRA = "mra"
    MRA_SIP = "mra-sip"
    MRA_XMPP = "mra-xmpp"
    MRA_ENDPOINT = "mra-endpoint"
    MRA_REGISTRATION = "mra-registration"
    XMPP = "xmpp"
    B2B = "b2b"
    CLOUD = "cloud"
    LDAP = "ldap"
    POLICY = "policy"
    SYSLOG = "syslog"
    TMS = "tms"


@dataclass(frozen=True, kw_only=True)
class WantedName:
    """A name that the Expressways on one side must have in their certificates for the sake of a group.

    rule: the rule that reports a certificate without it. service: the feature that needs the name.
    """

    name: str
    reason: str
    rule: str
    service: str
    side: Side


@dataclass(frozen=True, kw_only=True)
class NodeCertificate:
    """The certificate of one service of a node, with the list of CAs that this service trusts.

    port: where the node shows it, if a leg leads there. also: further ports on which it does.
    """

    service: str
    port: int | None
    also: tuple[int, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """All ports on which the node shows it."""
        return self.also if self.port is None else (self.port, *self.also)

    @property
    def trust_list(self) -> str:
        """The name of the service's list of CAs in Cisco Unified OS Administration."""
        return trust_list_of(self.service)


def trust_list_of(service: str) -> str:
    """Return the name of the list of CAs that a service of Unified CM or IM&P reads: `CallManager-trust`."""
    return f"{service}-trust"


@dataclass(frozen=True, kw_only=True)
class PartyGroup:
    """Parties of one kind that belong together.

    hosts: further names in DNS that lead to all members. services: SRV records that lead to them, with their ports.
    identities: names in each member's certificate beside its FQDN.
    certificates: of nodes with one for each service; the first counts on every port that no other has.
    wants: names that the certificates of our Expressways must have; those wanted on the edge lead there in DNS.
    unverified: what the group is called, where its TLS verify mode is off and could be on; `key` lists it in the file.
    aliases: (another name or IP address, the member that it leads to).
    clients: machines outside that come for this group's sake; they have no certificate. has_certificates: False for them.
    """

    kind: PartyKind
    name: str
    side: Side
    members: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    identities: tuple[str, ...] = ()
    certificates: tuple[NodeCertificate, ...] = ()
    wants: tuple[WantedName, ...] = ()
    key: str = ""
    unverified: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    clients: tuple[str, ...] = ()
    has_certificates: bool = True

    def ports_beside(self, port: int) -> tuple[int, ...]:
        """Return all ports on which the members show the certificate of this port; the port alone if they have one for all."""
        return next((certificate.ports for certificate in self.certificates if port in certificate.ports), (port,))


class Role(enum.StrEnum):
    """Which half of the pair: C inside, E at the edge."""

    EXPRESSWAY_C = "expressway-c"
    EXPRESSWAY_E = "expressway-e"


class Cluster(FileValue):
    """One or more peers under one name; without `fqdn` it is a single, unclustered Expressway.

    aliases: other names of a peer: of the inner interface of an Expressway-E with two of them, or any other FQDN by which
    somebody knows it. All of them belong into its certificate.
    api_access: the administrators of its peers may use the REST API (Users > Administrator accounts). It is off for all of
    them in advanced account security mode.
    verify_origin_server: `xConfiguration EdgeConfigServer VerifyOriginServer` of Expressway-C: off stops the traffic server
    from verifying Unified CM, IM&P, Unity Connection and Meeting Server.
    cluster_tls: `permissive`, the default of the product: a certificate that does not verify raises an alarm, and the link
    stays up. `enforce`: the link fails. Before X8.8, peers talk over IPsec, and the key has no effect.
    eku_checking: `SIP TLS Certificate ExtendedKeyUsage Checking Mode` of X15.5; older versions always check.
    server_eku_upload: `XCP TLS Certificate CVS EnableServerEkuUpload` of X15.4 on Expressway-E; no other version has it. That it
    is off by default is inferred. Source: Cisco TAC 225482 and 225693.
    log_level: `xConfiguration Log Level`, 1 to 4: which events the event log has.
    ssh_key_algorithms: `xConfiguration Ciphers sshd_pfwd_pubkeyalgorithms`: the kinds of key that its SSH tunnels accept.
    """

    name: Label
    role: Role
    fqdn: Fqdn | None = None
    peers: tuple[Fqdn, ...] = Field(min_length=1, max_length=MAX_PEERS)
    cluster_tls: Literal["enforce", "permissive"] = "permissive"
    certificate: Literal["per-peer", "shared"] = "per-peer"
    aliases: dict[Fqdn, tuple[Fqdn, ...]] = {}  # noqa: RUF012 - pydantic copies defaults
    api_access: Switch = True
    verify_origin_server: Switch = True
    eku_checking: Switch = True
    server_eku_upload: Switch = False
    log_level: int = Field(default=DEFAULT_LEVEL, ge=LEVELS[0], le=LEVELS[-1], strict=True)
    ssh_key_algorithms: tuple[SshAlgorithm, ...] = Field(default=SSH_ALGORITHMS, min_length=1)


class Domains(FileValue):
    """Unified CM registration (service discovery) domains, SIP domains, XMPP federation domains."""

    registration: tuple[Fqdn, ...] = ()
    sip: tuple[Fqdn, ...] = ()
    federation: tuple[Fqdn, ...] = ()


class NodeList(Protocol):
    """Parties that the deployment file lists as `nodes`."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Their FQDNs."""

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """These parties as a group; `key` is the key of the file that lists them."""


class Server(FileValue):
    """A server inside that the peers of a cluster dial: LDAP (login accounts), external policy service, syslog over TLS.

    TMS is the exception: it dials the peers, over HTTPS.
    """

    name: Label
    type: Literal["ldap", "policy", "syslog", "tms"]
    cluster: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)
    tls_verify: Switch = True

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The server's nodes."""
        return PartyGroup(kind=PartyKind.SERVER, name=self.name, side=Side.INSIDE, members=self.nodes)
