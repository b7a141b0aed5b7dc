"""The program of Pebble, Let's Encrypt's test CA, on this machine, for each of its two generations.

This module downloads nothing. `deploy/get_pebble.py` of the checkout downloads Pebble into the cache folder.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from simulator.errors import LabError
from simulator.folders import cache_folder
from simulator.pebble_options import PebbleVersion


def cached_program(version: PebbleVersion, cache: Path | None = None) -> Path:
    """Return the path at which `deploy/get_pebble.py` puts the program; it may not exist."""
    return (cache or cache_folder()) / f"pebble-{version.value}" / "usr" / "bin" / "pebble"


def locate_pebble(
    wanted: Path | None = None, *, version: PebbleVersion = PebbleVersion.V2_4, cache: Path | None = None
) -> Path:
    """Return the Pebble program: what the caller names, else the environment, else PATH, else the cache folder.

    PATH counts for 2.4 only, because the program does not print its version.

    Raises:
        LabError: it is in none of these places; the message says how to get it.
    """
    variable = os.environ.get(version.environment)
    named = wanted or (Path(variable) if variable else None)
    if named is not None:
        if os.access(named, os.X_OK) and named.is_file():
            return named
        raise LabError(f"Pebble is not at {named}; {version.help}")
    on_path = shutil.which("pebble") if version is PebbleVersion.V2_4 else None
    if on_path:
        return Path(on_path)
    cached = cached_program(version, cache)
    if cached.is_file():
        return cached
    raise LabError(f"Pebble {version.value}, the ACME CA of the lab, is not on this machine; {version.help}")
