"""The lab's own calls of a peer, for scripts: HTTP Basic, JSON in and out.

An error is `{"error": one sentence}`. A script can upload a private key; no response contains one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic.json_schema import models_json_schema

from pkikit.model.trace import describe
from pkikit.view.description import describe_certificate, describe_crl, describe_request, iso
from simulator.peer.api import acme_calls, step_calls
from simulator.peer.api.answers import LAB
from simulator.peer.pages import actions
from simulator.peer.pages.actions import Handler, for_scripts
from simulator.peer.pages.bodies import (
    AlarmKey,
    Certificates,
    Crl,
    CrlSources,
    EkuChanges,
    Generate,
    Nothing,
    RevocationChanges,
    ServerUpload,
    Upload,
)
from simulator.peer.pages.rendering import PEER
from simulator.peer.peer import Peer
from simulator.peer.state import fingerprint_of

BASE = LAB
_SCHEMAS = "#/components/schemas/"


def routes() -> tuple[tuple[str, str, Handler], ...]:
    """Return every call of the lab: method, path below `BASE` and handler."""
    return (
        ("GET", "/openapi.json", _description),
        ("GET", "/certs/server", _server),
        ("PUT", "/certs/server", for_scripts(ServerUpload, actions.upload)),
        ("PUT", "/certs/client", for_scripts(Upload, actions.upload_client)),
        ("DELETE", "/certs/client", for_scripts(Nothing, actions.remove_client)),
        ("GET", "/certs/generate_csr", _csr),
        ("POST", "/certs/generate_csr", for_scripts(Generate, actions.generate, then=_csr)),
        ("DELETE", "/certs/generate_csr", for_scripts(Nothing, actions.discard)),
        ("GET", "/certs/root", _roots),
        ("POST", "/certs/root", for_scripts(Certificates, actions.append_trusted)),
        ("PUT", "/certs/root", for_scripts(Certificates, actions.replace_trusted)),
        ("DELETE", "/certs/root", for_scripts(Nothing, actions.reset_trusted)),
        ("DELETE", "/certs/root/{fingerprint}", for_scripts(Nothing, actions.distrust)),
        ("GET", "/certs/pending", _pending),
        ("POST", "/certs/pending/deploy", for_scripts(Nothing, actions.deploy)),
        ("DELETE", "/certs/pending", for_scripts(Nothing, actions.discard_pending)),
        ("GET", "/certs/crl", _crls),
        ("PUT", "/certs/crl", for_scripts(Crl, actions.upload_crl)),
        ("DELETE", "/certs/crl", for_scripts(Nothing, actions.remove_crl)),
        ("PUT", "/certs/crl/automatic", for_scripts(CrlSources, actions.set_crl_sources)),
        ("GET", "/sip/revocation", _revocation),
        ("PUT", "/sip/revocation", for_scripts(RevocationChanges, actions.set_revocation, then=_revocation)),
        ("GET", "/sip/eku", _eku),
        ("PUT", "/sip/eku", for_scripts(EkuChanges, actions.set_eku_switches, then=_eku)),
        ("GET", "/zones", _zones),
        ("GET", "/alarms", _alarms),
        ("POST", "/alarms/acknowledge", for_scripts(AlarmKey, actions.acknowledge)),
        ("GET", "/eventlog", _events),
        ("POST", "/restart", for_scripts(Nothing, actions.restart, status=202)),
        *acme_calls.CALLS,
        *step_calls.CALLS,
    )


def summary_of(method: str, path: str, handler: Handler) -> str:
    """Return what a call does, as one sentence."""
    return getattr(handler, "summary", "") or f"{'Read' if method == 'GET' else method} {path}."


@cache
def description() -> dict[str, Any]:
    """Return the lab's calls as an OpenAPI 3.1 document: its paths, and the schema of each request body."""
    bodies = {(method, path): model for method, path, handler in routes() if (model := getattr(handler, "body", None))}
    _, schemas = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(bodies.values())], ref_template=f"{_SCHEMAS}{{model}}"
    )
    paths: dict[str, Any] = {}
    for method, path, handler in routes():
        operation: dict[str, Any] = {
            "summary": summary_of(method, path, handler),
            "responses": {"default": {"description": 'a JSON object; an error is {"error": one sentence}'}},
        }
        if model := bodies.get((method, path)):
            schema = {"$ref": _SCHEMAS + model.__name__}
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        paths.setdefault(BASE + path, {})[method.lower()] = operation
    info = {"title": "The lab's own calls of an Expressway of the certificate lab", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas["$defs"]}}


