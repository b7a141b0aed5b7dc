"""Why a design is recommended: each of its choices beside what the other choice would mean, worked out from the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pkikit.design.choices import renewals_a_year
from pkikit.explore.advice.certificate_design import DIMENSIONS, PUBLIC, Design, all_designs
from pkikit.explore.advice.figures import CRITERIA, Figures, Study, figures_of
from pkikit.explore.advice.plain_answers import Answers
from pkikit.explore.advice.respect import Obstacle, obstacles
from pkikit.explore.advice.words import clause, difference, number
from pkikit.model.parties import Role
from pkikit.model.tables.public_cas import WEB_LIFETIMES
from pkikit.text import listed

_Known = tuple[Design, Figures, tuple[Obstacle, ...]]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One choice, and why: what each other choice would mean."""

    choice: str
    because: tuple[str, ...]

    @property
    def head(self) -> str:
        """The choice as the beginning of a sentence."""
        return f"{self.choice[:1].upper()}{self.choice[1:]}"

    def __str__(self) -> str:
        """The choice and the reason in one sentence."""
        return f"{self.head}, because {'; '.join(self.because)}."


def reasons_for(
    study: Study, answers: Answers, at: datetime, chosen: Design, pool: Sequence[_Known]
) -> tuple[Reason, ...]:
    """Return a reason for each choice to which there is another one.

    Args:
        study: the deployment.
        answers: what the person answered.
        at: when certificates are issued.
        chosen: the recommended design.
        pool: every design with its figures and what rules it out.

    Returns:
        The reasons, the most important choice first.
    """
    figures = next(f for design, f, _ in pool if design == chosen)
    found = []
    for dimension in DIMENSIONS:
        others = _beside(chosen, dimension, pool)
        if dimension == "stores":  # the stores of another CA are a choice about the CA
            others = [known for known in others if known[0].authority == chosen.authority]
        because = [text for other in others if (text := _against(dimension, other, figures, answers))]
        if because:
            found.append(Reason(choice=clause(dimension, chosen), because=tuple(because)))
    return (*found, *_for_the_core(study, chosen), *_for_the_version(study, answers, at, chosen, figures))


def _beside(chosen: Design, dimension: str, pool: Sequence[_Known]) -> list[_Known]:
    """Return, for each other value of this choice, the design that is otherwise the most alike."""
    nearest: dict[object, _Known] = {}

    def distance(known: _Known) -> int:
        return sum(getattr(known[0], d) != getattr(chosen, d) for d in DIMENSIONS)

    for known in pool:
        value = getattr(known[0], dimension)
        if value != getattr(chosen, dimension) and (value not in nearest or distance(known) < distance(nearest[value])):
            nearest[value] = known
    if dimension == "days":  # one neighbour says enough
        return [known for value, known in nearest.items() if value == _next_days(chosen.days, list(nearest))]
    return list(nearest.values())


def _next_days(days: int, others: Sequence[object]) -> object:
    return min((o for o in others if isinstance(o, int)), key=lambda o: abs(o - days), default=None)


def _against(dimension: str, other: _Known, figures: Figures, answers: Answers) -> str:
    design, theirs, against = other
    other_choice = clause(dimension, design)
    if against:
        return f"{other_choice} {_are(other_choice)} ruled out: {against[0].sentence(answers)}"
    worse = [c for c in CRITERIA if c.value(theirs) > c.value(figures)]
    if not worse:
        return ""
    first = worse[0]
    return f"{other_choice} {_are(other_choice)} worse ({difference(first, theirs, figures)})"


def _are(noun: str) -> str:
    return "is" if noun.startswith(("a ", "one ", "no ", "the ")) else "are"


def _for_the_core(study: Study, chosen: Design) -> Iterator[Reason]:
    outside, core = set(study.outside), set(study.base.peers_of(Role.EXPRESSWAY_C))
    if core:
        legs = study.facts(chosen).legs
        met = {leg.id for leg in legs if {leg.client, leg.server} & core and {leg.client, leg.server} & outside}
        if not met:
            yield Reason(
                choice="certificates of your private CA on Expressway-C",
                because=("no machine outside ever sees them",),
            )


def _for_the_version(
    study: Study, answers: Answers, at: datetime, chosen: Design, figures: Figures
) -> Iterator[Reason]:
    """Say what the same choices would mean without the upgrade."""
    if answers.target == answers.version:
        return
    today = [
        (design, theirs, obstacles(study, design, theirs, answers))
        for design in all_designs(study.base, answers.version, at)
        for theirs in [figures_of(study, design)]
    ]
    alike = [k for k in today if all(getattr(k[0], d) == getattr(chosen, d) for d in DIMENSIONS if d != "stores")]
    choice = f"the upgrade from {answers.version} to {chosen.version}"
    if any(not against for _, _, against in alike) and chosen.stores == "one":
        yield Reason(choice=choice, because=(f"you plan it (this design would work on {answers.version} too)",))
    elif alike and alike[0][2]:
        yield Reason(choice=choice, because=(f"on {answers.version}, {alike[0][2][0].sentence(answers)}",))
    else:
        yield Reason(choice=choice, because=(f"{answers.version} does not offer this design",))


def notes_for(study: Study, answers: Answers, chosen: Design, figures: Figures, at: datetime) -> tuple[str, ...]:
    """Return what to know beside the design: what was not assessed, what changes later, and who must do something.

    Args:
        study: the deployment.
        answers: what the person answered.
        chosen: the recommended design.
        figures: its figures.
        at: when certificates are issued.

    Returns:
        The sentences.
    """
    return tuple(_notes(study, answers, chosen, figures, at))


def _notes(study: Study, answers: Answers, chosen: Design, figures: Figures, at: datetime) -> Iterator[str]:
    if figures.installers:
        yield f"Install your private root CA on {listed(figures.installers, at_most=5)} before you load the new certificates."
    edge, outside = set(study.base.peers_of(Role.EXPRESSWAY_E)), set(study.outside)
    callers = {
        leg.client: None
        for leg in study.facts(chosen).legs
        if leg.mutual and leg.server in edge and leg.client in outside
    }
    if callers:
        yield (
            f"Not assessed: the certificates of machines that are not yours ({listed(tuple(callers), at_most=5)}). They need "
            "clientAuth when they connect to you. Ask the people who run them."
        )
    if chosen.authority == PUBLIC:
        for since, days in WEB_LIFETIMES:
            if since > at:
                rate = renewals_a_year(days)
                limit = " That is more often than you may restart." if rate > answers.most_restarts else ""
                yield (
                    f"From {since:%Y-%m-%d}, public certificates live {days} days at most: then each Expressway-E peer "
                    f"restarts {number(rate)} times a year.{limit}"
                )
