"""The ACME pages and their REST face; the client store and domain certificates in real handshakes."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from cryptography import x509
from OpenSSL import SSL

from pkikit.errors import InputError
from pkikit.files import key_pem
from pkikit.judge.legs.leg_verdict import judge_leg
from simulator.threaded import ThreadedLab
from simulator.world.craft import CLIENT, SERVER, craft
from tests.support.labs import FAST, IMPATIENT, lab_fixture, lab_of
from tests.support.pages import Pages, banners
from tests.support.wait import LONG, eventually
from tests.support.web_client import Script, ask, logged_in
from tests.support.worlds import C1, E1, E2, changed, deployment

lab = lab_fixture(settings=IMPATIENT, prepare=ThreadedLab.start_acme)


def wait_for(script: Script) -> dict[str, Any]:
    eventually(lambda: not script.ask("GET", "/certs/acme")[1]["running"])
    return dict(script.ask("GET", "/certs/acme")[1])


def test_acme_rest_runs_from_settings_to_revocation(lab: ThreadedLab) -> None:
    """Settings, terms, CSR, preflight, Sign, its steps, deploy, revoke: as an administrator's script would."""
    script = Script(lab)
    status, told = script.ask("POST", "/certs/acme/sign", {})
    assert (status, "generate one first" in told["error"]) == (400, True)
    assert script.ask("POST", "/certs/generate_csr", {})[0] == 200
    assert script.ask("POST", "/certs/acme/sign", {})[0] == 202
    assert "terms of service" in wait_for(script)["last"]["error"]
    provider = script.ask("GET", "/certs/acme/provider")[1]
    assert provider["terms"].startswith("https://")
    assert script.ask("POST", "/certs/acme/terms", {})[1] == {"accepted": provider["terms"]}
    status, state = script.ask("PUT", "/certs/acme", {"email": "a@example.com", "days": [5, 6], "hour": 2})
    assert (status, state["settings"]["days"]) == (200, [5, 6])
    assert script.ask("PUT", "/certs/acme", {"hour": 77})[0] == 400
    assert script.ask("GET", "/certs/acme/preflight")[1]["accepted"] is True
    assert script.ask("POST", "/certs/acme/sign", {})[0] == 202
    assert script.ask("POST", "/certs/acme/sign", {})[0] == 400  # under way
    state = wait_for(script)
    assert state["last"]["error"] == ""
    assert {"order", "authorization", "challenge file", "virtual host", "certificate"} <= {
        s["what"] for s in state["steps"]
    }
    pending = script.ask("GET", "/certs/pending")[1]["pending"]
    assert pending is not None
    assert script.ask("POST", "/certs/acme/revoke", {"which": "pending", "reason": "superseded"})[0] == 200
    status, told = script.ask("POST", "/certs/acme/revoke", {"which": "pending", "reason": "boredom"})
    assert (status, "allowed are" in told["error"]) == (400, True)
    assert script.ask("POST", "/certs/pending/deploy", {})[0] == 200
    everything = str([script.ask("GET", path) for path in ("/certs/acme", "/certs/server", "/eventlog")])
    assert "PRIVATE" not in everything
    auditor = Script(lab, user="auditor") if "auditor" in lab.passwords else None
    if auditor is not None:
        assert auditor.ask("POST", "/certs/acme/sign", {})[0] == 403


