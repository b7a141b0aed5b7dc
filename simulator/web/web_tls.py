"""The TLS of the HTTPS faces: each connection uses the certificate that is active, so a restart needs no new port."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

from pkikit.files import key_pem, write_private
from pkikit.model.certificates.credential import Credential

_MODERN = ssl.TLSVersion.TLSv1_2


def server_context(credential: Credential) -> ssl.SSLContext | None:
    """Return a context with this certificate; None if OpenSSL does not load it (wrong key, too weak)."""
    if credential.key is None:
        return None
    context = _bare()
    # The standard library reads certificates from files only; this one lives as long as the call, for its owner alone.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        write_private(path, key_pem(credential.key) + credential.pem())
        try:
            context.load_cert_chain(path)
        except (ssl.SSLError, OSError):
            return None
    return context


def choosing_context(choose: Callable[[str | None], ssl.SSLContext]) -> ssl.SSLContext:
    """Return a context that calls `choose` with the server name of the handshake, if any, to get the real context."""
    context = _bare()

    def chosen(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = choose(name)

    context.sni_callback = chosen
    return context


def _bare() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _MODERN
    # A resumed session would hide a change of certificates.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    return context
