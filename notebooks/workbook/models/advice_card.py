"""A recommendation as a card: verdict, reasons, alternatives, names and files. Everything is escaped, and said in words too."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from pkikit.errors import InputError
from pkikit.explore.advice.figures import CRITERIA, Figures
from pkikit.explore.advice.from_today import Cost, assumption_of, costs_of
from pkikit.explore.advice.handout import (
    FILE,
    NameGroup,
    deployment_text,
    grouped,
    names_text,
    next_steps,
    requests_text,
)
from pkikit.explore.advice.plain_answers import QUESTIONS, Answers
from pkikit.explore.advice.recommend import Recommendation, Refusal, recommend
from pkikit.explore.advice.words import number, sentence
from workbook.html import PanelOutput, alert

# Copies the text of the block behind the button; without a clipboard it marks the text, so that Ctrl-C does.
_COPY = (
    "const t=this.nextElementSibling,s=this;getSelection().selectAllChildren(t);"
    "(navigator.clipboard?navigator.clipboard.writeText(t.textContent):Promise.reject())"
    ".catch(()=>document.execCommand('copy')).finally(()=>{s.textContent='Copied'})"
)


def answers_of(values: Mapping[str, Any]) -> Answers:
    """Return the answers of the panel's inputs.

    Args:
        values: the inputs by name; who connects is one switch for each kind.

    Returns:
        The answers.

    Raises:
        InputError: a field cannot be used; the message names it by its label.
    """
    kinds = [kind for kind, _ in QUESTIONS["outside"].options]
    answers = replace(Answers(), outside=tuple(kind for kind in kinds if values[kind]))
    for key, value in values.items():
        if key not in kinds:
            answers = answers.with_answer(key, str(value))
    return answers


def advise(values: Mapping[str, Any], at: datetime) -> PanelOutput:
    """The function behind the wizard: from the inputs to the card. It never raises for anything that a person can type."""
    try:
        found = _recommended(answers_of(values), at)
    except InputError as error:
        return alert(error.message)
    return render(found)


@lru_cache(maxsize=128)
def _recommended(answers: Answers, at: datetime) -> Recommendation | Refusal:
    return recommend(answers, at)


def render(found: Recommendation | Refusal) -> PanelOutput:
    """Show a recommendation, or why there is none."""
    return _refusal(found) if isinstance(found, Refusal) else _card(found)


def _card(found: Recommendation) -> PanelOutput:
    head = f"Recommended for {found.design.version}"
    proof = f"All {found.connections} connections come up. {found.fitting} of {found.total} designs fit your answers."
    reasons = "".join(
        f"<li><b>{escape(r.head)}</b>, because:{_items(map(sentence, r.because))}</li>" for r in found.reasons
    )
    costs = costs_of(found)
    html = (
        f'<section class="advice-card"><h4>✔ {escape(head)}</h4><p class="advice-name">{escape(_titled(found.design.name))}</p>'
        f"<p>{escape(proof)}</p><p>{escape(found.by_hand.head)}</p></section><h4>Why this design</h4><ul>{reasons}</ul>"
        + _figures(found, costs)
        + _alternatives(found)
        + f"<h4>Renewals by hand in the next ten years</h4>{_items(_by_hand(found))}"
        + (f"<h4>Note</h4>{_items(found.notes)}" if found.notes else "")
        + "<h4>Names and CSR values</h4>"
        + "".join(map(_group, grouped(found)))
        + f"<h4>Files</h4><p>{_link(FILE, deployment_text(found))} {_link('names.txt', names_text(found))} "
        + f"{_link('csr-values.txt', requests_text(found))}</p>"
        + f"<h4>Next steps</h4><ol>{''.join(f'<li>{escape(step)}</li>' for step in next_steps(found))}</ol>"
    )
    return PanelOutput(html=html, text=_in_words(found, head, proof, costs))


def _in_words(found: Recommendation, head: str, proof: str, costs: Sequence[Cost]) -> str:
    lines = [f"{head}: {found.design.name}.", proof, found.by_hand.head, *map(str, found.reasons)]
    lines += [f"To get there from today: {costs[0].text()}.", assumption_of(found)]
    for n, other in enumerate(found.alternatives, 1):
        lines.append(f"Alternative {n}: {other.design.name}.")
        lines += [f"  better: {b}" for b in other.better] + [f"  worse: {w}" for w in other.worse]
        lines.append(f"  to get there from today: {costs[n].text()}")
    return "\n".join([*lines, *_by_hand(found), *found.notes, "", names_text(found).rstrip()])


def _by_hand(found: Recommendation) -> list[str]:
    """Say in which year renewals by hand stop working, here and with each alternative."""
    others = [f"Alternative {n}: {other.by_hand.head}" for n, other in enumerate(found.alternatives, 1)]
    return [" ".join(found.by_hand.sentences), *others]


def _refusal(found: Refusal) -> PanelOutput:
    changes = [change.sentence() for change in found.changes]
    reasons = [sentence(because) for because in found.because]
    html = (
        f'<section class="advice-card" role="alert"><h4>✘ {escape(found.sentence())}</h4></section>'
        f"<h4>Because</h4>{_items(reasons)}"
        + (f"<h4>What would work, the nearest first</h4>{_items(changes)}" if changes else "")
    )
    text = "\n".join([found.sentence(), *reasons, *(f"Would work: {change}" for change in changes)])
    return PanelOutput(html=html, text=text)


def _figures(found: Recommendation, costs: Sequence[Cost]) -> str:
    """Compare the recommended design with its alternatives; the best value of a row is marked by a sign, not by colour."""
    designs: list[Figures] = [found.figures, *(other.figures for other in found.alternatives)]
    heads = ("Smaller is better", "Recommended", *(f"Alternative {n}" for n in range(1, len(designs))))
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    rows = []
    for criterion in CRITERIA:
        values = [criterion.value(figures) for figures in designs]
        cells = "".join(
            f"<td>{number(v)}{' ★' if len(set(values)) > 1 and v == min(values) else ''}</td>" for v in values
        )
        rows.append(
            f'<tr><th scope="row">{escape(criterion.label)}<br><small>{escape(criterion.meaning)}</small></th>{cells}</tr>'
        )
    cells = "".join(f"<td>{escape(cost.text())}</td>" for cost in costs)
    rows.append(f'<tr><th scope="row">To get there from today<br><small>In the best order.</small></th>{cells}</tr>')
    assumed = f"<p>{escape(assumption_of(found))}</p>"
    best = "<p>★ marks the best value of a row.</p>" if len(designs) > 1 else ""
    table_html = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    scrolled = f'<div class="advice-scroll" role="region" aria-label="Figures" tabindex="0">{table_html}</div>'
    return f"<h4>Figures</h4>{scrolled}{best}{assumed}"


def _alternatives(found: Recommendation) -> str:
    if not found.alternatives:
        return "<h4>Alternatives</h4><p>No other design that fits your answers is better in any respect.</p>"
    pieces = []
    for n, other in enumerate(found.alternatives, 1):
        sides = [f"Better: {b}" for b in other.better] + [f"Worse: {w}" for w in other.worse]
        pieces.append(f"<h4>Alternative {n}</h4><p>{escape(_titled(other.design.name))}</p>{_items(sides)}")
    return "".join(pieces)


def _group(group: NameGroup) -> str:
    fields = "\n".join(f"{label}: {value}" for label, value in group.request.fields)
    names = _copy(f"Copy the names for {group.title}", "Copy names", "\n".join(group.names))
    values = _copy(f"Copy the CSR values for {group.title}", "Copy CSR values", fields)
    return f"<details><summary>{escape(group.title)}: {len(group.names)} names</summary>{names}{values}</details>"


def _copy(label: str, caption: str, text: str) -> str:
    act = f'aria-label="{escape(label)}" onclick="{escape(_COPY)}"'
    button = f'<button type="button" class="advice-copy" {act}>{caption}</button>'
    return f'<div>{button}<pre tabindex="0">{escape(text)}</pre></div>'


def _link(name: str, text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return f'<a class="advice-copy" download="{name}" href="data:text/plain;base64,{data}">Download {name}</a>'


def _titled(name: str) -> str:
    return name[:1].upper() + name[1:]


def _items(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"