@pytest.mark.product("G-23", "I-11")
def test_server_certificate_page_has_the_acme_section_of_the_guide(lab: ThreadedLab) -> None:
    """Labels of the guide on E; terms, settings, CSR, Sign and Deploy bring an administrator back to the page; nothing on C."""
    pages, peer = Pages(lab, E2), lab.peers[E2]
    before = peer.running
    assert before is not None
    page = pages.get("/servercertificate")
    for label in (
        "ACME Certificate Service", "ACME Provider", "Admin Email", "Accept Terms & Conditions", "Sign CSR with ACME Provider",
        "Status", "Pending ACME Certificate", "ACME Automated Scheduler", "Schedule Days", "Schedule Time", "Save",
        "Last Sign Status", "Last Deploy Status",
    ):  # fmt: skip
        assert label in page, label
    assert "ACME" not in Pages(lab, C1).get("/servercertificate")
    assert "and in another place that there is a warning" in pages.get("/servercertificate/acme")
    back = {"back": "/servercertificate"}
    status, page = pages.send("/servercertificate/acme/terms", back)
    assert (status, "<h1>Server certificate</h1>" in page, "were accepted" in banners(page)[0][1]) == (303, True, True)
    settings = {
        "provider": "production",
        "email": "admin@example.com",
        "mode": "Automated",
        "days": "2",
        "time": "04:30",
    }
    _, page = pages.send("/servercertificate/acme/settings", {**settings, **back})
    assert banners(page) == [("success", "✔ The settings were saved.")]
    managed = peer.state.acme.server
    assert (managed.automatic, tuple(managed.schedule.days), managed.schedule.hour, managed.schedule.minute) == (
        True,
        (2,),
        4,
        30,
    )
    pages.send("/servercertificate/acme/settings", {**settings, **back, "mode": "Manual"})
    assert not peer.state.acme.server.automatic
    lab.run(peer.generate)
    assert pages.send("/servercertificate/acme/sign", back)[0] == 303
    eventually(lambda: peer.state.pending_certificate is not None, "it is not signed")
    page = pages.get("/servercertificate")
    assert "A signed certificate is ready to deploy." in page
    assert "signed, " in page
    assert "Deploy Pending Cert" in page
    boots = lab.world.parties[E2].boots
    _, page = pages.send("/servercertificate/pending/deploy")
    assert "no restart is needed" in banners(page)[0][1]
    assert "No certificate is pending." in page
    assert lab.world.parties[E2].boots == boots
    lab.install(E2, before)


def test_acme_page_renders_with_an_unreachable_directory(lab: ThreadedLab) -> None:
    """Directories that lead nowhere: the page says so, and its form puts it right."""
    script, before = Script(lab), lab.peers[E1].state.acme.settings
    host, port = lab.sites[E1].address
    for directory in ("https://127.0.0.1:1/", "https://[::1]:1/", f"https://{host}:{port}/"):
        assert script.ask("PUT", "/certs/acme", {"provider": "other", "directory": directory})[0] == 200
        assert script.ask("GET", "/certs/acme/provider")[0] == 409
        cookie, _ = logged_in(lab)
        assert ask(lab, E1, "GET", "/servercertificate/acme", Cookie=cookie)[0] == 200
    assert script.ask("PUT", "/certs/acme", {"provider": before.provider.value, "directory": ""})[0] == 200
    assert script.ask("GET", "/certs/acme/provider")[0] == 200


def test_acme_page_is_absent_on_c(lab: ThreadedLab) -> None:
    """Neither the REST interface nor the menu of C has ACME."""
    status, told = Script(lab, C1).ask("GET", "/certs/acme")
    assert (status, "only Expressway-E has ACME" in told["error"]) == (400, True)


def pem_of(
    names: tuple[str, ...], lab: ThreadedLab, purposes: tuple[x509.ObjectIdentifier, ...]
) -> tuple[bytes, bytes]:
    made = craft(names, lab.issued.authority, at=lab.clock.now(), ekus=purposes)
    assert made.key is not None
    return made.pem(), key_pem(made.key)


def shown_to(lab: ThreadedLab, peer: str, port: int, server_name: str) -> x509.Certificate:
    """What a stranger is shown who asks for that name, in a handshake of his own."""
    import socket

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    with socket.create_connection((lab.plan.by_name[peer], port), timeout=LONG) as plain:
        plain.setblocking(True)  # pyOpenSSL wants no time-outs of its own
        connection = SSL.Connection(context, plain)
        connection.set_connect_state()
        if server_name:
            connection.set_tlsext_host_name(server_name.encode())
        connection.do_handshake()
        chain = connection.get_peer_cert_chain(as_cryptography=True)
        assert chain
        return chain[0]


def wait_until_shown(lab: ThreadedLab, peer: str, port: int, server_name: str, wanted: x509.Certificate) -> None:
    """A restart takes its moment, during which nobody may answer."""

    def is_shown() -> bool:
        with contextlib.suppress(OSError, SSL.Error):
            return shown_to(lab, peer, port, server_name) == wanted
        return False

    eventually(is_shown, f"{peer}:{port} does not show it")


