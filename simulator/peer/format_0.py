"""Upgrade of state files that have no format number to format 1.

These functions check only what they change; the codec refuses other errors.
"""

from __future__ import annotations

import json
from typing import Any

from pkikit.reading.pem import from_pem, to_pem
from pkikit.values.urls import is_web_url

Document = dict[str, Any]
# What every version wrote.
_OF_A_PEER = ("fqdn", "request", "trusted_ca_list", "embedded_crls", "manual_crls", "downloaded_crls")


def upgrade_peer(document: Document) -> Document:
    """Return the document of `peer.json` in format 1.

    Some versions wrote no pending certificates of domains, no client certificate or no ACME state. Some accepted URLs that
    cannot be fetched; this function leaves them out, so that the pages can be used.
    """
    old = unicode_only(document)
    automatic = old["automatic"]
    return {
        **old,
        **{name: old[name] for name in _OF_A_PEER},
        "certificate": upgrade_credential(old["certificate"]),
        "pending_certificate": upgrade_credential(old["pending_certificate"]),
        "client_certificate": upgrade_credential(old.get("client_certificate")),
        "temporary_ca": next(iter(old["temporary_ca"]), None),
        "automatic": {**automatic, "urls": [url for url in automatic["urls"] if is_web_url(url)]},
        "domain_pending": _by_domain(old.get("domain_pending", {})),
        "domain_certificates": _by_domain(old["domain_certificates"]),
        "acme": _upgrade_acme(old["acme"]) if "acme" in old else {},
    }


def upgrade_credential(old: Document | None) -> Document | None:
    """Return a credential in format 1. In format 0, the chain was one text, and an empty text meant "no key"."""
    if old is None:
        return None
    return {**old, "chain": separate_certificates(old["chain"]), "key": old["key"] or None}


def separate_certificates(text: str) -> list[str]:
    """Return the certificates of one PEM text, each as a text."""
    return [to_pem(der, "CERTIFICATE").decode("ascii") for der in from_pem(text)]


def unicode_only(document: Document) -> Document:
    """Return the document with "?" for each lone surrogate, which some versions stored and UTF-8 cannot express."""
    read: Document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    return read


def _by_domain(old: Document) -> list[Any]:
    return [[domain, upgrade_credential(credential)] for domain, credential in old.items()]


def _upgrade_acme(old: Document) -> Document:
    """Move the days and the hour of the schedule from the settings into a schedule."""
    settings = dict(old["settings"])
    schedule = {"days": settings.pop("days"), "hour": settings.pop("hour")}
    if settings["provider"] == "other" and not is_web_url(settings["directory"]):
        settings |= {"provider": "production", "directory": ""}
    return {**old, "settings": {**settings, "schedule": schedule}}
