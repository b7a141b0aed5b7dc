"""A real handshake with a real server, recorded as the lab records its own: TCP, TLS, one request.

One address, one connection, everything limited in time and size.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from OpenSSL import SSL, crypto

from pkikit.handshake.messages import FramingError, request_for, status_of
from pkikit.handshake.recorder import Recorder, merge
from pkikit.handshake.tls import Handshake, TlsContext, TlsRange
from pkikit.model.certificates.credential import Credential
from pkikit.model.leg import NameCheck, Protocol
from pkikit.model.trace import Application, HandshakeTrace, NotConnected, Side
from pkikit.model.world import Party
from pkikit.values.names import printable

MAX_REPLY = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The result of one dial. `asked_for`: the CAs that the server named when it asked for our certificate.

    `wants_certificate`: the server asked for one, whether it insisted or not.
    """

    trace: HandshakeTrace
    chain: tuple[x509.Certificate, ...]
    protocol: str
    cipher: str
    wants_certificate: bool
    asked_for: tuple[str, ...]
    reply: str


def probe(
    host: str,
    port: int,
    *,
    protocol: Protocol,
    now: Callable[[], datetime],
    trusted_ca_list: Sequence[x509.Certificate] | None = None,
    credential: Credential | None = None,
    name_checks: Sequence[NameCheck] = (),
    server_name: str = "",
    timeout: float = 10.0,
) -> Probe:
    """Dial, shake hands, send one request.

    Args:
        host: name or address of the server.
        port: its port.
        protocol: which request to send.
        now: the clock.
        trusted_ca_list: the list that judges the server's chain; without one, the chain is recorded and not refused.
        credential: the certificate to present; None for none.
        name_checks: the names that the server's certificate must contain.
        server_name: the SNI; empty for none.
        timeout: in seconds, for each step.

    Returns:
        The recorded handshake, also if it failed.
    """
    recorder = Recorder(Side.CLIENT, now)
    party = Party(fqdn="probe", credential=credential, trusted_ca_list=tuple(trusted_ca_list or ()))
    context = TlsContext(
        party, at=now(), side=Side.CLIENT, verify=trusted_ca_list is not None, tls=TlsRange(), legacy=True
    )
    handshake = Handshake(
        context,
        recorder=recorder,
        name_checks=name_checks if trusted_ca_list is not None else (),
        server_name=server_name or host,
    )
    reply = _dial(handshake, protocol, host, port, server_name=server_name or host, timeout=timeout)
    recorder.remember_chain(handshake.connection)
    tls = handshake.connection
    wants = "CERTIFICATE_REQUEST" in " ".join(str(s.detail) for s in recorder.steps()).upper().replace(" ", "_")
    return Probe(
        trace=merge(recorder, None),
        chain=recorder.seen,
        protocol=tls.get_protocol_version_name() if handshake.complete else "",
        cipher=(tls.get_cipher_name() or "") if handshake.complete else "",
        wants_certificate=wants,
        asked_for=tuple(_show_name(n) for n in tls.get_client_ca_list()[:50]),
        reply=reply,
    )


def _dial(handshake: Handshake, protocol: Protocol, host: str, port: int, *, server_name: str, timeout: float) -> str:
    """Return the first line of the server's reply; empty if the connection failed, which the recorder then notes."""
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            return _converse(handshake, connection, request_for(protocol, "probe.invalid", server_name, port))
    except OSError as error:
        resolved = not isinstance(error, socket.gaierror)
        reason = "timed out" if isinstance(error, TimeoutError) else (error.strerror or str(error))
        if handshake.complete or handshake.recorder.steps():
            handshake.fail(reason)
        else:
            handshake.recorder.note(NotConnected(reason=f"{host}:{port}: {reason}", resolved=resolved))
        return ""


def _show_name(name: crypto.X509Name) -> str:
    """Return a distinguished name as RFC 4514 writes it, most specific part first, whatever the server put into it."""
    parts = [
        f"{kind.decode('ascii', 'replace')}={value.decode('utf-8', 'replace')}" for kind, value in name.get_components()
    ]
    return printable(",".join(reversed(parts))) or "(empty)"


def _converse(handshake: Handshake, connection: socket.socket, request: bytes) -> str:
    """Shake hands, send the request, read the first line of the answer; the record holds what goes wrong."""
    while True:
        handshake.advance()
        _send(handshake, connection)
        if handshake.complete or handshake.failed:
            break
        data = connection.recv(65536)
        if not data:
            handshake.fail("the other side closed the connection during the handshake")
            break
        handshake.feed(data)
    _send(handshake, connection)
    if handshake.failed:
        return ""
    try:
        handshake.write(request)
    except SSL.Error:
        handshake.fail("connection closed")
        return ""
    _send(handshake, connection)
    return _read_reply(handshake, connection)


def _send(handshake: Handshake, connection: socket.socket) -> None:
    data = handshake.outgoing()
    if data:
        connection.sendall(data)


def _read_reply(handshake: Handshake, connection: socket.socket) -> str:
    buffer = bytearray()
    try:
        while len(buffer) < MAX_REPLY:
            data = handshake.read()
            if data == b"":
                break
            if data:
                buffer += data
                end = buffer.find(b"\r\n\r\n")
                if end >= 0:
                    _, line = status_of(bytes(buffer))
                    handshake.recorder.note(Application(received=line))
                    handshake.close()
                    _send(handshake, connection)
                    return line
                continue
            arrived = connection.recv(65536)
            if not arrived:
                break
            handshake.feed(arrived)
    except FramingError as error:
        handshake.fail(str(error))
        return ""
    if not handshake.failed:
        handshake.fail("connection closed before an answer came")
    return ""
