"""Worlds as values: who holds which certificate, what is broken, what a check found. No sockets."""
