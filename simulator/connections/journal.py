"""What one party writes into its log about connections that failed: each machine in the form of its own log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol as Interface

from pkikit.handshake.recorder import Trouble
from pkikit.model.deployment import Deployment
from pkikit.model.leg import Leg, Protocol
from pkikit.model.parties import PartyKind
from pkikit.model.tables import ports
from pkikit.model.tables.log_events import (
    DEFAULT_LEVEL,
    INBOUND_TLS,
    OUTBOUND_TLS,
    PRODUCT_EVENTS,
    REGISTRATION_REJECTED,
    REQUEST_SENT,
    RESPONSE_RECEIVED,
    SERVER_UNREACHABLE,
    TUNNEL_FAILED,
    WRONG_NAME,
)
from pkikit.text import printable
from pkikit.view.logs.event_lines import as_logged, fields_text
from pkikit.view.logs.others import FailedConnection, other_lines, traffic_server_line, xcp_line
from simulator.events import EventLog

_SERVICES = {
    Protocol.SIP_TLS: "SIP",
    Protocol.LDAPS: "LDAP",
    Protocol.HTTPS: "HTTPS",
    Protocol.XMPP: "XMPP",
    Protocol.SYSLOG: "Syslog",
    Protocol.SSH: "SSH",
}

_VERIFIED_BY_TRAFFIC_SERVER = frozenset(
    {PartyKind.UNIFIED_CM, PartyKind.IM_PRESENCE, PartyKind.UNITY_CONNECTION, PartyKind.MEETING_SERVER}
)


class JournalContext(Interface):
    """What a journal needs of a lab."""

    @property
    def events(self) -> EventLog:
        """Takes the lines."""
        ...

    @property
    def deployment(self) -> Deployment:
        """The machines."""
        ...

    @property
    def by_name(self) -> Mapping[str, str]:
        """The address of each machine."""
        ...

    def now_of(self, fqdn: str) -> datetime:
        """Return the time by a machine's own clock."""
        ...


