"""What is new since an earlier run, what was known, and what was fixed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pkikit.ci_results.found_cases import Case, CaseState, Results
from pkikit.ci_results.identity import Identity, fingerprint, identity_of
from pkikit.model.findings import Finding
from pkikit.rules.file_rules import KEY_IN_REPOSITORY
from pkikit.text import printable

_MOST = 4000


@dataclass(frozen=True, kw_only=True)
class Found:
    """One finding of one case."""

    case: Case
    finding: Finding

    @cached_property
    def identity(self) -> Identity:
        """What makes it the same in two runs."""
        return identity_of(self.finding, self.case)

    @property
    def fingerprint(self) -> str:
        """The digits by which a pipeline knows it again."""
        return fingerprint(self.finding, self.case)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `baseline`."""
        return {
            "case": printable(self.case.id, _MOST),
            "rule": self.finding.rule,
            "severity": self.finding.severity.value,
            "subject": printable(self.finding.subject, _MOST),
            "message": printable(self.finding.message, _MOST),
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The findings of a run beside those of an earlier one.

    Attributes:
        results: this run.
        new: findings that the earlier run does not have.
        known: findings that it has, too.
        fixed: findings of the earlier run that are gone, although this run judged the same case.
        gone: findings of the earlier run about cases that this run did not judge: nobody knows whether they are fixed.
    """

    results: Results
    new: tuple[Found, ...]
    known: tuple[Found, ...]
    fixed: tuple[Found, ...]
    gone: tuple[Found, ...]

    @property
    def accepted(self) -> bool:
        """True if the answer is yes, or only what is known makes it a no."""
        if self.results.accepted:
            return True
        known_reason = any(self.results.fails(found.finding) for found in self.known)
        return known_reason and not self.failing

    @property
    def failing(self) -> tuple[Found, ...]:
        """The new findings that make the answer a no."""
        return tuple(found for found in self.new if self.results.fails(found.finding))

    def is_known(self, case: Case, finding: Finding) -> bool:
        """Return True if the earlier run had this finding."""
        return (case.id, id(finding)) in self._known_ids

    @cached_property
    def _known_ids(self) -> frozenset[tuple[str, int]]:
        return frozenset((found.case.id, id(found.finding)) for found in self.known)

    def to_json(self) -> dict[str, Any]:
        """Return the value of the key `baseline`."""
        return {
            "accepted": self.accepted,
            **{
                key: [found.to_json() for found in getattr(self, key)]
                for key in ("new", "known", "fixed", "gone")
            },
        }  # fmt: skip


def compare(before: Results, now: Results) -> Comparison:
    """Compare a run with an earlier run of the same command.

    Args:
        before: the earlier run.
        now: this run.

    Returns:
        What is new, known, fixed and gone.
    """
    old, new = tuple(_found(before)), tuple(_found(now))
    judged, was_judged = _judged(now), {case.id for case in before.cases}
    one_each = len(before.cases) == len(now.cases) == 1
    by_case: dict[tuple[str, tuple[str, str, str]], list[Found]] = {}
    moved: dict[tuple[str, str, str], list[Found]] = {}
    for found in old:
        by_case.setdefault((found.case.id, found.identity.key), []).append(found)
        if found.case.id not in judged and now.command in RENAMING and found.finding.rule != KEY_IN_REPOSITORY.id:
            moved.setdefault(found.identity.key, []).append(found)
    unknown: list[Found] = []
    known: list[Found] = []
    matched: set[int] = set()
    renamed_to: dict[str, str] = {}
    for found in new:
        same = _matching(found, by_case.get((found.case.id, found.identity.key), []))
        if not same and found.case.id not in was_judged:
            same = _renamed(found, moved.get(found.identity.key, []), renamed_to)
        matched.update(map(id, same))
        (known if same else unknown).append(found)
    renamed = renamed_to.keys()
    open_now = {case.id for case in now.cases if case.state in {CaseState.OPEN, CaseState.BROKEN}}
    left = [found for found in old if id(found) not in matched]
    compared = (
        judged | renamed | ({case.id for case in before.cases} if one_each and now.command in RENAMING else set())
    )
    is_fixed = [found.case.id in compared - open_now for found in left]
    return Comparison(
        results=now,
        new=tuple(unknown),
        known=tuple(known),
        fixed=tuple(found for found, fixed in zip(left, is_fixed, strict=True) if fixed),
        gone=tuple(found for found, fixed in zip(left, is_fixed, strict=True) if not fixed),
    )


# Commands whose cases are files: the next certificate of a machine may be in a file of another name.
RENAMING = frozenset({"lint", "guard"})


def _found(results: Results) -> Iterable[Found]:
    return (Found(case=case, finding=finding) for case in results.cases for finding in case.all_findings)


def _judged(results: Results) -> set[str]:
    return {case.id for case in results.cases}


def _renamed(found: Found, others: Iterable[Found], renamed_to: dict[str, str]) -> list[Found]:
    """Return what one earlier file had, if that file stands for this one: a file has one new name, not many."""
    by_file: dict[str, list[Found]] = {}
    for other in others:
        if renamed_to.get(other.case.id, found.case.id) == found.case.id:
            by_file.setdefault(other.case.id, []).append(other)
    for file, candidates in by_file.items():
        if same := _matching(found, candidates):
            renamed_to[file] = found.case.id
            return same
    return []


def _matching(found: Found, candidates: Iterable[Found]) -> list[Found]:
    """Return the earlier findings that have everything that this one has; none if it has something new."""
    same = [other for other in candidates if other.identity.weight >= found.identity.weight]
    parts = frozenset[str]().union(*(other.identity.parts for other in same))
    return same if same and found.identity.parts <= parts else []
