"""SSH tunnels: real SSH with X.509 certificates as keys on both sides (asyncssh), judged by us.

Each end notes in its recorder what it decides about the other. A tunnel counts as up when a request has passed through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from cryptography import x509

from pkikit.extras import optional_packages
from pkikit.handshake.recorder import Recorder
from pkikit.handshake.ssh_certificates import accepts, is_strong
from pkikit.judge.legs.tunnel_verdict import has_unusable_host_name, ssh_algorithm
from pkikit.model.leg import Leg, Purpose
from pkikit.model.tables.ssh_algorithms import SSH_CIPHER, SshAlgorithm
from pkikit.model.trace import Application, Failed, Message, Negotiated
from pkikit.model.world import Party
from simulator.wire.ssh_keys import key_pair, leaf_in, public_key

with optional_packages():
    import asyncssh

USER = "pfwd"  # ours: no document names the account of the tunnels
_REQUEST, _ANSWER = b"probe\n", b"tunnel up\n"  # ours: what passes through a tunnel of the product is HTTP
_MOST_KEYS = 6  # that a caller may show, as sshd allows by default (MaxAuthTries)
_COMMON: dict[str, Any] = {
    "config": None,
    "kex_algs": ["curve25519-sha256"],
    "encryption_algs": [SSH_CIPHER],
    "mac_algs": ["hmac-sha2-256"],
    "compression_algs": ["none"],
    "x509_trusted_certs": [],  # asyncssh then allows X.509; who is trusted is decided here
    "x509_trusted_cert_paths": [],
}
Tap = Callable[[bool, bytes], None]


@dataclass(frozen=True, kw_only=True)
class SshEnd:
    """One end of a tunnel.

    Attributes:
        party: with the certificate that it shows here.
        algorithms: the kinds of key that it accepts, and offers.
        at: its time.
        recorder: takes what it sees and decides.
        tap: is called with every piece of data: True for what this end sends.
        delay: seconds by which what it sends is late.
        patience: seconds until the other end must have shown its key.
    """

    party: Party
    algorithms: tuple[SshAlgorithm, ...]
    at: datetime
    recorder: Recorder
    tap: Tap | None = None
    delay: Callable[[], float] = lambda: 0.0
    patience: float = 30.0

    @property
    def keys(self) -> list[Any]:
        """The key pair that this end offers; empty if it has none that it may offer."""
        credential = self.party.credential
        if credential is None or ssh_algorithm(credential.leaf) not in self.algorithms or not is_strong(credential):
            return []
        with contextlib.suppress(ValueError):  # the key is not there, or belongs to another certificate
            return [key_pair(credential)]
        return []

    def judge(self, key_data: bytes, purpose: Purpose) -> asyncssh.SSHKey | None:
        """Return the key of the other end if this end accepts its certificate."""
        leaf = leaf_in(key_data)
        if leaf is None:
            self.recorder.note(Failed(reason="the other side showed no certificate"))
            return None
        return public_key(leaf) if self._accepts(leaf, purpose) else None

    def _accepts(self, leaf: x509.Certificate, purpose: Purpose) -> bool:
        if ssh_algorithm(leaf) not in self.algorithms:
            self.recorder.seen = (leaf,)
            self.recorder.note(Failed(reason="key type of the other side not in sshd_pfwd_pubkeyalgorithms"))
            return False
        return accepts(leaf, self.party, purpose, self.at, self.recorder)


class _Transport:
    """A transport that shows what is sent, and sends it late if it has to."""

    def __init__(self, transport: asyncio.Transport, end: SshEnd) -> None:
        self._transport, self._end = transport, end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._end.tap is not None:
            self._end.tap(True, bytes(data))
        late = self._end.delay()
        if late:
            asyncio.get_running_loop().call_later(late, self._write_late, bytes(data))
        else:
            self._transport.write(data)

    def _write_late(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


class _Client(asyncssh.SSHClientConnection):
    """Expressway-C's end. `up` ends with None once E accepted it, or with the reason why not."""

    def __init__(self, end: SshEnd) -> None:
        loop = asyncio.get_running_loop()
        self.end, self.up = end, loop.create_future()
        options = asyncssh.SSHClientConnectionOptions(
            client_factory=lambda: _ClientOwner(self),
            host="tunnel",
            port=2222,
            username=USER,
            known_hosts=None,
            client_keys=end.keys or None,
            agent_path=None,
            server_host_key_algs=list(end.algorithms),
            signature_algs=list(end.algorithms),
            preferred_auth=["publickey"],
            login_timeout=end.patience,
            **_COMMON,
        )
        super().__init__(loop, options, wait=None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, _Transport(cast(asyncio.Transport, transport), self.end)))

    def data_received(self, data: bytes, datatype: Any = None) -> None:
        if self.end.tap is not None:
            self.end.tap(False, data)
        super().data_received(data, datatype)

    def validate_server_host_key(self, key_data: bytes) -> asyncssh.SSHKey:
        key = self.end.judge(key_data, Purpose.SERVER)
        if key is None:
            raise asyncssh.HostKeyNotVerifiable("the certificate is not accepted")
        self._server_host_key = key
        return key


class _ClientOwner(asyncssh.SSHClient):
    def __init__(self, connection: _Client) -> None:
        self._connection = connection

    def auth_completed(self) -> None:
        if not self._connection.up.done():
            self._connection.up.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._connection.up.done():
            self._connection.up.set_result(exc or ConnectionError("the other side closed the connection"))


