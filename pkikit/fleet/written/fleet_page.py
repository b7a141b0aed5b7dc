"""The answer about a fleet as one page that needs nothing else: no network, no scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from pkikit.fleet.audit_records import BothPurposes, Expiry, ExpiryKind, FleetAudit, FolderRecord
from pkikit.fleet.written.breaks_picture import breaks_picture
from pkikit.fleet.written.fleet_sentences import (
    Breaking,
    breakings,
    folder_words,
    further_problems,
    light_of,
    same_names,
    state_words,
    trouble_of,
    verdict_of,
    when_words,
)
from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import format_time
from pkikit.report.content.deployment_report import Light
from pkikit.report.written.elements import Child, Html, Row, breakable, el, folded, join, listing, table
from pkikit.report.written.page import Section, document, figure, section, verdict
from pkikit.report.written.report_sentences import SOURCE
from pkikit.text import counted, listed

_FIRST, _FURTHER, _SOONEST = 25, 475, 100
_HEADINGS = {
    Light.RED: "Something fails",
    Light.YELLOW: "Needs attention",
    Light.GREEN: "All deployments are accepted",
    Light.GREY: "Not assessed",
}
_STYLE = """
@media (min-width:44.01rem),print{.breaks th:nth-child(1){width:11%} .breaks th:nth-child(2){width:14%}
.breaks th:nth-child(3){width:16%} .breaks th:nth-child(4){width:27%}
.errors th:nth-child(1){width:30%} .folders th:nth-child(1){width:30%} .folders th:nth-child(3){width:14%}
.ends th:nth-child(1){width:12%} .ends th:nth-child(2){width:20%} .purposes th:nth-child(1){width:24%}
.purposes th:nth-child(2){width:18%}}
.folders tbody{content-visibility:auto;contain-intrinsic-size:auto 2.4rem}
"""


def to_page(audit: FleetAudit) -> str:
    """Return the whole answer as an HTML document.

    Args:
        audit: the answer.

    Returns:
        The document, UTF-8.
    """
    found = breakings(audit)
    sections = [made for made in _sections(audit, found) if made is not None]
    body = el("body", _head(audit, found, sections), el("main", *(made for _, _, made in sections)), _foot(audit))
    return document(f"Fleet audit: {audit.root}", body, _STYLE)


def _sections(audit: FleetAudit, found: Sequence[Breaking]) -> list[Section | None]:
    errors = [_row_of_error(record) for record in audit.errors]
    others = (*same_names(audit.records), *((r.folder, p) for r in audit.records for p in further_problems(r)))
    return [
        section("breaks", "What breaks first", *_breaks(audit, found)),
        section("errors", "Folders that cannot be judged", _in_parts(errors, ("Folder", "Why"), "errors", "Folders with errors")),
        section("problems", "What else is wrong", _in_parts(others, ("Folder", "What is wrong"), "errors", "Further problems")),
        section("months", "When deployments break", figure(breaks_picture(audit), "First break of each deployment, by month")),
        section("ends", "What ends within 90 days", *_ends(audit)),
        section("both-purposes", "Certificates used for both purposes", *_purposes(audit)),
        section("deployments", "All deployments", _in_parts([_row_of(r, audit) for r in audit.records],
                ("Folder", "State", "First break", "Connections", "Version"), "folders", "Every folder", first=1000)),
    ]  # fmt: skip


def _head(audit: FleetAudit, found: Sequence[Breaking], sections: Sequence[Section]) -> Html:
    light = light_of(audit)
    facts = f"{counted(len(audit.records), 'folder')} · judged for {format_time(audit.at)} · {SOURCE}"
    links = listing([el("a", title, href=f"#{anchor}") for anchor, title, _ in sections])
    return el(
        "header",
        el("p", "Fleet audit", class_="kind"),
        el("h1", breakable(audit.root)),
        el("p", facts, class_="facts"),
        verdict(light, _HEADINGS[light], verdict_of(audit)),
        _figures(audit, found),
        el("nav", links, aria_label="Sections"),
    )


def _figures(audit: FleetAudit, found: Sequence[Breaking]) -> Html:
    counts, total = audit.counts, sum(audit.counts.values())
    later = next((entry for entry in found if entry.dated and not entry.down), None)
    figures = [
        ("Need work", f"{len(audit.failing):,}", f"of {counted(len(audit.records), 'deployment')}"),
        ("Cannot be judged", f"{len(audit.errors):,}", "folders with errors"),
        ("Connections down", f"{counts[State.DOWN]:,}", f"of {total:,}"),
        ("Not assessed", f"{counts[State.NOT_ASSESSED]:,}", "connections with missing files"),
    ]
    if later is not None:
        figures.append(("Next break", f"{later.at:%Y-%m-%d}", f"in {folder_words(later.folder)}"))
    return el(
        "dl",
        *(el("div", el("dt", name), el("dd", value, el("small", small))) for name, value, small in figures),
        class_="figures",
    )


def _breaks(audit: FleetAudit, found: Sequence[Breaking]) -> list[Child]:
    if not found:
        return [el("p", "No date breaks a connection, as far as the files tell.")]
    near = [entry for entry in found if entry.at - audit.at <= audit.within]
    shown = near or found[:_FIRST]
    said = (
        f"Down now, or going down within {audit.within.days} days."
        if near
        else f"Nothing is down, and nothing breaks within {audit.within.days} days. These come next."
    )
    heads = ("When", "Folder", "Connection", "Why", "Fix")
    made: list[Child] = [
        el("p", said),
        _in_parts([_row_of_break(e, audit) for e in shown], heads, "breaks", "Soonest first"),
    ]
    later = found[len(near or shown) :]  # they are in the order of their dates
    if later:
        rows = [_row_of_break(entry, audit) for entry in later[:_SOONEST]]
        made.append(folded("What breaks later", table(heads, rows, caption="What breaks later", class_="breaks")))
    return made


def _row_of_break(entry: Breaking, audit: FleetAudit) -> Row:
    soon = entry.at - audit.at <= audit.within
    state = el("span", "✘ down" if entry.down else "! soon", class_="state down") if entry.down or soon else None
    when = join([el("span", when_words(entry, audit.at), class_="date"), *([el("br"), state] if state else [])])
    return (when, breakable(folder_words(entry.folder)), breakable(entry.names), entry.first.says, entry.first.fix)


def _row_of_error(record: FolderRecord) -> Row:
    return (breakable(record.folder), record.error)


def _row_of(record: FolderRecord, audit: FleetAudit) -> Row:
    kinds = {"error": "down", "down": "down", "soon": "down", "promise": "down", "other": "down", "": "up"}
    state = el("span", state_words(record, audit), class_=f"state {kinds[trouble_of(record, audit)]}")
    first = next(iter(record.breaking(audit.at)), None)
    when = el("span", f"{first.first_break(audit.at):%Y-%m-%d}", class_="date") if first is not None else None
    name = join([breakable(record.folder), *([el("br"), el("span", record.deployment, class_="muted small")]
                if record.deployment not in {"", record.folder} else [])])  # fmt: skip
    total = sum(record.counts.values())
    return (name, state, when, f"{total:,}" if total else "", record.version)


def _in_parts(rows: Iterable[Row], heads: Sequence[str], class_: str, caption: str, *, first: int = _FIRST) -> Child:
    """Return a table: the first rows open, further ones folded, and how many more there are."""
    waiting = iter(rows)
    shown = list(islice(waiting, first))
    if not shown:
        return None
    made: list[Child] = [table(heads, shown, caption=caption, class_=class_)]
    further = list(islice(waiting, _FURTHER))
    if further:
        more = counted(len(further), "more row")
        made.append(folded(more, table(heads, further, caption=f"{caption}, continued", class_=class_)))
    left = sum(1 for _ in waiting)
    if left:
        made.append(el("p", f"{counted(left, 'more row')}: the Parquet file and the JSON have all of them."))
    return join(made)


def _ends(audit: FleetAudit) -> list[Child]:
    found = sorted(
        ((entry, r) for r in audit.records for entry in r.expiries if 0 <= (entry.ends - audit.at).days <= 90),
        key=lambda pair: (pair[0].ends, pair[1].folder),
    )
    rows = [_row_of_end(entry, record) for entry, record in found]
    return [_in_parts(rows, ("Ends", "Folder", "What", "On", "Issuer"), "ends", "Certificates, CAs and CRLs")]


def _row_of_end(entry: Expiry, record: FolderRecord) -> Row:
    kind = {ExpiryKind.CERTIFICATE: "certificate", ExpiryKind.AUTHORITY: "CA", ExpiryKind.CRL: ""}[entry.kind]
    what = f"{kind} {entry.title}".strip()
    machines = listed(entry.machines, at_most=3)
    return (
        el("span", f"{entry.ends:%Y-%m-%d}", class_="date"),
        breakable(record.folder),
        breakable(what),
        machines,
        entry.issuer,
    )


def _purposes(audit: FleetAudit) -> list[Child]:
    found = [(entry, record) for record in audit.records for entry in record.both_purposes]
    if not found:
        return []
    public = [entry for entry, _ in found if _loses_client_auth(entry)]
    verbs = ("loses", "does") if len(public) == 1 else ("lose", "do")
    lose = (
        f"{len(public):,} of them {verbs[0]} clientAuth, or {verbs[1]} not have it."
        if public
        else "None of them is known to lose it."
    )
    said = (
        f"{counted(len(found), 'certificate')} {'is' if len(found) == 1 else 'are'} shown as TLS server and as TLS client, and "
        f"somebody asks for clientAuth (field notice FN74362). {lose}"
    )
    order = sorted(
        found,
        key=lambda pair: (
            not _loses_client_auth(pair[0]),
            str(pair[0].client_auth_ends),
            pair[1].folder,
            pair[0].title,
        ),
    )
    heads = ("Certificate", "Folder", "Issuer", "clientAuth", "Connections that ask for it")
    rows = [_row_of_purposes(entry, record) for entry, record in order]
    made: list[Child] = [
        el("p", said),
        _in_parts(rows[: len(public)], heads, "purposes", "Those that lose clientAuth first"),
    ]
    kept = _in_parts(rows[len(public) :], heads, "purposes", "Those that keep clientAuth", first=_FURTHER)
    if kept is not None:
        made.append(
            folded(counted(len(rows) - len(public), "certificate that keeps it", "certificates that keep it"), kept)
        )
    return made


def _loses_client_auth(entry: BothPurposes) -> bool:
    return entry.client_auth_ends is not None or not entry.client_auth


def _row_of_purposes(entry: BothPurposes, record: FolderRecord) -> Row:
    has = (
        f"until {entry.client_auth_ends:%Y-%m-%d}"
        if entry.client_auth_ends
        else "has it"
        if entry.client_auth
        else "missing"
    )
    return (breakable(entry.title), breakable(record.folder), entry.issuer, has, f"{entry.connections:,}")


def _foot(audit: FleetAudit) -> Html:
    said = f"Made by pkikit (Expressway Certificate Lab) for {format_time(audit.at)}. Not a Cisco product."
    gone = f"Not there any more: {listed(audit.gone, at_most=20)}." if audit.gone else None
    see = "Look at one of them: pkikit report FOLDER --html FILE."
    return el("footer", el("p", said), el("p", gone) if gone else None, el("p", see))
