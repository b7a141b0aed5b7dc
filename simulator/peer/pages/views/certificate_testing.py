"""Maintenance > Security > Client certificate testing.

It tries a certificate against the trusted CA list and the CRLs, and reads a user name from it by a pattern.
Source: administrator guides X8.x, 'Testing client certificates'.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio.to_thread
from aiohttp import web
from cryptography import x509

from pkikit.errors import InputError
from pkikit.files import MAX_UPLOAD, parse
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.facts import title
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Verdict
from pkikit.model.leg import Consumer, Purpose
from pkikit.model.revocation import RevocationQuestion
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.bodies import file_of
from simulator.peer.pages.pattern import Pattern, certificate_text
from simulator.peer.pages.rendering import PEER, render
from simulator.peer.peer import Peer
from simulator.web.web_input import text_fields

PAGE = "/certificatetesting"
# The example of the guides.
DEFAULT_REGEX, DEFAULT_FORMAT = "/(Subject:.*, CN=(?<Group1>.*))/m", "#Group1#"
_LONGEST = 1_000


@dataclass(frozen=True, kw_only=True)
class TestResult:
    """What the page displays below Certificate test results. verdict: None for plain text, which nobody can verify."""

    subject: str
    verdict: Verdict | None
    crls: int
    resulting: str
    trouble: str = ""


async def _page(request: web.Request) -> web.Response:
    return await _render(request, None)


async def _render(request: web.Request, result: TestResult | None) -> web.Response:
    given = await text_fields(request) if request.method == "POST" else {}
    return render(
        request,
        "certificatetesting.html",
        result=result,
        regex=given.get("regex", DEFAULT_REGEX)[:_LONGEST],
        template=given.get("template", DEFAULT_FORMAT)[:_LONGEST],
        source=given.get("source", "upload"),
    )


async def _test(request: web.Request) -> web.Response:
    form, data = await text_fields(request), await file_of(request, "certificate")
    if form.get("source") == "browser":
        raise InputError(
            "The browser has shown no certificate. The product asks for one only if client certificate-based security is on "
            "(System > Administration settings), which the lab does not simulate. Upload a test file instead."
        )
    if not data.strip():
        raise InputError("Select the certificate file to test.")
    pattern = Pattern.parse(form.get("regex", ""), form.get("template", ""))
    peer = request.app[PEER]
    result = await anyio.to_thread.run_sync(try_certificate, peer, data, pattern)
    return await _render(request, result)


def try_certificate(peer: Peer, data: bytes, pattern: Pattern) -> TestResult:
    """Test a file: PEM is verified and searched; plain text is searched alone.

    Raises:
        InputError: the file is neither, or the pattern cannot be used.
    """
    leaf, sent = _certificate(data)
    text = certificate_text(leaf) if leaf is not None else data.decode("utf-8", "replace")
    found = pattern.apply(text)
    crls = len(peer.state.revocation_data.crls)
    subject = title(leaf) if leaf is not None else "plain text"
    verdict = judge_client(peer, leaf, sent) if leaf is not None else None
    return TestResult(subject=subject, verdict=verdict, crls=crls, resulting=found.text, trouble=found.trouble)


def _certificate(data: bytes) -> tuple[x509.Certificate | None, tuple[x509.Certificate, ...]]:
    if b"-----BEGIN" not in data:
        return None, ()
    contents = parse(data, where="test file", limit=MAX_UPLOAD, open_stores=False)
    if not contents.certificates:
        raise InputError(contents.lacks("certificate"), where="test file")
    return contents.certificates[0], contents.certificates[1:]


def judge_client(peer: Peer, leaf: x509.Certificate, sent: tuple[x509.Certificate, ...]) -> Verdict:
    """Return whether this peer's trusted CA list, and its CRLs if it has any, accept a client certificate."""
    held = peer.state.revocation_data
    question = None
    if held.crls:
        settings = Revocation(checking=True, use_ocsp=False, cdp_download=False)
        question = RevocationQuestion(settings=settings, data=held, consumer=Consumer.HTTPS)
    return verify_certificate(
        leaf,
        sent=sent,
        trusted_ca_list=peer.state.trusted_ca_list,
        purpose=Purpose.CLIENT,
        at=peer.lab.now_of(peer.fqdn),
        revocation=question,
        verifier=peer.fqdn,
    )


GET: tuple[tuple[str, Handler], ...] = ((PAGE, _page),)
POST: tuple[tuple[str, Handler], ...] = ((PAGE, _test),)
