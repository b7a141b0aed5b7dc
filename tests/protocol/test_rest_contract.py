"""The product's REST calls: addresses, verbs, bodies and answers, and what a version changes."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.tables.features import CSRF_HEADER, CSRF_PROTECTION, CSRF_PROTECTION_ON
from pkikit.model.version import ProductVersion
from simulator.peer.api.call_table import addresses
from simulator.peer.api.raml import describe_calls
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import QUICK, lab_fixture
from tests.support.product_api import HEADER, SUBJECT, ProductScript
from tests.support.wait import eventually
from tests.support.web_client import Script, ask, basic, logged_in, where
from tests.support.worlds import C1, C2, E1, E2, changed

lab = lab_fixture()
V1 = "/api/v1/provisioning"


@pytest.fixture(scope="module")
def newest() -> Iterator[ThreadedLab]:
    with ThreadedLab(changed(version="X15.5"), settings=QUICK) as running:
        running.start_acme()
        yield running


# Addresses, description, access.


@pytest.mark.product("D-01", "I-16")
def test_every_read_call_answers_the_same_at_both_bases(lab: ThreadedLab) -> None:
    """Cisco's examples write both; the third address, of one example, is not served."""
    paths = [a.path.removeprefix(V1) for a in addresses() if a.path.startswith(V1) and a.call.method == "GET"]
    plain = [path for path in paths if "{" not in path and not _is_ours(path)]
    assert len(plain) > 15
    for path in plain:
        assert ProductScript(lab).ask("GET", path) == ProductScript(lab, base=V1).ask("GET", path), path
    assert ProductScript(lab, base=V1).ask("GET", "/v1/common/mra")[0] == 404


def _is_ours(path: str) -> bool:
    return any(a.path == V1 + path and not a.call.is_documented for a in addresses())


@pytest.mark.product("D-02")
def test_raml_lists_every_call_as_documented_inferred_or_ours(lab: ThreadedLab) -> None:
    """RAML 0.8 at /api/raml, made from the table that serves the calls."""
    status, body, headers = ask(lab, E1, "GET", "/api/raml", Authorization=basic(lab))
    assert (status, headers["Content-Type"]) == (200, "application/raml+yaml; charset=utf-8")
    assert body.startswith(b"#%RAML 0.8\n")
    described = yaml.safe_load(body)
    served = {(a.call.method, a.path) for a in addresses() if a.path.startswith("/api/")}
    pages = {path for path in lab.sites[E1].get_paths() if path.startswith("/api/")} - {"/api/raml"}
    assert pages == {path for method, path in served if method == "GET" and "{" not in path}
    listed = {
        (method.upper(), "/api" + path): call["description"]
        for path, calls in described.items() if path.startswith("/") and path != "/status.xml"
        for method, call in calls.items()
    }  # fmt: skip
    assert set(listed) == served
    kinds = {text.partition(":")[0] for text in listed.values()}
    assert kinds == {"Documented", "Inferred, uncertain", "Ours"}
    assert "Uncertain: " in listed["GET", "/api/provisioning/certs/server"]
    assert listed["PUT", "/api/lab/certs/crl"].startswith("Ours: ")
    assert "Moved to /api/lab/certs/crl" in listed["PUT", f"{V1}/certs/crl"]


@pytest.mark.product("D-03")
def test_api_wants_https_and_an_account(lab: ThreadedLab) -> None:
    """Plain HTTP gets no answer; no password and a wrong one get 401; a read-only account reads."""
    with socket.create_connection(where(lab, E1)) as plain:
        plain.sendall(
            f"GET /api/provisioning/sysinfo HTTP/1.1\r\nHost: {E1}\r\nAuthorization: {basic(lab)}\r\n\r\n".encode()
        )
        assert b"sysinfo" not in plain.recv(1000)
    assert ask(lab, E1, "GET", "/api/provisioning/sysinfo")[0] == 401
    wrong = basic(lab, password="wrong")
    assert ask(lab, E1, "GET", "/api/provisioning/sysinfo", Authorization=wrong)[0] == 401
    auditor = ProductScript(lab, user="auditor")
    assert auditor.ask("GET", "/sysinfo")[0] == 200
    assert auditor.json("POST", "/restart", {}) == (
        403, {"Message": "Forbidden", "error": "this account may look, not change"},
    )  # fmt: skip


