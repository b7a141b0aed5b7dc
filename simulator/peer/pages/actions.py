"""What an administrator does to a peer, written once for the pages and for the REST API.

`for_scripts` and `for_people` make request handlers of an action. Both read the same body: one from JSON, one from a form.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pydantic
from aiohttp import web

from pkikit.model.certificates.facts import format_time
from pkikit.model.findings import Finding
from pkikit.text import counted
from simulator.peer.pages.banners import CLIENT_CHANGED, TRUST_CHANGED, Banner, Tone, restart_required
from simulator.peer.pages.bodies import (
    AlarmKey,
    BodyT,
    Certificates,
    Crl,
    CrlSources,
    Domain,
    DomainUpload,
    EkuChanges,
    Generate,
    Nothing,
    ServerUpload,
    Upload,
    body_of_form,
    body_of_script,
)
from simulator.peer.pages.rendering import PEER, page_of_form, redirect
from simulator.peer.upload import warning_lines

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class ActionResult:
    """The result of an action: the sentence and the advice for the page, the product's warnings, and the JSON answer."""

    sentence: str = ""
    warnings: tuple[Finding, ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)
    advice: tuple[Banner, ...] = ()

    @property
    def banners(self) -> tuple[Banner, ...]:
        """What the next page displays at its top."""
        done = (Banner(text=self.sentence),) if self.sentence else ()
        lines = tuple(warning_lines(self.warnings))
        warned = (Banner(tone=Tone.WARNING, text="The product warns, and accepts the file:", lines=lines),)
        return (*done, *(warned if lines else ()), *self.advice)


def _with_warnings(sentence: str, warnings: tuple[Finding, ...], *advice: Banner) -> ActionResult:
    answer = {"warnings": [f.to_json() for f in warnings]}
    return ActionResult(sentence=sentence, warnings=warnings, answer=answer, advice=advice)


Action = Callable[[web.Request, BodyT], Awaitable[ActionResult]]


def describe(handler: Handler, model: type[pydantic.BaseModel], summary: str) -> Handler:
    """Attach to the handler what `rest.description` publishes about it: the model of its body, and its summary."""
    handler.body, handler.summary = model, summary.strip().partition("\n")[0]  # type: ignore[attr-defined]
    return handler


def for_scripts(
    model: type[BodyT], action: Action[BodyT], *, then: Handler | None = None, status: int = 200
) -> Handler:
    """Return a handler that reads a JSON body.

    Args:
        model: the model of the body.
        action: is called with the peer and the body.
        then: makes the response instead of the action.
        status: HTTP status of the response.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        done = await action(request, await body_of_script(request, model))
        return await then(request) if then is not None else web.json_response(dict(done.answer), status=status)

    return describe(handle, model, action.__doc__ or "")


def for_people(model: type[BodyT], action: Action[BodyT], back: str) -> Handler:
    """Return a handler that reads a form, and redirects to a page with the result as banners.

    Args:
        model: the model of the form.
        action: is called with the peer and the form.
        back: address of the page, unless the form names another one.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        done = await action(request, await body_of_form(request, model))
        redirect(request, await page_of_form(request, back), *done.banners)

    return handle


# Server certificate.


async def generate(request: web.Request, given: Generate) -> ActionResult:
    """Make a key and a signing request."""
    await request.app[PEER].generate(
        added=given.additional_names, fields=given.fields, digest=given.digest, key_size=given.key_length
    )
    return ActionResult()


async def discard(request: web.Request, _: Nothing) -> ActionResult:
    """Discard the signing request."""
    await request.app[PEER].discard()
    return ActionResult(sentence="The signing request and its key were discarded.")


async def upload(request: web.Request, given: ServerUpload) -> ActionResult:
    """Load a server certificate."""
    peer = request.app[PEER]
    warnings = await peer.upload(given.certificate, given.private_key, as_client=given.as_client)
    loaded = peer.state.certificate
    ends = f" It expires on {format_time(loaded.leaf.not_valid_after_utc)}." if loaded is not None else ""
    where = "server and client certificate" if given.as_client else "server certificate"
    return _with_warnings(f"The {where} was loaded.{ends}", warnings, restart_required("certificate"))


async def upload_client(request: web.Request, given: Upload) -> ActionResult:
    """Load a client certificate."""
    warnings = await request.app[PEER].load_client_certificate(given.certificate, given.private_key)
    return _with_warnings("The client certificate was loaded.", warnings, CLIENT_CHANGED)


async def remove_client(request: web.Request, _: Nothing) -> ActionResult:
    """Remove the client certificate."""
    await request.app[PEER].remove_client_certificate()
    return ActionResult(sentence="The client certificate was removed.", advice=(CLIENT_CHANGED,))


