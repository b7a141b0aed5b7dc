"""A plan on real handshakes: every connection is dialled before, between and after its steps."""
