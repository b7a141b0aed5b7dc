"""What a runbook in Markdown prints: the terminal's lines, and of each step the commands, the proof and what goes down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^ *```sh\n(.*?)\n *```$", re.DOTALL | re.MULTILINE)
_LABELLED = re.compile(r"^  (?P<label>[^\n]*):\n  ```sh\n(?P<text>.*?)\n  ```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class PrintedStep:
    """A step: its title, (label, command) in order, its proof with its label and what it shows, the connections that go down."""

    title: str
    commands: Sequence[tuple[str, str]]
    proof_says: str
    proof: str
    down: str

    def command(self, label: str) -> str:
        """The command with this label; empty if there is none."""
        return next((text for found, text in self.commands if found.startswith(label)), "")


@dataclass(frozen=True, kw_only=True)
class PrintedRunbook:
    """The line that starts the lab, the lines for the other terminal, the steps."""

    start: str
    setup: str
    steps: Sequence[PrintedStep]


def read_runbook(file: Path) -> PrintedRunbook:
    """A runbook as its reader sees it."""
    head, *parts = re.split(r"^### Step \d+: ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lab = head.partition("### In the lab")[2]
    start, setup, _ = _BLOCK.findall(lab)
    return PrintedRunbook(start=start, setup=setup, steps=[_step(part.partition("\n## ")[0]) for part in parts])


def _step(text: str) -> PrintedStep:
    done, _, rest = text.partition("- [ ] **Prove it.** ")
    proofs = _BLOCK.findall(rest)
    assert len(proofs) == 1, text
    return PrintedStep(
        title=text.partition("\n")[0],
        commands=[(m["label"], _unindented(m["text"])) for m in _LABELLED.finditer(done)],
        proof_says=rest.partition("\n")[0],
        proof=_unindented(proofs[0]),
        down=rest.partition("**Down meanwhile")[2].partition("\n")[0].replace("\\", ""),
    )


def _unindented(text: str) -> str:
    return "\n".join(line.removeprefix("  ") for line in text.split("\n"))
