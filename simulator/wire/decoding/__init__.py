"""Recorded TLS bytes and a key log in, messages by name out: the lab reads its own encrypted connections."""
