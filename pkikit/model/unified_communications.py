"""The machines of Unified Communications inside: Unified CM, IM and Presence, Unity Connection, Meeting Server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from pydantic import Field

from pkikit.model.deployment_file.fields import DnsName, FileValue, Fqdn, Label, ServerName, Switch
from pkikit.model.parties import (
    CALL_MANAGER,
    CUP_XMPP,
    MRA,
    TOMCAT,
    Domains,
    NodeCertificate,
    PartyGroup,
    PartyKind,
    Side,
    WantedName,
)
from pkikit.model.tables import ports
from pkikit.model.tables.features import FQDN_PROFILES, SIP_OAUTH
from pkikit.model.version import ProductVersion


class Phone(FileValue):
    """A phone outside that registers with Unified CM through the Expressways, and its phone security profile."""

    name: Label
    profile: DnsName


class UnifiedCm(FileValue):
    """A Unified CM cluster.

    security_profiles: names that Unified CM looks for in C's certificate on every connection.
    phones: phones outside. A phone needs its own profile in C's certificate: without it, this phone alone fails.
    server_names: how System > Server of Unified CM lists a node, if not by its FQDN: C dials that, and looks for it.
    sip_oauth: SIP OAuth mode: clients outside register with a token, over a port of its own, without mixed mode.
    """

    name: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)
    mixed_mode: Switch = False
    tls_verify: Switch = False
    security_profiles: tuple[DnsName, ...] = ()
    phones: tuple[Phone, ...] = ()
    server_names: dict[Fqdn, ServerName] = {}  # noqa: RUF012 - pydantic copies defaults
    sip_oauth: Switch = False

    def known_as(self, node: str) -> str:
        """Return the name by which C dials a node."""
        return self.server_names.get(node, node)

    @property
    def shared_profiles(self) -> tuple[str, ...]:
        """The profiles that every connection needs: those that belong to no phone of the file."""
        own = {phone.profile for phone in self.phones}
        return tuple(name for name in self.security_profiles if name not in own)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of all profiles, each once."""
        return tuple(dict.fromkeys((*self.security_profiles, *(phone.profile for phone in self.phones))))

    def problems(self, version: ProductVersion, *, mra: bool, taken: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence) for each key that this version does not have, or that contradicts others.

        Args:
            version: the version of the Expressways.
            mra: Mobile and Remote Access is on.
            taken: names and addresses of other machines.

        Yields:
            The key, and a sentence about it.
        """
        if self.sip_oauth and not version.has(SIP_OAUTH):
            yield "sip_oauth", f"sip_oauth of {self.name!r} needs {SIP_OAUTH.first} or later, and this is {version}"
        if self.phones and not (self.mixed_mode and mra):
            problem = (
                f"phones of {self.name!r} register through the Expressways with TLS: mra and mixed_mode must be on"
            )
            yield "phones", problem
        for name, count in Counter(phone.name for phone in self.phones).items():
            if count > 1:
                yield "phones", f"the phone {name!r} of {self.name!r} is there twice"
        for name in self.profiles if version.has(FQDN_PROFILES) else ():
            if "." not in name:
                problem = f"the phone security profile {name!r} must be an FQDN from {FQDN_PROFILES.first} on"
                yield "security_profiles", f"{problem}, and this is {version}"
        listed, nodes = Counter(self.server_names.values()), set(self.nodes)
        for node, name in self.server_names.items():
            if node not in nodes:
                yield "server_names", f"{node} is not a node of {self.name!r}; there are {', '.join(self.nodes)}"
            elif name != node and (name in taken or listed[name] > 1):
                yield "server_names", f"{name} for {node} belongs to another machine"

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The cluster: clients inside find it by SRV. It has a certificate for tomcat and one for CallManager.

        Which of the two TFTP shows, and which of their lists it reads, no document states: the lab takes tomcat for 6971
        and CallManager for 6972, so that each list counts.
        """
        certificates = (
            NodeCertificate(service=TOMCAT, port=ports.UC_HTTPS, also=(ports.TFTP_HTTPS, ports.SIP_OAUTH)),
            NodeCertificate(service=CALL_MANAGER, port=ports.SIP_TLS, also=(ports.TFTP_SECURE,)),
        )
        profile = f"phone security profile of Unified CM {self.name}, encrypted TLS"
        return PartyGroup(
            kind=PartyKind.UNIFIED_CM,
            name=self.name,
            side=Side.INSIDE,
            members=self.nodes,
            services=tuple((f"_cisco-uds._tcp.{domain}", ports.UC_HTTPS) for domain in domains.registration),
            certificates=certificates,
            wants=tuple(
                WantedName(
                    name=name, reason=profile, rule="names.security-profile-missing", service=MRA, side=Side.CORE
                )
                for name in (self.profiles if self.mixed_mode else ())
            ),
            aliases=tuple((name, node) for node, name in self.server_names.items() if name != node),
            key=key,
            unverified=f"Unified CM {self.name}" if self.mixed_mode and not self.tls_verify else "",
        )


