"""Asking the web faces of a running lab as a script, a browser or a stranger does."""

from __future__ import annotations

import ssl
from base64 import b64encode
from http.client import HTTPSConnection
from typing import Any

from simulator.threaded import ThreadedLab
from simulator.web.doorkeeper import AccountRole
from tests.support.wait import LONG
from tests.support.worlds import E1

FORM = "application/x-www-form-urlencoded"
ANYONE = ssl.create_default_context()
ANYONE.check_hostname, ANYONE.verify_mode = False, ssl.CERT_NONE


def where(lab: ThreadedLab, server: str) -> tuple[str, int]:
    return lab.lab.adcs.address if server == "adcs" else lab.lab.sites[server].address


def basic(lab: ThreadedLab, user: str = "admin", password: str | None = None) -> str:
    password = lab.lab.passwords[user] if password is None else password
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
    return lab.lab.sites[E1].gate.doorkeeper.open_session("admin", AccountRole.ADMINISTRATOR)
