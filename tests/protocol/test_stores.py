"""The two stores and the switches for extended key usages in a running lab: pages, REST, sockets, upgrades."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pkikit.files import key_pem
from pkikit.model.tables.log_events import ALARM_RAISED
from pkikit.model.world import World
from simulator.events import RESTARTED
from simulator.threaded import ThreadedLab
from simulator.world.craft import BOTH, SERVER, craft
from tests.support.labs import FAST, IMPATIENT
from tests.support.wait import eventually
from tests.support.web_client import Script, ask, logged_in
from tests.support.worlds import C1, E1, changed
from tests.support.worlds.eku_worlds import S2, eku_deployment, eku_world

ZONE, TUNNEL = f"zone:uc:{C1}>{E1}", f"tunnel:uc:{C1}>{E1}"


def prepared(version: str) -> Callable[[World], World]:
    """The world of condition 2 in place of the one that the lab issued."""
    wanted = eku_world(version, (S2, S2), (S2, S2))
    return lambda world: replace(world, parties=wanted.parties)


def restarts(lab: ThreadedLab) -> int:
    return len(lab.events.of(kind=RESTARTED))


@pytest.mark.product("A-08", "A-21", "A-22", "H-12")
def test_switch_brings_the_zone_up_without_a_restart_and_leaves_the_tunnel_down() -> None:
    """Test cases 1 and 2 on sockets: FAILED, then the command on E, then ACTIVE; the SSH tunnel stays down."""
    with ThreadedLab(eku_deployment("X15.5"), settings=IMPATIENT, prepare=prepared("X15.5")) as lab:
        lab.hold()
        assert not lab.links[ZONE].active
        restarts_before = restarts(lab)
        edge = Script(lab)
        assert edge.ask("GET", "/sip/eku")[1] == {"checking": True, "server_upload": False}
        status, answer = edge.ask("PUT", "/sip/eku", {"checking": False})
        assert (status, answer["checking"]) == (200, False)
        eventually(lambda: lab.links[ZONE].active, "the zone does not come up")
        found = {leg.leg.id: leg for leg in lab.check().legs}
        assert found[ZONE].up
        assert not found[TUNNEL].up
        assert found[TUNNEL].causes[0] == "eku.client-auth-missing"
        assert all(leg.agrees for leg in found.values())
        assert restarts(lab) == restarts_before
        # On C the switch concerns what C accepts, so it does not help here.
        edge.ask("PUT", "/sip/eku", {"checking": True})
        assert Script(lab, C1).ask("PUT", "/sip/eku", {"checking": False})[0] == 200
        assert not next(leg for leg in lab.check().legs if leg.leg.id == ZONE).up


@pytest.mark.parametrize(
    ("body", "problem"),
    [({"server_upload": True}, "switch of X15.4"), ({"checking": "off"}, "checking"), ({"mode": True}, "mode")],
)
def test_wrong_switch_is_refused_with_one_sentence(body: dict[str, Any], problem: str) -> None:
    """A switch of another version, a text instead of a boolean, an unknown key."""
    with ThreadedLab(eku_deployment("X15.5"), settings=IMPATIENT) as lab:
        status, answer = Script(lab).ask("PUT", "/sip/eku", body)
        assert status == 400
        assert problem in answer["error"]


def files(lab: ThreadedLab, ekus: Any) -> dict[str, str]:
    """A certificate of the lab's CA for e1 and its key, as a script sends them."""
    layout = lab.peers[E1].layout
    made = craft(layout.dns_names, lab.issued.authority, at=lab.clock.now(), ekus=ekus, common_name=layout.common_name)
    assert made.key is not None
    return {"certificate": made.pem().decode(), "private_key": key_pem(made.key).decode()}


@pytest.mark.product("A-40", "A-41", "A-42", "G-29")
def test_page_and_api_refuse_alike_until_the_switch_is_on() -> None:
    """The sentence is on the page and in the answer; in X15.4 the switch lets the same file in."""
    with ThreadedLab(changed(version="X15.4"), settings=IMPATIENT) as lab:
        script, body = Script(lab), files(lab, (SERVER,))
        status, answer = script.ask("PUT", "/certs/server", body)
        assert status == 400
        assert "has no clientAuth" in answer["error"]
        cookie, token = logged_in(lab)
        form = {"csrf": token, "certificate_text": body["certificate"], "private_key_text": body["private_key"]}
        assert "has no clientAuth" in sent(lab, "/servercertificate/upload", cookie, form)
        assert lab.peers[E1].state.certificate == lab.lab.world.parties[E1].credential
        assert script.ask("PUT", "/sip/eku", {"server_upload": True})[0] == 200
        assert script.ask("PUT", "/certs/server", body)[0] == 200
        assert lab.peers[E1].restart_needed


def sent(lab: ThreadedLab, path: str, cookie: str, form: dict[str, str]) -> str:
    """The page after a form was sent."""
    from urllib.parse import urlencode

    headers = {"Cookie": cookie, "Content_Type": "application/x-www-form-urlencoded"}
    status, page, answered = ask(lab, E1, "POST", path, urlencode(form).encode(), **headers)
    if status == 303:
        page = ask(lab, E1, "GET", answered["Location"], Cookie=cookie)[1]
    return page.decode().replace("&#39;", "'")


