"""The option `--picture` of a check: the topology as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pkikit.view.connections.check_report import CheckReport
    from simulator.lab.running_lab import RunningLab

PictureWriter = Callable[["RunningLab", "CheckReport"], None]


def svg_file(path: Path) -> Path:
    """Return where `--plot` writes its picture. Raises InputError: another ending, or something exists there."""
    from pkikit.errors import InputError
    from pkikit.files import free_path
    from pkikit.text import printable

    if path.suffix.lower() != ".svg":
        raise InputError(f"--plot {printable(str(path))}: the picture is an SVG; choose a name that ends in .svg")
    return free_path(path)


def picture_writer(path: Path | None) -> PictureWriter:
    """Return what draws a checked lab into this file; nothing without one. A name that cannot be used is refused at once."""
    if path is None:
        return lambda _lab, _report: None
    from pkikit.view.drawing import picture_file

    target = picture_file(path)

    def write(lab: RunningLab, report: CheckReport) -> None:
        from pkikit.view.topology.picture import draw

        draw(lab.deployment, lab.world, report).export(target)

    return write
