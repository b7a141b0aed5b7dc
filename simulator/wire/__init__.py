"""What travels over a connection: TLS streams, the protocols of the machines, recordings."""
