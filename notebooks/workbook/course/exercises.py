"""Exercises whose answers are not in the cell: the engine knows the answer, or `exercises.yaml` has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict

from pkikit.design.san import SanLayout
from pkikit.errors import InputError, PkikitError
from pkikit.rules.catalogue import all_rules
from pkikit.values.names import printable
from simulator.clinic.case import case_of
from simulator.travel.sunset_stages import Sunset
from workbook.course.answer_check import Answer, check_choice, check_names, check_sans, pairs
from workbook.course.clinic_session import close_case, open_case
from workbook.course.progress import remember
from workbook.session import LabSession

_MOST_REMEDIES = 6


class Choice(BaseModel):
    """Options with the explanation of each wrong one, the right ones, and the reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    options: Mapping[str, str]
    right: tuple[str, ...]
    because: str


class Work(BaseModel):
    """Something that is broken in the running lab and that remedies fix. change, faults: as in a case of the clinic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    faults: tuple[Mapping[str, Any], ...]
    because: str


@cache
def choices() -> Mapping[str, Choice]:
    """Return the multiple-choice exercises, by number."""
    return pydantic.TypeAdapter(dict[str, Choice]).validate_python(_data()["choices"])


@cache
def works() -> Mapping[str, Work]:
    """Return the exercises in which the learner fixes something, by number."""
    return pydantic.TypeAdapter(dict[str, Work]).validate_python(_data()["works"])


def _data() -> dict[str, Any]:
    found = yaml.safe_load(Path(__file__).with_name("exercises.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def check(exercise: str, answer: object, *asked: Any) -> Answer:
    """Check an answer by the exercise's number; `asked` is what the cell passes besides (a layout, the lab)."""
    result = _check(exercise, answer, *asked)
    remember(exercise, right=result.right)
    return result


def _check(exercise: str, answer: object, *asked: Any) -> Answer:
    if exercise in choices():
        found = choices()[exercise]
        return check_choice(answer, found.options, right=found.right, because=found.because)
    if exercise in works():
        return _check_work(works()[exercise], answer, *asked)
    if exercise in _ENGINE:
        return _ENGINE[exercise](answer, *asked)
    raise InputError(f"there is no exercise {printable(exercise)!r}; there are {', '.join(sorted(_numbers()))}")


def break_for(exercise: str, session: LabSession) -> str:
    """Inject the exercise's faults without revealing them."""
    if exercise not in works():
        raise InputError(f"nothing is broken for {printable(exercise)!r}, but for {', '.join(works())}")
    for fault in works()[exercise].faults:
        session.break_(**fault)
    return "Something has happened. Look with check(), legs(), trace() and diagnosis()."


def _check_work(work: Work, answer: object, session: LabSession) -> Answer:
    """Break the lab, do what the learner says, check; afterwards the lab is whole again, whatever happened."""
    chosen = pairs(answer)
    if chosen is None:
        return Answer(right=False, lines=("Write pairs, as in [('set-clock', 'e1.example.com')].",))
    session.mend()
    before = session.world
    for fault in work.faults:
        session.break_(**fault)
    lines: list[str] = []
    try:
        for action, target in chosen[:_MOST_REMEDIES]:
            session.remedy(action, target)
        down = session.check().down
    except PkikitError as error:
        return Answer(right=False, lines=(f"✘ {error}",))
    finally:
        session.put(before)
    lines += [f"✘ {leg.leg.id} is down still" for leg in down[:5]]
    lines += [f"✘ and {len(down) - 5} more"] if len(down) > 5 else []
    return Answer(right=not down, lines=tuple(lines) or (f"✔ right: {work.because}",))


def _asked_hosts(answer: object, session: LabSession, name: str) -> Answer:
    """Return the parties to which the DNS outside resolves a name."""
    led = session.threaded.network.led_to(name)
    wanted = {fqdn: f"DNS leads {name} there" for fqdn in led if fqdn is not None}
    return check_names(
        answer, wanted, right="every host that DNS leads the name to", needless="is never asked by the CA"
    )


def _ways_out(answer: object, lived: Sunset) -> Answer:
    """Return the ways out that left every leg up in the simulated sunset."""
    ways = lived.stages[2:]
    options = {
        s.id: f"{len(s.down)} legs are down, the first is {s.report.down[0].leg.id}: {', '.join(s.report.down[0].causes)}"
        if s.down
        else ""
        for s in ways
    }
    return check_choice(
        answer, options, right=[s.id for s in ways if not s.down], because="each far side accepts what it is shown"
    )


def _names_of(answer: object, layout: SanLayout) -> Answer:
    return check_sans(answer, layout)


def _cause_of(case: str) -> Callable[[object], Answer]:
    """Return the rule that is broken in a case of the clinic."""

    def check_answer(answer: object) -> Answer:
        causes = case_of(case).causes
        options = {rule.id: "" if rule.id in causes else "is not what is broken here" for rule in all_rules()}
        given = [answer] if isinstance(answer, str) else answer
        unknown = [str(g)[:80] for g in given if str(g) not in options] if isinstance(given, list | tuple) else []
        if unknown:
            return Answer(right=False, lines=(f"✘ {printable(unknown[0])} is no rule; `pkikit rules` lists them",))
        return check_choice(answer, options, right=causes, because=case_of(case).fix)

    return check_answer


def _fix_check(case: str) -> Callable[[object], Answer]:
    """Open a case of the clinic, do what the learner says, and check."""

    def check_answer(answer: object) -> Answer:
        chosen = pairs(answer)
        if chosen is None:
            return Answer(right=False, lines=("Write pairs, as in [('set-clock', 'e1.example.com')].",))
        if not chosen:
            return Answer(right=False, lines=("✘ nothing is done yet",))
        close_case()
        session = open_case(case)
        try:
            told = [session.remedy(action, target) for action, target in chosen[:_MOST_REMEDIES]]
            right = session.report.accepted and not session.live.refused
        except PkikitError as error:
            return Answer(right=False, lines=(f"✘ {error}",))
        finally:
            close_case()
        return Answer(right=right, lines=(f"✔ right: {case_of(case).fix}",) if right else tuple(told))

    return check_answer


# Answered by the engine: the layout, the lab's DNS, a sunset that was lived through.
_ENGINE: Mapping[str, Callable[..., Answer]] = {
    **dict.fromkeys(("00-A", "00-B", "02-A", "02-B", "10-A", "11-A", "18-A", "99-A", "99-B"), _names_of),
    "90-A": _cause_of("tomcat-without-node"),
    "90-B": _cause_of("crl-expired"),
    "90-C": _fix_check("swapped"),
    "90-D": _fix_check("new-root"),
    "99-R": _cause_of("old-neighbour"),
    "13-A": _asked_hosts,
    "15-B": _ways_out,
}


def _numbers() -> set[str]:
    return {*choices(), *works(), *_ENGINE}
