"""A public CA of the lab: a real Pebble, and before it the policy that public CAs have and Pebble lacks.

Pebble does everything of the protocol: accounts, nonces, orders, validation, issuance. The part before it refuses as
Let's Encrypt would: names that are not public, CAA (RFC 8659, looked up by real DNS queries), too many names, too many
certificates for the same names, terms of service that changed. It can also lie, to show that a client notices.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import anyio.to_thread
import dns.asyncresolver
import dns.exception
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.values.names import printable
from pkikit.values.public_names import why_not_issued
from simulator.services.pebble import Pebble
from simulator.services.public_roots import PublicRoots
from simulator.web.http_server import HttpServer
from simulator.world.craft import craft

IDENTITY = "acme.lab.example"  # the CA's name in CAA records
MAX_NAMES = 100
SAME_NAMES, WITHIN = 5, timedelta(days=7)  # Let's Encrypt, "Rate Limits": duplicate certificates
_ERROR = "urn:ietf:params:acme:error:"
_MAX_BODY = 512 * 1024
_KEPT = ("Content-Type", "Replay-Nonce", "Location", "Link", "Retry-After", "Cache-Control")


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """A problem document: last part of the type, HTTP status, text, and the names it is about."""

    kind: str
    status: int
    detail: str
    names: tuple[tuple[str, str], ...] = ()
    retry_after: timedelta | None = None

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": _ERROR + self.kind, "detail": self.detail, "status": self.status}
        if self.names:
            found["subproblems"] = [
                {"type": _ERROR + self.kind, "detail": said, "identifier": {"type": "dns", "value": name}}
                for name, said in self.names
            ]
        return found


class LabCa:
    """`async with LabCa(pebble, …) as ca:` — `directory` and `ca_file` are what an administrator enters.

    does: what is wrong with the CA now (`World.ca`). now: the lab's clock, for the limits. limited: whether certificates
    for the same names are counted, as production directories do and staging ones hardly do.
    """

    def __init__(
        self, pebble: Pebble, *, now: Callable[[], datetime], does: Callable[[], frozenset[str]], dns_server: str,
        limited: bool,
    ) -> None:  # fmt: skip
        self.pebble, self.dns_server = pebble, dns_server
        self._now, self._does, self._limited = now, does, limited
        self._issued: dict[frozenset[str], deque[datetime]] = defaultdict(deque)
        self._proved: dict[str, frozenset[str]] = defaultdict(frozenset)  # names, by the account's URL
        self._revoked: set[int] = set()  # serial numbers, of accounts that proved all names
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        host, _, port = dns_server.rpartition(":")
        self._resolver.nameservers, self._resolver.port, self._resolver.lifetime = [host], int(port), 5.0
        self._stack = AsyncExitStack()
        self.roots = PublicRoots()

    async def root(self, chain: int = 0) -> x509.Certificate:
        """Return the root of the default chain, or of an alternate one."""
        return await anyio.to_thread.run_sync(self.roots.certificate, chain)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.pebble)
            self.ca_file = self.pebble.ca_file
            connector = aiohttp.TCPConnector(ssl=self.pebble.tls, limit=100)
            self._session = await stack.enter_async_context(
                aiohttp.ClientSession(
                    connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=60)
                )
            )
            app = web.Application(client_max_size=_MAX_BODY)
            app.router.add_route("*", "/{path:.*}", self._answer)
            server = HttpServer(app, self.pebble.address, 0, self.pebble.listener_tls)
            await server.start()
            stack.push_async_callback(server.stop)
            self._base = f"https://{self.pebble.address}:{server.port}"
            self.directory = f"{self._base}/dir"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def certificates_left(self, names: frozenset[str]) -> int | None:
        """Return how many certificates for exactly these names the CA would issue now; None if it has no limit."""
        return max(0, SAME_NAMES - len(self._recent(names))) if self._limited else None

    def _recent(self, names: frozenset[str]) -> deque[datetime]:
        found = self._issued[names]
        while found and self._now() - found[0] >= WITHIN:
            found.popleft()
        return found

    # Requests.

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        payload = _payload(body)
        refusal = await self._refusal(payload)
        if refusal is not None:
            return await self._refuse(refusal)
        return await self._forward(request, body, payload)

    async def _forward(self, request: web.Request, body: bytes, payload: dict[str, Any]) -> web.Response:
        url = self.pebble.base + request.raw_path
        # Pebble writes its URLs by the Host that it was asked for, and so names us everywhere.
        headers = {"Host": urlsplit(self._base).netloc}
        headers |= {k: request.headers[k] for k in ("Content-Type", "User-Agent", "Accept") if k in request.headers}
        try:
            async with self._session.request(
                request.method, url, data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=502, text="the CA is down")
        status, kept = answer.status, [(k, v) for k, v in answer.headers.items() if k in _KEPT]
        if request.path == "/dir" and status == 200:
            content = self._directory(content)
        elif answer.content_type == "application/pem-certificate-chain":
            content = await anyio.to_thread.run_sync(self.roots.cross_signed, content, request.path)
            content = self._certificate(content)
        elif "csr" in payload and status == 200:
            self._recent(_csr_names(payload)).append(self._now())
            self._proved[_account_of(body)] |= _csr_names(payload)
        elif status == 403 and self._may_revoke(body, payload):
            self._revoked.add(_serial_of(payload))
            status, content, kept = 200, b"", [(name, value) for name, value in kept if name == "Replay-Nonce"]
        made = web.Response(status=status, body=content)
        for name, value in kept:
            made.headers.add(name, value) if name == "Link" else made.headers.update({name: value})
        return made

    def _may_revoke(self, body: bytes, payload: dict[str, Any]) -> bool:
        """Return True if this account has proved all names of the certificate (RFC 8555 §7.6), which Pebble does not ask.

        Pebble has verified the request when it answers 403: only the certificate is not of this account.
        """
        names = _names_of(payload)
        return bool(names) and names <= self._proved[_account_of(body)]

    def _directory(self, content: bytes) -> bytes:
        told = json.loads(content)
        meta = told.setdefault("meta", {})
        meta["caaIdentities"] = [IDENTITY]
        version = "2" if "new-terms" in self._does() else "1"
        meta["termsOfService"] = f"https://{IDENTITY}/terms/v{version}"
        return json.dumps(told, indent=1).encode()

    async def _refuse(self, refusal: _Refusal) -> web.Response:
        headers = {}
        if refusal.retry_after is not None:
            headers["Retry-After"] = str(max(1, int(refusal.retry_after.total_seconds())))
        if refusal.kind == "userActionRequired":
            headers["Link"] = f'<https://{IDENTITY}/terms/v2>;rel="terms-of-service"'
        try:
            async with self._session.head(f"{self.pebble.base}/nonce-plz") as answer:
                headers["Replay-Nonce"] = answer.headers["Replay-Nonce"]
        except (aiohttp.ClientError, TimeoutError, KeyError):
            pass  # the client gets itself one
        return web.json_response(
            refusal.document(), status=refusal.status, headers=headers, content_type="application/problem+json"
        )

    # Policy.

    async def _refusal(self, payload: dict[str, Any]) -> _Refusal | None:
        if "down" in self._does():
            return _Refusal(kind="serverInternal", status=503, detail="maintenance", retry_after=timedelta(minutes=10))
        if isinstance(payload.get("identifiers"), list):
            return self._order_refusal(payload)
        if _serial_of(payload) in self._revoked:
            return _Refusal(kind="alreadyRevoked", status=400, detail="the certificate is revoked already")
        if "csr" in payload:
            return await self._issue_refusal(_csr_names(payload))
        return None

    def _order_refusal(self, payload: dict[str, Any]) -> _Refusal | None:
        names = [str(i.get("value", "")).lower() for i in payload["identifiers"] if isinstance(i, dict)]
        if "new-terms" in self._does():
            return _Refusal(kind="userActionRequired", status=403, detail="the terms of service have changed")
        if len(names) > MAX_NAMES:
            return _Refusal(kind="malformed", status=400, detail=f"an order has at most {MAX_NAMES} names")
        inside = tuple((printable(n), why) for n in names if (why := why_not_issued(n.removeprefix("*."))))
        if inside:
            return _Refusal(
                kind="rejectedIdentifier", status=400, detail="the CA issues for public names only", names=inside
            )
        recent = self._recent(frozenset(names))
        if self._limited and not payload.get("replaces") and len(recent) >= SAME_NAMES:
            wait = recent[0] + WITHIN - self._now()
            detail = f"too many certificates ({SAME_NAMES}) for exactly these names in the last {WITHIN.days} days"
            return _Refusal(kind="rateLimited", status=429, detail=detail, retry_after=wait)
        return None

    async def _issue_refusal(self, names: frozenset[str]) -> _Refusal | None:
        against = [(name, said) for name in sorted(names) if (said := await self._caa_objection(name))]
        if not against:
            return None
        return _Refusal(kind="caa", status=403, detail="CAA records forbid it", names=tuple(against))

    async def _caa_objection(self, name: str) -> str:
        """Return what the closest CAA records say against this CA (RFC 8659 §3: up the tree, the first set counts)."""
        wildcard = name.startswith("*.")
        labels = name.removeprefix("*.").split(".")
        for start in range(len(labels)):
            where = ".".join(labels[start:])
            try:
                records = [(r.tag.decode(), r.value.decode()) for r in await self._resolver.resolve(where, "CAA")]
            except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
                continue
            except dns.exception.DNSException as error:
                return f"CAA for {where} cannot be looked up: {type(error).__name__}"
            tag = "issuewild" if wildcard and any(t == "issuewild" for t, _ in records) else "issue"
            allowed = [value.partition(";")[0].strip() for t, value in records if t == tag]
            return (
                f"CAA for {where} allows {printable(', '.join(allowed) or 'nobody')}" if IDENTITY not in allowed else ""
            )
        return ""

    # Lies.

    def _certificate(self, content: bytes) -> bytes:
        """Return the answer to a download: Pebble's, or one of a CA that cannot be trusted."""
        does = self._does() & {"wrong-key", "wrong-names", "wrong-chain"}
        if not does:
            return content
        leaf, *chain = x509.load_pem_x509_certificates(content)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = tuple(names.get_values_for_type(x509.DNSName))
        if "wrong-key" in does:
            leaf = craft(dns_names, None, at=self._now()).leaf
        elif "wrong-names" in does:
            leaf = _rename(leaf, (*dns_names[:-1], "somebody.example.net"))
        else:
            chain = [craft((), None, at=self._now(), common_name="Another CA", can_sign=True).leaf]
        return b"".join(c.public_bytes(Encoding.PEM) for c in (leaf, *chain))


