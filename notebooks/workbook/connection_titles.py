"""What a connection carries and a machine's first label, for tables that put connections together."""

from __future__ import annotations

from pkikit.model.leg import Leg
from pkikit.view.short_names import ShortNames


def relation_title(leg: Leg) -> str:
    """Return what a connection carries, for people: `UC traversal`, `cluster`, `MRA example.com`."""
    return ShortNames([leg]).carries(leg)


def short_host(fqdn: str) -> str:
    """Return the first label of a machine's name."""
    return fqdn.partition(".")[0]
