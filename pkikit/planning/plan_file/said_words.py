"""What `plan.json` says about a step for people. The runbook has the words; a plan without a runbook has none."""

from __future__ import annotations

from typing import Protocol


class SaidWords(Protocol):
    """The words of one step."""

    @property
    def where(self) -> str:
        """The page of the web interface, as a menu path."""

    @property
    def before(self) -> str:
        """What one sees before the step."""

    @property
    def after(self) -> str:
        """What one sees after it."""

    @property
    def proof(self) -> str:
        """The command that proves it."""

    @property
    def undo(self) -> str:
        """How to take it back."""