def test_domain_certificate_is_presented_by_server_name(lab: ThreadedLab) -> None:
    """On MRA's port and on the pages: the domain and collab-edge below it get theirs, all others the server certificate."""
    peer = lab.peers[E2]
    names = ("customer.example.net", "collab-edge.customer.example.net", E2)
    lab.run(peer.load_domain_certificate, "customer.example.net", *pem_of(names, lab, (SERVER, CLIENT)))
    assert peer.restart_needed
    running = peer.running
    assert running is not None
    assert shown_to(lab, E2, 8443, "customer.example.net") == running.leaf  # after the restart only
    lab.do(peer.restart)
    loaded = dict(peer.state.domain_certificates)["customer.example.net"].leaf
    for port in (8443, 10443):
        wait_until_shown(lab, E2, port, "customer.example.net", loaded)
        assert shown_to(lab, E2, port, "collab-edge.customer.example.net") == loaded
        assert shown_to(lab, E2, port, "example.com") == running.leaf
        assert shown_to(lab, E2, port, "") == running.leaf
    assert shown_to(lab, E2, 7001, "customer.example.net") == running.leaf  # SIP knows no domain certificates
    assert not [leg for leg in lab.check().down if leg.leg.server == E2 and leg.leg.port == 8443]
    lab.run(peer.remove_domain_certificate, "customer.example.net")
    lab.do(peer.restart)
    wait_until_shown(lab, E2, 8443, "customer.example.net", running.leaf)


def test_wrong_domain_certificate_fails_mra_in_judge_and_handshake() -> None:
    """One for the registration domain that lacks its name: MRA's legs fail by it, judge and handshake alike, no other."""
    with lab_of(settings=FAST) as lab:
        inner = lab.lab
        wrong = craft(("other.example.com",), inner.issued.authority, at=inner.clock.now())
        lab.run(inner.peers[E1].load_domain_certificate, "example.com", wrong.pem(), key_pem(wrong.key))  # type: ignore[arg-type]
        lab.do(inner.peers[E1].restart)
        report = lab.check()
        assert report.down
        assert all(leg.leg.server == E1 and leg.leg.port == 8443 for leg in report.down)
        assert all(leg.agrees for leg in report.legs)


def test_client_store_is_presented_as_client_from_x15_5() -> None:
    """From X15.5 a peer presents the certificate of the client store as client; older versions have no such store."""
    with ThreadedLab(changed(version="X15.5"), settings=FAST) as lab:
        inner = lab.lab
        at = inner.clock.now()
        server = craft(inner.peers[E1].layout.dns_names, inner.issued.authority, at=at, ekus=(SERVER,), common_name=E1)
        lab.do(inner.install, E1, server)
        failing = {leg.leg.id for leg in lab.check().down}
        assert {leg_id.split(":")[0] for leg_id in failing} == {"zone"}  # cluster links ask for no clientAuth any more
        pem, key = pem_of((E1, "cluster-e.example.com"), lab, (CLIENT,))
        with pytest.raises(InputError, match="neither PEM nor DER"):
            lab.run(inner.peers[E1].load_client_certificate, pem, b"nothing")
        lab.run(inner.peers[E1].load_client_certificate, pem, key)
        assert inner.peers[E1].restart_needed
        assert "Restart required" in [a.title for a in inner.peers[E1].alarms()]
        lab.do(inner.peers[E1].restart)
        report = lab.check()
        assert report.accepted, [(leg.leg.id, leg.causes) for leg in report.down]
        assert all(leg.agrees for leg in report.legs)
        leg = next(leg.leg for leg in report.legs if leg.leg.client == E1 and leg.leg.mutual)
        assert judge_leg(leg, inner.world, at).accepted
        lab.run(inner.peers[E1].remove_client_certificate)
        lab.do(inner.peers[E1].restart)
        assert {leg.leg.id for leg in lab.check().down} == failing
    older = ThreadedLab(deployment(), settings=FAST)
    with older, pytest.raises(InputError, match=r"one certificate store; X15\.5"):
        older.run(older.peers[E1].load_client_certificate, b"", b"")