async def _description(_: web.Request) -> web.Response:
    return web.json_response(description())


def _peer(request: web.Request) -> Peer:
    return request.app[PEER]


async def _server(request: web.Request) -> web.Response:
    peer = _peer(request)
    at = peer.lab.now_of(peer.fqdn)

    def credential_facts(credential: Any) -> dict[str, Any] | None:
        if credential is None:
            return None
        return {"certificate": credential.pem().decode("ascii"), "decoded": describe_certificate(credential.leaf, at)}

    return web.json_response(
        {
            "fqdn": peer.fqdn,
            "current": credential_facts(peer.running),
            "loaded": credential_facts(peer.state.certificate),
            "restart_needed": peer.restart_needed,
            "client": credential_facts(peer.state.client_certificate),
            "domains": {d: credential_facts(c) for d, c in peer.state.domain_certificates},
        }
    )


async def _eku(request: web.Request) -> web.Response:
    switches = _peer(request).lab.eku_switches(_peer(request).fqdn)
    return web.json_response({"checking": switches.checking, "server_upload": switches.server_upload})


async def _csr(request: web.Request) -> web.Response:
    pending = _peer(request).state.request
    if pending is None:
        return web.json_response({"csr": None})
    pem = pending.csr.public_bytes(Encoding.PEM).decode("ascii")
    return web.json_response({"csr": pem, "decoded": describe_request(pending.csr)})


async def _roots(request: web.Request) -> web.Response:
    peer = _peer(request)
    at = peer.lab.now_of(peer.fqdn)
    listed = [
        {"fingerprint": fingerprint_of(c), "decoded": describe_certificate(c, at)} for c in peer.state.trusted_ca_list
    ]
    return web.json_response({"certificates": listed})


async def _pending(request: web.Request) -> web.Response:
    peer = _peer(request)
    pending = peer.state.pending_certificate
    decoded = describe_certificate(pending.leaf, peer.lab.now_of(peer.fqdn)) if pending else None
    return web.json_response({"pending": decoded})


async def _crls(request: web.Request) -> web.Response:
    peer = _peer(request)
    at = peer.lab.now_of(peer.fqdn)
    automatic = peer.state.automatic
    return web.json_response(
        {
            "automatic": {"urls": list(automatic.urls), "hour": automatic.hour},
            "held": [
                {"source": source.value, **describe_crl(crl, at)} for source, crl in peer.state.revocation_data.crls
            ],
        }
    )


async def _revocation(request: web.Request) -> web.Response:
    peer = _peer(request)
    return web.json_response(peer.lab.revocation_settings(peer.fqdn).model_dump(mode="json"))


async def _zones(request: web.Request) -> web.Response:
    peer = _peer(request)
    reports = peer.lab.status_of(peer.fqdn)
    legs = [{"party": peer.fqdn, **r.to_json()} for r in reports]
    steps = {r.leg.id: [describe(s.detail) for s in r.trace.steps] for r in reports if r.trace}
    return web.json_response({"legs": legs, "last_handshake": steps})


async def _alarms(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "alarms": [
                {
                    "id": a.id,
                    "title": a.title,
                    "severity": a.severity or None,
                    "detail": a.detail,
                    "action": a.kind.action,
                    "acknowledged": a.acknowledged,
                    "ours": a.kind.is_ours,
                }
                for a in _peer(request).alarms()
            ]
        }
    )


async def _events(request: web.Request) -> web.Response:
    peer = _peer(request)
    newest = peer.lab.events.of(peer.fqdn)[-500:]
    return web.json_response(
        {"events": [{"at": iso(e.at), "event": e.kind, "detail": e.detail} for e in reversed(newest)]}
    )
