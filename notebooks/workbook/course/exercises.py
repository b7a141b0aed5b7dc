"""Checks answers to exercises: the data of `exercises.yaml`, the SAN layouts, the running lab and the clinic decide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from pkikit.design.san import SanLayout, design_sans
from pkikit.errors import InputError, PkikitError
from pkikit.rules.catalogue import all_rules
from pkikit.text import counted
from pkikit.values.names import printable
from pkikit.view.connections.check_report import CheckReport
from pkikit.view.connections.leg_report import LegReport
from pkikit.view.short_names import ShortNames
from simulator.clinic.case import case_of
from simulator.settings import LabSettings
from simulator.travel.sunset_stages import Sunset
from workbook.course.answer_check import Answer, check_choice, check_names, check_sans, no_answer, pairs
from workbook.course.bank import Exercise, Work, exercise_of, exercises
from workbook.course.clinic_session import ClinicSession
from workbook.course.lessons import course_folder, lesson
from workbook.course.progress import remember, standing
from workbook.session import LabSession, lab_for, load

MOST_FIXES = 6
_SHOWN = 5
HINTS_AFTER = (1, 2)
SOLUTION_AFTER = 3
_PAIRS = "write fixes as pairs, for example [('set-clock', 'e1.example.com')]."


def check(exercise: str, answer: object, *asked: Any) -> Answer:
    """Check an answer by the exercise's number; `asked` is what the cell passes besides (a layout, the lab)."""
    found = exercise_of(exercise)
    result = answer_to(found, answer, *asked)
    if result.empty:
        return result
    remember(exercise, right=result.right, answer=answer)
    if result.right:
        return result
    return Answer(right=False, lines=result.lines, help=tuple(f"Hint: {hint}" for hint in hints_of(exercise)))


def hints_of(exercise: str) -> tuple[str, ...]:
    """Return the hints that the learner has earned by wrong answers: one after the first, both after the second."""
    now = standing(exercise)
    return () if now.right else exercise_of(exercise).hints[: now.wrong]


def answer_to(found: Exercise, answer: object, *asked: Any) -> Answer:
    """Check an answer to an exercise, without recording it."""
    if found.names is not None:
        layout = asked[0] if asked and isinstance(asked[0], SanLayout) else layout_of(found)
        return check_sans(answer, layout)
    if found.hosts is not None:
        return _check_hosts(found, answer)
    if found.work is not None:
        return _check_work(found, found.work, answer, *asked)
    if found.case:
        return _check_case(found.case, answer)
    if found.cause:
        return _check_cause(found, answer)
    if asked and isinstance(asked[0], Sunset):
        return _check_options_of(asked[0], answer, found)
    return check_choice(answer, found.reasons, right=found.right, because=found.because, labels=found.labels)


def layout_of(found: Exercise) -> SanLayout:
    """Return the SAN layout that an exercise about names asks for."""
    assert found.names is not None
    deployment = load(found.names.deployment, found.names.change)
    return design_sans(deployment, deployment.peer(found.names.peer))


def _hosts(found: Exercise) -> dict[str, str]:
    assert found.hosts is not None
    led = lab_for(found.hosts.deployment).threaded.network.led_to(found.hosts.name)
    return {fqdn: f"{found.hosts.name} resolves to it" for fqdn in led if fqdn is not None}


def _check_hosts(found: Exercise, answer: object) -> Answer:
    return check_names(answer, _hosts(found), right="DNS resolves the name to each of these hosts.")


# Something is broken in the running lab.


def break_for(exercise: str, session: LabSession | None = None) -> str:
    """Inject the exercise's faults without revealing them; without a session, in the lab of the exercise."""
    found = exercise_of(exercise).work
    if found is None:
        numbers = ", ".join(name for name, e in exercises().items() if e.work is not None)
        raise InputError(f"Nothing gets broken for {printable(exercise)!r}. Exercises with a fault: {numbers}.")
    break_work(found, session)
    return "Something is broken now. Look with check(), legs(), trace() and diagnosis()."


def break_work(work: Work, session: LabSession | None = None) -> LabSession:
    """Inject faults, instead of earlier ones, and return the lab; without a session, in the lab of the deployment."""
    lab = session or lab_for(work.deployment, work.change)
    lab.fix()
    for fault in work.faults:
        lab.break_(**fault)
    return lab


def up_sentence(report: CheckReport) -> str:
    """Return how many connections are up, as a sentence."""
    total, down = len(report.legs), len(report.down)
    return f"{total - down} of {counted(total, 'connection')} {'is' if total == 1 else 'are'} up."


