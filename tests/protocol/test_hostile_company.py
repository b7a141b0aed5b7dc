"""Hostile company: bounded, logged, answered clearly, and every healthy leg stays up on the connection that it had."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import ssl
import struct
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkikit.errors import FetchError
from pkikit.net.fetch import FetchLimits, fetch
from simulator.threaded import ThreadedLab
from tests.support.labs import lab_fixture
from tests.support.wait import LONG, eventually
from tests.support.worlds import E1

ANYONE = ssl.create_default_context()
ANYONE.check_hostname, ANYONE.verify_mode = False, ssl.CERT_NONE


lab = lab_fixture(prepare=ThreadedLab.hold, patience=1.5, keepalive=0.3)


@pytest.fixture(autouse=True)
def healthy(lab: ThreadedLab) -> Iterator[None]:
    """Whatever happens in a test, afterwards every held leg is where it was."""
    before = {leg: link.dialled for leg, link in lab.links.items()}
    yield
    after = {leg: (link.dialled, link.active) for leg, link in lab.links.items()}
    assert after == {leg: (dialled, True) for leg, dialled in before.items()}
    assert lab.status().accepted


def sip(lab: ThreadedLab) -> socket.socket:
    return socket.create_connection((lab.plan.by_name[E1], 5061), timeout=LONG)


def pages(lab: ThreadedLab) -> tuple[str, int]:
    return lab.sites[E1].address


def sent(connection: socket.socket, data: bytes) -> bool:
    """False once the other side takes nothing more."""
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def closed(connection: socket.socket) -> bool:
    """The other side hangs up (or resets)."""
    connection.settimeout(LONG)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def client_hello(size: int) -> bytes:
    """A TLS handshake record stream that announces a ClientHello of that size."""
    body = b"\x01" + size.to_bytes(3, "big") + b"\x00" * size
    return b"".join(
        b"\x16\x03\x01" + struct.pack(">H", len(body[i : i + 16384])) + body[i : i + 16384]
        for i in range(0, len(body), 16384)
    )


@pytest.mark.parametrize(
    "said",
    [
        b"\x00" * 4096, bytes(range(256)) * 64, b"OPTIONS sip:x SIP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        client_hello(1024 * 1024), b"\x16\x03\x01\xff\xff" + b"\x01" * 65535, b"\x80\x2e\x01\x03\x01" + b"\x00" * 60,
    ],
    ids=["zeros", "bytes", "plain SIP", "plain HTTP", "1 MB ClientHello", "endless record", "SSLv2 hello"],
)  # fmt: skip
def test_garbage_on_the_sip_port_is_hung_up_and_logged(lab: ThreadedLab, said: bytes) -> None:
    """Whatever comes instead of a ClientHello, the port hangs up by itself and says why in the log."""
    before = len(lab.events.of(E1, "Inbound TLS Negotiation Error"))
    with sip(lab) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(said)
        assert closed(connection)
    eventually(lambda: len(lab.events.of(E1, "Inbound TLS Negotiation Error")) > before, "nothing was logged")


def test_slow_handshake_is_closed_after_its_time(lab: ThreadedLab) -> None:
    """Connections on which nothing, or too slowly something, is said are let go after the time for a handshake."""
    silent = [sip(lab) for _ in range(40)]
    slow = sip(lab)
    eventually(lambda: not sent(slow, client_hello(200)[:1]), "the slow caller is never let go")
    assert all(closed(connection) for connection in silent)
    for connection in (*silent, slow):
        connection.close()


@pytest.mark.parametrize(
    "said",
    [
        b"OPTIONS sip:e1 SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n", b"OPTIONS sip:e1 SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS sip:e1 SIP/2.0\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", b"\x00\xff" * 2000 + b"\r\n\r\n",
        b"OPTIONS sip:e1 SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n",
    ],
    ids=["huge length", "negative length", "giant header", "binary", "no headers", "a response"],
)  # fmt: skip
def test_malformed_sip_over_tls_is_hung_up(lab: ThreadedLab, said: bytes) -> None:
    """Over good TLS, a message that is not SIP ends its connection and nothing else."""
    with sip(lab) as plain, ANYONE.wrap_socket(plain) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(said)
        assert closed(connection)


def test_renegotiation_is_refused(lab: ThreadedLab) -> None:
    """A TLS 1.2 client that asks to renegotiate again and again (CVE-2011-1473) gets nowhere."""
    where = f"{lab.plan.by_name[E1]}:5061"
    done = subprocess.run(
        ["openssl", "s_client", "-connect", where, "-tls1_2", "-legacy_renegotiation"],
        input=b"R\nR\nR\n", capture_output=True, timeout=LONG,
    )  # fmt: skip
    assert b"Protocol  : TLSv1.2" in done.stdout
    assert b"no renegotiation" in done.stderr or b"RENEGOTIATING" in done.stderr
    assert done.stderr.count(b"verify return") <= 4  # the certificate was shown once, not thrice


def test_crowd_over_the_limit_is_closed_and_zones_stay_up(lab: ThreadedLab) -> None:
    """3,000 connections at once, more than a party takes: all end, most at once; the others' zones do not notice."""
    address = lab.plan.by_name[E1]

    async def crowd() -> int:
        gate = asyncio.Semaphore(400)
        opened: list[asyncio.StreamWriter] = []

        async def one() -> None:
            async with gate:
                _, writer = await asyncio.open_connection(address, 5061)
                opened.append(writer)

        await asyncio.gather(*(one() for _ in range(3_000)))
        for writer in opened:
            writer.transport.abort()
        return len(opened)

    results: list[int] = []
    caller = threading.Thread(target=lambda: results.append(asyncio.run(crowd())))
    caller.start()
    caller.join(LONG)
    assert results == [3_000]


