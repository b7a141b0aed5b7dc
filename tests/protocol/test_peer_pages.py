"""A peer as an administrator's script and a stranger meet it: REST, login, CSRF, uploads refused and warned, restart."""

from __future__ import annotations

import re
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from pkikit.errors import InputError
from pkikit.files import key_pem
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import IMPATIENT, lab_fixture, lab_of
from tests.support.wait import LONG, eventually
from tests.support.web_client import ANYONE, FormClient, Script
from tests.support.worlds import C1, C2, E1, E2, stranger

PAGES = (
    "/overview", "/servercertificate", "/trustedcacertificate", "/crlupdater", "/sip", "/zones", "/alarms", "/eventlog",
    "/restartoptions",
)  # fmt: skip

lab = lab_fixture(settings=IMPATIENT)


def test_uploaded_certificate_is_used_after_the_restart(lab: ThreadedLab) -> None:
    """The guide's procedure by script: CSR, signed, loaded, at work after the restart only, every leg up again."""
    script = Script(lab)
    status, made = script.ask("POST", "/certs/generate_csr", {"additional_names": ["voice.example.com"]})
    assert status == 200, made
    assert "voice.example.com" in made["decoded"]["sans"]["dns"]
    status, told = script.ask("POST", "/certs/generate_csr", {})
    assert (status, told["error"]) == (400, f"{E1} has a signing request in progress; discard it first")
    before = script.ask("GET", "/certs/server")[1]["current"]["decoded"]["serial"]
    status, taken = script.ask("PUT", "/certs/server", {"certificate": script.sign(made["csr"])})
    assert (status, taken) == (200, {"warnings": []}), taken
    held = script.ask("GET", "/certs/server")[1]
    assert held["restart_needed"]
    assert held["current"]["decoded"]["serial"] == before != held["loaded"]["decoded"]["serial"]
    assert "Restart required" in [a["title"] for a in script.ask("GET", "/alarms")[1]["alarms"]]
    assert script.ask_and_restart("POST", "/restart", {})[0] == 202
    serial = held["loaded"]["decoded"]["serial"]
    eventually(lambda: _shown(lab, E1) == serial, "the new certificate is not shown")
    assert not script.ask("GET", "/certs/server")[1]["restart_needed"]
    assert lab.check().accepted
    assert script.ask("GET", "/certs/generate_csr")[1] == {"csr": None}


def _shown(lab: ThreadedLab, peer: str) -> str:
    """The serial number of the certificate that the pages show a stranger; empty while they restart."""
    try:
        pem_text = ssl.get_server_certificate(lab.sites[peer].address)
    except OSError:
        return ""
    return f"{x509.load_pem_x509_certificate(pem_text.encode()).serial_number:x}"


def test_upload_of_another_peers_certificate_is_refused(lab: ThreadedLab) -> None:
    """Keys are per peer: what answers E1's request is refused on E2, with whose it is, and stays good for E1."""
    one, two = Script(lab, E1), Script(lab, E2)
    made = one.ask("POST", "/certs/generate_csr", {})[1]
    answer = one.sign(made["csr"])
    status, told = two.ask("PUT", "/certs/server", {"certificate": answer})
    assert status == 400
    assert "does not match the private key" in told["error"]
    assert E1 in told["error"]
    refused = [e for e in two.ask("GET", "/eventlog")[1]["events"] if e["event"] == "Server Certificate Refused"]
    assert refused
    assert one.ask("DELETE", "/certs/generate_csr")[0] == 200
    assert one.ask("PUT", "/certs/server", {"certificate": answer})[0] == 400  # its key is gone


def pem(*certificates: x509.Certificate) -> str:
    return "".join(c.public_bytes(Encoding.PEM).decode() for c in certificates)


