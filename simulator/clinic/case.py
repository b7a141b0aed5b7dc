"""The clinic: cases as data. A case changes the world, so connections fail; undoing the change fixes them."""

from __future__ import annotations

import difflib
import random
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from pkikit.design.legs import legs_of
from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.issue.authority import Authority
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.model.codec.problems import problem_of, refuse
from pkikit.model.deployment import Deployment
from pkikit.model.deployment_file.fields import Fqdn, Label
from pkikit.model.places import deployment_with
from pkikit.model.world import World
from pkikit.rules.catalogue import rule_of
from pkikit.values.names import printable
from pkikit.worlds.issued_world import issue_world
from simulator.clock import Clock
from simulator.world.fault_context import FaultContext
from simulator.world.faults import Fault, parties_of
from simulator.world.remedies import action_named

Tool = Literal["zones", "log", "certificate", "trust", "trace", "dns", "file", "preflight"]
Topic = Literal["names", "trust", "validity", "purpose", "revocation", "tls-and-network", "files", "acme", "services"]
TICKET_NUMBER = r"^INC-\d{4}$"


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


class ExpertLook(_Part):
    """One thing that an expert would look at: which tool, at which machine, connection or name, and what it tells."""

    look: str
    at: str = ""
    learns: str


def _line(value: object) -> object:
    """Return a fix as one line, and refuse an action that there is not. A list of words is the older form."""
    line = " ".join(map(str, value)) if isinstance(value, list | tuple) else value
    if isinstance(line, str):
        try:
            action_named(line.split(maxsplit=1)[0] if line.strip() else "")
        except InputError as error:
            raise refuse(str(error)) from None
    return line


Line = Annotated[str, BeforeValidator(_line)]


class Case(_Part):
    """One file of `simulator/clinic/cases`. `change` maps a place of the deployment (zones.0.name) to its value in this case.

    Attributes:
        id: the name of the file. It tells the cause, so only trainers see it.
        ticket: the number that a learner sees, INC-0417. It tells neither topic nor order.
        title: the symptom in one line, without its cause.
        caller: who reports it, and their role.
        symptom: the caller's words: what fails, for whom.
        since: since when, in the caller's words.
        severity: 1 (everybody is affected) to 4 (nobody is yet).
        topic: what the case is about; only trainers see it.
        difficulty: 1 to 3.
        minutes: how long it takes somebody who knows the subject.
        red_herrings: what looked suspicious, and is harmless; the debrief tells.
        expert: what an expert looks at, in this order.
        cause: the rule id of the cause.
        also: further causes, if several things are broken.
        fix: what to do about it, in one or two sentences.
        remedies: what fixes it, one after the other, as one types it: `order e1 lab-ca`.
        tools: what the player may look at.
    """

    id: Label
    ticket: str = Field(default="", pattern=rf"^$|{TICKET_NUMBER}")
    title: str
    caller: str = ""
    symptom: str
    since: str = ""
    severity: int = Field(default=3, ge=1, le=4)
    topic: Topic | None = None
    difficulty: int = Field(default=2, ge=1, le=3)
    minutes: int = Field(default=10, ge=1, le=120)
    deployment: Label = "clustered-mra"
    change: dict[str, Any] = {}
    faults: tuple[Fault, ...] = ()
    upload: Upload | None = None
    order: Order | None = None
    scanner: Scanner | None = None
    hints: tuple[str, ...]
    red_herrings: tuple[str, ...] = ()
    expert: tuple[ExpertLook, ...] = ()
    cause: str
    also: tuple[str, ...] = ()
    fix: str = Field(validation_alias=AliasChoices("fix", "mend"))
    remedies: tuple[Line, ...] = Field(min_length=1)
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

    def clock(self) -> Clock:
        """Return the clock of the case's lab."""
        return Clock()

    def authorities(self) -> dict[str, Authority]:
        """Return CAs that the case brings along, with their keys, by a name that nobody sees."""
        return {}

    def prepared(self, world: World) -> World:
        """Return the world in which the case begins, made from the one that the lab issued."""
        return world


