"""Audit a fleet: every folder in its turn, in several processes, without those that are known already.

A record of an earlier audit, or of one that was interrupted, is used again if the same version of pkikit made it, the content of
the folder is the same, and none of its dates has come since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from pkikit.expectations.house.house_file import HouseRules
from pkikit.explore.executors import Executor, Lost
from pkikit.fleet.audit_records import SOON, FleetAudit, FolderRecord, Problem, ProblemKind
from pkikit.fleet.folders.audited_folder import FolderTask, audited_folder, unread
from pkikit.fleet.folders.content_digest import digest_of_content
from pkikit.fleet.folders.found_folders import FoundFolder
from pkikit.fleet.stored.kept_records import KeptRecords
from pkikit.text import listed

_NAMED = 3
_OF_THE_FLEET = frozenset({ProblemKind.DUPLICATE_NAME})
"""Problems that no folder has by itself."""


def _nothing(done: int) -> None:
    """Take no notice of progress."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to know about a fleet.

    Attributes:
        root: the folder of the fleet.
        at: the time to judge for, aware UTC.
        judged_by: the version of pkikit.
        within: what is soon.
        since: the records of an earlier audit, by folder.
        rules: the rules of the house; None for none.
    """

    root: Path
    at: datetime
    judged_by: str
    within: timedelta = SOON
    since: Mapping[str, FolderRecord] = field(default_factory=dict)
    rules: HouseRules | None = None

    @property
    def judge(self) -> str:
        """Who judges: a record of another version, or of other house rules, is not used again."""
        return self.judged_by if self.rules is None else f"{self.judged_by} with house rules {self.rules.digest}"


def audit(
    wish: Wish,
    folders: Iterable[FoundFolder],
    executor: Callable[[int], Executor],
    kept: KeptRecords,
    done: Callable[[int], None] = _nothing,
) -> FleetAudit:
    """Audit the folders of a fleet.

    Args:
        wish: what somebody wants to know.
        folders: what `find_folders` found.
        executor: says where the work on that many folders is done; is asked only if there is some.
        kept: what an interrupted audit left; each new record is added.
        done: is called with the number of folders that are done.

    Returns:
        The answer.
    """
    found = tuple(folders)
    known = _known(wish, found, kept)
    done(len(known))
    records = dict(known)
    tasks = [
        FolderTask(found=folder, at=wish.at, judged_by=wish.judge, rules=wish.rules)
        for folder in found
        if folder.folder not in known
    ]
    for record in _judged(tasks, executor):
        kept.keep(record)
        records[record.folder] = record
        done(1)
    whole = _with_duplicates(tuple(records[folder.folder] for folder in found))
    gone = tuple(sorted(wish.since.keys() - records.keys()))
    return FleetAudit(root=str(wish.root), at=wish.at, within=wish.within, records=whole, reused=len(known), gone=gone)


def _judged(tasks: list[FolderTask], executor: Callable[[int], Executor]) -> Iterator[FolderRecord]:
    if not tasks:
        return
    for task, found in executor(len(tasks)).attempts(audited_folder, tasks):
        yield unread(task, f"cannot be judged: {found.why}") if isinstance(found, Lost) else found


def _known(wish: Wish, found: tuple[FoundFolder, ...], kept: KeptRecords) -> dict[str, FolderRecord]:
    """Return the records that are true again, by folder."""
    candidates: dict[str, list[FolderRecord]] = defaultdict(list)
    for records in (kept.read(), wish.since):
        for name, record in records.items():
            if record.digest and record.judged_by == wish.judge and record.holds_at(wish.at):
                candidates[name].append(record)
    known = {}
    for folder in found:
        likely = candidates.get(folder.folder)
        if likely and not folder.error:
            digest = digest_of_content(folder.path)
            same = [record for record in likely if record.digest == digest]
            if same:
                known[folder.folder] = replace(same[0], at=wish.at)
    return known


def _with_duplicates(records: tuple[FolderRecord, ...]) -> tuple[FolderRecord, ...]:
    """Return the records, and say where several folders have one deployment name."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record.deployment:
            by_name[record.deployment].append(record.folder)
    return tuple(_with_others(record, by_name.get(record.deployment, [])) for record in records)


def _with_others(record: FolderRecord, folders: list[str]) -> FolderRecord:
    others = [folder for folder in folders if folder != record.folder]
    problems = [problem for problem in record.problems if problem.kind not in _OF_THE_FLEET]
    if others:
        where = listed(others, at_most=_NAMED)
        also = f"The deployment name {record.deployment} is also that of {where}. Give each deployment its own name."
        problems.append(Problem(kind=ProblemKind.DUPLICATE_NAME, says=also))
    return replace(record, problems=tuple(problems))
