"""The event names of Expressway's event log that the lab writes, with process and level, and the order of the fields.

Sources: Cisco Expressway Administrator Guide X15.0, "Event Log Format" and "Events and Levels"; where log lines in Cisco's
own articles differ from it, the lines are followed: Cisco TAC 212475 (Inbound TLS Negotiation Error, which the guide's
table lacks; order of the fields), TAC 117811 (Authentication Failed), TAC 217230 (alarms: process `alarm`, capitals).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LAB: Final = "lab"  # the process that writes lines for which the product documents no event name: they are ours
ALARM: Final = "alarm"
INBOUND_TLS: Final = "Inbound TLS Negotiation Error"
OUTBOUND_TLS: Final = "Outbound TLS Negotiation Error"
SERVER_UNREACHABLE: Final = "External Server Communication Failure"
CERTIFICATE_MANAGEMENT: Final = "Certificate Management"
CONFIGURATION_CHANGED: Final = "System Configuration Changed"
DIAGNOSTIC_LOGGING: Final = "Diagnostic Logging"
RESTART_REQUESTED: Final = "Restart Requested"
REBOOT_REQUESTED: Final = "Reboot Requested"
APPLICATION_START: Final = "Application Start"
APPLICATION_EXIT: Final = "Application Exit"
SESSION_START: Final = "Admin Session Start"
SESSION_FINISH: Final = "Admin Session Finish"
LOGIN_FAILURE: Final = "Admin Session Login Failure"
AUTHENTICATION_FAILED: Final = "Authentication Failed"
ALARM_RAISED: Final = "Alarm Raised"
ALARM_LOWERED: Final = "Alarm Lowered"
ALARM_ACKNOWLEDGED: Final = "Alarm Acknowledged"
REQUEST_SENT: Final = "Request Sent"
RESPONSE_RECEIVED: Final = "Response Received"
REGISTRATION_REJECTED: Final = "Registration Rejected"
POST_FAILED: Final = "POST request failed"
MARK: Final = "MARK"  # a syslog.info line without fields, after each hour without another line

WRONG_NAME: Final = "Peer's TLS certificate identity was unacceptable"  # the Detail for a name that is missing
LEVELS: Final = (1, 2, 3, 4)
DEFAULT_LEVEL: Final = 1

# Process and level by event.
PRODUCT_EVENTS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        INBOUND_TLS: ("tvcs", 1),
        OUTBOUND_TLS: ("tvcs", 1),
        SERVER_UNREACHABLE: ("tvcs", 1),
        AUTHENTICATION_FAILED: ("tvcs", 1),
        APPLICATION_START: ("tvcs", 1),
        APPLICATION_EXIT: ("tvcs", 1),
        REQUEST_SENT: ("tvcs", 3),  # of requests that belong to no call
        RESPONSE_RECEIVED: ("tvcs", 3),
        REGISTRATION_REJECTED: ("tvcs", 1),
        CERTIFICATE_MANAGEMENT: ("web", 1),
        CONFIGURATION_CHANGED: ("web", 1),
        DIAGNOSTIC_LOGGING: ("web", 1),
        RESTART_REQUESTED: ("web", 1),
        REBOOT_REQUESTED: ("web", 1),
        SESSION_START: ("web", 1),
        SESSION_FINISH: ("web", 1),
        LOGIN_FAILURE: ("web", 1),
        POST_FAILED: ("web", 1),
        ALARM_RAISED: (ALARM, 1),
        ALARM_LOWERED: (ALARM, 1),
        ALARM_ACKNOWLEDGED: (ALARM, 1),
        MARK: ("syslog", 1),
    }
)

# An SSH tunnel has a process of its own in the guide, and no event: the name is ours.
TUNNEL_FAILED: Final = "SSH Tunnel Failed"
OUR_EVENTS: Mapping[str, tuple[str, int]] = MappingProxyType({TUNNEL_FAILED: ("ssh", 1)})

# The guide's order. Level and UTCTime end a line; Event begins it.
FIELDS: tuple[str, ...] = (
    "User", "ipaddr", "Protocol", "Reason", "Service", "Message-type", "Response-code", "Src-ip", "Dst-ip", "Src-port",
    "Dst-port", "Src-alias", "Dst-alias", "Detail", "Auth", "Method", "Contact", "AOR", "Call-id", "Call-serial-number",
    "Tag", "Call-routed", "To", "Request-URI", "Num-bytes", "Protocol-buffer", "Duration", "Time",
)  # fmt: skip
# The order of the lines that Cisco's articles print for these events.
PRINTED_FIELDS: tuple[str, ...] = (
    "Service", "Src-ip", "Src-port", "Dst-ip", "Dst-port", "Detail", "Protocol", "Method", "Common-name",
)  # fmt: skip
AS_PRINTED = frozenset({INBOUND_TLS, OUTBOUND_TLS, AUTHENTICATION_FAILED, TUNNEL_FAILED})
