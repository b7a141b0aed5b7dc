"""One handshake: TLS on memory BIOs, what both sides record, and the request that proves it works. No sockets here."""
