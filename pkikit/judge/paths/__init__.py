"""Certification paths: how they are built, what CAs forbid in them, and what is missing above their end."""