class _Server(asyncssh.SSHServerConnection):
    """Expressway-E's end."""

    def __init__(self, end: SshEnd, answered: Callable[[], None]) -> None:
        self.end, self.answered, self.authenticated = end, answered, False
        self._judged: dict[bytes, asyncssh.SSHKey | None] = {}
        options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: _ServerOwner(self),
            server_host_keys=end.keys or [_no_key()],
            signature_algs=list(end.algorithms),
            login_timeout=end.patience,
            **_COMMON,
        )
        super().__init__(asyncio.get_running_loop(), options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, _Transport(cast(asyncio.Transport, transport), self.end)))

    async def _validate_client_certificate(self, username: str, key_data: bytes) -> asyncssh.SSHKey | None:
        """Called twice for each key: with the question whether it would do, and with a signature."""
        if key_data not in self._judged:
            if len(self._judged) == _MOST_KEYS:
                raise asyncssh.PermissionDenied("too many keys")
            self._judged[key_data] = self.end.judge(key_data, Purpose.CLIENT)
        return self._judged[key_data]


class _ServerOwner(asyncssh.SSHServer):
    def __init__(self, connection: _Server) -> None:
        self._connection = connection

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def auth_completed(self) -> None:
        self._connection.authenticated = True
        self._connection.end.recorder.note(_negotiated())

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        return self._answer

    async def _answer(self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
        asked = await reader.readline()
        self._connection.end.recorder.note(Application(received=f"a request through the tunnel: {asked!r}"))
        writer.write(_ANSWER)
        writer.write_eof()
        writer.close()
        self._connection.answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._connection.authenticated:
            self._connection.end.recorder.note(Failed(reason=_reason(exc) or "the other side showed no acceptable key"))


def _no_key() -> Any:
    """Return a key of a kind that no end of a tunnel accepts: what a server without a usable certificate offers."""
    return asyncssh.generate_private_key("ssh-ed25519")


def _negotiated() -> Negotiated:
    return Negotiated(protocol="SSH-2.0", cipher=SSH_CIPHER)


def _reason(error: Exception | None) -> str:
    match error:
        case None:
            return ""
        case asyncssh.DisconnectError(reason=reason):
            return reason
        case OSError(strerror=str(words)):
            return words
        case _:
            return str(error)


class SshStream:
    """An established tunnel, as its client holds it."""

    def __init__(self, connection: _Client) -> None:
        self._connection = connection
        self._closed = asyncio.get_running_loop().create_task(connection.wait_closed())

    async def closed_within(self, seconds: float) -> bool:
        """Return True if the tunnel is closed, or closes within this time."""
        done, _ = await asyncio.wait({self._closed}, timeout=seconds)
        return bool(done)

    async def answers(self, leg: Leg | None = None) -> bool:
        """Send a request through the tunnel; return True if the other end answers it."""
        try:
            reader, writer = await self._connection.open_connection("probe", 1)
            writer.write(_REQUEST)
            answer = await reader.read()
            writer.close()
        except (asyncssh.Error, OSError):
            return False
        return bool(answer == _ANSWER)

    def abort(self) -> None:
        """Drop the tunnel without a word."""
        self._connection.abort()

    async def close(self) -> None:
        """Close the tunnel; never raises."""
        self._connection.close()
        with contextlib.suppress(TimeoutError, asyncssh.Error, OSError):
            async with asyncio.timeout(self._connection.end.patience):
                await asyncio.shield(self._closed)


async def dial(end: SshEnd, connect: Callable[[Callable[[], asyncio.Protocol]], Any]) -> SshStream | None:
    """Open a tunnel as its client; return it if a request passed through it.

    Args:
        end: Expressway-C's end.
        connect: connects a protocol that the given function makes; OSError if that is not possible.
    """
    connection = _Client(end)
    recorder = end.recorder
    await connect(cast(Callable[[], asyncio.Protocol], lambda: connection))
    stream = SshStream(connection)
    try:
        problem = await connection.up
        if problem is not None:
            # Without a key that the other end takes, it is the other end that refuses; it says so in its own record.
            refused = isinstance(problem, asyncssh.PermissionDenied)
            recorder.note(Message(state=_reason(problem)) if refused else Failed(reason=_reason(problem)))
        else:
            recorder.note(_negotiated())
            if await stream.answers():
                recorder.note(Application(received=_ANSWER.decode().strip()))
                return stream
            recorder.note(Failed(reason="no request passed through the tunnel"))
    except asyncio.CancelledError:
        stream.abort()
        raise
    await stream.close()
    return None


async def serve(
    end: SshEnd, connect: Callable[[Callable[[], asyncio.Protocol]], Any], answered: Callable[[], None]
) -> None:
    """Serve one caller as Expressway-E until it leaves.

    Args:
        end: Expressway-E's end.
        connect: puts a protocol on the accepted connection.
        answered: is called when a request has passed.
    """
    connection = _Server(end, answered)
    try:
        transport, _ = await connect(cast(Callable[[], asyncio.Protocol], lambda: connection))
        if has_unusable_host_name(end.party.fqdn):
            end.recorder.note(Failed(reason="Application failed: an unexpected software error in portforwarding.pyc"))
            transport.abort()
        await connection.wait_closed()
    except asyncio.CancelledError:
        connection.abort()
        raise


def dial_pair(client: SshEnd, server: SshEnd) -> None:
    """Let two ends in this process open a tunnel between them and close it again. Their recorders know how it went."""

    async def both() -> None:
        here, there = socket.socketpair()
        loop = asyncio.get_running_loop()
        serving = loop.create_task(serve(server, lambda make: loop.create_connection(make, sock=there), lambda: None))
        stream = await dial(client, lambda make: loop.create_connection(make, sock=here))
        if stream is not None:
            await stream.close()
        await serving

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(both())
        return
    with ThreadPoolExecutor(max_workers=1) as elsewhere:  # an event loop runs here already
        elsewhere.submit(asyncio.run, both()).result()