def _rename(leaf: x509.Certificate, names: tuple[str, ...]) -> x509.Certificate:
    """Return a certificate for the same key and other names."""
    general = x509.SubjectAlternativeName([x509.DNSName(n) for n in names])
    builder = (
        x509.CertificateBuilder()
        .subject_name(leaf.subject)
        .issuer_name(leaf.issuer)
        .public_key(leaf.public_key())
        .serial_number(leaf.serial_number)
        .not_valid_before(leaf.not_valid_before_utc)
        .not_valid_after(leaf.not_valid_after_utc)
        .add_extension(general, critical=False)
    )
    return builder.sign(fast_key(), hashes.SHA256())


def _payload(body: bytes) -> dict[str, Any]:
    """Return the payload of a JWS, unverified: Pebble verifies it before it has any effect."""
    try:
        encoded = json.loads(body)["payload"]
        read = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _csr_names(payload: dict[str, Any]) -> frozenset[str]:
    try:
        encoded = str(payload["csr"])
        request = x509.load_der_x509_csr(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return frozenset()  # Pebble says what is wrong with it
    return frozenset(n.lower() for n in names.get_values_for_type(x509.DNSName))


def _account_of(body: bytes) -> str:
    """Return the URL of the account that signed a JWS; empty if the key itself is in it."""
    try:
        encoded = json.loads(body)["protected"]
        return str(json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))).get("kid", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def _certificate_of(payload: dict[str, Any]) -> x509.Certificate | None:
    """Return the certificate of a request to revoke; None for every other request."""
    encoded = payload.get("certificate")
    if not isinstance(encoded, str):
        return None
    try:
        return x509.load_der_x509_certificate(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except ValueError:
        return None


def _serial_of(payload: dict[str, Any]) -> int:
    certificate = _certificate_of(payload)
    return certificate.serial_number if certificate is not None else -1


def _names_of(payload: dict[str, Any]) -> frozenset[str]:
    certificate = _certificate_of(payload)
    if certificate is None:
        return frozenset()
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return frozenset()
    return frozenset(name.lower() for name in names.get_values_for_type(x509.DNSName))
