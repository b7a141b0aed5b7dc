"""The tables of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pkikit.judge.legs.known_parts import State
from pkikit.model.leg import Purpose
from pkikit.report.content.deployment_report import Report
from pkikit.report.content.inventory import AuthorityRow, CertificateRow, Use
from pkikit.report.content.promise_rows import promise_rows
from pkikit.report.content.report_dates import Event, Kind
from pkikit.report.content.report_outlook import HAND_COLUMNS, hand_rows
from pkikit.report.given.import_notes import Note
from pkikit.report.written.elements import Child, Html, Wide, breakable, el, folded, join, listing, table
from pkikit.report.written.report_sentences import (
    MARKS,
    WORDS,
    because,
    by_service,
    days_text,
    dropped_text,
    half_text,
    next_without_client_auth,
    note_sections,
    note_text,
    purpose_fits,
    purpose_text,
)
from pkikit.rules.plain_causes import said_plainly
from pkikit.text import counted, listed
from pkikit.view.connections.leg_report import LegReport

_CLASSES = {State.UP: "up", State.DOWN: "down", State.NOT_ASSESSED: "open"}
_MOST_ROWS, _MOST_NOTES = 500, 200
# Parts of the notes that are folded, and whether they are printed.
_FOLDED = {"Assumed": True, "Answered": True, "Read": False, "Left out": True, "Files": False}


def state_text(state: State) -> Html:
    """Return a state with its sign.

    Args:
        state: of a connection or a service.

    Returns:
        The element.
    """
    return el("span", f"{MARKS[state]} {WORDS[state]}", class_=f"state {_CLASSES[state]}")


def services(report: Report) -> Html | None:
    """Return what works at which peer.

    Args:
        report: the report.

    Returns:
        The table; None if the deployment offers no service.
    """
    rows: list[Sequence[Child]] = [
        (
            el("span", line.name.label, class_="again" if n else None),
            report.short.get(line.peer, line.peer),
            state_text(line.state),
            because(report, line),
        )
        for _, lines in by_service(report.services)
        for n, line in enumerate(lines)
    ]
    caption = "A service works at a peer if the connections that it needs there are up."
    return table(("Service", "Peer", "State", "Why"), rows, caption=caption, class_="services") if rows else None


def promises(report: Report) -> Html | None:
    """Return what became of promises and house rules.

    Args:
        report: the report.

    Returns:
        The table; None if nothing is promised.
    """
    rows: list[Sequence[Child]] = [(row.what, row.state, row.why, row.fix) for row in promise_rows(report.promises)]
    caption = "Promises are those of expect: in the deployment file."
    return table(("Promise or rule", "State", "Why", "Fix"), rows, caption=caption, class_="promises") if rows else None


def by_hand(report: Report) -> Html | None:
    """Return the work by hand of each year.

    Args:
        report: the report.

    Returns:
        The table; None if nobody renews anything by hand.
    """
    rows = hand_rows(report.by_hand)
    caption = (
        "The minutes of each renewal and the hours that you plan are ours; the rules have sources (pkikit timeline)."
    )
    return table(HAND_COLUMNS, rows, caption=caption, class_="by-hand") if rows else None


def dates(report: Report) -> Html:
    """Return every date.

    Args:
        report: the report.

    Returns:
        The table.
    """
    rows = [_date(report, event) for event in report.events[:_MOST_ROWS]]
    caption = "Ends of certificates, CAs and CRLs, when to renew, and changes of rules for public CAs."
    return table(("Day", "When", "What", "Kind", "What to do"), rows, caption=caption, class_="dates")


def _date(report: Report, event: Event) -> Sequence[Child]:
    over = event.at < report.at and event.kind is not Kind.RULE
    when = days_text(event, report.at)
    title = f"{event.title[:1].upper()}{event.title[1:]}"
    return (
        el("span", f"{event.at:%Y-%m-%d}", class_="date"),
        el("span", f"✘ {when}" if over else when, class_="state down" if over else "date"),
        title,
        event.kind.value,
        event.action,
    )


def inventory(report: Report) -> list[Child]:
    """Return the certificates of machines with their purposes, and the CAs above them.

    Args:
        report: the report.

    Returns:
        Paragraphs and tables.
    """
    found = report.inventory
    if not found.certificates:
        return [el("p", "No certificate was given.")]
    made: list[Child] = [
        el(
            "p",
            "For each certificate: which purpose it is used for, and whether it has it. Cisco field notice FN74362 asks for this "
            "inventory, because public CAs stop issuing clientAuth.",
        ),
        table(
            ("Certificate", "Shown as server to", "Shown as client to", "Valid", "Issuer and key"),
            [_certificate(report, row) for row in found.certificates[:_MOST_ROWS]],
            caption=f"{counted(len(found.certificates), 'certificate')} of machines.",
            class_="certificates",
        ),
    ]
    if found.authorities:
        made.append(
            table(
                ("CA", "Ends", "In the trusted CA lists of", "Sent by", "SHA-256"),
                [_authority(report, row) for row in found.authorities[:_MOST_ROWS]],
                caption="CAs above these certificates.",
                class_="authorities",
            )
        )
    if found.further:
        ended = (
            f"; {found.further_ended} of them {'has' if found.further_ended == 1 else 'have'} ended"
            if found.further_ended
            else ""
        )
        others = counted(found.further, "other CA certificate")
        made.append(
            el("p", f"The trusted CA lists have {others}, above no certificate in use here{ended}.", class_="muted")
        )
    return made


def _certificate(report: Report, row: CertificateRow) -> Wide:
    stores: dict[str, list[str]] = {}
    for fqdn, store in row.holders:
        stores.setdefault(store, []).append(report.short.get(fqdn, fqdn))
    holders = "; ".join(f"{listed(machines)} ({store})" for store, machines in stores.items())
    origin = "shows signs of a public CA" if row.public else "no sign of a public CA"
    over, days = row.ends < report.at, (row.ends - report.at).days
    left = (
        el("p", f"✘ over since {counted(-days, 'day')}", class_="state down")
        if over
        else el("p", f"{counted(days, 'day')} left")
    )
    dates = [
        el("p", el("span", f"{word} {when:%Y-%m-%d}", class_="date"))
        for word, when in (("from", row.begins), ("to", row.ends))
    ]
    names = ", ".join(row.names) + (
        f" and {row.name_count - len(row.names)} more" if row.name_count > len(row.names) else ""
    )
    below = join([
        f"Names: {names or 'none'}. Serial ", el("span", row.serial, class_="mono"),
        ". SHA-256 ", el("span", breakable(row.sha256), class_="mono"),
    ])  # fmt: skip
    cells = (
        join([el("p", breakable(row.title)), el("p", holders, class_="muted")]),
        _purpose(report, row, Purpose.SERVER),
        _purpose(report, row, Purpose.CLIENT),
        join([*dates, left]),
        join(
            [el("p", row.issuer), el("p", f"{row.key}, {row.digest}", class_="muted"), el("p", origin, class_="muted")]
        ),
    )
    return Wide(cells=cells, below=below)


def _purpose(report: Report, row: CertificateRow, role: Purpose) -> Html:
    """Return whether a certificate has the purpose of a role, and who asks for it."""
    shown = {True: "state up", False: "state down", None: "muted"}[purpose_fits(row, role)]
    next_one = next_without_client_auth(row, role)
    return join([
        el("p", purpose_text(row, role), class_=shown),
        el("p", next_one, class_="state") if next_one else None,
        listing(_uses(report, [use for use in row.uses if use.role is role])),
    ])  # fmt: skip


def _uses(report: Report, uses: Sequence[Use]) -> Iterator[str]:
    """Yield what a certificate is shown for, a line for each group of machines at the other end."""
    found: dict[tuple[str, ...], list[str]] = {}
    for use in uses:
        asked = "" if use.asked else " (purpose not checked)"
        found.setdefault(use.others, []).append(f"{use.carries}{asked}")
    for others, carries in found.items():
        yield f"{listed([report.short.get(name, name) for name in others], at_most=4)}: {', '.join(carries)}"


def _authority(report: Report, row: AuthorityRow) -> Sequence[Child]:
    def shown(machines: Sequence[str]) -> str:
        return listed([report.short.get(name, name) for name in machines], at_most=6) or "none given"

    kind = "root" if row.root else f"issued by {row.issuer}"
    return (
        join([el("p", row.title), el("p", kind, class_="muted small")]),
        el("span", f"{row.ends:%Y-%m-%d}", class_="date"),
        shown(row.listed_by),
        shown(row.sent_by),
        el("span", breakable(row.sha256), class_="mono"),
    )


def not_assessed(report: Report) -> list[Child]:
    """Return what nobody gave, which connections wait for it, and what no file can tell.

    Args:
        report: the report.

    Returns:
        Paragraphs and tables.
    """
    made: list[Child] = []
    open_ones = report.with_state(State.NOT_ASSESSED)
    if open_ones:
        total = counted(len(report.connections), "connection")
        made.append(el("p", f"{len(open_ones)} of {total} {'is' if len(open_ones) == 1 else 'are'} not assessed. "
                            "Add these files, and make the report again."))  # fmt: skip
    if report.gaps:
        rows = [
            (report.short.get(gap.machine, gap.machine), gap.what, counted(len(gap.connections), "connection"), gap.how)
            for gap in report.gaps[:_MOST_ROWS]
        ]
        made.append(
            table(
                ("Machine", "Missing", "Not fully assessed", "How to get it"),
                rows,
                caption="What is missing.",
                class_="missing",
            )
        )
    halves = [(report.words[c.leg.id], half_text(report, c)) for c in open_ones if half_text(report, c)]
    if halves:
        made.append(table(("Connection", "What is known"), halves[:_MOST_ROWS], class_="halves",
                          caption="Connections of which one side could be assessed."))  # fmt: skip
    made.append(el("h3", "What files cannot tell"))
    made.append(listing(report.limits))
    return made


def sources(report: Report) -> list[Child]:
    """Return what an import read, assumed, misses and found contradicting.

    Args:
        report: the report.

    Returns:
        Paragraphs and lists.
    """
    notes = report.notes
    if not notes.there:
        return [
            el(
                "p",
                "A deployment file and certificates that somebody put into folders. There are no notes of an import.",
            )
        ]
    made: list[Child] = [el("p", dropped_text(notes))]
    for heading, entries, label in note_sections(notes):
        head = el("h3", f"{heading} ({len(entries)})")
        lines = listing([_note(note, label) for note in entries[:_MOST_NOTES]], class_="small")
        more = len(entries) - _MOST_NOTES
        further = el("p", f"and {more} more: see import.json") if more > 0 else None
        if heading in _FOLDED:
            made.append(folded(head, lines, further, printed=_FOLDED[heading]))
        else:
            made += [head, lines, further]
    made.append(el("p", "Left out on paper: what was read, and the list of files. import.md has both.", class_="paper"))
    return made


def _note(note: Note, label: str) -> Html:
    head = [el("code", breakable(note.about)), ": "] if note.about else []
    where = el("span", f" ({listed(note.sources, at_most=2)})", class_="muted") if note.sources else None
    return join([*head, note_text(note, label), where])


def connections(report: Report) -> Iterator[Child]:
    """Yield every connection with its state and its id.

    Args:
        report: the report.

    Yields:
        The table.
    """
    rows = [_connection(report, connection) for connection in report.connections[: 4 * _MOST_ROWS]]
    if rows:
        made = table(("Connection", "State", "Reason", "Id"), rows, class_="connections",
                     caption="Each connection; the id is what commands take.")  # fmt: skip
        yield folded(f"Show {counted(len(report.connections), 'connection')}", made)


def _connection(report: Report, connection: LegReport) -> Sequence[Child]:
    reason = ""
    if connection.state is State.DOWN:
        causes = connection.causes
        who = connection.refused_by
        refused = f"refused by {report.short.get(who, who)}: " if who else ""
        reason = f"{refused}{said_plainly(causes[0])}" if causes else refused.removesuffix(": ")
    elif connection.state is State.NOT_ASSESSED:
        missing = [f"{lack.part.value} of {report.short.get(lack.machine, lack.machine)}" for lack in connection.lacks]
        reason = f"missing: {listed(missing)}"
    return (
        report.words[connection.leg.id],
        state_text(connection.state),
        reason,
        el("span", breakable(connection.leg.id), class_="mono small"),
    )
