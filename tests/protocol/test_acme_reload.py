"""A deployment by ACME reloads and drops nothing; a restart after an upload drops every connection of its peer."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import build_csr
from pkikit.files import key_pem
from pkikit.issue.acme.order import ChallengeFile
from pkikit.model.certificates.credential import Credential
from pkikit.model.tables import ports
from simulator.events import RESTARTED
from simulator.peer.acme.service import AcmeService
from simulator.threaded import ThreadedLab
from tests.support.labs import FAST, lab_fixture
from tests.support.wait import LONG, eventually
from tests.support.worlds import E1

BRISK = replace(FAST, keepalive=0.2, patience=LONG)
lab = lab_fixture(settings=BRISK, scope="function", prepare=ThreadedLab.hold)


def links_of(lab: ThreadedLab, fqdn: str) -> set[str]:
    return {leg_id for leg_id, link in lab.links.items() if fqdn in {link.leg.client, link.leg.server}}


def dialled(lab: ThreadedLab) -> dict[str, int]:
    return {leg_id: link.dialled for leg_id, link in lab.links.items()}


def several_keepalives_pass(lab: ThreadedLab) -> None:
    """Wait until every held connection has answered three more times."""
    before = {leg_id: link.kept_alive for leg_id, link in lab.links.items()}
    eventually(lambda: all(link.kept_alive >= before[i] + 3 for i, link in lab.links.items()))


@contextlib.contextmanager
def client_of(lab: ThreadedLab, server_name: str = E1, port: int = ports.MRA) -> Iterator[ssl.SSLSocket]:
    """Yield a TLS connection of a stranger outside to E1."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = (lab.plan.by_name[E1], lab.settings.port(port))
    with (
        socket.create_connection(address, timeout=LONG) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as client,
    ):
        yield client


def presented(lab: ThreadedLab, server_name: str = E1) -> bytes:
    """Return the leaf (DER) that E1 presents to a new connection."""
    with client_of(lab, server_name) as client:
        return client.getpeercert(binary_form=True) or b""


def der(credential: Credential) -> bytes:
    return credential.leaf.public_bytes(Encoding.DER)


@pytest.mark.product("H-01", "H-02")
def test_deploy_keeps_held_connections_and_a_restart_after_an_upload_drops_them(lab: ThreadedLab) -> None:
    """The same held connections: ACME's deployment touches none; the upload waits for a restart, which drops E1's."""
    acme, peer = lab.start_acme(), lab.peers[E1]
    lab.run(acme.prepare, E1)
    deployed = lab.run(acme.sign, E1)
    before, started = dialled(lab), lab.events.last
    lab.run(acme.deploy, E1)
    assert presented(lab) == der(deployed)
    several_keepalives_pass(lab)
    assert dialled(lab) == before
    kinds = {event.kind for event in lab.events.since(started)}
    assert not kinds & {RESTARTED, "Connection Lost", "Connection Closed"}
    assert not peer.restart_needed

    assert deployed.key is not None
    request = build_csr(peer.layout, deployed.key)
    uploaded = lab.issued.authority.issue(request, at=lab.clock.now())
    chain = (uploaded, *lab.issued.authority.intermediates)
    lab.run(peer.upload, Credential(chain=chain, key=deployed.key).pem(), key_pem(deployed.key))
    several_keepalives_pass(lab)
    assert peer.restart_needed
    assert presented(lab) == der(deployed)
    lab.do(peer.restart)
    mine = links_of(lab, E1)
    eventually(lambda: all(lab.links[i].dialled > before[i] and lab.links[i].active for i in mine))
    assert {e.detail.split('"')[1] for e in lab.events.of(kind="Connection Lost")} == mine
    assert presented(lab) != der(deployed)
    assert not peer.restart_needed


@pytest.mark.product("H-02")
def test_client_outside_stays_connected_over_a_deployment(lab: ThreadedLab, acme: AcmeService) -> None:
    """A request that began before the deployment is answered after it; a restart cuts the other one off."""
    pending = lab.run(acme.sign, E1)
    with client_of(lab) as client, client_of(lab) as other:
        first = client.getpeercert(binary_form=True)
        client.sendall(b"GET / HTTP/1.1\r\nHost: ")
        lab.run(acme.deploy, E1)
        client.sendall(b"e1.example.com\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 ")
        assert client.getpeercert(binary_form=True) == first
        assert first != der(pending) == presented(lab)
        lab.do(lab.peers[E1].restart)
        with contextlib.suppress(ConnectionError):
            assert other.recv(1) == b""


@pytest.mark.product("H-03")
def test_domain_certificate_without_reload_waits_for_a_restart(lab: ThreadedLab, acme: AcmeService) -> None:
    """ReloadCerts on: in use at once. Off: in use after a restart, and until then the peer asks for one."""
    first = lab.run(acme.sign, E1, "example.com")
    lab.run(acme.deploy_domain, E1, "example.com")
    assert presented(lab, "example.com") == der(first)
    assert not lab.peers[E1].restart_needed
    lab.do(lab.clock.travel, timedelta(hours=1))
    second = lab.run(acme.sign, E1, "example.com")
    lab.run(lambda: acme.deploy_domain(E1, "example.com", reload=False))
    assert presented(lab, "example.com") == der(first)
    assert lab.peers[E1].restart_needed
    lab.do(lab.peers[E1].restart)
    eventually(lambda: presented(lab, "example.com") == der(second))
    assert not lab.peers[E1].restart_needed


@pytest.mark.product("F-15", "P3-4")
def test_port_80_serves_get_of_challenge_files_and_nothing_else(lab: ThreadedLab, acme: AcmeService) -> None:
    """While an order runs: other paths and other methods, also of the file itself, are not found (404)."""
    asked: dict[tuple[str, str], int] = {}
    host = acme.hosts[E1]
    file = ChallengeFile(name=E1, token="token", content="content")
    host.place(file)
    lab.run(host.open)
    try:
        address, port = lab.plan.by_name[E1], lab.settings.port(ports.HTTP)
        for method in ("GET", "HEAD", "POST", "DELETE"):
            for path in ("/.well-known/acme-challenge/token", "/.well-known/acme-challenge/other", "/", "/login"):
                connection = http.client.HTTPConnection(address, port, timeout=LONG)
                connection.request(method, path)
                asked[method, path] = connection.getresponse().status
                connection.close()
    finally:
        lab.run(host.close)
    assert asked.pop(("GET", "/.well-known/acme-challenge/token")) == 200
    assert set(asked.values()) == {404}
