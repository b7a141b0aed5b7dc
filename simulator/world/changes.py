"""What a change of the world means for one party: whether its files changed, and whether it must restart."""

from __future__ import annotations

from dataclasses import replace

from pkikit.model.world import Party


def has_changed(party: Party, before: Party) -> bool:
    """Return True if anything except its CRLs changed. A key alone may have: certificates compare without it."""
    ours, theirs = ([id(c.key) for c in p.credentials] for p in (party, before))
    return party != before or ours != theirs


def needs_restart(party: Party, before: Party) -> bool:
    """Return True if something changed that is read at the start: a certificate, its key, the clock, the way of speaking."""
    return has_changed(replace(party, trusted_ca_list=before.trusted_ca_list, lists=before.lists), before)