# The pages.


def raw(lab: ThreadedLab, *parts: bytes) -> bytes:
    """Send bytes to E1's pages; what comes back until the line is cut."""
    with socket.create_connection(pages(lab), timeout=LONG) as plain, ANYONE.wrap_socket(plain) as connection:
        connection.settimeout(LONG)
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
            while piece := connection.recv(65536):
                answer += piece
        except OSError:
            pass
        return answer


@pytest.mark.parametrize(
    "said",
    [
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /zones HTTP/1.1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 40\r\n\r\nabcd",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
        b"GET /login HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(3_000)) + b"\r\n",
        b"\x16\x03\x01garbage\r\n\r\n",
    ],
    ids=["CL and TE", "two CL", "odd TE", "signed CL", "folding", "space", "long line", "many headers", "garbage"],
)  # fmt: skip
def test_ambiguous_http_request_gets_at_most_one_400(lab: ThreadedLab, said: bytes) -> None:
    """Requests that two servers would read differently are one 400, or are refused unread; never two answers."""
    answer = raw(lab, said)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]
    assert answer.count(b"HTTP/1.") == 1
    assert b"Traceback" not in answer


def test_slow_http_header_is_cut_off(lab: ThreadedLab) -> None:
    """A header that never ends is cut off, however steadily it trickles in; meanwhile others are served."""
    with socket.create_connection(pages(lab), timeout=LONG) as plain, ANYONE.wrap_socket(plain) as connection:
        connection.sendall(b"GET /login HTTP/1.1\r\nHost: x\r\n")
        connection.settimeout(0.5)

        def cut_off() -> bool:
            try:
                connection.sendall(b"X-a: b\r\n")
                return connection.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        eventually(cut_off, "the header may trickle in for ever")
    assert raw(lab, b"GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_oversized_upload_is_refused_early(lab: ThreadedLab) -> None:
    """Announced or not, more than a form may hold is refused after a few megabytes, not after all of it."""
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    answer = raw(lab, head + b"Content-Length: 1073741824\r\n\r\n", b"user=" + b"a" * (32 * 1024 * 1024))
    assert answer == b"" or b" 413 " in answer.split(b"\r\n", 1)[0]
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    answer = raw(lab, head + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 40)
    assert answer == b"" or b" 413 " in answer.split(b"\r\n", 1)[0]


def test_crl_archive_bomb_is_not_unpacked(lab: ThreadedLab, tmp_path: Path) -> None:
    """An archive that unpacks to gigabytes is not unpacked; the log reports it, and no CRL is taken."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ca.crl", b"\0" * (300 * 1024 * 1024))
    bomb = packed.getvalue()
    assert len(bomb) < 1024 * 1024

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
        await writer.drain()
        writer.close()

    async def download() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        told: list[str] = []
        look_up = type(lab.network.look_up)(resolve=_nowhere, policy=lambda address, _: address == "127.0.0.1")
        found = await look_up.daily([f"http://127.0.0.1:{port}/ca.crl"], lambda event, detail: told.append(detail))
        server.close()
        return found, told

    found, told = lab.run(download)  # type: ignore[misc]
    assert found == ()
    assert "unpacks to more than" in told[0]


async def _nowhere(host: str, port: int) -> list[tuple[str, int]]:
    raise OSError(f"{host} does not resolve")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:22/\r\nContent-Length: 0\r\n\r\n", "may not be asked"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "only http and https"),
        (b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", "redirects"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "the most that is read"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 2_000_000, "the most that is read"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "status 500"),
        (b"not HTTP at all\r\n\r\n", "Bad|Expected|Invalid"),
        (b"", "disconnected"),
    ],
    ids=["inside", "file", "in a circle", "huge", "endless", "500", "no HTTP", "nothing"],
)
def test_hostile_answer_to_a_fetch_is_one_sentence(answer: bytes, words: str) -> None:
    """Redirects into the inside, circles, too much, nothing: one sentence each, in bounded time."""

    async def ask() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await fetch(
                f"http://127.0.0.1:{port}/",
                policy=lambda address, asked: asked == port,
                limits=FetchLimits(size=1_000_000, time=LONG),
            )
        finally:
            server.close()

    with pytest.raises(FetchError, match=words):
        asyncio.run(ask())


def test_tls_1_1_caller_gets_an_alert(lab: ThreadedLab) -> None:
    """A caller that knows TLS 1.1 at most is refused with an alert that says so."""
    where = f"{lab.plan.by_name[E1]}:5061"
    done = subprocess.run(
        ["openssl", "s_client", "-connect", where, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
        input=b"", capture_output=True, timeout=LONG,
    )  # fmt: skip
    assert b"alert protocol version" in done.stderr or b"unsupported protocol" in done.stderr
