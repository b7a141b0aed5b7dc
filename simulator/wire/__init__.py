"""What goes over a connection: TLS streams, protocols of the machines, recordings."""
