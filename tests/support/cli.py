"""Run `pkikit` and `expressway-sim`: as processes, or inside the test's own process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from click.testing import Result

from pkikit.commands import cli as pkikit_cli
from pkikit.commands.terminal import console
from simulator.commands import cli as simulator_cli
from simulator.errors import LabError
from tests.support.wait import LONG
from tests.support.worlds import DEPLOYMENTS

# The deployment that most commands are tried with.
DEPLOYMENT = str(DEPLOYMENTS / "clustered-mra.yaml")


def command_line(program: str, *arguments: str) -> list[str]:
    """The command line that starts `program` ("pkikit" or "simulator") from this checkout."""
    return [sys.executable, "-m", program, *arguments]


def run(
    program: str, *arguments: str, stdin: bytes | None = None, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `program` in a process to its end, without colours; `environment` adds variables."""
    env = {**os.environ, "NO_COLOR": "1", **environment}
    started = command_line(program, *arguments)
    done = subprocess.run(started, input=stdin, cwd=cwd, capture_output=True, timeout=LONG, env=env)
    return subprocess.CompletedProcess(started, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_inside(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `program` inside the test's own process, to its end: the same answer as `run`, without the start of a Python.

    For commands that decide. One that starts a lab or is interrupted belongs into a process of its own.
    """
    name = {"pkikit": "pkikit", "simulator": "expressway-sim"}[program]
    out, err, before, ctrl_c = io.StringIO(), io.StringIO(), sys.argv, signal.getsignal(signal.SIGINT)
    code: object = 0
    sys.argv = [name, *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            if program == "pkikit":
                pkikit_cli.main()
            else:
                console.run(simulator_cli.app, name, lab_errors=(LabError,))
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
        signal.signal(signal.SIGINT, ctrl_c)
    number = code if isinstance(code, int) else int(code is not None)
    return subprocess.CompletedProcess(sys.argv, number, out.getvalue(), err.getvalue())


def run_json(program: str, *arguments: str, code: int = 0) -> Any:
    """The document that `program … --json` prints; AssertionError when it ends with another exit code."""
    done = (run_inside if program == "pkikit" else run)(program, *arguments, "--json")
    assert done.returncode == code, done.stderr + done.stdout
    assert "PRIVATE" not in done.stdout + done.stderr
    return json.loads(done.stdout)


def pkikit_json(*arguments: str, code: int = 0) -> Any:
    """The document that `pkikit … --json` prints."""
    return run_json("pkikit", *arguments, code=code)


def pkikit_error(*arguments: str) -> str:
    """What `pkikit` writes to its error output when it refuses its input (exit code 2)."""
    done = run_inside("pkikit", *arguments)
    assert done.returncode == 2, done.stderr + done.stdout
    assert "PRIVATE" not in done.stdout + done.stderr
    return done.stderr


def pkikit_in_process(*arguments: str) -> Result:
    """Call the command inside this process: faster, and its exceptions reach the test."""
    from typer.testing import CliRunner

    from pkikit.commands.cli import app

    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def simulator_json_in_process(*arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
    """The document that `expressway-sim … --json` prints, called inside this process; it must end with one of `codes`."""
    from typer.testing import CliRunner

    from simulator.commands.cli import app

    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code in codes, done.output
    assert "PRIVATE" not in done.output
    return json.loads(done.stdout)