def deployments_folder() -> Path:
    """Return the folder of the shipped deployments: in the package in a wheel, under notebooks/ in a checkout."""
    packaged = Path(__file__).parents[1] / "deployments"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "notebooks" / "deployments"


@cache
def cases() -> dict[str, Case]:
    """Return all cases by id.

    Raises:
        InputError: a case file is invalid, or two files have one ticket number.
    """
    found: dict[str, Case] = {}
    for path in sorted((files("simulator.clinic") / "cases").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            case = read_case(path.read_text(encoding="utf-8"), where=path.name)
            found[case.id] = case
    tickets = [case.ticket for case in found.values() if case.ticket]
    twice = sorted({ticket for ticket in tickets if tickets.count(ticket) > 1})
    if twice:
        raise InputError(f"two cases have the ticket number {twice[0]}")
    return found


def read_case(text: str, *, where: str = "") -> Case:
    """Return the case of a file.

    Args:
        text: the file's YAML.
        where: the file's name, for the message.

    Returns:
        The case.

    Raises:
        InputError: the file is invalid; one sentence with the place and what is allowed.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = f" at line {line + 1}" if line is not None else ""
        raise InputError(f"is not valid YAML{at}", where=where) from None
    if not isinstance(data, dict):
        raise InputError("is not a case: it has no keys such as id, title and symptom", where=where)
    try:
        case = Case.model_validate(data)
    except pydantic.ValidationError as error:
        place, sentence = problem_of(error)
        raise InputError(f"{place}: {sentence}" if place else sentence, where=where) from None
    for cause in case.causes:
        rule_of(cause)
    return case


def case_of(which: str) -> Case:
    """Return one case.

    Args:
        which: a case id, or a ticket number as INC-0417 or 417.

    Returns:
        The case.

    Raises:
        InputError: there is no such case; the message names a close one, if there is one.
    """
    known, said = cases(), which.strip().lower()
    if said in known:
        return known[said]
    number = said.removeprefix("inc").strip("- ")
    wanted = f"INC-{int(number):04d}" if number.isascii() and number.isdigit() and len(number) <= 4 else said.upper()
    found = next((case for case in known.values() if case.ticket == wanted), None)
    if found is not None:
        return found
    tickets = [case.ticket for case in known.values() if case.ticket]
    near = difflib.get_close_matches(said, known, n=3) or difflib.get_close_matches(wanted, tickets, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; expressway-sim clinic --list lists them"
    raise InputError(f"there is no case {printable(which, 60)!r}{hint}")


def random_case(seed: int) -> Case:
    """Combine two cases in one world so that both can be seen; the same seed gives the same pair.

    Only cases that change no configuration are combined, of different parties and with different causes.
    """
    chooser = random.Random(seed)  # noqa: S311  (a shuffle, no secret)
    simple = [c for c in cases().values() if c.faults and not (c.change or c.upload or c.order or c.scanner or c.also)]
    pairs = [(a, b) for a, b in combinations(simple, 2) if a.deployment == b.deployment and a.cause != b.cause]
    chooser.shuffle(pairs)
    for one, other in pairs:
        touched = [{p for fault in case.faults for p in parties_of(fault)} for case in (one, other)]
        if not touched[0] & touched[1] and _both_are_seen(one, other):
            return Case(
                id=f"random-{seed}",
                ticket=f"INC-{9000 + seed % 1000:04d}",
                title="Two tickets at once",
                caller=one.caller,
                symptom=f"{one.symptom} Second ticket, same morning: {other.symptom}",
                since=one.since,
                severity=min(one.severity, other.severity),
                difficulty=3,
                minutes=one.minutes + other.minutes,
                deployment=one.deployment,
                faults=(*one.faults, *other.faults),
                hints=(*one.hints, *other.hints),
                red_herrings=(*one.red_herrings, *other.red_herrings),
                expert=(*one.expert, *other.expert),
                cause=one.cause,
                also=(other.cause,),
                fix=f"{one.fix} {other.fix}",
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
