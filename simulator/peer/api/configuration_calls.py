"""The product's calls for the configuration: read from the deployment; what certificates depend on can be changed.

Names of fields are those that public clients quote. Fields that the lab has no value for are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, assert_never

from aiohttp import web

from pkikit.design.legs import legs_of, verify_subject_name
from pkikit.model.parties import Role
from pkikit.model.tables import ports
from pkikit.model.zones import DefaultZone, DnsZone, NeighbourZone, TraversalZone, Zone
from simulator.peer.api.calls import EXPRESSWAY_CLIENT, PY_EXPRESSWAY, REFERENCE, SUMMARY_GUIDE, Call, message
from simulator.peer.api.configuration_writes import NewDomain, ZoneChange, add_domain, change_zone
from simulator.peer.pages.bodies import Body, body_of_script
from simulator.peer.pages.rendering import PEER
from simulator.peer.peer import Peer
from simulator.world.zone_status import zone_status

OnOff = Literal["On", "Off"]
Entry = dict[str, Any]


class RevocationCheck(Body):
    """Settings of certificate revocation checking for SIP TLS: those that are there are changed."""

    Mode: OnOff = "Off"
    OcspMode: OnOff = "On"
    CrlMode: OnOff = "On"
    CrlNetworkFetchMode: OnOff = "On"
    SourceInaccessibilityBehavior: Literal["Ignore", "Fail"] = "Fail"


_SETTINGS = {"Mode": "checking", "OcspMode": "use_ocsp", "CrlMode": "use_crls", "CrlNetworkFetchMode": "cdp_download"}
_FALLBACK, _FALLBACKS = "SourceInaccessibilityBehavior", {"Ignore": "not-revoked", "Fail": "revoked"}


def _switch(on: object) -> OnOff:
    return "On" if on else "Off"


async def _revocation(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    settings = peer.lab.revocation_settings(peer.fqdn)
    answer: Entry = {name: _switch(getattr(settings, field)) for name, field in _SETTINGS.items()}
    answer[_FALLBACK] = next(name for name, value in _FALLBACKS.items() if value == settings.fallback)
    return web.json_response(answer)


async def _set_revocation(request: web.Request) -> web.Response:
    given = (await body_of_script(request, RevocationCheck)).model_dump(exclude_unset=True)
    changes: dict[str, object] = {_SETTINGS[name]: value == "On" for name, value in given.items() if name in _SETTINGS}
    if _FALLBACK in given:
        changes["fallback"] = _FALLBACKS[given[_FALLBACK]]
    request.app[PEER].set_revocation(changes)
    return message()


# Zones.


def _zones(peer: Peer, wanted: Callable[[Zone, str], bool]) -> Iterator[Entry]:
    """Yield the zones of this peer's cluster that are wanted."""
    cluster = peer.lab.deployment.cluster_of(peer.fqdn)
    assert cluster is not None  # a peer is in a cluster
    for zone in peer.lab.deployment.zones:
        if wanted(zone, cluster.name):
            status = zone_status(zone, peer.lab.status_of(peer.fqdn))
            yield {"Name": zone.name, "Status": status, **_fields(peer, zone)}


def _fields(peer: Peer, zone: Zone) -> Entry:
    deployment = peer.lab.deployment
    match zone:
        case TraversalZone():
            port = next((leg.port for leg in legs_of(deployment) if leg.zone == zone.name), ports.FIRST_TRAVERSAL)
            common: Entry = (
                {"SIPPort": port} if zone.is_uc else {"SIPPort": port, "SIPTLSVerifyMode": _switch(zone.tls_verify)}
            )
            if deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C:
                return {"PeerAddress": list(zone.peer_addresses), **common}
            return {"SIPTLSVerifySubjectName": verify_subject_name(deployment, zone), **common}
        case NeighbourZone():
            return {
                "PeerAddress": list(zone.peer_addresses), "SIPPort": ports.SIP_TLS, "SIPTransport": "TLS",
                "SIPTLSVerifyMode": _switch(zone.tls_verify),
            }  # fmt: skip
        case DnsZone():
            return {
                "SIPTLSVerifyMode": _switch(zone.tls_verify),
                "SIPTLSVerifySubjectName": zone.tls_verify_subject_name or "",
                "SIPTLSVerifyInboundClassification": _switch(zone.inbound_mapping),
            }
        case DefaultZone():  # has no call
            return {}
        case _:
            assert_never(zone)


