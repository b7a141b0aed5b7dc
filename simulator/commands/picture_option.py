"""The option `--picture` of a check: the topology as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.lab.running_lab import RunningLab
    from simulator.world.report import CheckReport

PictureWriter = Callable[["RunningLab", "CheckReport"], None]


def picture_writer(path: Path | None) -> PictureWriter:
    """Return what draws a checked lab into this file; nothing without one. A name that cannot be used is refused at once."""
    if path is None:
        return lambda _lab, _report: None
    from pkikit.view.drawing import picture_file

    target = picture_file(path)

    def write(lab: RunningLab, report: CheckReport) -> None:
        from simulator.face.picture import draw

        draw(lab.deployment, lab.world, report).export(target)

    return write
