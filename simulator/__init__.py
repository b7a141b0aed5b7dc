"""A loopback simulator of clustered Expressway-C/E peers on real TLS. Not a Cisco product.

    from simulator import Lab

    with Lab("clustered-mra.yaml") as lab:
        lab.break_("clock", party="c1.corp.example.com", hours=24 * 400)
        print(lab.check())

`Lab` blocks until the lab has done what it asks for; `AsyncLab` is the same lab for programs with an event loop.
Each name in `__all__` is imported on first use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pkikit.view.connections.check_report import CheckReport
    from pkikit.view.connections.leg_report import LegReport
    from simulator.clock import Clock
    from simulator.errors import LabError
    from simulator.lab.lab import Lab as AsyncLab
    from simulator.lab.running_lab import RunningLab
    from simulator.settings import LabSettings
    from simulator.threaded import ThreadedLab as Lab

# The same imports, made when a name is first used (PEP 562). A test compares them.
_HOMES = {
    "AsyncLab": ("simulator.lab.lab", "Lab"),
    "CheckReport": ("pkikit.view.connections.check_report", "CheckReport"),
    "Clock": ("simulator.clock", "Clock"),
    "Lab": ("simulator.threaded", "ThreadedLab"),
    "LabError": ("simulator.errors", "LabError"),
    "LabSettings": ("simulator.settings", "LabSettings"),
    "LegReport": ("pkikit.view.connections.leg_report", "LegReport"),
    "RunningLab": ("simulator.lab.running_lab", "RunningLab"),
}

__all__ = ["AsyncLab", "CheckReport", "Clock", "Lab", "LabError", "LabSettings", "LegReport", "RunningLab"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    from importlib import import_module

    from pkikit.extras import optional_packages

    module, original = _HOMES[name]
    with optional_packages("lab"):
        value = globals()[name] = getattr(import_module(module), original)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
