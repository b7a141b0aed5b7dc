"""The clinic: cases as data. A case changes the world, so connections fail; undoing the change fixes them."""

from __future__ import annotations

import difflib
import random
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.deployment import Deployment
from pkikit.model.deployment_file.fields import Fqdn, Label
from pkikit.model.places import deployment_with
from pkikit.rules.catalogue import rule_of
from simulator.clock import Clock
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Fault, parties_of
from simulator.world.issued_world import issue_world
from simulator.world.remedies import Action

Tool = Literal["zones", "log", "certificate", "trust", "trace", "dns", "file", "preflight"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upload(_Part):
    """Somebody uploads a file on a peer's Server certificate page, in a form that the page refuses."""

    peer: Fqdn
    form: Literal["der", "pkcs7", "reversed", "encrypted-key", "key-without-newline", "of-another-peer"]


class Order(_Part):
    """A peer orders a certificate by ACME, this many times; `deploy`: and deploys it."""

    peer: Fqdn
    deploy: bool = True
    times: int = 1


class Scanner(_Part):
    """Strangers who try the SIP port of a peer: this many calls, none of which speaks SIP over TLS."""

    peer: Fqdn
    calls: int = Field(ge=1, le=500)


class Case(_Part):
    """One file of `simulator/clinic/cases`. `change` maps a place of the deployment (zones.0.name) to its value in this case.

    also: further causes, if several things are broken. tools: what the player may look at.
    remedies: (action, target) pairs that fix it, one after the other.
    """

    id: Label
    title: str
    symptom: str
    deployment: Label = "clustered-mra"
    change: dict[str, Any] = {}
    faults: tuple[Fault, ...] = ()
    upload: Upload | None = None
    order: Order | None = None
    scanner: Scanner | None = None
    hints: tuple[str, ...]
    cause: str
    also: tuple[str, ...] = ()
    mend: str
    remedies: tuple[tuple[Action, str], ...] = Field(min_length=1)
    tools: tuple[Tool, ...] = Field(min_length=1)

    @property
    def causes(self) -> tuple[str, ...]:
        """Everything that the player has to find."""
        return (self.cause, *self.also)

    def base(self) -> Deployment:
        """Return the deployment without the case."""
        return load_deployment(deployments_folder() / f"{self.deployment}.yaml")

    def changed(self) -> Deployment:
        """Return the deployment of the case."""
        return deployment_with(self.base(), self.change)


def deployments_folder() -> Path:
    """Return the folder of the shipped deployments: in the package in a wheel, under notebooks/ in a checkout."""
    packaged = Path(__file__).parents[1] / "deployments"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "notebooks" / "deployments"


@cache
def cases() -> dict[str, Case]:
    """Return all cases by id. Raises ValueError if a shipped case file is invalid."""
    found = {}
    for path in sorted((files("simulator.clinic") / "cases").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            try:
                case = Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
            except pydantic.ValidationError as error:
                raise ValueError(f"{path.name}: {error}") from error
            rule_of(case.cause)
            found[case.id] = case
    return found


def case_of(case_id: str) -> Case:
    """Return one case. Raises InputError with the closest ids."""
    known = cases()
    if case_id not in known:
        near = difflib.get_close_matches(case_id, known, n=3) or list(known)[:3]
        raise InputError(f"no case has the id {case_id[:60]!r}; close to it: {', '.join(near)}")
    return known[case_id]


def random_case(seed: int) -> Case:
    """Combine two cases in one world so that both can be seen; the same seed gives the same pair.

    Only cases that change no configuration are combined, of different parties and with different causes.
    """
    chooser = random.Random(seed)  # noqa: S311  (a shuffle, no secret)
    simple = [c for c in cases().values() if c.faults and not (c.change or c.upload or c.order or c.scanner)]
    pairs = [(a, b) for a, b in combinations(simple, 2) if a.deployment == b.deployment and a.cause != b.cause]
    chooser.shuffle(pairs)
    for one, other in pairs:
        touched = [{p for fault in case.faults for p in parties_of(fault)} for case in (one, other)]
        if not touched[0] & touched[1] and _both_are_seen(one, other):
            return Case(
                id=f"random-{seed}",
                title="Two things at once",
                symptom=f"{one.symptom} And, as if that were not enough: {other.symptom}",
                deployment=one.deployment,
                faults=(*one.faults, *other.faults),
                hints=(*one.hints, *other.hints),
                cause=one.cause,
                also=(other.cause,),
                mend=f"{one.mend} {other.mend}",
                tools=tuple(dict.fromkeys((*one.tools, *other.tools))),
                remedies=(*one.remedies, *other.remedies),
            )
    raise InputError(f"no two cases go together for the seed {seed}")


def _both_are_seen(one: Case, other: Case) -> bool:
    """Return True if, in the world with both, each cause comes first on some leg."""
    at = Clock().now()
    deployment = one.base()
    issued = issue_world(deployment, at=at, rsa=False)
    world = FaultContext(issued, at, rsa=False).apply((*one.faults, *other.faults), issued.world)
    first = {v.causes[0] for leg in legs_of(deployment) if (v := judge_leg(leg, world, at)).causes}
    return {one.cause, other.cause} <= first
