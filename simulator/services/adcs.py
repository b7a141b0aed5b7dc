"""Active Directory Certificate Services, as seen on its web enrolment pages: submit a request, choose a template, download.

Browsers, `certreq` habits and the PyPI client `certsrv` rely on these forms and answers; a CA of the lab signs.
Sources: X12.5 guide, appendices 5 and 6; the certsrv pages.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from html import escape

import anyio
import anyio.to_thread
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pkikit.errors import InputError, IssuanceRefused
from pkikit.files import parse
from pkikit.issue.authority import Authority, Profile
from pkikit.issue.templates import CLIENT_AND_SERVER, WEB_SERVER, CertificateTemplate
from pkikit.model.certificates.credential import Credential
from pkikit.values.numbers import whole_number
from simulator.events import EventLog
from simulator.web.doorkeeper import AccountRole, Accounts, Doorkeeper, TooManyFailures, basic_credentials
from simulator.web.http_server import HttpServer
from simulator.web.web_input import require_own_host, require_same_origin, text_fields
from simulator.web.web_tls import server_context
from simulator.world.craft import DAY, craft

USER = "enrol"
NAME = "adcs.corp.example.com"
MAX_ISSUED = 5_000
MAX_REQUEST = 64 * 1024  # characters of a request; the largest that the product makes has a few thousand
_KINDS = {"b64": Encoding.PEM, "bin": Encoding.DER}


def own_certificate(authority: Authority, address: str, at: datetime) -> Credential:
    """Return the certificate of the pages, for their name and their address."""
    by_address = [x509.IPAddress(ipaddress.ip_address(address))]
    return craft((NAME,), authority, at=at, ends=DAY * 365, general=by_address)


class CertificateServices:
    """The certsrv application on one address, with its enabled templates."""

    def __init__(
        self,
        authority: Authority,
        credential: Credential,
        *,
        address: str,
        port: int,
        password: str,
        now: Callable[[], datetime],
        events: EventLog,
        pointers: Profile | None = None,
        templates: tuple[CertificateTemplate, ...] = (WEB_SERVER, CLIENT_AND_SERVER),
    ) -> None:
        self.templates = {t.name: t for t in templates}
        self.issued: dict[int, x509.Certificate] = {}  # by request id
        self._authority, self._now, self._events = authority, now, events
        self._doorkeeper = Doorkeeper(
            Accounts({USER: password}, {USER: AccountRole.ADMINISTRATOR}), asyncio.get_running_loop().time
        )
        # One request is parsed and signed at a time, and none of that in the event loop.
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._pointers = pointers or Profile()
        app = web.Application(client_max_size=256 * 1024, middlewares=[self._require_login])
        app.router.add_get("/certsrv/", self._welcome)
        app.router.add_get("/certsrv/certrqxt.asp", self._form)
        app.router.add_post("/certsrv/certfnsh.asp", self._submit)
        app.router.add_get("/certsrv/certnew.cer", self._certificate)
        app.router.add_get("/certsrv/certnew.p7b", self._chain)
        app.router.add_get("/certsrv/certcarc.asp", self._renewals)
        self._app, self._where, self._credential = app, (address, port), credential

    @property
    def address(self) -> tuple[str, int]:
        """Address and port."""
        return self._server.address, self._server.port

    async def start(self) -> None:
        """Start to listen."""
        context = await asyncio.to_thread(server_context, self._credential)
        self._server = HttpServer(self._app, *self._where, context, log=self._trouble)
        await self._server.start()

    def _trouble(self, line: str) -> None:
        self._events.add(NAME, "Web Server Trouble", Detail=line)

    async def stop(self) -> None:
        """Close the port."""
        await self._server.stop()

    @web.middleware
    async def _require_login(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        require_own_host(request, lambda: (NAME,))
        require_same_origin(request)
        given = basic_credentials(request.headers.get("Authorization", ""))
        try:
            role = self._doorkeeper.admit(*given, request.remote or "") if given else None
        except TooManyFailures as refused:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(max(1, round(refused.wait)))}) from None
        if role is None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": f'Basic realm="{NAME}"'})
        return await handler(request)

    async def _welcome(self, _: web.Request) -> web.Response:
        return _page("Welcome", '<a href="certrqxt.asp">Submit a certificate request</a>')

    async def _form(self, _: web.Request) -> web.Response:
        options = "".join(
            f'<option value="{escape(t.name)}">{escape(t.display_name)}</option>' for t in self.templates.values()
        )
        return _page(
            "Submit a Certificate Request or Renewal Request",
            '<form method="post" action="certfnsh.asp"><label>Saved Request: <textarea name="CertRequest" rows="10" cols="66">'
            f'</textarea></label><label>Certificate Template: <select name="Template">{options}</select></label>'
            '<input type="hidden" name="Mode" value="newreq"><input type="hidden" name="SaveCert" value="yes">'
            "<button>Submit</button></form>",
        )

    async def _submit(self, request: web.Request) -> web.Response:
        form = await text_fields(request)
        attributes = form.get("CertAttrib", "")
        named = [a.partition(":")[2].strip() for a in attributes.splitlines() if a.startswith("CertificateTemplate:")]
        template = self.templates.get(named[0] if named else form.get("Template", ""))
        if template is None:
            return self._deny("The requested certificate template is not supported by this CA. 0x80094800")
        try:
            leaf = await anyio.to_thread.run_sync(
                self._sign, form.get("CertRequest", ""), template, limiter=self._one_at_a_time
            )
        except InputError:
            return self._deny("Error Parsing Request  ASN1 bad tag value met. 0x8009310b")
        except IssuanceRefused as refused:
            return self._deny(str(refused))
        number = max(self.issued, default=0) + 1
        self.issued[number] = leaf
        self.issued.pop(number - MAX_ISSUED, None)
        self._events.add(NAME, "Certificate Issued", Template=template.name, Subject=leaf.subject.rfc4514_string())
        links = "".join(
            f'<a href="certnew.cer?ReqID={number}&amp;Enc={kind}">{shown}</a> '
            for kind, shown in (("bin", "DER encoded"), ("b64", "Base 64 encoded"))
        )
        # The client looks for the link as browsers' scripts write it, with a bare ampersand.
        return _page("Certificate Issued", f"{links}<!-- certnew.cer?ReqID={number}& -->")

    def _sign(self, text: str, template: CertificateTemplate) -> x509.Certificate:
        """Return the certificate. Raises InputError if the text is not one request, IssuanceRefused if the CA refuses it."""
        if len(text) > MAX_REQUEST:
            raise InputError(f"has more than {MAX_REQUEST} characters", where="the request")
        requests = parse(text.encode(), where="the request", open_stores=False).requests
        if len(requests) != 1:
            raise IssuanceRefused("Error Parsing Request  The request is not a PKCS #10 request. 0x80094004")
        return self._authority.issue(requests[0], at=self._now(), profile=self._profile(template))

    def _profile(self, template: CertificateTemplate) -> Profile:
        return Profile(
            ekus=template.application_policies,
            lifetime=timedelta(days=template.validity_days),
            crl_url=self._pointers.crl_url,
            ocsp_url=self._pointers.ocsp_url,
        )

    def _deny(self, why: str) -> web.Response:
        self._events.add(NAME, "Certificate Denied", Reason=why)
        said = escape(why, quote=True)
        return _page(
            "Certificate Request Denied",
            f'<p>Your certificate request was denied. The disposition message is "{said}".</p>',
        )

    async def _certificate(self, request: web.Request) -> web.Response:
        encoding = _KINDS.get(request.query.get("Enc", "b64"), Encoding.PEM)
        wanted = request.query.get("ReqID", "")
        if wanted == "CACert":
            found: x509.Certificate | None = self._authority.certificate
        else:
            number = whole_number(wanted, most=999_999)
            found = self.issued.get(number) if number is not None else None
        if found is None:
            return _page("Error", "Disposition message:\t\tThe request ID was not found.\r\n")
        return web.Response(body=found.public_bytes(encoding), content_type="application/pkix-cert")

    async def _chain(self, request: web.Request) -> web.Response:
        encoding = _KINDS.get(request.query.get("Enc", "bin"), Encoding.DER)
        chain = [self._authority.certificate, *self._authority.parents]
        body = pkcs7.serialize_certificates(chain, encoding)
        return web.Response(body=body, content_type="application/x-pkcs7-certificates")

    async def _renewals(self, _: web.Request) -> web.Response:
        return _page("Download a CA Certificate", "<script>var nRenewals=0;</script>")


def _page(title: str, body: str) -> web.Response:
    text = f"<!doctype html><html><head><title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    return web.Response(text=text, content_type="text/html", headers={"X-Content-Type-Options": "nosniff"})
