"""Importing this package fills the rule catalogue."""

from pkikit.judge.rules import (
    acme_rules,
    certificate_rules,
    chain_rules,
    connection_rules,
    csr_rules,
    deployment_rules,
    extension_rules,
    file_rules,
    form_rules,
    name_rules,
    replacement_rules,
    revocation_rules,
    trust_list_rules,
    trust_rules,
    upload_rules,
)

__all__ = [
    "acme_rules",
    "certificate_rules",
    "chain_rules",
    "connection_rules",
    "csr_rules",
    "deployment_rules",
    "extension_rules",
    "file_rules",
    "form_rules",
    "name_rules",
    "replacement_rules",
    "revocation_rules",
    "trust_list_rules",
    "trust_rules",
    "upload_rules",
]
