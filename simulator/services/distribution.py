"""Publishes CRLs, OCSP answers and CA certificates: for the lab's CAs and for every CA whose files the user provides.

`publications` returns what is served at an instant, as a value that the judge reads; `Distribution` serves it over HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.issue.authority import Authority
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import ocsp_urls
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData
from pkikit.model.world import Failing, World
from pkikit.worlds.issued_world import ISSUING_CRL, OCSP_URL, ROOT_CRL, IssuedWorld
from simulator.web.http_server import HttpServer
from simulator.world.craft import craft

CRL_LIFETIME = timedelta(days=7)  # published every day, so that a missed day or two does no harm
OCSP_LIFETIME = timedelta(days=1)
SLOW = 3600.0  # seconds, longer than anybody waits
HUGE = 200 * 1024 * 1024


def publications(issued: IssuedWorld, world: World, at: datetime) -> dict[str, RevocationData]:
    """Return what every URL offers at an instant; nothing where it fails. What somebody put there replaces the lab's own."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    found = {
        url: NOTHING_HELD.with_crls(CrlSource.CDP, [_crl(authority, day, world.withdrawn)])
        for url, authority in ((ROOT_CRL, issued.root), (ISSUING_CRL, issued.authority))
    }
    asked = [c for c in world.known_certificates if OCSP_URL in ocsp_urls(c)]
    if asked:
        answers = tuple(_answer(issued.authority, c, day, c.serial_number in world.withdrawn) for c in asked)
        found[OCSP_URL] = RevocationData(ocsp_answers=answers)
    return {url: data for url, data in {**found, **world.published}.items() if url not in world.failing}


@lru_cache(maxsize=32)
def _crl(authority: Authority, day: datetime, withdrawn: frozenset[int]) -> x509.CertificateRevocationList:
    return authority.crl(sorted(withdrawn), at=day, lifetime=CRL_LIFETIME, number=day.toordinal())


@lru_cache(maxsize=32)
def _responder(authority: Authority, day: datetime) -> Credential:
    """Return the delegated responder: a short-lived certificate for OCSP signing that is never checked (id-pkix-ocsp-nocheck)."""
    return craft(
        (), authority, at=day, common_name="Lab OCSP Responder", ends=timedelta(days=3),
        ekus=(ExtendedKeyUsageOID.OCSP_SIGNING,), pointers=(x509.OCSPNoCheck(),),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _answer(authority: Authority, certificate: x509.Certificate, day: datetime, revoked: bool) -> ocsp.OCSPResponse:
    signer = _responder(authority, day)
    assert signer.key is not None  # made with one
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    return authority.ocsp_answer(
        certificate, at=day, status=status, lifetime=OCSP_LIFETIME, signer=(signer.leaf, signer.key)
    )


class Distribution:
    """The HTTP server on one address; every name in a CRL or OCSP URL resolves to it."""

    def __init__(
        self, address: str, port: int, *, world: Callable[[], World], issued: IssuedWorld, now: Callable[[], datetime]
    ) -> None:
        self.address, self.port = address, port
        self.requests: list[str] = []
        self._world, self._issued, self._now = world, issued, now
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._server = HttpServer(app, address, port)

    async def start(self) -> None:
        """Start to listen."""
        await self._server.start()

    async def stop(self) -> None:
        """Close the port."""
        await self._server.stop()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        url, answer = self._place(request)
        if len(self.requests) < 10_000:
            self.requests.append(f"{request.method} {url or request.path}")
        failing = self._world().failing.get(url)
        if failing is not None:
            return await _fail(request, failing)
        certificates = {"root.cer": self._issued.root, "issuing.cer": self._issued.authority}
        if request.match_info["path"] in certificates:
            der = certificates[request.match_info["path"]].certificate.public_bytes(Encoding.DER)
            return web.Response(body=der, content_type="application/pkix-cert")
        served = publications(self._issued, self._world(), self._now()).get(url)
        if served is None:
            raise web.HTTPNotFound
        if answer is not None or not served.crls:
            return _ocsp(served, answer if answer is not None else await request.read())
        crl = served.crls[0][1]
        return web.Response(body=crl.public_bytes(Encoding.DER), content_type="application/pkix-crl")

    def _place(self, request: web.Request) -> tuple[str, bytes | None]:
        """Return (the URL as written in certificates, an OCSP request from a GET's path, RFC 6960 appendix A)."""
        host, path = request.host.partition(":")[0].lower(), request.raw_path.partition("?")[0]
        world = self._world()
        known = {*world.published, *world.failing, ROOT_CRL, ISSUING_CRL, OCSP_URL}
        for url in known:
            parts = urlsplit(url)
            if (parts.hostname or "").lower() not in {host, ""} and host != self.address:
                continue
            if (parts.path or "/") == path:
                return url, None
            below = (parts.path or "/").rstrip("/") + "/"
            if request.method == "GET" and path.startswith(below) and not path.endswith((".crl", ".cer")):
                try:
                    return url, base64.b64decode(unquote(path[len(below) :]), validate=True)
                except (binascii.Error, ValueError):
                    continue
        return "", None


async def _fail(request: web.Request, failing: Failing) -> web.StreamResponse:
    """Fail as real distribution points do."""
    match failing:
        case Failing.DOWN:
            if request.transport is not None:
                request.transport.close()
            raise web.HTTPServiceUnavailable
        case Failing.SLOW:
            await asyncio.sleep(SLOW)
            raise web.HTTPGatewayTimeout
        case Failing.GARBAGE:
            return web.Response(body=b"<html>please log in</html>", content_type="text/html")
        case Failing.HUGE:
            response = web.StreamResponse(headers={"Content-Type": "application/pkix-crl"})
            await response.prepare(request)
            for _ in range(HUGE // 65536):
                await response.write(b"\0" * 65536)
            return response


def _ocsp(served: RevocationData, data: bytes) -> web.Response:
    """Return the answer about the certificate that the request names, or the responder's error."""
    kind = "application/ocsp-response"
    try:
        asked = ocsp.load_der_ocsp_request(data)
        wanted = asked.serial_number
    except (ValueError, NotImplementedError):
        malformed = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        return web.Response(body=malformed.public_bytes(Encoding.DER), content_type=kind)
    for answer in served.ocsp_answers:
        if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL and any(
            single.serial_number == wanted for single in answer.responses
        ):
            return web.Response(body=answer.public_bytes(Encoding.DER), content_type=kind)
    refused = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    return web.Response(body=refused.public_bytes(Encoding.DER), content_type=kind)


def hosts(world: World) -> set[str]:
    """Return the names in all URLs that something is served at."""
    urls = {*world.published, *world.failing, ROOT_CRL, ISSUING_CRL, OCSP_URL}
    return {h for u in urls if (h := urlsplit(u).hostname)}