def down_lines(down: tuple[LegReport, ...], most: int = _SHOWN) -> list[str]:
    """Return one line for each of the first connections that are down: which, and who refuses it."""
    names = ShortNames(leg.leg for leg in down)
    lines = []
    for leg in down[:most]:
        who = {"client": leg.leg.client, "server": leg.leg.server}.get(leg.rejected_by.value if leg.rejected_by else "")
        lines.append(f"✘ {names.connection(leg.leg)} is down{f', refused by {names.short[who]}' if who else ''}.")
    return lines + ([f"✘ {len(down) - most} more are down."] if len(down) > most else [])


@contextmanager
def _broken(work: Work, session: LabSession) -> Iterator[None]:
    """The lab with the faults of an exercise; afterwards it is as it was before them, whatever happened."""
    session.fix()
    before = session.world
    try:
        for fault in work.faults:
            session.break_(**fault)
        yield
    finally:
        session.put(before)


def _check_work(found: Exercise, work: Work, answer: object, *asked: Any) -> Answer:
    """Break the lab, do what the learner says, check."""
    chosen = pairs(answer)
    if chosen is None:
        return Answer(right=False, lines=(f"✘ {_PAIRS.capitalize()}",))
    if not chosen:
        return no_answer(_PAIRS)
    session = asked[0] if asked and isinstance(asked[0], LabSession) else lab_for(work.deployment, work.change)
    try:
        with _broken(work, session):
            for action, target in chosen[:MOST_FIXES]:
                session.remedy(action, target)
            report = session.check()
    except PkikitError as error:
        return Answer(right=False, lines=(f"✘ {error}",))
    if report.accepted:
        return Answer(right=True, lines=(f"✔ Right: {found.because} {up_sentence(report)}",))
    return Answer(right=False, lines=tuple(down_lines(report.down)))


def _check_case(case: str, answer: object) -> Answer:
    """Open a case of the clinic, do what the learner says, and check."""
    chosen = pairs(answer)
    if chosen is None:
        return Answer(right=False, lines=(f"✘ {_PAIRS.capitalize()}",))
    if not chosen:
        return no_answer(_PAIRS)
    session = ClinicSession(case_of(case), settings=LabSettings(rsa=False, pages=False))  # next to the player's ticket
    try:
        for action, target in chosen[:MOST_FIXES]:
            session.remedy(action, target)
        down, refused = session.report.down, session.live.refused
    except PkikitError as error:
        return Answer(right=False, lines=(f"✘ {error}",))
    finally:
        session.close()
    if down or refused:
        return Answer(right=False, lines=(*down_lines(down), *(f"✘ {finding.message}" for finding in refused[:_SHOWN])))
    return Answer(right=True, lines=(f"✔ Right: {case_of(case).fix}",))


def _check_cause(found: Exercise, answer: object) -> Answer:
    """Compare the rule that the learner names with the causes of a case; rules outside the options count as wrong."""
    causes = case_of(found.cause).causes
    options = {rule.id: "it is not the cause of this case." for rule in all_rules()} | found.reasons
    options |= dict.fromkeys(causes, "")
    given = [answer] if isinstance(answer, str) else answer
    unknown = [str(g)[:80] for g in given if str(g) not in options] if isinstance(given, list | tuple) else []
    if unknown:
        line = f'✘ "{printable(unknown[0])}" is not a rule id. Run `pkikit rules` for the list.'
        return Answer(right=False, lines=(line,))
    result = check_choice(answer, options, right=causes, because=found.because, labels=found.labels)
    return no_answer("write a rule id, for example ['trust.issuer-unknown'].") if result.empty else result


def _check_options_of(lived: Sunset, answer: object, found: Exercise) -> Answer:
    """Compare the learner's options with those that left every connection up in the simulated sunset."""
    ways = lived.stages[2:]
    options = {s.id: found.reasons.get(s.id) or f"{counted(len(s.down), 'connection')} down." for s in ways}
    right = [s.id for s in ways if not s.down]
    return check_choice(answer, options, right=right, because=found.because, labels=found.labels)


# Solutions.


def solution_of(exercise: str) -> Any:
    """Return the right answer: a list of names, of option ids, or of (fix, target) pairs."""
    found = exercise_of(exercise)
    known = solution_to(found)
    return _solutions(exercise[:2])[exercise] if known is None else known


def solution_to(found: Exercise) -> list[str] | None:
    """Return the right answer where the exercise itself has it; None for fixes, which are in `solutions/`."""
    if found.names is not None:
        return list(layout_of(found).dns_names)
    if found.hosts is not None:
        return list(_hosts(found))
    return list(found.right) if found.options else None


def _solutions(number: str) -> dict[str, Any]:
    """Return the answers of one notebook, as its file in `solutions/` has them."""
    found = lesson(number)
    assert found is not None
    path = course_folder() / "solutions" / f"{found.file.removesuffix('.ipynb')}.yaml"
    answers = yaml.safe_load(path.read_text(encoding="utf-8"))
    numbers = [name for name in exercises() if name.startswith(f"{number}-")]
    return dict(zip(numbers, answers, strict=True))
