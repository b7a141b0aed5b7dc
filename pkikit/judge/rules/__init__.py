"""Importing this package fills the rule catalogue."""

from pkikit.judge.rules import certificate, chain, connection, csr, names, trust_list

__all__ = ["certificate", "chain", "connection", "csr", "names", "trust_list"]
