"""Which machines have another name in the next deployment: those at the same place of the file."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.model.deployment import Deployment


def renames_between(before: Deployment, after: Deployment) -> dict[str, str]:
    """Return the new name of each renamed machine, by its old name.

    A machine counts as renamed if its name is gone and a new name has its place in a list of the same length. Other machines are
    gone or new.
    """
    known, now = set(before.parties), set(after.parties)
    return {
        old: new for old, new in _at_same_place(before, after) if old != new and old not in now and new not in known
    }


def _at_same_place(before: Deployment, after: Deployment) -> Iterator[tuple[str, str]]:
    lists = [([c.peers for c in d.clusters], *([e.nodes for e in d.node_lists[key]] for key in d.node_lists))
             for d in (before, after)]  # fmt: skip
    for old_groups, new_groups in zip(*lists, strict=True):
        for old, new in zip(old_groups, new_groups, strict=False):
            if len(old) == len(new):
                yield from zip(old, new, strict=True)
