"""What strangers and scripts send over HTTP: malformed forms, texts and numbers, guesses, pages of other sites."""

from __future__ import annotations

import gzip
import json
import logging
import random
import socket
import string
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.peer.api import acme_calls, lab_calls
from simulator.threaded import ThreadedLab
from simulator.web.doorkeeper import basic_credentials
from tests.support.format_0 import rewrite_folder
from tests.support.labs import QUICK, lab_fixture
from tests.support.wait import LONG
from tests.support.web_client import ANYONE, FORM, ask, basic, logged_in, where
from tests.support.worlds import C1, E1, deployment

lab = lab_fixture()


@pytest.fixture(autouse=True)
def no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a stranger sends is not an error of ours: nothing at that level, and no traceback."""
    yield
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR and r.name.startswith("aiohttp")]
    assert told == []


def part(name: str = 'name="user"', content: bytes = b"admin", *headers: str) -> bytes:
    lines = "".join(f"{h}\r\n" for h in (f"Content-Disposition: form-data; {name}", *headers))
    return f"--b\r\n{lines}\r\n".encode() + content + b"\r\n--b--\r\n"


MULTIPART = "multipart/form-data; boundary=b"
NESTED = part('name="user"', b"--c\r\n\r\nx\r\n--c--\r\n", "Content-Type: multipart/mixed; boundary=c")
BAD_FORMS = {
    "charset bogus": (f"{FORM}; charset=bogus", b"user=a"),
    "charset hex": (f"{FORM}; charset=hex", b"user=a"),
    "charset zlib": (f"{FORM}; charset=zlib", b"user=a"),
    "charset rot13": (f"{FORM}; charset=rot13", b"user=a"),
    "charset idna": (f"{FORM}; charset=idna", b"user=a"),
    "utf-7 surrogate": (f"{FORM}; charset=utf-7", b"user=+2AA-"),
    "unicode_escape": (f"{FORM}; charset=unicode_escape", b"user=\\ud800"),
    "utf-16": (f"{FORM}; charset=utf-16", "user=a".encode("utf-16")),
    "not utf-8": (FORM, b"user=\xff\xfe"),
    "no boundary": ("multipart/form-data", part()),
    "long boundary": (f"multipart/form-data; boundary={'b' * 200}", part()),
    "odd boundary": ("multipart/form-data; boundary=\u00ff", part()),
    "no part name": (MULTIPART, part("")),
    "no disposition": (MULTIPART, b"--b\r\n\r\nx\r\n--b--\r\n"),
    "cut off": (MULTIPART, part()[:-20]),
    "cut off in a header": (MULTIPART, b"--b\r\nContent-Dispo"),
    "empty": (MULTIPART, b"x"),
    "nested": (MULTIPART, NESTED),
    "transfer encoding": (MULTIPART, part('name="user"', b"x", "Content-Transfer-Encoding: x-own")),
    "base64 that is none": (MULTIPART, part('name="user"', b"*", "Content-Transfer-Encoding: base64")),
    "part charset hex": (MULTIPART, part('name="user"', b"x", "Content-Type: text/plain; charset=hex")),
    "part charset utf-7": (MULTIPART, part('name="user"', b"+2AA-", "Content-Type: text/plain; charset=utf-7")),
    "part not utf-8": (MULTIPART, part('name="user"', b"\xff")),
    "part length": (MULTIPART, part('name="user"', b"x", "Content-Length: x")),
}


@pytest.mark.parametrize("server", [E1, "adcs"])
@pytest.mark.parametrize("case", BAD_FORMS)
def test_unreadable_form_is_answered_below_500(lab: ThreadedLab, server: str, case: str) -> None:
    """400 and one sentence, or the answer to a form without the field; never 500."""
    kind, body = BAD_FORMS[case]
    path = "/login" if server == E1 else "/certsrv/certfnsh.asp"
    headers = {"Content_Type": kind.encode("utf-8").decode("latin-1")}
    if server == "adcs":
        headers["Authorization"] = basic(lab, "enrol")
    status, answer, _ = ask(lab, server, "POST", path, body, **headers)
    # A part that claims a length, or a base64 that decodes to nothing, is read as some other form.
    lenient = {"part length", "base64 that is none", "empty", "no disposition", "cut off"}
    assert status in ({400} if case not in lenient else {400, 401, 200}), answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize("server", [E1, "adcs"])
def test_compressed_form_is_refused(lab: ThreadedLab, server: str) -> None:
    """Nothing is unpacked; the sentence says so."""
    path = "/login" if server == E1 else "/certsrv/certfnsh.asp"
    status, answer, _ = ask(
        lab, server, "POST", path, gzip.compress(b"user=admin&password=x"), Content_Type=FORM, Content_Encoding="gzip",
        Authorization=basic(lab, "enrol"),
    )  # fmt: skip
    assert status == 400
    assert b"compressed bodies are not accepted" in answer


@pytest.mark.parametrize("server", [E1, "adcs"])
@pytest.mark.parametrize(
    "header",
    [
        "Basic \xff\xff",
        "Basic \u00e9",
        "Basic a",
        "Basic /w==",
        "Basic",
        "Basic YQ==",
        "Bearer x",
        "Basic  YTpi",
        "",
        "\xff",
    ],
)
def test_malformed_credentials_get_401(lab: ThreadedLab, server: str, header: str) -> None:
    """401, which says how to log in."""
    path = f"{lab_calls.BASE}/zones" if server == E1 else "/certsrv/"
    status, answer, headers = ask(lab, server, "GET", path, Authorization=header)
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic realm=")
    assert len(answer.splitlines()) <= 2


def test_basic_credentials_are_parsed_or_none() -> None:
    """The parts of a good header; None for everything else."""
    assert basic_credentials("basic " + b64encode("a:b:\u00fc".encode()).decode()) == ("a", "b:\u00fc")
    for header in (
        "",
        "Basic",
        "Basic \udcff",
        "Basic \u00ff",
        "Basic YQ",
        "Basic YQ==",
        "Basic /////w==",
        "Digest YTpi",
    ):
        assert basic_credentials(header) is None


def test_client_that_hangs_up_leaves_no_log_line(lab: ThreadedLab) -> None:
    """In the middle of a body, of each kind: the log stays empty, and the next one is served."""
    for path, kind in ((f"{lab_calls.BASE}/certs/root", "application/json"), ("/login", FORM), ("/login", MULTIPART)):
        for _ in range(3):
            raw = socket.create_connection(where(lab, E1), timeout=LONG)
            with ANYONE.wrap_socket(raw) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: {E1}\r\nAuthorization: {basic(lab)}\r\nContent-Type: {kind}\r\n"
                connection.sendall(f"{head}Content-Length: 100000\r\n\r\n--b\r\n".encode())
    assert ask(lab, E1, "GET", "/login")[0] == 200


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/crlupdater/automatic", {"hour": "\u00b2"}),
        ("/crlupdater/automatic", {"hour": "\u0663"}),
        ("/crlupdater/automatic", {"hour": "24"}),
        ("/servercertificate/generate", {"key_length": "\u00b2"}),
        ("/servercertificate/generate", {"key_length": "1_0"}),
        ("/crlupdater/automatic", {"hour": "3", "urls": "http://\u24db\u24de\u24d2\u24d0lhost/"}),
    ],
)
def test_form_number_with_other_digits_is_refused(lab: ThreadedLab, path: str, form: dict[str, str]) -> None:
    """Digits of other scripts are not numbers."""
    cookie, csrf = logged_in(lab)
    body = urlencode({**form, "csrf": csrf}).encode()
    status, answer, _ = ask(lab, E1, "POST", path, body, Content_Type=FORM, Cookie=cookie)
    assert status == 400, answer


@pytest.mark.parametrize("number", ["%C2%B2", "-1", "1_0", "9999999", "", "%D9%A3"])
def test_unknown_request_id_of_the_ca_is_answered_with_a_sentence(lab: ThreadedLab, number: str) -> None:
    """A sentence for every request id that there is not."""
    status, answer, _ = ask(
        lab, "adcs", "GET", f"/certsrv/certnew.cer?ReqID={number}", Authorization=basic(lab, "enrol")
    )
    assert status == 200
    assert b"The request ID was not found." in answer


SURROGATES = (
    ("PUT", "/certs/crl/automatic", '{"urls": ["http://\\ud800/"]}'),
    ("PUT", "/certs/crl/automatic", '{"urls": ["http://x.example/\\udfff"], "hour": 3}'),
    ("PUT", "/certs/server", '{"certificate": "\\ud800"}'),
    ("POST", "/certs/root", '{"certificates": "\\ud800"}'),
    ("PUT", "/certs/crl", '{"crl": "\\ud800"}'),
    ("PUT", "/certs/acme", '{"provider": "other", "directory": "https://\\ud800/"}'),
    ("PUT", "/certs/acme", '{"email": "\\ud800@example.com"}'),
    ("PUT", "/sip/revocation", '{"\\ud800": true}'),
    ("POST", "/certs/generate_csr", '{"additional_names": ["\\ud800.example.com"]}'),
    ("POST", "/certs/generate_csr", '{"country": "\\ud800"}'),
)


@pytest.mark.parametrize(("method", "path", "body"), SURROGATES)
def test_lone_surrogate_in_a_text_is_refused(lab: ThreadedLab, method: str, path: str, body: str) -> None:
    """Refused where it comes in, in every text; the pages are as they were."""
    status, answer, _ = ask(lab, E1, method, lab_calls.BASE + path, body.encode(), Authorization=basic(lab))
    assert status == 400, answer
    assert json.loads(answer)["error"]
    cookie, _ = logged_in(lab)
    for page in ("/crlupdater", "/sip", "/servercertificate", "/trustedcacertificate"):
        assert ask(lab, E1, "GET", page, Cookie=cookie)[0] == 200


@pytest.mark.parametrize(
    "body",
    [b"\xff", b"[]", b"1", b'"a"', b"null", b"{", b'{"hour": 1e400}', b'{"hour": NaN}', b'{"hour": true}', b'{"hour": 3.0}',
     b'{"hour": "3"}', b'{"hour": -1}', b'{"hour": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"urls": "x"}', b'{"urls": [1]}',
     b'{"urls": [["x"]]}', b'{"\\u0000": 1}', '{"hour": 3}'.encode("utf-16"), b'{"urls": ["http://a b/"]}', b'{"urls": ["http://[::1"]}',
     b'{"urls": ["http://example.com:\\u00b2/"]}'],
)  # fmt: skip
def test_malformed_json_gets_400_with_its_reason(lab: ThreadedLab, body: bytes) -> None:
    """The answer has status 400 and the reason as JSON."""
    status, answer, _ = ask(lab, E1, "PUT", f"{lab_calls.BASE}/certs/crl/automatic", body, Authorization=basic(lab))
    assert status == 400
    assert len(json.loads(answer)["error"].splitlines()) == 1


# Everything that a script can send, by lot.

_ROUTES = [
    (method, path)
    for method, path in [
        ("PUT", "/certs/server"), ("PUT", "/certs/client"), ("DELETE", "/certs/client"), ("POST", "/certs/generate_csr"),
        ("DELETE", "/certs/generate_csr"), ("POST", "/certs/root"), ("PUT", "/certs/root"), ("DELETE", "/certs/root/{fingerprint}"),
        ("POST", "/certs/pending/deploy"), ("DELETE", "/certs/pending"), ("PUT", "/certs/crl"), ("DELETE", "/certs/crl"),
        ("PUT", "/certs/crl/automatic"), ("PUT", "/sip/revocation"), *((m, p) for m, p, _ in acme_calls.CALLS if m != "GET"),
    ]
]  # fmt: skip
_KEYS = (
    "certificate", "private_key", "certificates", "crl", "urls", "hour", "additional_names", "digest", "key_length", "country",
    "state", "locality", "organisation", "unit", "checking", "use_ocsp", "use_crls", "cdp_download", "fallback",
    "ocsp_responder", "provider", "directory", "ca", "email", "terms", "preferred_chain", "eab_kid", "eab_mac",
    "mode", "renew_key", "days", "minute", "domain", "which", "by", "reason",
)  # fmt: skip
_TEXTS = (
    "", "a", "other", "production", "sha256", "sha512", "on", "\u00b2", "\ud800", "\0", "http://\u2460/", "https://x.example/",
    "admin@example.com", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a" * 300, "*.example.com", "DE",
    "e1.example.com", "../x", "<b>", "{{7*7}}", "-1", "revoked", "unspecified", "\u202e", "xn--a", "1.2.3.4", "\U0001f600",
)  # fmt: skip


def anything(lot: random.Random, depth: int = 0) -> Any:
    """A JSON value."""
    match lot.randrange(9 if depth < 3 else 6):
        case 0:
            return lot.choice(_TEXTS)
        case 1:
            return lot.choice([0, 1, -1, 3, 23, 24, 2048, 4096, 2**31, 2**63, 10**30])
        case 2:
            return lot.choice([True, False, None])
        case 3:
            return lot.choice([0.5, 1e300, -0.0, 3.0])
        case 4:
            return "".join(lot.choice(string.printable + "\u00fc\u20ac") for _ in range(lot.randrange(40)))
        case 5:
            return []
        case 6:
            return [anything(lot, depth + 1) for _ in range(lot.randrange(4))]
        case 7:
            return {}
        case _:
            return {lot.choice((*_KEYS, *_TEXTS)): anything(lot, depth + 1) for _ in range(lot.randrange(4))}


@pytest.mark.parametrize("seed", range(4))
def test_any_json_on_any_route_is_answered_below_500(lab: ThreadedLab, seed: int) -> None:
    """Whatever a body holds, the answer is below 500, and JSON; the pages stand afterwards."""
    lot = random.Random(seed)
    authorization = basic(lab)
    for _ in range(60):
        method, path = lot.choice(_ROUTES)
        path = path.replace("{fingerprint}", lot.choice(("0", "a" * 64, "%ff", "%ED%A0%80", "x%0Ay")))
        body: Any = {lot.choice(_KEYS): anything(lot) for _ in range(lot.randrange(1, 4))}
        if lot.random() < 0.2:
            body = anything(lot)
        status, answer, _ = ask(
            lab, C1 if lot.random() < 0.3 else E1, method, lab_calls.BASE + path, json.dumps(body).encode(),
            Authorization=authorization,
        )  # fmt: skip
        assert status < 500, (method, path, body, answer)
        json.loads(answer)
    cookie, _ = logged_in(lab)
    for page in (
        "/overview",
        "/servercertificate",
        "/trustedcacertificate",
        "/crlupdater",
        "/sip",
        "/zones",
        "/alarms",
        "/eventlog",
    ):
        assert ask(lab, E1, "GET", page, Cookie=cookie)[0] == 200
    for method, path in (
        ("GET", "/certs/server"),
        ("GET", "/certs/crl"),
        ("GET", "/sip/revocation"),
        ("GET", "/eventlog"),
    ):
        assert ask(lab, E1, method, lab_calls.BASE + path, Authorization=authorization)[0] == 200


# State that an older version wrote.


def test_pages_render_with_urls_of_an_older_state(tmp_path: Path) -> None:
    """URLs that were taken once, and that nothing can show or ask: the lab starts, the pages and forms work."""
    settings = replace(QUICK, state=tmp_path)
    with ThreadedLab(deployment(), settings=settings):
        pass
    rewrite_folder(tmp_path, {"deployment": deployment()})
    file = tmp_path / E1 / "peer.json"
    state = json.loads(file.read_bytes())
    state["automatic"]["urls"] = ["http://\ud800/", "http://crl.example.com/a.crl"]
    state["acme"]["settings"] |= {"provider": "other", "directory": "https://\ud800/"}
    file.write_text(json.dumps(state))
    with ThreadedLab(deployment(), settings=settings) as lab:
        cookie, _ = logged_in(lab)
        for page in ("/overview", "/crlupdater", "/servercertificate/acme", "/servercertificate"):
            status, answer, _ = ask(lab, E1, "GET", page, Cookie=cookie)
            assert status == (400 if page.endswith("/acme") else 200), (
                answer
            )  # without a public CA there is no ACME page
        assert b"http://crl.example.com/a.crl" in ask(lab, E1, "GET", "/crlupdater", Cookie=cookie)[1]
        lab.run(_store_oddly, lab)
        assert b"\\ud800" in ask(lab, E1, "GET", "/eventlog", Cookie=cookie)[1]


async def _store_oddly(lab: ThreadedLab) -> None:
    lab.events.add(E1, "Odd", Detail="\ud800")
