"""What Cisco's documents state, each statement tied to its tests: docs/product.yaml and sources.md read, product.md made.

A test claims statements with `@pytest.mark.product("A-01", …)`. A statement without a test is listed in docs/sources.md,
section "Not modelled", with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import yaml

from tests.support.collected import marked
from tests.support.places import ROOT

MARKER = "product"
MARKS = ("stated", "inferred", "uncertain")
_FOLDERS = ("tests/unit", "tests/protocol", "tests/interop", "tests/notebooks", "tests/browser")
_ROW = re.compile(r"^\| (?P<ids>[A-IP]\d*-\d+(?:, [A-IP]\d*-\d+)*) \| (?P<reason>.+) \|$")


@dataclass(frozen=True, kw_only=True)
class ProductStatement:
    """One statement of a document.

    Attributes:
        mark: whether the source states it, whether it is inferred, or uncertain.
        also: statements whose tests prove this one as well.
    """

    topic: str
    id: str
    versions: str
    says: str
    mark: str
    sources: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProductRecord:
    """All statements, the tests that claim them, and those that nothing models."""

    statements: tuple[ProductStatement, ...]
    documents: Mapping[str, str]
    claims: Mapping[str, Sequence[str]]
    not_modelled: Mapping[str, str]
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset(s.id for s in self.statements))

    def tests_of(self, statement: ProductStatement) -> list[str]:
        """Return the tests that claim it, or one that says the same."""
        return sorted({test for key in (statement.id, *statement.also) for test in self.claims.get(key, ())})

    def problems(self) -> Iterator[str]:
        """Yield what is missing or contradicts itself, one sentence each."""
        for statement in self.statements:
            proved, reason = self.tests_of(statement), self.not_modelled.get(statement.id)
            if not proved and reason is None:
                yield f"{statement.id}: no test claims it, and docs/sources.md does not list it under 'Not modelled'"
            if self.claims.get(statement.id) and reason is not None:
                yield f"{statement.id}: docs/sources.md calls it not modelled, and {proved[0]} claims it"
            if statement.mark not in MARKS:
                yield f"{statement.id}: the mark {statement.mark!r} is none of {', '.join(MARKS)}"
            for source in statement.sources:
                if source not in self.documents:
                    yield f"{statement.id}: the source {source!r} is not in the table of sources"
            for other in statement.also:
                if other not in self.known:
                    yield f"{statement.id}: there is no statement {other}"
        for key in {*self.claims, *self.not_modelled} - self.known:
            yield f"{key}: docs/product.yaml has no such statement; claimed by {', '.join(self.claims.get(key, ['sources.md']))}"


@cache
def product_record() -> ProductRecord:
    """Return the record of this checkout."""
    read = yaml.safe_load((ROOT / "docs" / "product.yaml").read_text(encoding="utf-8"))
    statements = tuple(
        ProductStatement(topic=topic, **{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})
        for topic, rows in read["statements"].items()
        for row in rows
    )
    claims = {
        statement: list(dict.fromkeys(test.partition("[")[0] for test in tests))
        for statement, tests in marked(*_FOLDERS)[MARKER].items()
    }
    return ProductRecord(statements=statements, documents=read["sources"], claims=claims, not_modelled=_not_modelled())


def _not_modelled() -> dict[str, str]:
    """{statement id: reason}, from the section "Not modelled" of docs/sources.md."""
    _, _, section = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8").partition("\n## Not modelled\n")
    rows = [row for line in section.partition("\n## ")[0].splitlines() if (row := _ROW.match(line))]
    return {key: row["reason"] for row in rows for key in row["ids"].split(", ")}


def product_md(record: ProductRecord | None = None) -> str:
    """docs/product.md."""
    record = record or product_record()
    proved = [s for s in record.statements if record.tests_of(s)]
    lines = [
        "# The product and the lab", "",
        "Made by `make docs` from docs/product.yaml. What Cisco's documents state about certificates on Expressway, in our words, and the test that shows",
        "that the lab does the same. CI runs every test named here; if one fails, nothing is released. What has no test is in [sources](sources.md), \"Not modelled\".", "",
        "Nobody tried these statements on a real product. The column *mark* says how sure they are: *stated* by the source, *inferred* from what is stated,",
        "or *uncertain* (a thin or undated source).", "",
        "Short forms: C, E: Expressway-C and -E; `srv`, `cli`: server and client store, `crt`: the one certificate before X15.5; S: a certificate with",
        "serverAuth only, SC: with serverAuth and clientAuth; CA1: a private CA, CA2: a public one; CSR: certificate signing request; MRA: Mobile and Remote Access.", "",
        f"{len(record.statements)} statements, {len(proved)} with a test, {len(record.statements) - len(proved)} not modelled.", "",
    ]  # fmt: skip
    topic = ""
    for statement in record.statements:
        if statement.topic != topic:
            topic = statement.topic
            lines += [*([""] if lines[-1] else []), f"## {topic}", ""]
            lines += ["| id | versions | statement | mark | source | test | result |", "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
        lines.append(_row(record, statement))
    lines += ["", "## Sources", "", "| short | document |", "| --- | --- |"]
    lines += [f"| {short} | {document} |" for short, document in record.documents.items()]
    return "\n".join([*lines, ""])


def _row(record: ProductRecord, statement: ProductStatement) -> str:
    tests = record.tests_of(statement)
    shown = ", ".join(f"[{name}](../{path})" for path, _, name in (test.partition("::") for test in tests[:3]))
    if len(tests) > 3:
        shown += f" and {len(tests) - 3} more"
    result = "holds" if tests else f"not modelled: {record.not_modelled.get(statement.id, 'open')}"
    cells = (
        statement.id, statement.versions, statement.says, statement.mark, ", ".join(statement.sources), shown or "–", result
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") if cell is not shown else cell for cell in cells) + " |"
