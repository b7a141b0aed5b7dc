"""Cases from the documents that `--json` prints: of this run as of an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType

from pkikit.ci_results.document_parts import (
    MAX_TEXT,
    Document,
    NotResults,
    findings_in,
    objects_in,
    optional_at,
    text_at,
)
from pkikit.ci_results.fleet_cases import FLEET_AUDIT, cases_of_folders
from pkikit.ci_results.found_cases import Case, CaseState, Results
from pkikit.model.findings import Finding, Severity
from pkikit.rules.expectation_rules import NOT_ASSESSED as PROMISE_NOT_ASSESSED
from pkikit.text import printable
from pkikit.view.short_names import ShortNames

MAX_CASES = 1_000_000


def cases_of_files(document: Document) -> tuple[Case, ...]:
    """Return the cases of `pkikit lint --json`: the files, with what the document as a whole still has."""
    whole = findings_in(document.get("findings"), "findings")
    kept = {_of(f) for f in whole}
    found = []
    for entry in objects_in(document.get("files"), "files"):
        path = text_at(entry, "file")
        # A finding that somebody took out of the whole is not known, whatever the file's own entry says.
        findings = tuple(f for f in findings_in(entry.get("findings"), "files.findings") if _of(f) in kept)
        why = optional_at(entry, "error") or optional_at(entry, "missing")
        found.append(Case(id=path, name=path, state=_state_of_file(entry, findings), findings=findings, why=why))
    return tuple(found)


def _state_of_file(entry: Document, findings: tuple[Finding, ...]) -> CaseState:
    if optional_at(entry, "error"):
        return CaseState.BROKEN
    if any(f.severity is Severity.ERROR for f in findings):
        return CaseState.FAILED
    return CaseState.OPEN if optional_at(entry, "missing") else CaseState.PASSED


def cases_of_connections(document: Document) -> tuple[Case, ...]:
    """Return the cases of `expressway-sim check --json`: the connections."""
    legs = objects_in(document.get("legs"), "legs")
    names = ShortNames.of_ids(text_at(leg, "id") for leg in legs)
    return tuple(_connection(leg, names, text_at(document, "deployment")) for leg in legs)


def cases_of_check(document: Document) -> tuple[Case, ...]:
    """Return the cases of `expressway-sim check --json`: the connections, then promises and house rules."""
    return (*cases_of_connections(document), *cases_of_promises(document, text_at(document, "deployment")))


def cases_of_promises(document: Document, group: str) -> tuple[Case, ...]:
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
    for entry in objects_in(document.get("expectations", []), "expectations"):
        state = entry.get("state")
        if state not in _OUTCOMES:
            raise NotResults("a promise has no state")
        findings = findings_in(entry.get("findings"), "expectations.findings")
        found.append(
            Case(
                id=text_at(entry, "expectation"),
                name=text_at(entry, "promise"),
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


def _house_cases(house: Document, group: str) -> Iterable[Case]:
    findings = findings_in(house.get("findings"), "house_rules.findings")
    for rule in house.get("checked") or ():
        mine = tuple(f for f in findings if f.rule == rule)
        failed = any(f.severity is Severity.ERROR for f in mine)
        unknown = rule in (house.get("not_assessed") or ())
        state = CaseState.FAILED if failed else CaseState.OPEN if unknown else CaseState.PASSED
        name = printable(str(rule), MAX_TEXT)
        yield Case(id=name, name=name, group=group, state=state, findings=mine, why="a fact is not known")


_OUTCOMES = {"kept": CaseState.PASSED, "broken": CaseState.FAILED, "not-assessed": CaseState.OPEN}
_STATES = {"up": CaseState.PASSED, "down": CaseState.FAILED, "not-assessed": CaseState.OPEN}


def _connection(leg: Document, names: ShortNames, group: str) -> Case:
    leg_id, state = text_at(leg, "id"), leg.get("state")
    if state not in _STATES:
        raise NotResults(f"the connection {printable(leg_id, 80)} has no state")
    missing = objects_in(leg.get("missing", []), "missing")
    lacks = [f"no {m.get('service') or ''} {m.get('part')} of {m.get('machine')}".replace("  ", " ") for m in missing]
    findings = findings_in(leg.get("findings"), "legs.findings")
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
    try:
        cases = READERS[command](document)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise NotResults("one of its values is not what the command writes there") from None
    if len(cases) > MAX_CASES:
        raise NotResults(f"it has more than {MAX_CASES:,} cases")
    return Results(program=program, command=command, cases=cases, accepted=accepted)


# `check` printed documents before they named their command; nothing else has a list of connections with states.
_UNNAMED = frozenset({"check"})
READERS: MappingProxyType[str, Callable[[Document], tuple[Case, ...]]] = MappingProxyType({
    "lint": cases_of_files,
    "guard": cases_of_files,
    "check": cases_of_check,
    FLEET_AUDIT: cases_of_folders,
})  # fmt: skip


def _of(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.subject, finding.message
