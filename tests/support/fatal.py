"""Work that ends its process. A module of its own: a new process imports it, and should not import much."""

from __future__ import annotations

import os
import signal


def square_unless_three(number: int) -> int:
    """The square of a number; 3 ends the process."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number
