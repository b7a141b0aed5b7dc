"""A plan that somebody brings: read, checked, and judged again. Nothing is believed that can be worked out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pkikit.errors import InputError, PkikitError
from pkikit.files import load_deployment, read_bytes
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT
from pkikit.judge.legs.known_parts import State
from pkikit.model.world import World
from pkikit.planning.change import Change
from pkikit.planning.plan import NOTHING_KNOWN, Clash, Enabling, Plan, Prediction
from pkikit.planning.plan_file.files_of_plan import folder_beside
from pkikit.planning.plan_file.plan_document import MAX_PLAN, PlanDocument, PredictionEntry, WorldEntry, document_of
from pkikit.planning.plan_file.reached_tomorrow import differences
from pkikit.planning.plan_file.steps_of_plan import precedences_of, problems_of, steps_of
from pkikit.planning.plan_file.written_plan import TODAY, TOMORROW
from pkikit.planning.predictions import replay
from pkikit.planning.schedule import ScheduledStep, judged_at_dates
from pkikit.text import counted, printable
from pkikit.worlds.world_folder import WorldFolder, read_world

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class BroughtPlan:
    """A plan that was read.

    Attributes:
        plan: with predictions that were worked out again.
        remarks: where the file says something else than what was worked out, in sentences.
        schedule: the dates of the file.
        folder: the files of the plan.
        document: what the file says.
    """

    plan: Plan
    remarks: tuple[str, ...]
    schedule: tuple[ScheduledStep, ...]
    folder: Path
    document: PlanDocument


def read_plan(path: Path) -> Plan:
    """Read a plan: today's machines with their keys, the steps, the order, and predictions that are worked out again.

    Args:
        path: the JSON file that `write_plan` wrote; its folder is beside it.

    Returns:
        The plan. Its notes say where the file claims something else.

    Raises:
        InputError: the file or its folder was damaged or edited so that it is no plan any more.
    """
    return bring_plan(path).plan


def bring_plan(path: Path) -> BroughtPlan:
    """Read a plan, with its dates and with remarks about what was changed in the file.

    Args:
        path: as for `read_plan`.

    Returns:
        The plan and what belongs to it.

    Raises:
        InputError: as for `read_plan`. The message has each problem with its place, one on each line.
    """
    where = str(path)
    document, folder, change, order = _read(path)
    predictions = replay(change, order)
    _refuse(list(_contradictions(predictions)), where)
    schedule = _schedule(document)
    plan = Plan(change=change, order=order, predictions=predictions, order_exists=True)
    plan = judged_at_dates(plan, schedule).plan if schedule else plan
    remarks = tuple(_remarks(document, plan.predictions))
    plan = _answered(plan, document, remarks)
    return BroughtPlan(plan=plan, remarks=remarks, schedule=schedule, folder=folder, document=document)


def read_change(path: Path) -> tuple[Change, tuple[str, ...]]:
    """Read the steps of a plan, checked like those of `bring_plan`; nothing is judged, so that it takes no time.

    Args:
        path: as for `read_plan`.

    Returns:
        The change, and the keys of its steps in the order of the plan.

    Raises:
        InputError: as for `read_plan`.
    """
    _, _, change, order = _read(path, check_keys=False)
    return change, order


def _read(path: Path, *, check_keys: bool = True) -> tuple[PlanDocument, Path, Change, tuple[str, ...]]:
    where = str(path)
    document = document_of(read_bytes(path, MAX_PLAN, likely=(".json",)), where)
    folder = folder_beside(path, document.files)
    today, tomorrow = _worlds(document, folder, check_keys=check_keys)
    steps, problems = steps_of(document, folder, where)
    if not problems:
        problems = [*_other_files(document, today), *problems_of(document, steps, today, tomorrow)]
    _refuse(problems, where)
    change = Change(
        today=today,
        tomorrow=tomorrow,
        at=document.at,
        steps=tuple(steps),
        precedences=precedences_of(document),
        goal=document.goal,
        assumptions=document.assumptions,
    )
    order = tuple(step.key for step in steps)
    try:
        after = change.world(frozenset(order))
    except PkikitError as error:
        raise InputError(f"steps: nobody can do them all: {error}", where=where) from None
    _refuse([*differences(after, tomorrow), *_schedule_problems(document)], where)
    return document, folder, change, order


def _other_files(document: PlanDocument, today: World) -> Iterator[str]:
    """Yield where the document names another deployment or other files than those that count."""
    for place, says, known in (("deployment", document.deployment, today.deployment.name),
                               ("version", document.version, str(today.deployment.version))):  # fmt: skip
        if says not in {"", known}:
            yield f"{place}: is {printable(says, 120)!r}, and must be {known}, as in the deployment file of today"
    for place, entry in ((TODAY, document.today), (TOMORROW, document.tomorrow)):
        for key, name in (("deployment", DEPLOYMENT), ("certificates", CERTIFICATES)):
            path = f"{document.files}/{place}/{name}"
            if getattr(entry, key) != path:
                yield f"{place}.{key}: must be {printable(path, 120)}"


def _answered(plan: Plan, document: PlanDocument, remarks: tuple[str, ...]) -> Plan:
    """Return the plan with the answer that its predictions give; the file's words explain it."""
    refused = plan.refused_legs > 0
    reason = (
        document.reason or plan.reason or "The order in the file refuses connections, and nobody looked for another."
    )
    if plan.is_unknown:
        reason = NOTHING_KNOWN
    return replace(
        plan,
        order_exists=not (refused or plan.is_unknown),
        reason=reason if refused or plan.is_unknown else "",
        clashes=tuple(
            Clash(done=frozenset(c.done), missing=frozenset(c.missing), says=c.says, leg=c.leg, causes=c.causes)
            for c in document.clashes
        ),
        enabling=tuple(Enabling(**e.model_dump()) for e in document.enabling),
        lost_minutes=document.lost_minutes if refused else 0.0,
        proven=document.proven and not (remarks or plan.is_unknown),
        notes=tuple(dict.fromkeys((*document.notes, *plan.notes, *remarks))),
    )


