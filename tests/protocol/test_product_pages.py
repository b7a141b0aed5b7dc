"""The pages of a running peer as an administrator of the product knows them: banners, labels, tests on the running lab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pkikit.files import key_pem
from pkikit.model.certificates.facts import presented_names
from simulator.peer.installation import temporary_credential
from simulator.peer.pages.rendering import places_for
from simulator.threaded import ThreadedLab
from simulator.world.craft import craft
from tests.support.labs import IMPATIENT, lab_fixture
from tests.support.pages import Pages, banners, cells, trusting_nobody
from tests.support.wait import eventually
from tests.support.worlds import AT, C1, C2, E1, E2, changed

lab = lab_fixture(settings=IMPATIENT, prepare=lambda running: running.check())
SUBJECT = {"country": "GB", "state": "Kent", "locality": "Dover", "organisation": "Example", "unit": "IT"}


@pytest.fixture
def core(lab: ThreadedLab) -> Pages:
    return Pages(lab, C1)


@pytest.fixture
def edge(lab: ThreadedLab) -> Pages:
    return Pages(lab, E1)


@pytest.fixture(scope="module")
def newest() -> Iterator[ThreadedLab]:
    """A lab of X15.5."""
    with ThreadedLab(changed(version="X15.5"), settings=IMPATIENT) as running:
        yield running


# The menu, banners, old addresses.


@pytest.mark.product("G-09")
def test_every_entry_of_the_menu_leads_to_a_page(lab: ThreadedLab, newest: ThreadedLab) -> None:
    """On both roles and in the newest version: a title, "You are here", and one sentence where nothing is simulated."""
    for running, peer in ((lab, C1), (lab, E1), (newest, C1), (newest, E1)):
        pages = Pages(running, peer)
        for path, place in places_for(running.peers[peer]).items():
            text = pages.get(path)
            where = re.search(r'aria-label="You are here".*?</nav>', text, re.DOTALL)
            assert where is not None, path
            assert all(f">{group.name}</a>" in where[0] for group in place.groups)
            assert ("This page is not simulated. The real page" in text) == bool(place.page.absent), path
            assert text.count("<h1>") == 1
    assert Pages(lab, E1).ask("GET", "/clientcertificate")[0] == 404
    assert Pages(lab, E1).ask("GET", "/securetraversaltest")[0] == 404


def test_old_addresses_redirect(core: Pages) -> None:
    """What people have bookmarked still leads to the page, for one release."""
    for old, new in (
        ("/", "/overview"), ("/trustedca", "/trustedcacertificate"), ("/crl", "/crlupdater"), ("/restart", "/restartoptions"),
        ("/acme", "/servercertificate/acme"), ("/servercertificate/csr.pem", "/servercertificate/csr/download"),
    ):  # fmt: skip
        status, _, headers = core.ask("GET", old)
        assert (status // 100, headers["Location"]) == (3, new)
    assert core.ask("GET", "/nothing")[0] == 404


def test_banner_is_displayed_once_and_to_its_session_only(lab: ThreadedLab, core: Pages) -> None:
    """After an action the page comes back with a banner; not to another session, and not again."""
    other = Pages(lab, C1)
    token = re.findall(r'name="csrf" value="([^"]+)"', core.get("/sip"))[0]
    assert core.ask("POST", "/sip", {"csrf": token, "use_ocsp": "on"})[0] == 303
    assert banners(other.get("/sip")) == []
    assert banners(core.get("/sip")) == [("success", "✔ The settings are saved on all peers of the cluster.")]
    assert banners(core.get("/sip")) == []


def test_refused_form_comes_back_with_its_page_and_what_was_typed(core: Pages) -> None:
    """The page is not replaced: 400, an error banner at its top, and the fields as they were typed."""
    status, page = core.send(
        "/servercertificate/generate", {**SUBJECT, "country": "Britain", "chat_aliases": "chat.example.com"}
    )
    assert status == 400
    ((tone, text),) = banners(page)
    assert tone == "error"
    assert "two letters" in text
    assert "<h1>Generate CSR</h1>" in page
    assert 'value="Dover"' in page
    assert 'value="chat.example.com"' in page
    status, page = core.send("/crlupdater/manual", {"crl_text": "no CRL"})
    assert (status, "<h1>CRL management</h1>" in page, banners(page)[0][0]) == (400, True, "error")


@pytest.mark.product("B-01")
def test_alarm_icon_leads_to_the_alarms_page(lab: ThreadedLab) -> None:
    """While an alarm is in place every page has the icon, which leads to Status > Alarms; without one none has it."""
    pages, peer = Pages(lab, C2), lab.peers[C2]
    old = peer.state.trusted_ca_list
    expired = craft((), None, at=lab.clock.now(), ca=True, common_name="Old CA", ends=timedelta(hours=-1)).leaf
    assert 'class="alarm"' not in pages.get("/zones")
    pages.send("/trustedcacertificate", {"certificates_text": expired.public_bytes(Encoding.PEM).decode()})
    for path in ("/overview", "/zones", "/ciphers", "/servercertificate"):
        assert re.search(r'class="alarm" href="/alarms" title="This system has \d+ alarms?"', pages.get(path)), path
    head, *rows = cells(pages.get("/alarms"))
    assert any("Old CA" in row[0] and row[head.index("Action")] for row in rows)
    pages.send("/trustedcacertificate", {
        "action": "replace", "certificates_text": "".join(c.public_bytes(Encoding.PEM).decode() for c in old)
    })  # fmt: skip
    assert 'class="alarm"' not in pages.get("/zones")


def test_auditor_sees_every_page_and_changes_nothing(lab: ThreadedLab) -> None:
    """A read-only account reads the pages; each form is refused."""
    pages = Pages(lab, C1, user="auditor")
    assert "Access: read-only" in pages.get("/servercertificate")
    for path in ("/restartoptions", "/trustedcacertificate/reset", "/securetraversaltest", "/certificatetesting"):
        assert pages.send(path)[0] == 403


# Server certificate and requests.


@pytest.mark.product("G-20", "H-01")
def test_server_certificate_page_follows_an_upload(lab: ThreadedLab) -> None:
    """Labels of the guide; CSR with its three views; after the upload a banner with expiry and restart."""
    pages, peer = Pages(lab, E2), lab.peers[E2]
    page = pages.get("/servercertificate")
    for label in (
        "Server certificate data", "Show (decoded)", "Show (PEM file)", "Currently loaded certificate expires on",
        "Generate CSR", "Upload new certificate", "Select the server certificate file", "Upload server certificate data",
    ):  # fmt: skip
        assert label in page
    assert "Select the server private key file" in page
    assert "uncertain" in page
    status, page = pages.send("/servercertificate/generate", SUBJECT)
    assert status == 303
    assert all(label in page for label in ("Download", "Discard CSR", "Show (decoded)", "Show (PEM file)"))
    assert "BEGIN CERTIFICATE REQUEST" in pages.get("/servercertificate/csr/pem")
    assert "Dover" in pages.get("/servercertificate/csr/decoded")
    assert peer.state.request is not None
    leaf = lab.issued.authority.issue(peer.state.request.csr, at=lab.clock.now())
    answer = "".join(c.public_bytes(Encoding.PEM).decode() for c in (leaf, *lab.issued.authority.intermediates))
    status, page = pages.send("/servercertificate/upload", {"certificate_text": answer})
    assert status == 303
    done, restart = banners(page)
    assert done[0] == "success"
    assert f"expires on {leaf.not_valid_after_utc:%Y-%m-%d}" in done[1]
    assert restart == ("warning", "⚠ Restart the Expressway to use the new certificate. Restart options")
    assert "still uses the certificate that expires on" in page
    lab.do(peer.restart)
    eventually(lambda: not peer.restart_needed, "it does not restart")


@pytest.mark.product("G-21", "G-22")
def test_generate_csr_has_the_fields_of_each_role(lab: ThreadedLab, core: Pages, edge: Pages) -> None:
    """E: registration domains with format, federation, aliases. C: profiles, aliases. The request holds what was typed."""
    of_core, of_edge = core.get("/servercertificate/generate"), edge.get("/servercertificate/generate")
    both = (
        "Common name",
        "Additional alternative names",
        "IM and Presence chat node aliases",
        "Key length (in bits)",
        "Digest algorithm",
    )
    assert all(label in page for label in both for page in (of_core, of_edge))
    assert "Unified CM phone security profile names" in of_core
    assert "Unified CM phone security profile names" not in of_edge
    assert all(
        label in of_edge for label in ("Unified CM registrations domains", "CollabEdgeDNS", "XMPP federation domains")
    )
    assert "Public key algorithm" not in of_core  # ECDSA came with X14.3
    form = {
        **SUBJECT, "registration_domains": "example.com, other.example", "registration_domains_format": "collab-edge-dns",
        "additional_names": "alias.example.com",
    }  # fmt: skip
    assert edge.send("/servercertificate/generate", form)[0] == 303
    request = lab.peers[E1].state.request
    assert request is not None
    names = presented_names(request.csr).dns
    assert {"collab-edge.example.com", "collab-edge.other.example", "alias.example.com", E1} <= set(names)
    assert "example.com" not in names
    ekus = set(request.csr.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert ekus == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert isinstance(request.csr.public_key(), rsa.RSAPublicKey)
    lab.run(lab.peers[E1].discard)


@pytest.mark.product("G-21")
def test_generate_csr_offers_elliptic_keys_from_x14_3_on(newest: ThreadedLab) -> None:
    """Algorithm and length belong together; the request has a key of that curve."""
    pages, peer = Pages(newest, C1), newest.peers[C1]
    page = pages.get("/servercertificate/generate")
    assert "Public key algorithm" in page
    assert [size for size in ("256", "384", "521", "2048", "4096") if f"<option>{size}</option>" in page or f"<option selected>{size}</option>" in page] == [
        "256", "384", "521", "2048", "4096",
    ]  # fmt: skip
    status, page = pages.send("/servercertificate/generate", {**SUBJECT, "algorithm": "ecdsa", "key_length": "2048"})
    assert (status, "not of the algorithm ECDSA" in banners(page)[0][1]) == (400, True)
    assert pages.send("/servercertificate/generate", {**SUBJECT, "algorithm": "ecdsa", "key_length": "384"})[0] == 303
    assert peer.state.request is not None
    key = peer.state.request.csr.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp384r1"


@pytest.mark.product("G-21")
def test_generate_csr_wants_profile_names_as_fqdns(newest: ThreadedLab) -> None:
    """From X12.6 on a profile name that is no FQDN makes the page refuse; older versions take it."""
    pages = Pages(newest, C2)
    for name in ("profile", "-a.example.com", "secure.1example"):
        status, page = pages.send("/servercertificate/generate", {**SUBJECT, "security_profiles": name})
        assert (status, "is not an FQDN" in banners(page)[0][1]) == (400, True), name
    assert pages.send("/servercertificate/generate", {**SUBJECT, "security_profiles": "secure.example.com"})[0] == 303


@pytest.mark.product("A-08")
def test_sip_page_sets_the_checking_mode_of_x15_5(lab: ThreadedLab, newest: ThreadedLab) -> None:
    """The switch of the command line is there from X15.5 on, marked as ours; it holds for the cluster."""
    pages = Pages(newest, E1)
    assert "ExtendedKeyUsage Checking Mode" in pages.get("/sip")
    _, page = pages.send("/sip/commands", {"checking": "off"})
    assert banners(page)[0][0] == "success"
    assert newest.peers[E2].lab.eku_switches(E2).checking is False
    pages.send("/sip/commands", {"checking": "on"})
    assert newest.peers[E2].lab.eku_switches(E2).checking is True
    assert "ExtendedKeyUsage" not in Pages(lab, E1).get("/sip")
    assert Pages(lab, E1).send("/sip/commands", {"checking": "off"})[0] == 400


@pytest.mark.product("A-03", "G-09")
def test_client_certificate_page_begins_with_a_copy(newest: ThreadedLab) -> None:
    """As after the upgrade both pages have one serial number; the box at the upload fills both stores."""
    pages, peer = Pages(newest, E1), newest.peers[E1]
    serial = re.compile(r"<dt>serial</dt><dd>(\w+)</dd>")
    pair = [serial.findall(pages.get(f"/{store}certificate/decoded")) for store in ("server", "client")]
    assert pair[0] == pair[1] != []
    assert "a copy of the server certificate" in pages.get("/clientcertificate")
    assert peer.state.certificate is not None
    made = craft(peer.layout.dns_names, newest.issued.authority, at=newest.clock.now())
    assert made.key is not None
    form = {"certificate_text": made.pem().decode(), "private_key_text": key_pem(made.key).decode(), "as_client": "on"}
    assert "Upload server certificate file as client certificate" in pages.get("/servercertificate")
    _, page = pages.send("/servercertificate/upload", form)
    assert "server and client certificate was loaded" in banners(page)[0][1]
    assert peer.state.client_certificate is not None
    assert peer.state.client_certificate.leaf == made.leaf == peer.state.certificate.leaf


@pytest.mark.product("G-32")
def test_temporary_certificate_looks_like_the_sample() -> None:
    """O and OU are one text, CN is cisco, no SAN, serial 1, one year, RSA 2048; its CA lives for five."""
    ca, credential = temporary_credential(E1, AT)
    leaf = credential.leaf
    texts = [a.value for a in leaf.subject]
    assert re.fullmatch(r"Temporary Certificate [0-9a-f-]{36}", str(texts[0]))
    assert texts == [texts[0], texts[0], "cisco"]
    assert [a.oid for a in leaf.subject] == [
        NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.COMMON_NAME,
    ]  # fmt: skip
    assert len({a.value for a in ca.subject}) == 1
    assert str(next(iter(ca.subject)).value).startswith("Temporary CA ")
    assert presented_names(leaf).dns == ()
    assert leaf.serial_number == 1
    assert (leaf.not_valid_after_utc - AT, ca.not_valid_after_utc - AT) == (timedelta(days=365), timedelta(days=1825))
    public = leaf.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert len(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == 2
    assert b"Temporary Certificate" in leaf.public_bytes(Encoding.DER)


# Trust, revocation, zones.


@pytest.mark.product("G-24", "H-04")
def test_trust_list_change_advises_a_restart_and_names_the_contradiction(lab: ThreadedLab, core: Pages) -> None:
    """SIP uses the list at once; for MRA, XCP and SSH the banner says "to be sure", and that the documents disagree."""
    page = core.get("/trustedcacertificate")
    for label in ("Select the file containing trusted CA certificates", "Append CA certificate", "Related tasks",
                  "Activation Code onboarding trusted CA certificate", "Show all (decoded)", "Show all (PEM file)"):  # fmt: skip
        assert label in page
    assert "uncertain" in page
    boots = {fqdn: party.boots for fqdn, party in lab.world.parties.items()}
    other = craft((), None, at=lab.clock.now(), ca=True, common_name="Other CA").leaf
    _, page = core.send("/trustedcacertificate", {"certificates_text": other.public_bytes(Encoding.PEM).decode()})
    done, advice = banners(page)[0], banners(page)[-1]
    assert done == ("success", "✔ The CA certificates were appended to the list.")
    assert advice[0] == "warning"
    assert all(
        words in advice[1]
        for words in (
            "SIP TLS uses a changed trusted CA list at once",
            "XCP and the SSH tunnels",
            "to be sure",
            "contradict",
        )
    )
    assert "Other CA" in core.get("/trustedcacertificate/decoded")
    assert core.get("/trustedcacertificate/pem").count("BEGIN CERTIFICATE") == len(lab.peers[C1].state.trusted_ca_list)
    lab.run(lab.peers[C1].distrust, lab.peers[C1].state.trusted_ca_list[-1].fingerprint(hashes.SHA256()).hex())
    assert {fqdn: party.boots for fqdn, party in lab.world.parties.items()} == boots


@pytest.mark.product("G-25")
def test_crl_page_sets_and_switches_off_automatic_updates(lab: ThreadedLab, core: Pages) -> None:
    """Labels of the guide; Enabled keeps URLs and hour, Disabled forgets the URLs."""
    page = core.get("/crlupdater")
    for label in ("Automatic CRL updates", "HTTP(S) distribution points", "Daily update time (in UTC)", "Save", "Upload CRL file",
                  "Remove revocation list"):  # fmt: skip
        assert label in page
    form = {"updates": "enabled", "urls": "http://crl.example.com/a.crl\nhttps://crl.example.com/b.crl", "hour": "5"}
    core.send("/crlupdater/automatic", form)
    automatic = lab.peers[C1].state.automatic
    assert (automatic.urls, automatic.hour) == (tuple(form["urls"].splitlines()), 5)
    _, page = core.send("/crlupdater/automatic", {**form, "updates": "disabled"})
    assert banners(page) == [("success", "✔ The automatic updates are off.")]
    assert (lab.peers[C1].state.automatic.urls, lab.peers[C1].state.automatic.hour) == ((), 5)


@pytest.mark.product("G-27")
def test_sip_page_has_the_revocation_settings(lab: ThreadedLab, edge: Pages) -> None:
    """Labels and choices of the guide; they change the settings of the cluster."""
    page = edge.get("/sip")
    for label in ("Certificate revocation checking mode", "Use OCSP", "Use CRLs", "Allow CRL downloads from CDPs", "Fallback behavior",
                  "Treat as revoked", "Treat as not revoked"):  # fmt: skip
        assert label in page
    before = lab.peers[E1].lab.revocation_settings(E1)
    edge.send("/sip", {"checking": "on", "fallback": "revoked"})
    after = lab.peers[E2].lab.revocation_settings(E2)
    assert (after.checking, after.fallback) == (True, "revoked")
    edge.send("/sip", {"checking": "on" if before.checking else "off", "fallback": before.fallback})


@pytest.mark.product("G-10")
def test_zones_page_has_zones_only_with_the_words_of_the_product(lab: ThreadedLab, core: Pages) -> None:
    """Columns and order of the saved page; Active becomes Failed; the cluster has its own page."""
    lab.check()
    head, *rows = cells(core.get("/zones"))
    assert head == [
        "Name",
        "Type",
        "Calls",
        "Bandwidth used",
        "H323 status",
        "SIP status",
        "Search rule status",
        "Actions",
    ]
    assert rows[0][:6] == ["DefaultZone", "Default zone", "0", "0 kbps", "Off", "On"]
    status = {row[0]: (row[1], row[5]) for row in rows}
    assert status["uc-traversal"] == ("Unified Communications traversal", "✔ Active")
    assert not any("cluster" in name for name in status)
    assert C2 in core.get("/clustering")
    with trusting_nobody(lab, C1):
        lab.check()
        failed = {row[0]: row[5] for row in cells(core.get("/zones"))[1:]}
        assert failed["uc-traversal"] == "✘ Failed"
        number = list(failed).index("uc-traversal")
        assert "unable to get local issuer certificate (20)" in core.get(f"/zones/{number}")
        assert "✘ Failed" in core.get("/zonestatus")
    assert core.ask("GET", "/zones/99")[0] == core.ask("GET", "/zones/x")[0] == 404
    assert lab.check().accepted


@pytest.mark.product("G-13")
def test_unified_communications_status_lists_servers_and_tunnels(lab: ThreadedLab, core: Pages, edge: Pages) -> None:
    """C counts servers and sessions; both sides list the SSH tunnels, with their state."""
    lab.check()
    page = core.get("/edgestatus")
    assert "Current provisioning sessions" in page
    assert "Current provisioning sessions" not in edge.get("/edgestatus")
    for pages, other in ((core, E1), (edge, C1)):
        _, *rows = cells(pages.get("/sshtunnels"))
        assert [(row[0], row[2]) for row in rows if row[0] == other] == [(other, "✔ Active")]


def test_overview_says_which_service_is_down_and_why(lab: ThreadedLab, core: Pages, edge: Pages) -> None:
    """With every connection up all services work; without the root on both C peers MRA is down because of the tunnels."""
    lab.check()
    assert "✘ down" not in core.get("/overview")
    with trusting_nobody(lab, C1, C2):
        lab.check()
        for page in (core.get("/overview"), edge.get("/edgestatus")):
            down = {row[1]: row[3] for row in cells(page) if row[0] == "MRA" and row[2] == "✘ down"}
            assert set(down) == {E1, E2}
            assert f"tunnel:uc-traversal:{C1}>{E1}" in down[E1]
    assert lab.check().accepted
