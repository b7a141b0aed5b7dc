"""What a peer's pages do on the running lab: client certificate testing, secure traversal test, restart."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.files import key_pem
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import IMPATIENT, lab_fixture
from tests.support.pages import Pages, banners, trusting_nobody
from tests.support.wait import eventually
from tests.support.worlds import C1, E1, E2

lab = lab_fixture(settings=IMPATIENT, prepare=lambda running: running.check())


@pytest.fixture
def core(lab: ThreadedLab) -> Pages:
    return Pages(lab, C1)


# Tests on the running lab.


@pytest.mark.product("G-26")
def test_client_certificate_is_tested_against_list_and_crl(lab: ThreadedLab, core: Pages) -> None:
    """Accepted, unknown issuer, wrong purpose, revoked; the resulting string; plain text; no browser certificate."""
    ca, at = lab.issued.authority, lab.clock.now()
    pattern = {"source": "upload", "regex": "/Subject:.*CN=(?<Group1>[^\n,]*)/m", "template": "prefix#Group1#suffix"}

    def tested(text: str) -> str:
        status, page = core.send("/certificatetesting", {**pattern, "certificate_text": text})
        assert status == 200
        return page

    chain = "".join(c.public_bytes(Encoding.PEM).decode() for c in ca.intermediates)
    good = craft(("alice.example.com",), ca, at=at, common_name="alice", ekus=(ExtendedKeyUsageOID.CLIENT_AUTH,)).leaf
    page = tested(good.public_bytes(Encoding.PEM).decode() + chain)
    assert "✔ Yes" in page
    assert "no revocation list is loaded" in page
    assert "<dd>prefixalicesuffix</dd>" in page
    unknown = craft(("alice.example.com",), None, at=at).leaf
    assert "✘ No" in tested(unknown.public_bytes(Encoding.PEM).decode())
    server = craft(("alice.example.com",), ca, at=at, ekus=(ExtendedKeyUsageOID.SERVER_AUTH,)).leaf
    page = tested(server.public_bytes(Encoding.PEM).decode() + chain)
    assert "✘ No" in page
    assert "eku.client-auth-missing" in page
    crls = "".join(
        c.public_bytes(Encoding.PEM).decode() for c in (ca.crl([good.serial_number], at=at), lab.issued.root.crl(at=at))
    )
    core.send("/crlupdater/manual", {"crl_text": crls})
    page = tested(good.public_bytes(Encoding.PEM).decode() + chain)
    assert "✘ No" in page
    assert "revocation.revoked" in page
    core.send("/crlupdater/remove")
    assert "<dd>prefixbobsuffix</dd>" in tested("Subject: C=GB, CN=bob\n")
    for form, words in (
        ({"source": "browser"}, "shown no certificate"),
        ({"source": "upload"}, "Select the certificate file"),
        ({"certificate_text": "x", "regex": "(", "template": ""}, "cannot be read"),
        ({"certificate_text": key_pem(ec.generate_private_key(ec.SECP256R1())).decode(), "regex": "x"}, "certificate"),
    ):
        status, page = core.send("/certificatetesting", form)
        assert status == 400
        assert words in banners(page)[0][1]
        assert "PRIVATE KEY" not in banners(page)[0][1]


@pytest.mark.product("G-08")
def test_secure_traversal_test_dials_the_running_lab(lab: ThreadedLab, core: Pages) -> None:
    """It passes; without the root on C it names the cause, on each connection; other names are refused."""
    status, page = core.send("/securetraversaltest", {"fqdn": f" {E1.upper()} "})
    assert status == 200
    assert f"Both sides accept each other on every connection to {E1}" in page
    assert all(words in page for words in ("sip-tls, port 7001", "ssh, port 2222", "Last handshake", "uncertain"))
    before = len(lab.events.of(C1, "Outbound TLS Negotiation Error"))
    with trusting_nobody(lab, C1):
        _, page = core.send("/securetraversaltest", {"fqdn": E1})
    assert "A connection was refused" in page
    assert f"{C1} refuses." in page
    assert "trust.issuer-unknown" in page
    # A real handshake, which the log has.
    assert len(lab.events.of(C1, "Outbound TLS Negotiation Error")) > before
    for name, words in (
        ("", "Enter the FQDN"),
        ("e9.example.com", f"peer addresses are: {E1}"),
        ("no name!", "no name!"),
    ):
        status, page = core.send("/securetraversaltest", {"fqdn": name})
        assert status == 400
        assert words in banners(page)[0][1]


# Restart.


@pytest.mark.product("H-13", "P4-3", "G-11")
def test_restart_is_confirmed_and_says_what_it_costs(lab: ThreadedLab) -> None:
    """Minutes, calls, sessions, order in the cluster; asked once more; then the page that leads to the login."""
    pages, site = Pages(lab, E2), lab.sites[E2]
    page = pages.get("/restartoptions")
    assert all(words in page for words in ("about 3 minutes", "about 5 minutes", "Number of calls", "Shutdown"))
    assert page.index(f"<li>{E1} (primary)") < page.index(f"<li>{E2}, this system")
    assert "TAC 217230" in page
    assert "Current MRA sessions" in Pages(lab, C1).get("/restartoptions")
    assert "Current MRA sessions" not in page
    asked = pages.get("/restartoptions?action=reboot")
    assert "Reboot: are you sure?" in asked
    assert "<button autofocus>OK</button>" in asked
    status, page = pages.send("/restartoptions", {"action": "shutdown"})
    assert (status, "does not simulate a shutdown" in banners(page)[0][1]) == (400, True)
    assert pages.send("/restartoptions", {"action": "explode"})[0] == 400
    before = site.restarts
    status, page = pages.send("/restartoptions", {"action": "reboot"})
    assert (status, "<h1>Rebooting</h1>" in page, 'content="4;url=/login"' in page) == (202, True, True)
    assert 'role="progressbar"' in page
    eventually(lambda: site.restarts > before, "it does not restart")
    assert pages.ask("GET", "/overview")[0] == 302


def test_request_with_a_huge_field_is_refused_before_its_names_are_read(lab: ThreadedLab, core: Pages) -> None:
    """One sentence with the field, and the page does not repeat it in full."""
    subject = dict.fromkeys(("country", "state", "locality", "organisation", "unit"), "GB")
    status, page = core.send("/servercertificate/generate", {**subject, "chat_aliases": "a," * 500_000})
    assert status == 400
    assert "chat_aliases: has more than 60000 characters" in banners(page)[0][1]
    assert len(page) < 150_000
    assert lab.peers[C1].state.request is None
