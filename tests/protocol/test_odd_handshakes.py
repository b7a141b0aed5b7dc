"""Live handshakes and `probe` with certificates that a strict parser refuses: the same answers as for files."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pkikit.handshake.pump import pump
from pkikit.handshake.recorder import Recorder, merge
from pkikit.handshake.tls import Handshake, TlsContext, TlsRange
from pkikit.model.certificates.credential import Credential
from pkikit.model.codec.trace import trace_from_json, trace_to_json
from pkikit.model.leg import NameCheck, Protocol
from pkikit.model.trace import Side
from pkikit.model.world import Party
from pkikit.net.probe import probe
from pkikit.reading import load_certificate
from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.pem import to_pem
from pkikit.reading.saved import quietly
from tests.support.odd_cases import CERTIFICATES
from tests.support.odd_der import HOST, Lab, key_number, lab
from tests.support.worlds import AT

ODD = (
    "name-printable-amp",
    "name-t61-latin1",
    "name-unsorted-rdn",
    "name-empty-rdn",
    "critical-default-encoded",
    "serial-negative",
)


def shake(made: Lab, *, trusted: tuple[x509.Certificate, ...] | None = None) -> tuple[Handshake, Handshake]:
    """Client and server after a handshake in memory; the client checks the server."""
    with quietly():
        leaf, issuing, root = (load_certificate(d) for d in (made.leaf, made.issuing, made.root))
    server = Party(fqdn=HOST, credential=Credential(chain=(leaf, issuing), key=key_number(2)), trusted_ca_list=(root,))
    client = Party(
        fqdn="client.example.com", credential=None, trusted_ca_list=trusted if trusted is not None else (root,)
    )
    sides = []
    for party, side in ((client, Side.CLIENT), (server, Side.SERVER)):
        context = TlsContext(party, at=AT, side=side, verify=side is Side.CLIENT, tls=TlsRange())
        checks = (NameCheck(any_of=(HOST,), why="test"),) if side is Side.CLIENT else ()
        sides.append(Handshake(context, recorder=Recorder(side, lambda: AT), name_checks=checks))
    pump(sides[0], sides[1])
    return sides[0], sides[1]


@pytest.mark.parametrize("place", ["leaf", "issuing", "root"])
@pytest.mark.parametrize("label", ODD)
def test_handshake_with_an_odd_certificate_succeeds(label: str, place: str) -> None:
    client, server = shake(lab(**{place: CERTIFICATES[label]}))
    assert client.complete, client.recorder.trouble()
    assert not client.failed, client.recorder.trouble()
    assert server.complete


@pytest.mark.parametrize("label", ["extension-san-broken", "duplicate-ku", "begins-utc-offset"])
def test_handshake_with_a_refused_oddity_fails_like_openssl(label: str) -> None:
    client, _ = shake(lab(leaf=CERTIFICATES[label]))
    assert client.failed


def test_handshake_succeeds_with_an_odd_ca_in_the_list() -> None:
    good, odd = lab(), lab(root=CERTIFICATES["name-printable-amp"])
    unread = load_certificate(lab(root=CERTIFICATES["ends-generalized-letters"]).root)  # OpenSSL 4 does not read it
    listed = (unread, load_certificate(odd.root), load_certificate(good.root))
    for made in (good, odd):
        client, _ = shake(made, trusted=listed)
        assert client.complete, client.recorder.trouble()
        assert not client.failed, client.recorder.trouble()


def test_handshake_reports_the_odd_certificate_unchanged() -> None:
    made = lab(leaf=CERTIFICATES["name-printable-amp"])
    client, server = shake(made)
    client.close()
    trace = merge(client.recorder, server.recorder)
    assert load_certificate(made.leaf) in trace.seen_by_client
    assert any(isinstance(c, OddCertificate) for c in trace.seen_by_client)
    assert trace_from_json(json.dumps(trace_to_json(trace)), where="x").seen_by_client == trace.seen_by_client


def test_probe_of_a_server_with_an_odd_issuer_is_accepted(tmp_path: Path) -> None:
    """A server of Python's own ssl module, whose issuing CA has an ampersand in a PrintableString."""
    made = lab(issuing=CERTIFICATES["name-printable-amp"])
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(to_pem(made.leaf, "CERTIFICATE") + to_pem(made.issuing, "CERTIFICATE"))
    key.write_bytes(key_number(2).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=_answer_once, args=(listener, context), daemon=True)
        answering.start()
        seen = probe(
            "127.0.0.1",
            listener.getsockname()[1],
            protocol=Protocol.HTTPS,
            now=lambda: AT,
            trusted_ca_list=(load_certificate(made.root),),
            name_checks=(NameCheck(any_of=(HOST,), why="test"),),
            server_name=HOST,
        )
        answering.join()
    assert seen.reply.startswith("HTTP/1.1 200"), seen.trace
    assert load_certificate(made.issuing) in seen.chain


def _answer_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with context.wrap_socket(connection, server_side=True) as secured:
        secured.recv(4096)
        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
