"""The picture of a report in README and documents: the Monday of the recording, from the files of all machines.

`python -m tests.support.report_picture` writes `docs/report.png`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from pkikit.report.content.build import build_report
from pkikit.report.given.given import Given
from pkikit.report.written.finished_report import FinishedReport
from tests.support.page_picture import picture_of, save
from tests.support.places import ROOT
from tests.support.worlds import AT, E1, WorldBuilder

PICTURE = ROOT / "docs" / "report.png"


def take() -> Image.Image:
    """Return a screenshot of the page, down to what fails."""
    world = WorldBuilder("clustered-mra").reissue(E1, without=("example.com",)).world
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        FinishedReport(build_report(Given(world=world, files={}, folder="certificates"), AT)).save(html=file)
        return picture_of(file, "#causes")


if __name__ == "__main__":
    save(take(), PICTURE)
