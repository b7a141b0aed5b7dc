"""Real tools against broken servers: whatever openssl, curl, wget, Python and Node.js print today is understood."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.issue.authority import Authority
from pkikit.judge.logs.log_text import diagnose_lines
from pkikit.model.certificates.credential import Credential
from simulator.world.craft import craft
from tests.support.wait import LONG

NAME = "localhost"
NOW = datetime.now(UTC).replace(microsecond=0)  # the tools judge by the clock of the machine
UNKNOWN = {"trust.issuer-unknown", "trust.intermediate-missing"}


def authority(name: str, above: Authority | None = None) -> Authority:
    """A root, or a CA below `above`."""
    made = craft((), above, at=NOW, common_name=name, ca=True, can_sign=True, ekus=None)
    return Authority(certificate=made.leaf, key=made.key, parents=(above.certificate, *above.parents) if above else ())


@dataclass
class World:
    """Files for the tools, and what each broken server presents."""

    folder: Path
    root: Authority = field(default_factory=lambda: authority("Root"))
    other: Authority = field(default_factory=lambda: authority("Other Root"))

    def __post_init__(self) -> None:
        self.trust = self.folder / "trust.pem"
        self.trust.write_bytes(self.root.certificate.public_bytes(Encoding.PEM))

    def context(self, made: Credential, *, chain: bool = True) -> ssl.SSLContext:
        """A server context with that certificate."""
        file = self.folder / f"{made.leaf.serial_number:x}.pem"
        sent = made.chain if chain else made.chain[:1]
        assert made.key is not None
        key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in sent) + key)
        file.chmod(0o600)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("tools"))


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that gives each connection to `answer`; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def loop() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.settimeout(LONG)
                    answer(connection)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(LONG)


def to_the_end(connection: socket.socket) -> None:
    """Read until the client closes: closing with bytes unread sends a reset, and the client could lose our last words."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def tls(context: ssl.SSLContext, errors: list[str] | None = None) -> Callable[[socket.socket], None]:
    """A server that answers one HTTP request over TLS, and notes why a handshake failed."""

    def answer(connection: socket.socket) -> None:
        beneath = connection.dup()
        with beneath:
            try:
                with context.wrap_socket(connection, server_side=True) as session:
                    if session.recv(4096):
                        session.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    session.unwrap()
            except OSError as error:
                if errors is not None:
                    errors.append(f"{type(error).__name__}: {error}")
                to_the_end(beneath)

    return answer


def plain(connection: socket.socket) -> None:
    """A server that speaks HTTP without TLS."""
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    to_the_end(connection)


def hangs_up(connection: socket.socket) -> None:
    """A server that reads the ClientHello and closes."""
    connection.recv(4096)


