"""A change that a notebook plans: of a shipped deployment or of one that the notebook writes, with a new CA if it needs one."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.authority import create_root
from pkikit.planning.given_change import read_change
from pkikit.runbook.finished_plan import finish
from pkikit.runbook.played_change import PlayedChange
from simulator.clinic.case import deployments_folder

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
    folder = Path(tempfile.mkdtemp(prefix="plan-"))
    before = _file(today, folder, "today.yaml")
    after = _file(tomorrow, folder, "tomorrow.yaml") if tomorrow else None
    goals = [goal] if goal else []
    if new_root:
        root = create_root(new_root, at=at, key=fast_key())
        write_public(folder / "new-root.pem", root.certificate.public_bytes(Encoding.PEM))
        goals.append(f"new-root:{folder / 'new-root.pem'}")
        write_private(folder / "new-root.key", key_pem(root.key))
    given = read_change(before, after, goals=goals, at=at, rsa=False)
    planned = PlayedChange(finish(given))
    weakref.finalize(planned, shutil.rmtree, folder, ignore_errors=True)
    return planned


def _file(given: str, folder: Path, name: str) -> Path:
    """Return the file of a shipped deployment, or write the text of another one."""
    shipped = deployments_folder() / f"{given}.yaml"
    if "\n" not in given and shipped.is_file():
        return shipped
    write_public(folder / name, given.encode())
    return folder / name
