"""A rule of a house: when it applies, what it requires, and the proof that it finds what it should and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pkikit.expectations.house.conditions import Condition, unknown_in
from pkikit.expectations.house.fact_list import About, Facts, Value
from pkikit.model.findings import UNKNOWN, Answer, Evidence, Finding, Severity
from pkikit.rules.expectation_rules import NOT_ASSESSED
from pkikit.rules.rule import Rule, Subject
from pkikit.text import listed, printable

PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")
_SUBJECTS = {
    About.CERTIFICATE: Subject.CERTIFICATE,
    About.CONNECTION: Subject.CONNECTION,
    About.TRUST_LIST: Subject.TRUST_LIST,
    About.DEPLOYMENT: Subject.DEPLOYMENT,
}
_MOST_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that a rule is asked about.

    Attributes:
        title: what people call it.
        where: the machine, the id of the connection, or the name of the deployment.
        facts: what is known about it.
    """

    title: str
    where: str
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class HouseAnswer:
    """What a rule says: its findings, and whether nobody can say for something (`open`)."""

    answer: Answer
    open: bool


@dataclass(frozen=True, kw_only=True)
class HouseRule:
    """One rule of a house.

    Attributes:
        id: `house.NAME`.
        severity: how much a breach weighs.
        about: what it is asked about.
        requirement: what has to be true, in words.
        when: where it applies; None means everywhere.
        require: what has to hold.
        message: what is wrong; `{fact}` stands for the value of a fact.
        fix: what to do, likewise.
        source: who asks for it.
        example: facts of something that it must find.
        near_miss: facts of something that looks like it, and that it must not find.
    """

    id: str
    severity: Severity
    about: About
    requirement: str
    when: Condition | None
    require: Condition
    message: str
    fix: str
    source: str
    example: Facts = field(hash=False)
    near_miss: Facts = field(hash=False)

    def holds(self, facts: Facts) -> bool | None:
        """Return whether something keeps the rule: True also where it does not apply, None if nobody knows."""
        applies = True if self.when is None else self.when.holds(facts)
        required = self.require.holds(facts)
        # Where it does not apply, it does not matter what holds; and what holds need not apply.
        if applies is False or required is True:
            return True
        return False if applies is True and required is False else None

    def unknown(self, facts: Facts) -> tuple[str, ...]:
        """Return the facts that would decide, and are not known."""
        asked = unknown_in(self.when, facts) if self.when is not None and self.when.holds(facts) is None else ()
        return tuple(dict.fromkeys((*asked, *unknown_in(self.require, facts))))

    def judge(self, things: Sequence[Thing]) -> HouseAnswer:
        """Ask the rule about things of its kind.

        Args:
            things: what there is.

        Returns:
            A finding for each that breaks it, and one note about those of which nobody knows.
        """
        found, unknown = [], []
        for thing in things:
            kept = self.holds(thing.facts)
            if kept is False:
                found.append(self._breach(thing))
            elif kept is None:
                unknown.append(thing)
        if unknown:
            found.append(self._not_assessed(unknown))
        return HouseAnswer(answer=Answer(rule=self.id, findings=tuple(found)), open=bool(unknown))

    def as_rule(self) -> Rule:
        """Return it as a value of the same form as the rules of the catalogue."""
        return Rule(
            id=self.id,
            severity=self.severity,
            applies_to=(_SUBJECTS[self.about],),
            requirement=self.requirement,
            source=self.source,
            fix=self.fix,
        )

    def _breach(self, thing: Thing) -> Finding:
        message = filled(self.message, thing.facts)
        tests = list(self.require.tests())
        seen = listed([f"{t.fact.name} is {_said(thing.facts.get(t.fact.name))}" for t in tests], at_most=_MOST_SHOWN)
        expected = listed([f"{t.fact.name}: {t.written}" for t in tests], at_most=_MOST_SHOWN)
        evidence = Evidence(label=thing.title, expected=expected, seen=seen, where=thing.where, says=message)
        return Finding(
            rule=self.id,
            severity=self.severity,
            subject=thing.title,
            message=message,
            evidence=(evidence,),
            fix=filled(self.fix, thing.facts),
        )

    def _not_assessed(self, things: Sequence[Thing]) -> Finding:
        pieces = []
        for thing in things:
            lacks = listed(self.unknown(thing.facts), at_most=_MOST_SHOWN)
            says = f"{UNKNOWN} {self.id} ({thing.title}). Not known: {lacks}."
            pieces.append(
                Evidence(label=thing.title, expected=f"known: {lacks}", seen="not known", where=thing.where, says=says)
            )
        more = f" (and {len(pieces) - 1} more)" if pieces[1:] else ""
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            subject=things[0].title,
            message=f"{pieces[0].says}{more}",
            evidence=tuple(pieces),
            fix=_WHICH_MACHINE if _OF_A_MACHINE & set(self.unknown(things[0].facts)) else NOT_ASSESSED.fix,
        )


# Facts that nobody knows of a file on its own.
_OF_A_MACHINE = {"machine", "machine_kind", "role", "cluster"}
_WHICH_MACHINE = "Name the deployment file and the machine that it belongs to."


def filled(text: str, facts: Facts) -> str:
    """Return a text with the values of facts in place of `{fact}`. Values come from outside: they are escaped and bounded."""
    return PLACEHOLDER.sub(lambda found: _said(facts.get(found[1])), text)


def _said(value: Value | None) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return printable(listed(value, at_most=_MOST_SHOWN)) if value else "none"
        case date():
            return f"{value:%Y-%m-%d}"
        case _:
            return printable(str(value)) or "empty"


def why_not_proved(rule: HouseRule) -> str:
    """Return why example and near miss do not prove a rule; empty if they do.

    Args:
        rule: the rule.

    Returns:
        One sentence.
    """
    if rule.when is not None and rule.when.holds(rule.example) is False:
        return "its example is not found: `when` excludes it"
    kept = rule.holds(rule.example)
    if kept:
        return "its example is not found: it has what `require` asks for"
    if kept is None:
        return f"its example decides nothing: it does not say {listed(rule.unknown(rule.example))}"
    kept = rule.holds(rule.near_miss)
    if kept is None:
        return f"its near miss decides nothing: it does not say {listed(rule.unknown(rule.near_miss))}"
    return "" if kept else "its near miss is found too: change a fact so that the rule does not find it"
