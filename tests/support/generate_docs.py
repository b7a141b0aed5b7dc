"""`make docs`: the documents that are made from the code. A test fails when a committed one differs."""

from __future__ import annotations

import json
from pathlib import Path

from pkikit.judge.registry import catalogue
from pkikit.model.deployment import Deployment

DOCS = Path(__file__).parents[2] / "docs"


def rules_md() -> str:
    """The rule catalogue, by area."""
    lines = ["# Rules", "", "Made by `make docs` from the catalogue; `pkikit rules` prints the same.", ""]
    area = ""
    for rule in catalogue():
        if rule.id.split(".")[0] != area:
            area = rule.id.split(".")[0]
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


def generated() -> dict[str, str]:
    """File name → content."""
    schema = json.dumps(Deployment.model_json_schema(), indent=2) + "\n"
    return {"rules.md": rules_md(), "deployment.schema.json": schema}


if __name__ == "__main__":
    for name, content in generated().items():
        (DOCS / name).write_text(content, encoding="utf-8")
        print(f"docs/{name}")
