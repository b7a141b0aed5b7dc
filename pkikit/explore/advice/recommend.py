"""One recommended design with reasons and alternatives, or the answer that prevents every design. Pure: no clock, no files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import Any

from pkikit.design.hand_work.hand_outlook import HOURS_A_YEAR, HandOutlook
from pkikit.errors import InputError
from pkikit.explore.advice.certificate_design import DIMENSIONS, Design, all_designs
from pkikit.explore.advice.design_outlook import outlook_of
from pkikit.explore.advice.figures import CRITERIA, Figures, Study, criteria_of, figures_of
from pkikit.explore.advice.machines import deployment_of, outside_of
from pkikit.explore.advice.plain_answers import ANY, MANAGED, NO, PARTNERS, QUESTIONS, YES, Answers
from pkikit.explore.advice.reasons import Reason, notes_for, reasons_for
from pkikit.explore.advice.respect import Obstacle, obstacles
from pkikit.explore.advice.trial import try_out
from pkikit.explore.advice.words import better_and_worse
from pkikit.model.deployment import Deployment

ALTERNATIVES = 2
# The order in which designs are preferred: what others must do, then outages, then risk, then work.
PREFERENCE = tuple(c.key for c in CRITERIA)
_STRUCTURE = ("authority", "certificate", "registration", "stores")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A design, its figures, and what rules it out."""

    design: Design
    figures: Figures
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another design that works and respects the answers; `better` and `worse` compare it with the recommended one."""

    design: Design
    figures: Figures
    better: tuple[str, ...]
    worse: tuple[str, ...]
    by_hand: HandOutlook

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `alternatives`."""
        sides = {"better": list(self.better), "worse": list(self.worse)}
        return {**_json_of(self.design, self.figures), **sides, "by_hand": self.by_hand.to_json()}


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The recommended design. `deployment` is the one that it leads to; `base` is the one that it was worked out for.

    connections: how many were judged, all of them up. fitting, total: designs that work with these answers, of all.
    by_hand: the year in which renewals by hand stop working.
    """

    answers: Answers
    base: Deployment
    deployment: Deployment
    design: Design
    figures: Figures
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    notes: tuple[str, ...]
    by_hand: HandOutlook
    connections: int
    fitting: int
    total: int
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the document of `explore --recommend --json`, without names and requests."""
        return {
            "recommended": {
                **_json_of(self.design, self.figures),
                "because": [str(reason) for reason in self.reasons],
                "by_hand": self.by_hand.to_json(),
            },
            "alternatives": [a.to_json() for a in self.alternatives],
            "notes": list(self.notes),
            "answers": {key: self.answers.value(key) for key in QUESTIONS},
            "connections": self.connections,
            "works": True,
            "at": self.at.isoformat().replace("+00:00", "Z"),
        }


@dataclass(frozen=True, kw_only=True)
class Change:
    """Other answers with which a design works: (key, value) for each answer that changes."""

    answers: tuple[tuple[str, str], ...]
    design: Design

    def sentence(self) -> str:
        """What to answer, and the design that then works."""
        said = (f"{QUESTIONS[key].label}: {QUESTIONS[key].say(value)}" for key, value in self.answers)
        return f"{' and '.join(said)} → {self.design.name}, on {self.design.version}"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """No design works with these answers.

    blamed: keys of the answers that prevent it; empty if no other answer helps. because: what stands against the design
    that works with the nearest other answers. changes: other answers with which a design works, the nearest first.
    """

    answers: Answers
    blamed: tuple[str, ...]
    because: tuple[str, ...]
    changes: tuple[Change, ...]
    total: int
    at: datetime

    def sentence(self) -> str:
        """The verdict in one sentence."""
        if not self.blamed:
            return "No design works with these answers, and no other answer helps."
        said = " and ".join(f"“{QUESTIONS[k].label}: {QUESTIONS[k].say(self.answers.value(k))}”" for k in self.blamed)
        one = len(self.blamed) == 1
        return f"No design works. Your answer{'s' * (not one)} {said} prevent{'s' * one} it."

    def to_json(self) -> dict[str, Any]:
        """Return the document of `explore --recommend --json`."""
        return {
            "recommended": None,
            "alternatives": [],
            "verdict": self.sentence(),
            "blamed": list(self.blamed),
            "because": list(self.because),
            "nearest": [{"answers": dict(c.answers), "design": c.design.name} for c in self.changes],
            "answers": {key: self.answers.value(key) for key in QUESTIONS},
            "works": False,
            "at": self.at.isoformat().replace("+00:00", "Z"),
        }


