"""Importing this package fills the rule catalogue."""

from pkikit.judge.rules import certificate, chain, connection, csr, names, revocation, trust_list

__all__ = ["certificate", "chain", "connection", "csr", "names", "revocation", "trust_list"]