def _is_of(kind: type[NeighbourZone | DnsZone]) -> Callable[[Zone, str], bool]:
    return lambda zone, cluster: isinstance(zone, kind) and zone.cluster == cluster


# Domains, MRA, SIP, DNS, servers, system.


def _domains(peer: Peer) -> Iterator[Entry]:
    domains, mra = peer.lab.deployment.domains, peer.lab.deployment.mra
    for name in dict.fromkeys((*domains.registration, *domains.sip, *domains.federation)):
        edge = mra and name in domains.registration
        yield {
            "Name": name, "Sip": _switch(name in domains.sip), "EdgeSip": _switch(edge), "EdgeXmpp": _switch(edge),
            "XmppFederation": _switch(name in domains.federation),
        }  # fmt: skip


def _sip(peer: Peer) -> Iterator[Entry]:
    cluster = peer.lab.deployment.cluster_of(peer.fqdn)
    default = [
        z for z in peer.lab.deployment.zones if isinstance(z, DefaultZone) and cluster and z.cluster == cluster.name
    ]
    yield {
        "SipMode": "On", "TlsMode": "On", "TlsPort": ports.SIP_TLS, "MutualTlsPort": ports.SIP_MUTUAL_TLS,
        "MutualTlsMode": _switch(any(zone.mutual_tls for zone in default)),
    }  # fmt: skip


def _unified_cm(peer: Peer) -> Iterator[Entry]:
    for listed in peer.lab.deployment.unified_cm:
        yield {"Publisher": listed.nodes[0], "TlsVerify": _switch(listed.tls_verify)}


def _im_presence(peer: Peer) -> Iterator[Entry]:
    for listed in peer.lab.deployment.im_presence:
        yield {"Publisher": listed.nodes[0], "TlsVerify": _switch(listed.tls_verify)}


def _mra(peer: Peer) -> Entry:
    return {"Enabled": _switch(peer.lab.deployment.mra)}


def _dns(peer: Peer) -> Entry:
    host, _, domain = peer.fqdn.partition(".")
    return {"SystemHostName": host, "DomainName": domain}


def _system(peer: Peer) -> Entry:
    role = "Expressway-C" if peer.lab.deployment.role_of(peer.fqdn) is Role.EXPRESSWAY_C else "Expressway-E"
    return {"SystemName": peer.fqdn, "SoftwareVersion": peer.lab.deployment.version, "ProductName": role}


def _lists(entries: Callable[[Peer], Iterator[Entry]], key: str = "Name") -> Callable[[web.Request], Any]:
    """Return a handler that answers a list, or the entry that the end of the path names."""

    async def answer(request: web.Request) -> web.Response:
        found, name = list(entries(request.app[PEER])), request.match_info.get("name")
        if name is not None:
            found = [entry for entry in found if entry[key] == name]
            if not found:
                raise web.HTTPNotFound(text="there is no entry with this name")
        return web.json_response(found)

    return answer


def _one(entry: Callable[[Peer], Mapping[str, Any]]) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(dict(entry(request.app[PEER])))

    return answer


def _zone_calls(
    path: str, kind: str, wanted: Callable[[Zone, str], bool], role: Role | None, source: str
) -> list[Call]:
    answer = _lists(lambda peer: _zones(peer, wanted))
    unsure = "names of TLS fields other than SIPTLSVerifySubjectName follow xConfiguration"
    return [
        Call(method="GET", path=path, handler=answer, role=role, source=source, uncertain=unsure,
             summary=f"All {kind} zones of the deployment."),
        Call(method="GET", path=f"{path}/name/{{name}}", handler=answer, role=role, source=SUMMARY_GUIDE, uncertain=unsure,
             summary=f"The {kind} zone with this name; 404 if there is none."),
        Call(method="PUT", path=path, handler=change_zone(wanted), body=ZoneChange, role=role, source=source,
             uncertain=f"{unsure}; that PUT has the name of the zone in its body; connections that are up stay up",
             summary=f"Change fields of a {kind} zone that certificates depend on."),
        *(Call(method=method, path=path, role=role, source=source, summary=f"{word} a {kind} zone.")
          for method, word in (("POST", "Add"), ("DELETE", "Delete"))),
    ]  # fmt: skip


