"""ACME servers that are none, or unfriendly: one sentence, bounded in size and time."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.errors import AcmeError
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.acme.account import AcmeAccount
from pkikit.issue.acme.transport import MAX_ANSWER, AcmeDirectory
from pkikit.issue.authority import create_root
from simulator.world.craft import craft


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (MAX_ANSWER + 70_000), "is too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]", "not understood"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"newNonce\": 17}  ", "not understood"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html", "not understood"),
        (b"garbage\r\n\r\n", "cannot be reached"),
        (b"", "cannot be reached"),
    ],
    ids=["huge", "a list", "odd types", "html", "garbage", "nothing"],
)  # fmt: skip
def test_hostile_directory_is_refused_with_a_bounded_sentence(tmp_path: Path, answer: bytes, says: str) -> None:
    """A server that is no CA, or an unfriendly one: one sentence, bounded in size."""
    root = create_root("A directory's CA", at=datetime.now(UTC) - timedelta(days=1))
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    shown = craft((), root, at=datetime.now(UTC), common_name="x", general=[address])
    assert shown.key is not None
    write_private(tmp_path / "key.pem", key_pem(shown.key))
    write_public(tmp_path / "cert.pem", shown.pem())
    write_public(tmp_path / "root.pem", root.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65_536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        where = AcmeDirectory(url=f"https://127.0.0.1:{listener.getsockname()[1]}/dir", ca_file=tmp_path / "root.pem")
        with pytest.raises(AcmeError, match=says):
            AcmeAccount(where, fast_key()).register("a@example.com", terms_accepted=True)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
