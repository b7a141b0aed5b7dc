"""Importing this package fills the rule catalogue."""

from pkikit.judge.rules import (
    acme,
    certificate,
    chain,
    connection,
    csr,
    deployment,
    extensions,
    file,
    form,
    names,
    replacement,
    revocation,
    trust,
    trust_list,
    upload,
)

__all__ = [
    "acme",
    "certificate",
    "chain",
    "connection",
    "csr",
    "deployment",
    "extensions",
    "file",
    "form",
    "names",
    "replacement",
    "revocation",
    "trust",
    "trust_list",
    "upload",
]
