"""Certification paths: how to build them, what CAs forbid in them, and what is missing above their end."""
