"""Worlds from files: certificates that the lab would issue, and certificates that somebody brings."""
