"""A change that the lab can plan: a deployment file, a goal, and a new root CA if the goal needs one."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.files import key_pem, write_private, write_public
from pkikit.issue.authority import create_root
from pkikit.planning.given_change import read_change
from pkikit.runbook.finished_plan import finish
from pkikit.runbook.played_change import PlayedChange


def planned_change(
    today: Path | str,
    tomorrow: Path | str = "",
    *,
    goals: Sequence[str] = (),
    new_root: str = "",
    begins: datetime | None = None,
    at: datetime,
) -> PlayedChange:
    """Plan a change on certificates that the lab issues.

    Args:
        today: a deployment file, or its text.
        tomorrow: the same after the change; empty if goals say what changes.
        goals: as in `pkikit plan --goal`.
        new_root: the name of a new root CA, which is made here: a further goal is to move to it.
        begins: from when on the new root is valid; from `at` on, if it is left out.
        at: when the change begins.

    Returns:
        The change with its plan.

    Raises:
        InputError: something does not fit together.
    """
    folder = Path(tempfile.mkdtemp(prefix="plan-"))
    try:
        wanted = list(goals)
        if new_root:
            root = create_root(new_root, at=begins or at, key=fast_key())
            write_public(folder / "new-root.pem", root.certificate.public_bytes(Encoding.PEM))
            write_private(folder / "new-root.key", key_pem(root.key))
            wanted.append(f"new-root:{folder / 'new-root.pem'}")
        before = _file(today, folder / "today.yaml")
        after = _file(tomorrow, folder / "tomorrow.yaml") if tomorrow else None
        planned = PlayedChange(finish(read_change(before, after, goals=wanted, at=at, rsa=False)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(planned, shutil.rmtree, folder, ignore_errors=True)
    return planned


def _file(given: Path | str, path: Path) -> Path:
    if isinstance(given, Path):
        return given
    write_public(path, given.encode())
    return path
