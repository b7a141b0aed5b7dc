"""A world as the folder that `--certs` reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pkikit.files import write_private, write_public
from pkikit.files.deployment_folder import is_key_file
from pkikit.issue.lookalike.rekeyed_folder import RekeyedFiles, rekeyed_files
from pkikit.model.world import World
from pkikit.worlds.world_folder import machine_files


def write_certs(world: World, directory: Path, machines: Iterable[str] = (), *, keys: bool = False) -> Path:
    """Write the files of these machines, by default of all; with their private keys if asked."""
    for fqdn in machines or world.parties:
        for name, content in machine_files(world.parties[fqdn], world.deployment.group_of(fqdn), keys=keys).items():
            (write_private if is_key_file(name) else write_public)(directory / fqdn / name, content)
    return directory


def write_rekeyed(source: Path, target: Path) -> RekeyedFiles:
    """Write the counterpart of a folder, as `pkikit import --rekey` makes it."""
    files = {p.relative_to(source).as_posix(): p.read_bytes() for p in sorted(source.rglob("*")) if p.is_file()}
    made = rekeyed_files(files)
    for path, content in made.files.items():
        (write_private if path in made.keys else write_public)(target / path, content)
    return made
