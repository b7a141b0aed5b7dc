"""Every way to do the certificates of a deployment, each judged by one pure function of its number.

A candidate's number is a mixed-radix number whose digits are the options of the clusters. So a range of numbers is all
that a worker needs, and a run can be cut into chunks, distributed, killed and resumed.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pkikit.design.choices import COLUMNS, Options, options_of
from pkikit.design.cluster_judge import METRICS, WORST, ClusterJudge, Partial
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
    def options(self) -> tuple[Options, ...]:
        """The options of each cluster, in the order of the deployment file."""
        return tuple(options_of(self.deployment, c, self.allowed) for c in self.deployment.clusters)

    @cached_property
    def _clusters(self) -> tuple[_Cluster, ...]:
        judges = (ClusterJudge(self.deployment, c) for c in self.deployment.clusters)
        return tuple(_Cluster(judge, options) for judge, options in zip(judges, self.options, strict=True))

    @cached_property
    def _sums(self) -> dict[tuple[int, ...], Row]:
        return {}

    @property
    def size(self) -> int:
        """The number of candidates."""
        total = 1
        for options in self.options:
            total *= len(options)
        return total

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of a row's values."""
        chosen = (f"{c.name}.{column}" for c in self.deployment.clusters for column in COLUMNS)
        return ("candidate", *chosen, *METRICS, "down", "reissues", "works")

    @property
    def digest(self) -> str:
        """Identifies the space, to resume a run."""
        allowed = sorted((f"{c}.{k}", list(v)) for (c, k), v in self.allowed.items())
        text = json.dumps([self.deployment.model_dump(mode="json"), allowed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def evaluate(self, number: int) -> Row:
        """Return one candidate: its choices, then all its figures."""
        chosen: tuple[str, ...] = ()
        key = []
        rest = number
        for cluster in self._clusters:
            rest, digit = divmod(rest, len(cluster.options))
            columns, kind = cluster.classify(digit)
            chosen += columns
            key.append(kind)
        return (number, *chosen, *self._sum(tuple(key)))

    def _sum(self, key: tuple[int, ...]) -> Row:
        """Add the metrics of all clusters. There are far fewer kinds of option than options: most sums are known already."""
        known = self._sums.get(key)
        if known is None:
            known = _combine([cluster.kinds[kind] for cluster, kind in zip(self._clusters, key, strict=True)])
            if len(self._sums) < _CACHED:  # bounded: memory does not grow with the number of candidates
                self._sums[key] = known
        return known

    def rows(self, first: int, end: int) -> Iterator[Row]:
        """Yield the candidates first … end-1."""
        return map(self.evaluate, range(first, end))

    def front_between(self, first: int, end: int) -> tuple[Front, int]:
        """Return what `front_of` returns for the rows first … end-1, without making a row for each of them.

        The digit that changes fastest is the first cluster's. Candidates with the same other digits are one block, and only
        kinds of option count in it: a block costs as much as the kinds that it has, not as the candidates.

        Args:
            first: the first candidate.
            end: the candidate after the last one.

        Returns:
            The front, and how many candidates work.
        """
        inner, *outer = self._clusters
        width = len(inner.options)
        vectors: Front = {}
        working = 0
        known: dict[tuple[int, ...], int] = {}  # whole blocks of these kinds: how many candidates work in each
        for block in range(first // width, -(-end // width)):
            start = block * width
            part = (max(first - start, 0), min(end - start, width))
            above, rest = [], block
            for cluster in outer:
                rest, digit = divmod(rest, len(cluster.options))
                above.append(cluster.kind_of(digit))
            key = tuple(above)
            whole = part == (0, width)
            if whole and key in known:
                working += known[key]
                continue
            works = 0
            for kind, digit, count in inner.kinds_between(*part):
                figures = self._sum((kind, *key))
                works += count * figures[-1]
                vectors.setdefault(tuple(figures[i] for i in self._figure_places), start + digit)
            working += works
            if whole:
                known[key] = works
        return pareto(vectors), working

    def objectives(self, row: Row) -> tuple[float, ...]:
        """Return the values of OBJECTIVES in a row."""
        return tuple(row[i] for i in self._objective_places)

    @cached_property
    def _objective_places(self) -> tuple[int, ...]:
        columns = self.columns
        return tuple(columns.index(name) for name in OBJECTIVES)

    @cached_property
    def _figure_places(self) -> tuple[int, ...]:
        """Where OBJECTIVES are among the figures, which end a row."""
        figures = (*METRICS, "down", "reissues", "works")
        return tuple(figures.index(name) for name in OBJECTIVES)


_CACHED = 200_000
_UNKNOWN = 0xFFFF_FFFF  # no kind has this number


class _Cluster:
    """The options of one cluster, each judged when it is first needed: a worker judges only those of its chunks."""

    def __init__(self, judge: ClusterJudge, options: Options) -> None:
        self._judge, self.options = judge, options
        self._known: dict[int, tuple[tuple[str, ...], int]] = {}
        self._numbers: dict[Partial, int] = {}
        self.kinds: list[Partial] = []
        self._kind_of = array("I")  # by digit, four bytes each
        self._whole: tuple[tuple[int, int, int], ...] = ()

    def kind_of(self, digit: int) -> int:
        """Return the number of an option's kind; each option is judged once."""
        if not self._kind_of:
            self._kind_of = array("I", [_UNKNOWN]) * len(self.options)
        kind = self._kind_of[digit]
        if kind == _UNKNOWN:
            kind = self._kind_of[digit] = self._number(self._judge.judge(self.options[digit]))
        return kind

    def _number(self, partial: Partial) -> int:
        kind = self._numbers.setdefault(partial, len(self.kinds))
        if kind == len(self.kinds):
            self.kinds.append(partial)
        return kind

    def kinds_between(self, first: int, end: int) -> tuple[tuple[int, int, int], ...]:
        """Return (kind, the first option of that kind, how many there are) for the options first … end-1."""
        whole = (first, end) == (0, len(self.options))
        if whole and self._whole:
            return self._whole
        kinds = [self.kind_of(digit) for digit in range(first, end)]
        places: dict[int, int] = {}
        for place, kind in enumerate(kinds):
            places.setdefault(kind, first + place)
        counts = Counter(kinds)
        found = tuple((kind, place, counts[kind]) for kind, place in places.items())
        if whole:
            self._whole = found
        return found

    def classify(self, digit: int) -> tuple[tuple[str, ...], int]:
        """Return (columns, number of its kind); options with the same meaning are of one kind."""
        known = self._known.get(digit)
        if known is None:
            option = self.options[digit]
            known = (option.columns(), self._number(self._judge.judge(option)))
            if len(self._known) < _CACHED:
                self._known[digit] = known
        return known


def _combine(partials: Sequence[Partial]) -> Row:
    """Combine the metrics of all clusters: METRICS, then down, reissues, works."""
    values = {m: max(getattr(p, m) for p in partials) for m in WORST}
    values |= {m: sum(getattr(p, m) for p in partials) for m in _SUMMED}
    values["renewals"], values["restarts"] = round(values["renewals"], 2), round(values["restarts"], 2)
    down = values["legs_broken"] + values["legs_unserved"] + values["refused_names"] + values["over_limit"]
    reissues = values["reissues_new_domain"] + values["reissues_new_node"] + values["restarts_new_peer"]
    return (*(values[m] for m in METRICS), down, reissues, down == 0)


def pareto(vectors: Front) -> Front:
    """Return those that no other one beats in one objective without losing in another; of equals the first candidate."""
    kept: Front = {}
    # Sorted, a vector can only be dominated by one that came before it.
    for vector, number in sorted(vectors.items()):
        if not any(all(a <= b for a, b in zip(other, vector, strict=True)) for other in kept):
            kept[vector] = number
    return kept


def front_of(space: Space, rows: Iterable[Row]) -> tuple[Front, int]:
    """Return (front of these rows, how many of them work)."""
    vectors: Front = {}
    working = 0
    for row in rows:
        working += row[-1]
        vectors.setdefault(space.objectives(row), row[0])
    return pareto(vectors), working


def merge_fronts(fronts: Iterable[Front]) -> Front:
    """Merge the fronts of several chunks; of equals, the smallest number wins, so the order of the chunks does not matter."""
    together: Front = {}
    for front in fronts:
        for vector, number in front.items():
            together[vector] = min(number, together.get(vector, number))
    return pareto(together)
