"""What README and cheat sheet show: their Python and their commands, for the tests that execute them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.places import ROOT

README, CHEAT_SHEET = ROOT / "README.md", ROOT / "docs" / "cheat-sheet.md"
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command, and the lines of its output that the document shows."""

    command: str
    lines: Sequence[str]

    def missing_in(self, output: str) -> list[str]:
        """Lines that are not in the output; times and spaces don't count."""
        printed = {_steady(line) for line in output.splitlines()}
        return [line for line in self.lines if _steady(line) not in printed]


def _steady(line: str) -> str:
    return " ".join(_TIME.sub("TIME", line).split())


def readme_python() -> list[str]:
    """The Python blocks in order: README, cheat sheet. The last one needs the extra `lab`, the others the base install alone."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (README, CHEAT_SHEET))
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def readme_commands() -> list[Shown]:
    """The commands in the order in which a reader runs them: README, cheat sheet; each once."""
    found: dict[str, Shown] = {}
    for path in (README, CHEAT_SHEET):
        for block in re.findall(r"^```console\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, *lines = part.splitlines()
                found.setdefault(
                    command, Shown(command=command, lines=[line for line in lines if line not in ("", "…")])
                )
    return list(found.values())
