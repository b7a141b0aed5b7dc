"""Certificates that a goal needs: what they have, which private CA issues them, where it publishes."""
