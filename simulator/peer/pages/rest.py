"""The REST face of a peer, for scripts: HTTP Basic, JSON in and out, under the product's provisioning path.

Errors are `{"error": one sentence}`. Private keys go in with an upload and never come out.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import SubjectFields
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Finding
from pkikit.model.trace import describe
from pkikit.view.description import describe_certificate, describe_crl, describe_request, iso
from simulator.peer.pages import acme_pages
from simulator.peer.pages.rendering import PEER, body_of
from simulator.peer.peer import Peer
from simulator.peer.state import AutomaticCrls, fingerprint_of
from simulator.web.web_input import field_number, field_text, field_texts

BASE = "/api/v1/provisioning"


def add_routes(app: web.Application) -> None:
    """Everything under /api."""
    for method, path, handler in (
        ("GET", "/certs/server", _server),
        ("PUT", "/certs/server", _upload),
        ("PUT", "/certs/client", _upload_client),
        ("DELETE", "/certs/client", _remove_client),
        ("GET", "/certs/generate_csr", _csr),
        ("POST", "/certs/generate_csr", _generate),
        ("DELETE", "/certs/generate_csr", _discard),
        ("GET", "/certs/root", _roots),
        ("POST", "/certs/root", _append),
        ("PUT", "/certs/root", _replace),
        ("DELETE", "/certs/root", _reset),
        ("DELETE", "/certs/root/{fingerprint}", _delete),
        ("GET", "/certs/pending", _pending),
        ("POST", "/certs/pending/deploy", _deploy),
        ("DELETE", "/certs/pending", _discard_pending),
        ("GET", "/certs/crl", _crls),
        ("PUT", "/certs/crl", _upload_crl),
        ("DELETE", "/certs/crl", _remove_crl),
        ("PUT", "/certs/crl/automatic", _automatic),
        ("GET", "/sip/revocation", _revocation),
        ("PUT", "/sip/revocation", _set_revocation),
        ("GET", "/zones", _zones),
        ("GET", "/alarms", _alarms),
        ("GET", "/eventlog", _events),
        ("POST", "/restart", _restart),
        *acme_pages.API,
    ):
        app.router.add_route(method, BASE + path, handler)


def _peer(request: web.Request) -> Peer:
    return request.app[PEER]


def _warned(findings: tuple[Finding, ...]) -> web.Response:
    return web.json_response({"warnings": [f.to_json() for f in findings]})


async def _server(request: web.Request) -> web.Response:
    peer = _peer(request)
    at = peer.lab.now_of(peer.fqdn)

    def shown(credential: Any) -> dict[str, Any] | None:
        if credential is None:
            return None
        return {"certificate": credential.pem().decode("ascii"), "decoded": describe_certificate(credential.leaf, at)}

    return web.json_response(
        {
            "fqdn": peer.fqdn,
            "current": shown(peer.running),
            "loaded": shown(peer.state.certificate),
            "restart_needed": peer.restart_needed,
            "client": shown(peer.state.client_certificate),
            "domains": {d: shown(c) for d, c in peer.state.domain_certificates},
        }
    )


async def _upload(request: web.Request) -> web.Response:
    body = await body_of(request, ("certificate", "private_key"))
    return _warned(
        await _peer(request).upload(
            field_text(body, "certificate", "").encode(), field_text(body, "private_key", "").encode()
        )
    )


async def _upload_client(request: web.Request) -> web.Response:
    body = await body_of(request, ("certificate", "private_key"))
    given = (field_text(body, name, "").encode() for name in ("certificate", "private_key"))
    return _warned(await _peer(request).load_client_certificate(*given))


async def _remove_client(request: web.Request) -> web.Response:
    await _peer(request).remove_client_certificate()
    return web.json_response({})


async def _csr(request: web.Request) -> web.Response:
    pending = _peer(request).state.request
    if pending is None:
        return web.json_response({"csr": None})
    pem = pending.csr.public_bytes(Encoding.PEM).decode("ascii")
    return web.json_response({"csr": pem, "decoded": describe_request(pending.csr)})


_FIELDS = ("country", "state", "locality", "organisation", "unit")


async def _generate(request: web.Request) -> web.Response:
    body = await body_of(request, ("additional_names", "digest", "key_length", *_FIELDS))
    fields = SubjectFields(**{name: field_text(body, name, "") for name in _FIELDS})
    await _peer(request).generate(
        added=field_texts(body, "additional_names"),
        fields=fields,
        digest=field_text(body, "digest", ""),
        key_size=field_number(body, "key_length", 2048),
    )
    return await _csr(request)


async def _discard(request: web.Request) -> web.Response:
    await _peer(request).discard()
    return web.json_response({})


async def _roots(request: web.Request) -> web.Response:
    peer = _peer(request)
    at = peer.lab.now_of(peer.fqdn)
    listed = [
        {"fingerprint": fingerprint_of(c), "decoded": describe_certificate(c, at)} for c in peer.state.trusted_ca_list
    ]
    return web.json_response({"certificates": listed})


async def _append(request: web.Request) -> web.Response:
    body = await body_of(request, ("certificates",))
    return _warned(await _peer(request).trust(field_text(body, "certificates", "").encode(), append=True))


async def _replace(request: web.Request) -> web.Response:
    body = await body_of(request, ("certificates",))
    return _warned(await _peer(request).trust(field_text(body, "certificates", "").encode(), append=False))


async def _reset(request: web.Request) -> web.Response:
    await _peer(request).reset_trust()
    return web.json_response({})


async def _delete(request: web.Request) -> web.Response:
    await _peer(request).distrust(request.match_info["fingerprint"])
    return web.json_response({})


async def _pending(request: web.Request) -> web.Response:
    peer = _peer(request)
    pending = peer.state.pending_certificate
    decoded = describe_certificate(pending.leaf, peer.lab.now_of(peer.fqdn)) if pending else None
    return web.json_response({"pending": decoded})


async def _deploy(request: web.Request) -> web.Response:
    await _peer(request).deploy()
    return web.json_response({})


async def _discard_pending(request: web.Request) -> web.Response:
    await _peer(request).discard_pending()
    return web.json_response({})


async def _crls(request: web.Request) -> web.Response:
    peer = _peer(request)
    at = peer.lab.now_of(peer.fqdn)
    automatic = peer.state.automatic
    return web.json_response(
        {
            "automatic": {"urls": list(automatic.urls), "hour": automatic.hour},
            "held": [{"source": source.value, **describe_crl(crl, at)} for source, crl in peer.state.held.crls],
        }
    )


async def _upload_crl(request: web.Request) -> web.Response:
    body = await body_of(request, ("crl",))
    return web.json_response({"lists": await _peer(request).upload_crl(field_text(body, "crl", "").encode())})


async def _remove_crl(request: web.Request) -> web.Response:
    await _peer(request).remove_crl()
    return web.json_response({})


async def _automatic(request: web.Request) -> web.Response:
    body = await body_of(request, ("urls", "hour"))
    given = AutomaticCrls(urls=field_texts(body, "urls"), hour=field_number(body, "hour", 3))
    await _peer(request).set_crl_sources(given)
    return web.json_response({})


async def _revocation(request: web.Request) -> web.Response:
    peer = _peer(request)
    return web.json_response(peer.lab.revocation_settings(peer.fqdn).model_dump(mode="json"))


async def _set_revocation(request: web.Request) -> web.Response:
    peer = _peer(request)
    body = await body_of(request, tuple(Revocation.model_fields))
    peer.set_revocation(body)
    return await _revocation(request)


async def _zones(request: web.Request) -> web.Response:
    peer = _peer(request)
    reports = peer.lab.status_of(peer.fqdn)
    legs = [{"party": peer.fqdn, **r.to_json()} for r in reports]
    steps = {r.leg.id: [describe(s.detail) for s in r.trace.steps] for r in reports if r.trace}
    return web.json_response({"legs": legs, "last_handshake": steps})


async def _alarms(request: web.Request) -> web.Response:
    return web.json_response(
        {"alarms": [{"title": a.title, "severity": a.severity, "detail": a.detail} for a in _peer(request).alarms()]}
    )


async def _events(request: web.Request) -> web.Response:
    peer = _peer(request)
    newest = peer.lab.events.of(peer.fqdn)[-500:]
    return web.json_response(
        {"events": [{"at": iso(e.at), "event": e.kind, "detail": e.detail} for e in reversed(newest)]}
    )


async def _restart(request: web.Request) -> web.Response:
    await _peer(request).restart_soon()
    return web.json_response({"restarting": True}, status=202)
