"""What scripts send wrongly to the product's REST calls: a status below 500, one sentence, and nothing half applied."""

from __future__ import annotations

import json
import logging
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import MAX_UPLOAD, key_pem
from simulator.peer.api.call_table import addresses
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import lab_fixture
from tests.support.product_api import BOUNDARY, END, SUBJECT, ProductScript, part
from tests.support.wait import LONG
from tests.support.web_client import ANYONE, ask, basic, where
from tests.support.worlds import C1, E1

lab = lab_fixture()


@pytest.fixture(autouse=True)
def no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A script's mistake is not an error of ours: nothing at that level, and no traceback."""
    yield
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


@pytest.fixture
def unchanged(lab: ThreadedLab) -> Iterator[None]:
    """Everything on the peer is as before; no request and no list changed."""
    before, world = lab.peers[E1].state, lab.world
    yield
    assert lab.peers[E1].state == before
    assert lab.world == world


def root(lab: ThreadedLab) -> str:
    """A certificate that the list would accept."""
    made = craft(("other-ca.example.net",), None, at=lab.clock.now(), ca=True)
    return made.leaf.public_bytes(Encoding.PEM).decode()


def refused(answer: tuple[int, Any], status: int, phrase: str) -> str:
    """Check the form of a refusal and return its sentence."""
    got, document = answer
    assert (got, document["Message"]) == (status, phrase), document
    assert set(document) == {"Message", "error"}
    assert len(document["error"].splitlines()) == 1
    assert "Traceback" not in document["error"]
    return str(document["error"])


PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
BODIES = {
    "no part": (BOUNDARY, END, "no part 'file'"),
    "other part": (BOUNDARY, part(PEM, 'name="certificate"') + END, "part 'certificate' is not known"),
    "two files": (BOUNDARY, part(PEM) + part(PEM) + END, "more than one part is called 'file'"),
    "file and another": (BOUNDARY, part(PEM) + part("x", 'name="key"; filename="k"') + END, "part 'key' is not known"),
    "empty file": (BOUNDARY, part("") + END, "certificate file"),
    "no PEM": (BOUNDARY, part("hello") + END, "neither PEM nor DER"),
    "not a certificate": (BOUNDARY, part(PEM) + END, ""),
    "cut off": (BOUNDARY, part(PEM)[:-20], ""),
    "no boundary": ("multipart/form-data", part(PEM) + END, "cannot be read"),
    "no body": (BOUNDARY, b"", ""),
    "JSON": ("application/json", b'{"file": "x"}', "the body is application/json; send multipart/form-data"),
    "multipart called JSON": ("application/json", part(PEM) + END, "send multipart/form-data"),
    "form": ("application/x-www-form-urlencoded", b"file=x", "send multipart/form-data"),
    "no content type": ("", part(PEM) + END, "send multipart/form-data"),
    "wrong charset": (f"{BOUNDARY}; charset=utf-16", part(PEM) + END, "must be in UTF-8"),
    "charset that there is not": (f"{BOUNDARY}; charset=bogus", part(PEM) + END, "must be in UTF-8"),
    "bytes of no charset": (BOUNDARY, part(PEM).replace(b"AAAA", b"\xff\xfe") + END, ""),
    "odd part name": (BOUNDARY, part(PEM, 'name="\x1b[2J"; filename="x"') + END, ""),
}  # fmt: skip


@pytest.mark.parametrize("path", ["/certs/root", "/certs/server"])
@pytest.mark.parametrize("case", BODIES)
@pytest.mark.usefixtures("unchanged")
def test_body_that_is_not_one_file_is_a_bad_request(lab: ThreadedLab, path: str, case: str) -> None:
    """400, Bad Request, one sentence that says what is wrong."""
    kind, body, words = BODIES[case]
    sentence = refused(ProductScript(lab).json("POST", path, body, Content_Type=kind), 400, "Bad Request")
    assert words in sentence
    assert "\x1b" not in sentence


