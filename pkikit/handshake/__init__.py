"""One handshake: TLS on memory BIOs, what both sides record of it, the request that proves it. No sockets here."""
