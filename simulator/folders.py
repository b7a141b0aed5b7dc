"""The folders for data that outlives a process: scores and answers (state), fetched programs (cache).

platformdirs knows the place on each system, and the variables that move it: `XDG_STATE_HOME`, `XDG_CACHE_HOME`.
"""

from __future__ import annotations

from pathlib import Path

NAME = "expressway-certificate-lab"


def state_folder() -> Path:
    """Return the user's folder for scores and answers; it may not exist yet."""
    from platformdirs import user_state_path  # here, so that the command line starts without it

    return user_state_path(NAME, appauthor=False)


def cache_folder() -> Path:
    """Return the user's folder for fetched programs; it may not exist yet."""
    from platformdirs import user_cache_path

    return user_cache_path(NAME, appauthor=False)
