"""What a change of the world means for one party: whether its files are others, and whether it must restart."""

from __future__ import annotations

from dataclasses import replace

from pkikit.model.world import Party


def changed(party: Party, before: Party) -> bool:
    """Anything but its CRLs is another. A key alone may have changed: certificates compare without it."""
    ours, theirs = ([id(c.key) for c in p.credentials] for p in (party, before))
    return party != before or ours != theirs


def needs_restart(party: Party, before: Party) -> bool:
    """A certificate, its key, the clock and the way of speaking are read at the start; lists are not."""
    return changed(replace(party, trusted_ca_list=before.trusted_ca_list), before)
