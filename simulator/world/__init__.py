"""Worlds as values: which party has which certificate, what is broken, what a check found. No sockets."""
