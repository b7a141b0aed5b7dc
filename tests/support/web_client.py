"""Clients for the web pages and the REST interface of a running lab: a script, a form without a browser, a stranger."""

from __future__ import annotations

import json
import ssl
import urllib.parse
from base64 import b64encode
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPSConnection, RemoteDisconnected
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.threaded import ThreadedLab
from simulator.web.doorkeeper import AccountRole
from tests.support.wait import LONG, eventually, retry
from tests.support.worlds import E1

BASE = "/api/lab"
FORM = "application/x-www-form-urlencoded"
ANYONE = ssl.create_default_context()
ANYONE.check_hostname, ANYONE.verify_mode = False, ssl.CERT_NONE


def where(lab: ThreadedLab, server: str) -> tuple[str, int]:
    return lab.adcs.address if server == "adcs" else lab.sites[server].address


def basic(lab: ThreadedLab, user: str = "admin", password: str | None = None) -> str:
    password = lab.passwords[user] if password is None else password
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def ask(
    lab: ThreadedLab, server: str, method: str, path: str, body: bytes | None = None, *, source: str = "",
    **headers: str,
) -> tuple[int, bytes, dict[str, str]]:  # fmt: skip
    """(status, body, headers); `source` is the address to ask from."""
    host, port = where(lab, server)
    local = (source, 0) if source else None
    connection = HTTPSConnection(host, port, context=ANYONE, timeout=LONG, source_address=local)
    try:
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def logged_in(lab: ThreadedLab) -> tuple[str, str]:
    """(cookie, CSRF token) of a new session of the administrator."""
    cookie, session = lab.run(_session, lab)
    return f"__Host-session={cookie}", session.csrf


async def _session(lab: ThreadedLab) -> Any:
    return lab.sites[E1].gate.doorkeeper.open_session("admin", AccountRole.ADMINISTRATOR)


@dataclass
class Script:
    """An administrator's script that uses one peer's REST interface."""

    lab: ThreadedLab
    peer: str = E1
    user: str = "admin"
    password: str | None = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request and return (status, document). A GET that a restart interrupts is sent again."""
        if method == "GET":
            return retry(lambda: self._ask(method, path, body, **headers), ConnectionError, RemoteDisconnected)
        return self._ask(method, path, body, **headers)

    def ask_and_restart(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request that makes the peer restart; return when its pages have restarted."""
        site = self.lab.sites[self.peer]
        before = site.restarts
        answer = self.ask(method, path, body)
        eventually(lambda: site.restarts > before, f"{self.peer} does not restart")
        return answer

    def _ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        headers = {"Authorization": basic(self.lab, self.user, self.password), **headers}
        data = json.dumps(body).encode() if body is not None else None
        status, answer, _ = ask(self.lab, self.peer, method, BASE + path, data, **headers)
        return status, json.loads(answer)

    def sign(self, csr_pem: str) -> str:
        """The certificate that the lab's CA issues for a request, with its chain, as PEM."""
        issued = self.lab.issued
        leaf = issued.authority.issue(x509.load_pem_x509_csr(csr_pem.encode()), at=self.lab.clock.now())
        return "".join(c.public_bytes(Encoding.PEM).decode() for c in (leaf, *issued.authority.intermediates))


class FormClient:
    """The pages of one peer without a browser: it keeps the cookie and sends forms."""

    def __init__(self, lab: ThreadedLab, peer: str) -> None:
        self.host, self.port = where(lab, peer)
        self.cookie = ""

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, str, Message]:
        """Send a request and return (status, page, headers)."""
        connection = HTTPSConnection(self.host, self.port, context=ANYONE, timeout=LONG)
        body = urllib.parse.urlencode(form) if form is not None else None
        kind = {"Content-Type": FORM} if body is not None else {}
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, **kind, **headers})
            answer = connection.getresponse()
            if answer.getheader("Set-Cookie"):
                self.cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()
