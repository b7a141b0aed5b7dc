"""Judge many folders, in this process or in several: what is wrong with one folder stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from pkikit.errors import InputError
from pkikit.explore.executors import Executor
from pkikit.report.content.build import build_report
from pkikit.report.content.deployment_report import Report
from pkikit.report.given.given import read_given

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class FolderAnswer(Generic[_T]):
    """What was found in one folder.

    Attributes:
        folder: the folder, as it was named.
        found: what was taken from its report; None if it cannot be judged.
        error: why it cannot be judged, in one sentence; empty if it can.
    """

    folder: Path
    found: _T | None
    error: str = ""


def judge_folders(
    folders: Iterable[Path], at: datetime, take: Callable[[Report], _T], executor: Executor
) -> Iterator[FolderAnswer[_T]]:
    """Judge each folder for one time.

    Args:
        folders: imported folders, or deployment files; each is read when its turn comes.
        at: the time to judge for, aware UTC.
        take: what to keep of a report. Processes call it, so it is a function of a module, and its result is small.
        executor: where the work is done.

    Yields:
        One answer for each folder, in the order in which they are ready.
    """
    yield from executor.run(partial(_judged, at=at, take=take), folders)


def _judged(folder: Path, *, at: datetime, take: Callable[[Report], _T]) -> FolderAnswer[_T]:
    try:
        return FolderAnswer(folder=folder, found=take(build_report(read_given(folder), at)))
    except InputError as error:
        return FolderAnswer(folder=folder, found=None, error=str(error))