@pytest.mark.product("G-28", "G-30")
def test_upload_is_refused_or_warned_with_its_own_sentence(lab: ThreadedLab) -> None:
    """Each wrong upload has its own sentence; a refused one leaves the state as it was."""
    script, at, ca = Script(lab), lab.clock.now(), lab.issued.authority
    layout = lab.peers[E1].layout.dns_names
    good, wildcard = craft(layout, ca, at=at), craft((*layout, "*.example.com"), ca, at=at)
    assert good.key is not None
    assert wildcard.key is not None
    der = good.leaf.public_bytes(Encoding.DER)
    encrypted = good.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
    before = lab.peers[E1].state
    for body, words in (
        ({"certificate": ""}, "is empty"),
        ({"certificate": "hello"}, "server certificate file"),
        ({"certificate": der.decode("latin-1")}, "server certificate file"),
        ({"certificate": pem(good.leaf)}, "does not match the private key stored"),
        ({"certificate": pem(good.leaf), "private_key": encrypted}, "encrypted"),
        ({"certificate": pem(good.leaf), "private_key": key_pem(wildcard.key).decode()}, "uploaded with it"),
        ({"certificate": pem(wildcard.leaf), "private_key": key_pem(wildcard.key).decode()}, "wildcard"),
        ({"certificate": 7}, "must be a text"),
        ({"cert": "x"}, "'cert' is not known"),
    ):
        status, told = script.ask("PUT", "/certs/server", body)
        assert status == 400, body
        assert words in told["error"], told
    assert lab.peers[E1].state is before
    odd = craft((E1,), stranger(), at=at, ends=timedelta(hours=-1), ekus=None)
    assert odd.key is not None
    body = {"certificate": pem(odd.leaf), "private_key": key_pem(odd.key).decode()}
    status, taken = script.ask("PUT", "/certs/server", body)
    assert status == 200, taken
    assert {"validity.expired", "names.cluster-fqdn-missing", "upload.chain-incomplete"} <= {
        w["rule"] for w in taken["warnings"]
    }
    back = {"certificate": pem(*before.certificate.chain), "private_key": key_pem(before.certificate.key).decode()}  # type: ignore[union-attr,arg-type]
    assert script.ask("PUT", "/certs/server", back)[0] == 200


def test_trusted_ca_list_changes_zones_without_a_restart(lab: ThreadedLab) -> None:
    """Append, delete, reset: the zones follow without a restart, and come back."""
    script = Script(lab, C1)
    listed = script.ask("GET", "/certs/root")[1]["certificates"]
    root = listed[0]
    other = craft(("other-ca.example.net",), None, at=lab.clock.now(), ca=True)
    status, told = script.ask("POST", "/certs/root", {"certificates": pem(other.leaf)})
    assert status == 200, told
    assert len(script.ask("GET", "/certs/root")[1]["certificates"]) == len(listed) + 1
    assert lab.check().accepted
    assert script.ask("DELETE", f"/certs/root/{root['fingerprint']}")[0] == 200
    report = lab.check()
    assert {leg.causes for leg in report.down} == {("trust.issuer-unknown",)}
    assert all(C1 in {leg.leg.client, leg.leg.server} for leg in report.down)
    assert script.ask("DELETE", f"/certs/root/{root['fingerprint']}")[0] == 400
    assert script.ask("DELETE", "/certs/root")[0] == 200
    (temporary,) = script.ask("GET", "/certs/root")[1]["certificates"]
    assert "Temporary CA" in temporary["decoded"]["subject"]
    back = pem(lab.issued.root.certificate, *lab.issued.authority.intermediates)
    assert script.ask("PUT", "/certs/root", {"certificates": back})[0] == 200
    assert lab.check().accepted


def test_trusted_ca_list_belongs_to_one_peer(lab: ThreadedLab) -> None:
    """C1 stops trusting the lab's root: only C1 refuses, from the next connection on, and nothing restarts."""
    script, other = Script(lab, C1), Script(lab, C2)
    boots = {fqdn: party.boots for fqdn, party in lab.world.parties.items()}
    root = script.ask("GET", "/certs/root")[1]["certificates"][0]
    theirs = other.ask("GET", "/certs/root")[1]
    assert script.ask("DELETE", f"/certs/root/{root['fingerprint']}")[0] == 200
    report = lab.check()
    refusing = {leg.leg.client if leg.rejected_by == "client" else leg.leg.server for leg in report.down}
    assert refusing == {C1}
    assert other.ask("GET", "/certs/root")[1] == theirs
    assert (
        script.ask(
            "PUT",
            "/certs/root",
            {"certificates": pem(lab.issued.root.certificate, *lab.issued.authority.intermediates)},
        )[0]
        == 200
    )
    assert lab.check().accepted
    assert {fqdn: party.boots for fqdn, party in lab.world.parties.items()} == boots
    assert not script.ask("GET", "/certs/server")[1]["restart_needed"]


def test_revocation_settings_hold_for_the_whole_cluster(lab: ThreadedLab) -> None:
    """SIP revocation settings hold for both peers of the cluster and for no other; bad ones are refused."""
    one, two, inside = Script(lab, E1), Script(lab, E2), Script(lab, C1)
    assert one.ask("PUT", "/sip/revocation", {"fallback": "perhaps"})[0] == 400
    status, settings = one.ask("PUT", "/sip/revocation", {"use_crls": "off", "fallback": "revoked"})
    assert status == 200
    assert settings == two.ask("GET", "/sip/revocation")[1]
    assert inside.ask("GET", "/sip/revocation")[1]["fallback"] == "not-revoked"
    assert one.ask("PUT", "/sip/revocation", {"use_crls": "on", "fallback": "not-revoked"})[0] == 200


