"""A script that uses the product's REST calls of one peer, with what a plain HTTP client sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from simulator.threaded import ThreadedLab
from tests.support.web_client import ask, basic
from tests.support.worlds import E1

PROVISIONING = "/api/provisioning"
HEADER = {"X_CSRF_Header": "any"}
SUBJECT = {"Country": "GB", "Province": "Kent", "Locality": "Dover", "Organization": "Example"}
BOUNDARY = "multipart/form-data; boundary=b"


def part(content: str, name: str = 'name="file"; filename="a.pem"', *headers: str) -> bytes:
    """One part of a multipart body, without the end of the body."""
    lines = "".join(f"{h}\r\n" for h in (f"Content-Disposition: form-data; {name}", *headers))
    return f"--b\r\n{lines}\r\n{content}\r\n".encode()


END = b"--b--\r\n"


@dataclass
class ProductScript:
    """Requests to the product's calls of one peer."""

    lab: ThreadedLab
    peer: str = E1
    user: str = "admin"
    base: str = PROVISIONING

    def ask(
        self, method: str, path: str, body: bytes | dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, str]:
        """(status, text)."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        kind = {"Content_Type": "application/json"} if isinstance(body, dict) else {}
        headers = {"Authorization": basic(self.lab, self.user), **kind, **headers}
        status, answer, _ = ask(self.lab, self.peer, method, self.base + path, data, **headers)
        return status, answer.decode()

    def json(
        self, method: str, path: str, body: bytes | dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, Any]:
        """(status, document)."""
        status, text = self.ask(method, path, body, **headers)
        return status, json.loads(text)

    def upload(self, path: str, content: str) -> tuple[int, Any]:
        """Send one file."""
        return self.json("POST", path, part(content) + END, Content_Type=BOUNDARY)