_studies: OrderedDict[str, Study] = OrderedDict()
_KEPT = 64
_SHOWN = 4


def study_of(base: Deployment) -> Study:
    """Return the study of a deployment: the same one as before if it is still known, so that nothing is judged twice."""
    key = base.model_dump_json()
    study = _studies.pop(key, None) or Study(base)
    _studies[key] = study
    while len(_studies) > _KEPT:
        _studies.popitem(last=False)
    return study


def recommend(
    answers: Answers, at: datetime, base: Deployment | None = None, hours: float = HOURS_A_YEAR
) -> Recommendation | Refusal:
    """Recommend one design.

    Args:
        answers: what the person answered.
        at: when the certificates are issued.
        base: the deployment, if there is one already; None to make it from the answers.
        hours: hours of work by hand a year that the team plans.

    Returns:
        The recommendation, or why there is none.

    Raises:
        InputError: names or numbers of the answers cannot be used; the message names the field.
    """
    study = study_of(base or deployment_of(answers))
    if base is not None:
        answers = replace(answers, outside=outside_of(base))
    pool = candidates(study, answers, at)
    fitting = sorted((c for c in pool if not c.obstacles), key=lambda c: _preference(c, answers))
    proven = next(((c, t) for c in fitting if (t := try_out(study, c.design, at)).accepted), None)
    if proven is None:
        return _refuse(answers, at, base, pool)
    chosen, trial = proven
    return Recommendation(
        answers=answers,
        base=study.base,
        deployment=study.facts(chosen.design).deployment,
        design=chosen.design,
        figures=chosen.figures,
        reasons=reasons_for(study, answers, at, chosen.design, [(c.design, c.figures, c.obstacles) for c in pool]),
        alternatives=_alternatives(study, chosen, fitting, at, hours),
        notes=notes_for(study, answers, chosen.design, chosen.figures, at),
        by_hand=outlook_of(study, chosen.design, at, hours),
        connections=trial.connections,
        fitting=len(fitting),
        total=len(pool),
        at=at,
    )


def candidates(study: Study, answers: Answers, at: datetime) -> list[Candidate]:
    """Return every design that the version can have, with its figures and what rules it out."""
    found = []
    for design in all_designs(study.base, answers.target, at):
        figures = figures_of(study, design)
        found.append(Candidate(design=design, figures=figures, obstacles=obstacles(study, design, figures, answers)))
    return found


def _preference(candidate: Candidate, answers: Answers) -> tuple[float, ...]:
    values = criteria_of(candidate.figures)
    return values[1:] + values[:1] if answers.trust == MANAGED else values


def _alternatives(
    study: Study, chosen: Candidate, fitting: Sequence[Candidate], at: datetime, hours: float
) -> tuple[Alternative, ...]:
    """Return designs that are better in one respect and worse in another, and differ from each other in the same way."""
    taken, dimensions = [chosen], set[str]()
    different = {criteria_of(c.figures): c for c in reversed(fitting)}  # of equals, the one that is preferred
    unbeaten = [
        c
        for c in fitting
        if c is different[criteria_of(c.figures)] and not any(_beats(o.figures, c.figures) for o in fitting)
    ]
    # Sorting is stable: among designs of the same kind, the preferred one comes first.
    ranked = sorted(unbeaten, key=lambda c: not _changed(c, chosen) & set(_STRUCTURE))
    for fresh in (True, False):  # first another kind of change each time, then whatever is left
        for candidate in ranked:
            changed = _changed(candidate, chosen)
            if len(taken) > ALTERNATIVES:
                break
            if (fresh and changed & dimensions) or not all(incomparable(candidate.figures, t.figures) for t in taken):
                continue
            if try_out(study, candidate.design, at).accepted:
                taken.append(candidate)
                dimensions |= changed
    made = []
    for candidate in taken[1:]:
        better, worse = better_and_worse(candidate.figures, chosen.figures)
        outlook = outlook_of(study, candidate.design, at, hours)
        made.append(
            Alternative(design=candidate.design, figures=candidate.figures, better=better, worse=worse, by_hand=outlook)
        )
    return tuple(made)


