"""Everything that a peer shows an administrator: every page, every REST answer, every download."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator
from http.client import HTTPSConnection
from urllib.parse import urlencode

import pandas as pd
from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.model.certificates.credential import PrivateKey
from simulator.peer.api.answers import is_api
from workbook.session import LabSession

# The peer's own certificate is what a lesson changes, so these look at the pages whatever it is.
_ANY_CERTIFICATE = ssl.create_default_context()
_ANY_CERTIFICATE.check_hostname = False
_ANY_CERTIFICATE.verify_mode = ssl.CERT_NONE


def peer_answers(lab: LabSession, fqdn: str) -> pd.DataFrame:
    """Return one row for each GET path of a peer: status, kind of answer, whether it contains a request or a private key."""
    peer = lab.peer(fqdn)
    keys = [c.key for c in lab.party(fqdn).credentials if c.key is not None]
    if peer.state.request is not None:
        keys.append(peer.state.request.key)
    rows = []
    for path, status, kind, body in _everything(lab, fqdn):
        shows_request = "-----BEGIN CERTIFICATE REQUEST-----" in body
        rows.append(
            {
                "path": path,
                "status": status,
                "kind": kind,
                "request": "PEM" if shows_request else "",
                "private key": any(holds_key(body, key) for key in keys),
            }
        )
    return pd.DataFrame(rows).set_index("path")


def holds_key(text: str, key: PrivateKey) -> bool:
    """Return True if a text contains the private value of a key: in PEM or other base64, in hexadecimal or in decimal."""
    numbers = key.private_numbers()
    value = numbers.d if isinstance(numbers, rsa.RSAPrivateNumbers) else numbers.private_value
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    plain = re.sub(r"\\n|[\s:]", "", text)
    if str(value) in plain or octets.hex() in plain.lower():
        return True
    # Base64 writes the same octets in three ways, by where they begin; the first and last characters depend on neighbours.
    return any(base64.b64encode(b"\0" * shift + octets)[4:-4].decode() in plain for shift in range(3))


def _everything(lab: LabSession, fqdn: str) -> Iterator[tuple[str, int, str, str]]:
    inside = lab.threaded
    password = inside.passwords["admin"]
    basic = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()
    address = inside.sites[fqdn].address
    form = urlencode({"user": "admin", "password": password})
    _, _, cookie, _ = _ask(address, "POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    for path in inside.sites[fqdn].get_paths():
        headers = {"Authorization": basic} if is_api(path) else {"Cookie": cookie}
        status, kind, _, body = _ask(address, "GET", path, None, headers)
        yield path, status, kind, body


def _ask(
    address: tuple[str, int], method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[int, str, str, str]:
    """Return (status, kind of answer, cookie, text)."""
    connection = HTTPSConnection(*address, context=_ANY_CERTIFICATE, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        kind = (answer.getheader("Content-Type") or "").partition(";")[0]
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        return answer.status, kind, cookie, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()
