"""Talks to a running lab from another terminal: finds it by its state folder, and calls the lab's own calls of its peers."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pkikit.errors import InputError
from pkikit.files import read_bytes
from pkikit.text import printable
from simulator.errors import LabError

ACCESS = "access.json"
_PATIENCE = 120.0  # seconds: a step may wait for handshakes of all held connections
_MOST = 64 * 1024 * 1024


class LabClient:
    """The calls of one running lab, as its administrator."""

    def __init__(self, state: Path) -> None:
        """Read how to reach the lab.

        Args:
            state: the folder of `expressway-sim up --state`.

        Raises:
            LabError: no lab runs with this folder.
            InputError: its access.json is damaged.
        """
        self._state, path = state, state / ACCESS
        if not path.is_file():
            raise LabError(
                f"no lab runs with the state folder {state}; start one: expressway-sim up DEPLOYMENT --state {state}"
            )
        try:
            access = json.loads(read_bytes(path, 1024 * 1024))
            self._peers = [(fqdn, _address(found["url"])) for fqdn, found in access["peers"].items()]
            self._password = str(access["accounts"]["admin"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError("is not the access file of a lab", where=str(path)) from None

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, avoid: str = "") -> dict[str, Any]:
        """Make a call at the first peer that answers.

        Args:
            method: the HTTP method.
            path: below `/api/lab`.
            body: the JSON body.
            avoid: the peer to ask last, because it restarts.

        Returns:
            The answer.

        Raises:
            LabError: no peer answers, or the lab refuses the call; the message says why.
        """
        peers = sorted(self._peers, key=lambda peer: peer[0] == avoid)
        for connection in _open(peers):
            with connection:
                return _answer(connection, method, path, body, self._password)
        raise LabError(
            f"the lab of {self._state} does not answer: it was killed, or it is starting. "
            f"Start it again: expressway-sim up DEPLOYMENT --state {self._state}"
        )


class _Connection(http.client.HTTPSConnection):
    """An HTTPS connection that closes with its block."""

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _address(url: object) -> tuple[str, int]:
    found = urlsplit(str(url))
    host, port = found.hostname or "", found.port
    if found.scheme != "https" or port is None or not ipaddress.ip_address(host).is_loopback:
        raise ValueError("not an address of a lab")
    return host, port


def _open(peers: list[tuple[str, tuple[str, int]]]) -> Iterator[_Connection]:
    """Yield a connection to each peer that answers.

    Nothing here verifies its certificate: the address is this machine's own, and a plan may load bad certificates.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _, (host, port) in peers:
        connection = _Connection(host, port, timeout=_PATIENCE, context=context)
        try:
            connection.connect()
        except OSError:
            connection.close()
            continue
        yield connection


def _answer(
    connection: _Connection, method: str, path: str, body: Mapping[str, Any] | None, password: str
) -> dict[str, Any]:
    login = base64.b64encode(f"admin:{password}".encode()).decode("ascii")
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    try:
        connection.request(method, f"/api/lab{path}", json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        data = response.read(_MOST)
    except (OSError, http.client.HTTPException) as error:
        raise LabError(f"the lab closed the connection before it answered: {type(error).__name__}") from None
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LabError(f"the lab answered with HTTP status {response.status}, and nothing that can be read")
    if response.status >= 400:
        raise LabError(printable(str(answer.get("error", f"HTTP status {response.status}")), 2_000))
    return answer
