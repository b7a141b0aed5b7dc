"""The runbook as one page that needs nothing else: to print, or to keep open at night. No network, no scripts."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.planning.step_words.step_text import Command
from pkikit.report.written.elements import Child, Html, breakable, el, folded, join, listing, preformatted, table
from pkikit.report.written.page import Section, document, figure, section, verdict
from pkikit.runbook.gantt import gantt
from pkikit.runbook.runbook_contents import Runbook
from pkikit.runbook.runbook_markdown import do_title, facts_of, proof_sentence, seen_of
from pkikit.runbook.runbook_step import RunbookStep
from pkikit.runbook.terminal_setup import (
    HOW_IN_LAB,
    LOOKALIKE,
    RULES,
    for_lab,
    for_machines,
    have_ready,
    in_lab,
    start_lab,
)
from pkikit.text import counted

_STYLE = """
.summary{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.2rem;margin:1.2rem 0 0} .summary dt{color:var(--muted)}
.summary dd{margin:0;font-weight:600}
.step{border:1px solid var(--line);border-left:6px solid var(--link);border-radius:10px;padding:1rem 1.2rem;margin:1.2rem 0}
.step.restart{border-left-color:var(--yellow)} .step.drops{border-left-color:var(--red)}
.step h3{font-size:1.15rem;margin:0 0 .5rem} .step h4{font-size:1rem;margin:1rem 0 .2rem} .step p{max-width:none;margin:.3rem 0}
.step dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.4rem 0} .step dt{color:var(--muted)}
.step dd{margin:0;overflow-wrap:anywhere} .warnbox{border:1px solid var(--yellow);background:var(--yellow-soft);
color:var(--yellow);border-radius:8px;padding:.5rem .8rem;margin:.6rem 0}
.warnbox p{color:var(--ink)} .badbox{border:1px solid var(--red);
background:var(--red-soft);color:var(--red);border-radius:8px;padding:.5rem .8rem;margin:.6rem 0} .badbox p{color:var(--ink)}
pre.command{background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem;margin:.2rem 0 .7rem;
font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.84rem}
.takes{color:var(--muted);font-size:.875rem;margin:.5rem 0 0} label.tick{display:flex;gap:.6rem;align-items:baseline;
font-weight:650;margin:.9rem 0 .2rem} label.tick input{width:1.15rem;height:1.15rem;flex:none;transform:translateY(.15rem)}
@media (min-width:44.01rem),print{.index th:nth-child(1){width:46%} .index th:nth-child(2){width:18%}
.tried th:nth-child(1){width:32%} .tried th:nth-child(2){width:16%}}
@media screen and (max-width:44rem){.summary,.step dl{grid-template-columns:1fr;gap:0} .summary dt,.step dt{margin-top:.4rem}}
@media print{.step{break-inside:auto} .step h3,.step h4,label.tick,.takes{break-after:avoid} pre.command{break-inside:avoid}}
"""


def to_runbook_page(runbook: Runbook) -> str:
    """Return the whole runbook as an HTML document.

    Args:
        runbook: the runbook.

    Returns:
        The document, UTF-8.
    """
    sections = [made for made in _sections(runbook) if made is not None]
    body = el("body", _head(runbook, sections), el("main", *(made for _, _, made in sections)), _foot(runbook))
    return document(f"Runbook: {runbook.title}", body, _STYLE)


def runbook_summary_html(runbook: Runbook) -> str:
    """Return the verdict and the five lines, for a notebook.

    Args:
        runbook: the runbook.

    Returns:
        HTML, without a style sheet.
    """
    rows = [join([el("strong", f"{name}: "), said]) for name, said in runbook.summary]
    return el("div", el("p", el("strong", f"{runbook.verdict}. "), runbook.answer), listing(rows))


def _head(runbook: Runbook, sections: list[Section]) -> Html:
    lines = [part for name, said in runbook.summary for part in (el("dt", name), el("dd", said))]
    links = listing([el("a", title, href=f"#{anchor}") for anchor, title, _ in sections])
    return el(
        "header",
        el("p", "Runbook", class_="kind"),
        el("h1", runbook.title),
        el("p", f"Deployment {runbook.deployment} · all times are UTC", class_="facts"),
        verdict(runbook.light, runbook.verdict, runbook.answer),
        el("dl", *lines, class_="summary"),
        el("nav", links, aria_label="Sections"),
    )


def _sections(runbook: Runbook) -> Iterator[Section | None]:
    yield section("why-not", "Why no order keeps everything up", *_why_not(runbook))
    yield section("begin", "Before you begin", *_begin(runbook))
    picture = gantt(runbook)
    if picture is not None:
        yield section("time", "Who does what when", figure(picture, "Steps over time"), _index(runbook))
    yield section("steps", "Steps", *(_step(runbook, made) for made in runbook.steps))
    yield section("mails", "E-mails", *_mails(runbook))
    yield section("notes", "Notes", listing([runbook.say(note) for note in runbook.notes]))


def _why_not(runbook: Runbook) -> Iterator[Child]:
    if not runbook.why_not:
        return
    yield listing(runbook.why_not)
    if runbook.plan.enabling:
        rows = [
            (
                runbook.say(tried.says),
                "✔ works" if tried.works else "✘ does not work",
                runbook.say(tried.achieves),
                runbook.say(tried.price),
            )
            for tried in runbook.plan.enabling
        ]
        caption = "What was tried to make an order possible."
        yield table(("Option", "Result", "What it achieves", "Price"), rows, caption=caption, class_="tried")
    warned = "The steps below drop connections. They are the order that loses the least. Each step says what it drops."
    yield el("div", el("p", el("strong", warned)), class_="badbox")


def _begin(runbook: Runbook) -> Iterator[Child]:
    yield from (_tick(said) for said in have_ready(runbook))
    yield listing(RULES)
    yield el("h3", "Terminal for the real machines, once (bash)")
    yield _code(for_machines(runbook))
    yield folded(
        el("h3", "Rehearse it in the lab"),
        el("p", LOOKALIKE) if runbook.lab else None,
        el("p", "Start the lab with today's certificates:", class_="takes"),
        _code(start_lab(runbook)),
        el("p", "In another terminal, once:", class_="takes"),
        _code(for_lab(runbook)),
        el("p", HOW_IN_LAB),
        el("p", "At any time:", class_="takes"),
        _code(in_lab()),
    )


def _tick(*said: Child) -> Html:
    return el("label", el("input", type="checkbox"), el("span", *said), class_="tick")


def _code(text: str) -> Html:
    """Return commands to copy."""
    return preformatted(text, class_="command")


def _index(runbook: Runbook) -> Html:
    """Return all steps in a table, with links: to see where one is, and to tick them on paper."""
    dated = any(made.time for made in runbook.steps)
    rows = [
        (
            el("a", f"{made.number}. {made.words.title}", href=f"#step-{made.number}"),
            made.step.owner.name,
            *((_begins(made),) if dated else ()),
            counted(len(made.words.connections), "connection") if made.words.connections else "",
        )
        for made in runbook.steps
    ]
    caption = f"All {len(rows)} steps in their order." if len(rows) > 1 else "The only step."
    columns = ("Step", "Who", *(("Begins (UTC)",) if dated else ()), "Cut by a restart")
    return table(columns, rows, caption=caption, class_="index")


def _begins(made: RunbookStep) -> str:
    if made.time is None:
        return ""
    return f"{made.time.begins:%Y-%m-%d %H:%M}" + (f", {made.time.window}" if made.time.window else "")


def _step(runbook: Runbook, made: RunbookStep) -> Html:
    words = made.words
    refused = [said for said in words.after if said.startswith("GOES DOWN")]
    kind = "step drops" if refused else "step restart" if words.announced else "step"
    facts = [part for name, said in facts_of(made) for part in (el("dt", name), el("dd", breakable(said)))]
    return el(
        "article",
        el("h3", f"Step {made.number} of {len(runbook.steps)}: {words.title}"),
        el("dl", *facts),
        _drops(refused),
        _announced(made),
        el("div", el("p", el("strong", "Point of no return. "), words.no_return), class_="warnbox")
        if words.no_return
        else None,
        _tick(do_title(made)),
        el("p", " ".join(words.do)),
        *(part for command in words.commands for part in _command(command)),
        _tick("Prove it."),
        el("p", proof_sentence(made)),
        *_command(words.proof),
        *(el("p", el("strong", f"{name}: "), said) for name, said in seen_of(made)),
        class_=kind,
        id=f"step-{made.number}",
    )


def _drops(refused: list[str]) -> Html | None:
    if not refused:
        return None
    return el("div", el("p", el("strong", "This step drops connections.")), listing(refused), class_="badbox")


def _announced(made: RunbookStep) -> Html | None:
    words, time = made.words, made.time
    if not words.announced:
        return None
    watch = (
        f" Watch it until {time.watched_until:%H:%M} before the next restart." if time and time.watched_until else ""
    )
    return el(
        "div",
        el("p", el("strong", "Announce: "), " ".join(words.announced), watch),
        folded(f"The {len(words.connections)} connections", listing(words.connections)),
        class_="warnbox",
    )


def _command(command: Command) -> Iterator[Html]:
    remark = f" ({command.remark})" if command.remark else ""
    yield el("p", el("strong", command.label), remark, ":", class_="takes")
    yield _code(command.text)


def _mails(runbook: Runbook) -> Iterator[Child]:
    for mail in runbook.mails:
        yield folded(mail.title, _code(f"Subject: {mail.subject}\n\n{mail.body}"))


def _foot(runbook: Runbook) -> Html:
    return el(
        "footer",
        el("p", "Made by pkikit (Expressway Certificate Lab). Not a Cisco product. Prove every step before you go on."),
        el("p", f"Short names: {runbook.legend}.") if runbook.legend else None,
    )
