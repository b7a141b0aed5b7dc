"""The edges of both command lines: streams that are closed, full or not UTF-8, a reader that goes away, Ctrl-C."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkikit.startup import was_interrupted
from tests.support.places import ROOT
from tests.support.wait import LONG
from tests.support.worlds import DEPLOYMENTS

DEPLOYMENT = DEPLOYMENTS / "single-pair.yaml"
PYTHON = sys.executable
MODULES = ("pkikit", "simulator")
ANSWERS = ("pkikit rules", "pkikit rules --json", f"pkikit san {DEPLOYMENT}", "simulator schema")


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run by bash; the exit code is that of the first program of a pipe."""
    script = f"{PYTHON} -m {command}; exit ${{PIPESTATUS[0]}}"
    env = {**os.environ, "NO_COLOR": "1", **environment}
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=LONG, env=env)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA's certificate; as a server certificate the answer about it is no."""
    folder = tmp_path_factory.mktemp("startup") / "ca"
    assert shell(f"pkikit ca init {folder}").returncode == 0
    return folder / "ca.pem"


@pytest.mark.parametrize("answer", ["pkikit rules", "pkikit rules --json"])
@pytest.mark.parametrize("way", [">&-", "| true", "| head -1", "<&- 2>&-"])
def test_exit_code_is_kept_when_stdout_is_closed_early(answer: str, way: str) -> None:
    """The exit code is the answer's, and nothing is said about it."""
    done = shell(f"{answer} {way}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("json_flag", ["", "--json"])
@pytest.mark.parametrize("way", [">&-", "| true", "", "<&-"])
def test_exit_code_1_is_kept_when_stdout_is_closed_early(refused: Path, json_flag: str, way: str) -> None:
    """A reader that went away does not turn a no into a yes."""
    assert shell(f"pkikit verify {refused} --trust {refused} --name a.example.com {json_flag} {way}").returncode == 1


@pytest.mark.parametrize("answer", [*ANSWERS, "pkikit --help", "simulator --help"])
def test_exit_code_is_an_error_when_stdout_is_full(answer: str) -> None:
    """An answer that is not written whole is neither a yes nor a no."""
    done = shell(f"{answer} >/dev/full")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith(": cannot write to standard output: No space left on device")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("way", ["2>/dev/full", "2>&-", "2>&1 | true"])
def test_exit_code_is_kept_when_stderr_is_closed(refused: Path, way: str) -> None:
    """What is said on standard error decides nothing."""
    steps = "import pkikit.commands.terminal.console as c, typer; a = typer.Typer()\n"
    steps += "@a.command()\ndef go() -> None:\n    with c.steps(quiet=False) as step:\n        step('x' * 100_000)\nc.run(a, 'x')"
    done = subprocess.run(["bash", "-c", f'{PYTHON} -c "$0" {way}; exit ${{PIPESTATUS[0]}}', steps], timeout=LONG)
    assert done.returncode == 0
    assert shell(f"pkikit decode {refused.with_name('missing')} {way}").returncode == 2


def test_closed_stdin_is_not_read(refused: Path) -> None:
    """No passphrase can be asked for; what needs none is read."""
    assert shell(f"pkikit decode {refused} <&-").returncode == 0


def test_closed_stdout_is_not_reused_for_a_file(tmp_path: Path) -> None:
    """With standard output closed, its number must not go to the next file that is opened."""
    out = tmp_path / "out"
    assert shell(f"pkikit csr {DEPLOYMENT} --peer expe.example.com --out {out} >&- 2>&-").returncode == 0
    assert {p.name for p in out.iterdir()} == {"key.pem", "request.pem"}
    assert all(p.read_bytes().startswith(b"-----BEGIN ") for p in out.iterdir())
    assert all(p.read_bytes().rstrip().endswith(b"-----") for p in out.iterdir())


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["POSIX", "ascii", "latin-1"],
)
def test_output_in_another_encoding_uses_ascii_marks(environment: dict[str, str]) -> None:
    """Marks have an ASCII form; JSON is JSON in every encoding."""
    script = (
        "import typer, pkikit.commands.terminal.console as c\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def go(as_json: bool = typer.Option(False, '--json')) -> None:\n"
        "    told = '\\u2714 up \\u2718 down \\u2026 \\u65e5\\u672c \\ud800'\n"
        "    c.answer({'told': told}, as_json=as_json, show=lambda out: c.table(out, ('a',), [(told,)]))\n"
        "c.run(app, 'x')\n"
    )
    env = {**os.environ, "NO_COLOR": "1", **environment}
    plain = subprocess.run([PYTHON, "-c", script], capture_output=True, timeout=LONG, env=env)
    assert (plain.returncode, plain.stderr) == (0, b"")
    assert b"+ up x down . \\u65e5\\u672c \\ud800" in plain.stdout
    as_json = subprocess.run([PYTHON, "-c", script, "--json"], capture_output=True, timeout=LONG, env=env)
    assert as_json.returncode == 0
    assert json.loads(as_json.stdout)["told"] == "\u2714 up \u2718 down \u2026 \u65e5\u672c \ud800"


