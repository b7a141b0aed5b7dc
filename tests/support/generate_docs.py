"""`make docs`: the documents that are made from the code. A test fails when a committed one differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

from workbook.course.lessons import Lesson, lessons, sections

from pkikit.judge.matching import name_table
from pkikit.model.deployment import Deployment
from pkikit.model.tables import features
from pkikit.model.version import ProductVersion
from pkikit.planning.plan_file import plan_schema
from pkikit.rules.catalogue import all_rules
from pkikit.rules.rule import Rule
from tests.support.api_docs import api_md
from tests.support.guide import guide_md
from tests.support.json_documents import NAMES, published
from tests.support.places import ROOT
from tests.support.product import product_md
from tests.support.timeline_docs import timeline_md

DOCS = ROOT / "docs"


def rules_md(rules: Sequence[Rule] = all_rules()) -> str:
    """The rule catalogue, by area."""
    lines = ["# Rules", "", "Made by `make docs` from the catalogue; `pkikit rules` prints the same.", ""]
    area = ""
    for rule in rules:
        if rule.area != area:
            area = rule.area
            lines += [f"## {area}", ""]
        lines += [
            f"### `{rule.id}`",
            "",
            f"{rule.requirement}",
            "",
            f"*{rule.severity.value}* · versions {rule.versions} · source: {rule.source}  ",
            f"Fix: {rule.fix}",
            "",
        ]
    return "\n".join(lines)


PLANS = {"half day": 240, "one day": 420, "two days": 840}  # minutes that there are, without breaks


def minutes_of(plan: str) -> int:
    """What a plan takes."""
    return sum(lesson.minutes for lesson in lessons() if plan in lesson.plans)


def course_map() -> str:
    """notebooks/README.md: every notebook, the plans, what a trainer needs."""
    lines = [
        "# Course map", "", "Made by `make docs` from the notebooks' own metadata.", "",
        "Run `make lab` in the project's folder. Each notebook begins with the time that it needs and what you will be able to do. It ends with exercises",
        "that are checked. *Reset my answers* at the top clears your answers. Nothing leaves this machine.", "",
        "| notebook | question | time | exercises |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        f"| [{found.file.removesuffix('.ipynb')}]({found.file}) | {found.question} | {found.minutes} min | {len(found.exercises)} |"
        for found in lessons()
    ]
    lines += ["", "## Plans for a class", ""]
    for plan in PLANS:
        chosen = [found.number for found in lessons() if plan in found.plans]
        took = minutes_of(plan)
        lines.append(f"- **{plan}** ({took // 60} h {took % 60:02d} min): {', '.join(chosen)}")
    lines += [
        "", "Trainers: [instructor notes](../docs/instructor.md) for every notebook, [a class on one server](../docs/class.md).", "",
        "`deployments/` contains the labs (YAML), `workbook/` the package that the notebooks import, `solutions/` the answers. CI runs the notebooks with",
        "them. After you change code or text: `make notebooks-refresh`, then look at the difference.", "",
    ]  # fmt: skip
    return "\n".join(lines)


_INSTRUCTOR_HEAD = """# Instructor notes

Made by `make docs` from the notebooks' metadata. How to run a class, hand out tickets and see results: [A class on one server](class.md).

