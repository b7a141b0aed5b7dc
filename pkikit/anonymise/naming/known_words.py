"""Words that say nothing about an organisation: of the product, of certificates, of directories. They stay as they are."""

from __future__ import annotations

from importlib.resources import files

KEPT = frozenset((files("pkikit.anonymise.naming") / "kept.txt").read_text(encoding="utf-8").split())
"""Words in lower case that the anonymiser keeps in labels, common names and URLs."""
