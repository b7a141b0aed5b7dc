"""The sentences of a root cause, as people write machines and connections."""

from __future__ import annotations

import re

from pkikit.view.short_names import ShortNames


def cause_in_words(text: str, names: ShortNames, rule: str) -> str:
    """Return a line of a finding with connections as people write them; who refuses whom, with short names.

    Args:
        text: the line.
        names: the short names of the deployment.
        rule: the id of the finding's rule.

    Returns:
        The line for people.
    """
    who, colon, why = names.in_text(text).partition(": ")
    if not colon or not re.search(r" refuses? ", who):
        return names.in_text(text)
    # Other rules are about names in certificates, and these stay whole.
    why = names.machines_in_text(why) if rule.startswith("trust.") else why
    return f"{names.machines_in_text(who)}: {why}"
