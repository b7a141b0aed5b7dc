"""A change that a notebook plans: of a shipped deployment or of one that the notebook writes, with a new CA if it needs one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pkikit.runbook.played_change import PlayedChange
from simulator.clinic.case import deployments_folder
from simulator.clinic.changes.planning import planned_change

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a fixed day, so that a notebook says the same in every run


def plan_change(
    today: str, tomorrow: str = "", *, goal: str = "", new_root: str = "", at: datetime = AT
) -> PlayedChange:
    """Plan a change.

    Args:
        today: the name of a shipped deployment, or the text of a deployment file.
        tomorrow: the same after the change; empty if a goal says what changes.
        goal: as in `pkikit plan --goal`.
        new_root: the name of a new root CA, which is made here: the goal is then to move to it.
        at: when the change begins.

    Returns:
        The change with its plan.

    Raises:
        InputError: something does not fit together.
    """
    goals = (goal,) if goal else ()
    return planned_change(_given(today), _given(tomorrow), goals=goals, new_root=new_root, at=at)


def _given(said: str) -> Path | str:
    shipped = deployments_folder() / f"{said}.yaml"
    return shipped if said and "\n" not in said and shipped.is_file() else said
