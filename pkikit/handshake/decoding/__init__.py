"""Recorded TLS bytes and a key log in, messages by name out. The secrets stay inside."""