@pytest.mark.product("A-05", "A-06", "A-07")
def test_box_of_the_page_copies_a_server_only_certificate_into_the_client_store() -> None:
    """The client page refuses the file, the server page takes it; with the box it is in both stores."""
    with ThreadedLab(changed(version="X15.5"), settings=IMPATIENT) as lab:
        peer, script, body = lab.peers[E1], Script(lab), files(lab, (SERVER,))
        status, answer = script.ask("PUT", "/certs/client", body)
        assert status == 400
        assert "Upload server certificate file as client certificate" in answer["error"]
        before = lab.lab.world.parties[E1].credential
        assert script.ask("PUT", "/certs/server", body)[0] == 200
        assert peer.state.client_certificate == before
        cookie, token = logged_in(lab)
        form = {"csrf": token, "certificate_text": body["certificate"], "private_key_text": body["private_key"]}
        sent(lab, "/servercertificate/upload", cookie, {**form, "as_client": "on"})
        assert peer.state.certificate is not None
        assert peer.state.client_certificate == peer.state.certificate != before


@pytest.mark.product("H-05")
def test_uploaded_client_certificate_waits_for_a_restart_and_the_page_says_that_this_is_uncertain() -> None:
    """As with a server certificate: alarm 15028, and E dials with the earlier certificate until it restarts."""
    with ThreadedLab(changed(version="X15.5"), settings=IMPATIENT) as lab:
        peer, body = lab.peers[E1], files(lab, BOTH)
        before = lab.lab.world.parties[E1].client
        cookie, token = logged_in(lab)
        form = {"csrf": token, "certificate_text": body["certificate"], "private_key_text": body["private_key"]}
        page = sent(lab, "/clientcertificate", cookie, form)
        assert "uncertain" in page
        assert "No document says whether a changed client certificate needs a restart" in page
        assert peer.restart_needed
        assert "15028" in {alarm.key for alarm in lab.do(peer.alarms)}
        assert lab.lab.world.parties[E1].client == before != peer.state.client_certificate
        lab.do(peer.restart)
        assert lab.lab.world.parties[E1].client == peer.state.client_certificate
        assert "15028" not in {alarm.key for alarm in lab.do(peer.alarms)}


@pytest.mark.product("A-03", "A-20", "P2-8")
def test_lab_that_starts_again_in_x15_5_has_the_old_certificate_in_both_stores(tmp_path: Path) -> None:
    """The deployment file names a later version: an upgrade, which copies certificate and key of every peer."""
    settings = replace(FAST, state=tmp_path)
    with ThreadedLab(changed(version="X15.4"), settings=settings) as lab:
        old = {fqdn: lab.lab.world.parties[fqdn].credential for fqdn in (C1, E1)}
        assert lab.peers[E1].state.client_certificate is None
    with ThreadedLab(changed(version="X15.5"), settings=settings) as lab:
        for fqdn, credential in old.items():
            party, state = lab.lab.world.parties[fqdn], lab.peers[fqdn].state
            assert credential is not None
            assert party.client == party.credential == state.client_certificate == credential
            assert party.client is not None
            assert party.client.key_matches
        body = files(lab, BOTH)
        lab.run(lab.peers[E1].upload, body["certificate"].encode(), body["private_key"].encode())
        lab.do(lab.peers[E1].restart)
        after = lab.lab.world.parties[E1]
        assert after.client == old[E1] != after.credential
    with ThreadedLab(changed(version="X15.5"), settings=settings) as lab:
        assert lab.lab.world.parties[E1].client == old[E1]
        assert lab.check().accepted


def test_switches_survive_a_restart_of_the_lab(tmp_path: Path) -> None:
    """What a command set is there again when the lab starts from its folder."""
    settings = replace(FAST, state=tmp_path)
    with ThreadedLab(eku_deployment("X15.5"), settings=settings) as lab:
        lab.do(lambda: lab.peers[E1].set_eku_switches(checking=False))
    with ThreadedLab(eku_deployment("X15.5"), settings=settings) as lab:
        assert lab.peers[E1].lab.eku_switches(E1).checking is False


def test_deployment_by_acme_keeps_what_the_peer_shows_as_client() -> None:
    """The stores are independent, and nothing waits for a restart after a deployment (X15.5)."""
    with ThreadedLab(changed(version="X15.5"), settings=FAST) as lab:
        peer = lab.peers[E1]
        shown = lab.world.parties[E1].as_client(0).credential
        request = lab.run(peer.generate).request
        assert request is not None
        issued = lab.issued.authority.issue(request.csr, at=lab.clock.now())
        lab.run(peer.stage, (issued, *lab.issued.authority.intermediates), request)
        lab.run(peer.deploy)
        party = lab.world.parties[E1]
        assert party.as_server(0).credential == peer.state.certificate
        assert peer.state.certificate is not None
        assert peer.state.certificate.leaf == issued
        assert party.as_client(0).credential == shown
        assert not peer.restart_needed
        assert "15028" not in {alarm.id for alarm in peer.alarms()}
        assert not [e for e in lab.events.of(E1, ALARM_RAISED) if "15028" in e.detail]