class Journal:
    """The lines of one party."""

    def __init__(self, fqdn: str, address: str, context: JournalContext) -> None:
        self._fqdn, self._address, self._context = fqdn, address, context
        self.follow()

    def follow(self) -> None:
        """Use the machines that there are now."""
        context = self._context
        self._kinds = {name: group.kind for group in context.deployment.groups for name in group.members}
        self._kind = self._kinds.get(self._fqdn, PartyKind.EXPRESSWAY)
        self._names = {address: name for name, address in context.by_name.items()}

    @property
    def _is_expressway(self) -> bool:
        return self._kind is PartyKind.EXPRESSWAY

    def refused(self, trouble: Trouble, protocol: Protocol, *, caller: tuple[str, int], port: int) -> None:
        """Write that a connection failed which another machine opened."""
        self._write(INBOUND_TLS, trouble, protocol, source=caller, target=(self._address, port))

    def failed(self, trouble: Trouble, leg: Leg, *, here: tuple[str, int], address: str) -> None:
        """Write that a connection failed which this party opened."""
        self._write(
            OUTBOUND_TLS, trouble, leg.protocol, source=here, target=(address, leg.port), name=leg.reference_name
        )

    def rejected(self, leg: Leg, answer: str, *, here: tuple[str, int], address: str) -> None:
        """Write that the other machine rejected the registration of a phone: the event, and from level 3 on its answer."""
        code, _, phrase = answer.partition(" ")[2].partition(" ")
        called = {"Method": "REGISTER", "To": f"sip:{leg.phone}@{leg.reference_name}"}
        asked = {"Src_ip": here[0], "Src_port": here[1], "Dst_ip": address, "Dst_port": leg.port}
        answered = {"Src_ip": address, "Src_port": leg.port, "Dst_ip": here[0], "Dst_port": here[1]}
        fields: dict[str, object] = {"Protocol": "TLS", "Service": "SIP", "Response_code": code, **called}
        events = self._context.events
        events.add(self._fqdn, RESPONSE_RECEIVED, **fields, **answered, Message_type="Response")
        events.add(self._fqdn, REGISTRATION_REJECTED, **fields, **asked, Reason=phrase)

    def unreachable(self, leg: Leg, address: str, reason: str) -> None:
        """Write that no connection was made."""
        if self._is_expressway and leg.protocol is Protocol.XMPP:
            at = self._context.now_of(self._fqdn)
            self._context.events.add_printed(
                self._fqdn, SERVER_UNREACHABLE, "", text=xcp_line(at, self._fqdn, address, leg.port)
            )
            return
        fields: dict[str, object] = {"Reason": reason, "Service": _service(leg.protocol, leg.port), "Dst_ip": address,
                  "Dst_port": leg.port, "Detail": f"name:{leg.reference_name}:{leg.port} no response"}  # fmt: skip
        self._context.events.add(self._fqdn, SERVER_UNREACHABLE, **fields)

    def unresolved(self, leg: Leg, problem: str) -> None:
        """Write that DNS does not know a name."""
        detail = f"name:{leg.discovered_by or leg.reference_name} request rejected"
        self._context.events.add(self._fqdn, SERVER_UNREACHABLE, Reason=problem, Service="DNS", Detail=detail)

    def kept_alive(self, leg: Leg) -> None:
        """Write that OPTIONS was answered; the log has it from level 3 on."""
        events = self._context.events
        if leg.protocol is Protocol.SSH:
            return  # no OPTIONS passes through a tunnel
        if events.levels.get(self._fqdn, DEFAULT_LEVEL) < PRODUCT_EVENTS[REQUEST_SENT][1]:
            return
        fields: dict[str, object] = {"Service": "SIP", "Dst_ip": self._context.by_name[leg.server],
                                     "Dst_port": leg.port, "Method": "OPTIONS"}  # fmt: skip
        events.add(self._fqdn, REQUEST_SENT, **fields, To=f"sip:{leg.reference_name}")
        events.add(self._fqdn, RESPONSE_RECEIVED, **fields, Response_code=200)

    def _write(
        self,
        event: str,
        trouble: Trouble,
        protocol: Protocol,
        *,
        source: tuple[str, int],
        target: tuple[str, int],
        name: str = "",
    ) -> None:
        # The reason may quote the other machine, and logs of other forms escape nothing.
        detail = WRONG_NAME if trouble.looked_for else printable(as_logged(trouble.code, trouble.reason))
        fields: dict[str, object] = {
            "Service": _service(protocol, target[1]), "Src_ip": source[0], "Src_port": source[1], "Dst_ip": target[0],
            "Dst_port": target[1], "Detail": detail, "Protocol": "TLS",
        }  # fmt: skip
        inbound = event == INBOUND_TLS
        if protocol is Protocol.SSH:
            event, fields["Protocol"] = TUNNEL_FAILED, "TCP"
        elif not inbound:
            fields["Common_name"] = name
        other = source if inbound else target
        failed = FailedConnection(
            at=self._context.now_of(self._fqdn),
            host=self._fqdn,
            other=self._names.get(other[0], other[0]),
            address=other[0],
            port=target[1],
            inbound=inbound,
            detail=detail,
            code=trouble.code,
            looked_for=trouble.looked_for,
            presented=trouble.subject,
            dialled=name,
            sip=protocol is Protocol.SIP_TLS,
        )
        by_traffic_server = self._is_expressway and not inbound and protocol is Protocol.HTTPS
        if by_traffic_server and self._kinds.get(failed.other) in _VERIFIED_BY_TRAFFIC_SERVER:
            text = traffic_server_line(failed)
        else:
            text = other_lines(self._kind, failed)
        self._context.events.add_printed(self._fqdn, event, fields_text(event, fields), text=text)


def _service(protocol: Protocol, port: int) -> str:
    """Return the service of a line. "HTTPS", "XMPP", "Syslog" and "SSH" are ours; the others are the product's words."""
    return "Clustering" if port == ports.CLUSTER else _SERVICES.get(protocol, protocol.value.upper())