@pytest.mark.product("H-06")
def test_manual_crl_is_used_until_removed(lab: ThreadedLab) -> None:
    """A manual CRL is used from the next connection on, and gone when removed; sources are checked."""
    script, issued, at = Script(lab, C1), lab.issued, lab.clock.now()
    serial = lab.world.parties[E1].credential.leaf.serial_number  # type: ignore[union-attr]
    crls = [issued.authority.crl([serial], at=at), issued.root.crl(at=at)]
    text = "".join(c.public_bytes(Encoding.PEM).decode() for c in crls)
    assert script.ask("PUT", "/certs/crl", {"crl": text}) == (200, {"lists": 2})
    assert lab.check().accepted  # nothing is checked yet
    script.ask("PUT", "/sip/revocation", {"checking": "on", "cdp_download": "off"})
    report = lab.check()
    assert "revocation.revoked" in {leg.causes[0] for leg in report.down}
    assert script.ask("DELETE", "/certs/crl")[0] == 200
    assert script.ask("PUT", "/certs/crl/automatic", {"urls": ["file:///etc/passwd"], "hour": 3})[0] == 400
    assert script.ask("PUT", "/certs/crl/automatic", {"urls": [], "hour": 24})[0] == 400
    script.ask("PUT", "/sip/revocation", {"checking": "off", "cdp_download": "on"})
    assert lab.check().accepted


def test_rest_and_pages_refuse_wrong_users_and_origins(lab: ThreadedLab) -> None:
    """No password, a wrong one, one that may only look; a foreign page's form; wrong passwords at speed."""
    auditor = Script(lab, E2, user="auditor")
    assert auditor.ask("GET", "/zones")[0] == 200
    assert auditor.ask("POST", "/restart", {}) == (403, {"error": "this account may look, not change"})
    admin = Script(lab, E2)
    assert admin.ask("POST", "/restart", {}, Origin="https://evil.example")[0] == 403
    guessing = Script(lab, E2, password="wrong")
    answers = [guessing.ask("GET", "/zones")[0] for _ in range(12)]
    assert answers[:4] == [401] * 4
    assert answers[-1] == 429
    assert auditor.ask("GET", "/zones")[0] == 200  # the right password is not locked out by somebody's guesses
    assert len(lab.events.of(E2, "Admin Session Login Failure")) >= 4
    assert Script(lab, C1).ask("GET", "/zones")[0] == 200


def test_domain_certificate_is_presented_after_a_restart(lab: ThreadedLab) -> None:
    """A client that asks for the domain gets its certificate after a restart; a wrong key is refused."""
    peer, at = lab.peers[E2], lab.clock.now()
    made, other = (craft(("tenant.example.org",), lab.issued.authority, at=at) for _ in range(2))
    assert made.key is not None
    assert other.key is not None
    with pytest.raises(InputError, match="does not match"):
        lab.run(peer.load_domain_certificate, "tenant.example.org", made.pem(), key_pem(other.key))
    lab.run(peer.load_domain_certificate, "tenant.example.org", made.pem(), key_pem(made.key))
    lab.do(peer.restart)

    def shown(name: str) -> bytes:
        with (
            socket.create_connection(lab.sites[E2].address, timeout=LONG) as plain,
            ANYONE.wrap_socket(plain, server_hostname=name) as connection,
        ):
            return connection.getpeercert(binary_form=True) or b""

    wanted = made.leaf.public_bytes(Encoding.DER)
    eventually(lambda: shown("tenant.example.org") == wanted, "the domain's certificate is not shown")
    assert shown(E2) != shown("tenant.example.org")
    lab.run(peer.remove_domain_certificate, "tenant.example.org")
    assert not peer.state.domain_certificates


def test_concurrent_requests_with_the_right_password_are_answered(lab: ThreadedLab) -> None:
    """A script that asks twenty things at once with the right password is not taken for somebody who guesses."""
    script = Script(lab, C1)
    assert script.ask("GET", "/alarms")[0] == 200
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: script.ask("GET", "/zones")[0], range(20)))
    assert set(answers) == {200}


