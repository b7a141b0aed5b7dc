"""Data frames and HTML tables for notebooks."""
