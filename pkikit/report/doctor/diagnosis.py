"""The answer about one thing, as a value: every kind of thing gets the same parts in the same order."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509

from pkikit.model.deployment import Deployment
from pkikit.model.findings import Finding, Severity, Verdict
from pkikit.rules.catalogue import rank_causes, rule_of
from pkikit.rules.connection_rules import UNEXPLAINED
from pkikit.rules.plain_causes import said_plainly
from pkikit.text import counted

Row = tuple[str, str | Sequence[str]]


class State(enum.StrEnum):
    """The verdict. NOT_ASSESSED: it is known what it is, and nothing says whether it is right."""

    FINE = "fine"
    WRONG = "wrong"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What somebody said about the thing.

    Attributes:
        at: the time judged, aware UTC.
        deployment: the deployment that it belongs to, and the file that it was read from, for commands.
        deployment_file: the file of the deployment.
        peer: the machine of the deployment that it is for.
        trusted: the trusted CA list of the machines that verify it; None if nobody gave one.
        version: the product version by which it is judged; None takes that of the deployment, or the newest.
    """

    at: datetime
    deployment: Deployment | None = None
    deployment_file: str = ""
    peer: str | None = None
    trusted: tuple[x509.Certificate, ...] | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The answer about one thing.

    Attributes:
        thing: the file, folder or server, as it was given.
        kind: what it is, in a word for programs.
        what: what it is, for people.
        state: the verdict.
        says: the verdict in a few words, behind the name of the thing.
        because: why it is taken for this kind, where that is a guess.
        facts: labels and values that one checks first.
        findings: what is wrong, the most important first.
        checked: ids of the rules that ran.
        not_assessed: what nobody can say, and what to give so that it can be said.
        next_steps: what to do now; a second line is a command.
        deeper: the command that shows every finding.
    """

    thing: str
    kind: str
    what: str
    state: State
    says: str
    because: str = ""
    facts: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    deeper: str = ""

    @classmethod
    def judged(
        cls,
        verdict: Verdict,
        *,
        thing: str,
        kind: str,
        what: str,
        because: str = "",
        facts: Sequence[Row] = (),
        not_assessed: Sequence[str] = (),
        next_steps: Sequence[str] = (),
        deeper: str = "",
    ) -> Diagnosis:
        """Return the answer that a verdict is; the other parts are those of the class."""
        return cls(
            thing=thing, kind=kind, what=what, state=state_of(verdict), says=in_a_sentence(verdict), because=because,
            facts=tuple(facts), findings=most_important_first(verdict.findings), checked=verdict.checked,
            not_assessed=tuple(not_assessed), next_steps=tuple(next_steps), deeper=deeper,
        )  # fmt: skip

    @property
    def accepted(self) -> bool:
        """True if it was assessed and nothing is wrong."""
        return self.state is State.FINE

    def to_json(self) -> dict[str, Any]:
        """The document of `pkikit doctor --json`."""
        return {
            "thing": self.thing,
            "kind": self.kind,
            "what": self.what,
            "because": self.because,
            "accepted": self.accepted,
            "assessed": self.state is not State.NOT_ASSESSED,
            "verdict": self.says,
            "facts": [
                {"label": label, "values": [value] if isinstance(value, str) else list(value)}
                for label, value in self.facts
            ],
            "findings": [found.to_json() for found in self.findings],
            "causes": list(rank_causes(self.findings)),
            "checked": list(self.checked),
            "not_assessed": list(self.not_assessed),
            "next_steps": list(self.next_steps),
        }


def most_important_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings by weight, those of one weight in the order in which to fix them."""
    weights = tuple(Severity)
    return tuple(sorted(findings, key=lambda f: (weights.index(f.severity), rule_of(f.rule).rank)))


def in_file(found: Finding, name: str) -> Finding:
    """Return a finding of one of several files or machines, with its name in it.

    Args:
        found: the finding.
        name: the file or the machine, printable.

    Returns:
        The finding, whose subject and text for people begin with the name.
    """
    told = f"{name}: {found.evidence[0] if found.evidence else found.message}"
    said = found.saying(told) if found.evidence else replace(found, message=told)
    return replace(said, subject=f"{name}: {found.subject}")


def state_of(verdict: Verdict) -> State:
    """Return whether a verdict about something that was assessed is a yes."""
    return State.FINE if verdict.accepted else State.WRONG


def in_a_sentence(verdict: Verdict) -> str:
    """Return a verdict in a few words: the first cause, or that nothing is wrong; and how much was found.

    Args:
        verdict: the verdict.

    Returns:
        Such as `the certificate has expired (2 errors, 1 warning)`.
    """
    counts = verdict.counts.removeprefix("0 errors, ")
    if verdict.accepted:
        return f"nothing wrong found ({counts})"
    first = rank_causes(verdict.findings)[0]
    errors = counted(len(verdict.errors), "error")
    if first == UNEXPLAINED.id:
        return f"it fails, and pkikit cannot tell why ({errors})"
    plain = said_plainly(first)
    if plain == first:
        # A rule without a clause of its own.
        return f"{errors}, the first one is {first}"
    return f"{plain} ({counts if len(plain) + len(counts) < _ONE_LINE else errors})"


# Verdicts longer than this name the errors only.
_ONE_LINE = 70