async def upload_domain(request: web.Request, given: DomainUpload) -> ActionResult:
    """Load a certificate for one domain."""
    await request.app[PEER].load_domain_certificate(given.domain, given.certificate, given.private_key)
    return ActionResult(sentence="The domain certificate was loaded.", advice=(restart_required("certificate"),))


async def remove_domain(request: web.Request, given: Domain) -> ActionResult:
    """Remove a domain's certificate."""
    await request.app[PEER].remove_domain_certificate(given.domain)
    return ActionResult(sentence="The domain certificate was removed.")


async def deploy(request: web.Request, _: Nothing) -> ActionResult:
    """Deploy the pending certificate. Nothing restarts."""
    await request.app[PEER].deploy()
    return ActionResult(sentence="The certificate was deployed. New connections use it; no restart is needed.")


async def discard_pending(request: web.Request, _: Nothing) -> ActionResult:
    """Discard the pending certificate."""
    await request.app[PEER].discard_pending()
    return ActionResult(sentence="The pending certificate was discarded.")


async def acknowledge(request: web.Request, body: AlarmKey) -> ActionResult:
    """Acknowledge an alarm; it stays raised until its reason is gone."""
    alarm = request.app[PEER].alarm_board.acknowledge(body.alarm)
    sentence = f"Acknowledged: {alarm.title}. It stays raised until its reason is gone."
    return ActionResult(sentence=sentence, answer={"id": alarm.id, "title": alarm.title, "acknowledged": True})


async def restart(request: web.Request, _: Nothing) -> ActionResult:
    """Restart the peer once the answer is out."""
    await request.app[PEER].restart_soon()
    return ActionResult(answer={"restarting": True})


# Trusted CA list and CRLs.


async def append_trusted(request: web.Request, given: Certificates) -> ActionResult:
    """Append CA certificates to the trusted CA list."""
    return _with_warnings(
        "The CA certificates were appended to the list.",
        await request.app[PEER].trust(given.certificates, append=True),
        TRUST_CHANGED,
    )


async def replace_trusted(request: web.Request, given: Certificates) -> ActionResult:
    """Put CA certificates in the place of the trusted CA list."""
    return _with_warnings(
        "The list was replaced.", await request.app[PEER].trust(given.certificates, append=False), TRUST_CHANGED
    )


async def distrust(request: web.Request, _: Nothing) -> ActionResult:
    """Delete the CA certificate whose fingerprint is in the path."""
    await request.app[PEER].distrust(request.match_info["fingerprint"])
    return ActionResult(sentence="The CA certificate was deleted.", advice=(TRUST_CHANGED,))


async def reset_trusted(request: web.Request, _: Nothing) -> ActionResult:
    """Trust only the temporary CA of the installation."""
    await request.app[PEER].reset_trust()
    return ActionResult(sentence="The list now has only the temporary CA of the installation.", advice=(TRUST_CHANGED,))


async def upload_crl(request: web.Request, given: Crl) -> ActionResult:
    """Use a file of CRLs."""
    count = await request.app[PEER].upload_crl(given.crl)
    sentence = f"The CRL file is in use. It contains {counted(count, 'CRL')}."
    return ActionResult(sentence=sentence, answer={"lists": count})


async def remove_crl(request: web.Request, _: Nothing) -> ActionResult:
    """Remove the file of CRLs."""
    await request.app[PEER].remove_crl()
    return ActionResult(sentence="The manual CRL file was removed.")


async def set_crl_sources(request: web.Request, given: CrlSources) -> ActionResult:
    """Set the automatic CRL updates."""
    await request.app[PEER].set_crl_sources(given.automatic)
    return ActionResult(sentence="The automatic updates are set.")


async def stop_crl_updates(request: web.Request, _: Nothing) -> ActionResult:
    """Switch the automatic CRL updates off."""
    peer = request.app[PEER]
    await peer.set_crl_sources(replace(peer.state.automatic, urls=()))
    return ActionResult(sentence="The automatic updates are off.")


async def set_eku_switches(request: web.Request, given: EkuChanges) -> ActionResult:
    """Change the switches for extended key usages of the cluster: Checking Mode (X15.5), EnableServerEkuUpload (X15.4)."""
    request.app[PEER].set_eku_switches(checking=given.checking, server_upload=given.server_upload)
    return ActionResult(sentence="The switches are set on all peers of the cluster.")


async def set_revocation(request: web.Request, given: Any) -> ActionResult:
    """Change SIP revocation settings of the cluster; `given` is a `RevocationChanges`."""
    request.app[PEER].set_revocation(given.model_dump(exclude_unset=True))
    return ActionResult(sentence="The settings are saved on all peers of the cluster.")
