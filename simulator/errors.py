"""Errors of the lab itself."""

from __future__ import annotations

from pkikit.errors import InputError, PkikitError


class LabError(PkikitError):
    """The lab cannot run (a port is taken, Pebble is missing). The message names what to free or to install."""


class UploadRefused(InputError):
    """A peer's page refuses a file. `rule` is the root cause."""

    def __init__(self, message: str, rule: str) -> None:
        super().__init__(message)
        self.rule = rule