def _traversal_calls(path: str, is_uc: bool, role: Role, source: str) -> list[Call]:
    def wanted(zone: Zone, cluster: str) -> bool:
        if not isinstance(zone, TraversalZone) or zone.is_uc is not is_uc:
            return False
        return cluster == (zone.client if role is Role.EXPRESSWAY_C else zone.server)

    kind = "Unified Communications traversal" if is_uc else "traversal"
    return _zone_calls(path, kind, wanted, role, source)


_C, _E = Role.EXPRESSWAY_C, Role.EXPRESSWAY_E
_UC = "unifiedcommunicationstraversal"
_ZONES: tuple[Call, ...] = (
    *_zone_calls("/common/zone/neighborzone", "neighbour", _is_of(NeighbourZone), None, PY_EXPRESSWAY),
    *_zone_calls("/common/zone/dnszone", "DNS", _is_of(DnsZone), None, EXPRESSWAY_CLIENT),
    *_traversal_calls("/controller/zone/traversalclient", False, _C, SUMMARY_GUIDE),
    *_traversal_calls(f"/controller/zone/{_UC}", True, _C, PY_EXPRESSWAY),
    *_traversal_calls("/edge/zone/traversalserver", False, _E, SUMMARY_GUIDE),
    *_traversal_calls(f"/edge/zone/{_UC}", True, _E, EXPRESSWAY_CLIENT),
)
_REVOCATION = "/common/protocol/sip/certrevokecheck"
_UNSURE = (
    "names of fields follow `xConfiguration SIP TLS Certificate Revocation Checking`; we do not know the call's own"
)

CALLS: tuple[Call, ...] = (
    *_ZONES,
    Call(method="GET", path="/common/domain", handler=_lists(_domains), source=EXPRESSWAY_CLIENT,
         summary="All domains, and what they are for.", uncertain="names of fields are those that py_expressway sends"),
    Call(method="POST", path="/common/domain", handler=add_domain, body=NewDomain, source=PY_EXPRESSWAY,
         summary="Add a domain.", uncertain="names of fields are those that py_expressway sends; 409 if it exists"),
    Call(method="GET", path="/common/mra", handler=_one(_mra), source=EXPRESSWAY_CLIENT,
         summary="Whether Mobile and Remote Access is on."),
    Call(method="GET", path="/common/protocol/sip/configuration", handler=_lists(_sip), source=EXPRESSWAY_CLIENT,
         summary="SIP settings."),
    Call(method="GET", path=_REVOCATION, handler=_revocation, source=REFERENCE, uncertain=_UNSURE,
         summary="Settings of certificate revocation checking for SIP TLS."),
    Call(method="PUT", path=_REVOCATION, handler=_set_revocation, body=RevocationCheck, source=REFERENCE,
         uncertain=_UNSURE, summary="Change settings of certificate revocation checking on all peers of the cluster."),
    Call(method="GET", path="/common/dns/dns", handler=_one(_dns), source=PY_EXPRESSWAY,
         summary="Host name and domain of this Expressway."),
    Call(method="GET", path="/controller/server/cucm", handler=_lists(_unified_cm, "Publisher"), role=_C,
         source=EXPRESSWAY_CLIENT, summary="All Unified CM publishers."),
    Call(method="GET", path="/controller/server/imp", handler=_lists(_im_presence, "Publisher"), role=_C,
         source=EXPRESSWAY_CLIENT, summary="All IM and Presence publishers."),
    Call(method="GET", path="/sysinfo", handler=_one(_system), source=SUMMARY_GUIDE,
         summary="Name and version of this Expressway.", uncertain="names of fields are ours"),
)  # fmt: skip
