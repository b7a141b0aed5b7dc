"""Enrols a request on the web pages of AD CS, as an administrator's browser would."""

from __future__ import annotations

import re
import ssl
from html import unescape

import aiohttp
import pandas as pd
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.files import parse
from pkikit.issue.templates import CLIENT_AND_SERVER, WEB_SERVER, CertificateTemplate, web_enrolment_form
from pkikit.model.certificates.credential import Credential
from simulator.services import adcs
from workbook.session import LabSession

TEMPLATES = {t.name: t for t in (WEB_SERVER, CLIENT_AND_SERVER)}


def enrol(session: LabSession, peer: str, template: str) -> Credential:
    """Submit the peer's pending request to the lab's AD CS with a template, and download the certificate, Base 64."""
    request = session.peer(peer).state.request
    if request is None:
        raise InputError(f"{peer} has no pending request; generate one first: lab.generate_csr({peer!r})")
    chosen = template_of(template)
    leaf = session.threaded.run(_submit, session, web_enrolment_form(request.csr, chosen))
    issuer = session.threaded.issued.authority
    return Credential(
        chain=(*parse(leaf, where="the answer of AD CS").certificates, *issuer.intermediates), key=request.key
    )


async def _submit(session: LabSession, form: str) -> bytes:
    lab = session.threaded
    host, port = lab.adcs.address
    context = ssl.create_default_context(cadata=lab.issued.root.certificate.public_bytes(Encoding.PEM).decode())
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = False  # dialled by its address
    login = aiohttp.BasicAuth(adcs.USER, lab.passwords[adcs.USER])
    base = f"https://{host}:{port}/certsrv"
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(
        connector=connector, auth=login, timeout=aiohttp.ClientTimeout(total=20)
    ) as client:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with client.post(f"{base}/certfnsh.asp", data=form, headers=headers) as answer:
            page = await answer.text()
        found = re.search(r"certnew\.cer\?ReqID=(\d+)&", page)
        if found is None:
            said = re.search(r'disposition message is "(.*?)"\.', page)
            raise InputError(f"AD CS denied the request: {unescape(said[1]) if said else 'no reason is given'}")
        async with client.get(f"{base}/certnew.cer", params={"ReqID": found[1], "Enc": "b64"}) as answer:
            return await answer.read()


def template_of(name: str) -> CertificateTemplate:
    """Return a template that is enabled on the lab's AD CS."""
    if name not in TEMPLATES:
        raise InputError(f"AD CS has no template {name!r}; there are {', '.join(TEMPLATES)}")
    return TEMPLATES[name]


def template_table(name: str) -> pd.DataFrame:
    """Return what the properties window of a template shows."""
    rows = [{"tab": tab, "field": field, "value": value} for tab, field, value in template_of(name).properties()]
    return pd.DataFrame(rows).set_index(["tab", "field"])


def template_objections() -> dict[str, list[str]]:
    """Return why each template does not suit an Expressway; nothing if it does."""
    return {t.display_name: list(t.objections()) for t in TEMPLATES.values()}
