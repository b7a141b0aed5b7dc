"""Every way to do the certificates of a deployment, each judged by one pure function of its number.

A candidate's number is a mixed-radix number whose digits are the options of the clusters; so a range of numbers is all
that a worker needs, and a run can be cut into chunks, spread, killed and resumed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pkikit.design.options import (
    COLUMNS,
    METRICS,
    WORST,
    ClusterJudge,
    Option,
    Partial,
    options_of,
)
from pkikit.model.deployment import Deployment

# What a design is compared by; smaller is better. `down` counts legs that would not come up and names that are refused.
OBJECTIVES = ("down", "roots_to_hand_out", "blast_legs", "apex_names", "exposure_days", "restarts", "reissues")
_SUMMED = tuple(m for m in METRICS if m not in WORST)
Row = tuple[Any, ...]
Front = dict[tuple[float, ...], int]


@dataclass(frozen=True)
class Space:
    """All candidates of a deployment: the options of each cluster, and their number."""

    deployment: Deployment
    allowed: Mapping[tuple[str, str], tuple[str, ...]]

    @cached_property
    def options(self) -> tuple[tuple[Option, ...], ...]:
        """The options of each cluster, in the order of the deployment file."""
        return tuple(options_of(self.deployment, c, self.allowed) for c in self.deployment.clusters)

    @cached_property
    def _judged(self) -> tuple[tuple[tuple[tuple[str, ...], Partial], ...], ...]:
        return tuple(
            tuple((option.columns(), judge.judge(option)) for option in options)
            for judge, options in zip(
                (ClusterJudge(self.deployment, c) for c in self.deployment.clusters), self.options, strict=True
            )
        )

    @property
    def size(self) -> int:
        """How many candidates there are."""
        total = 1
        for options in self.options:
            total *= len(options)
        return total

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a row's values."""
        chosen = (f"{c.name}.{column}" for c in self.deployment.clusters for column in COLUMNS)
        return ("candidate", *chosen, *METRICS, "down", "reissues", "works")

    @property
    def digest(self) -> str:
        """Tells one space from another, for resuming."""
        allowed = sorted((f"{c}.{k}", list(v)) for (c, k), v in self.allowed.items())
        text = json.dumps([self.deployment.model_dump(mode="json"), allowed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def evaluate(self, number: int) -> Row:
        """One candidate: its choices, then everything that it is judged by."""
        chosen: tuple[str, ...] = ()
        partials = []
        rest = number
        for judged in self._judged:
            rest, digit = divmod(rest, len(judged))
            columns, partial = judged[digit]
            chosen += columns
            partials.append(partial)
        return (number, *chosen, *_combined(tuple(partials)))

    def rows(self, first: int, end: int) -> Iterator[Row]:
        """The candidates first … end-1. The combinations of judged clusters repeat, and are added up once each."""
        evaluate = self.evaluate
        return (evaluate(number) for number in range(first, end))

    def objectives(self, row: Row) -> tuple[float, ...]:
        """The values of OBJECTIVES in a row."""
        return tuple(row[i] for i in self._objective_places)

    @cached_property
    def _objective_places(self) -> tuple[int, ...]:
        columns = self.columns
        return tuple(columns.index(name) for name in OBJECTIVES)


_CACHE: dict[tuple[Partial, ...], Row] = {}
_CACHED = 200_000


def _combined(partials: tuple[Partial, ...]) -> Row:
    """The metrics of all clusters together: METRICS, then down, reissues, works."""
    known = _CACHE.get(partials)
    if known is not None:
        return known
    values = {m: max(getattr(p, m) for p in partials) for m in WORST}
    values |= {m: sum(getattr(p, m) for p in partials) for m in _SUMMED}
    values["renewals"], values["restarts"] = round(values["renewals"], 2), round(values["restarts"], 2)
    down = values["legs_broken"] + values["legs_unserved"] + values["refused_names"] + values["over_limit"]
    reissues = values["reissues_new_domain"] + values["reissues_new_node"] + values["restarts_new_peer"]
    made = (*(values[m] for m in METRICS), down, reissues, down == 0)
    if len(_CACHE) < _CACHED:  # bounded: memory does not grow with the number of candidates
        _CACHE[partials] = made
    return made


def pareto(vectors: Front) -> Front:
    """Those that no other beats in one objective without losing in another; of equals the first candidate."""
    kept: Front = {}
    # Sorted, a vector can only be dominated by one that came before it.
    for vector, number in sorted(vectors.items()):
        if not any(all(a <= b for a, b in zip(other, vector, strict=True)) for other in kept):
            kept[vector] = number
    return kept


def front_of(space: Space, rows: Iterable[Row]) -> tuple[Front, int]:
    """(front of these rows, how many of them work)."""
    vectors: Front = {}
    working = 0
    for row in rows:
        working += row[-1]
        vectors.setdefault(space.objectives(row), row[0])
    return pareto(vectors), working


def merge_fronts(fronts: Iterable[Front]) -> Front:
    """The front of several chunks; of equals the smallest number, so that the order of the chunks does not matter."""
    together: Front = {}
    for front in fronts:
        for vector, number in front.items():
            together[vector] = min(number, together.get(vector, number))
    return pareto(together)
