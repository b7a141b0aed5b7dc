"""`make bench`: plans and their rehearsals. Each row is a process of its own; processor time counts, because a machine is shared.

The raw cost next to a plan is judging all of its states once, each connection in each state; next to a rehearsal, dialling all
connections once. Prints tables; asserts only the answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from pkikit.design.legs import legs_of
from pkikit.model.deployment import Deployment
from tests.bench.brought import Ran, ran
from tests.support.large import large
from tests.support.places import ROOT
from tests.support.worlds import deployment, of_size

PEERS, ZONES = (1, 2, 3, 4, 5, 6), (1, 5, 10, 25, 50)
_RAW = """
import sys
from pathlib import Path
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.planning.plan_file import read_plan
plan = read_plan(Path(sys.argv[1]))
for number in range(len(plan.order) + 1):
    done = frozenset(plan.order[:number])
    judge_all_legs(plan.change.world(done), plan.change.time(done))
"""


def written(folder: Path, made: Deployment) -> Path:
    """Write a deployment file."""
    path = folder / f"{made.name}-{len(list(folder.iterdir()))}.yaml"
    path.write_text(yaml.safe_dump(made.model_dump(mode="json", exclude_defaults=True)))
    return path


def planned(folder: Path, made: Deployment) -> tuple[Path, Ran]:
    """Plan a new root for a deployment."""
    out = folder / f"plan-{len(list(folder.iterdir()))}.json"
    goal = f"new-root:{folder / 'my-ca'}"
    took = ran("-m", "pkikit", "plan", str(written(folder, made)), "--goal", goal, "--out", str(out), "--json")
    return out, took


def planning(table: Table, folder: Path) -> dict[str, Path]:
    """Plan for the two large deployments; return the plans."""
    plans = {}
    for name in ("clustered-mra", "clustered-full"):
        made = deployment(name)
        out, took = planned(folder, made)
        plans[name] = out
        steps, raw = len(_order(out)), ran("-c", _RAW, str(out))
        table.add_row(
            f"plan of a new root for {name}: {len(legs_of(made))} connections, {steps} steps", *_columns(took),
            "≤ 10 s, ≤ 300 MB", f"{took.processor / raw.processor:.1f} × judging its states once ({raw.processor:.1f} s)",
        )  # fmt: skip
    return plans


def rehearsing(table: Table, folder: Path, name: str, plan: Path) -> None:
    """Rehearse a plan on real handshakes."""
    made = deployment(name)
    took = ran("-m", "simulator", "rehearse", str(plan), "--json")
    raw = ran("-m", "simulator", "check", str(written(folder, made)), "--json")
    table.add_row(
        f"rehearsal of {len(_order(plan))} steps × {len(legs_of(made))} connections", *_columns(took), "≤ 60 s",
        f"{took.processor / raw.processor:.1f} × dialling all once ({raw.processor:.1f} s)",
    )  # fmt: skip


def growing(folder: Path) -> Iterator[tuple[str, ...]]:
    """Plan for clusters of one to six peers, and for one to fifty zones."""
    rows = [(f"{peers} + {peers} peers", of_size(peers)) for peers in PEERS]
    rows += [(f"{zones} neighbour zone{'s' * (zones > 1)}", large(neighbours=zones)) for zones in ZONES]
    for what, made in rows:
        out, took = planned(folder, made)
        yield what, str(len(legs_of(made))), str(len(_order(out))), *_columns(took)


def _order(path: Path) -> list[object]:
    document = json.loads(path.read_text())
    assert document["order_exists"]
    steps: list[object] = document["steps"]
    return steps


def _columns(took: Ran) -> tuple[str, str, str]:
    return f"{took.seconds:.1f} s", f"{took.processor:.1f} s", f"{took.megabytes} MB"


def main() -> None:
    """Print both tables."""
    out = Console(highlight=False, width=160)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ca = [sys.executable, "-m", "pkikit", "ca", "init", str(folder / "my-ca"), "--name", "My Root CA"]
        subprocess.run(ca, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        table = Table(
            "plan", "seconds", "processor", "largest process", "goal", "processor time next to it", title="Plans"
        )
        for name, plan in planning(table, folder).items():
            rehearsing(table, folder, name, plan)
        out.print(table)
        table = Table(
            "new root", "connections", "steps", "seconds", "processor", "largest process", title="Plans, growing"
        )
        for row in growing(folder):
            table.add_row(*row)
        out.print(table)


if __name__ == "__main__":
    main()
