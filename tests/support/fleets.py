"""Folders of fleets: small deployments as an import leaves them, each under its own name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

import yaml

from pkikit import __version__
from pkikit.explore.executors import InProcess
from pkikit.fleet.audit import Wish, audit
from pkikit.fleet.audit_records import FleetAudit, FolderRecord
from pkikit.fleet.folders.found_folders import find_folders
from pkikit.fleet.stored.kept_records import KeptRecords
from pkikit.model.deployment import deployment_from
from pkikit.model.world import World
from pkikit.worlds.issued_world import issue_world
from simulator.world.craft import DAY
from tests.support.certs_folder import write_certs
from tests.support.worlds import AT, E1, WorldBuilder, deployment

Change = Callable[[WorldBuilder], WorldBuilder]


def expiring(after: timedelta) -> Change:
    """E's certificate ends after that time."""
    return lambda made: made.reissue(E1, begins=-90 * DAY, ends=after)


def write_customer(folder: Path, name: str, change: Change | None = None) -> Path:
    """A folder with clustered-mra under another name, and with one change."""
    built = WorldBuilder() if change is None else change(WorldBuilder())
    return _write(built.world, folder, name)


def write_small(folder: Path, name: str) -> Path:
    """A folder with the smallest deployment under another name."""
    return _write(_small(), folder, name)


@cache
def _small() -> World:
    return issue_world(deployment("single-pair"), at=AT - DAY, rsa=False).world


def _write(world: World, folder: Path, name: str) -> Path:
    document = world.deployment.model_dump(mode="json", exclude_defaults=True) | {"name": name}
    assert deployment_from(document).name == name
    write_certs(world, folder / "certificates")
    (folder / "deployment.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def audited(root: Path, *, since: dict[str, FolderRecord] | None = None, later: timedelta = timedelta(0)) -> FleetAudit:
    """The audit of a fleet, in this process and without anything kept."""
    wish = Wish(root=root, at=AT + later, judged_by=__version__, since=since or {})
    return audit(wish, find_folders(root), lambda folders: InProcess(), KeptRecords(None))
