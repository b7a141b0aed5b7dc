"""The report as one page that needs nothing else: no network, no scripts."""

from __future__ import annotations

from pkikit.judge.legs.known_parts import State
from pkikit.model.certificates.facts import format_time
from pkikit.report.content.deployment_report import Light, Problem, Report, Warned
from pkikit.report.content.report_dates import Kind, lifetime_now
from pkikit.report.content.report_outlook import HAND_TITLE
from pkikit.report.written import page_tables
from pkikit.report.written.elements import Child, Html, el, join, listing, preformatted
from pkikit.report.written.report_sentences import LIGHTS, SOURCE, answer, by_service, days_text, to_do
from pkikit.report.written.style import STYLE, policy_of
from pkikit.text import counted, listed
from pkikit.view.drawing import TEXT_VERSION, Picture, unstyled

_CLASSES = {Light.RED: "red", Light.YELLOW: "yellow", Light.GREEN: "green", Light.GREY: "grey"}
# Drawn, because no font has to have them. Each has another shape, so colour is not the only difference.
_SIGNS = {
    Light.RED: '<path d="M6 6L18 18M18 6L6 18"/>',
    Light.YELLOW: '<path d="M12 4v10M12 18.5v.5"/>',
    Light.GREEN: '<path d="M5 12.5l5 5 9-11"/>',
    Light.GREY: '<path d="M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.1-1.5 2.3M12 18.5v.5"/>',
}
_MOST_CAUSES = 50


def to_page(report: Report) -> str:
    """Return the whole report as an HTML document.

    Args:
        report: the report.

    Returns:
        The document, UTF-8.
    """
    sections = [made for made in _sections(report) if made is not None]
    body = el("body", _head(report, sections), el("main", *(made for _, _, made in sections)), _foot(report))
    return document(f"Certificate report: {report.deployment}", body)


def document(title: str, body: Html, further_style: str = "") -> str:
    """Return a whole page: no network, no scripts.

    Args:
        title: of the page.
        body: its body.
        further_style: rules after those of every page.

    Returns:
        The document, UTF-8.
    """
    style = STYLE + further_style
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy_of(style)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        Html(f"<style>{style}</style>"),
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def summary_html(report: Report) -> str:
    """Return the traffic light and the sentence, for a notebook.

    Args:
        report: the report.

    Returns:
        HTML, without a style sheet.
    """
    return el("div", el("p", el("strong", f"{LIGHTS[report.light]}. "), answer(report)), el("p", SOURCE))


Section = tuple[str, str, Html]
"""Its anchor, its title, itself."""


def _sections(report: Report) -> list[Section | None]:
    tables = page_tables
    return [
        section("to-do", "What to do", _to_do(report)),
        section("services", "Services", tables.services(report)),
        section("promises", "Promises and house rules", tables.promises(report)),
        section("causes", "What fails, and why", *_causes(report)),
        section("warnings", "What is up, but unwise", *(_warned(warned) for warned in report.warnings)),
        section("dates", "Dates", *_dates(report)),
        section("by-hand", HAND_TITLE, *_by_hand(report)),
        section("certificates", "Certificates", *tables.inventory(report)),
        section("topology", "Topology", figure(report.topology, "Machines and connections")),
        section("not-assessed", "What was not assessed, and why", *tables.not_assessed(report)),
        section("sources", "What this report is based on", *tables.sources(report)),
        section("connections", "All connections", *tables.connections(report)),
    ]


def section(anchor: str, title: str, *children: Child) -> Section | None:
    """Return a section with its heading; None if it is empty.

    Args:
        anchor: its id.
        title: the heading.
        *children: what is in it.

    Returns:
        The section with its anchor and its title.
    """
    if not any(children):
        return None
    heading = el("h2", title, id=f"{anchor}-title")
    return anchor, title, el("section", heading, *children, id=anchor, aria_labelledby=f"{anchor}-title")


def _head(report: Report, sections: list[Section]) -> Html:
    light = verdict(report.light, LIGHTS[report.light], answer(report))
    facts = f"Expressway {report.version} · judged for {format_time(report.at)} · {SOURCE}"
    links = listing([el("a", title, href=f"#{anchor}") for anchor, title, _ in sections])
    return el(
        "header",
        el("p", "Certificate report", class_="kind"),
        el("h1", report.deployment),
        el("p", facts, class_="facts"),
        light,
        _figures(report),
        el("nav", links, aria_label="Sections"),
    )


