"""Cases from the documents that `--json` prints: of this run as of an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pydantic

from pkikit.ci_results.found_cases import Case, CaseState, Results
from pkikit.model.codec.findings import finding_adapter
from pkikit.model.findings import Finding, Severity
from pkikit.rules.expectation_rules import NOT_ASSESSED as PROMISE_NOT_ASSESSED
from pkikit.text import printable
from pkikit.view.short_names import ShortNames

MAX_CASES, MAX_TEXT = 200_000, 2000
# What an earlier version of a command, or another command, does not have.
_Document = Mapping[str, Any]


class NotResults(Exception):
    """A document does not have the shape of these results; the message says what is missing."""


def cases_of_files(document: _Document) -> tuple[Case, ...]:
    """Return the cases of `pkikit lint --json`: the files, with what the document as a whole still has."""
    whole = _findings(document.get("findings"), "findings")
    kept = {_of(f) for f in whole}
    found = []
    for entry in _objects(document.get("files"), "files"):
        path = _text(entry, "file")
        # A finding that somebody took out of the whole is not known, whatever the file's own entry says.
        findings = tuple(f for f in _findings(entry.get("findings"), "files.findings") if _of(f) in kept)
        why = _optional(entry, "error") or _optional(entry, "missing")
        found.append(Case(id=path, name=path, state=_state_of_file(entry, findings), findings=findings, why=why))
    return tuple(found)


def _state_of_file(entry: _Document, findings: tuple[Finding, ...]) -> CaseState:
    if _optional(entry, "error"):
        return CaseState.BROKEN
    if any(f.severity is Severity.ERROR for f in findings):
        return CaseState.FAILED
    return CaseState.OPEN if _optional(entry, "missing") else CaseState.PASSED


def cases_of_connections(document: _Document) -> tuple[Case, ...]:
    """Return the cases of `expressway-sim check --json`: the connections."""
    legs = _objects(document.get("legs"), "legs")
    names = ShortNames.of_ids(_text(leg, "id") for leg in legs)
    return tuple(_connection(leg, names, _text(document, "deployment")) for leg in legs)


def cases_of_check(document: _Document) -> tuple[Case, ...]:
    """Return the cases of `expressway-sim check --json`: the connections, then promises and house rules."""
    return (*cases_of_connections(document), *cases_of_promises(document, _text(document, "deployment")))


def cases_of_promises(document: _Document, group: str) -> tuple[Case, ...]:
    """Return the promises of `expect:` and the house rules in a document.

    Args:
        document: what a command printed with `--json`.
        group: the deployment.

    Returns:
        One case for each; none where the document has none.

    Raises:
        NotResults: they do not have the shape of promises and house rules.
    """
    found = []
    for entry in _objects(document.get("expectations", []), "expectations"):
        state = entry.get("state")
        if state not in _OUTCOMES:
            raise NotResults("a promise has no state")
        findings = _findings(entry.get("findings"), "expectations.findings")
        found.append(
            Case(
                id=_text(entry, "expectation"),
                name=_text(entry, "promise"),
                group=group,
                state=_OUTCOMES[state],
                findings=tuple(
                    f for f in findings if f.rule != PROMISE_NOT_ASSESSED.id
                ),  # the state of the case says so
                why=printable(", ".join(map(str, entry.get("missing") or ())), MAX_TEXT),
            )
        )
    house = document.get("house_rules")
    return (*found, *(_house_cases(house, group) if isinstance(house, dict) else ()))


def _house_cases(house: _Document, group: str) -> Iterable[Case]:
    findings = _findings(house.get("findings"), "house_rules.findings")
    for rule in house.get("checked") or ():
        mine = tuple(f for f in findings if f.rule == rule)
        failed = any(f.severity is Severity.ERROR for f in mine)
        unknown = rule in (house.get("not_assessed") or ())
        state = CaseState.FAILED if failed else CaseState.OPEN if unknown else CaseState.PASSED
        name = printable(str(rule), MAX_TEXT)
        yield Case(id=name, name=name, group=group, state=state, findings=mine, why="a fact is not known")


_OUTCOMES = {"kept": CaseState.PASSED, "broken": CaseState.FAILED, "not-assessed": CaseState.OPEN}
_STATES = {"up": CaseState.PASSED, "down": CaseState.FAILED, "not-assessed": CaseState.OPEN}


def _connection(leg: _Document, names: ShortNames, group: str) -> Case:
    leg_id, state = _text(leg, "id"), leg.get("state")
    if state not in _STATES:
        raise NotResults(f"the connection {printable(leg_id, 80)} has no state")
    lacks = [f"no {m.get('part')} of {m.get('machine')}" for m in _objects(leg.get("missing", []), "missing")]
    findings = _findings(leg.get("findings"), "legs.findings")
    # What was judged on the side that is known is shown, and an answer for the whole is not known.
    return Case(
        id=leg_id,
        name=names.connection(leg_id),
        group=group,
        state=_STATES[state],
        findings=findings,
        why=printable(", ".join(lacks), MAX_TEXT),
    )


def results_of(program: str, command: str, document: object) -> Results:
    """Return the results in a document.

    Args:
        program: the program that printed it.
        command: its command.
        document: what it printed with `--json`, as JSON reads it.

    Returns:
        The results.

    Raises:
        NotResults: this command does not print such a document.
    """
    if not isinstance(document, dict):
        raise NotResults("it is not a JSON object")
    by = document.get("command", command if command in _UNNAMED else None)
    if by != command:
        made = f"pkikit {by}" if isinstance(by, str) and len(by) < 30 else "another command"
        raise NotResults(f"{printable(made)} printed it")
    accepted = document.get("accepted")
    if not isinstance(accepted, bool):
        raise NotResults("it has no key accepted")
    cases = READERS[command](document)
    if len(cases) > MAX_CASES:
        raise NotResults(f"it has more than {MAX_CASES:,} cases")
    return Results(program=program, command=command, cases=cases, accepted=accepted)


# `check` printed documents before they named their command; nothing else has a list of connections with states.
_UNNAMED = frozenset({"check"})
READERS: MappingProxyType[str, Callable[[_Document], tuple[Case, ...]]] = MappingProxyType({
    "lint": cases_of_files,
    "guard": cases_of_files,
    "check": cases_of_check,
})  # fmt: skip


def _of(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.subject, finding.message


def _text(entry: _Document, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise NotResults(f"an entry has no text for the key {key}")
    return printable(value, MAX_TEXT)


def _optional(entry: _Document, key: str) -> str:
    return _text(entry, key) if entry.get(key) is not None else ""


def _objects(value: object, key: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise NotResults(f"it has no list of objects for the key {key}")
    return value


def _findings(value: object, key: str) -> tuple[Finding, ...]:
    return tuple(_read(_objects(value, key)))


def _read(values: Iterable[dict[str, Any]]) -> Iterable[Finding]:
    for value in values:
        try:
            yield finding_adapter().validate_python(value)
        except pydantic.ValidationError:
            raise NotResults("one of its findings is not a finding of pkikit") from None
