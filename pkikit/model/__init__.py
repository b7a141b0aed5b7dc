"""Frozen values without decisions."""
