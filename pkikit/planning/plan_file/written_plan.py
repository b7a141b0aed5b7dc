"""A plan as its document and its files, and both on disk: `PLAN.json` and beside it the folder `PLAN.files`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509

from pkikit.errors import InputError
from pkikit.files import read_bytes, write_public
from pkikit.files.deployment_folder import CERTIFICATES, DEPLOYMENT
from pkikit.files.exchanged_folder import write_whole
from pkikit.judge.legs.known_parts import State
from pkikit.planning.plan import Plan, Prediction
from pkikit.planning.plan_file.plan_document import FORMAT, MAX_PLAN, PlanDocument, made_document, to_json
from pkikit.planning.plan_file.reached_tomorrow import reached_tomorrow
from pkikit.planning.plan_file.step_files import certificates_in, file_of, fingerprint, is_private
from pkikit.planning.schedule.scheduled_step import ScheduledStep
from pkikit.planning.step_words.all_words import words_of
from pkikit.planning.step_words.step_file import STEPS
from pkikit.planning.step_words.step_text import StepWords
from pkikit.planning.steps import Step
from pkikit.worlds.world_folder import WorldFolder, world_files

TODAY, TOMORROW = "today", "tomorrow"
# Says that a folder is that of a plan.
RECORD = "plan-files.json"
DEFAULT_FILES = "plan.files"
LAB = "lab"
"""The folder of the look-alike that a lab plays, if private keys are missing: a plan file and its files."""
_OURS = frozenset({TODAY, TOMORROW, STEPS, RECORD, LAB})


def files_folder_of(path: Path) -> Path:
    """Return the folder with the files of a plan: `change.files` beside `change.json`."""
    return path.with_name(f"{path.stem}.files")


def plan_json(
    plan: Plan,
    schedule: Sequence[ScheduledStep] = (),
    *,
    words: Sequence[StepWords] | None = None,
    originals: Mapping[x509.Certificate, x509.Certificate] | None = None,
    files: str = DEFAULT_FILES,
) -> dict[str, Any]:
    """Return a plan as an object for `json.dumps`: what `pkikit plan --json` prints and `PLAN.json` has.

    Args:
        plan: the plan.
        schedule: when each step is done, in the order of the plan.
        words: of each step, if somebody has them already.
        originals: the real certificate, by the one that stands in for it.
        files: the name of the folder with the plan's files.

    Returns:
        The document. It contains no private key.
    """
    today, tomorrow = _folders(plan)
    return to_json(_document(plan, schedule, words, originals or {}, files, today, tomorrow))


def write_plan(
    path: Path,
    plan: Plan,
    schedule: Sequence[ScheduledStep] = (),
    *,
    words: Sequence[StepWords] | None = None,
    originals: Mapping[x509.Certificate, x509.Certificate] | None = None,
) -> dict[str, Any]:
    """Write a plan and its files. An earlier plan there is replaced as a whole.

    Args:
        path: the JSON file. The folder for the files is beside it.
        plan: the plan.
        schedule: as for `plan_json`.
        words: as for `plan_json`.
        originals: as for `plan_json`.

    Returns:
        The document.

    Raises:
        InputError: something else is there, or it cannot be written.
    """
    folder = files_folder_of(path)
    _require_free(path, folder)
    today, tomorrow = _folders(plan)
    document = to_json(_document(plan, schedule, words, originals or {}, folder.name, today, tomorrow))
    files = {f"{TODAY}/{name}": content for name, content in today.files.items()}
    files |= {f"{TOMORROW}/{name}": content for name, content in tomorrow.files.items()}
    for number, step in enumerate(plan.steps, start=1):
        made = file_of(step, number)
        if made is not None:
            files[made.path] = made.content
            files |= {made.key_path: made.key} if made.key_path else {}
    files[RECORD] = json.dumps({"format": FORMAT, "plan": path.name}).encode()
    text = json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    _write_both(path, text, lambda: write_whole(folder, files, ours=_OURS, is_private=is_private))
    return document


def _write_both(path: Path, text: bytes, write_folder: Callable[[], None]) -> None:
    """Write the document and the folder. On a full disk, an earlier plan stays: its document goes with its own folder only.

    Args:
        path: the document.
        text: what it is to say.
        write_folder: writes the folder.

    Raises:
        InputError: one of them cannot be written.
    """
    ready = path.with_name(f".{path.name}.new")
    try:
        write_public(ready, text)
    except InputError as error:
        raise InputError(error.message, where=str(path)) from None
    try:
        write_folder()
        ready.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        ready.unlink(missing_ok=True)


def _require_free(path: Path, folder: Path) -> None:
    """Check that what would be replaced is an earlier plan.

    Args:
        path: the JSON file.
        folder: the folder for its files.

    Raises:
        InputError: it is something else.
    """
    try:
        _require_ours(path, folder)
    except OSError as error:  # such as a name that is too long
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _require_ours(path: Path, folder: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError("exists, and is not a plan; choose another name", where=str(path))
    if path.is_file():
        try:
            read = json.loads(read_bytes(path, MAX_PLAN))
        except (ValueError, RecursionError, InputError):
            read = None
        if not isinstance(read, dict) or not {"format", "steps", "files"} <= read.keys():
            raise InputError("exists, and is not a plan; choose another name", where=str(path))
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError("exists, and is not the folder of a plan; choose another name", where=str(folder))
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RECORD).is_file():
        raise InputError("exists, and is not the folder of a plan; choose another name", where=str(folder))


def _folders(plan: Plan) -> tuple[WorldFolder, WorldFolder]:
    change = plan.change
    tomorrow = reached_tomorrow(change)
    today = world_files(change.today, tomorrow.deployment)
    return today, world_files(tomorrow, change.today.deployment)


def _document(
    plan: Plan,
    schedule: Sequence[ScheduledStep],
    words: Sequence[StepWords] | None,
    originals: Mapping[x509.Certificate, x509.Certificate],
    files: str,
    today: WorldFolder,
    tomorrow: WorldFolder,
) -> PlanDocument:
    change = plan.change
    said = words_of(plan) if words is None else words
    real = {fingerprint(shown): fingerprint(original) for shown, original in originals.items()}
    number_of = {key: n for n, key in enumerate(plan.order, start=1)}
    return made_document({
        "format": FORMAT,
        "goal": change.goal,
        "at": change.at,
        "deployment": change.today.deployment.name,
        "version": change.today.deployment.version,
        "files": files,
        "today": _world(today, f"{files}/{TODAY}"),
        "tomorrow": _world(tomorrow, f"{files}/{TOMORROW}"),
        "steps": [
            _step(plan, step, n, word, real, files)
            for n, (step, word) in enumerate(zip(plan.steps, said, strict=True), start=1)
        ],
        "precedences": [{"first": p.first, "then": p.then, "why": p.why, "rule": p.rule} for p in change.precedences],
        "refused_legs": plan.refused_legs,
        "order_exists": plan.order_exists,
        "proven": plan.proven,
        "reason": plan.reason,
        "clashes": [
            {"done": sorted(c.done), "missing": sorted(c.missing), "says": c.says, "leg": c.leg, "causes": c.causes}
            for c in plan.clashes
        ],
        "enabling": [
            {"kind": e.kind, "says": e.says, "achieves": e.achieves, "works": e.works, "refused_legs": e.refused_legs,
             "steps": e.steps, "price": e.price}
            for e in plan.enabling
        ],
        "lost_minutes": plan.lost_minutes,
        "predictions": [prediction_entry(n, prediction) for n, prediction in enumerate(plan.predictions)],
        "schedule": [
            {"n": number_of[s.key], "begins": s.begins, "ends": s.ends, "owner": s.owner, "asked": s.asked,
             "window": s.window, "watched_until": s.watched_until}
            for s in schedule
        ],
        "notes": plan.notes,
        "assumptions": change.assumptions,
    })  # fmt: skip


def _world(folder: WorldFolder, place: str) -> dict[str, Any]:
    return {
        "deployment": f"{place}/{DEPLOYMENT}",
        "certificates": f"{place}/{CERTIFICATES}",
        "made_by_lab": {"files": folder.made, "urls": folder.urls, "unknown": folder.unknown},
        "unresolved": folder.unresolved,
    }


def _step(plan: Plan, step: Step, number: int, words: StepWords, real: Mapping[str, str], files: str) -> dict[str, Any]:
    made = file_of(step, number)
    prints = [fingerprint(certificate) for certificate in certificates_in(step)]
    return {
        "n": number,
        "key": step.key,
        "action": step.action.value,
        "machine": step.machine,
        "place": step.place,
        "title": words.title,
        "where": words.where,
        "file": f"{files}/{made.path}" if made else None,
        "sha256": made.sha256 if made else None,
        "key_file": f"{files}/{made.key_path}" if made and made.key_path else None,
        "certificates": prints,
        "originals": [real.get(shown, shown) for shown in prints] if any(shown in real for shown in prints) else [],
        "restart": step.restarts,
        "activates": step.activates,
        "activated_by": plan.change.restart_of.get(step.key),
        "before": " ".join(words.before),
        "after": " ".join(words.after),
        "proof": words.proof.text,
        "undo": " ".join(words.undo),
        "no_return": words.no_return,
        "owner": step.owner.name,
        "ours": step.owner.ours,
        "lead_minutes": step.owner.lead.total_seconds() / 60,
        "settings": [{"place": s.place, "old": s.old, "new": s.new} for s in step.settings],
        "names": step.names,
        "gone": step.gone,
        "renames": step.renames,
        "until": step.until,
    }


def prediction_entry(after: int, prediction: Prediction) -> dict[str, Any]:
    """Return one entry of `predictions`.

    Args:
        after: how many steps are complete.
        prediction: what is predicted then.

    Returns:
        The entry: what is down or not assessed, what is refused, the services, what a restart takes down.
    """

    def of(state: State) -> Iterator[str]:
        return (leg for leg, is_state in sorted(prediction.legs.items()) if is_state is state)

    return {
        "after": after,
        "down": tuple(of(State.DOWN)),
        "not_assessed": tuple(of(State.NOT_ASSESSED)),
        "refused": [
            {"leg": r.leg, "refused_by": r.refused_by, "causes": r.causes, "says": r.says} for r in prediction.refused
        ],
        "refused_legs": len(prediction.refused),
        "down_during": prediction.down_during,
        "interrupted": prediction.interrupted,
        "services": [
            {"name": s.name.value, "where": s.where, "state": s.state.value, "because": s.because}
            for s in prediction.services
        ],
    }
