"""Packet captures: packets, TCP streams, what TLS shows in them, and why connections failed."""