def incomparable(one: Figures, other: Figures) -> bool:
    """Return True if each is better than the other in some respect."""
    pairs = list(zip(criteria_of(one), criteria_of(other), strict=True))
    return any(a < b for a, b in pairs) and any(a > b for a, b in pairs)


def _beats(one: Figures, other: Figures) -> bool:
    mine, theirs = criteria_of(one), criteria_of(other)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def _changed(one: Candidate, other: Candidate) -> set[str]:
    return {d for d in DIMENSIONS if getattr(one.design, d) != getattr(other.design, d)}


# Other answers, the nearest first: what costs a click, then an upgrade, then other people, then a feature.
def _other_answers(answers: Answers, *, from_file: bool) -> list[tuple[str, str]]:
    order = {
        "acme": [YES],
        "upgrade": [YES],
        "restarts": ["4", "12", ANY],
        "domain": ["name-only", YES],
        "trust": [PARTNERS, MANAGED],
    }
    found = [(key, value) for key, values in order.items() for value in values if _is_wider(answers, key, value)]
    if not from_file:
        found += [("outside", ",".join(k for k in answers.outside if k != gone)) for gone in reversed(answers.outside)]
    return found


def _is_wider(answers: Answers, key: str, value: str) -> bool:
    known = [v for v, _ in QUESTIONS[key].options]
    if key in {"acme", "upgrade"}:
        return answers.value(key) == NO
    if key == "domain":
        known = list(reversed(known))
    return known.index(value) > known.index(answers.value(key))


def _refuse(answers: Answers, at: datetime, base: Deployment | None, pool: Sequence[Candidate]) -> Refusal:
    others = _other_answers(answers, from_file=base is not None)
    changes: list[tuple[Change, Answers]] = []
    for size in (1, 2, 3):
        for picked in combinations(others, size):
            if len({key for key, _ in picked}) == size and len(changes) < _SHOWN:
                changes += _try_answers(answers, picked, at, base)
        if changes:
            break
    if not changes:
        because = _of_the_nearest(pool, answers)
        return Refusal(answers=answers, blamed=(), because=because, changes=(), total=len(pool), at=at)
    nearest = changes[0][0]
    return Refusal(
        answers=answers,
        blamed=tuple(key for key, _ in nearest.answers),
        because=_against(nearest, answers, at, base) or _of_the_nearest(pool, answers),
        changes=tuple(change for change, _ in changes),
        total=len(pool),
        at=at,
    )


def _try_answers(
    answers: Answers, picked: Sequence[tuple[str, str]], at: datetime, base: Deployment | None
) -> list[tuple[Change, Answers]]:
    wider = answers
    for key, value in picked:
        wider = wider.with_answer(key, value)
    try:
        study = study_of(base or deployment_of(wider))
    except InputError:
        return []
    # The figures decide here; a trial proves the design once somebody gives these answers.
    best = min(
        (c for c in candidates(study, wider, at) if not c.obstacles), key=lambda c: _preference(c, wider), default=None
    )
    return [(Change(answers=tuple(picked), design=best.design), wider)] if best else []


def _against(change: Change, answers: Answers, at: datetime, base: Deployment | None) -> tuple[str, ...]:
    """Return what stands against the design of a change under the answers as they are."""
    study = study_of(base or deployment_of(answers))
    figures = figures_of(study, change.design)
    against = obstacles(study, change.design, figures, answers)
    if change.design.version != answers.target:
        # The same choices in the version of today, as far as it has them.
        alike = [c for c in candidates(study, answers, at) if _is_alike(c.design, change.design) and c.obstacles]
        return tuple(f"on {answers.target}, {o.sentence(answers)}" for o in (alike[0].obstacles[:1] if alike else ()))
    return tuple(dict.fromkeys(o.sentence(answers) for o in against))


def _is_alike(one: Design, other: Design) -> bool:
    return all(getattr(one, d) == getattr(other, d) for d in DIMENSIONS if d != "stores")


def _of_the_nearest(pool: Sequence[Candidate], answers: Answers) -> tuple[str, ...]:
    best = min(pool, key=lambda c: (len(c.obstacles), criteria_of(c.figures)))
    return tuple(o.sentence(answers) for o in best.obstacles)


def _json_of(design: Design, figures: Figures) -> dict[str, Any]:
    return {
        "name": design.name,
        "design": {d: getattr(design, d) for d in (*DIMENSIONS, "edge_days", "version")},
        "figures": {c.key: c.value(figures) for c in CRITERIA},
        "installers": list(figures.installers),
    }
