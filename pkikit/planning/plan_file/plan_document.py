"""The document of a plan, `plan.json`: its keys are a contract, and `docs/plan.schema.json` is made from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from pkikit.errors import InputError
from pkikit.judge.legs.known_parts import State
from pkikit.model.codec.leaves import write_instant
from pkikit.model.codec.problems import problem_of, refuse
from pkikit.planning.steps import Action
from pkikit.text import printable

FORMAT = 1
MAX_PLAN = 16 * 1024 * 1024
_MAX_STEPS, _MAX_LEGS, _MAX_CAS, _DEEPEST = 2_000, 20_000, 20_000, 20

_Text = Annotated[str, StringConstraints(max_length=100_000)]
_Name = Annotated[str, StringConstraints(max_length=300)]
_Path = Annotated[str, StringConstraints(max_length=600)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Names = Annotated[tuple[_Name, ...], Field(max_length=_MAX_LEGS)]


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        if read is not None and read.tzinfo is not None:
            return read.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise refuse("must be a time in ISO 8601 with its time zone, such as 2026-11-24T12:00:00Z")


# Nothing in a configuration is nested that deep.
def _shallow(value: Any) -> Any:
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level if isinstance(outer, list | dict)
                 for inner in (outer.values() if isinstance(outer, dict) else outer)]  # fmt: skip
        if not level:
            return value
    raise refuse("is nested too deeply")


_Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(write_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
_Value = Annotated[Any, BeforeValidator(_shallow)]


class _Entry(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class SettingEntry(_Entry):
    """One value of the configuration, at its place in the deployment file."""

    place: _Name
    old: _Value = None
    new: _Value = None


class StepEntry(_Entry):
    """One step. `file` is relative to the folder of the plan; `sha256` is that of the file's bytes."""

    n: int = Field(strict=True, ge=1, le=_MAX_STEPS)
    key: _Name
    action: Literal[tuple(action.value for action in Action)]  # type: ignore[valid-type]
    machine: _Name
    place: _Name = ""
    title: _Text = ""
    where: _Text = ""
    file: _Path | None = None
    sha256: _Sha256 | None = None
    key_file: _Path | None = None
    certificates: Annotated[tuple[_Sha256, ...], Field(max_length=_MAX_CAS)] = ()
    originals: Annotated[tuple[_Sha256, ...], Field(max_length=_MAX_CAS)] = ()
    restart: bool = Field(default=False, strict=True)
    activates: _Names = ()
    activated_by: _Name | None = None
    before: _Text = ""
    after: _Text = ""
    proof: _Text = ""
    undo: _Text = ""
    no_return: _Text = ""
    owner: _Name = "you"
    ours: bool = Field(default=True, strict=True)
    lead_minutes: float = Field(default=0, ge=0, le=10_000_000, allow_inf_nan=False)
    settings: Annotated[tuple[SettingEntry, ...], Field(max_length=1_000)] = ()
    names: _Names = ()
    gone: _Names = ()
    renames: Annotated[tuple[tuple[_Name, _Name], ...], Field(max_length=1_000)] = ()
    until: _Instant | None = None


class MadeEntry(_Entry):
    """What the lab made in place of files that nobody gave; `unknown`: none of it counts."""

    files: _Names = ()
    urls: _Names = ()
    unknown: bool = Field(default=False, strict=True)


class WorldEntry(_Entry):
    """The files of today's or tomorrow's machines, relative to the folder of the plan."""

    deployment: _Path
    certificates: _Path
    made_by_lab: MadeEntry = MadeEntry()
    unresolved: _Names = ()


class PrecedenceEntry(_Entry):
    """Two steps, by key, whose order is fixed."""

    first: _Name
    then: _Name
    why: _Text = ""
    rule: _Name = ""


class RefusedEntry(_Entry):
    """A connection that is refused because of the change."""

    leg: _Name
    refused_by: _Name
    causes: _Names = ()
    says: _Text = ""


class ServiceEntry(_Entry):
    """A service at a peer, or of a cluster."""

    name: _Name
    where: _Name
    state: Literal[tuple(state.value for state in State)]  # type: ignore[valid-type]
    because: _Names = ()


class PredictionEntry(_Entry):
    """What is predicted after a number of steps; every connection that is not named is up."""

    after: int = Field(strict=True, ge=0, le=_MAX_STEPS)
    down: _Names = ()
    not_assessed: _Names = ()
    refused: Annotated[tuple[RefusedEntry, ...], Field(max_length=_MAX_LEGS)] = ()
    refused_legs: int = Field(default=0, strict=True, ge=0)
    down_during: _Names = ()
    interrupted: _Names = ()
    services: Annotated[tuple[ServiceEntry, ...], Field(max_length=_MAX_LEGS)] = ()


