"""The clinic: cases as data. Each is set up by changing the world, fails by itself, and is mended by undoing it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio
import pydantic
import yaml
from pydantic import BaseModel, ConfigDict

from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.judge.registry import rule_of
from pkikit.model.deployment import Deployment, Label, deployment_from
from simulator.events import Event
from simulator.faults import Fault, Ground
from simulator.lab import Lab
from simulator.report import CheckReport
from simulator.settings import LabSettings


class Case(BaseModel):
    """One file of `simulator/cases`. `change` maps a place of the deployment (zones.0.name) to its value in this case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Label
    title: str
    symptom: str
    deployment: Label = "clustered-mra"
    change: dict[str, Any] = {}
    faults: tuple[Fault, ...] = ()
    hints: tuple[str, ...]
    cause: str
    mend: str

    def base(self) -> Deployment:
        """The deployment when all is well."""
        return load_deployment(_deployments() / f"{self.deployment}.yaml")

    def changed(self) -> Deployment:
        """The deployment of the case."""
        data: dict[str, Any] = copy.deepcopy(self.base().model_dump(mode="json"))
        for place, value in self.change.items():
            *parents, last = place.split(".")
            node: Any = data
            for part in parents:
                node = node[int(part)] if part.isdigit() else node[part]
            node[int(last) if last.isdigit() else last] = value
        return deployment_from(data)


def _deployments() -> Path:
    """The shipped deployments: beside this module in a wheel, under notebooks/ in a checkout."""
    packaged = Path(__file__).parent / "deployments"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "notebooks" / "deployments"


@cache
def cases() -> dict[str, Case]:
    """All cases by id; a file that is none is a mistake of ours and raises."""
    found = {}
    for path in sorted((files("simulator") / "cases").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            try:
                case = Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
            except pydantic.ValidationError as error:
                raise ValueError(f"{path.name}: {error}") from error
            rule_of(case.cause)
            found[case.id] = case
    return found


def case_of(case_id: str) -> Case:
    """One case, or an InputError with the closest ids."""
    import difflib

    known = cases()
    if case_id not in known:
        near = difflib.get_close_matches(case_id, known, n=3) or list(known)[:3]
        raise InputError(f"no case has the id {case_id[:60]!r}; close to it: {', '.join(near)}")
    return known[case_id]


@dataclass(frozen=True, kw_only=True)
class Played:
    """How a case went: what was seen while it was broken, and whether mending it brought every leg up."""

    case: Case
    broken: CheckReport
    log: tuple[Event, ...]
    mended: CheckReport

    @property
    def causes(self) -> tuple[str, ...]:
        """The first cause of each leg that is down, most frequent first."""
        first = [leg.causes[0] for leg in self.broken.down if leg.causes]
        return tuple(sorted(dict.fromkeys(first), key=lambda rule: -first.count(rule)))

    @property
    def right(self) -> bool:
        """The diagnosis names the case's cause, and the mend helps."""
        return self.causes[:1] == (self.case.cause,) and self.mended.accepted

    def to_json(self) -> dict[str, Any]:
        """The document of `expressway-sim clinic CASE --json`."""
        case = self.case
        return {
            "accepted": self.right,
            "case": case.id,
            "title": case.title,
            "symptom": case.symptom,
            "hints": list(case.hints),
            "cause": case.cause,
            "causes": list(self.causes),
            "mend": case.mend,
            "mended": self.mended.accepted,
            "log": [str(event) for event in self.log],
            "legs": [leg.to_json() for leg in self.broken.legs],
        }


async def play(
    case: Case, settings: LabSettings | None = None, *, step: Callable[[str], None] = lambda _: None
) -> Played:
    """Start a lab, put the faults in, dial; take them out again, dial again."""
    settings = settings or LabSettings(rsa=False, pages=False)
    base, changed = await anyio.to_thread.run_sync(lambda: (case.base(), case.changed()))
    step("starting the lab")
    async with Lab(changed, settings=settings) as lab:
        well = lab.world
        ground = Ground(lab.issued, lab.clock.now(), settings.rsa)
        step("something happens")
        lab.change(await anyio.to_thread.run_sync(ground.apply, case.faults, well))
        broken = await lab.check()
        log = lab.events.of(kind="TLS Negotiation Error")
        if changed == base:
            step("mending it")
            lab.change(well)
            return Played(case=case, broken=broken, log=log, mended=await lab.check())
    step("mending it")
    # What was changed is the configuration: the lab is set up anew, as it should have been.
    async with Lab(base, settings=settings) as lab:
        return Played(case=case, broken=broken, log=log, mended=await lab.check())
