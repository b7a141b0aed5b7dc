"""The product's calls for certificates: signing request, server certificate, trusted CA list, ACME, domains, restart."""

from __future__ import annotations

from functools import partial

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import Field

from pkikit.design.csr import SubjectFields
from pkikit.errors import InputError
from pkikit.model.parties import Role
from pkikit.model.tables.features import ACME, REST_DOMAIN_CERTIFICATES
from pkikit.values.names import parse_dns_name
from simulator.peer.api.calls import HTML, INTERFACES, PY_EXPRESSWAY, REFERENCE, Call, message
from simulator.peer.api.uploads import PART, uploaded_file
from simulator.peer.pages import acme_pages, actions
from simulator.peer.pages.bodies import Body, Nothing, Number, Texts, body_of_script
from simulator.peer.pages.rendering import PEER

_WANTED = ("Country", "Province", "Locality", "Organization")


class RequestFields(Body):
    """A signing request: names in addition to the proposed ones, and the subject."""

    Additional_FQDNS: Texts = ()
    Country: str = ""
    Province: str = ""
    Locality: str = ""
    Organization: str = ""
    OrganizationalUnit: str = ""
    Email: str = ""
    KeyLength: Number = 2048
    DigestAlgorithm: str = Field(default="", description="such as sha256; left out: the default of the version")

    @property
    def subject(self) -> SubjectFields:
        """The fields of the subject.

        Raises:
            InputError: a field that the page for requests wants is empty.
        """
        empty = [name for name in _WANTED if not getattr(self, name).strip()]
        if empty:
            raise InputError(f"{', '.join(empty)}: must not be empty; a request needs {', '.join(_WANTED)}")
        return SubjectFields(
            country=self.Country,
            state=self.Province,
            locality=self.Locality,
            organisation=self.Organization,
            unit=self.OrganizationalUnit,
            email=self.Email,
        )


def _pem(data: bytes) -> web.Response:
    return web.Response(body=data, content_type=HTML, charset="utf-8")


# Signing request.


