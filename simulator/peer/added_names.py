"""The additional alternative names of the page that generates a request."""

from __future__ import annotations

from dataclasses import replace

from pkikit.design.san import SanEntry, SanLayout
from pkikit.errors import InputError
from pkikit.rules.name_rules import REFERENCE
from pkikit.values.names import parse_dns_name

MAX_ADDED_NAMES = 200


def with_names(layout: SanLayout, added: tuple[str, ...]) -> SanLayout:
    """Return a layout with the names that an administrator adds.

    Raises:
        InputError: there are too many of them, or one is not a name.
    """
    if len(added) > MAX_ADDED_NAMES:
        raise InputError(f"{len(added)} additional names are given, at most {MAX_ADDED_NAMES} are taken")
    entries = list(layout.entries)
    for text in added:
        name = parse_dns_name(text)
        if name not in layout.dns_names:
            entries.append(SanEntry(value=name, reason="added by the administrator", rule=REFERENCE.id, needed_by=()))
    return replace(layout, entries=tuple(entries))
