"""When the lab itself cannot run."""

from __future__ import annotations

from pkikit.errors import PkikitError


class LabError(PkikitError):
    """The lab cannot run (port taken, Pebble missing); the sentence says what to free or to install."""