async def _request(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.request
    if pending is None:
        raise web.HTTPNotFound(text="no signing request is in progress")
    return _pem(pending.csr.public_bytes(Encoding.PEM))


async def _generate(request: web.Request) -> web.Response:
    given = await body_of_script(request, RequestFields)
    peer, subject = request.app[PEER], given.subject
    if peer.state.request is not None:
        raise web.HTTPConflict(text=f"{peer.fqdn} has a signing request in progress; discard it first")
    await peer.generate(
        added=given.Additional_FQDNS, fields=subject, digest=given.DigestAlgorithm, key_size=given.KeyLength
    )
    return message()


# Server certificate and trusted CA list.


async def _server(request: web.Request) -> web.Response:
    loaded = request.app[PEER].state.certificate
    if loaded is None:
        raise web.HTTPNotFound(text="there is no server certificate")
    return _pem(loaded.pem())


async def _upload(request: web.Request) -> web.Response:
    await request.app[PEER].upload(await uploaded_file(request))
    return message("OK")


async def _roots(request: web.Request) -> web.Response:
    return _pem(_joined(request.app[PEER].state.trusted_ca_list))


def _joined(certificates: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


async def _append(request: web.Request) -> web.Response:
    await request.app[PEER].trust(await uploaded_file(request), append=True)
    return message("Root Certificate updated.")


# ACME, domains, restart.


async def _pending(request: web.Request) -> web.Response:
    pending = request.app[PEER].state.pending_certificate
    if pending is None:
        raise web.HTTPNotFound(text="no ACME certificate is pending")
    return _pem(pending.pem())


async def _sign(request: web.Request) -> web.Response:
    await acme_pages.sign(request, await body_of_script(request, Nothing))
    return message()


async def _discard_pending(request: web.Request) -> web.Response:
    await actions.discard_pending(request, await body_of_script(request, Nothing))
    return message()


async def _deploy(request: web.Request) -> web.Response:
    nothing = await body_of_script(request, Nothing)
    if request.app[PEER].state.pending_certificate is None:
        raise web.HTTPNotFound(text="no ACME certificate is pending")
    await actions.deploy(request, nothing)
    return message()


async def _domain_certificate(request: web.Request) -> web.Response:
    domain = parse_dns_name(request.match_info["domain"])
    found = dict(request.app[PEER].state.domain_certificates).get(domain)
    if found is None:
        raise web.HTTPNotFound(text=f"there is no certificate for {domain}")
    return _pem(found.pem())


async def _domain_request(request: web.Request) -> web.Response:
    domain = parse_dns_name(request.match_info["domain"])
    found = dict(request.app[PEER].state.domain_requests).get(domain)
    if found is None:
        raise web.HTTPNotFound(text=f"there is no signing request for {domain}")
    return _pem(found.csr.public_bytes(Encoding.PEM))


async def _deploy_domain(request: web.Request) -> web.Response:
    await body_of_script(request, Nothing)
    peer, domain = request.app[PEER], parse_dns_name(request.match_info["domain"])
    if domain not in dict(peer.state.domain_pending):
        raise web.HTTPNotFound(text=f"no ACME certificate is pending for {domain}")
    await peer.deploy_domain(domain)
    return message()


async def _restart(request: web.Request) -> web.Response:
    await actions.restart(request, await body_of_script(request, Nothing))
    return message()


_CONTENT_TYPE = "the content type text/html is that of the client's tests"
_certs = partial(Call, source=f"{REFERENCE}; {PY_EXPRESSWAY}")
_acme = partial(Call, role=Role.EXPRESSWAY_E, feature=ACME, source=INTERFACES)
_domains = partial(Call, feature=REST_DOMAIN_CERTIFICATES, source=f"{REFERENCE}; {INTERFACES}")
_PENDING = "/certs/acme/pendingcert"
_DOMAIN = "/domaincerts/domain/{domain}"

CALLS: tuple[Call, ...] = (
    _certs(
        method="GET",
        path="/certs/root",
        handler=_roots,
        gives=HTML,
        uncertain=_CONTENT_TYPE,
        summary="All trusted CA certificates, as PEM.",
    ),
    _certs(
        method="POST",
        path="/certs/root",
        handler=_append,
        body=PART,
        summary="Append CA certificates (PEM) to the trusted CA list.",
        uncertain="body and message are those of the client; its tests show that the list grows; the status of a refusal is ours",
    ),
    _certs(
        method="GET",
        path="/certs/server",
        handler=_server,
        gives=HTML,
        summary="The loaded server certificate, as PEM.",
        uncertain=f"{_CONTENT_TYPE}; that it is the loaded certificate, before the restart too, is ours",
    ),
    _certs(
        method="POST",
        path="/certs/server",
        handler=_upload,
        body=PART,
        summary="Load the certificate (PEM) that answers the signing request; a restart makes it effective.",
        uncertain="body and message are those of the client; the status of a refusal is ours",
    ),
    _certs(
        method="GET",
        path="/certs/generate_csr",
        handler=_request,
        gives=HTML,
        uncertain=_CONTENT_TYPE,
        summary="The signing request in progress, as PEM; 404 if there is none.",
    ),
    _certs(
        method="POST",
        path="/certs/generate_csr",
        handler=_generate,
        body=RequestFields,
        summary="Make a key and a signing request; Conflict if one is in progress.",
        uncertain=f"the body is the client's; the statuses, and which fields may be empty (here all but {', '.join(_WANTED)})",
    ),
    _acme(
        method="GET",
        path=_PENDING,
        handler=_pending,
        gives=HTML,
        summary="The pending ACME certificate, as PEM; 404 if there is none.",
        uncertain="the document has only POST",
        is_inferred=True,
    ),
    _acme(
        method="POST",
        path=_PENDING,
        handler=_sign,
        wants_header=True,
        summary="Let the ACME provider sign the request; the certificate is then pending.",
        uncertain="that POST signs is inferred from the path",
    ),
    _acme(
        method="DELETE",
        path=_PENDING,
        handler=_discard_pending,
        summary="Discard the pending ACME certificate.",
        uncertain="after `xCommand ACME Delete Pending Cert`",
        is_inferred=True,
    ),
    _acme(
        method="POST",
        path=f"{_PENDING}/deploy",
        handler=_deploy,
        wants_header=True,
        summary="Deploy the pending ACME certificate.",
        uncertain="the answer, and 404 if nothing is pending",
    ),
    _domains(
        method="POST",
        path=_DOMAIN,
        wants_header=True,
        summary="Change the certificate of a domain.",
        uncertain="no document states its body",
    ),
    _domains(
        method="GET",
        path=f"{_DOMAIN}/cert",
        handler=_domain_certificate,
        gives=HTML,
        summary="The certificate of a domain, as PEM; 404 if it has none.",
        uncertain="only the path of the domain is documented",
    ),
    _domains(
        method="GET",
        path=f"{_DOMAIN}/csr",
        handler=_domain_request,
        gives=HTML,
        summary="The signing request of a domain, as PEM; 404 if it has none.",
        uncertain="only the path of the domain is documented",
    ),
    _acme(
        method="POST",
        path=f"{_DOMAIN}/acme/pendingcert/deploy",
        handler=_deploy_domain,
        wants_header=True,
        summary="Deploy the pending ACME certificate of a domain.",
        uncertain="the answer, and 404 if nothing is pending",
    ),
    Call(
        method="POST",
        path="/restart",
        handler=_restart,
        wants_header=True,
        source=INTERFACES,
        summary="Restart the Expressway; it then uses the loaded certificates.",
        uncertain="the answer; here the peer answers first and restarts after that",
    ),
)
