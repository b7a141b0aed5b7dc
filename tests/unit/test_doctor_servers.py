"""`pkikit doctor HOST:PORT`: what a server presents and asks for, in every spelling of its address."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.errors import InputError
from pkikit.report.doctor.targets import USUAL_PORTS, target_of
from tests.support.cli import DEPLOYMENT, pkikit_in_process
from tests.support.credential_files import CHAIN, KEY
from tests.support.worlds import AT, E1, issued

ROOT = issued().authority.root
INSTANT = ("--at", AT.isoformat())


def doctor(*arguments: str, code: int) -> Any:
    """The document about a server."""
    done = pkikit_in_process("doctor", *arguments, *INSTANT, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def refused(text: str) -> str:
    """The sentence about something that is no server."""
    with pytest.raises(InputError) as error:
        pkikit_in_process("doctor", text)
    return str(error.value)


def fact(document: Any, label: str) -> str:
    return " ".join(v for row in document["facts"] if row["label"] == label for v in row["values"])


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("e1.example.com:7001", "e1.example.com:7001"),
        ("sips:example.com", "example.com:5061"),
        ("https://e1.example.com/login?x=1", "e1.example.com:443"),
        ("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443"),
        ("[2001:db8::1]:5061", "[2001:db8::1]:5061"),
        ("sip:admin@e1.example.com:5062;transport=tls", "e1.example.com:5062"),
    ],
)
def test_server_is_read_in_every_spelling(text: str, at: str) -> None:
    """With a scheme, with a port, in brackets."""
    target = target_of(text)
    assert target is not None
    assert target.at(target.tried[0]) == at
    assert len(target.tried) == 1


def test_name_without_port_is_a_server_and_a_file_name_is_not() -> None:
    """The usual ports are tried; a word, a path and the ending of a file are files that are missing."""
    for text in ("e1.example.com", "2001:db8::1", "192.0.2.1"):
        target = target_of(text)
        assert target is not None
        assert target.tried == USUAL_PORTS
    for text in ("missing.pem", "word", "a/b.example.com", "c:\\x.example.com", ""):
        assert target_of(text) is None
    assert "not a server either" in refused("missing.pem")
    assert "is not a port" in refused("https://e1.example.com:99999")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[[bool], str]]:
    """Serve E's certificate on a port of this machine: `server(asks)` returns its address."""
    (tmp_path / "served.pem").write_bytes(CHAIN + KEY)
    sockets: list[socket.socket] = []

    def serve(asks: bool) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "served.pem")
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=ROOT.public_bytes(Encoding.PEM).decode())
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def talk() -> None:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(4096)
                    tls.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            except OSError:
                pass

        threading.Thread(target=talk, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener in sockets:
        listener.close()


def test_server_says_what_it_presents_and_asks_for(server: Callable[[bool], str]) -> None:
    """The certificate, TLS, the answer; with --peer the name is looked for, too."""
    document = doctor(server(False), "--deployment", DEPLOYMENT, "--peer", E1, code=0)
    assert document["kind"] == "server"
    assert fact(document, "Asks for") == "no client certificate"
    assert fact(document, "Answer") == "HTTP/1.1 200 OK"
    assert E1 in fact(document, "Names")
    other = doctor(server(False), "--peer", "c1.corp.example.com", code=1)
    assert other["causes"] == ["names.reference-not-presented"]


def test_server_that_insists_on_a_certificate_is_not_wrong(server: Callable[[bool], str]) -> None:
    """It asks, and ends the connection; whether it answers is not assessed."""
    document = doctor(server(True), code=0)
    assert fact(document, "Asks for").startswith("a client certificate (it insists)")
    assert any("wants a certificate" in said for said in document["not_assessed"])


def test_server_that_is_not_there_or_not_tls_is_wrong() -> None:
    """Refused, unresolved, another protocol: one cause each."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert doctor(f"127.0.0.1:{port}", code=1)["causes"] == ["net.unreachable"]
    assert doctor("nobody.invalid", code=1)["causes"] == ["dns.name-unresolved"]
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def talk() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SIP/2.0 400 Bad Request\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        assert doctor(f"127.0.0.1:{plain.getsockname()[1]}", code=1)["causes"] == ["tls.not-tls"]
