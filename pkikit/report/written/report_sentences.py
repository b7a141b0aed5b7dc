"""The sentences of a report that all of its forms share: the answer, what to do, services in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pkikit.design.services import ServiceName
from pkikit.expectations.expectation import Outcome
from pkikit.judge.legs.known_parts import Look, State
from pkikit.model.leg import Purpose
from pkikit.report.content.deployment_report import Light, Report
from pkikit.report.content.inventory import NOT_RESTRICTED, CertificateRow
from pkikit.report.content.promise_rows import promise_rows
from pkikit.report.content.report_dates import SOON, Event
from pkikit.report.content.service_lines import ServiceLine
from pkikit.report.given.import_notes import ImportNotes, Note
from pkikit.text import counted, listed
from pkikit.view.connections.leg_report import LegReport

MARKS = {state: state.mark for state in State}
WORDS = {state: state.words for state in State}
LIGHTS = {
    Light.RED: "Something fails",
    Light.YELLOW: "Needs attention",
    Light.GREEN: "All connections are up",
    Light.GREY: "Not assessed",
}
SOURCE = "Judged from files. No connection was made."
_NAMED = 4


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """One thing to do.

    Attributes:
        what: an imperative.
        why: what it brings back, or until when.
        anchor: where the report says more.
    """

    what: str
    why: str
    anchor: str


def answer(report: Report) -> str:
    """Return the whole report in one sentence or two.

    Args:
        report: the report.

    Returns:
        What fails, what is up, and what is not assessed.
    """
    said = _connections_in_words(report)
    counts = [report.promises.promises_in_words, report.promises.rules_in_words]
    return " ".join([said, *(f"{words}." for words in counts if words)])


def _connections_in_words(report: Report) -> str:
    """Return the answer about the connections."""
    every, counts = len(report.connections), report.counts
    total = counted(every, "connection")
    unknown = counts[State.NOT_ASSESSED]
    if not every:
        return "This deployment has no connections to assess."
    if report.failing:
        causes = counted(len(report.problems), "reason")
        first = f"{counts[State.DOWN]} of {total} {_are(counts[State.DOWN])} down, for {causes}."
        return " ".join([first, *_services_down(report), *([_unknown(report)] if unknown else [])])
    if not counts[State.UP]:
        return f"Nothing fails as far as is known, but none of the {total} is assessed: {_missing(report)}."
    if unknown:
        return f"{counts[State.UP]} of {total} {_are(counts[State.UP])} up. {_unknown(report)}"
    whole = f"All {total} are up" if every > 1 else "The only connection is up"
    reasons = attention(report)
    return f"{whole}, but {listed(reasons)}." if reasons else f"{whole}, and nothing ends within {SOON.days} days."


def attention(report: Report) -> list[str]:
    """Return what makes a light yellow although no connection is down, as clauses.

    Args:
        report: the report.

    Returns:
        The clauses.
    """
    over = [e for e in report.soon if e.at < report.at]
    coming = [e for e in report.soon if e.at >= report.at]
    said = []
    if coming:
        said.append(
            f"{counted(len(coming), 'date')} within {SOON.days} days {'needs' if len(coming) == 1 else 'need'} work"
        )
    if over:
        said.append(f"{counted(len(over), 'thing')} in use {'has' if len(over) == 1 else 'have'} ended")
    if report.warnings:
        said.append(f"there {_are(len(report.warnings))} {counted(len(report.warnings), 'warning')}")
    odd = len(report.notes.contradictions)
    if odd:
        said.append(f"{counted(odd, 'thing')} in the files {'contradicts' if odd == 1 else 'contradict'} another")
    asked = len(report.notes.questions)
    if asked:
        said.append(f"{counted(asked, 'question')} of the import {'has' if asked == 1 else 'have'} no answer")
    lacking = len(report.notes.missing)
    if lacking:
        said.append(f"the import misses {counted(lacking, 'thing')}")
    return said


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _unknown(report: Report) -> str:
    number = report.counts[State.NOT_ASSESSED]
    return f"{counted(number, 'connection')} {_are(number)} not assessed, because files are missing."


def _missing(report: Report) -> str:
    has = any(row.holders for row in report.inventory.certificates)
    return "files are missing" if has else "no certificates were given"


def _services_down(report: Report) -> list[str]:
    names = [name.label for name, lines in by_service(report.services) if all(s.state is State.DOWN for s in lines)]
    if not names:
        return []
    return [f"{listed([_inside(n) if k else n for k, n in enumerate(names)])} {_are(len(names))} down."]


def _inside(label: str) -> str:
    """Return a name as it stands inside a sentence."""
    return label[:1].lower() + label[1:] if label[:4] in {"The ", "Admi"} else label


def by_service(lines: Iterable[ServiceLine]) -> list[tuple[ServiceName, list[ServiceLine]]]:
    """Return the lines of each service together.

    Args:
        lines: of all services.

    Returns:
        (service, its lines).
    """
    found: dict[ServiceName, list[ServiceLine]] = {}
    for line in lines:
        found.setdefault(line.name, []).append(line)
    return list(found.items())


def because(report: Report, line: ServiceLine) -> str:
    """Return why a service does not work, or is not assessed, in words.

    Args:
        report: has the connections in words.
        line: the service.

    Returns:
        A sentence; empty if the service works.
    """
    if line.state is State.UP:
        return ""
    shown = listed([report.words[leg_id] for leg_id in line.because], at_most=_NAMED)
    one = len(line.because) == 1
    if line.state is State.DOWN:
        return f"Down: {shown}."
    return f"Not assessed: {shown}. {'It' if one else 'They'} could break it."


def _why(report: Report, numbers: Sequence[int]) -> str:
    """Return what a fix brings back, and whose certificate it is about if it names no machine."""
    problems = [report.problems[n] for n in numbers]
    back = counted(len({words for problem in problems for words in problem.connections}), "connection")
    holders = dict.fromkeys(entry.partition(" ")[0] for problem in problems for entry in problem.certificates)
    machines = [*holders, *(fqdn for problem in problems for fqdn in problem.refused_by)]
    named = any(fqdn in problems[0].fix for fqdn in machines)
    about = (
        "" if named or not holders else f"This is about the certificate of {listed(list(holders), at_most=_NAMED)}. "
    )
    return f"{about}Brings back {back}."


def to_do(report: Report) -> list[ToDo]:
    """Return what to do, the most urgent first.

    Args:
        report: the report.

    Returns:
        One entry for each fix, each date that is near, and what is missing.
    """
    fixes: dict[str, list[int]] = {}
    for number, problem in enumerate(report.problems):
        fixes.setdefault(problem.fix, []).append(number)
    found = [
        ToDo(what=fix, why=_why(report, numbers), anchor=f"cause-{numbers[0] + 1}") for fix, numbers in fixes.items()
    ]
    found += [
        ToDo(what=row.fix, why=row.why, anchor="promises")
        for row in promise_rows(report.promises)
        if row.outcome is Outcome.BROKEN
    ]
    found += [
        ToDo(
            what=f"{_capital(event.title)} on {event.at:%Y-%m-%d}. {event.action}",
            why=days_text(event, report.at),
            anchor="dates",
        )
        for event in report.soon
    ]
    found += [
        ToDo(what=note.how or note.says, why=f"{_capital(note.says)}." if note.how else "", anchor="sources")
        for note in report.notes.contradictions
    ]
    asked = len(report.notes.questions)
    if asked:
        first_asked = report.notes.questions[0]
        more = f" ({counted(asked, 'question')} in all)" if asked > 1 else ""
        found.append(ToDo(what=f"Answer what the import asks: {first_asked.says}{more}", why="", anchor="sources"))
    if report.gaps:
        first, unknown = report.gaps[0], report.counts[State.NOT_ASSESSED]
        waiting = len(first.connections)
        more = f" ({counted(len(report.gaps), 'part')} missing in all)" if len(report.gaps) > 1 else ""
        found.append(
            ToDo(
                what=f"Get what is missing, first the {first.what} of {report.short.get(first.machine, first.machine)}{more}.",
                why=f"{counted(waiting, 'connection')} {'waits' if waiting == 1 else 'wait'} for it; "
                f"{unknown} {_are(unknown)} not assessed.",
                anchor="not-assessed",
            )
        )
    return found


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def days_text(event: Event, at: datetime) -> str:
    """Return how far a date is away.

    Args:
        event: the event.
        at: the time of the report.

    Returns:
        As `in 12 days` or `3 days ago`.
    """
    days = event.days(at)
    if event.at < at:
        return "today" if days == 0 else f"{counted(-days, 'day')} ago"
    return "today" if days == 0 else f"in {counted(days, 'day')}"


def half_text(report: Report, connection: LegReport) -> str:
    """Return what one side of a connection says, where the other is not known; empty if neither is known.

    Args:
        report: has the short names.
        connection: a connection that is not assessed.

    Returns:
        As `e1 accepts c1's certificate; whether c1 accepts e1's is not assessed.`
    """
    known = connection.verdict.half
    if known is None:
        return ""
    other = next(look for look in connection.verdict.looks if look is not known)
    verb = "accepts" if known.accepts else "refuses"
    return f"{_side(report, known, verb)}. Whether {_side(report, other, 'accepts')} is not assessed."


def _side(report: Report, look: Look, verb: str) -> str:
    who, whose = (report.short.get(name, name) for name in (look.verifier, look.presenter))
    return f"{who} {verb} {whose}'s certificate"


def dropped_text(notes: ImportNotes) -> str:
    """Return that the deployment was imported, and what was dropped.

    Args:
        notes: of the import.

    Returns:
        A sentence or two.
    """
    files = counted(len(notes.files), "file")
    dropped = counted(notes.secrets, "secret value")
    return f"Imported from {files}. {dropped} {'was' if notes.secrets == 1 else 'were'} dropped while reading."


def note_sections(notes: ImportNotes) -> Iterator[tuple[str, tuple[Note, ...], str]]:
    """Yield the parts of an import's notes that are not empty, the most important first.

    Args:
        notes: of the import.

    Yields:
        (heading, notes, what `how` of a note is called).
    """
    for heading, entries, label in (
        # Their kinds are for programs.
        ("Contradictions", tuple(replace(note, about="") for note in notes.contradictions), "Fix"),
        ("Questions without an answer", notes.questions, "How to find out"),
        ("Missing", notes.missing, "How to get it"),
        ("Assumed", notes.assumed, "To check"),
        ("Answered", notes.answered, "To check"),
        ("Read", notes.read, "To check"),
        ("Left out", notes.left_out, "How to get it"),
        ("Files", notes.files, "How to get it"),
    ):
        if entries:
            yield heading, entries, label


def note_text(note: Note, label: str) -> str:
    """Return what a note says, without what it is about and without its sources.

    Args:
        note: the note.
        label: what `how` is called.

    Returns:
        As `permissive (the default of the product). To check: System > Clustering`.
    """
    why = f" ({note.why})" if note.why else ""
    return f"{note.says}{why}" + (f". {label}: {note.how}" if note.how else "")


def purpose_fits(row: CertificateRow, role: Purpose) -> bool | None:
    """Return whether a certificate has the purpose that is asked for in a role; None if nobody asks."""
    return row.allows(role) if row.asked(role) else None


def purpose_text(row: CertificateRow, role: Purpose) -> str:
    """Return whether a certificate has the purpose of a role, and whether somebody asks for it.

    Args:
        row: the certificate.
        role: server or client.

    Returns:
        As `✔ has clientAuth`, `✘ needs clientAuth, has serverAuth`, `no clientAuth, not needed here`.
    """
    name = "serverAuth" if role is Purpose.SERVER else "clientAuth"
    has = f"{name} not restricted" if row.purposes == NOT_RESTRICTED else f"has {name}"
    match purpose_fits(row, role):
        case True:
            return f"✔ {has}"
        case False:
            return f"✘ needs {name}, has {row.purposes}"
        case None:
            return f"{has if row.allows(role) else f'no {name}'}, not needed here"


def next_without_client_auth(row: CertificateRow, role: Purpose) -> str:
    """Return that the next certificate will lack clientAuth, which somebody asks for; empty if that is not to be expected."""
    if role is not Purpose.CLIENT or not purpose_fits(row, role) or row.client_auth_ends is None:
        return ""
    return f"! Needs clientAuth, and the next one has none: from {row.client_auth_ends:%Y-%m-%d}"
