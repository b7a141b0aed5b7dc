"""The event log of a running peer: which documented events its pages and connections write, and in which process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.judge.logs.log_text import diagnose_lines
from pkikit.model.tables.log_events import LAB, PRODUCT_EVENTS
from simulator.peer.acme_state import AcmeState, Attempt
from simulator.threaded import ThreadedLab
from tests.support.labs import QUICK
from tests.support.wait import eventually
from tests.support.web_client import FormClient, Script, logged_in
from tests.support.worlds import C1, E1, PARTNER, deployment


@pytest.fixture(scope="module")
def running() -> Iterator[ThreadedLab]:
    with ThreadedLab(deployment(), settings=replace(QUICK, unanswered=0.2)) as lab:
        yield lab


@pytest.fixture
def lab(running: ThreadedLab) -> Iterator[ThreadedLab]:
    before = running.world
    yield running
    running.put(before)


def newest(lab: ThreadedLab, fqdn: str, kind: str) -> str:
    return str(lab.events.of(fqdn, kind)[-1])


@pytest.mark.product("C-08", "C-01")
def test_sessions_are_logged_with_user_address_and_time(lab: ThreadedLab) -> None:
    client = FormClient(lab, E1)
    client.ask("POST", "/login", {"user": "admin", "password": "wrong"})
    client.ask("POST", "/login", {"user": "admin", "password": lab.passwords["admin"]})
    _, page, _ = client.ask("GET", "/alarms")
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    client.ask("POST", "/logout", {"csrf": csrf})
    for kind in ("Admin Session Login Failure", "Admin Session Start", "Admin Session Finish"):
        line = newest(lab, E1, kind)
        shape = rf' e1 web: Event="{kind}" User="admin" ipaddr="127\.[\d.]+" Detail="session of admin from 127\.[\d.]+ .+ at 2.+"'
        assert re.search(shape + ' Level="1" UTCTime="', line), line


@pytest.mark.product("C-10")
def test_form_of_another_session_is_a_failed_post(lab: ThreadedLab) -> None:
    client = FormClient(lab, E1)
    client.cookie, _ = logged_in(lab)
    assert client.ask("POST", "/alarms", {"csrf": "another", "alarm": "40049"})[0] == 403
    assert 'Event="POST request failed"' in newest(lab, E1, "POST request failed")


@pytest.mark.product("C-07")
def test_uploads_are_certificate_management_and_say_which(lab: ThreadedLab) -> None:
    peer = lab.peers[C1]
    trusted = b"".join(c.public_bytes(Encoding.PEM) for c in peer.state.trusted_ca_list)
    lab.run(partial(peer.trust, trusted, append=True))
    assert 'c1 web: Event="Certificate Management" Detail="trusted CA list appended' in newest(
        lab, C1, "Certificate Management"
    )
    script = Script(lab, C1)
    status, made = script.ask("POST", "/certs/generate_csr", {})
    assert status == 200, made
    signed = script.sign(script.ask("GET", "/certs/generate_csr")[1]["csr"])
    assert script.ask("PUT", "/certs/server", {"certificate": signed})[0] == 200
    assert 'Detail="uploaded: server certificate' in newest(lab, C1, "Certificate Management")


@pytest.mark.product("C-09")
def test_restart_is_requested_exited_and_started(lab: ThreadedLab) -> None:
    lab.run(lab.peers[C1].restart_soon)
    eventually(lambda: bool(lab.events.of(C1, "Application Start")), "c1 starts again")
    order = [
        e.kind for e in lab.events.of(C1) if e.kind in {"Restart Requested", "Application Exit", "Application Start"}
    ]
    assert order[-3:] == ["Restart Requested", "Application Exit", "Application Start"]
    assert 'web: Event="Restart Requested" Reason="' in newest(lab, C1, "Restart Requested")
    assert 'tvcs: Event="Application Exit" Detail="' in newest(lab, C1, "Application Exit")


@pytest.mark.product("C-10")
def test_configuration_and_silent_servers_have_their_events(lab: ThreadedLab) -> None:
    """No response and no name have different lines, and diagnose reads both."""
    lab.do(lab.peers[E1].set_revocation, {"checking": False})
    changed = newest(lab, E1, "System Configuration Changed")
    assert 'Detail="SIP certificate revocation checking: ' in changed
    lab.break_("block", party=PARTNER, port=5061)
    lab.check()
    silent = newest(lab, E1, "External Server Communication Failure")
    assert 'Service="SIP"' in silent
    assert "no response" in silent
    assert diagnose_lines([silent], where="the log").causes == ("net.unreachable",)
    lab.fix()
    lab.break_("dns", names=[PARTNER])
    lab.check()
    unknown = newest(lab, E1, "External Server Communication Failure")
    assert 'Service="DNS"' in unknown
    assert "request rejected" in unknown
    assert diagnose_lines([unknown], where="the log").causes == ("dns.name-unresolved",)
    lab.fix()


@pytest.mark.product("C-04", "C-05", "P8-1")
def test_both_ends_name_the_direction_and_the_dialler_the_name(lab: ThreadedLab) -> None:
    world = lab.world
    lab.change(world.with_party(replace(world.parties[C1], trusted_ca_list=())))
    lab.check()
    mine = next(str(e) for e in lab.events.of(C1, "Outbound TLS Negotiation Error") if 'Dst-port="7001"' in str(e))
    theirs = next(str(e) for e in lab.events.of(E1, "Inbound TLS Negotiation Error") if 'Dst-port="7001"' in str(e))
    assert 'Common-name="e1.example.com"' in mine
    assert "Common-name" not in theirs
    ports = [re.findall(r'Src-port="(\d+)"', line)[0] for line in (mine, theirs)]
    assert ports[0] == ports[1]


@pytest.mark.product("C-14")
def test_no_event_of_the_product_is_about_acme() -> None:
    assert not [name for name in PRODUCT_EVENTS if "acme" in name.lower()]


@pytest.mark.product("C-01", "C-02")
def test_lines_without_a_documented_name_are_of_the_process_lab(lab: ThreadedLab) -> None:
    lab.check()
    for event in lab.events.of(E1):
        assert (event.process == LAB) == (event.kind not in PRODUCT_EVENTS and event.kind != "SSH Tunnel Failed"), event
        if event.process == "tvcs" and not event.text:
            assert re.search(r' tvcs: Event="', str(event))
            assert re.search(r'Level="\d" UTCTime="[^"]+"$', str(event))


@pytest.mark.product("B-01")
def test_alarms_page_has_actions_and_an_icon_on_every_page_leads_there(lab: ThreadedLab) -> None:
    peer = lab.peers[E1]
    wrong = Attempt(at=lab.clock.now(), error="the disk is full", automatic=True)
    peer.state = replace(peer.state, acme=peer.state.acme.deployed(wrong))
    client = FormClient(lab, E1)
    client.cookie, csrf = logged_in(lab)
    for path in ("/overview", "/eventlog"):
        assert re.search(r'<a class="alarm" href="/alarms"', client.ask("GET", path)[1]), path
    page = client.ask("GET", "/alarms")[1]
    assert '<th scope="col">Action</th>' in page
    assert "See the server certificate page" in page
    assert "40063" in page
    assert client.ask("POST", "/alarms", {"csrf": csrf, "alarm": "40063"})[0] == 303
    assert Script(lab, E1).ask("GET", "/alarms")[1]["alarms"][0].keys() >= {
        "id",
        "title",
        "severity",
        "action",
        "acknowledged",
    }
    peer.state = replace(peer.state, acme=AcmeState())


@pytest.mark.product("C-11")
def test_wrong_password_of_a_zone_is_read_as_the_product_writes_it() -> None:
    """The lab's zones have no passwords; the line is that of Cisco TAC 117811."""
    line = (
        '2026-11-20T10:00:10.100+00:00 e1 tvcs: Event="Authentication Failed" Service="SIP" Src-ip="10.48.80.161"'
        ' Src-port="25723" Detail="Incorrect authentication credential for user" Protocol="TLS" Method="OPTIONS" Level="1"'
    )
    assert diagnose_lines([line], where="the log").causes == ("sip.credentials-refused",)