Before the class, run each notebook once with *Run All Cells*, and read *If they ask*. On the projector, press *Projector size* in the first card of a notebook: text, tables and pictures become larger, here and in the notebooks that you open next.
The minutes include the exercises. Answers are in `notebooks/solutions/`, one file for each notebook. JupyterLab does not list that folder for learners."""


def instructor_md() -> str:
    """docs/instructor.md: the plans, then for each notebook minutes, notes, questions of the class, where the answers are."""
    lines = [
        _INSTRUCTOR_HEAD,
        "",
        "| notebook | minutes | half day | one day | two days |",
        "| --- | --- | --- | --- | --- |",
    ]
    for found in lessons():
        planned = " | ".join("yes" if plan in found.plans else "" for plan in PLANS)
        lines.append(f"| {found.number} {found.question} | {found.minutes} | {planned} |")
    lines += [
        f"| **all minutes** | {sum(f.minutes for f in lessons())} | {' | '.join(str(minutes_of(p)) for p in PLANS)} |",
        "",
    ]
    for found in lessons():
        lines += _instructed(found)
    return "\n".join(lines)


def _instructed(found: Lesson) -> list[str]:
    stem = found.file.removesuffix(".ipynb")
    lines = [
        f"## {found.number} · {found.question}", "",
        f"**{found.minutes} minutes.** Before: {found.before}. Plans: {', '.join(found.plans) or 'none'}. [Open the notebook](../notebooks/{found.file}).", "",
    ]  # fmt: skip
    if found.section_minutes:
        titles = sections(found.number)
        lines += ["| section | minutes |", "| --- | --- |"]
        lines += [
            f"| {n}. {titles[n].title} | {took} |" for n, took in sorted(found.section_minutes.items()) if n in titles
        ]
        lines.append("")
    lines += ["Learners will be able to:", "", *(f"- {able}" for able in found.able), ""]
    lines += ["Notes:", "", *(f"- {note}" for note in found.notes), ""]
    if found.asked:
        lines += ["If they ask:", "", *(f"- {_asked(text)}" for text in found.asked), ""]
    return [*lines, f"Exercises: {', '.join(found.exercises)}. Answers: `notebooks/solutions/{stem}.yaml`.", ""]


def _asked(text: str) -> str:
    """The question in bold, so that a trainer finds it at a glance."""
    question, mark, answer = text.partition("? ")
    return f"**{question}?** {answer}" if mark else text


def cli_md() -> str:
    """docs/cli.md: every command with its options, from the programs' own help."""
    import typer.main
    from typer.cli import get_docs_for_click

    from pkikit.commands.cli import app as pkikit
    from simulator.commands.cli import app as expressway_sim

    parts = [
        "# Commands",
        "",
        "Made by `make docs` from the programs' own help. Exit codes: 0 yes, 1 no, 2 input, 3 the lab cannot run here.",
        "",
    ]
    for name, app in (("pkikit", pkikit), ("expressway-sim", expressway_sim)):
        command = typer.main.get_command(app)
        with command.make_context(name, [], resilient_parsing=True) as context:
            parts.append(get_docs_for_click(obj=command, ctx=context, name=name, indent=1))
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"


def versions_md() -> str:
    """docs/versions.md: what depends on the product version, from the table of features and the spans of the rules."""
    guide, newest = ProductVersion.parse(features.GUIDE_VERSION), ProductVersion.parse(features.NEWEST)
    changed = [f for f in features.FEATURES if guide.has(f) != newest.has(f)]
    lines = [
        "# Product versions", "", "Made by `make docs` from `pkikit/model/tables/features.py`.", "",
        f"This lab knows Expressway {features.VERSION_RANGE}. A deployment file names its version (`version: {features.GUIDE_VERSION}`), and commands",
        f"take `--version`. Where neither does, the version is **{features.DEFAULT_VERSION}**. The notebooks, their deployments and [the guide](guide.md)",
        f"follow the certificate guide of **{features.GUIDE_VERSION}**.", "",
        "## What depends on the version", "",
        "The mark: a document states it, it is inferred from what is stated, or it is uncertain. The source says which part.", "",
        "| versions | what the product does there | mark | source |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [f"| {_span_text(f)} | {f.title} | {f.certainty.value} | {f.source} |" for f in features.FEATURES]
    lines += ["", f"## From {features.GUIDE_VERSION} to {features.DEFAULT_VERSION}", ""]
    lines += [f"What is different from the notebooks on a product of today ({len(changed)} of the rows above):", ""]
    lines += [f"- {'new' if newest.has(f) else 'gone'}: {f.title}" for f in changed]
    lines += ["", "## Rules that apply to some versions only", "", "| versions | rule |", "| --- | --- |"]
    lines += [
        f"| {rule.versions} | [`{rule.id}`](rules.md) |"
        for rule in all_rules()
        if rule.versions != features.EVERY_VERSION
    ]
    return "\n".join([*lines, ""])


def _span_text(feature: features.Feature) -> str:
    match feature.since, feature.until:
        case None, str() as last:
            return f"up to {last}"
        case first, None:
            return f"{first} and later"
        case first, last:
            return f"{first} only" if first == last else f"{first} to {last}"


def _schema() -> str:
    return json.dumps(Deployment.model_json_schema(), indent=2) + "\n"


def _plan_schema() -> str:
    return json.dumps(plan_schema(), indent=2) + "\n"


def _published(name: str) -> str:
    return json.dumps(published(name), indent=2) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "rules.md": rules_md,
    "deployment.schema.json": _schema,
    "plan.schema.json": _plan_schema,
    **{f"schemas/{name}.schema.json": partial(_published, name) for name in NAMES},
    "../notebooks/deployments/deployment.schema.json": partial(_published, "deployment"),
    "instructor.md": instructor_md,
    "guide.md": guide_md,
    "cli.md": cli_md,
    "versions.md": versions_md,
    "product.md": product_md,
    "api.md": api_md,
    "names.md": name_table.markdown,
    "timeline.md": timeline_md,
    "../notebooks/README.md": course_map,
}
"""File name (in docs/) → what makes its content."""


if __name__ == "__main__":
    for name, make in GENERATED.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")
