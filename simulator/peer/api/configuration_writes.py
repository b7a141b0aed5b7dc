"""The product's calls that change zones and domains, where certificates depend on them.

Names of fields are those that the GET calls have. No document states the body of these calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from aiohttp import web

from pkikit.errors import InputError
from pkikit.model.parties import Role
from pkikit.model.zones import DnsZone, NeighbourZone, TraversalZone, Zone
from pkikit.planning.steps import Action, SettingChange, Step
from pkikit.text import listed
from pkikit.values.names import parse_dns_name
from simulator.peer.api.calls import message
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.bodies import Body, Texts, body_of_script
from simulator.peer.pages.rendering import PEER
from simulator.peer.peer import Peer

OnOff = Literal["On", "Off"]
_PEERS, _VERIFY, _NAME, _INBOUND = (
    "PeerAddress", "SIPTLSVerifyMode", "SIPTLSVerifySubjectName", "SIPTLSVerifyInboundClassification",
)  # fmt: skip
_PLACES = {
    _PEERS: "peer_addresses",
    _VERIFY: "tls_verify",
    _NAME: "tls_verify_subject_name",
    _INBOUND: "inbound_mapping",
}


class ZoneChange(Body):
    """Fields of a zone that certificates depend on: those that are there are changed. The name says which zone."""

    Name: str
    PeerAddress: Texts = ()
    SIPTLSVerifyMode: OnOff = "On"
    SIPTLSVerifySubjectName: str = ""
    SIPTLSVerifyInboundClassification: OnOff = "Off"


class NewDomain(Body):
    """A domain, and what it is for."""

    Name: str
    Sip: OnOff = "Off"
    EdgeSip: OnOff = "Off"
    EdgeXmpp: OnOff = "Off"
    XmppFederation: OnOff = "Off"


def change_zone(wanted: Callable[[Zone, str], bool]) -> Handler:
    """Return the handler of PUT for zones of one kind; `wanted` returns True for a zone of it, given the cluster."""

    async def handle(request: web.Request) -> web.Response:
        peer, given = request.app[PEER], await body_of_script(request, ZoneChange)
        deployment = peer.lab.deployment
        cluster = deployment.cluster_of(peer.fqdn)
        number = next(
            (n for n, z in enumerate(deployment.zones) if cluster and z.name == given.Name and wanted(z, cluster.name)),
            None,
        )
        if number is None:
            raise web.HTTPNotFound(text="there is no zone of this kind with this name")
        fields = given.model_dump(exclude_unset=True, exclude={"Name"})
        allowed = _fields_of(deployment.zones[number], deployment.role_of(peer.fqdn))
        strange = next((name for name in fields if name not in allowed), None)
        if strange is not None:
            raise InputError(f"{strange}: this zone has no such field here; it has {listed(allowed)}")
        before = deployment.zones[number].model_dump(mode="json")
        changes = {_PLACES[name]: _value(name, value) for name, value in fields.items()}
        await _set(peer, f"zone {given.Name}", {
            f"zones.{number}.{field}": (before.get(field), value) for field, value in changes.items()
        })  # fmt: skip
        return message()

    return handle


async def add_domain(request: web.Request) -> web.Response:
    """Answer POST of a domain."""
    peer, given = request.app[PEER], await body_of_script(request, NewDomain)
    name, domains = parse_dns_name(given.Name), peer.lab.deployment.domains
    if name in {*domains.registration, *domains.sip, *domains.federation}:
        raise web.HTTPConflict(text=f"the domain {name} exists already")
    chosen = {
        "registration": "On" in {given.EdgeSip, given.EdgeXmpp},
        "sip": given.Sip == "On",
        "federation": given.XmppFederation == "On",
    }
    if not any(chosen.values()):
        raise InputError(
            "at least one of Sip, EdgeSip, EdgeXmpp and XmppFederation is On: the lab keeps domains by their use"
        )
    before = {kind: list(getattr(domains, kind)) for kind in chosen}
    await _set(peer, f"domain {name}", {
        f"domains.{kind}": (before[kind], [*before[kind], name]) for kind, on in chosen.items() if on
    })  # fmt: skip
    return message()


def _fields_of(zone: Zone, role: Role | None) -> tuple[str, ...]:
    return tuple(_fields(zone, role))


def _fields(zone: Zone, role: Role | None) -> Iterator[str]:
    """Yield the fields that a zone has on an Expressway with this role."""
    match zone:
        case TraversalZone():
            yield _PEERS if role is Role.EXPRESSWAY_C else _NAME
            if not zone.is_uc:
                yield _VERIFY
        case NeighbourZone():
            yield from (_PEERS, _VERIFY)
        case DnsZone():
            yield from (_VERIFY, _NAME, _INBOUND)
        case _:
            return


def _value(name: str, value: Any) -> Any:
    if name == _NAME:
        return value or None
    return list(value) if name == _PEERS else value == "On"


async def _set(peer: Peer, place: str, changes: dict[str, tuple[Any, Any]]) -> None:
    """Change settings of the cluster, as its page does: from the next connection on."""
    settings = tuple(SettingChange(place=where, old=old, new=new) for where, (old, new) in changes.items())
    cluster = peer.lab.deployment.cluster_of(peer.fqdn)
    machine = cluster.name if cluster is not None else peer.fqdn
    step = Step(key=f"set {place} {machine}", action=Action.SET, machine=machine, place=place, settings=settings)
    await peer.lab.do_step(step, waits=False, new={})
