"""What a rule from outside is: who decides it, whom it concerns, and its value from one day to the next."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Value = int | str


class Subject(enum.StrEnum):
    """What a rule is about; each has a file of this name."""

    LIFETIMES = "lifetimes"
    VALIDATION = "validation"
    CLIENT_AUTH = "client-auth"
    ROOTS = "roots"
    REVOCATION = "revocation"
    ALGORITHMS = "algorithms"
    POST_QUANTUM = "post-quantum"

    @property
    def heading(self) -> str:
        """The subject as a heading."""
        return _TITLES[self]


_TITLES = {
    Subject.LIFETIMES: "Lifetimes and profiles",
    Subject.VALIDATION: "Validation of names",
    Subject.CLIENT_AUTH: "clientAuth in public certificates",
    Subject.ROOTS: "Root CAs in browsers",
    Subject.REVOCATION: "Revocation",
    Subject.ALGORITHMS: "SHA-1 and old TLS",
    Subject.POST_QUANTUM: "The end of RSA and elliptic curves",
}


class Audience(enum.StrEnum):
    """Whom a rule concerns."""

    PUBLIC_CA = "public-ca"
    BROWSER = "browser"
    ANY = "any"
    US_FEDERAL = "us-federal"
    US_NATIONAL_SECURITY = "us-national-security"
    EU = "eu"
    GERMANY = "germany"

    @property
    def heading(self) -> str:
        """The audience in a few words."""
        return _AUDIENCES[self][0]

    @property
    def on_expressway(self) -> str:
        """What a rule for this audience means for an Expressway, in one sentence."""
        return _AUDIENCES[self][1]


_ADVICE = "Nothing changes on an Expressway by itself: ask whether the rule binds you."
_AUDIENCES = {
    Audience.PUBLIC_CA: (
        "public CAs",
        "An Expressway does not check such a rule. You notice it when a public CA issues your next certificate.",
    ),
    Audience.BROWSER: (
        "browsers",
        "An Expressway is not a browser: it trusts what is in its own trusted CA list. Browsers that dial E notice it.",
    ),
    Audience.ANY: ("everybody", "It concerns an Expressway like any other machine."),
    Audience.US_FEDERAL: ("US federal agencies", _ADVICE),
    Audience.US_NATIONAL_SECURITY: ("US national security systems", _ADVICE),
    Audience.EU: ("member states of the EU", _ADVICE),
    Audience.GERMANY: ("users of BSI guidelines", _ADVICE),
}


class Unit(enum.StrEnum):
    """What the values of a rule are."""

    DAYS = "days"
    HOURS = "hours"
    NAMES = "names"
    STATE = "state"


class State(enum.StrEnum):
    """The values of a rule whose unit is `state`."""

    ALLOWED = "allowed"
    BY_DEFAULT = "by default"
    ON_REQUEST = "on request"
    OPTIONAL = "optional"
    RECOMMENDED = "recommended"
    REQUIRED = "required"
    DEPRECATED = "deprecated"
    DISTRUSTED = "distrusted"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A public document.

    Attributes:
        document: its title, with who published it and when.
        section: where it says so; empty if it is one short page.
        url: its address; empty if we know none.
        via: what we read instead of the document itself; empty if we read the document.
    """

    document: str
    section: str = ""
    url: str = ""
    via: str = ""

    def __str__(self) -> str:
        """The document and the section, and what we read if it was not the document."""
        said = f"{self.document}, {self.section}" if self.section else self.document
        return f"{said} (read in: {self.via})" if self.via else said

    def to_json(self) -> dict[str, str]:
        """Return the source as JSON."""
        return {"document": self.document, "section": self.section, "url": self.url, "via": self.via}


@dataclass(frozen=True, kw_only=True)
class Step:
    """The value of a rule from one day on.

    Attributes:
        begins: the first instant at which it counts, aware UTC.
        value: a number of the rule's unit, or a state.
        says: what is so from this day on, as a clause: "certificates of public CAs live 200 days at most".
        ends: the first instant at which it no longer counts, if the document says so.
        short: the same in the few words that fit into a picture; empty if pictures leave it out.
        source: the document that says so; None for a guess.
        guess: why it is a guess; empty if a document says so.
    """

    begins: datetime
    value: Value
    says: str
    ends: datetime | None = None
    short: str = ""
    source: Source | None = None
    guess: str = ""

    @property
    def is_guess(self) -> bool:
        """True if no document says so."""
        return self.source is None

    @property
    def origin(self) -> str:
        """The source, or `guess` and the reason."""
        return str(self.source) if self.source else f"guess: {self.guess}"


@dataclass(frozen=True, kw_only=True)
class EcosystemRule:
    """One rule from outside.

    Attributes:
        id: its name; never reused.
        subject: what it is about.
        title: what it decides, as a noun.
        decides: who decides it.
        audience: whom it concerns.
        unit: what its values are.
        steps: the values, in order of time; no two overlap, and there is at least one.
    """

    id: str
    subject: Subject
    title: str
    decides: str
    audience: Audience
    unit: Unit
    steps: tuple[Step, ...]

    def step_at(self, at: datetime) -> Step | None:
        """Return the step that counts at an instant.

        Args:
            at: the instant, aware.

        Returns:
            The step; None before the first one, and where the last one that began has ended.
        """
        found = next((step for step in reversed(self.steps) if step.begins <= at), None)
        return None if found is None or (found.ends is not None and found.ends <= at) else found

    def number_at(self, at: datetime) -> int:
        """Return the number that counts at an instant; before the first step, that of the first step.

        Args:
            at: the instant, aware.

        Returns:
            The number.
        """
        return int((self.step_at(at) or (self.steps[0] if at < self.steps[0].begins else self.steps[-1])).value)

    def begin_of(self, value: Value) -> datetime:
        """Return the first instant at which the rule has a value.

        Args:
            value: one of its values.

        Returns:
            The instant.

        Raises:
            ValueError: the rule never has this value.
        """
        found = next((step.begins for step in self.steps if step.value == value), None)
        if found is None:
            raise ValueError(f"{self.id} is never {value}")
        return found

    def value_text(self, value: Value) -> str:
        """Return a value with its unit: `200 days`, `7 hours`, `ended`."""
        if self.unit is Unit.STATE:
            return str(value)
        if self.unit is Unit.HOURS and int(value) >= 48 and int(value) % 24 == 0:
            return f"{int(value) // 24} days"
        return f"{value} {self.unit}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A day on which a rule gets a value."""

    rule: EcosystemRule
    step: Step

    @property
    def at(self) -> datetime:
        """The instant."""
        return self.step.begins

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `rules` of `pkikit timeline --json`."""
        source = self.step.source
        return {
            "id": self.rule.id,
            "about": self.rule.subject.value,
            "from": f"{self.at:%Y-%m-%d}",
            "until": f"{self.step.ends:%Y-%m-%d}" if self.step.ends else None,
            "decides": self.rule.decides,
            "concerns": self.rule.audience.value,
            "on_expressway": self.rule.audience.on_expressway,
            "value": self.step.value,
            "unit": self.rule.unit.value,
            "says": self.step.says,
            "source": source.to_json() if source else None,
            "guess": self.step.is_guess,
            "reason": self.step.guess or None,
        }


def changes_of(rules: Iterator[EcosystemRule] | tuple[EcosystemRule, ...]) -> tuple[Change, ...]:
    """Return every step of some rules, the earliest first."""
    found = [Change(rule=rule, step=step) for rule in rules for step in rule.steps]
    return tuple(sorted(found, key=lambda change: (change.at, change.rule.id)))