PYTHON = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
print(urllib.request.urlopen(f"https://localhost:{sys.argv[1]}/", context=context).read())
"""
NODE = """
const https = require("https"), fs = require("fs");
const ca = fs.readFileSync(process.argv[2]);
https.get({host: "localhost", port: process.argv[1], ca}, (r) => console.log(r.statusCode)).on("error", (e) => console.error(e));
"""


def command(tool: str, port: int, trust: Path) -> list[str]:
    """How an operator calls the tool."""
    url = f"https://{NAME}:{port}/"
    return {
        "openssl": ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", NAME, "-verify_hostname", NAME,
                    "-purpose", "sslserver", "-verify_return_error", "-ign_eof", "-CAfile", str(trust)],
        "curl": ["curl", "-sSv", "--ipv4", "--noproxy", "*", "--cacert", str(trust), url],
        "wget": ["wget", "-4", "--no-config", "--no-proxy", "--tries=1", "--ca-certificate", str(trust), "-O", "-", url],
        "python": [sys.executable, "-c", PYTHON, str(port), str(trust)],
        "node": ["node", "-e", NODE, str(port), str(trust)],
        "ldapsearch": ["ldapsearch", "-x", "-d1", "-H", f"ldaps://{NAME}:{port}", "-b", "", "-s", "base"],
        "lego": ["lego", "--accept-tos", "--email", "a@example.com", "--domains", NAME, "--server", f"{url}dir", "--http",
                 "--path", str(trust.parent / "lego"), "run"],
    }[tool]  # fmt: skip


def said(tool: str, port: int, trust: Path) -> str:
    """What the tool prints."""
    done = subprocess.run(
        command(tool, port, trust),
        capture_output=True,
        text=True,
        input="GET / HTTP/1.0\r\n\r\n",
        timeout=LONG,
        env={**os.environ, "LDAPTLS_CACERT": str(trust)},
    )
    return done.stdout + done.stderr


def _expired(world: World) -> ssl.SSLContext:
    return world.context(
        craft((NAME,), world.root, at=NOW, begins=timedelta(days=-9), ends=timedelta(days=-2), ekus=None)
    )


def _self_signed(world: World) -> ssl.SSLContext:
    return world.context(craft((NAME,), None, at=NOW))


def _required(world: World) -> ssl.SSLContext:
    context = world.context(craft((NAME,), world.root, at=NOW))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(world.trust)
    return context


def _old_ciphers(world: World) -> ssl.SSLContext:
    context = world.context(craft((NAME,), world.root, at=NOW))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("NULL-SHA256:AECDH-NULL-SHA:@SECLEVEL=0")
    return context


def _no_intermediate(world: World) -> ssl.SSLContext:
    middle = authority("Issuing", world.root)
    return world.context(craft((NAME,), middle, at=NOW), chain=False)


BROKEN: dict[str, tuple[Callable[[World], ssl.SSLContext], set[str]]] = {
    "unknown-ca": (lambda w: w.context(craft((NAME,), w.other, at=NOW)), UNKNOWN),
    "no-intermediate": (_no_intermediate, UNKNOWN),
    "expired": (_expired, {"validity.expired"}),
    "not-yet": (lambda w: w.context(craft((NAME,), w.root, at=NOW, begins=timedelta(days=2))), {"validity.not-yet-valid"}),
    "wrong-name": (lambda w: w.context(craft(("other.example.com",), w.root, at=NOW)), {"names.reference-not-presented"}),
    "self-signed": (_self_signed, {"trust.self-signed-leaf", "trust.issuer-unknown"}),
    "client-only": (lambda w: w.context(craft((NAME,), w.root, at=NOW, ekus=[ExtendedKeyUsageOID.CLIENT_AUTH])), {"eku.server-auth-missing"}),
    "no-common-cipher": (_old_ciphers, {"tls.cipher-mismatch"}),
}  # fmt: skip
TOOLS = [
    "python",
    *(pytest.param(tool, marks=pytest.mark.needs(tool)) for tool in ("openssl", "curl")),
    *(
        pytest.param(tool, marks=pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed"))
        for tool in ("wget", "node")
    ),
]


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("tool", TOOLS)
def test_output_about_a_broken_server_names_its_cause(world: World, tool: str, kind: str) -> None:
    """The first cause in the diagnosis is the fault of the server."""
    if (tool, kind) == ("wget", "client-only"):
        pytest.skip("wget with GnuTLS does not look at the purpose")
    build, rules = BROKEN[kind]
    with serving(tls(build(world))) as port:
        text = said(tool, port, world.trust)
    causes = diagnose_lines(text.splitlines(), where=tool).causes
    assert causes, text
    assert causes[0] in rules, text


@pytest.mark.parametrize("tool", TOOLS)
def test_output_without_tls_names_its_cause(world: World, tool: str) -> None:
    """A plain server, a server that hangs up, and no server at all."""
    with serving(plain) as port:
        text = said(tool, port, world.trust)
    assert diagnose_lines(text.splitlines(), where=tool).causes[:1] == ("tls.not-tls",), text
    with serving(hangs_up) as port:
        text = said(tool, port, world.trust)
    assert diagnose_lines(text.splitlines(), where=tool).causes[:1] == ("net.connection-cut",), text
    with socket.socket() as silent:  # bound, so nobody else takes the port, and not listening
        silent.bind(("127.0.0.1", 0))
        text = said(tool, silent.getsockname()[1], world.trust)
    assert diagnose_lines(text.splitlines(), where=tool).causes[:1] == ("net.unreachable",), text


@pytest.mark.parametrize("tool", TOOLS)
def test_output_of_a_client_without_certificate_names_the_missing_certificate(world: World, tool: str) -> None:
    """The server asks for one; in TLS 1.3 the tool learns that with the first answer."""
    if tool == "wget":
        pytest.skip("wget with GnuTLS does not print the alert")
    with serving(tls(_required(world))) as port:
        text = said(tool, port, world.trust)
    assert diagnose_lines(text.splitlines(), where=tool).causes[:1] == ("tls.certificate-required",), text


@pytest.mark.parametrize("tool", [pytest.param(tool, marks=pytest.mark.needs(tool)) for tool in ("openssl", "curl")])
def test_output_of_a_success_is_accepted(world: World, tool: str) -> None:
    """The control: no cause, and a success that is seen."""
    with serving(tls(world.context(craft((NAME,), world.root, at=NOW)))) as port:
        text = said(tool, port, world.trust)
    diagnosis = diagnose_lines(text.splitlines(), where=tool)
    assert diagnosis.causes == (), text
    assert diagnosis.successes >= 1


@pytest.mark.needs("curl")
def test_server_output_about_a_refusing_client_names_the_alert(world: World) -> None:
    """The server's own error, when curl refuses its certificate: an alert about the certificate of the server."""
    errors: list[str] = []
    with serving(tls(world.context(craft((NAME,), world.other, at=NOW)), errors)) as port:
        said("curl", port, world.trust)
    assert set(diagnose_lines(errors, where="server").causes[:1]) <= UNKNOWN
    assert errors


@pytest.mark.needs("ldapsearch")
@pytest.mark.parametrize("kind", ["unknown-ca", "expired", "no-common-cipher"])
def test_ldapsearch_output_names_its_cause(world: World, kind: str) -> None:
    """libldap prints the status of the library below as a number; "Can't contact LDAP server" follows every failure."""
    build, rules = BROKEN[kind]
    with serving(tls(build(world))) as port:
        text = said("ldapsearch", port, world.trust)
    causes = diagnose_lines(text.splitlines(), where="ldapsearch").causes
    assert causes, text
    assert causes[0] in rules | {"tls.handshake-failed"}, text


@pytest.mark.needs("lego")
def test_lego_output_names_its_cause(world: World) -> None:
    """An ACME client whose CA is not trusted, does not speak TLS, or hangs up."""
    with serving(tls(world.context(craft((NAME,), world.other, at=NOW)))) as port:
        assert set(diagnose_lines(said("lego", port, world.trust).splitlines(), where="lego").causes[:1]) & UNKNOWN
    for answer, rule in ((plain, "tls.not-tls"), (hangs_up, "net.connection-cut")):
        with serving(answer) as port:
            text = said("lego", port, world.trust)
        assert diagnose_lines(text.splitlines(), where="lego").causes[:1] == (rule,), text