def test_request_of_c_has_the_chat_aliases() -> None:
    """Nobody types them: C knows IM and Presence. E's request holds the same aliases."""
    with lab_of("clustered-full") as full:
        aliases = set(full.deployment.chat_aliases)
        assert aliases
        for peer in (C1, E1):
            names = Script(full, peer).ask("POST", "/certs/generate_csr", {})[1]["decoded"]["sans"]["dns"]
            assert aliases <= set(names)


def test_request_form_requires_every_subject_field(lab: ThreadedLab) -> None:
    """As on the product: the page refuses a request without country, state, locality, organization and unit."""
    browser = FormClient(lab, C2)
    browser.ask("POST", "/login", {"user": "admin", "password": lab.passwords["admin"]})
    token = re.findall(r'name="csrf" value="([^"]+)"', browser.ask("GET", "/servercertificate/generate")[1])[0]
    subject = {"country": "GB", "state": "Kent", "locality": "Dover", "organisation": "Example", "unit": "IT"}
    for name in subject:
        partly = {k: v for k, v in subject.items() if k != name}
        status, text, _ = browser.ask("POST", "/servercertificate/generate", {"csrf": token, **partly})
        assert status == 400
        assert "Enter" in text
        assert lab.peers[C2].state.request is None
    assert browser.ask("POST", "/servercertificate/generate", {"csrf": token, **subject})[0] == 303
    assert lab.peers[C2].state.request is not None
    lab.run(lab.peers[C2].discard)


def test_form_without_its_session_is_refused(lab: ThreadedLab) -> None:
    """Nothing without logging in; cookie flags; a form without the session's token changes nothing."""
    browser = FormClient(lab, C1)
    for path in PAGES:
        assert browser.ask("GET", path)[0] == 302
    assert browser.ask("POST", "/login", {"user": "admin", "password": "no"})[0] == 401
    status, _, headers = browser.ask("POST", "/login", {"user": "admin", "password": lab.passwords["admin"]})
    assert status == 303
    assert all(flag in headers["Set-Cookie"] for flag in ("__Host-", "Secure", "HttpOnly", "SameSite=Strict"))
    for path in PAGES:
        status, text, headers = browser.ask("GET", path)
        assert status == 200, path
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "<script" not in text
        assert "PRIVATE KEY" not in text
    assert browser.ask("POST", "/trustedcacertificate/reset", {})[0] == 403
    assert browser.ask("POST", "/trustedcacertificate/reset", {"csrf": "guess"})[0] == 403
    assert browser.ask("POST", "/login", {"user": "a", "password": "b"}, Origin="https://evil.example")[0] == 403
    token = re.findall(r'name="csrf" value="([^"]+)"', browser.ask("GET", "/sip")[1])[0]
    assert browser.ask("POST", "/sip", {"csrf": token, "use_ocsp": "on"})[0] == 303
    assert browser.ask("POST", "/logout", {"csrf": token})[0] == 303
    assert browser.ask("GET", "/sip")[0] == 302


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/style.css/../peer.json", "/static/peer.json", "/peer.json",
     "/key.pem", "/servercertificate/key", "/servercertificate/../../key.pem", "//etc/passwd", "/\x00"],
)  # fmt: skip
def test_path_traversal_is_not_found(lab: ThreadedLab, path: str) -> None:
    """Traversals and guesses lead nowhere, logged in or not."""
    browser = FormClient(lab, C1)
    browser.ask("POST", "/login", {"user": "admin", "password": lab.passwords["admin"]})
    status, text, _ = browser.ask("GET", urllib.parse.quote(path, safe="/%"))
    assert status in {400, 404}
    assert "root:" not in text
    assert "PRIVATE KEY" not in text


def test_script_in_a_subject_is_escaped(lab: ThreadedLab) -> None:
    """A CA named by an attacker is displayed as text in the list, on its own page and in the log."""
    evil = "<script>alert(1)</script>"
    script, browser = Script(lab, C1), FormClient(lab, C1)
    ca = craft((), None, at=lab.clock.now(), common_name=evil, ca=True)
    assert script.ask("POST", "/certs/root", {"certificates": pem(ca.leaf)})[0] == 200
    browser.ask("POST", "/login", {"user": "admin", "password": lab.passwords["admin"]})
    fingerprint = ca.leaf.fingerprint(hashes.SHA256()).hex()
    for path in ("/trustedcacertificate", f"/trustedcacertificate/{fingerprint}", "/eventlog"):
        status, text, _ = browser.ask("GET", path)
        assert status == 200
        assert evil not in text
    assert "&lt;script&gt;" in browser.ask("GET", "/trustedcacertificate")[1]
    assert script.ask("DELETE", f"/certs/root/{fingerprint}")[0] == 200
