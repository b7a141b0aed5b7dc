"""A fleet for practice: made customers in a folder of this kernel, audited for a fixed day, and commands that run beside it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import weakref
from datetime import UTC, datetime
from pathlib import Path

from pkikit import __version__, judge_promises
from pkikit.errors import InputError
from pkikit.expectations.house.house_file import parse_house_rules
from pkikit.expectations.judged_promises import JudgedPromises
from pkikit.files import load_deployment
from pkikit.fleet.finished_audit import FinishedAudit, chosen_executor, run_audit
from pkikit.fleet.made.made_fleet import make_fleet
from pkikit.model.deployment import Deployment
from pkikit.values.names import printable

AT = datetime(2027, 3, 1, tzinfo=UTC)  # a fixed day, so that a notebook says the same in every run
_FOLDER, _FILE, _WIDTH, _SECONDS = "fleet", "deployment.yaml", 110, 120.0

_YOURS = "your rules"
_COLOURS = frozenset({"FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"})  # a kernel sets them


class CommandOutput:
    """What a command printed, and its exit code."""

    def __init__(self, command: str, lines: tuple[str, ...], code: int) -> None:
        self.command, self.lines, self.code = command, lines, code

    def __repr__(self) -> str:
        verdict = {0: "the pipeline goes on", 1: "the pipeline stops"}.get(self.code, "the input cannot be used")
        return "\n".join([f"$ {self.command}", *self.lines, f"Exit code {self.code}: {verdict}."])


class PracticeFleet:
    """Customers in a folder that nobody else reads (mode 0700). `folder` is what `pkikit fleet audit` takes."""

    def __init__(self, customers: int, *, broken: int, seed: int) -> None:
        self.at = AT
        self._place = Path(tempfile.mkdtemp(prefix="customers-"))
        weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)
        self.folder = self._place / _FOLDER
        make_fleet(self.folder, count=customers, broken=broken, seed=str(seed), at=self.at)
        self._made = {name: self._file(name).read_text(encoding="utf-8") for name in self.customers}

    def __repr__(self) -> str:
        return f"{len(self.customers)} customers: {', '.join(self.customers)}"

    @property
    def customers(self) -> tuple[str, ...]:
        """The names of their folders."""
        return tuple(sorted(path.name for path in self.folder.iterdir() if path.is_dir()))

    def deployment(self, customer: str) -> Deployment:
        """Return what the deployment file of a customer says."""
        return load_deployment(self._file(customer))

    def audit(self, house_rules: str = "") -> FinishedAudit:
        """Audit all customers for the fixed day, as `pkikit fleet audit` does. house_rules: the text of such a file."""
        rules = parse_house_rules(house_rules, where=_YOURS) if house_rules else None
        return run_audit(self.folder, at=self.at, judged_by=__version__, rules=rules, executor=chosen_executor(1, None))

    def promise(self, customer: str, expect: str) -> JudgedPromises:
        """Write `expect:` into the deployment file of a customer, in place of an earlier one, and judge it."""
        self._write(customer, f"{self._made[customer].rstrip()}\n{expect.strip()}\n")
        return judge_promises(self.folder / customer, at=self.at)

    def change(self, customer: str, before: str, after: str) -> None:
        """Replace one piece of text in the deployment file of a customer. A second time, nothing happens."""
        text = self._file(customer).read_text(encoding="utf-8")
        if after in text:
            return
        if text.count(before) != 1:
            raise InputError(
                f"{printable(before, 60)!r} is {text.count(before)} times in the file of {customer}, not once"
            )
        self._write(customer, text.replace(before, after))

    def run(self, command: str, *, save: str = "") -> CommandOutput:
        """Run a command of pkikit beside the fleet. save: a file for what it prints, as `> FILE` in a shell."""
        program, *arguments = shlex.split(command)
        if program != "pkikit":
            raise InputError(f"{printable(program, 60)} is not run here, only pkikit is")
        done = subprocess.run(
            [sys.executable, "-m", "pkikit", *arguments], cwd=self._place, capture_output=True, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, timeout=_SECONDS,
            env=_plain_environment(),
        )  # fmt: skip
        if save:
            (self._place / save).write_text(done.stdout, encoding="utf-8")
        printed = done.stderr if save else done.stdout + done.stderr
        lines = tuple(line.rstrip() for line in printed.strip().splitlines())
        return CommandOutput(f"{command} > {save}" if save else command, lines, done.returncode)

    def _file(self, customer: str) -> Path:
        file = self.folder / customer / _FILE
        if not file.is_file():
            raise InputError(f"there is no customer {printable(customer, 60)}; there are {', '.join(self.customers)}")
        return file

    def _write(self, customer: str, text: str) -> None:
        self._file(customer).write_text(text, encoding="utf-8")


def _plain_environment() -> dict[str, str]:
    """The environment of this kernel, without its wish for colours."""
    kept = {name: value for name, value in os.environ.items() if name not in _COLOURS}
    return {**kept, "COLUMNS": str(_WIDTH), "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}


def make_customers(customers: int = 12, *, broken: int = 3, seed: int = 5) -> PracticeFleet:
    """Make customers with real certificates, some of them broken, as `pkikit fleet make` does."""
    return PracticeFleet(customers, broken=broken, seed=seed)


def prove_rules(text: str) -> str:
    """Prove house rules by their examples and near misses, and say what became of it."""
    try:
        found = parse_house_rules(text, where=_YOURS)
    except InputError as error:
        return f"✘ Refused. {error}"
    return f"✔ Proved: {', '.join(rule.id for rule in found.rules)}"