def verdict(light: Light, heading: str, *children: Child) -> Html:
    """Return the traffic light with its sentence: sign, colour and words say the same.

    Args:
        light: the colour.
        heading: the verdict.
        *children: what follows, in a paragraph.

    Returns:
        The element.
    """
    sign = Html(
        f'<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3" '
        f'stroke-linecap="round">{_SIGNS[light]}</svg>'
    )
    return el("div", sign, el("div", el("h2", heading), el("p", *children)), class_=f"light {_CLASSES[light]}")


def _figures(report: Report) -> Html:
    counts, total = report.counts, len(report.connections)
    ends = [e for e in report.events if e.kind in {Kind.CERTIFICATE, Kind.AUTHORITY, Kind.CRL}]
    following = next((e for e in ends if e.at >= report.at), None)
    services = by_service(report.services)
    up = [name for name, lines in services if any(line.state is State.UP for line in lines)]
    figures = [
        ("Connections up", f"{counts[State.UP]}", f"of {total}"),
        ("Connections down", f"{counts[State.DOWN]}", counted(len(report.problems), "reason")),
        ("Not assessed", f"{counts[State.NOT_ASSESSED]}", counted(len(report.gaps), "part missing", "parts missing")),
        ("Services up", f"{len(up)}", f"of {len(services)}, at one peer or more"),
    ]
    if following is not None:
        figures.append(("Next end", f"{following.at:%Y-%m-%d}", days_text(following, report.at)))
    return el(
        "dl",
        *(el("div", el("dt", name), el("dd", value, el("small", small))) for name, value, small in figures),
        class_="figures",
    )


def _to_do(report: Report) -> Html:
    items = []
    for item in to_do(report):
        first, stop, others = item.what.partition(". ")
        further = el("span", f"{others} " if stop else "", item.why, " ", el("a", "Details", href=f"#{item.anchor}"))
        items.append(join([el("strong", f"{first}{stop.strip()}"), further]))
    return listing(items, tag="ol", class_="todo") or el("p", "Nothing. Make this report again after the next change.")


def _causes(report: Report) -> list[Html]:
    shown = [_cause(problem, number) for number, problem in enumerate(report.problems[:_MOST_CAUSES], start=1)]
    more = len(report.problems) - len(shown)
    if more > 0:
        shown.append(el("p", f"{counted(more, 'more reason')}: see the JSON of this report."))
    return shown


def _cause(problem: Problem, number: int) -> Html:
    first, *others = problem.says or (problem.rule,)
    rows = [
        ("Fix", problem.fix, "fix"),
        ("Certificate of", listed(problem.certificates, at_most=12), None),
        (f"Down ({len(problem.connections)})", listed(problem.connections, at_most=12), None),
        ("Rule", problem.rule, "mono"),
    ]
    return el(
        "article",
        el("h3", f"{number}. {first}"),
        *(el("p", other) for other in others),
        _terms(rows),
        class_="card bad",
        id=f"cause-{number}",
    )


def _warned(warned: Warned) -> Html:
    first, *others = warned.says or (warned.finding.rule,)
    rows = [
        ("Advice", warned.finding.fix, "fix"),
        (f"Seen on ({len(warned.connections)})", listed(warned.connections, at_most=6), None),
        ("Rule", warned.finding.rule, "mono"),
    ]
    subject = f"{warned.finding.subject}: {first}"
    return el("article", el("h3", subject), *(el("p", other) for other in others), _terms(rows), class_="card odd")


def _terms(rows: list[tuple[str, str, str | None]]) -> Html:
    pairs = [(el("dt", name), el("dd", value, class_=kind)) for name, value, kind in rows if value]
    return el("dl", *(part for pair in pairs for part in pair))


def _dates(report: Report) -> list[Child]:
    return [
        el("p", lifetime_now(report.at), " The marks in the picture are the days on which rules change."),
        figure(report.timeline, "What ends when"),
        page_tables.dates(report),
    ]


def _by_hand(report: Report) -> list[Child]:
    return [el("p", " ".join(report.by_hand.sentences)), page_tables.by_hand(report)]


def figure(picture: Picture, caption: str) -> Html:
    """Return a picture with its text version.

    Args:
        picture: the picture.
        caption: what it shows.

    Returns:
        The element.
    """
    drawing = el(
        "div", Html(unstyled(picture.svg)), class_="scroll lab-drawing", tabindex="0", role="region", aria_label=caption
    )
    words = el("details", el("summary", TEXT_VERSION), preformatted(picture.text))
    return el("figure", drawing, words)


def _foot(report: Report) -> Html:
    return el(
        "footer",
        el(
            "p",
            f"Made by pkikit (Expressway Certificate Lab) for {format_time(report.at)}. Not a Cisco product.",
        ),
        el("p", f"Short names: {report.legend}.") if report.legend else None,
    )
