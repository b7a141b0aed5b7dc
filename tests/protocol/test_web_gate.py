"""Who gets in at the web faces: guesses, pages of other sites, names of others; what the CA says to odd requests."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.peer.api import lab_calls
from simulator.services import adcs
from simulator.threaded import ThreadedLab
from simulator.web.doorkeeper import FREE_FAILURES, AccountRole, Accounts, Doorkeeper, TooManyFailures
from tests.support.labs import lab_fixture
from tests.support.web_client import FORM, ask, basic, where
from tests.support.worlds import C1, E1, E2

lab = lab_fixture()


# Guesses.


def test_right_password_is_accepted_after_wrong_guesses(lab: ThreadedLab) -> None:
    """Wrong passwords from the same address end in 429; the right one is taken at once, by scripts and at the CA."""
    for server, user, path in ((E2, "admin", f"{lab_calls.BASE}/zones"), ("adcs", "enrol", "/certsrv/")):
        statuses = [
            ask(lab, server, "GET", path, Authorization=basic(lab, user, f"wrong{i}"))[0]
            for i in range(FREE_FAILURES + 3)
        ]
        assert statuses == [401] * FREE_FAILURES + [429] * 3
        _, _, headers = ask(lab, server, "GET", path, Authorization=basic(lab, user, "wrong"))
        assert int(headers["Retry-After"]) >= 1
        assert ask(lab, server, "GET", path, Authorization=basic(lab, user))[0] == 200


def test_wrong_guesses_from_many_addresses_count_for_the_account(lab: ThreadedLab) -> None:
    """A guesser with all of 127/8 has no more guesses than others: they count for the account too."""
    answers = [
        ask(
            lab,
            C1,
            "GET",
            f"{lab_calls.BASE}/zones",
            source=f"127.9.9.{i}",
            Authorization=basic(lab, "admin", f"wrong{i}"),
        )[0]
        for i in range(1, 31)
    ]
    assert answers.count(401) == FREE_FAILURES
    assert set(answers) == {401, 429}


def test_wait_after_failures_doubles_and_is_forgotten() -> None:
    """It doubles up to a minute, is over when it is over, and old failures are forgotten."""
    now = 0.0
    guard = Doorkeeper(Accounts({"admin": "right", "auditor": "also"}), lambda: now)
    waits = []
    for _ in range(FREE_FAILURES + 8):
        assert guard.admit("admin", "wrong", "a") is None
        try:
            guard.admit("admin", "wrong", "b")
        except TooManyFailures as refused:
            waits.append(refused.wait)
            now += refused.wait
        else:
            waits.append(0)
    assert waits[0] == 0
    assert max(waits) == 60.0
    assert guard.admit("admin", "right", "c") is AccountRole.ADMINISTRATOR
    assert guard.admit("auditor", "also", "a") is AccountRole.AUDITOR
    now += 3600
    for _ in range(FREE_FAILURES):
        assert guard.admit("admin", "wrong", "c") is None
    with pytest.raises(TooManyFailures):
        guard.admit("admin", "wrong", "d")
    assert guard.admit("auditor", "wrong", "d") is None
    for i in range(3000):  # names and addresses without end do not grow the memory, nor free the account
        with pytest.raises(TooManyFailures):
            guard.admit("admin", "wrong", f"e{i}")
    assert guard.admit("enrol", "right", "x") is None


# Pages of other sites, and names that lead here.

FOREIGN = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://{own}"}, {"Origin": "https://{host}:1"},
    {"Origin": "https://{own}.evil.example"}, {"Origin": "https://x@{own}"}, {"Origin": "https://[::1"}, {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://{own}", "Sec-Fetch-Site": "cross-site"},
]  # fmt: skip


@pytest.mark.parametrize("server", [E1, "adcs"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_request_from_another_site_is_refused(lab: ThreadedLab, server: str, headers: dict[str, str]) -> None:
    """403, with the credentials that a browser would add, and nothing happens."""
    host, port = where(lab, server)
    sent = {k.replace("-", "_"): v.format(own=f"{host}:{port}", host=host) for k, v in headers.items()}
    before = dict(lab.adcs.issued)
    path, user = (f"{lab_calls.BASE}/restart", "admin") if server == E1 else ("/certsrv/certfnsh.asp", "enrol")
    body = urlencode({"CertRequest": request_pem(), "Template": "WebServer"}).encode()
    status, answer, _ = ask(lab, server, "POST", path, body, Authorization=basic(lab, user), Content_Type=FORM, **sent)
    assert status == 403, answer
    assert lab.adcs.issued == before


@pytest.mark.parametrize("server", [E1, "adcs"])
def test_request_from_the_own_page_is_accepted(lab: ThreadedLab, server: str) -> None:
    """The same request from the server's own page, by its address and by its name."""
    host, port = where(lab, server)
    name = adcs.NAME if server == "adcs" else E1
    path, user = (
        (f"{lab_calls.BASE}/certs/generate_csr", "admin") if server == E1 else ("/certsrv/certfnsh.asp", "enrol")
    )
    for own in (f"{host}:{port}", f"{name}:{port}", f"{name.upper()}.:{port}", f"localhost:{port}"):
        body = b"{}" if server == E1 else urlencode({"CertRequest": request_pem(), "Template": "WebServer"}).encode()
        kind = "application/json" if server == E1 else FORM
        status, answer, _ = ask(
            lab, server, "DELETE" if server == E1 else "POST", path, body, Authorization=basic(lab, user),
            Content_Type=kind, Host=own, Origin=f"https://{own}", Sec_Fetch_Site="same-origin",
        )  # fmt: skip
        assert status in ({200, 400} if server == E1 else {200}), answer
        assert server == E1 or b"Certificate Issued" in answer


