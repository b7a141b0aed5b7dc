"""What a pipeline shows about a rule: what it asks for, what to do, and where that is from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pkikit.ci_results.found_cases import DOWN, NOT_ASSESSED, UNREADABLE
from pkikit.model.findings import Finding, Severity
from pkikit.rules.catalogue import CATALOGUE
from pkikit.text import printable

# GitHub cuts descriptions here.
_MOST = 1024
LEVELS = MappingProxyType({Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"})
_URL = re.compile(r"https://[^\s,;)]+")
# id → severity, what it means, what to do.
_OURS = MappingProxyType({
    NOT_ASSESSED: (
        Severity.INFO,
        "Not assessed: files are missing, so nobody knows whether it works.",
        "Give the files that the message names.",
    ),
    DOWN: (Severity.ERROR, "Down, and no reason was found.", "Run expressway-sim check, and look at its causes."),
    UNREADABLE: (Severity.ERROR, "It cannot be read, so it was not judged.", "Repair or remove it."),
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RuleText:
    """A rule as text.

    Attributes:
        id: its id.
        severity: how much a breach weighs.
        requirement: what has to be true.
        fix: what to do about a breach.
        source: who asks for it.
    """

    id: str
    severity: Severity
    requirement: str
    fix: str
    source: str

    def to_sarif(self) -> dict[str, Any]:
        """Return a `reportingDescriptor`."""
        text = f"Fix: {self.fix}\nSource: {self.source}"
        area = self.id.partition(".")[0]
        descriptor: dict[str, Any] = {
            "id": self.id,
            "name": "".join(part.capitalize() for part in re.split(r"[.\-_]", self.id)),
            "shortDescription": {"text": _cut(_first_sentence(self.requirement))},
            "fullDescription": {"text": _cut(self.requirement)},
            "help": {"text": text, "markdown": f"**Fix:** {_as_text(self.fix)}\n\n**Source:** {_as_text(self.source)}"},
            "defaultConfiguration": {"level": LEVELS[self.severity]},
            "properties": {"tags": ["certificates", area], "precision": "very-high"},
        }
        if found := _URL.search(self.source):
            descriptor["helpUri"] = found[0].rstrip(".")
        return descriptor


def text_of(rule_id: str, example: Finding | None) -> RuleText:
    """Return the texts of a rule.

    Args:
        rule_id: its id.
        example: a breach of it; says what a rule that is not in the catalogue asks for.

    Returns:
        The texts.
    """
    if rule_id in CATALOGUE.by_id:
        rule = CATALOGUE.by_id[rule_id]
        fix = rule.fix or rule.requirement
        return RuleText(id=rule.id, severity=rule.severity, requirement=rule.requirement, fix=fix, source=rule.source)
    if rule_id in _OURS:
        severity, says, fix = _OURS[rule_id]
        return RuleText(id=rule_id, severity=severity, requirement=says, fix=fix, source="ours")
    if rule_id.startswith("result."):
        what = rule_id.partition(".")[2].replace("-", " ")
        says = f"Nothing in a folder contradicts the rest of it: {printable(what, 100)}."
        fix = "Correct it in the files of the folder."
        return RuleText(id=printable(rule_id, 200), severity=Severity.ERROR, requirement=says, fix=fix, source="ours")
    # A rule of the user's own.
    fix = printable(example.fix, _MOST) if example is not None else ""
    return RuleText(
        id=printable(rule_id, 200),
        severity=example.severity if example is not None else Severity.WARNING,
        requirement=f"{printable(rule_id, 200)}: a rule of your own.",
        fix=fix or "See the rule.",
        source="your own rules",
    )


def _first_sentence(text: str) -> str:
    found = re.match(r".+?[.!?](?= [A-Z]|$)", text)
    return found[0] if found else text


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def _as_text(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)