@pytest.mark.parametrize("path", ["/certs/root", "/certs/server"])
@pytest.mark.usefixtures("unchanged")
def test_file_with_a_private_key_is_refused_and_not_repeated(lab: ThreadedLab, path: str) -> None:
    """Before or after the certificate, in any form; the key is in no answer and no event."""
    held = craft((E1,), lab.issued.authority, at=lab.clock.now())
    assert held.key is not None
    secret = key_pem(held.key).decode()
    for content in (secret, held.pem().decode() + secret, secret.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")):
        sentence = refused(ProductScript(lab).upload(path, content), 400, "Bad Request")
        assert "file: contains a private key" in sentence
    line = secret.splitlines()[1]
    assert not [e for e in lab.events.of(E1) if line in str(e)]


@pytest.mark.usefixtures("unchanged")
def test_one_bad_certificate_leaves_the_list_as_it_was(lab: ThreadedLab) -> None:
    """A good one before it is not appended either."""
    refused(ProductScript(lab).upload("/certs/root", root(lab) + PEM), 400, "Bad Request")


REQUESTS = (
    (b"", "Country"), (b"{", "JSON"), (b"[]", "JSON object"), (b"null", "JSON object"), (b"\xff", "UTF-8"),
    ({}, "Country, Province, Locality, Organization: must not be empty"),
    ({**SUBJECT, "Country": ""}, "Country: must not be empty"),
    ({**SUBJECT, "Country": "Kent"}, "two letters"),
    ({**SUBJECT, "Country": 7}, "Country: must be a text"),
    ({**SUBJECT, "Country": None}, "Country: must be a text"),
    ({**SUBJECT, "Additional_FQDNS": "a.example.com"}, "Additional_FQDNS: must be a list of texts"),
    ({**SUBJECT, "Additional_FQDNS": [1]}, "Additional_FQDNS: must be a list of texts"),
    ({**SUBJECT, "Additional_FQDNS": ["*.example.com"]}, "*"),
    ({**SUBJECT, "Additional_FQDNS": [f"n{i}.example.com" for i in range(500)]}, "500 additional names"),
    ({**SUBJECT, "KeyLength": "2048"}, "KeyLength: must be a whole number"),
    ({**SUBJECT, "KeyLength": 2048.0}, "KeyLength: must be a whole number"),
    ({**SUBJECT, "KeyLength": 1}, "key length 1"),
    ({**SUBJECT, "KeyLength": 10**40}, "key length"),
    ({**SUBJECT, "DigestAlgorithm": "md5"}, "digest 'md5'"),
    ({**SUBJECT, "Email": "nobody"}, "email 'nobody'"),
    ({**SUBJECT, "Email": "ü@example.com"}, "email"),
    ({**SUBJECT, "Locality": "x" * 200}, "locality: 200 characters"),
    ({**SUBJECT, "Locality": "a\nb"}, "control characters"),
    ({**SUBJECT, "country": "GB"}, "'country' is not known"),
)  # fmt: skip


@pytest.mark.parametrize(("body", "words"), REQUESTS, ids=[words for _, words in REQUESTS])
@pytest.mark.usefixtures("unchanged")
def test_wrong_field_of_a_signing_request_is_named(lab: ThreadedLab, body: Any, words: str) -> None:
    """400 and the field; no key is made."""
    assert words in refused(ProductScript(lab).json("POST", "/certs/generate_csr", body), 400, "Bad Request")


def test_content_type_of_json_does_not_matter_but_its_charset_does(lab: ThreadedLab) -> None:
    """curl sends --data as a form; Cisco's examples do that, so the body counts. UTF-16 is refused."""
    path, body = "/api/provisioning/common/protocol/sip/certrevokecheck", b'{"OcspMode": "On"}'
    for kind, wanted in (("application/x-www-form-urlencoded", 200), ("text/plain; charset=utf-16", 400)):
        assert ask(lab, E1, "PUT", path, body, Authorization=basic(lab), Content_Type=kind)[0] == wanted


@pytest.mark.usefixtures("unchanged")
def test_body_of_100_megabytes_is_refused_without_being_kept(lab: ThreadedLab) -> None:
    """413 on every kind of call, with and without a length; the process grows by less than the body."""
    size = 100 * 1024 * 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sentence = _send(lab, "POST", "/api/provisioning/certs/root", BOUNDARY, size)
    assert str(MAX_UPLOAD) in sentence
    for path, kind in (
        ("/api/provisioning/certs/generate_csr", "application/json"),
        ("/api/lab/certs/root", "application/json"),
    ):
        _send(lab, "POST", path, kind, size)
    _send(lab, "POST", "/api/provisioning/certs/server", BOUNDARY, size, chunked=True)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 80 * 1024  # kilobytes; the client of this test is in the same process


def _send(lab: ThreadedLab, method: str, path: str, kind: str, size: int, *, chunked: bool = False) -> str:
    """Send a body of that size piece by piece, check the refusal, and return its sentence."""
    piece = (part("") if kind == BOUNDARY else b"").ljust(1024 * 1024, b"x")
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    head = f"{method} {path} HTTP/1.1\r\nHost: {E1}\r\nAuthorization: {basic(lab)}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"
    with ANYONE.wrap_socket(socket.create_connection(where(lab, E1), timeout=LONG)) as connection:
        connection.sendall(head.encode())
        for _ in range(size // len(piece)):
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if chunked else piece)
        if chunked:
            connection.sendall(b"0\r\n\r\n")
        answer = b""
        while b'"}' not in answer:
            got = connection.recv(4096)
            assert got, answer
            answer += got
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert len(document["error"].splitlines()) == 1
    return str(document["error"])


@pytest.mark.usefixtures("unchanged")
def test_wrong_verb_names_the_right_ones(lab: ThreadedLab) -> None:
    """405 with Allow, on every path of the product."""
    tried = {a.path for a in addresses() if a.call.is_documented and "{" not in a.path}
    for path in sorted(tried):
        status, body, headers = ask(lab, E1, "PATCH", path, b"{}", Authorization=basic(lab))
        assert (status, "OPTIONS" in headers["Allow"]) == (405, True)
        assert "PATCH is not a method of this call; allowed are" in json.loads(body)["error"]


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1", "/api/v2/provisioning/certs/root", "/api/provisioning", "/api/provisioning/certs/",
     "/api/provisioning/certs/root/", "/api/provisioning//certs/root", "/api/provisioning/certs/%72oot/x", "/api/v1/provisioning/v1/common/mra",
     "/api/provisioning/domaincerts/domain/%00/cert", "/api/provisioning/domaincerts/domain/a..b/cert",
     "/api/provisioning/common/zone/dnszone/name/%ff"],
)  # fmt: skip
def test_address_that_there_is_not_gets_one_sentence(lab: ThreadedLab, path: str) -> None:
    """404 or 400 as JSON, for an administrator; 401 for a stranger, who learns nothing about addresses."""
    status, body, headers = ask(lab, E1, "GET", path, Authorization=basic(lab))
    assert status in {400, 404} or (path == "/api" and status == 302)  # /api itself is a page that there is not
    if status != 302:
        assert headers["Content-Type"].startswith("application/json")
        assert len(json.loads(body)["error"].splitlines()) == 1
        assert ask(lab, E1, "GET", path)[0] == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.usefixtures("unchanged")
def test_page_of_another_site_cannot_use_the_api(lab: ThreadedLab, origin: str) -> None:
    """A browser that knows the password sends Origin: 403, with or without the header against it."""
    status, _ = ProductScript(lab).ask("POST", "/restart", {}, Origin=origin, X_CSRF_Header="1")
    assert status == 403


@pytest.mark.usefixtures("unchanged")
def test_calls_without_a_body_refuse_one(lab: ThreadedLab) -> None:
    """restart and deploy take no members."""
    script = ProductScript(lab)
    for path in ("/restart", "/certs/acme/pendingcert", "/certs/acme/pendingcert/deploy"):
        assert "'now' is not known" in refused(script.json("POST", path, {"now": True}), 400, "Bad Request")
    assert refused(ProductScript(lab, C1).json("POST", "/certs/acme/pendingcert", {}), 404, "Not Found")
