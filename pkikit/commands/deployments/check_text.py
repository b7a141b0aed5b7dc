"""`expressway-sim check` for people: the answer, services, each cause once with who refuses what, then the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkikit.commands.terminal import console
from pkikit.commands.terminal.layout import unbroken
from pkikit.text import counted, listed, printable

if TYPE_CHECKING:
    from rich.console import Console

    from pkikit.ci_results.found_cases import Results
    from pkikit.expectations.judged_promises import JudgedPromises
    from pkikit.model.deployment import Deployment
    from pkikit.view.connections.check_report import CheckReport
    from pkikit.view.connections.leg_report import LegReport
    from pkikit.view.connections.root_cause import RootCause
    from pkikit.view.short_names import ShortNames

# So many connections of one cause are listed; the others are a number.
_LISTED = 8


def print_report(
    out: Console,
    report: CheckReport,
    deployment: Deployment,
    *,
    certs: Path | None = None,
    verbose: bool = False,
    promises: JudgedPromises | None = None,
) -> None:
    """Print what a check found.

    Args:
        out: where to print.
        report: the result of the check.
        deployment: what was checked.
        certs: the folder with the certificates that were brought; names their files.
        verbose: every connection, with its full id.
        promises: what became of promises and house rules.
    """
    from pkikit.commands.terminal.promise_view import show_promises
    from pkikit.judge.advice import list_advice
    from pkikit.view.short_names import ShortNames

    names = ShortNames(leg.leg for leg in report.legs)
    causes = report.root_causes()
    console.headline(out, headline(report, causes, promises))
    show_services(out, report, str if verbose else names.in_text)
    for cause in causes:
        _show_cause(out, cause, report, names, certs, verbose=verbose)
    note = list_advice(replace(cause.finding, fix=cause.fix) for cause in causes)
    if note and not any(note in cause.fix for cause in causes):
        console.section(out, note)
    for warning, legs in report.warnings:
        console.show_findings(out, [warning], words=str if verbose else names.in_text)
        shown = legs[0] if verbose else names.connection(legs[0])
        console.print_indented(out, f"Seen on {shown}{f' and {len(legs) - 1} more' if len(legs) > 1 else ''}.")
    if promises is not None:
        show_promises(out, promises, words=str if verbose else names.in_text)
    if verbose:
        console.table(out, ("connection", "state", "cause"), [_row(leg) for leg in report.legs], title="Connections:")
    _show_missing(out, report, deployment, certs)
    _show_end(out, report, names, verbose=verbose)


def check_results(report: CheckReport, deployment: Path, certs: Path | None, document: Mapping[str, Any]) -> Results:
    """Return the results of a check for a pipeline; `document` has what became of promises and house rules."""
    from pkikit.ci_results.connection_results import results_of_check

    return results_of_check(report, deployment, certs, document)


def headline(
    report: CheckReport, causes: Sequence[RootCause] | None = None, promises: JudgedPromises | None = None
) -> str:
    """Return the answer in one line: how many connections are up, what keeps the others down, and what is not kept."""
    from pkikit.judge.legs.known_parts import State
    from pkikit.model.certificates.facts import format_time

    counts, every = report.counts, counted(len(report.legs), "connection")
    up, down, unknown = counts[State.UP], counts[State.DOWN], counts[State.NOT_ASSESSED]
    where = f"{report.deployment} at {unbroken(format_time(report.at))}"
    rest = f", {unknown} not assessed" if unknown else ""
    if promises is not None and not promises.kept:
        rest += f"; {promises.short_of}"
    if not down:
        mark = "✘" if promises is not None and promises.broken else "?" if rest else "✔"
        return f"{mark} {up} of {every} up{rest}: {where}"
    found = len(report.root_causes() if causes is None else causes)
    why = "for one cause" if found == 1 else f"for {found} causes" if found else "and no cause was found"
    return f"✘ {up} of {every} up, {down} down {why}{rest}: {where}"


def show_services(out: Console, report: CheckReport, words: Callable[[str], str]) -> None:
    """Print what works for whom, then what does not."""
    marks = {**dict.fromkeys(report.outages, "✘"), **dict.fromkeys(report.not_assessed, "?")}
    for line in report.service_lines:
        mark = marks.get(line, "✔")
        console.say(out, words(line), first=f"  {mark} ")


def _show_cause(
    out: Console, cause: RootCause, report: CheckReport, names: ShortNames, certs: Path | None, *, verbose: bool
) -> None:
    """Print a cause: what is wrong, who refuses which certificate, what is down for it, and the fix."""
    legs = [leg for leg in report.down if leg.leg.id in cause.legs]
    lines = []
    if cause.refused_by:
        # The sentence of the cause names them already.
        if not cause.finding.is_summary:
            lines.append(f"Refused by: {', '.join(cause.refused_by)}")
        lines.append(f"Certificate of: {', '.join(_with_file(fqdn, certs) for fqdn in cause.holders)}")
    if verbose:
        lines.append(f"Down ({len(legs)}): {', '.join(cause.legs)}")
    else:
        shown = [names.connection(leg.leg) for leg in legs[:_LISTED]]
        more = [f"{len(legs) - len(shown)} more"] if len(legs) > len(shown) else []
        lines.append(f"Down ({len(legs)}): {listed([unbroken(text) for text in (*shown, *more)])}")
    lines += cause.rests_on
    from pkikit.view.connections.cause_words import cause_in_words

    found = replace(cause.finding, fix=cause.fix)
    console.show_finding(
        out, found, lines, words=str if verbose else partial(cause_in_words, names=names, rule=found.rule)
    )


def _with_file(fqdn: str, certs: Path | None) -> str:
    """Return a machine, with the file that its certificate was read from if it was brought."""
    file = certs / fqdn / "cert.pem" if certs is not None else None
    return f"{fqdn} ({printable(str(file))})" if file is not None and file.is_file() else fqdn


def _row(report: LegReport) -> tuple[str, str, str]:
    judged = "" if report.trace is not None or report.lacks else " (judged, not dialled)"
    side = f", refused by the {report.rejected_by.value}" if report.rejected_by else ""
    why = ", ".join(report.causes) or ", ".join(f"no {lack}" for lack in report.lacks)
    return report.leg.id, f"{report.state.mark} {report.state.words}{side}{judged}", why


def _show_end(out: Console, report: CheckReport, names: ShortNames, *, verbose: bool) -> None:
    judged = [leg for leg in report.legs if leg.trace is None and (leg.up or leg.down)]
    if judged:
        were = "was" if len(judged) == 1 else "were"
        missing = "a private key or another file" if any(leg.lacks for leg in judged) else "a private key"
        console.section(
            out, f"{counted(len(judged), 'connection')} {were} judged, but not dialled: {missing} is missing."
        )
    if line := _about_stand_ins(report):
        console.section(out, line)
    if verbose:
        return
    kinds = Counter(names.carries(leg.leg) for leg in report.legs if leg.up)
    if kinds:
        console.section(out, f"Up: {', '.join(unbroken(f'{kind} ({count})') for kind, count in kinds.items())}")
    console.section(out, "--verbose lists every connection with its id.")
    if report.down and (legend := names.legend_of(leg.leg for leg in report.down)):
        console.section(out, legend)


def _show_missing(out: Console, report: CheckReport, deployment: Deployment, certs: Path | None) -> None:
    """Print what nobody gave, how many connections wait for it, and how to get the first of it."""
    from pkikit.report.content.gaps import gaps_of

    gaps = gaps_of(deployment, report.legs, str(certs))
    if not gaps:
        return
    console.section(out, "Not assessed and not dialled, because files are missing:")
    for gap in gaps[:_LISTED]:
        console.say(out, f"{gap.what} of {gap.machine} ({counted(len(gap.connections), 'connection')})", first="  ? ")
    if len(gaps) > _LISTED:
        console.say(out, f"and {len(gaps) - _LISTED} more: pkikit report lists all of them", indent=4)
    console.say(out, f"How to get the first one: {gaps[0].how}", indent=4)


def _about_stand_ins(report: CheckReport) -> str:
    """Return which connections depend on what the lab made because nobody brought it; empty if none do."""
    legs = [leg for leg in report.legs if leg.verdict.stand_ins]
    # Of two machines of the lab, nobody expects anything else.
    legs = [leg for leg in legs if {leg.leg.client, leg.leg.server}.difference(leg.verdict.stand_ins)]
    machines = list(dict.fromkeys(fqdn for leg in legs for fqdn in leg.verdict.stand_ins))
    if not legs:
        return ""
    verb = "depends" if len(legs) == 1 else "depend"
    return (
        f"{counted(len(legs), 'connection')} {verb} on certificates or trusted CA lists that the lab made, because you brought "
        f"none of {listed(machines, at_most=4)}. The result is about the lab's files, not about yours."
    )
