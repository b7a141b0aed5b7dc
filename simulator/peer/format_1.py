"""Upgrade of state files of format 1 to format 2: how ACME manages each certificate, instead of one switch for all."""

from __future__ import annotations

from typing import Any

from pkikit.model.renewal import AcmeMode, RenewKey

Document = dict[str, Any]


def upgrade_peer(document: Document) -> Document:
    """Return the document of `peer.json` in format 2.

    In format 1, one switch made the service automatic for the server certificate and for every domain, and each renewal
    had a new key. Profiles are gone, because the product orders one alone, and so is renewal information.
    """
    if not isinstance(document.get("acme"), dict):
        return document
    old = {name: value for name, value in document["acme"].items() if name not in {"renewal", "asked_at"}}
    settings = dict(old.get("settings", {}))
    automatic, terms = settings.pop("automatic", False), settings.get("terms", "")
    settings.pop("profile", None)
    schedule = {"schedule": settings.pop("schedule")} if "schedule" in settings else {}
    mode = AcmeMode.AUTOMATED if automatic else AcmeMode.MANUAL if terms else AcmeMode.DISABLED
    managed = {"mode": mode.value, "renew_key": (RenewKey.ROTATE if automatic else RenewKey.RETAIN).value, **schedule}
    domains = [[domain, {**managed, "mode": mode.value}] for domain in old.pop("domains", [])]
    server = {**managed, "signed": old.pop("last", None)}
    return {**document, "acme": {**old, "settings": settings, "server": server, "domains": domains}}
