"""What `check` does beside dialling: options that exclude each other, the key log, traces, promises and house rules."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pkikit.errors import InputError

if TYPE_CHECKING:
    from pkikit.expectations.house.house_file import HouseRules
    from pkikit.expectations.judged_promises import JudgedPromises
    from pkikit.view.connections.check_report import CheckReport
    from simulator.commands.picture_option import PictureWriter
    from simulator.lab.lab import Lab
    from simulator.lab.running_lab import RunningLab


def require_certs(certs: Path | None, *, trust_lab: bool, judged: bool) -> None:
    option = "--trust-lab" if trust_lab else "--judged"
    if (trust_lab or judged) and certs is None:
        raise InputError(f"{option} is about the files of --certs DIR, which is missing")
    if trust_lab and judged:
        raise InputError(
            "--trust-lab and --judged exclude each other: the lab plays machines without files, or it does not"
        )


@contextlib.contextmanager
def key_log(capture: Path | None) -> Iterator[Path | None]:
    """A place for the session secrets while a capture runs; they end up inside the capture, and nowhere else."""
    import tempfile

    from pkikit.files import free_path, write_private

    if capture is None:
        yield None
        return
    free_path(capture)
    with tempfile.TemporaryDirectory() as folder:
        keylog = Path(folder) / "keys.log"
        write_private(keylog, b"")
        yield keylog


def write_traces(report: CheckReport, folder: Path) -> None:
    import json
    import re

    from pkikit.files import write_public
    from pkikit.model.codec.trace import trace_to_json

    for leg in report.legs:
        if leg.trace is not None:
            name = re.sub(r"[^A-Za-z0-9._-]+", "_", leg.leg.id)
            write_public(folder / f"{name}.json", json.dumps(trace_to_json(leg.trace), indent=2).encode())


async def run_check(
    lab: Lab, archives: Path | None, draw: PictureWriter, rules: HouseRules | None, *, quiet: bool
) -> tuple[CheckReport, JudgedPromises, tuple[Path, ...]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("starting the lab", total=None)
        async with lab as running:
            progress.update(task, description="dialling", total=len(running.legs))
            if archives is not None:
                running.diagnostics.start_everywhere()
            report = await running.check(progress=lambda _: progress.advance(task))
            written = await running.archives(archives) if archives is not None else ()
            draw(running, report)
            return report, _promises(running, report, rules), written


def _promises(running: RunningLab, report: CheckReport, rules: HouseRules | None) -> JudgedPromises:
    """Judge promises and house rules, with the states that the handshakes have shown."""
    from pkikit.expectations.judged_promises import judge_promises

    seen = {leg.leg.id: leg.state for leg in report.legs if leg.trace is not None}
    return judge_promises(running.world, at=report.at, rules=rules, now=seen)
