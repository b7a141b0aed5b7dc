"""Ctrl-C and SIGTERM stop the lab at every stage: while it starts, while a leg never settles, while it travels."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.large import large
from tests.support.places import ROOT
from tests.support.wait import LONG

DEPLOYMENT = str(ROOT / "notebooks" / "deployments" / "single-pair.yaml")
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# The command line, with one function that says when it was reached and then never returns.
_STUCK = """
import asyncio, importlib, sys
module, _, path = sys.argv.pop(1).partition(":")
owner = importlib.import_module(module)
*parents, name = path.split(".")
for parent in parents:
    owner = getattr(owner, parent)
async def stuck(*arguments, **named):
    print("reached", flush=True)
    await asyncio.Event().wait()
setattr(owner, name, stuck)
from simulator.__main__ import main
main()
"""


def _as_from_a_terminal() -> None:
    for number in NUMBERS:
        signal.signal(number, signal.SIG_DFL if number is not signal.SIGINT else signal.default_int_handler)


def stopped(script: str, *arguments: str, by: signal.Signals) -> tuple[int, str]:
    """(exit code, standard error) of a command that gets a signal as soon as it prints that it was reached."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        preexec_fn=_as_from_a_terminal,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if line == "reached\n":
                break
        process.send_signal(by)
        _, errors = process.communicate(timeout=LONG)
    return process.returncode, errors


@pytest.mark.parametrize(
    ("stuck", "by"),
    [
        ("simulator.connections.network:Network.start", signal.SIGINT),  # the lab starts
        ("simulator.peer.site:PeerSite.start", signal.SIGTERM),  # the pages start
        *(("simulator.connections.links:Link.run", number) for number in NUMBERS),  # no leg ever settles
        ("simulator.connections.dialling:Dialler.status", signal.SIGHUP),  # the first look never comes
    ],
)
def test_up_stops_at_one_signal_while_it_hangs(stuck: str, by: signal.Signals, tmp_path: Path) -> None:
    """One signal is enough, the end is the usual one."""
    state = str(tmp_path / "state")
    code, errors = stopped(_STUCK, stuck, "up", "--no-acme", "--state", state, DEPLOYMENT, by=by)
    assert (code, errors) == (0, "expressway-sim: stopped\n")


@pytest.mark.parametrize(
    ("stuck", "command", "by"),
    [
        *(
            ("simulator.lab.running_lab:RunningLab.check", ("check", DEPLOYMENT), number)
            for number in (signal.SIGINT, signal.SIGHUP)
        ),
        ("simulator.lab.running_lab:RunningLab.tick", ("travel", DEPLOYMENT, "--days", "400"), signal.SIGINT),
        ("simulator.clinic.live_case:LiveCase.__aenter__", ("clinic", "leaf-expired", "--solve"), signal.SIGTERM),
    ],
)
def test_interrupted_command_exits_130_with_one_line(
    stuck: str, command: tuple[str, ...], by: signal.Signals, tmp_path: Path
) -> None:
    """One line and exit code 130, never a traceback and never a death by the signal."""
    code, errors = stopped(_STUCK, stuck, *command, by=by)
    assert code == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "expressway-sim: interrupted"


# Ctrl-C at the moment at which a module is imported.
_AT_IMPORT = """
import os, signal, sys
wanted = sys.argv.pop(1)
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            print("reached", flush=True)
            # As text: dataclasses make their methods so, and Python remembers where an interrupt left such a text.
            exec("os.kill(os.getpid(), signal.SIGINT)\\nwhile True: pass")
sys.meta_path.insert(0, Interrupts())
from simulator.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "simulator.lab.lab", "cryptography.x509", "OpenSSL"])
def test_interrupt_during_imports_exits_130(module: str) -> None:
    """An interrupt while modules load ends in the same way."""
    done = subprocess.run(
        [sys.executable, "-c", _AT_IMPORT, module, "check", DEPLOYMENT], capture_output=True, text=True, cwd=ROOT,
        timeout=LONG, check=False, preexec_fn=_as_from_a_terminal,
    )  # fmt: skip
    assert "reached" in done.stdout
    assert (done.returncode, done.stderr) == (130, "expressway-sim: interrupted\n")


def test_up_stops_at_sigint_that_its_caller_ignores() -> None:
    """A script that starts the lab in the background ignores SIGINT; the lab stops on it nevertheless."""
    script = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + _STUCK
    code, errors = stopped(
        script, "simulator.connections.links:Link.run", "up", "--no-acme", DEPLOYMENT, by=signal.SIGINT
    )
    assert (code, errors) == (0, "expressway-sim: stopped\n")


# The command line, with keys that take their time; at the end it says how many were made.
_SLOW_KEYS = """
import atexit, itertools, time
from pkikit.design.csr import fast_key
from pkikit.worlds import issued_world as world
made = itertools.count()
def slow_key():
    if next(made) == 3:
        print("reached", flush=True)
    time.sleep(0.2)  # 900 of them take 45 seconds with four workers: time enough for a signal on any machine
    return fast_key()
world.make_key = slow_key
atexit.register(lambda: print("made", next(made), flush=True))
from simulator.__main__ import main
main()
"""


def test_interrupt_while_keys_are_made_does_not_wait(tmp_path: Path) -> None:
    """A large deployment: Ctrl-C does not wait for the keys that nobody wants any more."""
    path = tmp_path / "large.yaml"
    path.write_text(yaml.safe_dump(large(neighbours=900).model_dump(mode="json")))
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW_KEYS, "check", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=ROOT, preexec_fn=_as_from_a_terminal,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "reached\n"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LONG)
    assert (process.returncode, errors) == (130, "expressway-sim: interrupted\n")
    assert int(out.removeprefix("made ")) < 450
