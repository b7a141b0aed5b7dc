"""Calls of the product that the lab knows and does not simulate: they answer 501 with one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.model.parties import Role
from simulator.peer.api.calls import EXPRESSWAY_CLIENT, INTERFACES, PY_EXPRESSWAY, REFERENCE, SUMMARY_GUIDE, Call

_WRITES = {"POST": "Add", "PUT": "Change", "DELETE": "Delete"}


def _settings(path: str, what: str, source: str, methods: str, role: Role | None = None) -> Iterator[Call]:
    for method in methods.split():
        yield Call(method=method, path=path, role=role, source=source, summary=f"{_WRITES.get(method, 'Read')} {what}.")


_C = Role.EXPRESSWAY_C
CALLS: tuple[Call, ...] = (
    *_settings("/common/domain", "a domain", PY_EXPRESSWAY, "PUT DELETE"),
    *_settings("/common/mra", "the settings of Mobile and Remote Access", PY_EXPRESSWAY, "PUT"),
    *_settings("/common/protocol/sip/configuration", "SIP settings", PY_EXPRESSWAY, "PUT"),
    *_settings("/common/protocol/sip/advanced", "advanced SIP settings", REFERENCE, "GET PUT"),
    *_settings("/common/dns/dns", "the DNS settings", PY_EXPRESSWAY, "PUT"),
    *_settings("/common/dns/dnsserver", "a DNS server", SUMMARY_GUIDE, "GET POST PUT DELETE"),
    *_settings("/common/time/ntpserver", "an NTP server", SUMMARY_GUIDE, "GET POST PUT DELETE"),
    *_settings("/controller/server/cucm", "a Unified CM publisher", PY_EXPRESSWAY, "POST DELETE", _C),
    *_settings("/controller/server/imp", "an IM and Presence publisher", EXPRESSWAY_CLIENT, "POST DELETE", _C),
    Call(method="POST", path="/common/defaultlinks", wants_header=True, source=INTERFACES, summary="Add default links."),
    Call(method="POST", path="/controller/b2bua/microsoftinterop/restartservice", wants_header=True, role=_C,
         source=INTERFACES, summary="Restart the Microsoft interoperability service."),
)  # fmt: skip
STATUS: tuple[Call, ...] = (
    *_settings("/common/smartlicensing/licensing", "the state of Smart Licensing", SUMMARY_GUIDE, "GET"),
    *_settings("/common/upgradestatus", "the state of an upgrade", f"{SUMMARY_GUIDE} (X14.2)", "GET"),
)
