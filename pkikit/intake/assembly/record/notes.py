"""What an import tells: facts with their origin, open questions, contradictions, and what is missing. Values only."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from pkikit.intake.material import Source, Stated


class Origin(enum.StrEnum):
    """Where a fact comes from."""

    READ = "read"
    ASSUMED = "assumed"
    ANSWERED = "answered"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A place in a file, and what is written there: a setting as it was spelled, or nothing."""

    source: Source
    written: str = ""

    @classmethod
    def of(cls, stated: Stated) -> Evidence:
        """Return the place of a setting."""
        return cls(source=stated.source, written=stated.written)

    def __str__(self) -> str:
        return f"{self.source} ({self.written})" if self.written else str(self.source)

    def to_json(self) -> dict[str, Any]:
        """Return the place as JSON."""
        return {
            "file": self.source.file,
            "member": self.source.member,
            "line": self.source.line,
            "setting": self.written,
        }


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One value of the deployment file.

    Attributes:
        key: its path, with the elements of lists by their names: `clusters/cluster-e.example.com/role`.
        value: what goes into the deployment file.
        origin: read, assumed or answered.
        evidence: where it was read.
        why: why this was assumed, or how it follows from what was read.
        how: how to find out what is true.
    """

    key: str
    value: Any
    origin: Origin
    evidence: tuple[Evidence, ...] = ()
    why: str = ""
    how: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fact as JSON."""
        return {
            "key": self.key,
            "value": list(self.value) if isinstance(self.value, tuple) else self.value,
            "origin": self.origin.value,
            "sources": [place.to_json() for place in self.evidence],
            "why": self.why,
            "how": self.how,
        }


@dataclass(frozen=True, kw_only=True)
class Question:
    """A fact that no file states and that nobody may guess.

    Attributes:
        key: of the answer, as in `--answer KEY=VALUE`.
        text: the question.
        allowed: what an answer looks like.
        how: how to find out.
        choices: the allowed answers, if they can be listed.
    """

    key: str
    text: str
    allowed: str
    how: str
    choices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the question as JSON."""
        return {
            "key": self.key,
            "question": self.text,
            "allowed": self.allowed,
            "choices": list(self.choices),
            "how": self.how,
        }


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Two things that cannot both be right, or a setting that does not work.

    Attributes:
        kind: a stable name for programs, such as `address-is-ip`.
        message: what contradicts what.
        used: what the import does with it.
        fix: what to do on the product.
        machines: whom it is about.
        evidence: where it was read.
    """

    kind: str
    message: str
    used: str = ""
    fix: str = ""
    machines: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the contradiction as JSON."""
        return {
            "kind": self.kind,
            "message": self.message,
            "used": self.used,
            "fix": self.fix,
            "machines": list(self.machines),
            "sources": [place.to_json() for place in self.evidence],
        }


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What would make the copy more complete, and how to get it.

    Attributes:
        what: what is missing, and what follows from that.
        how: the page or the command that has it.
        key: the key of an answer that would do; empty if a file has to come.
        machine: whom it is about; empty if it is about the deployment.
    """

    what: str
    how: str
    key: str = ""
    machine: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"what": self.what, "how": self.how, "key": self.key or None, "machine": self.machine or None}


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Something that was read and that the deployment file cannot say.

    Attributes:
        what: what it is.
        why: why it is left out.
        evidence: where it was read.
    """

    what: str
    why: str
    evidence: tuple[Evidence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"what": self.what, "why": self.why, "sources": [place.to_json() for place in self.evidence]}