@pytest.mark.product("D-03", "D-22")
def test_api_access_of_a_cluster_can_be_off(lab: ThreadedLab) -> None:
    """Off: the product's calls are closed to both accounts; pages and the lab's own calls answer. Left out: it is on."""
    assert all(cluster.api_access for cluster in changed(version="X15.2").clusters)
    with ThreadedLab(changed(version="X15.2", clusters__1__api_access="off"), settings=QUICK) as closed:
        for user in ("admin", "auditor"):
            status, answer = ProductScript(closed, user=user).json("GET", "/sysinfo")
            assert (status, "API access is off" in answer["error"]) == (403, True)
        assert ProductScript(closed, C1).ask("GET", "/sysinfo")[0] == 200
        assert Script(closed).ask("GET", "/zones")[0] == 200
        cookie, _ = logged_in(closed)
        assert ask(closed, E1, "GET", "/overview", Cookie=cookie)[0] == 200


@pytest.mark.product("D-19")
def test_options_names_the_methods_of_each_path(lab: ThreadedLab) -> None:
    """GET, POST, OPTIONS, PUT, DELETE are the methods of the API; a read-only account may ask too."""
    used: set[str] = set()
    for path in ("/certs/root", "/common/protocol/sip/certrevokecheck", "/common/dns/dnsserver"):
        status, _, headers = ask(lab, E1, "OPTIONS", f"/api/provisioning{path}", Authorization=basic(lab, "auditor"))
        known = [a.call.method for a in addresses() if a.path == f"/api/provisioning{path}"]
        assert (status, headers["Allow"]) == (200, ", ".join((*known, "OPTIONS")))
        used |= {*known, "OPTIONS"}
    assert used == {"GET", "POST", "OPTIONS", "PUT", "DELETE"}
    status, _, headers = ask(lab, E1, "PATCH", "/api/provisioning/certs/root", Authorization=basic(lab))
    assert (status, set(headers["Allow"].split(","))) == (405, {"GET", "POST", "OPTIONS"})


# Certificates.


@pytest.mark.product("D-05", "D-06", "D-07", "D-08", "D-09", "D-10", "D-14")
def test_certificate_is_renewed_by_the_product_calls(newest: ThreadedLab) -> None:
    """CSR, root, certificate, restart: PEM text out, one file in, and messages as the public client expects them."""
    script, helper = ProductScript(newest, E2), Script(newest, E2)
    status, answer = script.json("GET", "/certs/generate_csr")
    assert (status, answer["Message"]) == (404, "Not Found")
    wanted = {**SUBJECT, "Additional_FQDNS": ["voice.example.com"], "OrganizationalUnit": "IT", "Email": "it@example.com",
              "KeyLength": 4096, "DigestAlgorithm": "sha512"}  # fmt: skip
    assert script.json("POST", "/certs/generate_csr", wanted)[0] == 200
    status, answer = script.json("POST", "/certs/generate_csr", wanted)
    assert (status, answer["Message"]) == (409, "Conflict")
    status, text = script.ask("GET", "/certs/generate_csr")
    csr = x509.load_pem_x509_csr(text.encode())
    assert status == 200
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert {E2, "voice.example.com"} <= set(names)
    assert csr.public_key().key_size == 4096  # type: ignore[union-attr]
    assert csr.signature_hash_algorithm is not None
    assert csr.signature_hash_algorithm.name == "sha512"
    for field in ("C=GB", "ST=Kent", "L=Dover", "O=Example", "OU=IT", "1.2.840.113549.1.9.1=it@example.com"):
        assert field in csr.subject.rfc4514_string()
    other = craft(("other-ca.example.net",), None, at=newest.clock.now(), ca=True)
    before = script.ask("GET", "/certs/root")[1]
    assert script.upload("/certs/root", other.leaf.public_bytes(Encoding.PEM).decode()) == (
        200,
        {"Message": "Root Certificate updated."},
    )
    after = script.ask("GET", "/certs/root")[1]
    assert after.startswith(before)
    assert (
        len(x509.load_pem_x509_certificates(after.encode()))
        == len(x509.load_pem_x509_certificates(before.encode())) + 1
    )
    made = helper.sign(text)
    assert script.upload("/certs/server", made) == (200, {"Message": "OK"})
    assert script.ask("GET", "/certs/server") == (200, made)
    assert script.json("GET", "/certs/generate_csr")[0] == 404
    site, restarts = newest.sites[E2], newest.sites[E2].restarts
    assert script.json("POST", "/restart", {}, **HEADER) == (200, {"Message": "The operation was successful"})
    eventually(lambda: site.restarts > restarts, f"{E2} does not restart")
    assert newest.peers[E2].running == newest.peers[E2].state.certificate