class ScheduledEntry(_Entry):
    """When a step is done. `asked`: when its owner is asked, `watched_until`: when the next restart of the cluster may begin."""

    n: int = Field(strict=True, ge=1, le=_MAX_STEPS)
    begins: _Instant
    ends: _Instant
    owner: _Name
    asked: _Instant | None = None
    window: _Name = ""
    watched_until: _Instant | None = None


class ClashEntry(_Entry):
    """A fact that rules out orders: `done` completed, `missing` not, and a connection is refused."""

    done: _Names
    missing: _Names
    says: _Text
    leg: _Name = ""
    causes: _Names = ()


class EnablingEntry(_Entry):
    """An extra step or another design that was tried because no order exists."""

    kind: _Name
    says: _Text
    achieves: _Text
    works: bool = Field(strict=True)
    refused_legs: int = Field(strict=True, ge=0)
    steps: int = Field(strict=True, ge=0)
    price: _Text = ""


class PlanDocument(_Entry):
    """`plan.json`."""

    format: Literal[1]
    goal: _Text = ""
    at: _Instant
    deployment: _Name
    version: _Name = ""
    files: _Path
    today: WorldEntry
    tomorrow: WorldEntry
    steps: Annotated[tuple[StepEntry, ...], Field(max_length=_MAX_STEPS)]
    precedences: Annotated[tuple[PrecedenceEntry, ...], Field(max_length=100_000)] = ()
    refused_legs: int = Field(default=0, strict=True, ge=0)
    order_exists: bool = Field(strict=True)
    proven: bool = Field(default=True, strict=True)
    reason: _Text = ""
    clashes: Annotated[tuple[ClashEntry, ...], Field(max_length=10_000)] = ()
    enabling: Annotated[tuple[EnablingEntry, ...], Field(max_length=1_000)] = ()
    lost_minutes: float = Field(default=0, ge=0, allow_inf_nan=False)
    predictions: Annotated[tuple[PredictionEntry, ...], Field(max_length=_MAX_STEPS + 1)] = ()
    schedule: Annotated[tuple[ScheduledEntry, ...], Field(max_length=_MAX_STEPS)] = ()
    notes: Annotated[tuple[_Text, ...], Field(max_length=1_000)] = ()
    assumptions: Annotated[tuple[_Text, ...], Field(max_length=1_000)] = ()


def to_json(document: PlanDocument) -> dict[str, Any]:
    """Return a document as an object for `json.dumps`."""
    return document.model_dump(mode="json")


def made_document(values: dict[str, Any]) -> PlanDocument:
    """Return the document of a plan that was made.

    Args:
        values: its keys and values.

    Returns:
        The document.

    Raises:
        InputError: the plan is larger than a document may be; one sentence says which part of it.
    """
    try:
        return PlanDocument.model_validate(values)
    except pydantic.ValidationError as error:
        place, sentence = problem_of(error)
        raise InputError(f"this change is too large for a plan: {place}: {sentence}") from None


def plan_schema() -> dict[str, Any]:
    """Return the JSON schema of `plan.json`."""
    made = PlanDocument.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def document_of(data: bytes, where: str) -> PlanDocument:
    """Read a document.

    Args:
        data: the bytes of `plan.json`.
        where: the file, for messages.

    Returns:
        The document; nothing in it has been compared with files yet.

    Raises:
        InputError: it is not a plan; one sentence says where in the file, and what is allowed.
    """
    try:
        read = json.loads(data, object_pairs_hook=_each_once, parse_constant=_no_number)
    except RecursionError:
        raise InputError("is not a plan: it is nested too deeply", where=where) from None
    except ValueError as error:
        raise InputError(f"is not a plan: it is not JSON ({printable(str(error), 120)})", where=where) from None
    if not isinstance(read, dict):
        raise InputError("is not a plan: it is not a JSON object", where=where)
    if read.get("format") != FORMAT or isinstance(read["format"], bool):
        raise InputError(
            f"is not a plan that this version can use: format must be {FORMAT}; pkikit plan --out writes such a file",
            where=where,
        )
    try:
        return PlanDocument.model_validate(read)
    except pydantic.ValidationError as error:
        place, sentence = problem_of(error)
        raise InputError(f"{place}: {sentence}" if place else sentence, where=where) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {printable(twice, 60)!r} is there twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