def _contradictions(predictions: Sequence[Prediction]) -> Iterator[str]:
    for number, prediction in enumerate(predictions):
        if number and not prediction.legs:
            yield f"steps[{number - 1}]: after this step the settings contradict each other, so nobody can enter them"


def _schedule_problems(document: PlanDocument) -> Iterator[str]:
    entries = document.schedule
    if entries and [entry.n for entry in entries] != [entry.n for entry in document.steps]:
        yield "schedule: must have each step once, in the order of the steps"
        return
    before = None
    for number, entry in enumerate(entries):
        if entry.ends < entry.begins:
            yield f"schedule[{number}].ends: is before it begins"
        if before is not None and entry.ends < before:
            yield f"schedule[{number}].ends: is before the step before it ends"
        before = entry.ends


def _refuse(problems: Sequence[str], where: str) -> None:
    if not problems:
        return
    shown = [*problems[:_SHOWN], *([f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else [])]
    if len(shown) == 1:
        raise InputError(shown[0], where=where)
    raise InputError(
        f"has {counted(len(problems), 'problem')}:\n" + "\n".join(f"- {line}" for line in shown), where=where
    )


def _worlds(document: PlanDocument, folder: Path, *, check_keys: bool) -> tuple[World, World]:
    before, after = (load_deployment(folder / name / DEPLOYMENT) for name in (TODAY, TOMORROW))
    today = read_world(folder / TODAY, _said(document.today), after, check_keys=check_keys)
    return today, read_world(folder / TOMORROW, _said(document.tomorrow), before, check_keys=check_keys)


def _said(entry: WorldEntry) -> WorldFolder:
    made = entry.made_by_lab
    return WorldFolder(files={}, made=made.files, urls=made.urls, unknown=made.unknown, unresolved=entry.unresolved)


def _remarks(document: PlanDocument, predictions: Sequence[Prediction]) -> Iterator[str]:
    """Yield where the file predicts something else than what was worked out."""
    if len(document.predictions) != len(predictions):
        yield (
            f"predictions: the file has {len(document.predictions)}, and {counted(len(predictions), 'state')} were judged "
            "again. The predictions that were worked out count."
        )
    for entry, prediction in zip(document.predictions, predictions, strict=False):
        wrong = _first_difference(entry, prediction)
        if wrong:
            yield f"predictions[{entry.after}]: {wrong} What was worked out counts."


def _first_difference(entry: PredictionEntry, prediction: Prediction) -> str:
    said = {**dict.fromkeys(entry.down, State.DOWN), **dict.fromkeys(entry.not_assessed, State.NOT_ASSESSED)}
    for leg, state in prediction.legs.items():
        claimed = said.get(leg, State.UP)
        if claimed is not state:
            return f"the file says that {leg} is {claimed.words}, but it is {state.words}."
    strange = next((leg for leg in said if leg not in prediction.legs), None)
    if strange is not None:
        return f"the file names {printable(strange, 120)}, which is not a connection then."
    if {r.leg for r in entry.refused} != {r.leg for r in prediction.refused}:
        return "the file names other connections as refused."
    return ""


def _schedule(document: PlanDocument) -> tuple[ScheduledStep, ...]:
    keys = {entry.n: entry.key for entry in document.steps}
    return tuple(
        ScheduledStep(
            key=keys[s.n], begins=s.begins, ends=s.ends, owner=s.owner, asked=s.asked, window=s.window,
            watched_until=s.watched_until,
        )
        for s in document.schedule
        if s.n in keys
    )  # fmt: skip