@pytest.mark.product("D-05", "D-07", "D-09")
def test_pem_answers_have_the_content_type_of_the_client(lab: ThreadedLab) -> None:
    """text/html, as the tests of py_expressway have it."""
    for path in ("/certs/server", "/certs/root"):
        _, body, headers = ask(lab, E1, "GET", f"/api/provisioning{path}", Authorization=basic(lab))
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert body.startswith(b"-----BEGIN CERTIFICATE-----\n")


@pytest.mark.product("D-06", "D-08")
def test_refused_upload_says_bad_request_and_changes_nothing(lab: ThreadedLab) -> None:
    """A certificate for another key, and a text: Message Bad Request, one sentence, and everything as it was."""
    script = ProductScript(lab)
    state = lab.peers[E1].state
    theirs = craft((E1,), lab.issued.authority, at=lab.clock.now())
    for path, content in (
        ("/certs/server", theirs.leaf.public_bytes(Encoding.PEM).decode()),
        ("/certs/root", "no certificate"),
    ):
        status, answer = script.upload(path, content)
        assert (status, answer["Message"]) == (400, "Bad Request")
        assert len(answer["error"].splitlines()) == 1
    assert lab.peers[E1].state == state


@pytest.mark.product("D-11", "D-12")
def test_acme_certificate_is_signed_read_and_deployed(newest: ThreadedLab) -> None:
    """POST pendingcert signs, GET reads it as PEM, DELETE discards it, deploy puts it in use."""
    script, helper = ProductScript(newest), Script(newest)
    path = "/certs/acme/pendingcert"
    assert script.json("GET", path)[0] == script.json("POST", f"{path}/deploy", {}, **HEADER)[0] == 404
    newest.run(newest.acme.prepare, E1)
    for _ in range(2):
        assert script.json("POST", path, {}, **HEADER) == (200, {"Message": "The operation was successful"})
        eventually(lambda: script.ask("GET", path)[0] == 200, "no certificate is pending")
        eventually(lambda: not helper.ask("GET", "/certs/acme")[1]["running"])
        pending = script.ask("GET", path)[1]
        if _ == 0:
            assert script.json("DELETE", path)[0] == 200
            assert script.json("GET", path)[0] == 404
    assert script.json("POST", f"{path}/deploy", {}, **HEADER)[0] == 200
    eventually(lambda: (c := newest.peers[E1].running) is not None and c.pem().decode() == pending, "it is not in use")
    assert ProductScript(newest, C1).json("GET", path)[0] == 404  # Expressway-E alone


@pytest.mark.product("D-13")
def test_domain_certificate_is_deployed_and_read(newest: ThreadedLab) -> None:
    """POST …/domain/<domain>/acme/pendingcert/deploy; what no document states answers 501."""
    script, domain = ProductScript(newest, E2), "example.com"
    path = f"/domaincerts/domain/{domain}"
    assert script.json("GET", f"{path}/cert")[0] == script.json("GET", f"{path}/csr")[0] == 404
    assert script.json("POST", f"{path}/acme/pendingcert/deploy", {}, **HEADER)[0] == 404
    newest.run(newest.acme.configure, E2, {"email": "a@example.com"})
    newest.run(newest.acme.accept_terms, E2)
    newest.run(newest.acme.sign, E2, domain)
    assert script.json("POST", f"{path}/acme/pendingcert/deploy", {}, **HEADER)[0] == 200
    eventually(lambda: script.ask("GET", f"{path}/cert")[0] == 200, "the certificate of the domain is not in use")
    held = dict(newest.peers[E2].state.domain_certificates)[domain]
    assert script.ask("GET", f"{path}/cert")[1] == held.pem().decode()
    request = x509.load_pem_x509_csr(script.ask("GET", f"{path}/csr")[1].encode())
    assert request.public_key() == held.leaf.public_key()
    assert script.json("POST", path, {}, **HEADER)[0] == 501


