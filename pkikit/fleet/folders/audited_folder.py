"""The work of one process on one folder: whatever is in it, the answer is a record, and never an error of the whole audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pkikit.errors import PkikitError
from pkikit.expectations.house.house_file import HouseRules
from pkikit.fleet.audit_records import FolderRecord
from pkikit.fleet.folders.content_digest import digest_of_content, state_of_files
from pkikit.fleet.folders.found_folders import FoundFolder
from pkikit.fleet.folders.read_folder import read_folder
from pkikit.fleet.folders.record_of import record_of
from pkikit.text import printable

_TRIES, _LONGEST = 3, 500


@dataclass(frozen=True, kw_only=True)
class FolderTask:
    """One folder to judge.

    Attributes:
        found: the folder.
        at: the time.
        judged_by: the version of pkikit, and the house rules.
        rules: the rules of the house; None for none.
    """

    found: FoundFolder
    at: datetime
    judged_by: str
    rules: HouseRules | None = None


def audited_folder(task: FolderTask) -> FolderRecord:
    """Read and judge one folder.

    Args:
        task: the folder and the time.

    Returns:
        The record. If the folder cannot be judged, it says why.
    """
    for _ in range(_TRIES):
        before = state_of_files(task.found.path)
        digest = "" if task.found.error else digest_of_content(task.found.path)
        record = _judged(task, digest)
        if before == state_of_files(task.found.path):
            return record
    return unread(task, "changes while it is read; audit it when nobody writes into it")


def unread(task: FolderTask, why: str, digest: str = "") -> FolderRecord:
    """Return the record of a folder that cannot be judged.

    Args:
        task: the folder.
        why: the reason, in one sentence.
        digest: of its content, if that is the reason: then the same content has the same answer.

    Returns:
        The record.
    """
    found = task.found
    return FolderRecord(
        folder=found.folder,
        kind=found.kind,
        digest=digest,
        judged_by=task.judged_by,
        at=task.at,
        deployment_file=found.deployment_file,
        error=printable(why, _LONGEST),
    )


def _judged(task: FolderTask, digest: str) -> FolderRecord:
    try:
        return record_of(
            task.found, read_folder(task.found), at=task.at, digest=digest, judged_by=task.judged_by, rules=task.rules
        )
    except PkikitError as error:
        return unread(task, _sentence(error, task), digest)
    except (OSError, MemoryError) as error:
        return unread(task, f"cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}")
    except Exception as error:  # one folder must never stop the others
        return unread(task, f"pkikit cannot judge it ({type(error).__name__}: {error}); please report this", digest)


def _sentence(error: PkikitError, task: FolderTask) -> str:
    """Return the sentence with paths below the folder: the record is the same wherever the fleet lies."""
    place = str(task.found.path)
    return str(error).removeprefix(f"{place}: ").replace(f"{place}/", "")