INTERRUPTED_IMPORT = """
import os, runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the process that started the tests may ignore it
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["x", *{arguments!r}]
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("pkikit", "typer", ["rules"]),
        ("pkikit", "pkikit.commands.cli", ["rules"]),
        ("pkikit", "rich.console", ["rules"]),
        ("simulator", "typer", ["schema"]),
        ("simulator", "pkikit.model.deployment", ["schema"]),
        ("simulator", "simulator.lab.lab", ["check", str(DEPLOYMENT)]),
    ],
)
def test_interrupt_while_importing_exits_130_with_one_line(module: str, name: str, arguments: list[str]) -> None:
    """Ctrl-C before anything was done, and in the middle of an import of a command: one line, 130."""
    script = INTERRUPTED_IMPORT.format(module=module, name=name, arguments=arguments)
    done = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, timeout=LONG)
    program = {"pkikit": "pkikit", "simulator": "expressway-sim"}[module]
    assert (done.returncode, done.stdout, done.stderr) == (130, "", f"{program}: interrupted\n")


def test_interrupt_is_ignored_when_the_caller_ignores_it() -> None:
    """Under nohup, or in the background of a script, Ctrl-C is for others."""
    script = INTERRUPTED_IMPORT.format(module="pkikit", name="rich.table", arguments=["rules"])
    script = script.replace("signal.default_int_handler", "signal.SIG_IGN")
    done = subprocess.run([PYTHON, "-c", script], capture_output=True, text=True, timeout=LONG)
    assert (done.returncode, done.stderr) == (0, "")


def test_interrupt_wrapped_in_another_exception_exits_130() -> None:
    """Libraries wrap what is raised inside them; the chain still shows the KeyboardInterrupt."""
    assert was_interrupted(KeyboardInterrupt())
    assert not was_interrupted(RuntimeError())
    wrapped = RuntimeError("Error calling __set_name__")
    wrapped.__cause__ = KeyboardInterrupt()
    assert was_interrupted(wrapped)
    in_a_circle = RuntimeError()
    in_a_circle.__context__ = in_a_circle
    assert not was_interrupted(in_a_circle)


def test_console_scripts_start_the_main_modules() -> None:
    """What pyproject.toml installs is the entry point of `python -m`."""
    import tomllib

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert scripts == {"pkikit": "pkikit.__main__:main", "expressway-sim": "simulator.__main__:main"}


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1950-01-01T00:00:00Z"])
@pytest.mark.parametrize(
    "command", ["pkikit ca init {new}", f"simulator check {DEPLOYMENT}", f"simulator travel {DEPLOYMENT} --days 3"]
)
def test_issuing_outside_the_allowed_years_is_refused(tmp_path: Path, command: str, when: str) -> None:
    """A certificate needs a time before and after it; one sentence says which years there are."""
    done = shell(f"{command.format(new=tmp_path / 'ca')} --at {when}")
    assert done.returncode == 2
    assert "1951 to 9799" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_judging_at_any_time_is_possible(refused: Path, when: str) -> None:
    """Judging works at any instant, also at the first and last that Python has."""
    for command in (f"pkikit decode {refused}", f"pkikit eku-audit {DEPLOYMENT}"):
        assert shell(f"{command} --at {when}").returncode in {0, 1}


@pytest.mark.parametrize("interrupted", ["exec('raise KeyboardInterrupt')", "raise KeyboardInterrupt"])
def test_interrupt_remembered_by_exec_exits_130(interrupted: str, tmp_path: Path) -> None:
    """Modules make dataclasses with `exec`. Python remembers an interrupt there, and would die by SIGINT at its end."""
    script = f"""
import sys, typer
from pkikit.commands.terminal import console
app = typer.Typer()
@app.command()
def work() -> None:
    {interrupted}
sys.argv = ["x"]
console.run(app, "x")
"""
    (tmp_path / "as_a_module.py").write_text(script)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [PYTHON, "-m", "as_a_module"],
        capture_output=True,
        text=True,
        timeout=LONG,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (done.returncode, done.stderr) == (130, "x: interrupted\n")