@pytest.mark.parametrize(
    "host", ["evil.example", "8.8.8.8", "e1.example.com.evil.example", "a b", "[::2]", "", "127.1:x"]
)
@pytest.mark.parametrize("server", [E1, "adcs"])
def test_request_with_a_foreign_host_is_refused(lab: ThreadedLab, server: str, host: str) -> None:
    """DNS rebinding: the page's own name leads here, and is not answered to."""
    path, user = (f"{lab_calls.BASE}/zones", "admin") if server == E1 else ("/certsrv/", "enrol")
    assert ask(lab, server, "GET", path, Authorization=basic(lab, user), Host=host)[0] in {400, 421}


# Requests for certificates, as a CA gets them.


def request_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example.com")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def odd_requests() -> Iterator[bytes]:
    """A request with each byte of it wrong in turn, and small ones that are hardly any."""
    good = x509.load_pem_x509_csr(request_pem().encode()).public_bytes(Encoding.DER)
    lot = random.Random(14)
    for position in range(0, len(good), 7):
        yield good[:position] + bytes([lot.randrange(256)]) + good[position + 1 :]
    yield bytes.fromhex("301b3011020100300030083003060160 0300a0003003060 12a030100".replace(" ", ""))
    for algorithm in (b"\x06\x01\x2a", b"\x06\x03\x2b\x65\x70"):
        info = b"\x02\x01\x00\x30\x00" + _der(0x30, _der(0x30, algorithm) + b"\x03\x01\x00") + b"\xa0\x00"
        yield _der(0x30, _der(0x30, info) + _der(0x30, algorithm) + b"\x03\x01\x00")


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def test_odd_request_at_the_ca_is_refused_with_a_sentence(lab: ThreadedLab) -> None:
    """The CA says in a sentence why not; no odd request is an error of the server."""
    for der in odd_requests():
        pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{b64encode(der).decode()}\n-----END CERTIFICATE REQUEST-----\n"
        body = urlencode({"CertRequest": pem, "Template": "WebServer"}).encode()
        status, answer, _ = ask(
            lab, "adcs", "POST", "/certsrv/certfnsh.asp", body, Content_Type=FORM, Authorization=basic(lab, "enrol")
        )
        assert status == 200
        assert b"Certificate Request Denied" in answer or b"Certificate Issued" in answer
    body = urlencode({"CertRequest": "A" * 70_000, "Template": "WebServer"}).encode()
    headers = {"Content_Type": FORM, "Authorization": basic(lab, "enrol")}
    assert b"Denied" in ask(lab, "adcs", "POST", "/certsrv/certfnsh.asp", body, **headers)[1]
