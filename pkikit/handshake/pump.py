"""Runs both sides of a handshake against each other in memory."""

from __future__ import annotations

from pkikit.handshake.tls import Handshake


def pump(client: Handshake, server: Handshake, rounds: int = 12) -> bool:
    """Run both sides against each other in memory until both are complete (True) or one failed (False)."""
    for _ in range(rounds):
        for here, there in ((client, server), (server, client)):
            here.advance()
            there.feed(here.outgoing())
        if client.failed or server.failed:
            for here, there in ((client, server), (server, client)):
                if here.complete and not here.failed:
                    here.read()  # in TLS 1.3 the rejection arrives after our own handshake is complete
                    there.feed(here.outgoing())
                else:
                    here.advance()
            return False
        if client.complete and server.complete:
            return True
    return False
