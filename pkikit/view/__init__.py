"""Certificates and figures in words and pictures."""
