"""The steps of a plan that was read, checked one by one against their files and against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from pkikit.errors import InputError, PkikitError
from pkikit.files import parse, read_bytes, refuse_unreadable
from pkikit.model.certificates.credential import Credential
from pkikit.model.world import World
from pkikit.planning.plan_file.files_of_plan import inside
from pkikit.planning.plan_file.plan_document import PlanDocument, StepEntry
from pkikit.planning.plan_file.step_files import certificates_in, fingerprint
from pkikit.planning.steps import Action, Owner, Precedence, SettingChange, Step
from pkikit.text import printable
from pkikit.worlds.world_folder import group_in

_LOADS = frozenset({Action.LOAD, Action.LOAD_CLIENT})
_WITH_FILES = _LOADS | {Action.APPEND_CA, Action.REMOVE_CA}
_MAX_FILE = 16 * 1024 * 1024


def steps_of(document: PlanDocument, folder: Path, where: str) -> tuple[list[Step], list[str]]:
    """Return the steps of a document with the certificates and keys from their files.

    Args:
        document: the document.
        folder: the files of the plan.
        where: the plan, for messages.

    Returns:
        The steps in the order of the document, and what is wrong: one sentence for each problem, with its place.
    """
    steps, problems = [], []
    for number, entry in enumerate(document.steps):
        try:
            steps.append(_step(entry, folder, f"steps[{number}]", where))
        except PkikitError as error:
            says = getattr(error, "message", str(error))
            problems.append(says if says.startswith("steps[") else f"steps[{number}].file: {error}")
    return steps, problems


def _step(entry: StepEntry, folder: Path, place: str, where: str) -> Step:
    action = Action(entry.action)
    held = _held(entry, folder, place, where) if action in _WITH_FILES else None
    loads = action in _LOADS
    return Step(
        key=entry.key,
        action=action,
        machine=entry.machine,
        place=entry.place,
        certificates=held.chain if held is not None and not loads else (),
        credential=held if loads else None,
        settings=tuple(SettingChange(place=s.place, old=s.old, new=s.new) for s in entry.settings),
        names=entry.names,
        gone=entry.gone,
        renames=entry.renames,
        until=entry.until,
        activates=entry.activates,
        owner=Owner(name=entry.owner, lead=timedelta(minutes=entry.lead_minutes), ours=entry.ours),
    )


def _held(entry: StepEntry, folder: Path, place: str, where: str) -> Credential:
    """Return what is in the file of a step, and the key beside it.

    Args:
        entry: the step.
        folder: the files of the plan.
        place: of the step in the plan.
        where: the plan, for messages.

    Returns:
        The certificates, with the key if there is one.

    Raises:
        InputError: a file is missing, was changed, or has something else.
    """
    if entry.file is None or entry.sha256 is None:
        raise InputError(f"{place}.{'sha256' if entry.file else 'file'}: is missing; a step {entry.action} has a file")
    file = inside(folder, entry.file, f"{place}.file", where)
    data = read_bytes(file, _MAX_FILE)
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise InputError(
            f"{place}.sha256: {printable(entry.file)} has another SHA-256: it was changed after the plan was made"
        )
    contents = parse(data, where=str(file), keep_encrypted=True)
    refuse_unreadable(contents)
    if not contents.certificates:
        raise InputError(f"{place}.file: {printable(entry.file)} {contents.lacks('certificate')}")
    if entry.key_file is None:
        return Credential(chain=contents.certificates)
    key_file = inside(folder, entry.key_file, f"{place}.key_file", where)
    keys = parse(read_bytes(key_file, _MAX_FILE), where=str(key_file)).keys
    if not keys:
        raise InputError(f"{place}.key_file: {printable(entry.key_file)} contains no private key")
    return Credential(chain=contents.certificates, key=keys[0])


def problems_of(document: PlanDocument, steps: list[Step], today: World, tomorrow: World) -> Iterator[str]:
    """Yield what is wrong with the steps together.

    Args:
        document: the document.
        steps: its steps, all of them.
        today: the machines before.
        tomorrow: the machines after.

    Yields:
        One sentence for each problem, with its place in the document.
    """
    order: dict[str, int] = {}
    for number, (entry, step) in enumerate(zip(document.steps, steps, strict=True)):
        place = f"steps[{number}]"
        if entry.n != number + 1:
            yield f"{place}.n: is {entry.n}, and must be {number + 1}: steps are numbered in their order"
        if step.key in order:
            yield f"{place}.key: {_shown(step.key)} is there twice; steps[{order[step.key]}] has it too"
        order.setdefault(step.key, number)
        if entry.restart is not (step.restarts):
            yield f"{place}.restart: must be true for a restart or an upgrade, and false otherwise"
        if entry.until is not None and step.action is not Action.WAIT:
            yield f"{place}.until: only a wait has a date"
        yield from _machine_problems(step, place, today, tomorrow)
        if [fingerprint(c) for c in certificates_in(step)] != list(entry.certificates):
            yield f"{place}.certificates: are not the fingerprints of the certificates in its file"
    yield from _activation_problems(steps, order)
    for number, rule in enumerate(document.precedences):
        yield from _precedence_problems(rule.first, rule.then, f"precedences[{number}]", rule.why, order)


def _machine_problems(step: Step, place: str, today: World, tomorrow: World) -> Iterator[str]:
    known = {*today.parties, *(cluster.name for cluster in today.deployment.clusters), ""}
    if step.action in _WITH_FILES and step.machine not in today.parties:
        yield f"{place}.machine: {_shown(step.machine)} is not a machine of {today.deployment.name}"
    elif step.action is Action.RESTART and step.machine not in today.deployment.peers:
        yield f"{place}.machine: {_shown(step.machine)} is not an Expressway of {today.deployment.name}"
    elif step.action not in {Action.SET, Action.DNS} and step.machine not in known:
        yield f"{place}.machine: {_shown(step.machine)} is not a machine of {today.deployment.name}"
    elif step.action is Action.WAIT and step.until is None:
        yield f"{place}.until: is missing; a step wait has a date"
    elif step.action in _WITH_FILES:
        services = group_in(step.machine, today.deployment, tomorrow.deployment).certificates
        lists, stores = {"", *(s.trust_list for s in services)}, {"server", *(s.service for s in services)}
        allowed = {"client"} if step.action is Action.LOAD_CLIENT else stores if step.action is Action.LOAD else lists
        if step.place not in allowed and not (step.action is Action.LOAD and step.place.startswith("domain ")):
            known_places = ", ".join(sorted(allowed - {""})) or "an empty text"
            yield f"{place}.place: {_shown(step.place)} is not known there; allowed is {known_places}"


def _activation_problems(steps: list[Step], order: Mapping[str, int]) -> Iterator[str]:
    by: dict[str, str] = {}
    for number, step in enumerate(steps):
        for key in step.activates:
            place = f"steps[{number}].activates"
            if key not in order:
                yield f"{place}: there is no step {_shown(key)}"
            elif key in by:
                yield f"{place}: {_shown(key)} is put into effect by {_shown(by[key])} already"
            elif order[key] > number:
                yield (
                    f"{place}: {_shown(key)} is step {order[key] + 1}, after the restart that puts it into effect "
                    f"(step {number + 1})"
                )
            by.setdefault(key, step.key)


def _precedence_problems(first: str, then: str, place: str, why: str, order: Mapping[str, int]) -> Iterator[str]:
    unknown = next((key for key in (first, then) if key not in order), None)
    if unknown is not None:
        yield f"{place}: there is no step {_shown(unknown)}; was it removed from steps?"
    elif order[first] >= order[then]:
        reason = f": {printable(why, 300)}" if why else ""
        yield f"{place}: step {order[then] + 1} ({_shown(then)}) comes before step {order[first] + 1} ({_shown(first)}){reason}"


def precedences_of(document: PlanDocument) -> tuple[Precedence, ...]:
    """Return the fixed orders of a document."""
    return tuple(Precedence(first=p.first, then=p.then, why=p.why, rule=p.rule) for p in document.precedences)


def _shown(key: str) -> str:
    return printable(key, 120) or "an empty text"