class ImPresence(FileValue):
    """An IM and Presence Service cluster.

    file_transfer: clients outside send files through it (managed file transfer, port 7336).
    """

    name: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)
    tls_verify: Switch = True
    file_transfer: Switch = False

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The cluster: tomcat for SOAP, cup-xmpp for XMPP. That file transfer shows cup-xmpp is ours: no document states it."""
        tomcat = NodeCertificate(service=TOMCAT, port=ports.UC_HTTPS)
        return PartyGroup(
            kind=PartyKind.IM_PRESENCE,
            name=self.name,
            side=Side.INSIDE,
            members=self.nodes,
            certificates=(tomcat, NodeCertificate(service=CUP_XMPP, port=ports.XCP, also=(ports.FILE_TRANSFER,))),
            key=key,
            unverified="" if self.tls_verify else f"IM and Presence {self.name}",
        )


class UnityConnection(FileValue):
    """A Unity Connection cluster, from which clients outside fetch their voicemail through the Expressways."""

    name: Label
    nodes: tuple[Fqdn, ...] = Field(min_length=1)
    tls_verify: Switch = True

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The cluster: its nodes show their tomcat certificates."""
        return PartyGroup(
            kind=PartyKind.UNITY_CONNECTION,
            name=self.name,
            side=Side.INSIDE,
            members=self.nodes,
            certificates=(NodeCertificate(service=TOMCAT, port=ports.UC_HTTPS, also=(ports.MESSAGE_WAITING,)),),
            key=key,
            unverified="" if self.tls_verify else f"Unity Connection {self.name}",
        )


class MeetingServer(FileValue):
    """The Web Bridges of a Meeting Server, which browsers outside reach through the web proxy of the Expressways.

    join_host: the host of the Join URL ("Guest account client URI" on Expressway-C), by which browsers outside reach
    Expressway-E, and browsers inside the Web Bridges.
    """

    name: Label
    join_host: Fqdn
    nodes: tuple[Fqdn, ...] = Field(min_length=1)

    @property
    def srv_record(self) -> str:
        """The SRV record by which Expressway-C finds the Web Bridges."""
        return f"_cms-web._tls.{self.join_host}"

    @property
    def browser(self) -> str:
        """The name under which a browser outside appears in legs; it has no certificate."""
        return f"browser.{self.join_host}"

    def group(self, key: str, domains: Domains) -> PartyGroup:
        """The Web Bridges: each has the Join URL's host in its certificate, and so must Expressway-E."""
        join = WantedName(
            name=self.join_host,
            reason=f"host of the Join URL of Meeting Server {self.name}, which browsers outside dial",
            rule="names.join-url-missing",
            service="Meeting Server web proxy",
            side=Side.EDGE,
        )
        return PartyGroup(
            kind=PartyKind.MEETING_SERVER,
            name=self.name,
            side=Side.INSIDE,
            members=self.nodes,
            services=((self.srv_record, ports.HTTPS),),
            identities=(self.join_host,),
            wants=(join,),
            clients=(self.browser,),
        )