# The header.

GUARDED = (
    "/restart", "/common/defaultlinks", "/controller/b2bua/microsoftinterop/restartservice",
    "/domaincerts/domain/example.com", "/certs/acme/pendingcert", "/certs/acme/pendingcert/deploy",
    "/domaincerts/domain/example.com/acme/pendingcert/deploy",
)  # fmt: skip


@pytest.mark.product("D-15", "D-11", "D-12", "D-13", "D-14")
@pytest.mark.parametrize("path", GUARDED)
def test_seven_posts_want_the_header_from_x14_2_on(newest: ThreadedLab, lab: ThreadedLab, path: str) -> None:
    """X15.5 without it: 403, and nothing happens. Any value will do, an empty one too. X12.5 wants none."""
    peer = C1 if "/controller/" in path else E1
    new, old = ProductScript(newest, peer), ProductScript(lab, peer)
    restarts = newest.sites[peer].restarts
    status, answer = new.json("POST", path, {})
    assert (status, "X-CSRF-Header" in answer["error"]) == (403, True)
    if path == "/restart":  # which restarts the peer, so it is enough once
        assert newest.sites[peer].restarts == restarts
        return
    for value in ("any", "", "0"):
        assert new.json("POST", path, {}, X_CSRF_Header=value)[0] != 403
    assert old.json("POST", path, {})[0] != 403


@pytest.mark.product("D-15")
def test_other_calls_want_no_header(newest: ThreadedLab) -> None:
    """The table marks the seven and no other; one of the others works without."""
    marked = {
        a.path.removeprefix("/api/provisioning")
        for a in addresses()
        if a.call.wants_header and a.path.startswith("/api/p")
    }
    assert marked == {path.replace("example.com", "{domain}") for path in GUARDED}
    assert {a.call.method for a in addresses() if a.call.wants_header} == {"POST"}
    assert ProductScript(newest, C2).json("POST", "/certs/generate_csr", SUBJECT)[0] == 200
    assert ProductScript(newest, C2).json("PUT", "/common/protocol/sip/certrevokecheck", {})[0] == 200


@pytest.mark.product("D-16", "D-17", "E-38", "I-09")
@pytest.mark.parametrize(
    ("version", "wanted", "setting", "status"),
    [("X14.1", False, False, ""), ("X14.2", True, False, ""), ("X15.0", True, True, "Disabled"),
     ("X15.1", True, True, "Disabled"), ("X15.2", True, True, "Enabled"), ("X15.5", True, True, "Enabled")],
)  # fmt: skip
def test_description_says_what_the_header_protects_in_a_version(
    version: str, wanted: bool, setting: bool, status: str
) -> None:
    """The header from X14.2; CSRFProtection Status from X15.0, Disabled by default, from X15.2 Enabled; the contradiction."""
    product = ProductVersion.parse(version)
    assert [product.has(f) for f in (CSRF_HEADER, CSRF_PROTECTION)] == [wanted, setting]
    assert product.has(CSRF_PROTECTION_ON) is (status == "Enabled")
    calls = [(a.path, a.call) for a in addresses()]
    described = yaml.safe_load(describe_calls(calls, fqdn=E1, version=product))
    text = next(d["content"] for d in described["documentation"] if d["title"] == "X-CSRF-Header")
    assert ("headers" in described["/provisioning/restart"]["post"]) is wanted
    assert ("CSRFProtection Status" in text) is setting
    if setting:
        assert f"is {status} by default" in text
        assert "The guide of X15.0 says Disabled; the change history of X15.2 corrects that to Enabled" in text
